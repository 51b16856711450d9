"""Many workers over one list, and how they stop."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from matou.concurrency import Batch, Busy, CancellationToken, Cancelled, ConcurrencyLimit, WorkerPool
from matou.errors import TryLater


def test_every_item_is_done_once() -> None:
    done: list[int] = []
    WorkerPool(CancellationToken(threading.Event())).run(Batch(5, done.append, range(1_000)))
    assert sorted(done) == list(range(1_000))


def test_the_first_fault_stops_the_others_and_is_raised() -> None:
    done: list[int] = []

    def work(item: int) -> None:
        if item == 10:
            raise ValueError(item)
        done.append(item)

    with pytest.raises(ValueError, match="10"):
        WorkerPool(CancellationToken(threading.Event())).run(Batch(3, work, range(1_000_000)))
    assert len(done) < 1_000_000


def test_a_fault_of_the_list_itself_is_raised() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the list broke")

    with pytest.raises(OSError, match="the list broke"):
        WorkerPool(CancellationToken(threading.Event())).run(Batch(3, lambda item: None, items()))


@pytest.mark.parametrize("workers", [1, 3, 50])
def test_what_comes_of_each_item_stands_in_the_order_of_the_items(workers: int) -> None:
    assert WorkerPool().map(workers, lambda number: number * 2, range(20)) == list(range(0, 40, 2))


@pytest.mark.parametrize("fault", [ValueError("bad"), Cancelled("by somebody else")])
def test_a_fault_of_one_item_is_raised_where_results_are_waited_for(fault: Exception) -> None:
    def work(item: int) -> int:
        if item == 3:
            raise fault
        return item

    with pytest.raises(type(fault), match=str(fault)):
        WorkerPool().map(2, work, range(10))


def test_whoever_finds_no_turn_is_told_so_in_the_words_of_what_it_asked_for() -> None:
    limit, own = ConcurrencyLimit(1), TryLater("mine")

    with limit.taken():
        with pytest.raises(Busy), limit.taken(within=timedelta()):
            pass
        with pytest.raises(TryLater, match="mine"), limit.taken(within=timedelta(), otherwise=own):
            pass

    with limit.taken(within=timedelta()):
        pass


def test_workers_stop_when_the_caller_cancels() -> None:
    cancelled = threading.Event()
    cancellation = CancellationToken(cancelled)
    done: list[int] = []

    def work(item: int) -> None:
        done.append(item)
        if item == 10:
            cancelled.set()
            cancellation.check()

    WorkerPool(cancellation).run(Batch(1, work, range(1_000_000)))

    assert done == list(range(11))
    with pytest.raises(Cancelled):
        cancellation.check()


def test_what_waits_is_told_of_a_cancelled_run_even_where_no_worker_is_left() -> None:
    cancelled, told = threading.Event(), threading.Event()

    WorkerPool(CancellationToken(cancelled, on_cancel=told.set)).run(Batch(1, lambda item: cancelled.set(), [1]))

    assert told.is_set()
