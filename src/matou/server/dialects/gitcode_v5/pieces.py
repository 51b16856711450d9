"""Bodies that git makes while they are sent: a piece is waited for in a thread, once the one before is gone."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from datetime import timedelta
from urllib.parse import quote

from matou.server.dialects.gitcode_v5.answers import Stream
from matou.server.site import Busy
from matou.server.streaming import Header

THREADS = 32
WAIT = timedelta(seconds=10)
SANDBOX: Header = (b"content-security-policy", b"sandbox; default-src 'none'")

STREAMS = threading.BoundedSemaphore(64)
"""Each is a git child, for as long as the client takes to receive it."""

_THREADS = ThreadPoolExecutor(THREADS, "pieces")

Begin = Callable[[], Generator[bytes, None, None]]


def streamed(begin: Begin, headers: tuple[Header, ...], *, turns: threading.BoundedSemaphore = STREAMS) -> Stream:
    """An answer of which no more than a piece is in memory; when the client leaves, `begin`'s generator is closed.

    Args:
        begin: called when the answer is sent.
        headers: begin with its content-type.
        turns: how many of its sort there may be at once; whoever finds none is told to come back.
    """
    return Stream(lambda: _in_turn(begin, turns), headers)


def attachment(file_name: str) -> Header:
    """What makes a browser store the body (RFC 6266)."""
    plain = "".join(
        character if (character.isalnum() and character.isascii()) or character in ".-_" else "_"
        for character in file_name
    )
    return (b"content-disposition", f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name)}".encode())


async def _in_turn(begin: Begin, turns: threading.BoundedSemaphore) -> AsyncGenerator[bytes, None]:
    if not turns.acquire(blocking=False):
        raise Busy("the server is busy with others' downloads", wait=WAIT)
    try:
        async with aclosing(_pieces(begin)) as pieces:
            async for piece in pieces:
                yield piece
    finally:
        turns.release()


async def _pieces(begin: Begin) -> AsyncGenerator[bytes, None]:
    loop = asyncio.get_running_loop()
    reader = _Reader(begin())
    try:
        while piece := await loop.run_in_executor(_THREADS, reader.read):
            yield piece
    finally:
        # Whoever was cut off may be in the middle of reading, in its thread: closing waits for that, and we do not.
        _THREADS.submit(reader.close)


class _Reader:
    """A generator that two threads never are in at once."""

    def __init__(self, pieces: Generator[bytes, None, None]) -> None:
        self._pieces = pieces
        self._lock = threading.Lock()

    def read(self) -> bytes:
        """The next piece that is not empty; nothing at the end."""
        with self._lock:
            return next((piece for piece in self._pieces if piece), b"")

    def close(self) -> None:
        with self._lock:
            self._pieces.close()
