"""Whoever receives slowly, or much at once, holds nothing for ever that others wait for."""

import asyncio
from contextlib import ExitStack
from datetime import timedelta

import pytest
from starlette.types import Message

from matou.concurrency import Busy, FairLimit
from matou.server import stall_budget
from matou.server.stall_budget import LEAST_BYTES_A_SECOND, StallBudget
from matou.server.streaming import ClientLeft, Receiver, RequestBody

SECOND = b"x" * LEAST_BYTES_A_SECOND


class Connection:
    """Takes each piece in so many seconds of a clock that goes on by itself alone; `None` never takes it."""

    def __init__(self, *seconds: float | None) -> None:
        self.now = 0.0
        self.taken = 0
        self._seconds = iter(seconds)

    def clock(self) -> float:
        return self.now

    async def send(self, message: Message) -> None:
        takes = next(self._seconds)
        if takes is None:
            await asyncio.Event().wait()
            return
        self.now += takes
        self.taken += len(message["body"])


def deliver(connection: Connection, pieces: int) -> None:
    async def deliver() -> None:
        receiver = Receiver(connection.send, StallBudget(clock=connection.clock))
        for _ in range(pieces):
            await receiver.send_chunk(SECOND)

    asyncio.run(deliver())


def test_a_receiver_at_the_least_pace_gets_everything() -> None:
    connection = Connection(*[1.0] * 500)

    deliver(connection, 500)

    assert connection.taken == 500 * LEAST_BYTES_A_SECOND


def test_one_that_is_slower_is_cut_off_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    # Half as fast: of each piece's two seconds one is lost.
    connection = Connection(*[2.0] * 59, None)
    monkeypatch.setattr(stall_budget, "PATIENCE_WITH_SLOWNESS", timedelta(seconds=59.05))

    with pytest.raises(ClientLeft):
        deliver(connection, 60)

    assert connection.taken == 59 * LEAST_BYTES_A_SECOND


def test_one_that_stands_still_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stall_budget, "PATIENCE_WITH_SLOWNESS", timedelta(0))
    monkeypatch.setattr(stall_budget, "MOST_PATIENCE", timedelta(seconds=0.05))

    with pytest.raises(ClientLeft):
        deliver(Connection(*[0.0] * 1000, None), 1001)


@pytest.mark.parametrize(("seconds", "bytes_each", "comes"), [(20.0, 1, 5), (20.0, 200_000, 50), (0.5, 5_000, 50)])
def test_who_sends_at_the_least_pace_may_go_on_and_who_drips_may_not(
    monkeypatch: pytest.MonkeyPatch, seconds: float, bytes_each: int, comes: int
) -> None:
    now, came = [0.0], [0]

    async def receive() -> Message:
        now[0] += seconds
        came[0] += 1
        # What is left of the patience is real time: a drip that is too slow ends at once.
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"x" * bytes_each, "more_body": came[0] < 50}

    async def read() -> None:
        body = RequestBody(receive)
        body.pace = StallBudget(clock=lambda: now[0])
        async for _ in body.chunks():
            pass

    if comes < 50:
        with pytest.raises(ClientLeft):
            asyncio.run(read())
    else:
        asyncio.run(read())

    assert came[0] == comes


def test_nobody_takes_more_than_a_part_of_the_turns() -> None:
    shares = FairLimit(5, each=2)

    with ExitStack() as taken:
        for who in ("anna", "anna", "berta", "berta"):
            taken.enter_context(shares.taken(who))
        with pytest.raises(Busy, match="2 downloads of yours"), shares.taken("anna"):
            pass
        taken.enter_context(shares.taken("chen"))
        with pytest.raises(Busy, match="busy with others"), shares.taken("dora"):
            pass

    with shares.taken("anna"), shares.taken("anna"):
        pass
