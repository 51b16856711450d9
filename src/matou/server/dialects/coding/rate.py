"""How often a team may call one action: 30 times a second at CODING."""

from collections import Counter
from collections.abc import Callable, Hashable
from threading import Lock
from time import monotonic

from matou.errors import MatouError

CALLS_A_SECOND = 30


class TooManyCalls(MatouError):
    """This team has called this action too often within this second."""


class RateLimiter:
    """Counts within whole seconds and forgets them all when the next one begins: its memory is that of one second.

    Args:
        calls_a_second: how many each key has.
        clock: seconds that never go back.
    """

    def __init__(self, calls_a_second: int, *, clock: Callable[[], float] = monotonic) -> None:
        self._calls_a_second = calls_a_second
        self._clock = clock
        self._second = 0
        self._calls: Counter[Hashable] = Counter()
        self._lock = Lock()

    def count(self, key: Hashable) -> None:
        """Raises TooManyCalls."""
        with self._lock:
            second = int(self._clock())
            if second != self._second:
                self._second = second
                self._calls.clear()
            self._calls[key] += 1
            if self._calls[key] > self._calls_a_second:
                raise TooManyCalls("more than {limit} calls of this action in one second", limit=self._calls_a_second)
