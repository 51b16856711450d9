"""Lists in numbered pages, row by row.

What came before a list broke off counts, and so does what stands beside a row that nobody can read.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Final, Generic, TypeVar
from urllib.parse import parse_qsl, urlsplit

from matou.errors import MatouError, Phrase, UnknownShape
from matou.http.paging import ListingBroken, Page, UncountedEmptyList, read_pages
from matou.http.responses import Answer
from matou.http.withholding import unknown_shape
from matou.platforms.base.unreadable import UnreadableRow, require_readable

T = TypeVar("T")

COUNTING_HEADERS: Final = ("total_count", "total_page", "x-total-count", "x-total", "x-total-pages", "x-cnb-total")
"""Those in which platforms count the rows and the pages of a list: without them a list cannot be read again."""
_COUNTS_OF_PAGES: Final = frozenset({"total_page", "x-total-pages"})
_RELATIONS: Final = ("next", "prev", "last")


@dataclass(frozen=True, slots=True)
class NumberedList(Generic[T]):
    """A list that may be asked for.

    Attributes:
        what: its name, for the error.
        ask: gives a page as it came; the first is 1.
        read: makes a row of what stands in the JSON. Raises UnknownShape.
        key: what a row is known by.
        page_size: the most rows that a page can hold, as we ask for it.
        empty_is_counted: whether a list without rows must come with a count: see `read_pages`. So it is with
            repositories, since where nothing came nothing would be saved.
        unasked_page_size: what a server gives that pages a list and does not look at the size that is asked for.
    """

    what: Phrase
    ask: Callable[[int], Page[object]]
    read: Callable[[object], T]
    key: Callable[[T], Hashable]
    page_size: int
    unasked_page_size: int = 20
    empty_is_counted: bool = False

    def rows(self) -> Iterator[T]:
        """Give each row once, when the end of the list is proven or is known to be out of reach.

        Raises:
            MatouError: after all rows that could be read: there are more, or may be.
        """
        came: dict[Hashable, T] = {}

        def fetch(number: int) -> Page[T | UnreadableRow]:
            page = self._page(number)
            came.update({self.key(row): row for row in _readable(page.rows)})
            return page

        try:
            rows = read_pages(
                fetch,
                key=self._key,
                page_size=self.page_size,
                what=self.what,
                empty_is_counted=self.empty_is_counted,
            )
        except MatouError:
            yield from came.values()
            raise
        yield from _readable(rows)
        require_readable(rows)

    def rows_of_unpaged(self) -> Iterator[T]:
        """The same for a list that the documentation does not page, though a server may.

        What is shorter than any page ends it, and so does what repeats all that came.
        """
        came: dict[Hashable, T | UnreadableRow] = {}
        for number in count(1):
            page = {self._key(row): row for row in self._page(number).rows}
            if page.keys() <= came.keys():
                break
            came.update(page)
            if len(page) < self.unasked_page_size:
                break
        yield from _readable(came.values())
        require_readable(came.values())

    def rows_as_they_come(self) -> Iterator[T]:
        """Give each row at once, page by page: for a list that nobody can change, being of one commit.

        Raises:
            UnknownShape: a row cannot be read.
            ListingBroken: the list ended before what it had announced.
        """
        came: set[Hashable] = set()
        for number in count(1):
            page = self._page(number)
            require_readable(page.rows)
            new = [row for row in _readable(page.rows) if self.key(row) not in came]
            came.update(self.key(row) for row in new)
            yield from new
            if _is_last(page, number, len(came)):
                return
            if not new:
                self._require_all(page.total, len(came))
                return

    def _require_all(self, total: int | None, came: int) -> None:
        if total is not None and total > came:
            fault = Phrase("{announced} rows were announced and {came} came", announced=total, came=came)
            raise ListingBroken(self.what, fault, ())

    def _page(self, number: int) -> Page[T | UnreadableRow]:
        page = self.ask(number)
        odd: dict[bytes, int] = {}
        return Page([self._read(row, odd) for row in page.rows], page.total, page.total_pages)

    def _read(self, value: object, odd: dict[bytes, int]) -> T | UnreadableRow:
        if isinstance(value, UnreadableRow):
            return value
        try:
            return self.read(value)
        except UnknownShape as fault:
            return UnreadableRow.of(fault, value, odd)

    def _key(self, row: T | UnreadableRow) -> Hashable:
        return row.key if isinstance(row, UnreadableRow) else self.key(row)


def or_nothing(rows: Iterable[T]) -> Iterator[T]:
    """Take an uncounted empty list for empty: at a target, which answers that what is to be made is there already."""
    with suppress(UncountedEmptyList):
        yield from rows


def page_of(rows: object, answer: Answer, *, name: Phrase, totals: tuple[str, str]) -> Page[object]:
    """A page as it came.

    Args:
        rows: what should be a list.
        name: of the list and of whose it is.
        totals: the headers that count rows and pages.

    Raises:
        UnknownShape: it is no list.
    """
    if not isinstance(rows, list):
        raise unknown_shape(name, rows)
    counts = counts_in(answer.headers)
    return Page(rows, counts.get(totals[0]), counts.get(totals[1]))


def counts_in(headers: Mapping[str, str]) -> dict[str, int]:
    """What the headers of an answer count, by their names in lower case; pages that links alone tell of, too."""
    counts = {name: _number(headers[name]) for name in COUNTING_HEADERS if name in headers}
    if "link" in headers and not counts.keys() & _COUNTS_OF_PAGES:
        counts["x-total-pages"] = _pages_by_links(headers["link"])
    return {name: count for name, count in counts.items() if count is not None}


def _pages_by_links(links: str) -> int | None:
    """RFC 8288: the last page is linked to, and on the last page itself the one before it alone."""
    pages = dict(_linked_pages(links))
    if "last" in pages:
        return pages["last"]
    return pages["prev"] + 1 if "prev" in pages and "next" not in pages else None


def _linked_pages(links: str) -> Iterator[tuple[str, int]]:
    for link in links.split(","):
        address, _, parameters = link.partition(">")
        pages = [value for name, value in parse_qsl(urlsplit(address.strip(" <")).query) if name == "page"]
        number = _number(pages[0]) if len(pages) == 1 else None
        if number is not None:
            yield from ((relation, number) for relation in _RELATIONS if f'rel="{relation}"' in parameters)


def _number(text: str) -> int | None:
    """A header that is not a number says nothing, as one that is not there."""
    return int(text) if text.isascii() and text.isdigit() else None


def _is_last(page: Page[T], number: int, came: int) -> bool:
    if page.total is not None:
        return came >= page.total
    return page.total_pages is not None and number >= page.total_pages


def _readable(rows: Iterable[T | UnreadableRow]) -> Iterator[T]:
    return (row for row in rows if not isinstance(row, UnreadableRow))
