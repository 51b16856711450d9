"""How many children run and ran, by kind, for whoever has said that they count them."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class CountedChildren:
    """Of one kind. `seconds` are those of the ones that have ended, by the clock; `killed` are those among them that
    a signal of ours ended.
    """

    running: int
    ended: int
    killed: int
    seconds: float


class ChildCounts:
    """Children that were started where this was in force. Kinds are words of ours: never what somebody sent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun: Counter[str] = Counter()
        self._ended: Counter[str] = Counter()
        self._killed: Counter[str] = Counter()
        self._seconds: Counter[str] = Counter()

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """What is started here meanwhile, and in what takes its context along, is counted."""
        token = _counts.set(self)
        try:
            yield
        finally:
            _counts.reset(token)

    def begin(self, kind: str) -> Callable[[int], None]:
        """What is given is told its exit status, once or more often."""
        begun, is_counted = time.monotonic(), False
        with self._lock:
            self._begun[kind] += 1

        def end(status: int) -> None:
            nonlocal is_counted
            with self._lock:
                if is_counted:
                    return
                is_counted = True
                self._ended[kind] += 1
                self._killed[kind] += status == -signal.SIGKILL
                # Counter is typed for whole numbers, and adds any.
                self._seconds[kind] += time.monotonic() - begun  # type: ignore[assignment]

        return end

    def snapshot(self) -> Mapping[str, CountedChildren]:
        with self._lock:
            return {
                kind: CountedChildren(
                    begun - self._ended[kind], self._ended[kind], self._killed[kind], self._seconds[kind]
                )
                for kind, begun in self._begun.items()
            }


_counts: Final[ContextVar[ChildCounts | None]] = ContextVar("child_counts", default=None)


def begin_child(kind: str) -> Callable[[int], None]:
    """To be called when one was started, and what it gives when it has ended."""
    counts = _counts.get()
    return _not_counted if counts is None else counts.begin(kind)


def _not_counted(_: int) -> None: ...
