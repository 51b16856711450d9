"""Bodies that git makes while they are sent: a piece is waited for in a thread, once the one before is gone."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from matou.concurrency import FairLimit
from matou.server.api.responses import StreamedResponse
from matou.server.response_files import ResponseKey, Write
from matou.server.state import ServerState
from matou.server.streaming import Header
from matou.settings import MEBIBYTE

_PIECE_BYTES = MEBIBYTE

SANDBOX: Header = (b"content-security-policy", b"sandbox; default-src 'none'")

Begin = Callable[[], Generator[bytes, None, None]]
Limit = Callable[[ServerState], FairLimit]


class Cacheable(NamedTuple):
    """That a body is the same each time under its key: made once for all who wait, and kept as a file.

    What there is no room for, by about `size_bytes`, is made anew each time.
    """

    key: ResponseKey
    size_bytes: int


def _of_streams(state: ServerState) -> FairLimit:
    return state.streams


def streamed(
    begin: Begin,
    headers: tuple[Header, ...],
    *,
    whose: Hashable,
    limit: Limit = _of_streams,
    keep: Cacheable | None = None,
) -> StreamedResponse:
    """An answer of which no more than a piece is in memory; when the client leaves, `begin`'s generator is closed.

    Args:
        begin: called when the answer is sent.
        headers: begin with its content-type.
        whose: who asks, as turns are counted.
        limit: how many of its sort there may be at once; whoever finds no turn is told to come back.
    """

    async def make(state: ServerState, write: Write) -> None:
        async with aclosing(_chunks(begin, state.stream_threads)) as chunks:
            async for chunk in chunks:
                await write(chunk)

    async def when_free(state: ServerState) -> AsyncGenerator[bytes, None]:
        files = state.response_files
        with limit(state).taken(whose):
            is_cacheable = keep is not None and files.has_room_for(keep.size_bytes)
            async with aclosing(
                files.chunks(keep.key, partial(make, state))
                if keep and is_cacheable
                else _chunks(begin, state.stream_threads)
            ) as chunks:
                async for chunk in chunks:
                    yield chunk

    return StreamedResponse(when_free, headers)


def whole_file(path: Path, sha256: str, headers: tuple[Header, ...], *, whose: Hashable) -> StreamedResponse:
    """A stored file, if it is what was stored: DamagedStoredFile is raised before its first piece."""

    async def when_free(state: ServerState) -> AsyncGenerator[bytes, None]:
        with _of_streams(state).taken(whose):
            await state.run_transfer(state.whole_files.require_whole, path, sha256)
            with await state.run_transfer(path.open, "rb") as file:
                while chunk := await state.run_transfer(file.read, _PIECE_BYTES):
                    yield chunk

    length = (b"content-length", b"%d" % path.stat().st_size)
    return StreamedResponse(when_free, (*headers, length))


def counted(stream: StreamedResponse, count: Callable[[], None]) -> StreamedResponse:
    """Counts when the first piece goes out."""

    async def counting(state: ServerState) -> AsyncGenerator[bytes, None]:
        is_counted = False
        async with aclosing(stream.open(state)) as chunks:
            async for chunk in chunks:
                if not is_counted:
                    count()
                    is_counted = True
                yield chunk

    return StreamedResponse(counting, stream.headers)


def attachment(file_name: str) -> Header:
    """What makes a browser store the body (RFC 6266)."""
    plain = "".join(
        character if (character.isalnum() and character.isascii()) or character in ".-_" else "_"
        for character in file_name
    )
    return (b"content-disposition", f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name)}".encode())


async def _chunks(begin: Begin, threads: ThreadPoolExecutor) -> AsyncGenerator[bytes, None]:
    loop = asyncio.get_running_loop()
    reader = _Reader(begin())
    try:
        while chunk := await loop.run_in_executor(threads, reader.read):
            yield chunk
    finally:
        # Whoever was cut off may be in the middle of reading, in its thread: closing waits for that, and we do not.
        # The pool may have been shut down meanwhile.
        if not reader.has_ended:
            threading.Thread(target=reader.close).start()


class _Reader:
    """A generator that two threads never are in at once."""

    def __init__(self, chunks: Generator[bytes, None, None]) -> None:
        self._chunks = chunks
        self._lock = threading.Lock()
        self.has_ended = False

    def read(self) -> bytes:
        """The next piece that is not empty; nothing at the end."""
        with self._lock:
            chunk = next((chunk for chunk in self._chunks if chunk), b"")
            self.has_ended = not chunk
            return chunk

    def close(self) -> None:
        with self._lock:
            self._chunks.close()
