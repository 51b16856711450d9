"""Threads that work through a list; whatever is not one repository's own fault ends all of them."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from matou.errors import MatouError

T = TypeVar("T")

END = object()

GLANCE_SECONDS = 0.1
"""How long a caller that cancels may wait until somebody looks."""


class Cancelled(MatouError):
    """The run is being given up; raised where work would go on."""


class CancellationToken:
    """Tells workers to stop: because the caller asked for it, or because something went wrong for all.

    Args:
        cancelled: set by the caller.
        on_pull: called once when work stops; it ends what workers are waiting for.
    """

    def __init__(self, cancelled: threading.Event, *, on_pull: Callable[[], None] = lambda: None) -> None:
        self._cancelled = cancelled
        self._stopped = threading.Event()
        self._on_pull = on_pull
        self._lock = threading.Lock()

    def pull(self) -> None:
        with self._lock:
            if not self._stopped.is_set():
                self._stopped.set()
                self._on_pull()

    @property
    def is_on(self) -> bool:
        return self._stopped.is_set() or self._cancelled.is_set()

    def check(self) -> None:
        """Raises Cancelled."""
        if self.is_on:
            raise Cancelled("the backup was interrupted")

    def pause(self, wait: timedelta) -> None:
        """Wait; raises Cancelled as soon as the cancellation is pulled."""
        deadline = time.monotonic() + wait.total_seconds()
        while not self.is_on and (left := deadline - time.monotonic()) > 0:
            self._stopped.wait(min(left, GLANCE_SECONDS))
        self.check()


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """Items, how many threads take from them, and what is done to each."""

    hands: int
    do: Callable[[T], object]
    items: Iterable[T]


class WorkerPool:
    """Threads over lists that are worked off side by side; the first error that is raised pulls the cancellation."""

    def __init__(self, cancellation: CancellationToken) -> None:
        self._brake = cancellation
        self._faults: list[BaseException] = []

    def work(self, *lines: Batch[Any]) -> None:
        """Do something to each item, in order as far as that goes with many hands.

        Returns when all threads have ended. Raises the first error that any of them met; a KeyboardInterrupt here
        stops them too, and waits for them. That the cancellation was pulled is no error: the caller checks it.
        """
        threads = [thread for line in lines for thread in self._threads(line)]
        try:
            for thread in threads:
                thread.start()
            self._wait(threads)
        except BaseException:
            self._brake.pull()
            self._wait(threads)
            raise
        if self._faults:
            raise self._faults[0]

    def _threads(self, line: Batch[Any]) -> Iterator[threading.Thread]:
        lock = threading.Lock()
        items = iter(line.items)
        for _ in range(line.hands):
            yield threading.Thread(target=self._run, args=(line.do, items, lock), daemon=True)

    def _wait(self, threads: Sequence[threading.Thread]) -> None:
        for thread in threads:
            while thread.is_alive():
                thread.join(timeout=GLANCE_SECONDS)
                if self._brake.is_on:
                    self._brake.pull()
        if self._brake.is_on:
            self._brake.pull()

    def _run(self, do: Callable[[Any], object], items: Iterator[Any], lock: threading.Lock) -> None:
        try:
            while not self._brake.is_on:
                with lock:
                    item = next(items, END)
                if item is END:
                    return
                do(item)
        except Cancelled:
            return
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            self._faults.append(error)
            self._brake.pull()
