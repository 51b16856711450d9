"""Parts of what lies here as a whole: which bytes a client asks for, and what it is told (RFC 9110, section 14)."""

import re
from dataclasses import dataclass
from typing import Final

from matou.errors import UnknownShape
from matou.server.streaming import Header

ACCEPTED: Final[Header] = (b"accept-ranges", b"bytes")
PARTIAL: Final = 206
UNSATISFIABLE: Final = 416

_RANGE: Final = re.compile(rb"bytes=(\d{0,18})-(\d{0,18})\Z")


class UnsatisfiableRange(UnknownShape):
    """A range outside what there is."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of a file: from `start` up to and without `end`."""

    start: int
    end: int
    is_whole: bool

    @property
    def size_bytes(self) -> int:
        return self.end - self.start


def read_range(text: bytes, size_bytes: int) -> Part:
    """Read a Range header: one range; anything that we do not know means the whole.

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
        raise UnsatisfiableRange("the range of an object", text)
    return Part(start, end, is_whole=False)


def part_headers(part: Part, size_bytes: int) -> tuple[Header, ...]:
    """How long what is sent is, and where it stands in the whole."""
    headers: tuple[Header, ...] = ((b"content-length", b"%d" % part.size_bytes), ACCEPTED)
    if part.is_whole:
        return headers
    return (*headers, (b"content-range", b"bytes %d-%d/%d" % (part.start, part.end - 1, size_bytes)))


def status_of(part: Part) -> int:
    return 200 if part.is_whole else PARTIAL


def outside_header(size_bytes: int) -> Header:
    """What an answer with 416 says of the whole."""
    return (b"content-range", b"bytes */%d" % size_bytes)
