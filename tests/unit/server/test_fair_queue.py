"""Turns are shared and fairly given, and whoever holds one moves while others wait for it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from matou.concurrency import Busy
from matou.forge.access import ANONYMOUS
from matou.server import fair_queue, stall_budget
from matou.server.fair_queue import FairQueue, RepositoryLocks
from matou.server.origin import caller_of
from matou.server.stall_budget import StallBudget, TooSlow


async def soon() -> None:
    """Let everything go as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


class Queue:
    """Who had a turn, in order; each keeps it until it is told to give it back."""

    def __init__(self, at_once: int, *, each: int) -> None:
        self.turns = FairQueue(at_once, each=each)
        self.had: list[str] = []
        self.ends: list[asyncio.Event] = []

    def ask(self, who: str) -> asyncio.Task[None]:
        return asyncio.ensure_future(self._hold(who))

    async def _hold(self, who: str) -> None:
        async with self.turns.taken(who):
            self.had.append(who)
            self.ends.append(asyncio.Event())
            await self.ends[-1].wait()

    async def end(self, *numbers: int) -> None:
        for number in numbers:
            self.ends[number].set()
            await soon()


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(10):
            await scenario()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

    asyncio.run(main())


def test_one_takes_no_more_than_a_part_and_others_find_a_turn() -> None:
    async def scenario() -> None:
        queue = Queue(4, each=2)
        tasks = [queue.ask("anna") for _ in range(10)]
        await soon()
        tasks.append(queue.ask("berta"))
        await soon()

        assert queue.had == ["anna", "anna", "berta"]
        assert len(tasks) == 11

    run(scenario)


def test_who_asks_once_waits_behind_one_turn_of_who_asks_a_hundred_times() -> None:
    async def scenario() -> None:
        queue = Queue(2, each=2)
        tasks = [queue.ask("anna") for _ in range(100)]
        await soon()
        tasks += [queue.ask("berta"), queue.ask("chen"), queue.ask("berta")]
        await soon()

        await queue.end(0, 1, 2, 3, 4)

        assert queue.had == ["anna", "anna", "anna", "berta", "chen", "anna", "berta"]
        assert len(tasks) == 103

    run(scenario)


def test_who_leaves_the_queue_leaves_nothing_in_it() -> None:
    async def scenario() -> None:
        queue = Queue(1, each=1)
        held, left, waits = queue.ask("anna"), queue.ask("berta"), queue.ask("chen")
        await soon()
        left.cancel()
        await soon()

        await queue.end(0)

        assert queue.had == ["anna", "chen"]
        assert held.done()
        assert not waits.done()

    run(scenario)


def test_a_turn_that_comes_as_its_owner_leaves_goes_to_the_next() -> None:
    async def scenario() -> None:
        queue = Queue(1, each=1)
        tasks = [queue.ask(who) for who in ("anna", "berta", "chen")]
        await soon()

        queue.ends[0].set()
        await asyncio.sleep(0)  # anna gives it back, berta is given it and has not run yet
        await asyncio.sleep(0)
        tasks[1].cancel()
        await soon()

        assert queue.had in (["anna", "chen"], ["anna", "berta", "chen"])
        assert queue.had[-1] == "chen"

    run(scenario)


def test_who_waits_too_long_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_queue, "LONGEST_WAIT", timedelta(seconds=0.01))

    async def scenario() -> None:
        queue = Queue(1, each=1)
        held = queue.ask("anna")
        await soon()

        with pytest.raises(Busy):
            await queue.ask("berta")
        await queue.end(0)

        after = queue.ask("berta")
        await soon()
        assert queue.had == ["anna", "berta"]
        assert (held.done(), after.done()) == (True, False)

    run(scenario)


async def stand_still(turns: FairQueue, who: str) -> str:
    """Hold a turn for a client that neither reads nor sends."""
    client = StallBudget()
    async with turns.taken(who, client):
        try:
            async with client.waiting():
                await asyncio.Event().wait()
        except TooSlow:
            return "cut off"
    return "ended"


def test_who_stands_still_is_cut_off_as_soon_as_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stall_budget, "PATIENCE_WHERE_OTHERS_WAIT", timedelta(seconds=0.02))

    async def scenario() -> None:
        queue = Queue(1, each=1)
        still = asyncio.ensure_future(stand_still(queue.turns, "anna"))
        await asyncio.sleep(0.1)
        assert not still.done()

        waits = queue.ask("berta")

        assert await still == "cut off"
        await soon()
        assert queue.had == ["berta"]
        assert not waits.done()

    run(scenario)


def test_who_waits_may_be_another_at_the_same_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stall_budget, "PATIENCE_WHERE_OTHERS_WAIT", timedelta(seconds=0.02))

    async def scenario() -> None:
        queue = Queue(2, each=1)
        still = asyncio.ensure_future(stand_still(queue.turns, "anna"))
        await soon()
        waits = queue.ask("anna")

        assert await still == "cut off"
        await soon()
        assert queue.had == ["anna"]
        assert not waits.done()

    run(scenario)


def test_pushes_to_one_repository_are_one_at_a_time_and_to_two_are_not() -> None:
    async def scenario() -> None:
        writers, entered = RepositoryLocks(), []

        async def push(repository_id: int, who: str) -> None:
            async with writers.only(repository_id, who):
                entered.append(who)
                await asyncio.Event().wait()

        async with AsyncExitStack():
            tasks = [asyncio.ensure_future(push(*pair)) for pair in ((1, "anna"), (1, "berta"), (2, "chen"))]
            await soon()

        assert entered == ["anna", "chen"]
        assert len(tasks) == 3

    run(scenario)


def test_addresses_of_one_ipv6_network_are_one_caller() -> None:
    one, same, other = (caller_of(ANONYMOUS, text) for text in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"))

    assert one == same != other
    assert caller_of(ANONYMOUS, "192.0.2.1") != caller_of(ANONYMOUS, "192.0.2.2")
    assert caller_of(ANONYMOUS, "::ffff:192.0.2.1") != caller_of(ANONYMOUS, "::ffff:192.0.2.2")
