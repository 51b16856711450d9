"""How often somebody may ask, over all workers of a server: a table in memory that they share."""

import mmap
import secrets
from collections.abc import Callable, Hashable
from datetime import timedelta
from threading import Lock
from time import monotonic
from typing import Final, NamedTuple

from matou.errors import TryLater

ONE_SECOND = timedelta(seconds=1)

_CELLS: Final = 4096
_ROWS: Final = 2
_NUMBER_BYTES: Final = 8
_TABLE_BYTES: Final = _CELLS * _ROWS * _NUMBER_BYTES


class TooManyCalls(TryLater):
    """Somebody has asked too often within one window of time."""


class RateState(NamedTuple):
    """What somebody has left of a window."""

    limit: int
    remaining: int
    resets_in: timedelta


class FixedWindowLimiter:
    """Forgets everything when the next window begins. Made before workers are, it counts for all of them.

    What is counted is a count-min sketch: a key counts in one cell of each row, and its count is the least of them. Its
    memory is the same however many ask, and nobody can choose whom they share cells with. Two workers that count for
    one key in the same instant may count once.

    Args:
        calls: how many each key has in one window.
        window: how long one is.
        clock: seconds that never go back, the same in each worker.
    """

    def __init__(self, calls: int, *, window: timedelta = ONE_SECOND, clock: Callable[[], float] = monotonic) -> None:
        self._limit = calls
        self._seconds = window.total_seconds()
        self._clock = clock
        self._salt = secrets.token_bytes(16)
        # Anonymous and shared: whoever is forked from here has the same. The last number is the window.
        self._memory = mmap.mmap(-1, _TABLE_BYTES + _NUMBER_BYTES)
        self._numbers = memoryview(self._memory).cast("Q")
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
            window = self._begin_window(now)
            cells = self._cells_of(key)
            for cell in cells:
                self._numbers[cell] += more
            calls = min(self._numbers[cell] for cell in cells)
        left = timedelta(seconds=(window + 1) * self._seconds - now)
        return RateState(self._limit, max(self._limit - calls, 0), left), calls

    def _begin_window(self, now: float) -> int:
        window = int(now // self._seconds)
        if window != self._numbers[-1]:
            self._memory[:_TABLE_BYTES] = bytes(_TABLE_BYTES)
            self._numbers[-1] = window
        return window

    def _cells_of(self, key: Hashable) -> tuple[int, int]:
        """Python's hash is seeded once, before workers are forked: it is the same in each."""
        digest = hash((self._salt, key))
        return digest % _CELLS, _CELLS + (digest // _CELLS) % _CELLS
