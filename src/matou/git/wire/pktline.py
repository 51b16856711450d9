"""Git's pkt-lines (gitprotocol-common): lengths in four hexadecimal digits, and three markers without content."""

import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final

from matou.errors import Phrase, TryLater, UnknownShape

LONGEST_LINE_BYTES: Final = 65_520
"""The whole of a pkt-line, its four digits included."""

_READ_BYTES: Final = 64 * 1024
_DIGITS: Final = re.compile(rb"[0-9a-fA-F]{4}\Z")


class Marker(Enum):
    """A pkt-line without content; its value is what stands on the wire."""

    FLUSH = b"0000"
    DELIMITER = b"0001"
    RESPONSE_END = b"0002"


Packet = bytes | Marker

_MARKERS: Final = {int(marker.value, 16): marker for marker in Marker}


class MalformedPacket(UnknownShape):
    """Bytes that are no pkt-line, or not where the protocol has one."""


class CutShort(TryLater):
    """A stream that ended before the protocol said so."""


def encode(content: bytes) -> bytes:
    """Raises ValueError where the content is longer than a pkt-line may be."""
    length = len(content) + 4
    if length > LONGEST_LINE_BYTES:
        message = f"{len(content)} bytes do not fit into a pkt-line"
        raise ValueError(message)
    return b"%04x%b" % (length, content)


def encode_line(text: str) -> bytes:
    """One line of text, ended by a line feed as git's own are."""
    return encode(text.encode("utf-8", "surrogateescape") + b"\n")


def decode(body: bytes) -> Iterator[Packet]:
    """Give the pkt-lines of a body that is there as a whole.

    Raises:
        MalformedPacket: at the first bytes that are none, a body that ends within one included.
    """
    position = 0
    while position < len(body):
        header = body[position : position + 4]
        length = _length(header)
        position += 4
        if length in _MARKERS:
            yield _MARKERS[length]
            continue
        end = position + length - 4
        if end > len(body):
            raise MalformedPacket(Phrase("git pkt-line"), body[position - 4 :])
        yield body[position:end]
        position = end


class PacketReader:
    """Reads pkt-lines from a stream, holding no more than one of them and one block."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._buffer = b""
        self._position = 0

    def packet(self) -> Packet | None:
        """The next one; None at the end of the stream.

        Raises:
            CutShort: the stream ended within a pkt-line.
            MalformedPacket: what came is no pkt-line.
        """
        if not self._fill(4):
            if self._position < len(self._buffer):
                raise CutShort("the stream ended within a pkt-line")
            return None
        length = _length(self._take(4))
        if length in _MARKERS:
            return _MARKERS[length]
        if not self._fill(length - 4):
            raise CutShort("the stream ended within a pkt-line")
        return self._take(length - 4)

    def _fill(self, size: int) -> bool:
        while len(self._buffer) - self._position < size:
            block = self._read(_READ_BYTES)
            if not block:
                return False
            self._buffer = self._buffer[self._position :] + block
            self._position = 0
        return True

    def _take(self, count: int) -> bytes:
        start = self._position
        self._position += count
        return self._buffer[start : self._position]


def _length(header: bytes) -> int:
    """`int` alone would let `-001`, ` 001`, `0_01` and `0x10` through."""
    if not _DIGITS.match(header):
        raise MalformedPacket(Phrase("git pkt-line length"), header)
    length = int(header, 16)
    if length == 3 or length > LONGEST_LINE_BYTES:
        raise MalformedPacket(Phrase("git pkt-line length"), header)
    return length
