"""Lists that move while they are walked: nothing is passed over, and where something may be, that is said."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from matou.errors import MatouError, Phrase, UnknownShape
from matou.http.paging import Page
from matou.platforms.base.metadata_walks import ListedRows, key_by, walk_back_to, walk_by_change, walk_in_order

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
SIZE = 20


def at(minute: int) -> datetime:
    return EPOCH + timedelta(minutes=minute)


def time_in(row: Any) -> datetime | None:
    return row["at"] if isinstance(row, dict) else None


ROWS = ListedRows(what=Phrase("things"), key=key_by("id"), time=time_in)


@dataclass
class MovingList:
    """A list of which something happens after certain requests.

    Attributes:
        then: what happens after the request of that number, counted from 1.
    """

    rows: dict[int, datetime]
    then: dict[int, Callable[[dict[int, datetime]], object]] = field(default_factory=dict)
    counts: bool = True
    asked: int = 0

    def in_order(self, number: int) -> Page[object]:
        return self._page(sorted(self.rows.items()), number)

    def by_change(self, since: datetime | None, number: int) -> Page[object]:
        changed = [pair for pair in self.rows.items() if since is None or pair[1] >= since]
        return self._page(sorted(changed, key=lambda pair: (pair[1], pair[0])), number)

    def newest_first(self, number: int) -> Page[object]:
        return self._page(sorted(self.rows.items(), key=lambda pair: (pair[1], pair[0]), reverse=True), number)

    def _page(self, pairs: list[tuple[int, datetime]], number: int) -> Page[object]:
        shown = [{"id": id_, "at": moment} for id_, moment in pairs[(number - 1) * SIZE : number * SIZE]]
        self.asked += 1
        if self.asked in self.then:
            self.then[self.asked](self.rows)
        return Page(shown, len(pairs) if self.counts else None)


def ids(rows: Iterator[object]) -> list[int]:
    return [row["id"] for row in rows if isinstance(row, dict)]


@pytest.mark.parametrize("count", [0, 1, 19, 20, 21, 45])
@pytest.mark.parametrize("counts", [True, False])
def test_every_row_is_given_once(count: int, counts: bool) -> None:
    things = {number: at(number) for number in range(count)}
    lists = [MovingList(dict(things), counts=counts) for _ in range(3)]

    walked = [
        ids(walk_in_order(ROWS, lists[0].in_order)),
        ids(walk_by_change(ROWS, None, lists[1].by_change)),
        ids(walk_back_to(ROWS, EPOCH, lists[2].newest_first)),
    ]

    assert [sorted(rows) for rows in walked] == [list(range(count))] * 3
    assert walked[1] == walked[2] == list(range(count))


def test_a_list_in_order_takes_one_request_a_page() -> None:
    things = MovingList({number: at(number) for number in range(45)})

    ids(walk_in_order(ROWS, things.in_order))

    assert things.asked == 3


def test_a_row_that_is_deleted_while_a_list_is_walked_hides_no_other() -> None:
    things = MovingList({number: at(number) for number in range(25)}, {1: lambda rows: rows.pop(3)})

    assert set(ids(walk_in_order(ROWS, things.in_order))) == set(range(25))


def test_a_row_that_is_deleted_while_a_list_is_walked_by_change_hides_no_other() -> None:
    things = MovingList({number: at(number) for number in range(25)}, {1: lambda rows: rows.pop(3)})

    assert set(ids(walk_by_change(ROWS, None, things.by_change))) == set(range(25))


def test_a_row_that_changes_while_a_list_is_walked_by_change_comes_again_and_hides_no_other() -> None:
    things = MovingList(
        {number: at(number) for number in range(25)}, {1: lambda rows: rows.update({3: at(100), 23: at(101)})}
    )

    walked = ids(walk_by_change(ROWS, None, things.by_change))

    assert set(walked) == set(range(25))
    assert (walked.count(3), walked.count(23)) == (2, 1)


def test_many_rows_of_one_second_are_all_given() -> None:
    """As an import makes them."""
    things = MovingList(dict.fromkeys(range(35), at(5)))

    assert sorted(ids(walk_by_change(ROWS, None, things.by_change))) == list(range(35))


def test_a_server_that_does_not_keep_to_the_order_is_read_by_numbers() -> None:
    things = MovingList({number: at(-number) for number in range(35)})

    assert ids(walk_by_change(ROWS, None, lambda _, number: things.in_order(number))) == list(range(35))


def test_only_what_changed_is_asked_for() -> None:
    things = MovingList({number: at(number) for number in range(1000)})

    assert ids(walk_back_to(ROWS, at(995), things.newest_first)) == [995, 996, 997, 998, 999]
    assert things.asked == 1


def test_a_row_deleted_between_pages_of_the_newest_hides_no_other() -> None:
    things = MovingList({number: at(number) for number in range(30)}, {1: lambda rows: rows.pop(28)})

    assert set(ids(walk_back_to(ROWS, at(5), things.newest_first))) == set(range(5, 30)) - {28}


@pytest.mark.parametrize("walk", [walk_in_order, lambda rows, ask: walk_by_change(rows, None, lambda _, n: ask(n))])
def test_what_was_counted_and_did_not_come_is_an_error_after_what_came(walk: Any) -> None:
    def ask(number: int) -> Page[object]:
        rows: list[object] = [{"id": n, "at": at(n)} for n in range(3)] if number == 1 else []
        return Page(rows, 4)

    came: list[object] = []
    with pytest.raises(MatouError, match="4 rows were announced and 3 came"):
        came.extend(walk(ROWS, ask))

    assert len(came) == 3


def test_a_row_without_a_key_is_an_error_after_the_others() -> None:
    came: list[object] = []

    with pytest.raises(UnknownShape):
        came.extend(walk_in_order(ROWS, lambda _: Page([{"id": None, "at": None}, {"id": 7, "at": at(1)}], 2)))

    assert ids(iter(came)) == [7]


def test_a_list_that_never_holds_still_is_an_error() -> None:
    things = MovingList({number: at(number) for number in range(100)})
    things.then = {n: lambda rows: rows.pop(min(rows)) for n in range(1, 200)}

    with pytest.raises(MatouError, match="different each time"):
        list(walk_in_order(ROWS, things.in_order))
