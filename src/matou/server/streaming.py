"""Bytes in and out at the client's pace: request bodies with limits, answers that end when the client leaves."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from datetime import timedelta
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from starlette.types import Message, Receive, Send

from matou.errors import Invalid, TryLater, UnknownShape
from matou.server.stall_budget import StallBudget, TooSlow

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

CHUNK_BYTES = 64 * 1024
SHORT_BODY_BYTES = 4 * 1024
"""What is walked through on the event loop at most: a thousand of the smallest things, some milliseconds."""

PATIENCE_WITH_SENDER = timedelta(seconds=60)
PATIENCE_WITH_RECEIVER = timedelta(minutes=5)
GZIP_WINDOW = 16 + zlib.MAX_WBITS
Header = tuple[bytes, bytes]

NO_CACHE: tuple[Header, ...] = (
    (b"cache-control", b"no-cache, max-age=0, must-revalidate"),
    (b"expires", b"Fri, 01 Jan 1980 00:00:00 GMT"),
    (b"pragma", b"no-cache"),
)
PLAIN_TEXT: Header = (b"content-type", b"text/plain; charset=utf-8")
"""Git shows a refusal's text to the person, after `remote:`, only if it is of this type."""


def header(headers: Iterable[Header], name: bytes) -> bytes:
    """The first value, or nothing; names come in lower case from the ASGI server."""
    for key, value in headers:
        if key == name:
            return value
    return b""


class ClientLeft(TryLater):
    """The connection is gone: there is nobody to answer."""


class BodyTooLarge(Invalid):
    """A request body beyond its limit, counted after it was inflated."""


class RequestBody:
    """The bytes of one request, read once.

    Attributes:
        is_finished: the last byte came.
        pace: set as soon as this client holds what others may wait for: it has to send a least number of bytes a
            second from then on.
    """

    def __init__(self, receive: Receive, *, patience: timedelta = PATIENCE_WITH_SENDER) -> None:
        self._receive = receive
        self._patience = patience
        self.is_finished = False
        self.pace: StallBudget | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raises ClientLeft where the connection ends before the body does."""
        has_begun = False
        while not self.is_finished:
            if has_begun:
                # What has come already is given without a pause, and whoever takes it may have much to do with it.
                await asyncio.sleep(0)
            has_begun = True
            message = await self._next_message()
            if message["type"] == "http.disconnect":
                raise ClientLeft("the client left before it had sent everything")
            self.is_finished = not message.get("more_body", False)
            if chunk := message.get("body", b""):
                yield chunk

    async def _next_message(self) -> Message:
        try:
            if self.pace is not None:
                return await self._next_message_at(self.pace)
            async with asyncio.timeout(self._patience.total_seconds()):
                return await self._receive()
        except (TimeoutError, TooSlow):
            raise ClientLeft("the client stopped sending in the middle of its request") from None

    async def _next_message_at(self, pace: StallBudget) -> Message:
        async with pace.waiting():
            message = await self._receive()
        pace.moved(len(message.get("body", b"")))
        return message

    async def discard(self, *, at_most_bytes: int, within_seconds: float) -> None:
        """Read what is left, so that a client which sends before it reads can see its answer."""
        left = at_most_bytes
        try:
            async with asyncio.timeout(within_seconds):
                async for chunk in self.chunks():
                    left -= len(chunk)
                    if left < 0:
                        return
        except (TimeoutError, ClientLeft):
            return


async def understood(
    read: Callable[Concatenate[bytes, Parameters], Result],
    body: bytes,
    *args: Parameters.args,
    **kwargs: Parameters.kwargs,
) -> Result:
    """Read a body that is there as a whole: at once, or in a thread where it is long, so that it holds up nobody."""
    if len(body) <= SHORT_BODY_BYTES:
        return read(body, *args, **kwargs)
    return await asyncio.to_thread(read, body, *args, **kwargs)


async def bounded(chunks: AsyncIterator[bytes], *, limit_bytes: int) -> AsyncIterator[bytes]:
    """Raises BodyTooLarge as soon as more than the limit came."""
    total = 0
    async for chunk in chunks:
        total += len(chunk)
        if total > limit_bytes:
            raise BodyTooLarge("the request is larger than {limit} bytes", limit=limit_bytes)
        yield chunk


async def inflated(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Undo gzip in pieces of bounded size whatever the ratio: a bomb meets `bounded` before it meets memory.

    Others' requests go on between two pieces, of which one that came may give thousands.

    Raises:
        UnknownShape: it is not gzip, is cut short, or something follows it.
    """
    inflater = zlib.decompressobj(GZIP_WINDOW)
    async for chunk in chunks:
        rest, is_drained = chunk, False
        while not is_drained:
            if inflater.eof and rest:
                raise UnknownShape("the end of a gzip request body", rest[:20])
            part, rest = _inflate(inflater, rest)
            is_drained = not rest and len(part) < CHUNK_BYTES
            if part:
                yield part
                await asyncio.sleep(0)
    if not inflater.eof:
        raise UnknownShape("the end of a gzip request body", "nothing")


class _Inflater(Protocol):
    @property
    def unconsumed_tail(self) -> bytes: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def _inflate(inflater: _Inflater, chunk: bytes) -> tuple[bytes, bytes]:
    """Up to one piece of output, and the input that is left."""
    try:
        part = inflater.decompress(chunk, CHUNK_BYTES)
    except zlib.error as error:
        raise UnknownShape("a gzip request body", chunk[:20]) from error
    return part, inflater.unconsumed_tail or inflater.unused_data


async def until_client_leaves(receive: Receive, work: Coroutine[object, object, None]) -> None:
    """Do the work, and cancel it when the connection ends. Only once the body was read: this takes what comes next.

    Raises:
        ClientLeft: the work was cut off.
    """
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_disconnect(receive))
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientLeft("the client left before it had received everything")
        await working
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def send_answer(send: Send, status: int, headers: tuple[Header, ...], body: bytes) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def begin_answer(send: Send, status: int, headers: tuple[Header, ...]) -> None:
    """Begin an answer whose length is not known yet."""
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})


async def send_chunk(send: Send, chunk: bytes) -> None:
    """Wait until the connection took it. Raises ClientLeft where it takes nothing for too long."""
    try:
        async with asyncio.timeout(PATIENCE_WITH_RECEIVER.total_seconds()):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except TimeoutError:
        raise ClientLeft("the client stopped receiving in the middle of its answer") from None


class Receiver:
    """A client that holds what others may be waiting for, and so has to take a least number of bytes a second."""

    def __init__(self, send: Send, pace: StallBudget | None = None) -> None:
        self._send = send
        self._pace = pace or StallBudget()

    async def send_chunk(self, chunk: bytes) -> None:
        """Raises ClientLeft where the client is too slow."""
        self._pace.moved(len(chunk))
        try:
            async with self._pace.waiting():
                await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        except TooSlow:
            raise ClientLeft("the client received its answer too slowly") from None


async def end_answer(send: Send) -> None:
    await send({"type": "http.response.body", "body": b""})
