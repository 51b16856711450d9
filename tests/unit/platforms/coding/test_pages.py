"""What came before a list broke off is given, and a row that cannot be read is neither lost nor in the way."""

from dataclasses import dataclass

import pytest

from matou.errors import MatouError, Phrase, TryLater, UnknownShape
from matou.http.paging import Page
from matou.platforms.base.unreadable import UnreadableRow
from matou.platforms.coding.pages import PAGE_SIZE, rows_of

ODD = UnreadableRow.of(UnknownShape("coding Depot.Id", "x"), {"Id": "x"}, {})


@dataclass(frozen=True)
class Thing:
    id: int


class CachedHistory:
    """Things on pages; the list is in trouble from a page on."""

    def __init__(self, count: int, *, counted: int | None, trouble_at: int = 0) -> None:
        self.things = [Thing(number) for number in range(count)]
        self.counted = counted
        self.trouble_at = trouble_at

    def page(self, number: int) -> Page[Thing | UnreadableRow]:
        if number == self.trouble_at:
            raise TryLater("later")
        return Page(self.things[(number - 1) * PAGE_SIZE : number * PAGE_SIZE], self.counted)


def ids_before_the_break(cached: CachedHistory, kind: type[MatouError]) -> list[int]:
    given: list[int] = []
    with pytest.raises(kind):
        given.extend(thing.id for thing in rows_of(Phrase("things"), cached.page))
    return given


@pytest.mark.parametrize(
    ("count", "counts"),
    [(0, True), *((count, is_told) for count in (1, PAGE_SIZE, PAGE_SIZE + 1, 300) for is_told in (True, False))],
)
def test_every_row_is_given_once(count: int, counts: bool) -> None:
    cached = CachedHistory(count, counted=count if counts else None)

    assert [thing.id for thing in rows_of(Phrase("things"), cached.page)] == list(range(count))


def test_a_first_page_with_neither_rows_nor_a_count_is_no_empty_list() -> None:
    with pytest.raises(UnknownShape, match="neither rows nor a count"):
        list(rows_of(Phrase("things"), CachedHistory(0, counted=None).page))


def test_rows_of_the_pages_before_trouble_are_given() -> None:
    cached = CachedHistory(250, counted=250, trouble_at=3)

    assert ids_before_the_break(cached, TryLater) == list(range(200))


def test_fewer_rows_than_are_counted_are_given_and_are_not_all() -> None:
    assert ids_before_the_break(CachedHistory(12, counted=15), UnknownShape) == list(range(12))


def test_a_platform_that_gives_the_first_page_for_every_other_is_not_believed() -> None:
    with pytest.raises(UnknownShape):
        list(rows_of(Phrase("things"), lambda _: Page([Thing(1), Thing(2)], 10)))


def test_a_list_without_a_count_that_repeats_its_last_page_ends_somewhere() -> None:
    with pytest.raises(UnknownShape):
        list(rows_of(Phrase("things"), lambda _: Page([Thing(1), Thing(2)], None)))


def test_a_row_that_cannot_be_read_is_told_after_the_others() -> None:
    given: list[int] = []

    with pytest.raises(UnknownShape, match=r"coding Depot\.Id was 'x'"):
        given.extend(thing.id for thing in rows_of(Phrase("things"), lambda _: Page([Thing(1), Thing(2), ODD], 3)))

    assert given == [1, 2]
