"""Ids cut short, as people copy them: the commits that begin so, and which of them a history holds."""

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import ObjectType

from matou.git.odb.objects import read_header
from matou.git.operations.history import HistoryTooLong
from matou.git.process.run import TOOK_TOO_MUCH, GitChild, Limits, run_git
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

SHORTEST_ABBREVIATION: Final = 4
"""git's own least (`MINIMUM_ABBREV`)."""

_LIMITS: Final = Limits(memory_bytes=2048 * MEBIBYTE, wall=timedelta(seconds=10))


def commits_beginning(repository: pygit2.Repository, beginning: str) -> frozenset[ObjectId]:
    """Every commit of the store, in anybody's history or in none, whose id begins so.

    Args:
        beginning: lower-case hexadecimal digits, SHORTEST_ABBREVIATION at least.
    """
    commits = run_git(["rev-parse", f"--disambiguate={beginning}"], git_dir=Path(repository.path), limits=_LIMITS)
    names = (ObjectId(line) for line in commits.decode("ascii").split())
    return frozenset(name for name in names if read_header(repository, name)[0] == ObjectType.COMMIT)


def only_commit_beginning(repository: pygit2.Repository, beginning: str) -> ObjectId | None:
    """The commit whose id begins so, if one object's does and no other's. Starts no process."""
    try:
        found = repository.get(beginning)
    except ValueError:
        return None
    return ObjectId(str(found.id)) if found is not None and found.type == ObjectType.COMMIT else None


def reached_from(git_dir: Path, commits: Collection[ObjectId], tips: Collection[ObjectId]) -> frozenset[ObjectId]:
    """Those of the commits that a tip is or has in its history.

    Args:
        tips: of any kind; what is not there has no history.

    Raises:
        HistoryTooLong: git was stopped, as it took too long.
    """
    ends = "".join([*(f"{oid}\n" for oid in commits), *(f"^{oid}\n" for oid in tips)])
    arguments = ["rev-list", "--ignore-missing", "--stdin"]
    try:
        with GitChild(arguments, git_dir=git_dir, has_input=True, limits=_LIMITS) as child:
            child.feed(ends.encode())
            outside = {oid for line in child.stdout if (oid := ObjectId(line.decode().rstrip())) in commits}
            child.finish()
    except TOOK_TOO_MUCH:
        raise HistoryTooLong("looking through the history takes too long") from None
    return frozenset(commits) - outside
