"""Pages that are asked for while another one is read."""

from threading import Event, Lock

import pytest

from matou.errors import TryLater
from matou.http.paging import Page
from matou.platforms.base.pages_ahead import PAGES_AHEAD, asking_ahead


class _List:
    """Seven rows, two a page, of which the last is short; says what was asked for."""

    def __init__(self, *, total: int | None = 7, broken: int = 0) -> None:
        self.asked: list[int] = []
        self.total, self.broken = total, broken
        self._lock = Lock()

    def page(self, number: int) -> Page[object]:
        with self._lock:
            self.asked.append(number)
        if number == self.broken:
            raise TryLater("page {number} did not come", number=number)
        return Page(list(range(7))[number * 2 - 2 : number * 2], self.total)


def test_pages_come_in_order_and_each_is_asked_for_once() -> None:
    pages = _List()

    with asking_ahead(pages.page) as ask:
        rows = [row for number in range(1, 5) for row in ask(number).rows]

    assert rows == list(range(7))
    assert sorted(pages.asked) == [1, 2, 3, 4]


def test_following_pages_are_under_way_before_they_are_wanted() -> None:
    begun, pages = {number: Event() for number in range(1, 6)}, _List(total=10)

    def page(number: int) -> Page[object]:
        begun[number].set()
        return pages.page(number)

    with asking_ahead(page) as ask:
        ask(1)
        assert all(begun[number].wait(30) for number in range(2, 2 + PAGES_AHEAD))
        assert not begun[2 + PAGES_AHEAD].is_set()


def test_a_list_that_is_not_counted_is_asked_page_by_page() -> None:
    pages = _List(total=None)

    with asking_ahead(pages.page) as ask:
        ask(1)

    assert pages.asked == [1]


def test_a_fault_is_raised_for_the_page_that_it_is_of() -> None:
    pages = _List(broken=3)

    with asking_ahead(pages.page) as ask:
        assert [len(ask(number).rows) for number in (1, 2)] == [2, 2]
        with pytest.raises(TryLater, match="page 3"):
            ask(3)


def test_a_list_that_is_read_again_is_asked_for_anew() -> None:
    pages = _List(total=4)

    with asking_ahead(pages.page) as ask:
        for number in (1, 2, 1, 2):
            ask(number)

    assert sorted(pages.asked) == [1, 1, 2, 2]
