"""Commits and tags whose headers `git index-pack` refuses whatever it is told, looked at by ourselves.

Two faults of a header are fatal to git's check and cannot be demoted (fsck.h: `nulInHeader`, `unterminatedHeader`), for
it stops reading there. An object on its list of those to skip passes; what the check would have said of the rest of
that object is for us to say. Trees are never on the list: those can attack whoever clones.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from matou.git.process.run import Limits, run_git
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

FATAL_FAULTS: Final = re.compile(r"(?m)^error: object [0-9a-f]{40,64}: (?:nulInHeader|unterminatedHeader): ")

_LIMITS: Final = Limits(memory_bytes=1024 * MEBIBYTE, wall=timedelta(minutes=2), cpu=timedelta(minutes=2))
_LONGEST_OBJECT_BYTES: Final = MEBIBYTE
_MOST_BYTES: Final = 128 * MEBIBYTE

_ID: Final = rb"[0-9a-f]{40}(?:[0-9a-f]{24})?"
_SHAPES: Final = {
    b"commit": re.compile(rb"tree %b\n(?:parent %b\n)*author [^\n]*\ncommitter [^\n]*(?:\n|\Z)" % (_ID, _ID)),
    b"tag": re.compile(rb"object %b\ntype (?:commit|tree|blob|tag)\ntag [^\n\0]+(?:\n|\Z)" % _ID),
}


def is_odd_and_readable(kind: bytes, content: bytes) -> bool:
    """Whether a header has one of the two faults, and all in it that git follows or lists stands as it should."""
    header, end, _ = content.partition(b"\n\n")
    is_odd = b"\0" in header or not (end or content.endswith(b"\n"))
    shape = _SHAPES.get(kind)
    return is_odd and shape is not None and shape.match(content) is not None


def odd_objects(git_dir: Path, folder: Path) -> tuple[ObjectId, ...]:
    """Every such commit and tag in a folder of objects, the repository's own left aside; none where they are too many.

    Raises:
        GitFailed: the objects cannot be read, or not in time.
    """
    environment = {"GIT_OBJECT_DIRECTORY": str(folder.absolute())}
    listing = [
        "cat-file",
        "--batch-all-objects",
        "--unordered",
        "--batch-check=%(objecttype) %(objectsize) %(objectname)",
    ]
    output = run_git(listing, git_dir=git_dir, environment=environment, limits=_LIMITS).decode("ascii")
    sizes = {
        name: int(size)
        for kind, size, name in map(str.split, output.splitlines())
        if kind in ("commit", "tag") and int(size) <= _LONGEST_OBJECT_BYTES
    }
    if not sizes or sum(sizes.values()) > _MOST_BYTES:
        return ()
    names = "".join(f"{name}\n" for name in sizes).encode()
    contents = run_git(["cat-file", "--batch"], git_dir=git_dir, environment=environment, input=names, limits=_LIMITS)
    return tuple(name for name, kind, content in _objects(contents) if is_odd_and_readable(kind, content))


def _objects(contents: bytes) -> Iterator[tuple[ObjectId, bytes, bytes]]:
    position = 0
    while position < len(contents):
        end = contents.index(b"\n", position)
        name, kind, size = contents[position:end].split(b" ")
        position = end + 1 + int(size) + 1
        yield ObjectId(name.decode()), kind, contents[end + 1 : position - 1]
