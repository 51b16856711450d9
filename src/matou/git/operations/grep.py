"""The lines of a revision's files that have a text in them, by `git grep`, within bounds of time and of output."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from matou.git.process.run import TOOK_TOO_MUCH, GitChild, GitFailed, Limits
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

LONGEST_TEXT: Final = 200
"""Characters that are looked for."""

MOST_OF_A_FILE: Final = 3
"""Lines of one file: the others are a click away."""

LONGEST_LINE: Final = 240
_READ_AT_ONCE: Final = 64 * 1024
_MEMORY_BYTES: Final = 1024 * MEBIBYTE
_FOUND_NOTHING: Final = 1


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A line that has the text. `path` is as it lies in git; the line is cut where it is longer than people read."""

    path: bytes
    number: int
    line: str


@dataclass(frozen=True, slots=True)
class FoundLines:
    """`is_whole` where all of the files were looked at, and nothing was left out but more lines of the same file."""

    lines: tuple[FoundLine, ...]
    is_whole: bool


def grep(git_dir: Path, tree: ObjectId, text: str, *, most: int, wall: timedelta) -> FoundLines:
    """Look for a text, letter by letter: nothing in it is a pattern. Its case counts only where it has a capital.

    Args:
        tree: or a commit.
        most: lines; the child is stopped once it has found more.
        wall: how long the child may take.
    """
    limits = Limits(memory_bytes=_MEMORY_BYTES, wall=wall)
    found: list[FoundLine] = []
    try:
        with GitChild(_arguments(tree, text), git_dir=git_dir, limits=limits) as child:
            of_each = Counter[bytes]()
            for line in _lines(child):
                if len(found) == most:
                    return FoundLines(tuple(found), is_whole=False)
                of_each[line.path] += 1
                if of_each[line.path] <= MOST_OF_A_FILE:
                    found.append(line)
            _finish(child)
    except TOOK_TOO_MUCH:
        return FoundLines(tuple(found), is_whole=False)
    return FoundLines(tuple(found), is_whole=True)


def _arguments(tree: ObjectId, text: str) -> list[str]:
    """`-e` before the text and `--` after the tree: neither is ever taken for anything else."""
    case = [] if any(letter.isupper() for letter in text) else ["--ignore-case"]
    return [
        "grep",
        "--no-color",
        "--null",
        "--line-number",
        "-I",
        "--fixed-strings",
        *case,
        "-e",
        text,
        str(tree),
        "--",
    ]


def _finish(child: GitChild) -> None:
    try:
        child.finish()
    except GitFailed as failure:
        if failure.status != _FOUND_NOTHING:
            raise


def _lines(child: GitChild) -> Iterator[FoundLine]:
    """`<tree>:<path>\0<number>\0<line>\n`. Of a line that is longer than is read at once its beginning counts."""
    begins = True
    while piece := child.stdout.readline(_READ_AT_ONCE):
        found = _line(piece.rstrip(b"\r\n")) if begins else None
        begins = piece.endswith(b"\n")
        if found is not None:
            yield found


def _line(raw: bytes) -> FoundLine | None:
    """None where it is none: of a path with a line's end in it."""
    name, _, rest = raw.partition(b"\0")
    number, separator, line = rest.partition(b"\0")
    _, colon, path = name.partition(b":")
    if not separator or not colon or not number.isdigit():
        return None
    return FoundLine(path, int(number), line[: 4 * LONGEST_LINE].decode("utf-8", "replace")[:LONGEST_LINE])
