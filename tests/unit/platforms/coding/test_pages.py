"""A list is read to the proof of its end, even while it changes."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from matou.errors import UnknownShape
from matou.platforms.coding.pages import ListingBroken, PageRead, read_pages


@dataclass(frozen=True)
class Thing:
    id: int


class Shelf:
    """Things on pages of ten; `changes[n]` runs before the n-th page is given, counted from 1."""

    def __init__(self, count: int, *, counts: bool = True) -> None:
        self.ids = list(range(count))
        self.counts = counts
        self.changes = dict[int, Callable[[], None]]()
        self.hidden = 0
        self.given: list[int] = []

    def page(self, number: int) -> PageRead[Thing]:
        self.given.append(number)
        self.changes.get(len(self.given), lambda: None)()
        rows = [Thing(id_) for id_ in self.ids[(number - 1) * 10 : number * 10]]
        return PageRead(rows, len(self.ids) + self.hidden if self.counts else None)


def ids_read(shelf: Shelf) -> list[int]:
    return sorted(thing.id for thing in read_pages("things", shelf.page))


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 101])
def test_every_row_is_given_once(count: int) -> None:
    shelf = Shelf(count)

    assert ids_read(shelf) == list(range(count))
    assert len(shelf.given) == max(1, -(-count // 10))


@pytest.mark.parametrize("count", [0, 9, 10, 25])
def test_a_list_without_a_count_ends_with_a_page_that_brings_nothing_new(count: int) -> None:
    assert ids_read(Shelf(count, counts=False)) == list(range(count))


def test_a_list_without_a_count_that_repeats_its_last_page_ends() -> None:
    repeated = PageRead([Thing(1), Thing(2)], None)

    assert [thing.id for thing in read_pages("things", lambda _: repeated)] == [1, 2]


def test_a_row_that_moves_to_a_page_already_read_is_not_missed() -> None:
    shelf = Shelf(30)
    shelf.changes[2] = lambda: shelf.ids.remove(0)

    assert set(range(1, 30)) <= set(ids_read(shelf))


def test_a_row_that_comes_while_the_list_is_read_is_not_missed() -> None:
    shelf = Shelf(30)
    shelf.changes[2] = lambda: shelf.ids.insert(0, 99)

    assert ids_read(shelf) == [*range(30), 99]


def test_a_row_that_replaces_another_is_not_missed() -> None:
    shelf = Shelf(30)

    def replace() -> None:
        shelf.ids.remove(29)
        shelf.ids.insert(0, 99)

    shelf.changes[3] = replace

    assert 99 in ids_read(shelf)


def test_a_list_that_never_holds_still_is_broken_after_all_that_was_read() -> None:
    shelf = Shelf(30)
    shelf.changes = {number: lambda: shelf.ids.insert(0, 100 + len(shelf.given)) for number in range(1, 100)}

    with pytest.raises(ListingBroken):
        list(read_pages("things", shelf.page))

    assert len(shelf.given) < 20


def test_fewer_rows_than_are_counted_are_given_and_then_the_listing_is_broken() -> None:
    shelf = Shelf(12)
    shelf.hidden = 3
    given: list[int] = []

    with pytest.raises(ListingBroken, match="12 rows came, and 15 are said to be there"):
        given.extend(thing.id for thing in read_pages("things", shelf.page))

    assert given == list(range(12))


def test_a_platform_that_gives_the_first_page_for_every_other_is_not_believed() -> None:
    with pytest.raises(ListingBroken):
        list(read_pages("things", lambda _: PageRead([Thing(1), Thing(2)], 10)))


def test_a_row_that_cannot_be_read_breaks_the_listing_after_the_others() -> None:
    page = PageRead([Thing(1), Thing(2)], 3, [UnknownShape("coding Depot.Id", "x")])
    given: list[int] = []

    with pytest.raises(ListingBroken, match=r"coding Depot\.Id was 'x'"):
        given.extend(thing.id for thing in read_pages("things", lambda _: page))

    assert given == [1, 2]
