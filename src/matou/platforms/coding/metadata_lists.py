"""Lists of CODING's items, each read to the proof of its end: by numbered pages, or by an offset without a count."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from matou.errors import Phrase
from matou.http.paging import Page
from matou.platforms.base.lister import NumberedList
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.wire import Response
from matou.platforms.coding.wire_requests import Request

if TYPE_CHECKING:
    from matou.platforms.base.decoder import Unreadable

ISSUES_PER_PAGE: Final = 500
"""The most that CODING gives (its document, DescribeIssueListWithPage)."""

FEWEST_PER_PAGE: Final = 10
"""What CODING gives where no size is asked for, in most of its lists: it cuts none shorter than that."""

T = TypeVar("T")
R = TypeVar("R", bound=Response)


@dataclass(frozen=True, slots=True)
class AnsweredRows(Generic[T]):
    """What one answer has of a list; `total` is None where it does not count."""

    rows: Sequence[T]
    total: int | None = None


@dataclass(frozen=True, slots=True)
class CodingList(Generic[T]):
    """A list that may be asked for.

    Attributes:
        what: its name, for the error.
        key: what a row is known by.
        page_size: as we ask for it.
    """

    api: CodingApi
    what: Phrase
    key: Callable[[T], Hashable]
    page_size: int

    def pages(
        self, request: Callable[[int], Request], kind: type[R], rows: Callable[[R], AnsweredRows[T]]
    ) -> Iterator[T]:
        """Read a list in numbered pages, the first being 1; what each answer counts ends it.

        Raises:
            MatouError: after all rows that could be read: there are more, or may be.
        """

        def page(number: int) -> Page[object]:
            unreadable: Unreadable = []
            found = rows(self.api.call(request(number), kind, unreadable=unreadable))
            return _page(number, [*found.rows, *unreadable], found.total)

        return self._all(page, self.page_size)

    def offsets(
        self,
        request: Callable[[int], Request],
        kind: type[R],
        rows: Callable[[R], AnsweredRows[T]],
        *,
        is_counted: bool = False,
    ) -> Iterator[T]:
        """Read a list of which each answer begins at an offset, and is as long as the server likes.

        Without a count the end is an answer without rows, or a first one that is shorter than any that CODING cuts: it
        does not say how many it gives at most.
        """
        starts = _Offsets()

        def page(number: int) -> Page[object]:
            unreadable: Unreadable = []
            found = rows(self.api.call(request(starts.of(number)), kind, unreadable=unreadable))
            starts.note(number, len(found.rows) + len(unreadable))
            return _page(number, [*found.rows, *unreadable], found.total)

        return self._all(page, self.page_size if is_counted else FEWEST_PER_PAGE)

    def _all(self, page: Callable[[int], Page[object]], size: int) -> Iterator[T]:
        return NumberedList(self.what, page, _read_already, self.key, size).rows()


@dataclass(slots=True)
class _Offsets:
    """Where each page begins: behind all that came before it in the same reading."""

    starts: dict[int, int] = field(default_factory=dict)

    def of(self, number: int) -> int:
        return 0 if number == 1 else self.starts[number]

    def note(self, number: int, came: int) -> None:
        self.starts[number + 1] = self.of(number) + came


def _page(number: int, rows: Sequence[object], total: int | None) -> Page[object]:
    is_all = total is None and number == 1 and len(rows) < FEWEST_PER_PAGE
    return Page(rows, len(rows) if is_all else total)


def _read_already(row: Any) -> Any:
    return row
