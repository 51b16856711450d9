"""Pages, as CODING counts them: from 1, with a size that the client chooses."""

from matou.platforms.coding.wire import CodingPage
from matou.server.api.params import LARGEST_PAGE, InvalidParameterValue, PageRequest

DEFAULT_SIZE = 10
LARGEST_SIZE = 3000
"""What the vendor's own example asks for. More is refused and not cut: who counts rows would take a cut for the end."""


def page_request(number: int, size: int) -> PageRequest:
    """0 stands for "not said".

    Raises:
        InvalidParameterValue: the number or the size is outside of its bounds.
    """
    if not 0 <= number <= LARGEST_PAGE:
        raise InvalidParameterValue("PageNumber is {number}, not 0 to {largest}", number=number, largest=LARGEST_PAGE)
    if not 0 <= size <= LARGEST_SIZE:
        raise InvalidParameterValue("PageSize is {size}, not 0 to {largest}", size=size, largest=LARGEST_SIZE)
    return PageRequest(number or 1, size or DEFAULT_SIZE)


def wire_page(page: PageRequest, total: int) -> CodingPage:
    return CodingPage(page_number=page.number, page_size=page.size, total_page=-(-total // page.size), total_row=total)
