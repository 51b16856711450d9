"""How our own API gives lists page by page."""

from typing import Annotated, Final

import msgspec

from matou.server.api.params import LARGEST_PAGE, PageParameters

USUAL_SIZE: Final = 100
LARGEST_SIZE: Final = 1_000


class CopyPageParameters(PageParameters, frozen=True, kw_only=True):
    """`page` counts from 1; more than 1,000 a page is cut to that.

    What comes as one page is as the database had it at one moment, and need not be read a second time.
    """

    per_page: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_PAGE)] = USUAL_SIZE

    @property
    def limit(self) -> int:
        return min(self.per_page or USUAL_SIZE, LARGEST_SIZE)
