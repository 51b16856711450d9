"""Who wrote each line of a file: found once, and remembered with the commits that it names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from matou.caching import SizedCache
from matou.db.repositories import Repository, RepositoryId
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.contents import read_file
from matou.forge.forge import Forge
from matou.forge.maintenance.commit_graphs import walking
from matou.git.odb.objects import Commit, MissingPath, TreePath, commit_to_list, open_repository
from matou.git.operations.blame import IGNORED_REVISIONS, BlamedLines, blame, read_ignored
from matou.model.names import ObjectId

LARGEST_IGNORED_BYTES: Final = 64 * 1024
MOST_REMEMBERED_LINES: Final = 200_000


@dataclass(frozen=True, slots=True)
class FileBlame:
    """Groups of lines in their order, the commits that they name, and how many commits were passed over."""

    groups: tuple[BlamedLines, ...]
    commits: Mapping[ObjectId, Commit]
    ignored: int


class BlameCache:
    """By the commit that was asked for, at which a file's lines never change; bounded by the groups of lines."""

    def __init__(self) -> None:
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
    """
    known, key = forge.memory(BlameCache).known, (granted.subject.id, commit, path, ignores_revisions)
    found = known.get(key)
    if found is None:
        git_dir = forge.git_dir(granted.subject)
        opened = open_repository(git_dir)
        ignored = read_ignored(opened, _ignored(forge, granted, commit)) if ignores_revisions else ()
        with walking(forge, granted.subject):
            groups = blame(git_dir, commit, path, ignored=ignored)
        commits = {name: commit_to_list(opened, name) for name in {group.commit for group in groups}}
        found = FileBlame(groups, commits, len(ignored))
        known.put(key, found)
    return found


def _ignored(forge: Forge, granted: Authorized[Repository, MayReadCode], commit: ObjectId) -> bytes:
    try:
        file = read_file(forge, granted, commit, IGNORED_REVISIONS, largest_bytes=LARGEST_IGNORED_BYTES)
    except MissingPath:
        return b""
    return file.content or b""
