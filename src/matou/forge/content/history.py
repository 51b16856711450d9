"""A repository's commits, branches and tags, as lists and one by one."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

import pygit2

from matou.caching import SizedCache
from matou.db.repositories import Repository, RepositoryId
from matou.db.users import User
from matou.errors import NotFound
from matou.forge.access import Authorized, MayReadCode
from matou.forge.accounts.users import find_user
from matou.forge.content.branch_refs import NoSuchBranch
from matou.forge.content.contents import known_object_at, object_at
from matou.forge.content.references import ref_listing
from matou.forge.content.revisions import BRANCHES, TAGS, NoSuchRevision, default_branch_of
from matou.forge.forge import Forge
from matou.forge.maintenance.commit_graphs import walking
from matou.git.odb.objects import (
    Commit,
    MissingObject,
    TooLargeToRead,
    TreePath,
    commit_to_list,
    find_commit,
    find_tag,
    open_repository,
)
from matou.git.odb.objects import Tag as TagObject
from matou.git.operations.history import (
    EVERYTHING,
    ChangedFile,
    CommitIds,
    Selection,
    changes_of,
    commit_ids,
    is_ancestor,
)
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing
from matou.settings import MEBIBYTE

MOST_REMEMBERED_BYTES: Final = 16 * MEBIBYTE
MOST_ADDED: Final = 1_000
_OVERHEAD_BYTES: Final = 500


class NoSuchCommit(NotFound):
    """No branch, tag or id that was given stands for a commit of this repository."""


class NoSuchTag(NotFound):
    """The repository has no tag of this name."""


class BranchOrder(StrEnum):
    NAME = "name"
    UPDATED = "updated"


@dataclass(frozen=True, slots=True)
class CommitQuery:
    """Which commits are wanted; what is empty asks for nothing.

    `author` is a part of a name or e-mail, or the name of a user, who then counts with their e-mail. `keyword` is a
    part of the message.
    """

    path: TreePath | None = None
    author: str = ""
    since: datetime | None = None
    until: datetime | None = None
    keyword: str = ""


EVERY_COMMIT: Final = CommitQuery()


@dataclass(frozen=True, slots=True)
class ListedBranch:
    """`name` as it is in git; bytes that are not UTF-8 are kept by `surrogateescape`."""

    name: str
    commit: Commit
    is_default: bool


@dataclass(frozen=True, slots=True)
class ListedTag:
    """`annotated` is None where the ref names the commit itself; `commit` is None where it stands for none."""

    name: str
    target: ObjectId
    commit: Commit | None
    annotated: TagObject | None


@dataclass(frozen=True, slots=True)
class NewestCommits:
    """The newest commits of a history; all of them where it is whole."""

    ids: CommitIds
    is_whole: bool

    def reaches(self, end: int) -> bool:
        """Whether it tells what stands before that place, and whether anything stands there."""
        return self.is_whole or len(self.ids) > end


_NOTHING_KNOWN: Final = NewestCommits(CommitIds(b""), is_whole=False)


class HistoryCache:
    """Which commits were found, for questions that will be asked again for the next page; bounded by bytes."""

    def __init__(self, most_bytes: int = MOST_REMEMBERED_BYTES) -> None:
        self._cached = SizedCache[tuple[RepositoryId, ObjectId, Selection], CommitIds](
            most_bytes, size_of=lambda ids: len(ids.content) + _OVERHEAD_BYTES
        )
        self._beginnings = SizedCache[tuple[RepositoryId, ObjectId, Selection], NewestCommits](
            most_bytes // 4, size_of=lambda beginning: len(beginning.ids.content) + _OVERHEAD_BYTES
        )
        self._latest = SizedCache[RepositoryId, ObjectId](most_bytes // _OVERHEAD_BYTES)

    def get(self, key: tuple[RepositoryId, ObjectId, Selection]) -> CommitIds | None:
        return self._cached.get(key)

    def put(self, key: tuple[RepositoryId, ObjectId, Selection], ids: CommitIds) -> None:
        self._cached.put(key, ids)
        if key[2] == EVERYTHING:
            self._latest.put(key[0], key[1])

    def beginning(self, key: tuple[RepositoryId, ObjectId, Selection]) -> NewestCommits:
        ids = self._cached.get(key)
        if ids is not None:
            return NewestCommits(ids, is_whole=True)
        return self._beginnings.get(key) or _NOTHING_KNOWN

    def put_beginning(self, key: tuple[RepositoryId, ObjectId, Selection], beginning: NewestCommits) -> None:
        self._beginnings.put(key, beginning)

    def latest(self, repository: RepositoryId) -> tuple[ObjectId, CommitIds] | None:
        """The whole history that was last found, and where it begins."""
        start = self._latest.get(repository)
        cached = None if start is None else self._cached.get((repository, start, EVERYTHING))
        return None if start is None or cached is None else (start, cached)


def commit_id_at(forge: Forge, granted: Authorized[Repository, MayReadCode], revision: str) -> ObjectId:
    """As `contents.object_at`, in terms of commits; that the object is one is not looked at. Raises NoSuchCommit."""
    with _in_terms_of_commits(revision):
        return object_at(forge, granted, revision)


def known_commit_id_at(forge: Forge, granted: Authorized[Repository, MayReadCode], revision: str) -> ObjectId | None:
    """As `contents.known_object_at`, in terms of commits. Raises NoSuchCommit."""
    with _in_terms_of_commits(revision):
        return known_object_at(forge, granted, revision)


@contextmanager
def _in_terms_of_commits(revision: str) -> Iterator[None]:
    try:
        yield
    except NoSuchRevision as error:
        raise NoSuchCommit("there is no commit {revision}", revision=repr(revision)[:200]) from error


def list_commits(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    revision: str,
    only: CommitQuery,
    *,
    offset: int,
    limit: int,
) -> tuple[tuple[Commit, ...], int]:
    """A page of the history behind a revision, newest first, and how many commits it has in all.

    A repository without any commit has none, if no revision is named.

    Raises:
        NoSuchCommit: the revision stands for no commit.
        HistoryTooLong: git was stopped, as it took too long.
    """
    if not revision and ref_listing(forge, granted).is_empty:
        return (), 0
    opened = open_repository(forge.git_dir(granted.subject))
    start = _commit(opened, commit_id_at(forge, granted, revision), revision).id
    ids = _ids(forge, granted.subject, start, _selection(forge, only))
    return tuple(commit_to_list(opened, name) for name in ids.page(offset, limit)), len(ids)


def browse_commits(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    start: ObjectId,
    only: CommitQuery,
    *,
    offset: int,
    limit: int,
) -> tuple[tuple[Commit, ...], bool]:
    """As `list_commits`, as far as it takes to know whether more come after the page; nothing is counted.

    Raises:
        NoSuchCommit: `start` stands for no commit.
        HistoryTooLong: git was stopped, as it took too long.
    """
    found = newest_commits(forge, granted, start, only, offset=offset, limit=limit)
    opened = open_repository(forge.git_dir(granted.subject))
    page = tuple(commit_to_list(opened, name) for name in found.ids.page(offset, limit))
    return page, len(found.ids) > offset + limit


def newest_commits(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    start: ObjectId,
    only: CommitQuery,
    *,
    offset: int,
    limit: int,
) -> NewestCommits:
    """All up to the end of a page, and whether any come after it. Raises NoSuchCommit, HistoryTooLong."""
    git_dir, memory = forge.git_dir(granted.subject), forge.memory(HistoryCache)
    key = (granted.subject.id, _commit(open_repository(git_dir), start, start).id, _selection(forge, only))
    found = memory.beginning(key)
    if not found.reaches(offset + limit):
        most = offset + limit + (offset + limit if offset else 0) + 1
        with walking(forge, granted.subject):
            ids = commit_ids(git_dir, key[1], key[2], most=most)
        found = NewestCommits(ids, is_whole=len(ids) < most)
        memory.put_beginning(key, found)
    return found


def find_commit_at(forge: Forge, granted: Authorized[Repository, MayReadCode], revision: str) -> Commit:
    """Raises NoSuchCommit."""
    opened = open_repository(forge.git_dir(granted.subject))
    return _commit(opened, commit_id_at(forge, granted, revision), revision)


def changes(forge: Forge, granted: Authorized[Repository, MayReadCode], commit: Commit) -> tuple[ChangedFile, ...]:
    """What it changed against its first parent. Raises TooManyChanges."""
    return changes_of(forge.git_dir(granted.subject), commit)


def list_branches(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    *,
    order: BranchOrder,
    descending: bool,
    offset: int,
    limit: int,
) -> tuple[tuple[ListedBranch, ...], int]:
    """A page of the branches and how many there are in all.

    By `updated` is by the committer's date of each tip; all of them are read for it.
    """
    listing = ref_listing(forge, granted)
    default = default_branch_of(forge, granted)
    opened = open_repository(forge.git_dir(granted.subject))
    names = sorted(_names(listing, BRANCHES), reverse=descending)
    if order is BranchOrder.UPDATED:
        tips = {name: commit_to_list(opened, _target(listing, BRANCHES, name)).committer.at for name in names}
        names.sort(key=tips.__getitem__, reverse=descending)
    page = names[offset : offset + limit]
    return tuple(listed_branch(opened, listing, name, default) for name in page), len(names)


def find_branch(forge: Forge, granted: Authorized[Repository, MayReadCode], name: str) -> ListedBranch:
    """Raises NoSuchBranch."""
    listing = ref_listing(forge, granted)
    if RefName(BRANCHES + name) not in listing.refs:
        raise NoSuchBranch("there is no branch {name}", name=repr(name)[:200])
    opened = open_repository(forge.git_dir(granted.subject))
    return listed_branch(opened, listing, name, default_branch_of(forge, granted))


def is_merged(forge: Forge, granted: Authorized[Repository, MayReadCode], branch: ListedBranch) -> bool:
    """Whether the default branch holds all of it; never so of the default branch itself. Raises HistoryTooLong."""
    default = default_branch_of(forge, granted)
    target = ref_listing(forge, granted).refs.get(RefName(f"{BRANCHES}{default}"))
    if branch.is_default or target is None:
        return False
    return is_ancestor(forge.git_dir(granted.subject), branch.commit.id, target)


def list_tags(
    forge: Forge, granted: Authorized[Repository, MayReadCode], *, offset: int, limit: int
) -> tuple[tuple[ListedTag, ...], int]:
    """A page of the tags, by name, and how many there are in all."""
    listing = ref_listing(forge, granted)
    opened = open_repository(forge.git_dir(granted.subject))
    names = sorted(_names(listing, TAGS))
    page = names[offset : offset + limit]
    return tuple(listed_tag(opened, name, _target(listing, TAGS, name)) for name in page), len(names)


def find_tag_named(forge: Forge, granted: Authorized[Repository, MayReadCode], name: str) -> ListedTag:
    """Raises NoSuchTag."""
    target = ref_listing(forge, granted).refs.get(RefName(TAGS + name))
    if target is None:
        raise NoSuchTag("there is no tag {name}", name=repr(name)[:200])
    return listed_tag(open_repository(forge.git_dir(granted.subject)), name, target)


def users_of(forge: Forge, emails: Iterable[str]) -> dict[str, User]:
    """The users whom e-mail addresses belong to; an address that is nobody's is left out."""
    users = {email: _user_of(forge, email) for email in set(emails) if "@" in email}
    return {email: user for email, user in users.items() if user is not None}


def _user_of(forge: Forge, email: str) -> User | None:
    # In a tuple, so that "nobody" is remembered too.
    (user,) = forge.answers.recall(("user of e-mail", email), lambda: (find_user(forge, email),))
    return user if user is not None and user.email.casefold() == email.casefold() else None


def _commit(opened: pygit2.Repository, start: ObjectId, revision: str) -> Commit:
    try:
        return find_commit(opened, start)
    except MissingObject as error:
        raise NoSuchCommit("there is no commit {revision}", revision=repr(revision)[:200]) from error


def _ids(forge: Forge, repository: Repository, start: ObjectId, only: Selection) -> CommitIds:
    memory = forge.memory(HistoryCache)
    key = (repository.id, start, only)
    ids = memory.get(key)
    if ids is None:
        git_dir, latest = forge.git_dir(repository), memory.latest(repository.id)
        if only == EVERYTHING and latest is not None:
            ids = _grown(git_dir, *latest, start)
        if ids is None:
            with walking(forge, repository):
                ids = commit_ids(git_dir, start, only)
        memory.put(key, ids)
    return ids


def _grown(git_dir: Path, old_start: ObjectId, old: CommitIds, start: ObjectId) -> CommitIds | None:
    """The history, if only commits came to it that are newer than all of it was; None where git must be asked anew."""
    opened = open_repository(git_dir)
    try:
        newest = find_commit(opened, old_start).committer.at
    except MissingObject:
        return None
    if not is_ancestor(git_dir, old_start, start):
        return None
    new = commit_ids(git_dir, start, without=old_start)
    if len(new) > MOST_ADDED or any(find_commit(opened, each).committer.at <= newest for each in new.page(0, len(new))):
        return None
    return new.before(old)


def _selection(forge: Forge, only: CommitQuery) -> Selection:
    return Selection(
        path=only.path,
        authors=_authors(forge, only.author),
        since=only.since,
        until=only.until,
        keyword=only.keyword,
    )


def _authors(forge: Forge, author: str) -> tuple[str, ...]:
    if not author:
        return ()
    user = find_user(forge, author)
    if user is None or not user.email:
        return (author,)
    return (author, f"<{user.email}>")


def _names(listing: RefListing, folder: str) -> list[str]:
    return [ref.removeprefix(folder) for ref in listing.refs if ref.startswith(folder)]


def _target(listing: RefListing, folder: str, name: str) -> ObjectId:
    return listing.refs[RefName(folder + name)]


def listed_branch(opened: pygit2.Repository, listing: RefListing, name: str, default: str | None) -> ListedBranch:
    """A branch that a listing has."""
    return ListedBranch(name, commit_to_list(opened, _target(listing, BRANCHES, name)), is_default=name == default)


def listed_tag(opened: pygit2.Repository, name: str, target: ObjectId) -> ListedTag:
    """A tag that a listing has."""
    try:
        commit = commit_to_list(opened, target)
    except MissingObject:
        commit = None
    return ListedTag(name, target, commit, _annotated(opened, target))


def _annotated(opened: pygit2.Repository, target: ObjectId) -> TagObject | None:
    try:
        return find_tag(opened, target)
    except (MissingObject, TooLargeToRead):
        # A tree or a blob, which no tag object stands before; or a tag that nobody can read.
        return None
