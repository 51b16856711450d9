"""Answers as they go out: one object, or a page of a list with what GitLab's API v3, Gitee's parent, tells of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

import msgspec

from matou.server.dialects.gitee_v3.parameters import PageRequest
from matou.server.streaming import Header

JSON: Header = (b"content-type", b"application/json; charset=utf-8")
NO_STORE: Header = (b"cache-control", b"no-store")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    Attributes:
        total: how many rows there are on all pages.
        url: of the list, to which the links to its other pages add page and per_page; never a token.
        narrowed: what else was asked for and must be in those links.
    """

    rows: Sequence[Any]
    total: int
    asked: PageRequest
    url: str
    narrowed: Mapping[str, str] = field(default_factory=dict)

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.asked.size))


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it goes out."""

    status: int
    headers: tuple[Header, ...]
    body: bytes


def encode(answer: object, status: int) -> Response:
    """Make bytes of what a handler gave."""
    match answer:
        case Response():
            return answer
        case Page():
            return Response(status, (JSON, NO_STORE, *_headers(answer)), msgspec.json.encode(answer.rows))
    return Response(status, (JSON, NO_STORE), msgspec.json.encode(answer))


def _headers(page: Page) -> tuple[Header, ...]:
    number, size = page.asked.number, page.asked.size
    following = number + 1 if number < page.last else None
    previous = min(number - 1, page.last) if number > 1 else None
    numbers = {
        b"x-total": page.total,
        b"x-total-pages": page.last,
        b"x-page": number,
        b"x-per-page": size,
        b"x-next-page": following,
        b"x-prev-page": previous,
    }
    links = {"next": following, "prev": previous, "first": 1, "last": page.last}
    start = f"<{page.url}?" + "".join(
        f"{name}={quote_plus(value, errors='surrogateescape')}&" for name, value in page.narrowed.items()
    )
    told = ", ".join(
        f'{start}page={to}&per_page={size}>; rel="{relation}"' for relation, to in links.items() if to is not None
    )
    counted = (((name, b"" if value is None else b"%d" % value)) for name, value in numbers.items())
    return ((b"link", told.encode()), *counted)
