"""What a handler may give back, besides a struct of `platforms/gitcode/wire.py` or a list of them; None is no body."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from matou.server.response_files import ResponseFiles
from matou.server.streaming import Header

JSON: Header = (b"content-type", b"application/json; charset=utf-8")
NO_STORE: Header = (b"cache-control", b"no-store")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and how many rows there are in all."""

    rows: Sequence[Any]
    total: int


@dataclass(frozen=True, slots=True)
class Bytes:
    """A body that is no JSON; `headers` begin with its content-type."""

    content: bytes
    headers: tuple[Header, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """A body that comes in pieces, made at the client's pace.

    Attributes:
        open: called in the event loop; closing the generator must end what makes the pieces. What it raises before
            its first piece is answered like any other failure.
        keeping: instead of `open` for what may be kept as a file and sent again.
    """

    open: Callable[[], AsyncGenerator[bytes, None]]
    headers: tuple[Header, ...]
    keeping: Callable[[ResponseFiles], AsyncGenerator[bytes, None]] | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it goes out."""

    status: int
    headers: tuple[Header, ...]
    body: bytes


def encode(answer: object, status: int, *, per_page: int = 0) -> Response | Stream:
    """Make bytes of what a handler gave."""
    match answer:
        case Stream():
            return answer
        case None:
            return Response(204, (NO_STORE,), b"")
        case Bytes(content, headers):
            return Response(status, headers, content)
        case Page(rows, total):
            pages = -(-total // per_page) if per_page else int(total > 0)
            totals = ((b"total_count", b"%d" % total), (b"total_page", b"%d" % pages))
            return Response(status, (JSON, NO_STORE, *totals), msgspec.json.encode(rows))
    return Response(status, (JSON, NO_STORE), msgspec.json.encode(answer))
