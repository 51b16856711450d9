"""Threads that go through a list side by side, a bounded piece of it at a time."""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def side_by_side(jobs: int, do: Callable[[T], None], items: Iterable[T]) -> None:
    """Do something to each item in one of `jobs` threads; the first error that any raises ends it and is raised."""
    remaining = iter(items)
    pending: set[Future[None]] = set()
    with ThreadPoolExecutor(jobs) as pool:
        while True:
            pending |= {pool.submit(do, item) for item in islice(remaining, 2 * jobs - len(pending))}
            if not pending:
                return
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for one in done:
                one.result()
