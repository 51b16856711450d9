"""Lists in pages, as GitHub links them (RFC 8288): `next`, `prev`, `first` and `last`, and no counts."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote_plus

import msgspec

from matou.server.api.params import LARGEST_PER_PAGE, PageParameters, PageRequest
from matou.server.api.responses import ListPage
from matou.server.streaming import Header

USUAL_SIZE: Final = 30


class GitHubPage(PageParameters, frozen=True, kw_only=True):
    """`page` counts from 1; more than 100 a page is cut to that."""

    per_page: int = USUAL_SIZE

    @property
    def limit(self) -> int:
        return min(self.per_page, LARGEST_PER_PAGE) if self.per_page > 0 else USUAL_SIZE


def linked(params: GitHubPage, rows: Sequence[Any], total: int, url: str) -> ListPage:
    """A page with links to the others, of the list at an address."""
    return ListPage(rows, total, PageRequest(max(params.page, 1), params.limit), url, _narrowed(params))


def page_of(params: GitHubPage, rows: Sequence[Any], url: str) -> ListPage:
    """Of a list that is there whole."""
    return linked(params, rows[params.offset :][: params.limit], len(rows), url)


def link_headers(page: ListPage, _: object) -> tuple[Header, ...]:
    """None for a list of one page."""
    if page.request is None:
        return ()
    number, size = page.request.number, page.request.size
    last = max(1, -(-page.total // size))
    numbers = {
        "prev": min(number - 1, last) if number > 1 else None,
        "next": number + 1 if number < last else None,
        "last": last if number < last else None,
        "first": 1 if number > 1 else None,
    }
    links = [_link(page, to, size, name) for name, to in numbers.items() if to is not None]
    return ((b"link", ", ".join(links).encode()),) if links else ()


def _link(page: ListPage, number: int, size: int, relation: str) -> str:
    query = "".join(f"{name}={quote_plus(value, errors='surrogateescape')}&" for name, value in page.narrowed.items())
    return f'<{page.url}?{query}per_page={size}&page={number}>; rel="{relation}"'


def _narrowed(params: GitHubPage) -> dict[str, str]:
    """What was said besides the page, as it was."""
    names = {field.name: field for field in msgspec.structs.fields(type(params))}
    said = ((names[name], value) for name, value in msgspec.structs.asdict(params).items())
    return {
        field.encode_name: str(value).lower() if isinstance(value, bool) else str(value)
        for field, value in said
        if field.name not in ("page", "per_page") and value is not None and value != field.default
    }
