"""However many ask whether something is well, one looks."""

import asyncio
import threading

import pytest

from matou.server.watch import probes
from matou.server.watch.probes import Probe


def test_many_who_ask_at_once_are_one_look() -> None:
    looks = []

    async def ask() -> list[bool]:
        probe = Probe("archive", lambda: looks.append(1))
        return await asyncio.gather(*(probe.is_well() for _ in range(50)))

    assert asyncio.run(ask()) == [True] * 50
    assert len(looks) == 1


def test_what_hangs_is_not_well_and_is_not_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "ANSWERS_WITHIN", probes.ANSWERS_WITHIN / 1000)
    monkeypatch.setattr(probes, "FRESH", probes.FRESH * 0)
    looks, back = [], threading.Event()

    def hang() -> None:
        looks.append(1)
        back.wait()

    async def ask() -> list[bool]:
        probe = Probe("database", hang)
        answers = [await probe.is_well(), await probe.is_well()]
        back.set()
        monkeypatch.undo()
        return [*answers, await probe.is_well()]

    assert asyncio.run(ask()) == [False, False, True]
    assert len(looks) == 1


def test_what_raises_is_not_well() -> None:
    def fail() -> None:
        raise OSError(28, "No space left on device")

    async def ask() -> bool:
        return await Probe("archive", fail).is_well()

    assert not asyncio.run(ask())
