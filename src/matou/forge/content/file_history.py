"""The history of one file, through its renamings: page by page, no further than is asked for.

git follows a file only by looking at each commit's whole difference. Here the commits that touch a path are asked for,
which git finds without, and only where the file began it is looked up what it was called before.
"""

from dataclasses import dataclass
from typing import Final

from matou.caching import SizedCache
from matou.db.repositories import Repository, RepositoryId
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.history import CommitQuery, browse_commits
from matou.forge.forge import Forge
from matou.git.odb.objects import Commit, InvalidTreePath, TreePath
from matou.git.operations.differences import parent_of
from matou.git.operations.renames import name_before
from matou.model.names import ObjectId

MOST_NAMES: Final = 50
MOST_REMEMBERED: Final = 5_000


class FormerNames:
    """What a file was called before the commit that it began with, if that is known: (commit, path) → path."""

    def __init__(self) -> None:
        self.known = SizedCache[tuple[RepositoryId, ObjectId, TreePath], tuple[TreePath | None]](MOST_REMEMBERED)


@dataclass(frozen=True, slots=True)
class FileCommit:
    """A commit that changed a file, and what the file is called there."""

    commit: Commit
    path: TreePath


def browse_file_history(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    start: ObjectId,
    path: TreePath,
    *,
    offset: int,
    limit: int,
) -> tuple[tuple[FileCommit, ...], bool]:
    """A page of a file's history, newest first, and whether more follows.

    Raises:
        NoSuchCommit: `start` stands for no commit.
        HistoryTooLong: git was stopped, as it took too long.
    """
    found: list[FileCommit] = []
    name: TreePath | None = path
    for _ in range(MOST_NAMES):
        if name is None:
            break
        most = offset + limit + 1 - len(found)
        commits, has_more = browse_commits(forge, granted, start, CommitQuery(path=name), offset=0, limit=most)
        found += [FileCommit(commit, name) for commit in commits]
        if has_more or len(commits) >= most or not commits:
            break
        start, name = parent_of(commits[-1]), _former_name(forge, granted.subject, commits[-1], name)
    return tuple(found[offset : offset + limit]), len(found) > offset + limit


def _former_name(forge: Forge, repository: Repository, began: Commit, path: TreePath) -> TreePath | None:
    """What the file was called before the commit that it began with under this name."""
    if not began.parents:
        return None
    memory, key = forge.memory(FormerNames).known, (repository.id, began.id, path)
    known = memory.get(key)
    if known is None:
        known = (_path(name_before(forge.git_dir(repository), parent_of(began), began.id, path)),)
        memory.put(key, known)
    return known[0]


def _path(name: bytes | None) -> TreePath | None:
    try:
        return None if name is None else TreePath.parse(name.decode("utf-8", "surrogateescape"))
    except InvalidTreePath:
        return None
