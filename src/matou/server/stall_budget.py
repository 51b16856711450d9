"""How slow a client may be while it holds what others wait for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic

LEAST_BYTES_A_SECOND = 8 * 1024
PATIENCE_WITH_SLOWNESS = timedelta(minutes=1)
MOST_PATIENCE = timedelta(minutes=5)
PATIENCE_WHERE_OTHERS_WAIT = timedelta(seconds=10)


class TooSlow(Exception):
    """A client that moves less than the least number of bytes a second."""


class StallBudget:
    """What a client that holds something may still take, in seconds of waiting for it.

    Each byte gives time, by LEAST_BYTES_A_SECOND; what is not used is kept, from `patience` (PATIENCE_WITH_SLOWNESS
    where none is said) to MOST_PATIENCE. While others wait for what it holds, no more than PATIENCE_WHERE_OTHERS_WAIT
    is kept.
    Only the waiting for this client counts, not what takes us time. For the event loop.
    """

    def __init__(self, *, clock: Callable[[], float] = monotonic, patience: timedelta | None = None) -> None:
        self._clock = clock
        self._left = (PATIENCE_WITH_SLOWNESS if patience is None else patience).total_seconds()
        self._pressed_by: set[Hashable] = set()
        self._waiting: asyncio.Timeout | None = None
        self._ends_at = 0.0

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Raises TooSlow where what is done within takes longer than is left."""
        self._ends_at = self._clock() + self._left
        try:
            async with asyncio.timeout(self._left) as self._waiting:
                yield
        except TimeoutError:
            raise TooSlow from None
        finally:
            self._waiting = None
            self._left = self._ends_at - self._clock()

    def moved(self, size_bytes: int) -> None:
        """So many bytes came, or are about to go."""
        self._left = min(self._left + size_bytes / LEAST_BYTES_A_SECOND, self._most)

    def press(self, by: Hashable) -> None:
        """Others wait from now on, in a queue that is told by `by`: in the middle of a wait, too."""
        self._pressed_by.add(by)
        if self._waiting is None:
            self._left = min(self._left, self._most)
            return
        latest = self._clock() + self._most
        if self._ends_at > latest:
            self._ends_at = latest
            self._waiting.reschedule(asyncio.get_running_loop().time() + self._most)

    def relax(self, by: Hashable) -> None:
        """Nobody waits there any more."""
        self._pressed_by.discard(by)

    @property
    def _most(self) -> float:
        return (PATIENCE_WHERE_OTHERS_WAIT if self._pressed_by else MOST_PATIENCE).total_seconds()
