"""Which files of a history are larger than another platform may take, and how much a repository holds."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from matou.git.process.run import GitChild
from matou.model.names import ObjectId, object_id

_ALL_OBJECTS = ("cat-file", "--batch-all-objects", "--unordered", "--buffer")
_FORM = "--batch-check=%(objecttype) %(objectsize) %(objectname)"
_WALK = ("rev-list", "--objects", "--in-commit-order", "--reverse", "--stdin")


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A blob, the first path that it stood at, and the commit that brought it there."""

    id: ObjectId
    size_bytes: int
    path: str
    commit: ObjectId


def find_large_files(git_dir: Path, tips: Collection[ObjectId], *, larger_than_bytes: int) -> tuple[LargeFile, ...]:
    """The files behind these tips that are larger, the largest first.

    All objects of the repository are looked at first, those behind no tip too, since that needs no walk: 1 to 2 µs
    for each in a pack. Only where one of them is large a walk says which of the large ones stand behind the tips,
    and where. What is kept in memory is the large ones.

    Raises:
        GitFailed: an object is missing or damaged.
    """
    sizes_bytes = dict(_large_blobs(git_dir, larger_than_bytes))
    files = _behind(git_dir, tips, sizes_bytes) if sizes_bytes else ()
    return tuple(sorted(files, key=lambda file: (-file.size_bytes, file.path)))


def packed_bytes(git_dir: Path) -> int:
    """What its packs hold, which is about what another platform will count."""
    return sum(pack.stat().st_size for pack in (git_dir / "objects/pack").glob("*.pack"))


def _large_blobs(git_dir: Path, larger_than_bytes: int) -> Iterator[tuple[bytes, int]]:
    with GitChild([*_ALL_OBJECTS, _FORM], git_dir=git_dir) as child:
        for line in child.stdout:
            if line.startswith(b"blob "):
                _, size, oid = line.split()
                if int(size) > larger_than_bytes:
                    yield oid, int(size)
        child.finish()


def _behind(git_dir: Path, tips: Collection[ObjectId], sizes_bytes: Mapping[bytes, int]) -> Iterator[LargeFile]:
    commit = b""
    missing = set(sizes_bytes)
    with GitChild(_WALK, git_dir=git_dir, has_input=True) as child:
        child.feed(b"".join(tip.encode() + b"\n" for tip in sorted(set(tips))))
        for line in child.stdout:
            oid, space, path = line.rstrip(b"\n").partition(b" ")
            if not space:
                commit = oid  # an object without a name, and what follows it came with it
            elif oid in missing:
                missing.discard(oid)
                yield LargeFile(
                    object_id(oid.decode()),
                    sizes_bytes[oid],
                    path.decode("utf-8", "surrogateescape"),
                    object_id(commit.decode()),
                )
                if not missing:
                    return
        child.finish()
