"""What a client says and reads when it pushes (gitprotocol-pack, "Pushing Data To a Server"); nothing here connects."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from matou.errors import Phrase, TryLater
from matou.git.wire.pktline import CutShort, MalformedPacket, Marker, PacketReader, encode
from matou.git.wire.server import AGENT
from matou.model.names import RefName
from matou.model.refs import RefChange

NO_OBJECT: Final = "0" * 40
MOST_SAID_BYTES: Final = 4096
LARGEST_REPORT_BYTES: Final = 32 * 1024 * 1024
LARGEST_ANSWER_BYTES: Final = 64 * 1024 * 1024
"""With what is said to people: hundreds of times what any hook says, and an end to what has none."""

LENGTH_BYTES: Final = 4
"""What stands before each packet."""

_WANTED_CAPABILITIES: Final = ("report-status", "side-band-64k", "atomic")
_SIDE_BAND: Final = "side-band-64k"

Read = Callable[[int], bytes]


class PushBrokeOff(TryLater):
    """The other side broke off before it had said what became of a push."""


@dataclass(frozen=True, slots=True)
class PushStatusReport:
    """What became of a push.

    Attributes:
        unpacked: `ok`, or why the pack was not taken.
        refused: the refs that stay as they were, and why.
        said: what the server told people meanwhile; its end, where that is long.

    All texts are one line that does nothing to a terminal; names of refs are as they came.
    """

    unpacked: str
    refused: Mapping[RefName, str]
    said: str


def push_commands(changes: Iterable[RefChange], offered: Collection[str]) -> bytes:
    """What goes before the pack. Of the capabilities that are offered we take a report, progress and all-or-nothing.

    The server holds each ref against its old value, so that what somebody else has meanwhile made of it stays.
    """
    chosen = [*(name for name in _WANTED_CAPABILITIES if name in offered), f"agent={AGENT}"]
    lines = [f"{change.old or NO_OBJECT} {change.new or NO_OBJECT} {change.ref}" for change in changes]
    lines[0] += f"\0{' '.join(chosen)}"
    encoded = [encode(line.encode("utf-8", "surrogateescape")) for line in lines]
    return b"".join([*encoded, Marker.FLUSH.value])


def read_push_report(read: Read, offered: Collection[str]) -> PushStatusReport:
    """Read the whole answer to a push.

    Raises:
        PushBrokeOff: the server gave up, in words of its own.
        CutShort: the answer ended before its end.
        MalformedPacket: this is no report.
    """
    bands = _Bands(read)
    packets = PacketReader(bands.read) if _SIDE_BAND in offered else PacketReader(read)
    unpacked, refused = _read_report(packets)
    bands.drain()
    return PushStatusReport(unpacked, refused, _plain(bands.said))


def _read_report(packets: PacketReader) -> tuple[str, Mapping[RefName, str]]:
    lines = _lines(packets)
    first = next(lines, b"")
    if not first.startswith(b"unpack "):
        raise MalformedPacket(Phrase("the beginning of a push report"), first)
    refused: dict[RefName, str] = {}
    for line in lines:
        word, _, rest = line.partition(b" ")
        name, _, reason = rest.partition(b" ")
        if word == b"ng":
            refused[RefName(name.decode("utf-8", "surrogateescape"))] = _plain(reason)
        elif word != b"ok":
            raise MalformedPacket(Phrase("push report line"), line)
    return _plain(first.removeprefix(b"unpack ")), refused


def _lines(packets: PacketReader) -> Iterator[bytes]:
    size = 0
    while (packet := packets.packet()) is not Marker.FLUSH:
        if packet is None:
            raise CutShort("the report of a push ended before its end")
        if isinstance(packet, Marker):
            raise MalformedPacket(Phrase("push report"), packet)
        size += len(packet)
        if size > LARGEST_REPORT_BYTES:
            raise MalformedPacket(Phrase("the length of a push report"), size)
        yield packet.removesuffix(b"\n")


class _Bands:
    """The bands of an answer while it is read: the first is the report, the second is for people."""

    def __init__(self, read: Read) -> None:
        self._packets = PacketReader(read)
        self._read_bytes = 0
        self.said = b""

    def read(self, _size: int) -> bytes:
        """The next piece of the report; none at the end."""
        while isinstance(packet := self._packets.packet(), bytes):
            self._count(packet)
            if packet[:1] == b"\x01" and len(packet) > 1:
                return packet[1:]
            if packet[:1] == b"\x02":
                self.said = (self.said + packet[1:])[-MOST_SAID_BYTES:]
            elif packet[:1] == b"\x03":
                raise PushBrokeOff("the server broke off: {words}", words=_plain(self.said + packet[1:]))
            elif packet[:1] != b"\x01":
                raise MalformedPacket(Phrase("git side band"), packet[:20])
        return b""

    def _count(self, packet: bytes) -> None:
        self._read_bytes += LENGTH_BYTES + len(packet)
        if self._read_bytes > LARGEST_ANSWER_BYTES:
            raise MalformedPacket(Phrase("the length of the answer to a push"), self._read_bytes)

    def drain(self) -> None:
        """What is said after the report is for people too; nothing where there are no bands, or no more."""
        while self.read(0):
            pass


def _plain(words: bytes) -> str:
    """One line that does nothing to a terminal."""
    text = words.decode("utf-8", "replace")
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
