"""Commits that have a text in their message or their author, by `git rev-list`, within bounds of time and number."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from matou.git.process.run import TOOK_TOO_MUCH, GitChild, Limits
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

_MEMORY_BYTES: Final = 1024 * MEBIBYTE
_LONGEST_ID: Final = 66


class CommitPart(StrEnum):
    """Where the text is looked for, as git's option names it."""

    MESSAGE = "--grep"
    AUTHOR = "--author"


@dataclass(frozen=True, slots=True)
class FoundIds:
    """Newest first; `is_whole` where all commits were looked at, and none was left out."""

    ids: tuple[ObjectId, ...]
    is_whole: bool


def commits_with(git_dir: Path, text: str, part: CommitPart, *, most: int, wall: timedelta) -> FoundIds:
    """Of all branches and tags, whatever the case. Nothing in the text is a pattern or an option.

    Args:
        most: the child is stopped once it has found more.
        wall: how long the child may take.

    Raises:
        GitFailed: the history is broken.
    """
    arguments = [
        "rev-list",
        f"--max-count={most + 1}",
        "--fixed-strings",
        "--regexp-ignore-case",
        f"{part.value}={text}",
        "--branches",
        "--tags",
        "--",
    ]
    found: list[ObjectId] = []
    try:
        limits = Limits(memory_bytes=_MEMORY_BYTES, wall=wall)
        with GitChild(arguments, git_dir=git_dir, limits=limits) as child:
            while line := child.stdout.readline(_LONGEST_ID):
                found.append(ObjectId(line.decode("ascii").strip()))
            child.finish()
    except TOOK_TOO_MUCH:
        return FoundIds(tuple(found[:most]), is_whole=False)
    return FoundIds(tuple(found[:most]), is_whole=len(found) <= most)
