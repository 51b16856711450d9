"""GitCode's numbered lists: `page` and `per_page` in, totals in the headers `total_count` and `total_page` out."""

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import TypeVar

from matou.errors import Phrase
from matou.http.paging import Page
from matou.http.url_parts import Parameter
from matou.platforms.base.lister import NumberedList, page_of
from matou.platforms.gitcode.api import Asking, parsed
from matou.platforms.gitcode.wire_base import DECODER

PAGE_SIZE = 100
"""The largest that is allowed."""

TOTALS = ("total_count", "total_page")

T = TypeVar("T")


def _whole(value: object) -> object:
    return value


def listed(
    asking: Asking,
    path: str,
    kind: type[T],
    what: Phrase,
    key: Callable[[T], Hashable],
    query: Mapping[str, Parameter] | None = None,
    *,
    rows_in: Callable[[object], object] = _whole,
    size_parameter: str = "per_page",
    empty_is_counted: bool = False,
) -> NumberedList[T]:
    """A list that may be asked for.

    Args:
        what: its name, for the error.
        kind: what a row is.
        key: what a row is known by.
        rows_in: where the rows are in the answer.
        size_parameter: `perPage` in one list.
        empty_is_counted: see `NumberedList`.
    """

    def ask(number: int) -> Page[object]:
        numbered = {**(query or {}), "page": number, size_parameter: PAGE_SIZE}
        answer = asking.ask("GET", path, query=numbered, repeatable=True)
        name = Phrase("gitcode's list of {what}", what=what)
        return page_of(rows_in(parsed(answer)), answer, name=name, totals=TOTALS)

    return NumberedList(what, ask, partial(DECODER.read, kind), key, PAGE_SIZE, empty_is_counted=empty_is_counted)
