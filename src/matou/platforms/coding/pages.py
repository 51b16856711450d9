"""CODING's numbered lists: what came before one broke off counts, and so does a row that nobody can read."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from matou.errors import MatouError, Phrase
from matou.http.paging import Page, read_pages
from matou.platforms.base.unreadable import UnreadableRow, require_readable

PAGE_SIZE = 100
"""What real clients ask for; the largest that is allowed is not documented."""


class Row(Protocol):
    @property
    def id(self) -> int: ...


T = TypeVar("T", bound=Row)


@dataclass(frozen=True, slots=True)
class PageRead(Generic[T]):
    """One page. `total` is of the whole list, None where the platform does not say."""

    rows: Sequence[T]
    total: int | None
    unreadable: Sequence[UnreadableRow] = ()


def rows_of(what: Phrase, fetch: Callable[[int], PageRead[T]]) -> Iterator[T]:
    """Give each row of a list once, by its id, when the end of the list is proven or is known to be out of reach.

    Args:
        what: the list's name, for the error.
        fetch: gets one page, the first being 1.

    Raises:
        MatouError: after all rows that could be read: there are more, or may be.
    """
    came: dict[int, T] = {}

    def fetch_page(number: int) -> Page[T | UnreadableRow]:
        page = fetch(number)
        came.update({row.id: row for row in page.rows})
        return Page([*page.rows, *page.unreadable], page.total)

    try:
        rows = read_pages(fetch_page, key=_key, page_size=PAGE_SIZE, what=what, empty_is_counted=True)
    except MatouError:
        yield from came.values()
        raise
    yield from (row for row in rows if not isinstance(row, UnreadableRow))
    require_readable(rows)


def _key(row: Row | UnreadableRow) -> Hashable:
    return row.key if isinstance(row, UnreadableRow) else row.id
