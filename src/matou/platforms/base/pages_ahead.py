"""Asking for the next pages of a list while one is read, where its server says how many there are."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from matou.http.paging import Page

PAGES_AHEAD: Final = 2
"""So many are under way beside the one that is read: servers have other callers too."""

Ask = Callable[[int], Page[object]]


@contextmanager
def asking_ahead(ask: Ask) -> Iterator[Ask]:
    """The same for one thread that goes through the pages from the first, as often as it likes; a fault is raised for
    the page that it is of.

    Args:
        ask: gives a page, the first by 1. May be called from several threads.
    """
    with ThreadPoolExecutor(PAGES_AHEAD, "pages-ahead") as pool:
        pages = _PagesAhead(ask, pool)
        try:
            yield pages.ask
        finally:
            pages.forget()


class _PagesAhead:
    def __init__(self, ask: Ask, pool: ThreadPoolExecutor) -> None:
        self._ask = ask
        self._pool = pool
        self._size = 0
        self._under_way: dict[int, Future[Page[object]]] = {}

    def ask(self, number: int) -> Page[object]:
        if number == 1:
            self.forget()
        begun = self._under_way.pop(number, None)
        page = self._ask(number) if begun is None else begun.result()
        if number == 1:
            self._size = len(page.rows)
        self._begin(number, page.total or 0)
        return page

    def _begin(self, number: int, total: int) -> None:
        """Those after this one that the list has, as far as it is known now."""
        for following in range(number + 1, number + 1 + PAGES_AHEAD):
            if (following - 1) * self._size < total and self._size and following not in self._under_way:
                self._under_way[following] = self._pool.submit(self._ask, following)

    def forget(self) -> None:
        for future in self._under_way.values():
            future.cancel()
        self._under_way.clear()
