"""What a handler may give back besides a struct or a list of them (None is no body), and how an answer goes out."""

import re
from collections.abc import AsyncGenerator, Callable, Hashable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.types import Send

from matou.server.api.params import PageRequest
from matou.server.state import ServerState
from matou.server.streaming import Header, Receiver, begin_answer, end_answer, header, send_answer

JSON: Header = (b"content-type", b"application/json; charset=utf-8")
NO_STORE: Header = (b"cache-control", b"no-store")
NO_CONTENT, NOT_MODIFIED, OK = 204, 304, 200
_TAG = re.compile(rb'(?:W/)?("[^"]*")')
_OF_NOT_MODIFIED = frozenset({b"etag", b"cache-control", b"content-security-policy"})


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list, and how many rows there are in all.

    Attributes:
        request: which page it is; None where the parameters say so (`PageParameters`).
        url: of the list, to which links to its other pages add page and per_page; never a token.
        narrowed: what else was asked for and must be in those links.
    """

    rows: Sequence[Any]
    total: int
    request: PageRequest | None = None
    url: str = ""
    narrowed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PageSet:
    """Pages that were made together, by the parameters that each answers: those of the request are among them."""

    pages: Mapping[Hashable, ListPage]


@dataclass(frozen=True, slots=True)
class Bytes:
    """A body that is no JSON; `headers` begin with its content-type."""

    content: bytes
    headers: tuple[Header, ...]


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """An answer as it goes out."""

    status: int
    headers: tuple[Header, ...]
    body: bytes

    async def send(self, send: Send, *, is_head: bool) -> None:
        # The length of what was not modified would be that of what is not sent (RFC 9110, section 8.6).
        if self.status != NOT_MODIFIED and not is_head:
            await send_answer(send, self.status, self.headers, self.body)
            return
        length = () if self.status == NOT_MODIFIED else ((b"content-length", b"%d" % len(self.body)),)
        await begin_answer(send, self.status, (*self.headers, *length))
        await end_answer(send)


@dataclass(frozen=True, slots=True)
class StreamedResponse:
    """A body that comes in pieces, made at the client's pace.

    Attributes:
        open: called in the event loop, with the server's threads, limits and files; closing the generator must end
            what makes the pieces. What it raises before its first piece is answered like any other failure.
    """

    open: Callable[[ServerState], AsyncGenerator[bytes, None]]
    headers: tuple[Header, ...]
    status: int = OK


@dataclass(frozen=True, slots=True)
class OpenedStream:
    """A stream whose first piece is there: what could go wrong before it was told with a status of its own."""

    first: bytes
    chunks: AsyncGenerator[bytes, None]
    headers: tuple[Header, ...]
    status: int

    async def send(self, send: Send, *, is_head: bool) -> None:
        async with aclosing(self.chunks) as chunks:
            await begin_answer(send, self.status, self.headers)
            if not is_head:
                receiver = Receiver(send)
                await receiver.send_chunk(self.first)
                async for chunk in chunks:
                    await receiver.send_chunk(chunk)
            await end_answer(send)


async def open_stream(stream: StreamedResponse, state: ServerState) -> OpenedStream:
    chunks = stream.open(state)
    return OpenedStream(await anext(chunks, b""), chunks, stream.headers, stream.status)


def json_response(status: int, content: object, *headers: Header) -> ApiResponse:
    return ApiResponse(status, (JSON, NO_STORE, *headers), msgspec.json.encode(content))


def unless_known(
    method: str, headers: list[Header], answer: ApiResponse | StreamedResponse
) -> ApiResponse | StreamedResponse:
    """The answer, or that the client has it already (RFC 9110, section 13.1.2); a stream is not opened then."""
    tags = header(headers, b"if-none-match")
    if not tags or method not in ("GET", "HEAD") or (isinstance(answer, ApiResponse) and answer.status != OK):
        return answer
    tag = dict(answer.headers).get(b"etag")
    if tag is None or not (tags.strip() == b"*" or tag.removeprefix(b"W/") in _TAG.findall(tags)):
        return answer
    return ApiResponse(NOT_MODIFIED, tuple(pair for pair in answer.headers if pair[0] in _OF_NOT_MODIFIED), b"")
