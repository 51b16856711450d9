"""Gitee's numbered lists: `page` and `per_page` in; totals in headers, whose names differ between v3 and v5.

What came before a list broke off counts, and so does a row that nobody can read.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar

from matou.errors import MatouError, Phrase, UnknownShape
from matou.platforms.gitee.asking import Asking, Parameter
from matou.platforms.gitee.reading import parse, read
from matou.remote.answers import Answer
from matou.remote.paging import Page, read_pages

PAGE_SIZE = 100
"""The largest that is allowed."""

UNASKED_PAGE_SIZE = 20
"""What Gitee gives where nobody asks for more."""

V5_TOTALS = ("total_count", "total_page")
V3_TOTALS = ("x-total", "x-total-pages")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class List(Generic[T]):
    """A list that may be asked for.

    Attributes:
        what: its name, for the error.
        kind: what a row is.
        key: what a row is known by.
        totals: the headers that count rows and pages.
    """

    asking: Asking
    path: str
    kind: type[T]
    what: Phrase
    key: Callable[[T], Hashable]
    query: Mapping[str, Parameter] | None = None
    totals: tuple[str, str] = V5_TOTALS

    def rows(self) -> Iterator[T]:
        """Give each row once, when the end of the list is proven or is known to be out of reach.

        Raises:
            MatouError: after all rows that could be read: there are more, or may be.
        """
        came: dict[Hashable, T] = {}

        def fetch(number: int) -> Page[T | UnknownShape]:
            page = self._page(number)
            came.update({self.key(row): row for row in _readable(page.rows)})
            return page

        try:
            rows = read_pages(fetch, key=self._key, page_size=PAGE_SIZE, what=self.what)
        except MatouError:
            yield from came.values()
            raise
        yield from _readable(rows)
        _raise_first(rows)

    def rows_of_unpaged(self) -> Iterator[T]:
        """The same for a list that the documentation does not page, though a server may.

        What is shorter than any page ends it, and so does what repeats all that came.
        """
        came: dict[Hashable, T | UnknownShape] = {}
        for number in count(1):
            page = {self._key(row): row for row in self._page(number).rows}
            if page.keys() <= came.keys():
                break
            came.update(page)
            if len(page) < UNASKED_PAGE_SIZE:
                break
        yield from _readable(came.values())
        _raise_first(came.values())

    def _page(self, number: int) -> Page[T | UnknownShape]:
        query = {**(self.query or {}), "page": number, "per_page": PAGE_SIZE}
        answer = self.asking.ask("GET", self.path, query=query, repeatable=True)
        rows = parse(answer.body)
        if not isinstance(rows, list):
            raise UnknownShape(Phrase("gitee's list of {what}", what=self.what), rows)
        counted, pages = (_number(answer, name) for name in self.totals)
        return Page([self._read(row) for row in rows], counted, pages)

    def _read(self, value: object) -> T | UnknownShape:
        try:
            return read(self.kind, value)
        except UnknownShape as unreadable:
            return unreadable

    def _key(self, row: T | UnknownShape) -> Hashable:
        return str(row) if isinstance(row, UnknownShape) else self.key(row)


def _readable(rows: Iterable[T | UnknownShape]) -> Iterator[T]:
    return (row for row in rows if not isinstance(row, UnknownShape))


def _raise_first(rows: Iterable[object]) -> None:
    for row in rows:
        if isinstance(row, UnknownShape):
            raise row


def _number(answer: Answer, name: str) -> int | None:
    """A header that is not a number says nothing, as one that is not there."""
    text = answer.headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None
