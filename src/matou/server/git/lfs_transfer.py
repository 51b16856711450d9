"""LFS objects on their way between a client and a file: uploads read in a thread, downloads whole or in part."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from starlette.types import Scope, Send

from matou.errors import UnknownShape
from matou.server.state import ServerState
from matou.server.streaming import Header, begin_answer, end_answer, send_chunk

HOP_BYTES = 256 * 1024
"""How much an upload gathers before it wakes its thread."""

DOWNLOAD_CHUNK_BYTES = 1024 * 1024
_RANGE = re.compile(rb"bytes=(\d{0,18})-(\d{0,18})\Z")


class UnsatisfiableRange(UnknownShape):
    """A range outside the object."""


class _UploadStream(io.RawIOBase):
    """A request body as a thread reads it: each read waits, in that thread, for the client's next bytes."""

    def __init__(self, chunks: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop) -> None:
        self._chunks = chunks
        self._loop = loop
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray", /) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = asyncio.run_coroutine_threadsafe(self._gather(), self._loop).result()
        part, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    async def _gather(self) -> bytes:
        gathered = bytearray()
        async for chunk in self._chunks:
            gathered += chunk
            if len(gathered) >= HOP_BYTES:
                break
        return bytes(gathered)


def upload_stream(chunks: AsyncIterator[bytes]) -> BinaryIO:
    """To be made in the event loop and read in another thread."""
    return io.BufferedReader(_UploadStream(chunks, asyncio.get_running_loop()), HOP_BYTES)


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of a file: from `start` up to and without `end`."""

    start: int
    end: int
    is_whole: bool


def read_range(text: bytes, size_bytes: int) -> Part:
    """Read a Range header (RFC 9110, section 14): one range; anything that we do not know means the whole.

    Raises:
        UnsatisfiableRange: it lies outside.
    """
    match = _RANGE.match(text)
    if match is None or match[1] == match[2] == b"":
        return Part(0, size_bytes, is_whole=True)
    if match[1] == b"":
        start, end = max(0, size_bytes - int(match[2])), size_bytes
    else:
        start, end = int(match[1]), min(int(match[2] or size_bytes) + 1, size_bytes)
    if start >= end:
        raise UnsatisfiableRange("the range of an LFS object", text)
    return Part(start, end, is_whole=False)


def file_headers(part: Part, size_bytes: int) -> tuple[Header, ...]:
    headers: tuple[Header, ...] = (
        (b"content-type", b"application/octet-stream"),
        (b"content-length", b"%d" % (part.end - part.start)),
        (b"accept-ranges", b"bytes"),
        (b"cache-control", b"private, no-store"),
    )
    if part.is_whole:
        return headers
    return (*headers, (b"content-range", b"bytes %d-%d/%d" % (part.start, part.end - 1, size_bytes)))


async def send_file(state: ServerState, scope: Scope, send: Send, path: Path, part: Part, size_bytes: int) -> None:
    """Send a file, by the server itself where it can, and otherwise a piece at a time."""
    await begin_answer(send, 200 if part.is_whole else 206, file_headers(part, size_bytes))
    if part.is_whole and "http.response.pathsend" in scope.get("extensions", {}):
        await send({"type": "http.response.pathsend", "path": str(path)})
        return
    with await state.run_transfer(path.open, "rb") as file:
        file.seek(part.start)
        left = part.end - part.start
        while left and (chunk := await state.run_transfer(file.read, min(left, DOWNLOAD_CHUNK_BYTES))):
            await send_chunk(send, chunk)
            left -= len(chunk)
    await end_answer(send)
