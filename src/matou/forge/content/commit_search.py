"""Commits by a text in their message, by their author or by the beginning of their id: of one repository, and of all
that somebody may read, one after another.
"""

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pygit2

from matou.db.repositories import Repository
from matou.errors import Conflict, Damaged, NotFound, Refused
from matou.forge.access import Authorized, Identity, MayReadCode, authorize
from matou.forge.content.abbreviations import commits_named
from matou.forge.content.references import ref_listing
from matou.forge.content.search_in_all import MOST_REPOSITORIES, SearchInAll, is_searchable, search_in_all
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import visible_repositories
from matou.git.odb.objects import Commit, MissingObject, commit_to_list, open_repository
from matou.git.operations.commit_search import CommitPart, commits_with
from matou.git.operations.history import HistoryTooLong
from matou.git.process.limits import GitFailed
from matou.model.names import ObjectId

MOST_OF_ONE: Final = 1_000
MOST_OF_EACH: Final = 5
"""Of each repository, where many are looked through."""

TIME_FOR_ONE: Final = timedelta(seconds=5)
TIME_FOR_ALL: Final = timedelta(seconds=3)

_ID: Final = re.compile(r"[0-9a-fA-F]{7,64}\Z")


@dataclass(frozen=True, slots=True)
class RepositoryCommits:
    """What a repository has of a text. `is_whole` where nothing more was looked for or left out."""

    repository: Repository
    commits: Sequence[Commit]
    is_whole: bool


def search_commits(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    text: str,
    *,
    most: int = MOST_OF_ONE,
    wall: timedelta = TIME_FOR_ONE,
) -> RepositoryCommits:
    """Of its branches and tags: the one whose id begins so, then the newest first."""
    repository = granted.subject
    if not is_searchable(text) or ref_listing(forge, granted).is_empty:
        return RepositoryCommits(repository, (), is_whole=True)
    named, ends = commit_named(forge, granted, text), time.monotonic() + wall.total_seconds()
    found, is_whole = [] if named is None else [named], True
    for part in CommitPart:
        left = timedelta(seconds=max(ends - time.monotonic(), 0.01))
        ids = commits_with(forge.git_dir(repository), text, part, most=most, wall=left)
        found += ids.ids
        is_whole = is_whole and ids.is_whole
    opened = open_repository(forge.git_dir(repository))
    commits = sorted(_read(opened, dict.fromkeys(found)), key=_newest_first)
    commits.sort(key=lambda commit: commit.id != named)
    return RepositoryCommits(repository, commits[:most], is_whole and len(commits) <= most)


def search_all_commits(
    forge: Forge, identity: Identity, text: str, *, first: int = 0, most_repositories: int
) -> SearchInAll[RepositoryCommits]:
    """Of all that somebody may read, for no longer than TIME_FOR_ALL: see `search_in_all`."""

    def look(repository: Repository, wall: timedelta) -> RepositoryCommits | None:
        found = _commits_of(forge, identity, repository, text, wall)
        return found if found is not None and found.commits else None

    return search_in_all(forge, identity, text, look, first=first, most=most_repositories, wall=TIME_FOR_ALL)


def find_by_id(forge: Forge, identity: Identity, text: str) -> tuple[Repository, ObjectId] | None:
    """The one commit of all that somebody may read whose id begins so; None where there is none, or more than one."""
    if _ID.match(text) is None:
        return None
    rows, _total = visible_repositories(
        forge, identity, None, recursive=True, offset=0, limit=MOST_REPOSITORIES, name_filter=""
    )
    ends, found = time.monotonic() + TIME_FOR_ALL.total_seconds(), list[tuple[Repository, ObjectId]]()
    for row in rows:
        code = _code_of(forge, identity, row.subject)
        commit = None if code is None else commit_named(forge, code, text)
        if commit is not None:
            found.append((row.subject, commit))
        if len(found) > 1 or time.monotonic() > ends:
            return None
    return found[0] if found else None


def _commits_of(
    forge: Forge, identity: Identity, repository: Repository, text: str, wall: timedelta
) -> RepositoryCommits | None:
    """None where the code is not for this identity, or cannot be read, as its own page tells."""
    code = _code_of(forge, identity, repository)
    try:
        return None if code is None else search_commits(forge, code, text, most=MOST_OF_EACH, wall=wall)
    except (Conflict, Damaged, GitFailed):
        return None


def _code_of(forge: Forge, identity: Identity, repository: Repository) -> Authorized[Repository, MayReadCode] | None:
    try:
        return authorize(forge, identity, MayReadCode, repository)
    except (NotFound, Refused):
        return None


def commit_named(forge: Forge, granted: Authorized[Repository, MayReadCode], text: str) -> ObjectId | None:
    """The commit that a branch or tag reaches and whose id begins so; None where there is none, or more than one."""
    if _ID.match(text) is None:
        return None
    try:
        return commits_named(forge, granted, (text.lower(),)).get(text.lower())
    except (Conflict, Damaged, HistoryTooLong):
        return None


def _read(opened: pygit2.Repository, commits: Iterable[ObjectId]) -> Iterator[Commit]:
    """Those that are there: a repository may have lost some."""
    for commit in commits:
        with suppress(MissingObject):
            yield commit_to_list(opened, commit)


def _newest_first(commit: Commit) -> float:
    return -commit.committer.at.timestamp()
