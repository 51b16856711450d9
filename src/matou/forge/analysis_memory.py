"""What a server has in memory of what it computed about repositories, and the one way to a commit to compute for."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeVar, cast
from weakref import WeakKeyDictionary

from matou.db.repositories import Repository, RepositoryId
from matou.forge.analysis_history import History
from matou.forge.analysis_jobs import Jobs, Waiters
from matou.forge.contents import object_at
from matou.forge.forge import Forge
from matou.git.objects import find_commit, open_repository
from matou.model.names import ObjectId

Result = TypeVar("Result")

PATIENCE: Final = timedelta(seconds=20)
"""Clients of this API give up after 30 seconds."""

MOST_WAITING_THREADS: Final = 3
MOST_COMMITS_IN_MEMORY: Final = 1_000_000
MOST_ANSWERS: Final = 64


class Analyses:
    """What one server has in memory of what it computed; bounded, safe between threads."""

    def __init__(self) -> None:
        self.jobs = Jobs()
        self.waiters = Waiters(MOST_WAITING_THREADS)
        self._histories: OrderedDict[RepositoryId, Shelf] = OrderedDict()
        self._answers: OrderedDict[Hashable, object] = OrderedDict()
        self._lock = threading.Lock()

    def shelf(self, repository: RepositoryId) -> "Shelf":
        with self._lock:
            shelf = self._histories.setdefault(repository, Shelf())
            self._histories.move_to_end(repository)
            sizes = sum(len(one.history) for one in self._histories.values() if one.history is not None)
            while sizes > MOST_COMMITS_IN_MEMORY and len(self._histories) > 1:
                _, dropped = self._histories.popitem(last=False)
                sizes -= 0 if dropped.history is None else len(dropped.history)
        return shelf

    def known(self, key: Hashable) -> object | None:
        with self._lock:
            return self._answers.get(key)

    def recall(self, key: Hashable, compute: Callable[[], Result]) -> Result:
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return cast("Result", self._answers[key])
        answer = compute()
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > MOST_ANSWERS:
                self._answers.popitem(last=False)
        return answer


@dataclass(slots=True)
class Shelf:
    """One repository's history, if it was read; and who may add to it: one thread commits, one thread counts."""

    history: History | None = None
    telling: threading.Lock = field(default_factory=threading.Lock)
    counting: threading.Lock = field(default_factory=threading.Lock)


_ANALYSES: "WeakKeyDictionary[Forge, Analyses]" = WeakKeyDictionary()


def analyses_of(forge: Forge) -> Analyses:
    return _ANALYSES.setdefault(forge, Analyses())


def commit_at(forge: Forge, repository: Repository, revision: str = "") -> ObjectId:
    """The commit that a revision names, as `object_at`; an empty one is the default branch's tip.

    Raises:
        NoSuchRevision: there is none.
        MissingObject: it names something that is no commit.
    """
    named = object_at(forge, repository, revision)
    return find_commit(open_repository(forge.git_dir(repository)), named).id
