"""Turns for what takes long: so many at once, a part of them for each, what waits served fairly, and nobody who holds
one too slow for those who wait.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from datetime import timedelta
from weakref import WeakValueDictionary

from matou.concurrency import Busy
from matou.server.stall_budget import StallBudget

LONGEST_WAIT = timedelta(seconds=60)


class FairQueue:
    """At most so many at once, and `each` of one person or address; who waits too long is told to come back.

    Those who wait are served in turn, one of each: whoever asks a hundred times waits behind nobody but themselves.
    For the event loop.
    """

    def __init__(self, at_once: int, *, each: int) -> None:
        self._at_once = at_once
        self._each = each
        self._held: Counter[Hashable] = Counter()
        self._paces: set[StallBudget] = set()
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def running(self) -> int:
        return self._held.total()

    @property
    def waiting(self) -> int:
        return sum(len(queue) for queue in tuple(self._waiting.values()))

    @asynccontextmanager
    async def taken(self, user: Hashable, pace: StallBudget | None = None) -> AsyncIterator[None]:
        """Raises Busy.

        Args:
            user: as turns are counted.
            pace: of the client that the turn waits for, if it does: it is pressed while others wait for a turn.
        """
        await self._take(user)
        paces = [] if pace is None else [pace]
        self._paces.update(paces)
        self._press_or_relax()
        try:
            yield
        finally:
            for held in paces:
                self._paces.discard(held)
                held.relax(self)
            self._give_back(user)

    async def _take(self, user: Hashable) -> None:
        if self._held.total() < self._at_once and self._held[user] < self._each:
            self._held[user] += 1
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user, deque()).append(future)
        self._press_or_relax()
        try:
            async with asyncio.timeout(LONGEST_WAIT.total_seconds()):
                await future
        except BaseException as error:
            self._leave(user, future)
            if isinstance(error, TimeoutError):
                raise Busy("the server is busy with others' work on this", wait=LONGEST_WAIT) from None
            raise

    def _leave(self, user: Hashable, future: "asyncio.Future[None]") -> None:
        """A turn that was given at the same moment goes to the next one."""
        if future.done() and not future.cancelled():
            self._give_back(user)
            return
        queue = self._waiting.get(user, deque())
        if future in queue:
            queue.remove(future)
        self._forget_if_empty(user)
        self._press_or_relax()

    def _give_back(self, user: Hashable) -> None:
        self._held[user] -= 1
        if not self._held[user]:
            del self._held[user]
        while self._held.total() < self._at_once and (following := self._next()) is not None:
            self._held[following] += 1
            self._waiting[following].popleft().set_result(None)
            self._waiting.move_to_end(following)
            self._forget_if_empty(following)
        self._press_or_relax()

    def _next(self) -> Hashable | None:
        """Who has waited longest for one more than they have; their turns are theirs by now or cancelled."""
        for user in tuple(self._waiting):
            queue = self._waiting[user]
            while queue and queue[0].done():
                queue.popleft()
            self._forget_if_empty(user)
            if queue and self._held[user] < self._each:
                return user
        return None

    def _forget_if_empty(self, user: Hashable) -> None:
        if user in self._waiting and not self._waiting[user]:
            del self._waiting[user]

    def _press_or_relax(self) -> None:
        """Whoever waits, one who has their part already too: many people may share an address."""
        for pace in self._paces:
            if self._waiting:
                pace.press(self)
            else:
                pace.relax(self)


class RepositoryLocks:
    """One push at a time for each repository, by its id."""

    def __init__(self) -> None:
        self._in_use: WeakValueDictionary[int, FairQueue] = WeakValueDictionary()

    @asynccontextmanager
    async def only(self, repository_id: int, user: Hashable, pace: StallBudget | None = None) -> AsyncIterator[None]:
        """As `FairQueue.taken`. Raises Busy."""
        turns = self._in_use.get(repository_id) or self._in_use.setdefault(repository_id, FairQueue(1, each=1))
        async with turns.taken(user, pace):
            yield
