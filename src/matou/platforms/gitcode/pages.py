"""GitCode's numbered lists: `page` and `per_page` in, totals in the headers `total_count` and `total_page` out.

What came before a list broke off counts, and so does a row that nobody can read.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar

from matou.errors import MatouError, Phrase, UnknownShape
from matou.platforms.gitcode.asking import Asking, Parameter, parsed
from matou.platforms.gitcode.reading import read
from matou.remote.answers import Answer
from matou.remote.paging import ListingBroken, Page, read_pages

PAGE_SIZE = 100
"""The largest that is allowed."""

T = TypeVar("T")


def _whole(value: object) -> object:
    return value


@dataclass(frozen=True, slots=True)
class List(Generic[T]):
    """A list that may be asked for.

    Attributes:
        what: its name, for the error.
        kind: what a row is.
        key: what a row is known by.
        rows_in: where the rows are in the answer.
        size_parameter: `perPage` in one list.
    """

    asking: Asking
    path: str
    kind: type[T]
    what: Phrase
    key: Callable[[T], Hashable]
    query: Mapping[str, Parameter] | None = None
    rows_in: Callable[[object], object] = _whole
    size_parameter: str = "per_page"

    def rows(self) -> Iterator[T]:
        """Give each row once, when the end of the list is proven or is known to be out of reach.

        Raises:
            MatouError: after all rows that could be read: there are more, or may be.
        """
        came: dict[Hashable, T] = {}

        def fetch(number: int) -> Page[T | UnknownShape]:
            page = self._page(number)
            came.update({self.key(row): row for row in page.rows if not isinstance(row, UnknownShape)})
            return page

        try:
            rows = read_pages(fetch, key=self._key, page_size=PAGE_SIZE, what=self.what)
        except MatouError:
            yield from came.values()
            raise
        yield from (row for row in rows if not isinstance(row, UnknownShape))
        _raise_first(rows)

    def rows_as_they_come(self) -> Iterator[T]:
        """Give each row at once, page by page: for a list that nobody can change, being of one commit.

        Raises:
            UnknownShape: a row cannot be read.
            ListingBroken: the list ended before what it had announced.
        """
        came: set[Hashable] = set()
        for number in count(1):
            page = self._page(number)
            _raise_first(page.rows)
            new = [row for row in page.rows if not isinstance(row, UnknownShape) and self.key(row) not in came]
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

    def _page(self, number: int) -> Page[T | UnknownShape]:
        query = {**(self.query or {}), "page": number, self.size_parameter: PAGE_SIZE}
        answer = self.asking.ask("GET", self.path, query=query, repeatable=True)
        rows = self.rows_in(parsed(answer))
        if not isinstance(rows, list):
            raise UnknownShape(Phrase("gitcode's list of {what}", what=self.what), rows)
        return Page([self._read(row) for row in rows], _number(answer, "total_count"), _number(answer, "total_page"))

    def _read(self, value: object) -> T | UnknownShape:
        try:
            return read(self.kind, value)
        except UnknownShape as unreadable:
            return unreadable

    def _key(self, row: T | UnknownShape) -> Hashable:
        return str(row) if isinstance(row, UnknownShape) else self.key(row)


def _is_last(page: Page[T], number: int, came: int) -> bool:
    if page.total is not None:
        return came >= page.total
    return page.total_pages is not None and number >= page.total_pages


def _raise_first(rows: Iterable[object]) -> None:
    for row in rows:
        if isinstance(row, UnknownShape):
            raise row


def _number(answer: Answer, name: str) -> int | None:
    """A header that is not a number says nothing, as one that is not there."""
    text = answer.headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None
