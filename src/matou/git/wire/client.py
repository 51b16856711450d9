"""What a client says and reads: `ls-refs` and `fetch` of version 2, and the ref lists of versions 0 and 1.

https://git-scm.com/docs/gitprotocol-v2 and https://git-scm.com/docs/gitprotocol-http; nothing here opens a connection.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from matou.errors import Phrase, TryLater
from matou.git.wire.pktline import CutShort, MalformedPacket, Marker, PacketReader, encode_line
from matou.git.wire.server import AGENT
from matou.model.names import InvalidName, ObjectId, RefName, object_id
from matou.model.refs import RefListing

LARGEST_LISTING_BYTES: Final = 512 * 1024 * 1024
"""About five million refs; more than the largest repository that is known to be read as one."""

LONGEST_PROGRESS_BYTES: Final = 4096

Read = Callable[[int], bytes]


class RemoteError(TryLater):
    """The other side refused before it gave anything, and said why in words of its own."""


class RemoteBrokeOff(TryLater):
    """The other side broke off in the middle of a pack, and said why in words of its own."""


def _capabilities(object_format: str) -> list[bytes]:
    """SHA-1 is left unsaid: it is what a server assumes, and servers before git 2.28 know no other."""
    lines = [encode_line(f"agent={AGENT}")]
    if object_format != "sha1":
        lines.append(encode_line(f"object-format={object_format}"))
    return lines


def ls_refs_request(*, object_format: str = "sha1", unborn: bool = True, prefixes: Sequence[str] = ()) -> bytes:
    """Ask for all refs, or for those below the prefixes, with what tags stand for and what HEAD points at."""
    words = ["peel", "symrefs", *(["unborn"] if unborn else []), *(f"ref-prefix {prefix}" for prefix in prefixes)]
    lines = [encode_line("command=ls-refs"), *_capabilities(object_format), Marker.DELIMITER.value]
    return b"".join([*lines, *map(encode_line, words), Marker.FLUSH.value])


def read_ls_refs(read: Read) -> RefListing:
    """Read the answer to `ls_refs_request`.

    Names are as they came: `fault_of_ref_name` has not seen them.

    Raises:
        MalformedPacket: this is no such answer; version 0 and HTML pages among them.
        RemoteError: the server refused in its own words.
        CutShort: the answer ended before its end.
    """
    gathered = _Gathered()
    packets = PacketReader(read)
    for line in _lines_to_flush(packets):
        fields = line.split(b" ")
        if len(fields) < 2:
            raise MalformedPacket(Phrase("git ls-refs line"), line)
        attributes = dict(_attribute(text) for text in fields[2:])
        target = attributes.get(b"symref-target")
        if fields[0] != b"unborn":
            gathered.add(fields[1], _object_id(fields[0]), attributes.get(b"peeled"))
        if fields[1] == b"HEAD" and target is not None:
            gathered.head = _name(target)
    if packets.packet() is not None:
        raise MalformedPacket(Phrase("what follows a git list of refs"), "something")
    return gathered.listing()


def _attribute(text: bytes) -> tuple[bytes, bytes]:
    key, _, value = text.partition(b":")
    return key, value


@dataclass(slots=True)
class _Gathered:
    """A listing while it comes in."""

    refs: dict[RefName, ObjectId] = field(default_factory=dict)
    peeled: dict[RefName, ObjectId] = field(default_factory=dict)
    head: RefName | None = None
    head_object: ObjectId | None = None

    def add(self, encoded: bytes, oid: ObjectId, peeled: bytes | None = None) -> None:
        if encoded == b"HEAD":
            self.head_object = oid
            return
        name = _name(encoded)
        if self.refs.setdefault(name, oid) != oid:
            raise MalformedPacket(Phrase("a ref that was listed before"), encoded)
        if peeled is not None:
            self.peeled[name] = _object_id(peeled)

    def listing(self) -> RefListing:
        detached = None if self.head is not None else self.head_object
        return RefListing(self.refs, self.peeled, head=self.head, detached_head=detached)


@dataclass(frozen=True, slots=True)
class Advertisement:
    """What GET info/refs said.

    Attributes:
        version: 0, 1 or 2.
        capabilities: version 2 has one a line, `ls-refs=unborn`; the others have theirs on one.
        listing: None in version 2, which lists nothing yet.
    """

    version: int
    capabilities: frozenset[str]
    listing: RefListing | None

    @property
    def object_format(self) -> str:
        return "sha256" if "object-format=sha256" in self.capabilities else "sha1"


def read_advertisement(read: Read) -> Advertisement:
    """Read the answer to GET info/refs?service=git-upload-pack, of whatever version.

    Raises:
        MalformedPacket: this is no such answer: a server without smart HTTP, or a page for people.
        RemoteError: the server refused in its own words.
        CutShort: it ended before its end.
    """
    packets = PacketReader(read)
    lines = _lines_to_flush(packets)
    first = next(lines, None)
    if first is not None and first.startswith(b"# service="):
        if any(True for _ in lines):
            raise MalformedPacket(Phrase("git service announcement"), first)
        lines = _lines_to_flush(packets)
        first = next(lines, None)
    if first == b"version 2":
        return Advertisement(2, frozenset(line.decode("utf-8", "replace") for line in lines), None)
    version = 1 if first == b"version 1" else 0
    return _read_v0(lines if version == 1 or first is None else _after(first, lines), version)


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _read_v0(lines: Iterator[bytes], version: int) -> Advertisement:
    gathered = _Gathered()
    capabilities: frozenset[str] = frozenset()
    for number, line in enumerate(lines):
        ref, has_capabilities, words = line.partition(b"\0")
        if has_capabilities and number == 0:
            capabilities = frozenset(words.decode("utf-8", "surrogateescape").split())
        _add_v0_line(gathered, ref)
    gathered.head = _v0_head(capabilities, gathered)
    return Advertisement(version, capabilities, gathered.listing())


def _add_v0_line(gathered: _Gathered, line: bytes) -> None:
    oid, space, name = line.partition(b" ")
    if oid == b"shallow" or name in (b"capabilities^{}", b".have"):
        return
    if not space:
        raise MalformedPacket(Phrase("git ref advertisement line"), line)
    if name.endswith(b"^{}"):
        gathered.peeled[_name(name.removesuffix(b"^{}"))] = _object_id(oid)
    else:
        gathered.add(name, _object_id(oid))


def _v0_head(capabilities: Iterable[str], gathered: _Gathered) -> RefName | None:
    """What HEAD points at: said by servers since git 1.8.4.3, guessed for older ones as `git clone` does."""
    for capability in capabilities:
        if capability.startswith("symref=HEAD:"):
            return RefName(capability.removeprefix("symref=HEAD:"))
    usual = [RefName("refs/heads/main"), RefName("refs/heads/master")]
    return next(
        (name for name in usual if gathered.head_object and gathered.refs.get(name) == gathered.head_object), None
    )


def fetch_request(
    wants: Iterable[ObjectId],
    haves: Iterable[ObjectId],
    *,
    object_format: str = "sha1",
    done: bool = True,
    shallow: Collection[ObjectId] = (),
    depth: int | None = None,
) -> bytes:
    """Ask for a pack with the wanted objects and all they reach, but for what the haves reach.

    With `done` there is no negotiation: one request, one answer. A have that the server does not know costs nothing.

    Args:
        shallow: commits whose parents are not here.
        depth: how far back the history is wanted; with `shallow` the server says which of these it has parents for.
    """
    haves = sorted(haves)
    words = [*(["thin-pack"] if haves else []), "no-progress", "ofs-delta"]
    words += [f"want {oid}" for oid in sorted(wants)]
    words += [f"have {oid}" for oid in haves]
    words += [f"shallow {oid}" for oid in sorted(shallow)]
    words += [] if depth is None else [f"deepen {depth}"]
    words += ["done"] if done else []
    lines = [encode_line("command=fetch"), *_capabilities(object_format), Marker.DELIMITER.value]
    return b"".join([*lines, *map(encode_line, words), Marker.FLUSH.value])


class FetchResponse:
    """Takes a version 2 `fetch` answer apart while it comes in.

    `begin` first, then `pack`: whoever prepares a place for the pack can refuse before it is read.

    Attributes:
        shallow: commits whose parents the server itself does not have, but for those that it was told of.
        unshallow: commits that it was told of and whose parents come now.
        progress: the last of what the server told people.
    """

    def __init__(self, read: Read) -> None:
        self._packets = PacketReader(read)
        self.shallow: tuple[ObjectId, ...] = ()
        self.unshallow: tuple[ObjectId, ...] = ()
        self.progress = b""

    def begin(self) -> None:
        """Read up to the pack.

        Raises:
            MalformedPacket: this is no answer to a fetch.
            RemoteError: the server refused in its own words.
            CutShort: the answer ended before its end.
        """
        while (section := self._line()) != b"packfile":
            if section == b"shallow-info":
                self._read_shallow()
            elif section == b"acknowledgments":
                self._skip_section()
            else:
                raise MalformedPacket(Phrase("git fetch section"), section)

    def pack(self) -> Iterator[bytes]:
        """The pack's bytes, as they come.

        Raises:
            RemoteBrokeOff: the server did.
            CutShort: the answer ended before its end.
        """
        while (packet := self._packets.packet()) is not Marker.FLUSH:
            if packet is None:
                raise CutShort("the pack ended before its end")
            if isinstance(packet, Marker) or not packet:
                raise MalformedPacket(Phrase("git side band"), packet)
            if packet[0] == 1:
                yield packet[1:]
            elif packet[0] == 2:
                self.progress = (self.progress + packet[1:])[-LONGEST_PROGRESS_BYTES:]
            else:
                raise _side_band_error(packet)

    def _line(self) -> bytes:
        """A server of version 0 often answers such a request with nothing at all."""
        packet = self._packets.packet()
        if packet is None or isinstance(packet, Marker):
            raise MalformedPacket(Phrase("git fetch section"), packet)
        _raise_if_error(packet)
        return packet.removesuffix(b"\n")

    def _read_shallow(self) -> None:
        lines = [line.partition(b" ") for line in self._section_lines()]
        self.shallow = tuple(_object_id(oid) for word, _, oid in lines if word == b"shallow")
        self.unshallow = tuple(_object_id(oid) for word, _, oid in lines if word == b"unshallow")

    def _skip_section(self) -> None:
        for _ in self._section_lines():
            pass

    def _section_lines(self) -> Iterator[bytes]:
        while (packet := self._packets.packet()) is not Marker.DELIMITER:
            if packet is None:
                raise CutShort("the answer ended before the pack")
            if isinstance(packet, Marker):
                raise MalformedPacket(Phrase("the end of a git fetch section"), packet)
            yield packet.removesuffix(b"\n")


def _lines_to_flush(packets: PacketReader) -> Iterator[bytes]:
    """The lines up to a flush; an answer without any byte is no answer."""
    size = count = 0
    while (packet := packets.packet()) is not Marker.FLUSH:
        if packet is None and count:
            raise CutShort("the list of refs ended before its end")
        if packet is None or isinstance(packet, Marker):
            raise MalformedPacket(Phrase("git list of refs"), packet)
        _raise_if_error(packet)
        size, count = size + len(packet), count + 1
        if size > LARGEST_LISTING_BYTES:
            raise MalformedPacket(Phrase("the length of a git list of refs"), size)
        yield packet.removesuffix(b"\n")


def _raise_if_error(packet: bytes) -> None:
    if packet.startswith(b"ERR "):
        raise _said_by_remote(packet[4:])


def _said_by_remote(words: bytes) -> RemoteError:
    return RemoteError("the server said: {words}", words=_quoted(words))


def _side_band_error(packet: bytes) -> RemoteBrokeOff | MalformedPacket:
    if packet[0] != 3:
        return MalformedPacket(Phrase("git side band"), packet[:20])
    return RemoteBrokeOff("the server broke off: {words}", words=_quoted(packet[1:]))


def _quoted(words: bytes) -> str:
    return repr(words.decode("utf-8", "replace").strip()[:500])


def _object_id(text: bytes) -> ObjectId:
    try:
        return object_id(text.decode("ascii", "replace"))
    except InvalidName:
        raise MalformedPacket(Phrase("git object id"), text) from None


def _name(encoded: bytes) -> RefName:
    return RefName(encoded.decode("utf-8", "surrogateescape"))
