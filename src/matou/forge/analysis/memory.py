"""What a server has in memory of what it computed about repositories, and the one way to a commit to compute for."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeVar, cast

from matou.caching import SizedCache
from matou.db.repositories import Repository, RepositoryId
from matou.forge.access import Authorized, MayReadCode
from matou.forge.analysis.history import History
from matou.forge.content.contents import object_at
from matou.forge.forge import Forge
from matou.forge.jobs import Jobs, Waiters
from matou.git.odb.objects import find_commit, open_repository
from matou.model.names import ObjectId

Result = TypeVar("Result")

PATIENCE: Final = timedelta(seconds=20)
"""Clients of this API give up after 30 seconds."""

MOST_WAITING_THREADS: Final = 3
MOST_COMMITS_IN_MEMORY: Final = 1_000_000
MOST_SHELVES: Final = 1_000
MOST_ROWS: Final = 500_000
"""Of all answers together: a contributor, a day of one, a language; up to 40 bytes each."""


class AnalysisCache:
    """What one server has in memory of what it computed; bounded, safe between threads."""

    def __init__(self) -> None:
        # Apart: a walk takes a second, and must not wait for what takes minutes.
        self.walks = Jobs()
        self.jobs = Jobs()
        self.waiters = Waiters(MOST_WAITING_THREADS)
        self._shelves: SizedCache[RepositoryId, CachedHistory] = SizedCache(MOST_COMMITS_IN_MEMORY, size_of=_size)
        self._answers = SizedCache[Hashable, tuple[object, int]](MOST_ROWS, size_of=lambda known: known[1])

    def cached(self, repository: RepositoryId) -> "CachedHistory":
        cached = self._shelves.setdefault(repository, CachedHistory())
        self._shelves.put(repository, cached)  # it may have grown since
        return cached

    def known(self, key: Hashable) -> object | None:
        return (self._answers.get(key) or (None, 0))[0]

    def recall(self, key: Hashable, compute: Callable[[], Result], rows: Callable[[Result], int]) -> Result:
        """What was computed under this key, or is now; `rows` says how much room it takes."""
        known = self._answers.get(key)
        if known is not None:
            return cast("Result", known[0])
        answer = compute()
        self._answers.put(key, (answer, rows(answer) + 1))
        return answer


@dataclass(slots=True)
class CachedHistory:
    """One repository's history, if it was read; and who may add to it: one thread commits, one thread counts."""

    history: History | None = None
    telling: threading.Lock = field(default_factory=threading.Lock)
    counting: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        return 0 if self.history is None else len(self.history)


def _size(cached: CachedHistory) -> int:
    """In commits; each takes the room of some, and the largest has a place."""
    return min(MOST_COMMITS_IN_MEMORY // MOST_SHELVES + len(cached), MOST_COMMITS_IN_MEMORY)


def analysis_cache(forge: Forge) -> AnalysisCache:
    return forge.memory(AnalysisCache)


def commit_at(forge: Forge, granted: Authorized[Repository, MayReadCode], revision: str = "") -> ObjectId:
    """The commit that a revision names, as `object_at`; an empty one is the default branch's tip.

    Raises:
        NoSuchRevision: there is none.
        MissingObject: it names something that is no commit.
    """
    named = object_at(forge, granted, revision)
    return find_commit(open_repository(forge.git_dir(granted.subject)), named).id
