"""Reading a list that comes in numbered pages to the proof that all of it was read."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from matou.errors import MatouError, Phrase, UnknownShape

Row = TypeVar("Row")

MOST_PAGES = 100_000
MOST_READINGS = 5
_NOTHING_SAID = "neither rows nor a count"


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One answer. `total` and `total_pages` are None where the platform does not say."""

    rows: Sequence[Row]
    total: int | None = None
    total_pages: int | None = None


class ListingBroken(UnknownShape):
    """A list whose pages do not add up. `rows` holds everything that was read, once each; it may not be all."""

    def __init__(self, what: Phrase, fault: Phrase, rows: Sequence[object]) -> None:
        MatouError.__init__(self, "the list of {what} does not add up: {fault}", what=what, fault=fault)
        self.fault = fault
        self.rows = tuple(rows)


class UncountedEmptyList(UnknownShape):
    """A first page with neither rows nor a count has not said that the list is empty: an error may look like it."""

    def __init__(self, what: Phrase) -> None:
        super().__init__(Phrase("the first page of {what}", what=what), _NOTHING_SAID)


def read_pages(
    fetch_page: Callable[[int], Page[Row]],
    *,
    key: Callable[[Row], Hashable],
    page_size: int,
    what: Phrase,
    most_readings: int = MOST_READINGS,
    empty_is_counted: bool = False,
) -> tuple[Row, ...]:
    """Read a list page by page until it is certain that no row was passed over.

    Rows move between pages while we read: what is deleted from a page that we have had pulls another row across to
    it, unseen, and the total may be right all the same. So a list of several pages is read twice. If all that the
    second reading found was there before it began, and the total that its first page told is the number of rows that
    it found, then at that moment there were no others. (A row that was there throughout and was passed over would
    have been one more.) Otherwise the list is read again.

    Args:
        fetch_page: asks for a page, the first is 1.
        key: what a row is known by; it never stands for another row later.
        page_size: the most rows that a page can hold, as we asked for it.
        what: the list's name in an error.
        most_readings: how often the list is read while it keeps changing.
        empty_is_counted: whether a list without rows must come with a count, which is zero.

    Returns:
        The rows of the last reading, once each, in the order in which they came. Without any total the end is a page
        without rows, and a list whose rows change places at the wrong moments may pass for whole.

    Raises:
        UncountedEmptyList: nothing came that says that the list is empty.
        ListingBroken: the pages do not add up, or the list never held still; it has the rows that were read.
        MatouError: whatever fetch_page raises.
    """
    seen: dict[Hashable, Row] = {}
    faults: list[Phrase] = []
    for number in range(most_readings):
        reading = _read_once(fetch_page, key, page_size)
        if empty_is_counted and not number and reading.says_nothing:
            raise UncountedEmptyList(what)
        if reading.was_one_moment or (number and reading.is_confirmed_by(seen)):
            return tuple(reading.rows.values())
        if reading.faults and reading.faults == faults and reading.rows.keys() == seen.keys():
            break  # it holds still, and still does not add up
        faults = reading.faults
        seen |= reading.rows
    fault = faults[0] if faults else Phrase("different each time that it was read")
    raise ListingBroken(what, fault, tuple(seen.values()))


@dataclass(slots=True)
class _Reading(Generic[Row]):
    """One way through the pages, from the first to the last."""

    page_size: int
    rows: dict[Hashable, Row] = field(default_factory=dict)
    first_page: frozenset[Hashable] = frozenset()
    total: int | None = None
    total_pages: int | None = None
    pages: int = 0
    faults: list[Phrase] = field(default_factory=list)

    def take(self, page: Page[Row], key: Callable[[Row], Hashable]) -> bool:
        """Add a page; say whether it was the last."""
        came = {key(row): row for row in page.rows}
        self.pages += 1
        if self.pages == 1:
            self.total, self.total_pages, self.first_page = page.total, page.total_pages, frozenset(came)
        if not came or self._is_repetition_after_the_end(came):
            return True
        if (page.total, page.total_pages) != (self.total, self.total_pages):
            self.faults.append(Phrase("the total was {before} and then {now}", before=self.total, now=page.total))
        is_stuck = came.keys() <= self.rows.keys()
        if is_stuck:
            self.faults.append(Phrase("page {number} held nothing new", number=self.pages))
        elif len(came) < len(page.rows) or came.keys() & self.rows.keys():
            self.faults.append(Phrase("a row came twice"))
        self.rows |= came
        return is_stuck or self._is_known_to_be_last(page)

    def _is_repetition_after_the_end(self, came: dict[Hashable, Row]) -> bool:
        """Past the last page some servers give it again instead of none."""
        return len(self.rows) == self.total and came.keys() <= self.rows.keys()

    def _is_known_to_be_last(self, page: Page[Row]) -> bool:
        """A full page may have another behind it, whatever the total says; so may a short one without a total."""
        if self.total is not None:
            return len(self.rows) >= self.total and len(page.rows) < self.page_size
        return self.total_pages is not None and self.pages >= self.total_pages

    def finish(self) -> None:
        if self.total is not None and self.total != len(self.rows):
            self.faults.append(
                Phrase("{announced} rows were announced and {came} came", announced=self.total, came=len(self.rows))
            )
        if self.total is None and self.total_pages is not None and self.total_pages > self.pages:
            self.faults.append(
                Phrase("{announced} pages were announced and {came} came", announced=self.total_pages, came=self.pages)
            )

    @property
    def says_nothing(self) -> bool:
        return not self.rows and self.total is None and self.total_pages is None

    @property
    def was_one_moment(self) -> bool:
        """Whether the first answer held everything: it is true of the moment in which it was given.

        Without a total it did if it was not full, since nothing stood behind it then.
        """
        held_all = len(self.first_page) == len(self.rows)
        return not self.faults and held_all and (self.total is not None or len(self.rows) < self.page_size)

    def is_confirmed_by(self, seen: Mapping[Hashable, Row]) -> bool:
        """Whether each row was there when this reading began: it came on the first page, or had come before."""
        return not self.faults and self.rows.keys() <= seen.keys() | self.first_page


def _read_once(fetch_page: Callable[[int], Page[Row]], key: Callable[[Row], Hashable], page_size: int) -> _Reading[Row]:
    reading: _Reading[Row] = _Reading(page_size)
    for number in range(1, MOST_PAGES + 1):
        if reading.take(fetch_page(number), key):
            break
    else:
        reading.faults.append(Phrase("no end after {count} pages", count=MOST_PAGES))
    reading.finish()
    return reading
