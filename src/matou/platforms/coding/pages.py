"""Reads a numbered list to the proof of its end, although it may change while it is read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from matou.errors import MatouError, UnknownShape

PAGE_SIZE = 100
"""What real clients ask for; the largest that is allowed is not documented."""

PASSES = 3
"""A team that changes its list faster than this is not listed to the end today."""


class ListingBroken(MatouError):
    """A list could not be read to its end: what was given until then is there, nothing follows for the rest."""


class Row(Protocol):
    @property
    def id(self) -> int: ...


T = TypeVar("T", bound=Row)


@dataclass(frozen=True, slots=True)
class PageRead(Generic[T]):
    """One page. `total` is of the whole list, None where the platform does not say."""

    rows: Sequence[T]
    total: int | None
    unreadable: Sequence[UnknownShape] = ()


def read_pages(what: str, fetch: Callable[[int], PageRead[T]]) -> Iterator[T]:
    """Give each row once, by its id, as soon as it is read.

    The end is proven by as many rows as the platform counts, in one pass in which that count did not change. Where
    it cannot be, since rows moved between pages, the list is read again from its start, three times at most.
    Where the platform does not count, a page with nothing new is the end.

    Args:
        what: the list's name, for the error.
        fetch: gets one page, the first being 1.

    Raises:
        ListingBroken: after all rows that could be read: the end was not proven, or rows could not be read.
    """
    given: set[int] = set()
    last = _Pass[T]()
    for _ in range(PASSES):
        last = _Pass[T]()
        for row in last.rows(fetch):
            if row.id not in given:
                given.add(row.id)
                yield row
        if last.is_proven:
            return
        if last.unreadable:
            raise ListingBroken(
                "listing {what}: {fault} ({count} such rows)",
                what=what,
                fault=str(last.unreadable[0]),
                count=len(last.unreadable),
            )
    raise ListingBroken(
        "listing {what}: {listed} rows came, and {total} are said to be there",
        what=what,
        listed=len(last.seen),
        total=last.total,
    )


@dataclass
class _Pass(Generic[T]):
    """One reading from the first page to the last; `steady` while the count stays and no row comes twice."""

    seen: set[int] = field(default_factory=set)
    unreadable: list[UnknownShape] = field(default_factory=list)
    total: int | None = None
    steady: bool = True

    def rows(self, fetch: Callable[[int], PageRead[T]]) -> Iterator[T]:
        number = 0
        while True:
            number += 1
            page = fetch(number)
            new = self._take(page, first=number == 1)
            yield from new
            if self._is_at_the_end or not (new or page.unreadable):
                return

    def _take(self, page: PageRead[T], *, first: bool) -> list[T]:
        if not first and page.total != self.total:
            self.steady = False
        self.total = page.total
        new = [row for row in page.rows if row.id not in self.seen]
        self.seen.update(row.id for row in new)
        self.unreadable.extend(page.unreadable)
        # Without a count, a page that repeats is how the list ends; with one, rows have moved.
        if len(new) != len(page.rows) and page.total is not None:
            self.steady = False
        return new

    @property
    def _is_at_the_end(self) -> bool:
        return self.total is not None and len(self.seen) + len(self.unreadable) >= self.total

    @property
    def is_proven(self) -> bool:
        whole = self.total is None or len(self.seen) == self.total
        return whole and self.steady and not self.unreadable
