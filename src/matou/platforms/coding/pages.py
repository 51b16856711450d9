"""CODING's numbered lists: what came before one broke off counts, and so does a row that nobody can read."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

from matou.errors import Phrase
from matou.http.paging import Page
from matou.platforms.base.lister import NumberedList
from matou.platforms.base.unreadable import UnreadableRow

PAGE_SIZE = 100
"""What real clients ask for; the largest that is allowed is not documented."""


class Row(Protocol):
    @property
    def id(self) -> int: ...


T = TypeVar("T", bound=Row)


def rows_of(what: Phrase, fetch: Callable[[int], Page[T | UnreadableRow]]) -> Iterator[T]:
    """Give each row of a list once, by its id, when the end of the list is proven or is known to be out of reach.

    Args:
        what: the list's name, for the error.
        fetch: gets one page of rows that are read already, the first being 1.

    Raises:
        MatouError: after all rows that could be read: there are more, or may be.
    """

    def ask(number: int) -> Page[object]:
        page = fetch(number)
        return Page(page.rows, page.total)

    return NumberedList(what, ask, _as_it_is, _id_of, PAGE_SIZE, empty_is_counted=True).rows()


def _as_it_is(row: Any) -> Any:
    return row


def _id_of(row: Any) -> int:
    return int(row.id)
