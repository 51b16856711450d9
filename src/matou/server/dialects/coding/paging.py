"""Pages, as CODING counts them: from 1, with a size that the client chooses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from matou.platforms.coding.wire import Page
from matou.server.dialects.coding.parameters import InvalidParameterValue

DEFAULT_SIZE = 10
LARGEST_SIZE = 3000
"""What the vendor's own example asks for. More is refused and not cut: who counts rows would take a cut for the end."""

LARGEST_NUMBER = 2**31

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageRequest:
    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    def answered(self, total: int) -> Page:
        return Page(page_number=self.number, page_size=self.size, total_page=-(-total // self.size), total_row=total)

    def of(self, rows: Sequence[T]) -> Sequence[T]:
        return rows[self.offset : self.offset + self.size]


def page_asked(number: int, size: int) -> PageRequest:
    """0 stands for "not said".

    Raises:
        InvalidParameterValue: the number or the size is outside of its bounds.
    """
    if not 0 <= number <= LARGEST_NUMBER:
        raise InvalidParameterValue("PageNumber is {number}, not 0 to {largest}", number=number, largest=LARGEST_NUMBER)
    if not 0 <= size <= LARGEST_SIZE:
        raise InvalidParameterValue("PageSize is {size}, not 0 to {largest}", size=size, largest=LARGEST_SIZE)
    return PageRequest(number or 1, size or DEFAULT_SIZE)
