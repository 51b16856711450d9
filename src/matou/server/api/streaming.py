"""Bodies that git makes while they are sent: a piece is waited for in a thread, once the one before is gone."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from matou.concurrency import FairLimit
from matou.server.api.responses import StreamedResponse
from matou.server.byte_ranges import Part, part_headers, status_of
from matou.server.response_files import ResponseKey, Write
from matou.server.state import ServerState, in_context
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
    size_bytes = path.stat().st_size
    return part_of_file(path, sha256, Part(0, size_bytes, is_whole=True), size_bytes, headers, whose=whose)


def part_of_file(
    path: Path, sha256: str, part: Part, size_bytes: int, headers: tuple[Header, ...], *, whose: Hashable
) -> StreamedResponse:
    """As `whole_file`, of which nothing else is read, once it is known to be what was stored."""

    async def when_free(state: ServerState) -> AsyncGenerator[bytes, None]:
        with _of_streams(state).taken(whose):
            await state.run_transfer(state.whole_files.require_whole, path, sha256)
            with await state.run_transfer(path.open, "rb") as file:
                file.seek(part.start)
                left = part.size_bytes
                while left and (chunk := await state.run_transfer(file.read, min(left, _PIECE_BYTES))):
                    yield chunk
                    left -= len(chunk)

    return StreamedResponse(when_free, (*headers, *part_headers(part, size_bytes)), status_of(part))


def part_of_stream(
    begin: Begin, part: Part, size_bytes: int, headers: tuple[Header, ...], *, whose: Hashable
) -> StreamedResponse:
    """Of a body that can be read from its beginning on alone: what stands before the part is passed over."""
    begin_part = begin if part.is_whole else partial(_cut, begin, part)
    stream = streamed(begin_part, (*headers, *part_headers(part, size_bytes)), whose=whose)
    return replace(stream, status=status_of(part))


def _cut(begin: Begin, part: Part) -> Generator[bytes, None, None]:
    place = 0
    with closing(begin()) as chunks:
        for chunk in chunks:
            if piece := chunk[max(part.start - place, 0) : max(part.end - place, 0)]:
                yield piece
            place += len(chunk)
            if place >= part.end:
                return


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

    return replace(stream, open=counting)


def attachment(file_name: str) -> Header:
    """What makes a browser store the body (RFC 6266), under a name that is no path and reads as it is spelled."""
    kept = "".join(character if _is_of_file_name(character) else "_" for character in file_name)
    plain = "".join(
        character if (character.isalnum() and character.isascii()) or character in ".-_" else "_" for character in kept
    )
    encoded = quote(kept, safe="")
    return (b"content-disposition", f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}".encode())


def _is_of_file_name(character: str) -> bool:
    """Controls, marks that turn the direction around, and half characters are not printable."""
    return character.isprintable() and character not in "/\\"


async def _chunks(begin: Begin, threads: ThreadPoolExecutor) -> AsyncGenerator[bytes, None]:
    loop = asyncio.get_running_loop()
    reader = _Reader(begin())
    try:
        while chunk := await loop.run_in_executor(threads, in_context(reader.read)):
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
