"""Work that nobody waits for beyond their patience: once for all who ask, in the background, a little at a time."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextvars import copy_context
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeVar

from matou.concurrency import ConcurrencyLimit
from matou.errors import TryLater

Result = TypeVar("Result")

AT_ONCE: Final = 2
MOST_BEGUN: Final = 64
COME_BACK_AFTER: Final = timedelta(seconds=10)


class StillComputing(TryLater):
    """The answer is being computed, and goes on being so; who asks again later gets it."""


class Jobs:
    """What is being computed, by a key. It ends with the process; whoever computes keeps what is done as they go."""

    def __init__(self, at_once: int = AT_ONCE, most_begun: int = MOST_BEGUN) -> None:
        self._limit = ConcurrencyLimit(at_once)
        self._most_begun = most_begun
        self._begun: dict[Hashable, Future[Any]] = {}
        self._lock = threading.Lock()

    @property
    def is_busy(self) -> bool:
        return bool(self._begun)

    def begin(self, key: Hashable, work: Callable[[], Result]) -> "Future[Result]":
        """What `work` gives or raises, once; for all who ask under the key until it ends.

        Raises:
            StillComputing: too much has been begun already.
        """
        with self._lock:
            known = self._begun.get(key)
            if known is not None:
                return known
            if len(self._begun) >= self._most_begun:
                raise still_computing()
            promise: Future[Result] = Future()
            self._begun[key] = promise
        # A daemon: the server ends without waiting for it, and its git ends with its output.
        threading.Thread(
            target=self._run, args=(key, partial(copy_context().run, work), promise), name="job", daemon=True
        ).start()
        return promise

    def _run(self, key: Hashable, work: Callable[[], Result], promise: "Future[Result]") -> None:
        with self._limit.taken():
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - it is raised again, where somebody waits
                self._end(key)
                promise.set_exception(error)
            else:
                self._end(key)
                promise.set_result(result)

    def _end(self, key: Hashable) -> None:
        with self._lock:
            del self._begun[key]


class Waiters:
    """Threads that wait for a job; few, since the server has few."""

    def __init__(self, most: int) -> None:
        self._limit = ConcurrencyLimit(most)

    def wait(self, promise: "Future[Result]", patience: timedelta) -> Result:
        """Raises StillComputing where it takes longer, or where too many wait already."""
        if promise.done():
            return promise.result()
        with self._limit.taken(within=timedelta(), otherwise=still_computing()):
            try:
                return promise.result(patience.total_seconds())
            except NotYet:
                if promise.done():
                    raise
                raise still_computing() from None


def still_computing() -> StillComputing:
    return StillComputing("this is still being computed", wait=COME_BACK_AFTER)


def done(result: Result) -> "Future[Result]":
    """A promise that is kept already."""
    promise: Future[Result] = Future()
    promise.set_result(result)
    return promise
