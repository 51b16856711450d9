"""Who wrote each line of a file: found once, and remembered with the commits that it names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from matou.caching import SizedCache
from matou.db.repositories import Repository, RepositoryId
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.contents import read_file
from matou.forge.forge import Forge
from matou.forge.jobs import Jobs, done
from matou.forge.maintenance.commit_graphs import walking
from matou.git.odb.objects import Commit, MissingPath, TreePath, commit_to_list, open_repository
from matou.git.operations.blame import IGNORED_REVISIONS, BlamedLines, blame, read_ignored
from matou.model.names import ObjectId

if TYPE_CHECKING:
    from concurrent.futures import Future

LARGEST_IGNORED_BYTES: Final = 64 * 1024
MOST_REMEMBERED_LINES: Final = 200_000
AT_ONCE: Final = 6
"""As many as pages may ask for at once."""


@dataclass(frozen=True, slots=True)
class FileBlame:
    """Groups of lines in their order, the commits that they name, and how many commits were passed over."""

    groups: tuple[BlamedLines, ...]
    commits: Mapping[ObjectId, Commit]
    ignored: int


class BlameCache:
    """By the commit that was asked for, at which a file's lines never change; bounded by the groups of lines.

    Whoever asks for what is being found waits for that.
    """

    def __init__(self) -> None:
        self.jobs = Jobs(at_once=AT_ONCE)
        self.known = SizedCache[tuple[RepositoryId, ObjectId, TreePath, bool], FileBlame](
            MOST_REMEMBERED_LINES, size_of=lambda found: len(found.groups) + len(found.commits) + 1
        )


def blame_file(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    commit: ObjectId,
    path: TreePath,
    *,
    ignores_revisions: bool = True,
) -> FileBlame:
    """Who wrote each line of a file at a commit.

    Args:
        ignores_revisions: what the repository's `.git-blame-ignore-revs` names is passed over.

    Raises:
        BlameTooLong.
        Unreadable: the file or its history is not there.
        StillComputing: too much is being computed.
    """
    return begin_blame(forge, granted, commit, path, ignores_revisions=ignores_revisions).result()


def begin_blame(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    commit: ObjectId,
    path: TreePath,
    *,
    ignores_revisions: bool = True,
) -> "Future[FileBlame]":
    """As `blame_file`, for whoever has something else to do meanwhile. Raises StillComputing."""
    memory, key = forge.memory(BlameCache), (granted.subject.id, commit, path, ignores_revisions)
    found = memory.known.get(key)
    if found is not None:
        return done(found)

    def find() -> FileBlame:
        made = _find(forge, granted, commit, path, ignores_revisions=ignores_revisions)
        memory.known.put(key, made)
        return made

    return memory.jobs.begin(key, find)


def _find(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    commit: ObjectId,
    path: TreePath,
    *,
    ignores_revisions: bool,
) -> FileBlame:
    git_dir = forge.git_dir(granted.subject)
    opened = open_repository(git_dir)
    ignored = read_ignored(opened, _ignored(forge, granted, commit)) if ignores_revisions else ()
    with walking(forge, granted.subject):
        groups = blame(git_dir, commit, path, ignored=ignored)
    commits = {name: commit_to_list(opened, name) for name in {group.commit for group in groups}}
    return FileBlame(groups, commits, len(ignored))


def _ignored(forge: Forge, granted: Authorized[Repository, MayReadCode], commit: ObjectId) -> bytes:
    try:
        file = read_file(forge, granted, commit, IGNORED_REVISIONS, largest_bytes=LARGEST_IGNORED_BYTES)
    except MissingPath:
        return b""
    return file.content or b""
