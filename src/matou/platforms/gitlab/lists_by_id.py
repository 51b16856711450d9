"""A list that is ordered by id and can be asked for from one on: nothing that moves can hide a row of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from matou.errors import Phrase, UnknownShape
from matou.http.paging import ListingBroken, Page, UncountedEmptyList
from matou.platforms.base.unreadable import UnreadableRow, require_readable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ListById(Generic[T]):
    """A list that may be asked for.

    Attributes:
        what: its name, for the error.
        ask: gives the first page of those whose ids are larger, with how many these are. A GitLab counts no more than
            10,000, so that without a count the end is a page without rows.
        read: makes a row of what stands in the JSON. Raises UnknownShape.
    """

    what: Phrase
    ask: Callable[[int], Page[object]]
    read: Callable[[object], T]

    def rows(self) -> Iterator[T]:
        """Give each row once, as they come.

        Raises:
            MatouError: after all rows that could be read: there are more, or may be.
        """
        last, given, odd, seen = 0, set[int](), list[UnreadableRow](), dict[bytes, int]()
        while True:
            page = self.ask(last)
            for value in _not_among(given, page.rows):
                try:
                    yield self.read(value)
                except UnknownShape as fault:
                    odd.append(UnreadableRow.of(fault, value, seen))
            if self._is_last(page, last):
                break
            last = self._next(page, last)
        require_readable(odd)

    def _is_last(self, page: Page[object], last: int) -> bool:
        """Raises ListingBroken, UncountedEmptyList: nobody has said that nothing follows."""
        if page.total is not None and page.total <= len(page.rows):
            return True
        if page.rows:
            return False
        if page.total is None and last:
            return True
        if page.total is None:
            raise UncountedEmptyList(self.what)
        fault = Phrase("{announced} rows were announced and {came} came", announced=page.total, came=0)
        raise ListingBroken(self.what, fault, ())

    def _next(self, page: Page[object], last: int) -> int:
        """Raises ListingBroken: the page does not begin behind the id that it was asked to."""
        highest = max(_id_of(row) or last for row in page.rows)
        if highest <= last:
            raise ListingBroken(self.what, Phrase("a page held nothing new"), ())
        return highest


def _not_among(given: set[int], rows: Sequence[object]) -> Iterator[object]:
    """Those that have not been given, which they are then; what has no id is no other row."""
    for row in rows:
        id_ = _id_of(row)
        if id_ is None or id_ not in given:
            yield row
        if id_ is not None:
            given.add(id_)


def _id_of(row: object) -> int | None:
    id_ = row.get("id") if isinstance(row, Mapping) else None
    return id_ if type(id_) is int else None
