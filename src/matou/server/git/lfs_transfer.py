"""LFS objects on their way between a client and a file: uploads read in a thread, downloads whole or in part."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from starlette.types import Scope, Send

from matou.server.byte_ranges import Part, part_headers, status_of
from matou.server.state import ServerState
from matou.server.streaming import Header, begin_answer, end_answer, send_chunk

HOP_BYTES = 256 * 1024
"""How much an upload gathers before it wakes its thread."""

DOWNLOAD_CHUNK_BYTES = 1024 * 1024


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


def file_headers(part: Part, size_bytes: int) -> tuple[Header, ...]:
    kind: Header = (b"content-type", b"application/octet-stream")
    return (kind, *part_headers(part, size_bytes), (b"cache-control", b"private, no-store"))


async def send_file(state: ServerState, scope: Scope, send: Send, path: Path, part: Part, size_bytes: int) -> None:
    """Send a file, by the server itself where it can, and otherwise a piece at a time."""
    await begin_answer(send, status_of(part), file_headers(part, size_bytes))
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
