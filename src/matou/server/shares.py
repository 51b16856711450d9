"""Turns for what lasts as long as a client takes to receive it: a few for each, so that there are some for others."""

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from matou.server.turns import Busy

COME_BACK_AFTER = timedelta(seconds=10)


class Shares:
    """So many at once, and of one person or address no more than its part. Nobody waits for a turn here.

    Args:
        at_once: of everybody together.
        each: of one; less than `at_once`.
    """

    def __init__(self, at_once: int, *, each: int) -> None:
        self._at_once = at_once
        self._each = each
        self._taken: Counter[Hashable] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def taken(self, who: Hashable) -> Iterator[None]:
        """Raises Busy."""
        self._take(who)
        try:
            yield
        finally:
            self._give_back(who)

    def _take(self, who: Hashable) -> None:
        with self._lock:
            if self._taken[who] >= self._each:
                raise Busy(
                    "{count} downloads of yours are under way; more begin when one of them has ended",
                    count=self._each,
                    wait=COME_BACK_AFTER,
                )
            if self._taken.total() >= self._at_once:
                raise Busy("the server is busy with others' downloads", wait=COME_BACK_AFTER)
            self._taken[who] += 1

    def _give_back(self, who: Hashable) -> None:
        with self._lock:
            self._taken[who] -= 1
            self._taken += Counter()  # forgets who has none
