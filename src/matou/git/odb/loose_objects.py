"""Puts the loose objects of a repository into a pack: every one, whether a ref reaches it or not, beside whoever reads
and writes there.

The pack is made in a quarantine, read again, put in its place and synced; only then do the loose copies go. At no
moment is an object missing: git and libgit2 look for new packs before they say that one is. A repository that is moved
away meanwhile is found by an open folder, never by its path, where by then another one may stand.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from matou.errors import Damaged, Plural
from matou.fs import flocked
from matou.git.odb.packs import PackIndex
from matou.git.odb.quarantine import Quarantine
from matou.git.process.run import Limits, run_git
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

MOST_AT_ONCE: Final = 50_000
LIMITS: Final = Limits(memory_bytes=1024 * MEBIBYTE, wall=timedelta(minutes=10))

_FOLDERS: Final = 256
_SETTINGS: Final = (("pack.windowMemory", "32m"), ("core.bigFileThreshold", "1m"), ("pack.writeReverseIndex", "false"))


class PackIncomplete(Damaged):
    """A pack does not hold what it was made of."""


@dataclass(frozen=True, slots=True)
class Packed:
    """How many objects went into a pack, and by how many bytes the repository grew; as a rule it shrank."""

    count: int
    added_bytes: int


NOTHING: Final = Packed(0, 0)


def estimate_loose_objects(git_dir: Path) -> int:
    """From one of the folders, as `git gc --auto` does: object ids are spread evenly."""
    try:
        return _FOLDERS * sum(1 for _ in os.scandir(git_dir / "objects" / "17"))
    except (FileNotFoundError, NotADirectoryError):
        return 0


def pack_loose_objects(git_dir: Path, *, most: int = MOST_AT_ONCE) -> Packed:
    """Pack what lies there loose, so many objects at most; nothing where another process is at it, or none are there.

    Raises:
        GitFailed: an object cannot be read, or git went beyond its limits; every object is where it was.
        PackIncomplete: as before.
        FileNotFoundError: the repository is no longer where it was; every object is.
        OtherObjectFormat: its objects are named by SHA-256.
    """
    with contextlib.ExitStack() as stack:
        try:
            objects = stack.enter_context(flocked(git_dir / "objects", waits=False))
        except BlockingIOError:  # another process or thread is at it
            return NOTHING
        quarantine = stack.enter_context(Quarantine(git_dir))
        names = _newest_first(islice(_loose(objects), most))
        if not names:
            return NOTHING
        files = _pack(git_dir, quarantine, names)
        added_bytes = sum(file.stat().st_size for file in files)
        for file in files:
            os.rename(
                f"{quarantine.folder.name}/{file.name}", f"pack/{file.name}", src_dir_fd=objects, dst_dir_fd=objects
            )
        _sync(objects, "pack")
        return Packed(len(names), added_bytes - sum(_remove(objects, name) for name in names))


def _pack(git_dir: Path, quarantine: Quarantine, names: Sequence[ObjectId]) -> tuple[Path, Path]:
    """Make a pack in the quarantine; gives pack and index, in the order in which others may come to see them."""
    (quarantine.folder / "pack").mkdir()
    listing = "".join(f"{name}\n" for name in names).encode()
    words = ("pack-objects", "--quiet", "--delta-base-offset", str(quarantine.folder / "pack"))
    environment = quarantine.environment
    output = run_git(words, git_dir=git_dir, input=listing, environment=environment, settings=_SETTINGS, limits=LIMITS)
    pack = quarantine.folder / f"pack-{output.decode('ascii').strip()}.pack"
    # Every object is unpacked and hashed: what the loose copies hold is in there, byte for byte.
    run_git(("verify-pack", str(pack)), git_dir=git_dir, limits=LIMITS)
    index = PackIndex(pack)
    try:
        missing = [name for name in names if name not in index]
    finally:
        index.close()
    if missing:
        fact = Plural(
            "a pack of {git_dir} lacks {count} object",
            "a pack of {git_dir} lacks {count} objects",
            git_dir=git_dir,
            count=len(missing),
        )
        raise PackIncomplete(fact)
    return pack, pack.with_suffix(".idx")


def _newest_first(written: Iterable[tuple[int, ObjectId]]) -> tuple[ObjectId, ...]:
    """What was written after one another is alike: git then finds it side by side, and stores the differences."""
    return tuple(name for _, name in sorted(written, reverse=True))


def _loose(objects: int) -> Iterator[tuple[int, ObjectId]]:
    """Each with the time at which it was written."""
    for number in range(_FOLDERS):
        folder = f"{number:02x}"
        with contextlib.suppress(FileNotFoundError):
            for file, written_at in _files_in(objects, folder):
                if len(file) == 38:
                    yield written_at, ObjectId(folder + file)


def _files_in(objects: int, folder: str) -> list[tuple[str, int]]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=objects)
    try:
        return [(entry.name, entry.stat().st_mtime_ns) for entry in os.scandir(descriptor)]
    finally:
        os.close(descriptor)


def _remove(objects: int, name: ObjectId) -> int:
    """How many bytes that frees. The folder stays: somebody may be about to put an object into it."""
    path = f"{name[:2]}/{name[2:]}"
    with contextlib.suppress(FileNotFoundError):
        size_bytes = os.stat(path, dir_fd=objects).st_size
        os.unlink(path, dir_fd=objects)
        return size_bytes
    return 0


def _sync(objects: int, folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=objects)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
