"""What git clients send, checked as it passes: the framing of pkt-lines, without keeping the bytes.

Git itself reads the bodies. Here a body that is not pkt-lines is refused before a process exists for it.
https://git-scm.com/docs/protocol-common#_pkt_line_format
"""

import asyncio
from collections.abc import AsyncIterator

from matou.errors import UnknownShape
from matou.server.streaming import SHORT_BODY_BYTES, BodyTooLarge, Header, RequestBody, bounded, header, inflated

LONGEST_PACKET_BYTES = 65520
_LENGTH_DIGITS = 4
_HEXADECIMAL = frozenset(b"0123456789abcdefABCDEF")

MOST_EMPTY_PACKETS = 1_000
"""Flushes, delimiters and lines of nothing; git sends three in one request. 15 million of them are 61 KB of gzip."""

PROBE = b"0000"
"""What git sends before a large request to find out whether it must log in."""


class MalformedBody(UnknownShape):
    """The body is not pkt-lines, or ends inside one."""


class TooManyRefs(BodyTooLarge):
    """One request names more refs or objects than we take at once."""


class PacketFraming:
    """Follows the framing of a body fed in pieces of any size.

    Attributes:
        packets: how many there were, those without content not counted.
        ends_well: the last packet was a flush, or `done`, after which git sends nothing.
        is_at_flush: the last packet was a flush, and nothing came behind it.
    """

    def __init__(self, *, most_packets: int) -> None:
        self._most_packets = most_packets
        self._empty_packets = 0
        self._digits = b""
        self._left = 0
        self._last = b""
        self.packets = 0
        self.ends_well = False
        self.is_at_flush = False

    async def follow(self, chunk: bytes) -> None:
        """Feed a piece, and let others' requests go on after each part of it. Raises as `feed`."""
        for start in range(0, len(chunk), SHORT_BODY_BYTES):
            if start:
                await asyncio.sleep(0)
            self.feed(chunk[start : start + SHORT_BODY_BYTES])

    def feed(self, chunk: bytes) -> None:
        """Raises MalformedBody and TooManyRefs."""
        position = 0
        while position < len(chunk):
            if self._left:
                position += self._pass_payload(chunk, position)
            else:
                position += self._pass_length(chunk, position)

    def finish(self) -> None:
        """Say that the body has ended. Raises MalformedBody where it ends too early."""
        if self._digits or self._left or not self.ends_well:
            raise MalformedBody("the end of a git request", self._digits or self._last[:20])

    def _pass_payload(self, chunk: bytes, position: int) -> int:
        taken = min(self._left, len(chunk) - position)
        self._left -= taken
        self._last = (self._last + chunk[position : position + min(taken, 8)])[:8]
        self.ends_well = not self._left and self._last.rstrip(b"\n") == b"done"
        return taken

    def _pass_length(self, chunk: bytes, position: int) -> int:
        missing = _LENGTH_DIGITS - len(self._digits)
        part = chunk[position : position + missing]
        self._digits += part
        self.is_at_flush = False
        if len(self._digits) == _LENGTH_DIGITS:
            self._begin_packet(_length(self._digits))
            self._digits = b""
        return len(part)

    def _begin_packet(self, length: int) -> None:
        self._last = b""
        self._left = max(length - _LENGTH_DIGITS, 0)
        self.ends_well = self.is_at_flush = length == 0
        self.packets += length >= _LENGTH_DIGITS
        self._empty_packets += length <= _LENGTH_DIGITS
        if self._empty_packets > MOST_EMPTY_PACKETS:
            raise TooManyRefs("one request has more than {limit} lines without content", limit=MOST_EMPTY_PACKETS)
        if self.packets > self._most_packets:
            raise TooManyRefs("one request names more than {limit} refs or objects", limit=self._most_packets)


def request_chunks(headers: list[Header], body: RequestBody, kind: str, *, limit_bytes: int) -> AsyncIterator[bytes]:
    """The body of a request of this kind, inflated if need be and never more than the limit.

    Raises:
        MalformedBody: it is of another kind, or has an encoding that git does not send.
    """
    content_type, encoding = header(headers, b"content-type"), header(headers, b"content-encoding")
    if content_type != f"application/x-{kind}-request".encode():
        raise MalformedBody("the Content-Type of a git request", content_type)
    if encoding in (b"gzip", b"x-gzip"):
        return bounded(inflated(body.chunks()), limit_bytes=limit_bytes)
    if encoding not in (b"", b"identity"):
        raise MalformedBody("the Content-Encoding of a git request", encoding)
    return bounded(body.chunks(), limit_bytes=limit_bytes)


def _length(digits: bytes) -> int:
    """Flush 0, delimiter 1 and end of response 2 are control packets; 3 means nothing."""
    if not _HEXADECIMAL.issuperset(digits):
        raise MalformedBody("the length of a pkt-line", digits)
    length = int(digits, 16)
    if length in (2, 3) or length > LONGEST_PACKET_BYTES:
        raise MalformedBody("the length of a pkt-line", digits)
    return length
