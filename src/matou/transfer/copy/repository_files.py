"""The files of a repository that others may be writing to: refs by one read, and all the objects that they name."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from matou.errors import Damaged
from matou.git.refs.listing import head_text, packed_refs_text, read_refs
from matou.git.repository import config_text, object_format_on_disk
from matou.transfer.common.object_files import checked_file, is_loose_object
from matou.transfer.copy.paths import rank_of, require_path
from matou.transfer.copy.source_files import SourceFile, VanishedFile, file_of_bytes

BESIDE = ("shallow", "matou-mirror")
OnProblem = Callable[[str, Damaged], None]


@dataclass(frozen=True, slots=True)
class RepositoryFiles:
    """One bare repository.

    Attributes:
        git_dir: where it is.
        name: its path in the archive, with `.git`.
        on_problem: told what is damaged, and was read as far as that goes.
        begun_since: a file of each run that may have moved its refs, and is not in the copy.
    """

    git_dir: Path
    name: str
    on_problem: OnProblem
    begun_since: Callable[[], Iterator[SourceFile]]

    def files(self) -> Iterator[SourceFile]:
        """Objects before the refs that name them, which were read first.

        Whoever packs puts the new pack there before the old ones go: what one look at the folder misses in between, a
        second one finds.
        """
        refs = list(self._refs())
        first = self._objects()
        yield from first.values()
        yield from (file for path, file in self._objects().items() if path not in first)
        yield file_of_bytes(f"{self.name}/config", config_text(object_format_on_disk(self.git_dir)))
        for name in BESIDE:
            with suppress(FileNotFoundError):
                yield file_of_bytes(f"{self.name}/{name}", (self.git_dir / name).read_bytes())
        yield from self.begun_since()
        yield from refs

    def _refs(self) -> Iterator[SourceFile]:
        """One file of refs, whatever git keeps them in here."""
        try:
            listing = read_refs(self.git_dir)
        except Damaged as error:
            self.on_problem(f"{self.name}/packed-refs", error)
            yield from self._refs_as_they_are()
            return
        yield file_of_bytes(f"{self.name}/packed-refs", packed_refs_text(listing.refs, listing.peeled))
        head = head_text(listing)
        if head is not None:
            yield file_of_bytes(f"{self.name}/HEAD", head)

    def _refs_as_they_are(self) -> Iterator[SourceFile]:
        for name in ("packed-refs", "HEAD"):
            with suppress(FileNotFoundError):
                yield file_of_bytes(f"{self.name}/{name}", (self.git_dir / name).read_bytes())

    def _objects(self) -> dict[str, SourceFile]:
        """By path, packs before their indexes."""
        hash_name = object_format_on_disk(self.git_dir)
        found = {}
        for path, size in _object_files(self.git_dir / "objects"):
            name = f"{self.name}/{path.relative_to(self.git_dir).as_posix()}"
            fault = partial(_fault, path, hash_name)
            found[name] = SourceFile(name, size, lasting=True, open=partial(opened, path), fault=fault)
        return dict(sorted(found.items(), key=lambda item: (rank_of(item[0]), item[0])))


def _object_files(objects: Path) -> Iterator[tuple[Path, int]]:
    """Packs and loose objects with their sizes, and nothing that only makes git quicker."""
    for folder in os.scandir(objects):
        if folder.is_dir(follow_symlinks=False) and (folder.name == "pack" or len(folder.name) == 2):
            yield from _files_in(Path(folder))


def _files_in(folder: Path) -> Iterator[tuple[Path, int]]:
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        is_ours = is_loose_object(Path(entry)) if folder.name != "pack" else _is_of_pack(entry.name)
        if is_ours and entry.is_file(follow_symlinks=False):
            with suppress(FileNotFoundError):
                yield Path(entry), entry.stat(follow_symlinks=False).st_size


def _is_of_pack(name: str) -> bool:
    try:
        return bool(require_path(f"repositories/x.git/objects/pack/{name}"))
    except Damaged:
        return False


def _fault(path: Path, hash_name: str) -> Damaged | None:
    fault = checked_file(path, hash_name=hash_name).fault
    if fault is not None and not path.exists():
        raise VanishedFile("{path} is not there any more", path=path)
    return fault


def opened(path: Path) -> BinaryIO:
    """Raises VanishedFile, and is no way through a link."""
    try:
        return os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), "rb")
    except FileNotFoundError:
        raise VanishedFile("{path} is not there any more", path=path) from None
