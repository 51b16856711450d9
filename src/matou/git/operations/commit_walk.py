"""A page of a history by what its commits are and touch, walked through in memory."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, islice

import pygit2

from matou.errors import Damaged
from matou.git.odb.objects import Commit, MissingObject, TooLargeToRead, TreeEntry, TreePath, entry_at, find_commit
from matou.model.names import ObjectId

MOST_COMMITS_EXAMINED = 200_000


@dataclass(frozen=True, slots=True)
class CommitFilter:
    """Which commits of a history are wanted; what is None asks for nothing.

    `path` keeps commits as git-log(1) does by default: at a merge only the side that the path came from is
    followed. `since` and `until` bound the committer's date, both included. `keyword` is looked for in the whole
    message, without regard to case.
    """

    path: TreePath | None = None
    since: datetime | None = None
    until: datetime | None = None
    keyword: str = ""


EVERY_COMMIT = CommitFilter()


def commits(
    repository: pygit2.Repository,
    start: ObjectId,
    *,
    only: CommitFilter = EVERY_COMMIT,
    offset: int = 0,
    limit: int,
) -> tuple[Commit, ...]:
    """One page of the history behind a commit or tag, newest first, in the order of git-rev-list(1).

    Raises:
        TooLargeToRead: more than MOST_COMMITS_EXAMINED commits would have to be looked at.
    """
    return tuple(islice(_selected(repository, start, only), offset, offset + limit))


def _selected(repository: pygit2.Repository, start: ObjectId, only: CommitFilter) -> Iterator[Commit]:
    for commit in _History(repository, only.path).walk(find_commit(repository, start)):
        at = commit.committer.at
        if only.since is not None and at < only.since:
            continue
        if only.until is not None and at > only.until:
            continue
        if only.keyword.casefold() in commit.message.casefold():
            yield commit


@dataclass
class _History:
    """One walk: what it has met, and which entry each tree has at the path."""

    repository: pygit2.Repository
    path: TreePath | None
    met: set[ObjectId] = field(default_factory=set)
    queue: list[tuple[float, int, Commit]] = field(default_factory=list)
    order: Iterator[int] = field(default_factory=count)
    read_ahead: dict[ObjectId, Commit] = field(default_factory=dict)
    entries: dict[ObjectId, TreeEntry | None] = field(default_factory=dict)

    def walk(self, start: Commit) -> Iterator[Commit]:
        self._push(start)
        while self.queue:
            _, _, commit = heapq.heappop(self.queue)
            parents_followed, followed = self._simplified(commit)
            for parent in followed:
                if parent not in self.met:
                    self._push(self._commit(parent))
            if parents_followed:
                yield commit

    def _simplified(self, commit: Commit) -> tuple[bool, tuple[ObjectId, ...]]:
        """Whether a commit changed the path, and which parents lead on (git's revision.c, try_to_simplify_commit)."""
        if self.path is None:
            return True, commit.parents
        here = self._entry(commit, self.path)
        for parent in commit.parents:
            if self._entry(self._commit(parent), self.path) == here:
                return False, (parent,)
        return bool(commit.parents) or here is not None, commit.parents

    def _entry(self, commit: Commit, path: TreePath) -> TreeEntry | None:
        if commit.tree not in self.entries:
            self.entries[commit.tree] = entry_at(self.repository, commit.tree, path)
        return self.entries[commit.tree]

    def _commit(self, name: ObjectId) -> Commit:
        if name not in self.read_ahead:
            try:
                self.read_ahead[name] = find_commit(self.repository, name)
            except MissingObject as error:
                raise Damaged("the history is broken: commit {id} is missing", id=name) from error
        return self.read_ahead[name]

    def _push(self, commit: Commit) -> None:
        if len(self.met) >= MOST_COMMITS_EXAMINED:
            raise TooLargeToRead(
                "the history is longer than the {limit} commits that are looked through", limit=MOST_COMMITS_EXAMINED
            )
        self.met.add(commit.id)
        self.read_ahead.pop(commit.id, None)
        heapq.heappush(self.queue, (-commit.committer.at.timestamp(), next(self.order), commit))
