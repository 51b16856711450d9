"""The bytes of one LFS object while they come: resumed where they were cut, and checked before the last is given."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Self

from matou.errors import Damaged, UnknownShape
from matou.http.responses import ConnectionFailed
from matou.http.streams import CHUNK_BYTES, Stream

MOST_CUTS = 5
"""In a row, with not one new byte between them."""

PARTIAL_CONTENT = 206


class ObjectStream:
    """One object's bytes. Whoever reads to the end has the object that was asked for, or an error.

    The digest decides, whatever a pointer says that the object weighs.

    Args:
        open_at: asks for the object from a byte on.
        pause: waits for some seconds.
        oid: the SHA-256 that the bytes must have.
        size: how many the pointer says that there are; more must be announced before they come.
    """

    def __init__(
        self,
        open_at: Callable[[int], AbstractContextManager[Stream]],
        pause: Callable[[float], None],
        *,
        oid: str,
        size: int,
    ) -> None:
        self._open_at = open_at
        self._pause = pause
        self._oid = oid
        self._size = size
        self._received = 0
        self._announced = size
        self._digest = hashlib.sha256()
        self._opened = ExitStack()
        self._stream: Stream
        self._to_skip = 0
        self._cuts = 0

    def __enter__(self) -> Self:
        """Ask at once, so that what is not there is told before anybody makes a place for it."""
        self._connect()
        return self

    def __exit__(self, *exception: object) -> None:
        self._opened.close()

    def read(self, size: int = -1) -> bytes:
        """Give up to `size` bytes, b"" at the end; everything that is left where it is negative.

        Raises:
            Damaged: the bytes are others than the ones that the object's id stands for, or more than were announced.
            TryLater: it was cut again and again.
        """
        if size < 0:
            return b"".join(iter(lambda: self.read(CHUNK_BYTES), b""))
        part = self._receive(size)
        self._received += len(part)
        self._digest.update(part)
        if self._received > self._announced or (size and not part) or self._received == self._announced == self._size:
            self._require_right()
        return part

    def finish(self) -> None:
        """Read what nobody has read, so that it was checked to its end."""
        while self.read(CHUNK_BYTES):
            pass

    @property
    def _is_right(self) -> bool:
        return self._digest.hexdigest() == self._oid

    def _require_right(self) -> None:
        if self._is_right:
            return
        if self._received != self._size:
            raise Damaged(
                "the LFS object {oid} came with {received} bytes and has {size}",
                oid=self._oid,
                received=self._received,
                size=self._size,
            )
        raise Damaged("the LFS object {oid} came with the bytes of another", oid=self._oid)

    def _receive(self, size: int) -> bytes:
        while True:
            part, is_cut = self._read(size)
            if part:
                self._cuts = 0
            if part or not is_cut or self._is_right:
                return part
            self._resume()

    def _read(self, size: int) -> tuple[bytes, bool]:
        """Give what there is, and whether the connection was cut; an end that nothing announced is a cut, too."""
        stream = self._stream
        try:
            while self._to_skip and (skipped := stream.read(min(self._to_skip, CHUNK_BYTES))):
                self._to_skip -= len(skipped)
            part = stream.read(size)
        except ConnectionFailed:
            return b"", True
        return part, bool(size) and not part and not stream.has_announced_end

    def _resume(self) -> None:
        self._cuts += 1
        if self._cuts > MOST_CUTS:
            raise ConnectionFailed(
                "the LFS object {oid} was cut off {cuts} times after byte {received} of {size}",
                oid=self._oid,
                cuts=self._cuts,
                received=self._received,
                size=self._size,
            )
        self._pause(0.25 * 2.0**self._cuts)
        self._connect()

    def _connect(self) -> None:
        """Ask from where we are. A server without ranges begins anew; the digest is over what was given out."""
        self._opened.close()
        self._stream = self._opened.enter_context(self._open_at(self._received))
        self._to_skip = 0 if self._stream.status == PARTIAL_CONTENT else self._received
        self._announced = max(self._size, self._announced_now())
        if self._stream.status == PARTIAL_CONTENT:
            _require_begins_at(self._stream, self._received)

    def _announced_now(self) -> int:
        """How many bytes there are in all, as this answer has it; 0 where it does not say."""
        length = self._stream.headers.get("content-length", "")
        first = self._received - self._to_skip
        return first + int(length) if length.isascii() and length.isdigit() else 0


def _require_begins_at(stream: Stream, first: int) -> None:
    described = stream.headers.get("content-range", "")
    if not described.startswith(f"bytes {first}-"):
        raise UnknownShape("lfs Content-Range", described)
