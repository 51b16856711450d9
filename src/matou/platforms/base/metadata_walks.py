"""Walking the lists of an API v5 for metadata: each row as it came, and an error after them where some may be missing.

Offsets skip rows when a list moves, so that a list that can be asked for by time is asked on from the last time that
came; one that cannot is counted.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

from matou.errors import Phrase, UnknownShape
from matou.http.paging import ListingBroken, Page
from matou.http.withholding import unknown_shape

MOST_READINGS = 5
UNASKED_PAGE_SIZE = 20
"""What is shorter ends a list that is not counted, however large the pages are that its server gives."""
OVERLAP = timedelta(seconds=1)
"""Times are told to the second by some, and whether `since` has those of that second nobody says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRows:
    """What the rows of a list are known by.

    Attributes:
        what: the list's name, for the error.
        key: raises UnknownShape for what has none.
        time: when a row last changed; None where it does not say.
        place: the time by which a list is ordered that is not ordered by `time`: when a row was made.
    """

    what: Phrase
    key: Callable[[object], str]
    time: Callable[[object], datetime | None] = lambda _: None
    place: Callable[[object], datetime | None] | None = None


def key_by(*names: str) -> Callable[[object], str]:
    """The field by that name, within the others. Raises UnknownShape."""

    def key(row: object) -> str:
        value = row
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        if type(value) not in (int, str) or value == "":
            raise unknown_shape(".".join(names), row)
        return str(value)

    return key


@dataclass(slots=True)
class _Counted:
    """What came of a list, and what it said of itself."""

    rows: ListedRows
    came: set[Hashable] = field(default_factory=set)
    odd: list[UnknownShape] = field(default_factory=list)

    def new(self, page: Page[object]) -> Iterator[object]:
        for row in page.rows:
            try:
                key = (self.rows.key(row), self.rows.time(row))
            except UnknownShape as fault:
                self.odd.append(fault)
                continue
            if key not in self.came:
                self.came.add(key)
                yield row

    def require_readable(self) -> None:
        """Raises UnknownShape: a row came that is known by nothing."""
        if self.odd:
            raise self.odd[0]

    def require_whole(self, total: int | None, came: int) -> None:
        if total is not None and total > came:
            fault = Phrase("{announced} rows were announced and {came} came", announced=total, came=came)
            raise ListingBroken(self.rows.what, fault, ())


def walk_in_order(rows: ListedRows, ask: Callable[[int], Page[object]]) -> Iterator[object]:
    """A list whose rows stay where they are, but for those that are deleted while it is walked: it is read again then.

    Args:
        ask: gives a page; the first is 1.

    Raises:
        MatouError: after the rows that came.
    """
    counted, before = _Counted(rows), set[Hashable]()
    for _ in range(MOST_READINGS):
        reading = _Reading()
        for number in _numbers():
            page = ask(number)
            yield from counted.new(page)
            if reading.take(page, rows):
                break
        if reading.is_whole:
            return counted.require_readable()
        if reading.keys == before:
            counted.require_whole(reading.total, len(reading.keys))
        before = reading.keys
    raise ListingBroken(rows.what, Phrase("different each time that it was read"), ())


def walk_by_change(
    rows: ListedRows, since: datetime | None, ask: Callable[[datetime | None, int], Page[object]]
) -> Iterator[object]:
    """A list by time of change, the oldest first, that can be asked for what changed since then.

    Each page is asked for from the last time that came before it, so that nothing is passed over, whatever moves. What
    changes while the list is walked comes again, as it is then. A server that does not keep to the order is read by
    numbers, and the rows are counted.

    Raises:
        MatouError: after the rows that came.
    """
    counted, number, is_ordered = _Counted(rows), 1, True
    reading = _Reading()
    while True:
        page = ask(since, number)
        new = list(counted.new(page))
        yield from new
        is_last = reading.take(page, rows)
        is_ordered = is_ordered and _ascends(rows, page)
        if is_last:
            break
        last = _last_time(rows, page)
        if is_ordered and new and last is not None and (since is None or last - OVERLAP > since):
            since, number, reading = last - OVERLAP, 1, _Reading()
        else:
            number += 1
    counted.require_whole(reading.total, len(reading.keys))
    counted.require_readable()


def walk_back_to(rows: ListedRows, since: datetime, ask: Callable[[int], Page[object]]) -> Iterator[object]:
    """Those that changed since then of a list that can only be had the newest first; given the oldest first.

    Of a list by creation these are all that were made since then, and those that changed of the pages that have them.

    Raises:
        MatouError: after the rows that came.
    """
    counted, changed = _Counted(rows), list[object]()
    for _ in range(MOST_READINGS):
        reading, changed = _Reading(), []
        for number in _numbers():
            page = ask(number)
            changed += [row for row in page.rows if _is_since(rows, row, since)]
            if reading.take(page, rows) or _ends_before(rows, page, since):
                break
        if reading.has_not_shrunk:
            yield from counted.new(Page(changed[::-1]))
            return counted.require_readable()
    yield from counted.new(Page(changed[::-1]))
    raise ListingBroken(rows.what, Phrase("different each time that it was read"), ())


@dataclass(slots=True)
class _Reading:
    """One way through the pages."""

    keys: set[Hashable] = field(default_factory=set)
    total: int | None = None
    has_not_shrunk: bool = True

    def take(self, page: Page[object], rows: ListedRows) -> bool:
        """Whether that was the last page."""
        if self.total is not None and page.total is not None and page.total < self.total:
            self.has_not_shrunk = False
        self.total = page.total
        before = len(self.keys)
        self.keys.update(_key_or_place(rows, row, before + place) for place, row in enumerate(page.rows))
        if not page.rows or len(self.keys) == before:
            return True
        return len(self.keys) >= self.total if self.total is not None else len(page.rows) < UNASKED_PAGE_SIZE

    @property
    def is_whole(self) -> bool:
        return self.has_not_shrunk and (self.total is None or len(self.keys) >= self.total)


def _key_or_place(rows: ListedRows, row: object, place: int) -> Hashable:
    try:
        return rows.key(row)
    except UnknownShape:
        return place


def _numbers() -> range:
    return range(1, 100_001)


def _times(rows: ListedRows, page: Page[object]) -> list[datetime]:
    return [time for row in page.rows if (time := rows.time(row)) is not None]


def _ascends(rows: ListedRows, page: Page[object]) -> bool:
    return all(one <= other for one, other in pairwise(_times(rows, page)))


def _ends_before(rows: ListedRows, page: Page[object], since: datetime) -> bool:
    """Whether all that follows upon a page is older still, as its order shows."""
    placed = rows if rows.place is None else replace(rows, time=rows.place)
    is_descending = all(one >= other for one, other in pairwise(_times(placed, page)))
    return is_descending and not _is_since(placed, page.rows[-1], since)


def _last_time(rows: ListedRows, page: Page[object]) -> datetime | None:
    return max(_times(rows, page), default=None)


def _is_since(rows: ListedRows, row: object, since: datetime) -> bool:
    """What does not say when it changed may have."""
    time = rows.time(row)
    return time is None or time >= since
