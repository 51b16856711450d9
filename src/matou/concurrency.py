"""What works side by side in this process: pools of threads, how they are told to stop, and how many may be at work."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from matou.errors import MatouError, Plural, TryLater

Item = TypeVar("Item")
Result = TypeVar("Result")

END = object()

GLANCE_SECONDS = 0.1
"""How long a caller that cancels may wait until somebody looks."""

COME_BACK_AFTER = timedelta(seconds=10)


class Cancelled(MatouError):
    """The work is being given up; raised where it would go on."""


class Busy(TryLater):
    """As many are at work as may be."""


class CancellationToken:
    """Tells workers to stop: because the caller asked for it, or because something went wrong for all.

    Args:
        event: set by the caller; None where nobody else cancels.
        on_cancel: called once when work stops; it ends what workers are waiting for.
    """

    def __init__(self, event: threading.Event | None = None, *, on_cancel: Callable[[], None] = lambda: None) -> None:
        self._event = event or threading.Event()
        self._stopped = threading.Event()
        self._on_cancel = on_cancel
        self._lock = threading.Lock()

    def cancel(self) -> None:
        with self._lock:
            if not self._stopped.is_set():
                self._stopped.set()
                self._on_cancel()

    @property
    def cancelled(self) -> bool:
        return self._stopped.is_set() or self._event.is_set()

    def check(self) -> None:
        """Raises Cancelled."""
        if self.cancelled:
            raise Cancelled("the work was interrupted")

    def pause(self, wait: timedelta) -> None:
        """Wait; raises Cancelled as soon as somebody cancels."""
        deadline = time.monotonic() + wait.total_seconds()
        while not self.cancelled and (left := deadline - time.monotonic()) > 0:
            self._stopped.wait(min(left, GLANCE_SECONDS))
        self.check()


@dataclass(frozen=True, slots=True)
class Batch(Generic[Item]):
    """Items, how many threads take from them, and what is done to each."""

    workers: int
    do: Callable[[Item], object]
    items: Iterable[Item]


class WorkerPool:
    """Threads that work off batches side by side; the first error that is raised cancels the rest."""

    def __init__(self, cancellation: CancellationToken | None = None) -> None:
        self._cancellation = cancellation or CancellationToken()
        self._faults: list[BaseException] = []

    def run(self, *batches: Batch[Any]) -> None:
        """Do something to each item, in order as far as that goes with several workers.

        Returns when all threads have ended. Raises the first error that any of them met; a KeyboardInterrupt here
        stops them too, and waits for them. That somebody cancelled is no error: the caller checks it.
        """
        threads = [thread for batch in batches for thread in self._threads(batch)]
        try:
            for thread in threads:
                thread.start()
            self._wait(threads)
        except BaseException:
            self._cancellation.cancel()
            self._wait(threads)
            raise
        if self._faults:
            raise self._faults[0]

    def map(self, workers: int, do: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """What comes of each item, in the order of the items. Raises the first error that any of them met."""
        waiting = list(items)
        if min(workers, len(waiting)) < 2:
            return [do(item) for item in waiting]
        results: dict[int, Result] = {}

        def keep(numbered: tuple[int, Item]) -> None:
            number, item = numbered
            results[number] = do(item)

        self.run(Batch(min(workers, len(waiting)), keep, enumerate(waiting)))
        self._cancellation.check()
        return [results[number] for number in range(len(waiting))]

    def _threads(self, batch: Batch[Any]) -> Iterator[threading.Thread]:
        lock = threading.Lock()
        items = iter(batch.items)
        for _ in range(batch.workers):
            yield threading.Thread(target=self._work, args=(batch.do, items, lock), daemon=True)

    def _wait(self, threads: Sequence[threading.Thread]) -> None:
        for thread in threads:
            while thread.is_alive():
                thread.join(timeout=GLANCE_SECONDS)
                if self._cancellation.cancelled:
                    self._cancellation.cancel()
        if self._cancellation.cancelled:
            self._cancellation.cancel()

    def _work(self, do: Callable[[Any], object], items: Iterator[Any], lock: threading.Lock) -> None:
        try:
            while not self._cancellation.cancelled:
                with lock:
                    item = next(items, END)
                if item is END:
                    return
                do(item)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            if isinstance(error, Cancelled) and self._cancellation.cancelled:
                return
            self._faults.append(error)
            self._cancellation.cancel()


class ConcurrencyLimit:
    """At most so many at once."""

    def __init__(self, at_once: int) -> None:
        self._in_use = threading.BoundedSemaphore(at_once)

    @contextmanager
    def taken(self, *, within: timedelta | None = None, otherwise: TryLater | None = None) -> Iterator[None]:
        """Wait for a turn, and hold it.

        Args:
            within: how long; for ever where it is None.
            otherwise: raised where none came in that time; Busy where it is None.
        """
        if not self._in_use.acquire(timeout=None if within is None else within.total_seconds()):
            raise otherwise or Busy("the server is busy with others' work on this", wait=COME_BACK_AFTER)
        try:
            yield
        finally:
            self._in_use.release()


class FairLimit:
    """At most so many at once, and of one person or address no more than its part. Nobody waits for a turn here.

    Args:
        at_once: of everybody together.
        each: of one; less than `at_once`.
    """

    def __init__(self, at_once: int, *, each: int) -> None:
        self._at_once = at_once
        self._each = each
        self._taken: Counter[Hashable] = Counter()
        self._lock = threading.Lock()

    @property
    def running(self) -> int:
        with self._lock:
            return self._taken.total()

    @contextmanager
    def taken(self, user: Hashable) -> Iterator[None]:
        """Raises Busy."""
        self._take(user)
        try:
            yield
        finally:
            self._give_back(user)

    def _take(self, user: Hashable) -> None:
        with self._lock:
            if self._taken[user] >= self._each:
                raise Busy(
                    Plural(
                        "{count} download of yours is under way; another begins when it has ended",
                        "{count} downloads of yours are under way; more begin when one of them has ended",
                        count=self._each,
                    ),
                    wait=COME_BACK_AFTER,
                )
            if self._taken.total() >= self._at_once:
                raise Busy("the server is busy with others' downloads", wait=COME_BACK_AFTER)
            self._taken[user] += 1

    def _give_back(self, user: Hashable) -> None:
        with self._lock:
            self._taken[user] -= 1
            self._taken += Counter()  # forgets who has none
