"""The URLs that answers hold, and what the headers of a page tell of the list."""

from urllib.parse import quote, quote_plus

from matou.server.api.context import RequestContext
from matou.server.api.params import PageRequest
from matou.server.api.responses import ListPage
from matou.server.streaming import Header

PORTRAIT = ("assets", "no_portrait.png")


def url(context: RequestContext, *segments: str) -> str:
    """Below the API's root; a segment's own slashes are encoded."""
    links = context.links
    return "/".join((f"{links.base}{links.prefix}", *(quote(segment, safe="") for segment in segments)))


def portrait_url(context: RequestContext) -> str:
    """Everybody's: apps load it unasked and fail where there is none."""
    return url(context, *PORTRAIT)


def page_headers(page: ListPage, _: object) -> tuple[Header, ...]:
    """As GitLab's API v3 has them, Gitee's parent."""
    request = page.request or PageRequest(1, max(1, page.total))
    number, size = request.number, request.size
    last = max(1, -(-page.total // size))
    following = number + 1 if number < last else None
    previous = min(number - 1, last) if number > 1 else None
    numbers = {
        b"x-total": page.total,
        b"x-total-pages": last,
        b"x-page": number,
        b"x-per-page": size,
        b"x-next-page": following,
        b"x-prev-page": previous,
    }
    links = {"next": following, "prev": previous, "first": 1, "last": last}
    start = f"<{page.url}?" + "".join(
        f"{name}={quote_plus(value, errors='surrogateescape')}&" for name, value in page.narrowed.items()
    )
    value = ", ".join(
        f'{start}page={to}&per_page={size}>; rel="{relation}"' for relation, to in links.items() if to is not None
    )
    counted = (((name, b"" if value is None else b"%d" % value)) for name, value in numbers.items())
    return ((b"link", value.encode()), *counted)
