"""Gitee's numbered lists: `page` and `per_page` in; totals in headers, whose names differ between v3 and v5."""

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import TypeVar

from matou.errors import Phrase
from matou.http.paging import Page
from matou.http.url_parts import Parameter
from matou.platforms.base.lister import NumberedList, page_of
from matou.platforms.gitee.api import Asking
from matou.platforms.gitee.errors import DECODER

PAGE_SIZE = 100
"""The largest that is allowed."""

UNASKED_PAGE_SIZE = 20
"""What Gitee gives where nobody asks for more."""

V5_TOTALS = ("total_count", "total_page")
V3_TOTALS = ("x-total", "x-total-pages")

T = TypeVar("T")


def listed(
    asking: Asking,
    path: str,
    kind: type[T],
    what: Phrase,
    key: Callable[[T], Hashable],
    query: Mapping[str, Parameter] | None = None,
    *,
    totals: tuple[str, str] = V5_TOTALS,
    empty_is_counted: bool = False,
) -> NumberedList[T]:
    """A list that may be asked for.

    Args:
        what: its name, for the error.
        kind: what a row is.
        key: what a row is known by.
        totals: the headers that count rows and pages.
        empty_is_counted: see `NumberedList`.
    """

    def ask(number: int) -> Page[object]:
        numbered = {**(query or {}), "page": number, "per_page": PAGE_SIZE}
        answer = asking.ask("GET", path, query=numbered, repeatable=True)
        return page_of(
            DECODER.parse(answer.body), answer, name=Phrase("gitee's list of {what}", what=what), totals=totals
        )

    return NumberedList(what, ask, partial(DECODER.read, kind), key, PAGE_SIZE, UNASKED_PAGE_SIZE, empty_is_counted)
