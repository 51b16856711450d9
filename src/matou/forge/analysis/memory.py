"""What a server has in memory of what it computed about repositories, and the one way to a commit to compute for."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeVar, cast

from matou.db.repositories import Repository, RepositoryId
from matou.forge.access import Authorized, MayReadCode
from matou.forge.analysis.history import History
from matou.forge.analysis.jobs import Jobs, Waiters
from matou.forge.content.contents import object_at
from matou.forge.forge import Forge
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
        self._shelves: OrderedDict[RepositoryId, Shelf] = OrderedDict()
        self._answers: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
        self._rows = 0
        self._lock = threading.Lock()

    def shelf(self, repository: RepositoryId) -> "Shelf":
        with self._lock:
            shelf = self._shelves.setdefault(repository, Shelf())
            self._shelves.move_to_end(repository)
            commits = sum(map(len, self._shelves.values()))
            while len(self._shelves) > 1 and (commits > MOST_COMMITS_IN_MEMORY or len(self._shelves) > MOST_SHELVES):
                _, dropped = self._shelves.popitem(last=False)
                commits -= len(dropped)
        return shelf

    def known(self, key: Hashable) -> object | None:
        with self._lock:
            return self._answers.get(key, (None, 0))[0]

    def recall(self, key: Hashable, compute: Callable[[], Result], rows: Callable[[Result], int]) -> Result:
        """What was computed under this key, or is now; `rows` says how much room it takes."""
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return cast("Result", self._answers[key][0])
        answer = compute()
        with self._lock:
            self._drop(key)
            self._answers[key] = (answer, rows(answer) + 1)
            self._rows += rows(answer) + 1
            while self._rows > MOST_ROWS:
                self._drop(next(iter(self._answers)))
        return answer

    def _drop(self, key: Hashable) -> None:
        self._rows -= self._answers.pop(key, (None, 0))[1]


@dataclass(slots=True)
class Shelf:
    """One repository's history, if it was read; and who may add to it: one thread commits, one thread counts."""

    history: History | None = None
    telling: threading.Lock = field(default_factory=threading.Lock)
    counting: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        return 0 if self.history is None else len(self.history)


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
