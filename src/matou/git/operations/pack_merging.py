"""Many small packs made few: what is large is left alone, and nothing goes before what takes its place is durable."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from matou.fs import sync_folder
from matou.git.process.run import DEFAULT_LIMITS, GitFailed, GitStopped, Limits, run_git
from matou.git.repository import packs

MOST_PACKS: Final = 20
"""More than those are merged: each is looked through for each object that is asked for."""

_TEMPORARY: Final = "tmp_merged-"
_SETTINGS: Final = (("pack.windowMemory", "32m"), ("pack.threads", "1"))
_FANOUT_END: Final = 8 + 256 * 4
_APART: Final = (".keep", ".mtimes", ".promisor")
"""What says of a pack that it is not like others."""


def has_many_packs(git_dir: Path) -> bool:
    return len(packs(git_dir)) > MOST_PACKS


def merge_if_many_packs(git_dir: Path, *, limits: Limits = DEFAULT_LIMITS) -> None:
    """Merge small packs where there are many packs.

    Nothing depends on it: where git cannot do it, that is logged, and whoever comes next tries again.
    """
    try:
        if has_many_packs(git_dir):
            merge_small_packs(git_dir, limits=limits)
    except GitStopped:
        raise
    except GitFailed as error:
        import structlog  # it takes longer to load than all the rest

        structlog.get_logger(__name__).warning("packs_not_merged", repository=str(git_dir), error=str(error))


def merge_small_packs(git_dir: Path, *, limits: Limits = DEFAULT_LIMITS) -> int:
    """Merge packs until each has at least twice as many objects as all that are smaller; say how many bytes that freed.

    So what was written long ago is not written again with each merge (git-repack(1), `--geometric`, which takes away
    packs before the name of the new one is durable). No object is left out, named or not. Readers and pushes may go on.
    Interrupted at any point, by a power cut too, every object is in a pack that git reads.

    Raises:
        GitFailed: an object cannot be read, or git went beyond its limits; every pack is where it was.
    """
    small = small_packs({pack: object_count(pack) for pack in packs(git_dir) if pack.exists() and not _is_apart(pack)})
    if len(small) < 2:
        return 0
    base = git_dir / "objects/pack" / f"{_TEMPORARY}{secrets.token_hex(4)}"
    words = ["pack-objects", "--stdin-packs", "--delta-base-offset", "--quiet", str(base)]
    text = "".join(f"{pack.name}\n" for pack in small).encode()
    try:
        name = run_git(words, git_dir=git_dir, input=text, settings=_SETTINGS, limits=limits).decode().strip()
        made_bytes = put_in_place(base, name)
    finally:
        for path in base.parent.glob(f"{base.name}*"):
            path.unlink()
    return _take_away(pack for pack in small if pack.stem != f"pack-{name}") - made_bytes


def small_packs(counts: Mapping[Path, int]) -> Sequence[Path]:
    """Those up to the largest one that has less than twice what all smaller ones have together."""
    ascending = sorted(counts, key=lambda pack: (counts[pack], pack.name))
    total = last = 0
    for number, pack in enumerate(ascending):
        if number and counts[pack] < 2 * total:
            last = number + 1
        total += counts[pack]
    return ascending[:last]


def object_count(pack: Path) -> int:
    """Told by its index (gitformat-pack, version 2); 0 where that is cut off, or went meanwhile."""
    with suppress(FileNotFoundError), pack.with_suffix(".idx").open("rb") as file:
        return int.from_bytes(file.read(_FANOUT_END)[_FANOUT_END - 4 :], "big")
    return 0


def _is_apart(pack: Path) -> bool:
    return any(pack.with_suffix(suffix).exists() for suffix in _APART)


def put_in_place(base: Path, name: str) -> int:
    """Give what `git pack-objects` wrote beside the packs the name that git looks for, durably; say its bytes.

    The index comes last, with which git sees the pack.

    Args:
        base: what git was told to begin the names with.
        name: what it answered.
    """
    size_bytes = 0
    made = sorted(base.parent.glob(f"{base.name}-{name}.*"), key=lambda path: (path.suffix == ".idx", path.name))
    for path in made:
        size_bytes += path.stat().st_size
        path.replace(path.with_name(f"pack-{name}{path.suffix}"))
    sync_folder(base.parent)
    return size_bytes


def _take_away(gone: Iterable[Path]) -> int:
    """Of each its index last: without the pack it names nothing, and without it nobody knows of the pack's objects."""
    size_bytes = 0
    for pack in gone:
        (pack.parent / "multi-pack-index").unlink(missing_ok=True)
        for path in map(pack.with_suffix, (".bitmap", ".rev", ".pack", ".idx")):
            with suppress(FileNotFoundError):
                size_bytes += path.stat().st_size
                path.unlink()
    return size_bytes
