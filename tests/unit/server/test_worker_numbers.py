"""Numbers of several workers, added up by any of them, also while one writes, and after one was killed."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

from matou.server.watch.worker_numbers import WorkerNumbers

ENDED, RUNNING = ("ended", "fetch"), ("running", "fetch")


def test_what_each_worker_says_is_added_up() -> None:
    shared = WorkerNumbers(2)
    for worker, count in enumerate((3, 4)):
        shared.take_place(worker, counters={"ended"})
        shared.say({ENDED: count, RUNNING: 1})

    assert shared.sums() == {ENDED: 7, RUNNING: 2}


def test_nobody_has_said_anything_yet() -> None:
    assert WorkerNumbers(2).sums() == {}


def test_who_takes_the_place_of_one_that_died_goes_on_with_what_only_grows() -> None:
    shared = WorkerNumbers(1)
    shared.say({ENDED: 5, RUNNING: 2})

    shared.take_place(0, counters={"ended"})
    shared.say({RUNNING: 0})
    assert shared.sums() == {ENDED: 5, RUNNING: 0}

    shared.say({ENDED: 1, RUNNING: 1})
    assert shared.sums() == {ENDED: 6, RUNNING: 1}


def test_what_has_no_room_leaves_what_was_said_before() -> None:
    shared = WorkerNumbers(1)
    shared.say({ENDED: 5})

    shared.say({("ended", "x" * 70_000): 1})

    assert shared.sums() == {ENDED: 5}


def test_whoever_reads_while_another_process_writes_reads_what_was_said_at_one_time() -> None:
    shared = WorkerNumbers(2)
    child = os.fork()
    if child == 0:
        shared.take_place(1, counters=())
        for number in range(10**9):
            shared.say({("a", ""): number, ("b", "x" * (number % 50)): number})
    try:
        seen: set[float] = set()
        while len(seen) < 50:
            sums = shared.sums()
            values = set(sums.values())
            assert len(values) <= 1, sums
            seen |= values
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    shared.take_place(1, counters=())
    shared.say({ENDED: 1})
    assert shared.sums() == {ENDED: 1}


def test_several_threads_may_say_at_once() -> None:
    """The page of metrics and the clock of a worker do."""
    shared = WorkerNumbers(1)

    def say(label: str) -> None:
        for _ in range(300):
            shared.say({("ended", label * 20_000): 1})
            assert len(shared.sums()) == 1

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(say, "abcd"))
