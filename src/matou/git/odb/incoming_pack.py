"""The objects of a push: one pack in a quarantine, checked by `git index-pack` as it comes, kept or gone as a whole."""

import shutil
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from matou.git.odb.quarantine_environment import QuarantineFolder
from matou.git.process.sandbox import GitSetting
from matou.model.names import ObjectId

_ORDER: Final = (".pack", ".rev", ".idx")
"""A pack is there for others as soon as its index is, so that comes last."""


class IncomingPack(QuarantineFolder):
    """A folder below `objects/` that git writes the pack into. Leaving the block without `keep` removes it."""

    kind = "incoming"

    def __enter__(self) -> Self:
        super().__enter__()
        (self.folder / "pack").mkdir()
        return self

    def environment_cut_at(self, commits: Collection[ObjectId]) -> Mapping[str, str]:
        """The same, where the client's history, besides our own, is cut off at these."""
        if not commits:
            return self.environment
        path = self.folder / "shallow"
        with suppress(FileNotFoundError):
            shutil.copyfile(self.git_dir / "shallow", path)
        with path.open("a", encoding="ascii") as file:
            file.writelines(f"{commit}\n" for commit in commits)
        return {**self.environment, "GIT_SHALLOW_FILE": str(path.absolute())}

    def keep(self) -> int:
        """Make the pack the repository's; say how many bytes that added. It is durable once the file system is synced.

        What has such a name already is this pack, byte for byte, or what a power cut left of it: it is replaced.
        """
        target = self.git_dir / "objects" / "pack"
        files = sorted((self.folder / "pack").glob("pack-*"), key=_order)
        added_bytes = 0
        for file in files:
            path = target / file.name
            added_bytes += file.stat().st_size - _size_of(path)
            file.replace(path)
        return added_bytes


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _order(file: Path) -> int:
    return _ORDER.index(file.suffix) if file.suffix in _ORDER else -1


def index_command(*, checks: Sequence[str] | None, largest_bytes: int, shows_progress: bool) -> Sequence[str]:
    """The words of the git child that takes a pack: every object checked, every object that it names there.

    Args:
        checks: what is only warned of or let pass, as `<message>=<severity>` (git-fsck(1)); None checks nothing.
        largest_bytes: a longer pack is refused.
        shows_progress: on stderr.
    """
    progress = ("--show-resolving-progress",) if shows_progress else ()
    strict = () if checks is None else (f"--strict={','.join(checks)}" if checks else "--strict",)
    return ["index-pack", "--stdin", "--fix-thin", *strict, f"--max-input-size={largest_bytes}", *progress]


def index_settings(*, syncs_files: bool) -> Sequence[GitSetting]:
    """Where the whole file system is synced before a ref names the objects, git need not sync each file."""
    return () if syncs_files else (("core.fsync", "none"),)
