"""Many hands over one list, and how they stop."""

import threading
from collections.abc import Iterator

import pytest

from matou.concurrency import Batch, CancellationToken, Cancelled, WorkerPool


def test_every_item_is_done_once() -> None:
    done: list[int] = []
    WorkerPool(CancellationToken(threading.Event())).work(Batch(5, done.append, range(1_000)))
    assert sorted(done) == list(range(1_000))


def test_the_first_fault_stops_the_others_and_is_raised() -> None:
    done: list[int] = []

    def work(item: int) -> None:
        if item == 10:
            raise ValueError(item)
        done.append(item)

    with pytest.raises(ValueError, match="10"):
        WorkerPool(CancellationToken(threading.Event())).work(Batch(3, work, range(1_000_000)))
    assert len(done) < 1_000_000


def test_a_fault_of_the_list_itself_is_raised() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the list broke")

    with pytest.raises(OSError, match="the list broke"):
        WorkerPool(CancellationToken(threading.Event())).work(Batch(3, lambda item: None, items()))


def test_workers_stop_when_the_caller_cancels() -> None:
    cancelled = threading.Event()
    cancellation = CancellationToken(cancelled)
    done: list[int] = []

    def work(item: int) -> None:
        done.append(item)
        if item == 10:
            cancelled.set()
            cancellation.check()

    WorkerPool(cancellation).work(Batch(1, work, range(1_000_000)))

    assert done == list(range(11))
    with pytest.raises(Cancelled):
        cancellation.check()


def test_what_waits_is_told_of_a_cancelled_run_even_where_no_worker_is_left() -> None:
    cancelled, pulled = threading.Event(), threading.Event()

    WorkerPool(CancellationToken(cancelled, on_pull=pulled.set)).work(Batch(1, lambda item: cancelled.set(), [1]))

    assert pulled.is_set()
