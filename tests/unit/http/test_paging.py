from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matou.errors import Phrase, TryLater
from matou.http.paging import ListingBroken, Page, UncountedEmptyList, read_pages

SIZE = 3


def pages_of(rows: Sequence[int], *, with_total: bool = True, size: int = SIZE) -> Callable[[int], Page[int]]:
    def fetch(number: int) -> Page[int]:
        return Page(rows[(number - 1) * size : number * size], len(rows) if with_total else None)

    return fetch


def read(fetch: Callable[[int], Page[int]], *, most_readings: int = 5, counted: bool = False) -> tuple[int, ...]:
    what = Phrase("repositories")
    return read_pages(
        fetch, key=lambda row: row, page_size=SIZE, what=what, most_readings=most_readings, empty_is_counted=counted
    )


@pytest.mark.parametrize("page", [Page([], total=0), Page([], total_pages=0), Page([], total_pages=1)])
def test_a_list_that_must_be_counted_is_empty_where_it_is_said(page: Page[int]) -> None:
    assert read(lambda _: page, counted=True) == ()


def test_a_list_that_must_be_counted_is_not_empty_because_nothing_came() -> None:
    with pytest.raises(UncountedEmptyList):
        read(lambda _: Page([]), counted=True)


@pytest.mark.parametrize("with_total", [True, False])
@pytest.mark.parametrize("count", range(11))
def test_a_list_that_holds_still_is_read_to_its_end(count: int, with_total: bool) -> None:
    assert read(pages_of(range(count), with_total=with_total)) == tuple(range(count))


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (2, 1), (3, 2), (4, 4)])
def test_a_list_on_one_page_costs_one_request_and_only_longer_ones_are_read_twice(count: int, requests: int) -> None:
    requests_seen: list[int] = []

    def fetch(number: int) -> Page[int]:
        requests_seen.append(number)
        return pages_of(range(count))(number)

    read(fetch)

    assert len(requests_seen) == requests


def test_a_number_of_pages_is_an_end_where_there_is_no_total() -> None:
    def fetch(number: int) -> Page[int]:
        assert number <= 3
        return Page([number * 10, number * 10 + 1, number * 10 + 2], total_pages=3)

    assert len(read(fetch)) == 9


def test_a_page_that_is_given_again_past_the_end_is_no_fault() -> None:
    def fetch(number: int) -> Page[int]:
        return Page([[1, 2, 3], [4, 5, 6]][min(number, 2) - 1], total=6)

    assert read(fetch) == (1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize(
    ("fetch", "fault"),
    [
        (lambda number: Page([1, 2, 3], total=9), "page 2 held nothing new"),
        (lambda number: Page([1, 2, 3]), "page 2 held nothing new"),
        (lambda number: Page([[1, 2, 3], [4], []][min(number, 3) - 1], total=9), "9 rows were announced and 4 came"),
        (lambda number: Page([[1, 2, 3], []][min(number, 2) - 1], total=9), "9 rows were announced and 3 came"),
        (lambda number: Page([], total=9), "9 rows were announced and 0 came"),
        (lambda number: Page([[1, 2, 3], [4, 5], []][number - 1], total=3), "3 rows were announced and 5 came"),
        (lambda number: Page([[1, 2, 3], [3, 4, 5], []][number - 1], total=6), "a row came twice"),
        (lambda number: Page([1, 1, 2], total=3), "a row came twice"),
        (lambda number: Page([[1, 2, 3], []][number - 1], total_pages=4), "4 pages were announced and 2 came"),
    ],
)
def test_pages_that_do_not_add_up_are_an_error_that_says_why_and_keeps_what_came(
    fetch: Callable[[int], Page[int]], fault: str
) -> None:
    with pytest.raises(ListingBroken) as caught:
        read(fetch)

    assert caught.value.fault == fault
    assert set(caught.value.rows) <= {1, 2, 3, 4, 5}
    assert len(caught.value.rows) == len(set(caught.value.rows))


def test_a_mismatch_that_stays_is_told_after_two_readings() -> None:
    requests_seen: list[int] = []

    def fetch(number: int) -> Page[int]:
        requests_seen.append(number)
        return Page([[1, 2, 3], [4], []][min(number, 3) - 1], total=9)

    with pytest.raises(ListingBroken):
        read(fetch)

    assert requests_seen == [1, 2, 3, 1, 2, 3]


def test_a_list_without_end_is_left_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matou.http.paging.MOST_PAGES", 50)

    with pytest.raises(ListingBroken, match="no end after 50 pages"):
        read(lambda number: Page([3 * number, 3 * number + 1, 3 * number + 2]))


def test_a_list_that_never_holds_still_is_broken_and_everything_that_was_seen_is_kept() -> None:
    rows = list(range(9))

    def fetch(number: int) -> Page[int]:
        rows.insert(0, 1000 + len(rows))
        return pages_of(rows)(number)

    with pytest.raises(ListingBroken) as caught:
        read(fetch)

    assert set(range(9)) <= set(caught.value.rows)


def test_a_row_that_another_pulled_across_while_we_read_is_found() -> None:
    """The total is right on every page, and yet the first reading passes over 4."""
    rows = [1, 2, 3, 4, 5, 6, 7]
    requests_seen: list[int] = []

    def fetch(number: int) -> Page[int]:
        requests_seen.append(number)
        if len(requests_seen) == 2:
            rows.remove(1)
            rows.append(8)
        return pages_of(rows)(number)

    assert read(fetch) == (2, 3, 4, 5, 6, 7, 8)


def test_what_fetching_raises_is_raised() -> None:
    def fetch(number: int) -> Page[int]:
        if number == 2:
            raise TryLater("the platform is busy")
        return pages_of(range(9))(number)

    with pytest.raises(TryLater):
        read(fetch)


CHANGE = st.tuples(st.sampled_from(["replace", "insert", "delete", "move"]), st.integers(0, 12))
"""`replace` deletes a row and appends another, so that the total tells nothing."""


class ChangingList:
    """A list that changes between two requests as a script says; deleted rows never come back."""

    def __init__(self, count: int, script: Sequence[Sequence[tuple[str, int]]]) -> None:
        self.rows = list(range(count))
        self.always_there = set(self.rows)
        self._next = 1000
        self._script = list(script)

    def fetch(self, number: int) -> Page[int]:
        answer = pages_of(tuple(self.rows))(number)
        for kind, place in self._script.pop(0) if self._script else ():
            self._change(kind, place)
        return answer

    def _change(self, kind: str, place: int) -> None:
        place %= len(self.rows) + 1
        if kind == "insert":
            self._insert(place)
        elif kind == "replace" and place < len(self.rows):
            self.always_there.discard(self.rows.pop(place))
            self._insert(len(self.rows))
        elif kind == "delete" and place < len(self.rows):
            self.always_there.discard(self.rows.pop(place))
        elif kind == "move" and place < len(self.rows):
            self.rows.insert((place * 7) % len(self.rows), self.rows.pop(place))

    def _insert(self, place: int) -> None:
        self._next += 1
        self.rows.insert(place, self._next)


@settings(max_examples=500)
@given(count=st.integers(0, 10), script=st.lists(st.lists(CHANGE, max_size=2), max_size=12))
def test_a_list_that_changes_underneath_is_read_whole_or_said_to_be_broken(
    count: int, script: list[list[tuple[str, int]]]
) -> None:
    changing = ChangingList(count, script)

    try:
        came = read(changing.fetch)
    except ListingBroken:
        return

    assert changing.always_there <= set(came)
    assert len(came) == len(set(came))
