"""No signal goes to a process that was waited for: its number may be somebody else's by then."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from matou.git.process.groups import GroupLeader, is_unreaped, kill_group_of
from matou.git.process.run import start_git_async

pytestmark = pytest.mark.skipif(not hasattr(os, "waitid"), reason="asks whose child a process is")


@pytest.fixture
def strangers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Each process that was sent a signal when it was no child of ours any more."""
    found: list[int] = []

    def send(pid: int, _number: int) -> None:
        if not is_unreaped(pid):
            found.append(pid)

    monkeypatch.setattr(os, "killpg", send)
    return found


@pytest.fixture
def ended() -> Iterator[GroupLeader]:
    with GroupLeader([sys.executable, "-c", ""], stdin=subprocess.DEVNULL) as child:
        yield child


def test_a_child_that_was_waited_for_gets_no_signal(ended: GroupLeader, strangers: list[int]) -> None:
    ended.wait()
    ended.kill_group()
    kill_group_of(ended.pid)

    assert strangers == []


def test_whoever_waits_and_whoever_kills_never_meet(strangers: list[int]) -> None:
    for _ in range(100):
        with GroupLeader(["/bin/true"], stdin=subprocess.DEVNULL) as child:
            waiting = threading.Thread(target=child.wait)
            waiting.start()
            while waiting.is_alive():
                child.kill_group()
            waiting.join()

    assert strangers == []


def test_a_child_of_the_loop_that_has_ended_gets_no_signal_before_the_loop_knows(strangers: list[int]) -> None:
    def end_of(pid: int) -> None:
        end = time.monotonic() + 1  # Python 3.12 and above wait in the loop itself, which this stops
        while is_unreaped(pid) and time.monotonic() < end:
            time.sleep(0.001)

    async def work() -> None:
        async with start_git_async(["version"]) as child:
            end_of(child.pid)
            child.kill_group()

    asyncio.run(work())

    assert strangers == []
