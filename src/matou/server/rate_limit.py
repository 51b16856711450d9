"""How often somebody may ask: counted in whole windows of time, in this process."""

from collections import Counter
from collections.abc import Callable, Hashable
from datetime import timedelta
from threading import Lock
from time import monotonic
from typing import NamedTuple

from matou.errors import TryLater

ONE_SECOND = timedelta(seconds=1)


class TooManyCalls(TryLater):
    """Somebody has asked too often within one window of time."""


class RateState(NamedTuple):
    """What somebody has left of a window."""

    limit: int
    remaining: int
    resets_in: timedelta


class FixedWindowLimiter:
    """Forgets everything when the next window begins: its memory is that of one.

    Args:
        calls: how many each key has in one window.
        window: how long one is.
        clock: seconds that never go back.
    """

    def __init__(self, calls: int, *, window: timedelta = ONE_SECOND, clock: Callable[[], float] = monotonic) -> None:
        self._limit = calls
        self._seconds = window.total_seconds()
        self._clock = clock
        self._window = 0
        self._calls: Counter[Hashable] = Counter()
        self._lock = Lock()

    def count(self, key: Hashable) -> RateState:
        """Raises TooManyCalls, with the time until the next window."""
        state, calls = self._look(key, more=1)
        if calls > self._limit:
            raise TooManyCalls(
                "more than {limit} calls within {seconds} s",
                limit=self._limit,
                seconds=round(self._seconds),
                wait=state.resets_in,
            )
        return state

    def state_of(self, key: Hashable) -> RateState:
        """Without counting."""
        return self._look(key, more=0)[0]

    def _look(self, key: Hashable, *, more: int) -> tuple[RateState, int]:
        now = self._clock()
        with self._lock:
            window = int(now // self._seconds)
            if window != self._window:
                self._window = window
                self._calls.clear()
            self._calls[key] += more
            calls = self._calls[key]
        left = timedelta(seconds=(window + 1) * self._seconds - now)
        return RateState(self._limit, max(self._limit - calls, 0), left), calls
