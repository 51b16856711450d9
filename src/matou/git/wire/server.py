"""What a server answers from memory: the advertisements of versions 0, 1 and 2, and version 2's `ls-refs`.

Byte for byte what git 2.39 answers, https://git-scm.com/docs/gitprotocol-v2 and gitprotocol-pack; nothing here reads a
file or starts a process.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import matou
from matou.git.wire.known_refs import RefLines, ref_lines
from matou.git.wire.pktline import MalformedPacket, Marker, Packet, decode, encode, encode_line
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing

UPLOAD_PACK: Final = "git-upload-pack"
RECEIVE_PACK: Final = "git-receive-pack"

AGENT: Final = f"matou/{matou.__version__}"

MOST_PREFIXES: Final = 65_536
"""git's own TOO_MANY_PREFIXES: beyond it git ignores them all, so git is left to answer."""

LARGEST_REQUEST_IN_MEMORY_BYTES: Final = 1024 * 1024

_UPLOAD_PACK_CAPABILITIES: Final = (
    "multi_ack", "thin-pack", "side-band", "side-band-64k", "ofs-delta", "shallow", "deepen-since", "deepen-not",
    "deepen-relative", "no-progress", "include-tag", "multi_ack_detailed",
    "allow-tip-sha1-in-want", "allow-reachable-sha1-in-want", "no-done", "filter",
)  # fmt: skip
_RECEIVE_PACK_CAPABILITIES: Final = (
    "report-status", "report-status-v2", "delete-refs", "side-band-64k", "quiet", "atomic", "ofs-delta",
    "push-options",
)  # fmt: skip
CAPABILITIES_V0: Final[dict[str, tuple[str, ...]]] = {
    UPLOAD_PACK: _UPLOAD_PACK_CAPABILITIES,
    RECEIVE_PACK: _RECEIVE_PACK_CAPABILITIES,
}

_IGNORED_CAPABILITY: Final = re.compile(rb"(?:agent|server-option|session-id)=")


def service_announcement(service: str) -> bytes:
    """What stands before an advertisement of version 0 or 1 over HTTP, and not before version 2."""
    return encode_line(f"# service={service}") + Marker.FLUSH.value


def capability_advertisement_v2(object_format: str = "sha1") -> bytes:
    """The same for every repository of one object format."""
    lines = (
        "version 2",
        f"agent={AGENT}",
        "ls-refs=unborn",
        "fetch=shallow wait-for-done filter",
        "server-option",
        f"object-format={object_format}",
    )
    return b"".join(map(encode_line, lines)) + Marker.FLUSH.value


def advertisement_v0(
    listing: RefListing,
    service: str,
    capabilities: Sequence[str] | None = None,
    *,
    version: int = 0,
    lines: RefLines | None = None,
) -> bytes:
    """All refs of a repository, as versions 0 and 1 begin, without `service_announcement`.

    Args:
        listing: what may be seen.
        service: receive-pack shows neither HEAD nor what tags stand for.
        capabilities: those that depend on what is served; git 2.39's own where none are given. HEAD's target,
            the object format and our agent are added.
        version: 0, or 1, which differs by its first line.
        lines: of the listing, where they are known.
    """
    is_fetch = service == UPLOAD_PACK
    chosen = CAPABILITIES_V0[service] if capabilities is None else capabilities
    suffix = b"\0" + " ".join((*chosen, *_described_capabilities(listing, is_fetch=is_fetch))).encode(
        "utf-8", "surrogateescape"
    )
    refs = _v0_lines(listing, lines or ref_lines(listing), with_peeled=is_fetch)
    head = head_object(listing) if is_fetch else None
    if head is not None:
        refs.insert(0, encode(b"%b HEAD\n" % head.encode()))
    if not refs:
        refs.append(encode_line(f"{'0' * _digits(listing)} capabilities^{{}}"))
    refs[0] = _with_suffix(refs[0], suffix)
    beginning = encode_line("version 1") if version == 1 else b""
    return b"".join((beginning, *refs, Marker.FLUSH.value))


def _v0_lines(listing: RefListing, lines: RefLines, *, with_peeled: bool) -> list[bytes]:
    """Those of `ls-refs` are the same but for annotated tags, which have two here."""
    made = lines.lines.copy()
    for ref, peeled in listing.peeled.items():
        name = ref.encode("utf-8", "surrogateescape")
        start = lines.below(name).start
        tag = encode(b"%b %b\n" % (listing.refs[ref].encode(), name))
        made[start] = tag + encode(b"%b %b^{}\n" % (peeled.encode(), name)) if with_peeled else tag
    return made


def _with_suffix(line: bytes, suffix: bytes) -> bytes:
    """The first of what may be two lines, with the capabilities at its end."""
    end = int(line[:4], 16)
    return encode(line[4 : end - 1] + suffix + b"\n") + line[end:]


def _described_capabilities(listing: RefListing, *, is_fetch: bool) -> Iterator[str]:
    if is_fetch and listing.head is not None and listing.head in listing.refs:
        yield f"symref=HEAD:{listing.head}"
    yield f"object-format={listing.object_format}"
    yield f"agent={AGENT}"


def _digits(listing: RefListing) -> int:
    return 64 if listing.object_format == "sha256" else 40


def head_object(listing: RefListing) -> ObjectId | None:
    """What HEAD stands for; None where it is unborn or unknown."""
    return listing.detached_head if listing.head is None else listing.refs.get(listing.head)


_WANT: Final = re.compile(rb"want [0-9a-f]{40}\Z")
_SHALLOW: Final = b"deepen 1"
_WORDS_OF_A_CLONE: Final = frozenset({b"done", b"ofs-delta", b"thin-pack", b"no-progress", b"include-tag"})


@dataclass(frozen=True, slots=True)
class LsRefsRequest:
    """What a client asked of `ls-refs`; no prefix means every ref."""

    peel: bool
    symrefs: bool
    unborn: bool
    prefixes: tuple[bytes, ...]
    object_format: str = "sha1"


def is_ls_refs(body: bytes) -> LsRefsRequest | None:
    """Read a version 2 request that memory can answer.

    None means that git is to answer it: another command, something that git 2.39 does not know or would refuse, more
    than one request, or one that is too large. A body of which only the beginning is given is safe to ask about.

    Raises:
        MalformedPacket: the body is no pkt-lines.
    """
    if len(body) > LARGEST_REQUEST_IN_MEMORY_BYTES:
        return None
    packets = decode(body)
    object_format = _read_capabilities(packets)
    if object_format is None:
        return None
    arguments: list[bytes] = []
    for packet in packets:
        if isinstance(packet, Marker):
            is_the_end = packet is Marker.FLUSH and next(packets, None) is None
            return _read_arguments(arguments, object_format) if is_the_end else None
        arguments.append(packet.removesuffix(b"\n"))
    raise MalformedPacket("the end of an ls-refs request", body[-20:])


def _read_capabilities(packets: Iterator[Packet]) -> str | None:
    """The object format of an `ls-refs` request, read up to its delimiter; None where it is none or ends there."""
    if next(packets, None) not in (b"command=ls-refs\n", b"command=ls-refs"):
        return None
    object_format = "sha1"
    for packet in packets:
        if isinstance(packet, Marker):
            return object_format if packet is Marker.DELIMITER else None
        line = packet.removesuffix(b"\n")
        if line in (b"object-format=sha1", b"object-format=sha256"):
            object_format = line.partition(b"=")[2].decode()
        elif not _IGNORED_CAPABILITY.match(line):
            return None
    return None


def _read_arguments(lines: Sequence[bytes], object_format: str) -> LsRefsRequest | None:
    prefixes = tuple(line.removeprefix(b"ref-prefix ") for line in lines if line.startswith(b"ref-prefix "))
    words = {line for line in lines if not line.startswith(b"ref-prefix ")}
    if not words <= {b"peel", b"symrefs", b"unborn"} or len(prefixes) >= MOST_PREFIXES:
        return None
    return LsRefsRequest(
        peel=b"peel" in words,
        symrefs=b"symrefs" in words,
        unborn=b"unborn" in words,
        prefixes=prefixes,
        object_format=object_format,
    )


@dataclass(frozen=True, slots=True)
class CloneRequest:
    """A version 2 `fetch` of a client that has nothing, and wants all that these objects reach, or one commit deep.

    Attributes:
        words: what else it says of the form of the answer.
        is_shallow: with `deepen 1`.
    """

    wants: frozenset[ObjectId]
    words: frozenset[bytes]
    is_shallow: bool


def read_clone_request(body: bytes) -> CloneRequest | None:
    """None where the body says anything more, and anything but what every git since 2.18 does.

    A body of which only the beginning is given is safe to ask about.

    Raises:
        MalformedPacket: the body is no pkt-lines.
    """
    if len(body) > LARGEST_REQUEST_IN_MEMORY_BYTES:
        return None
    packets = decode(body)
    if next(packets, None) not in (b"command=fetch\n", b"command=fetch"):
        return None
    lines = [packet.removesuffix(b"\n") for packet in _until(packets, Marker.DELIMITER)]
    if not all(line == b"object-format=sha1" or _IGNORED_CAPABILITY.match(line) for line in lines):
        return None
    options = {packet.removesuffix(b"\n") for packet in _until(packets, Marker.FLUSH)}
    wants = frozenset(ObjectId(word[5:].decode()) for word in options if _WANT.match(word))
    words = frozenset(word for word in options if not _WANT.match(word))
    is_whole = bool(wants) and {b"done", b"ofs-delta"} <= words and next(packets, None) is None
    if not is_whole or not words <= _WORDS_OF_A_CLONE | {_SHALLOW}:
        return None
    return CloneRequest(wants, words - {_SHALLOW}, is_shallow=_SHALLOW in words)


def _until(packets: Iterator[Packet], end: Marker) -> Iterator[bytes]:
    """The lines up to a marker; where it does not come, or another does, one that nobody knows comes last."""
    for packet in packets:
        if isinstance(packet, Marker):
            if packet is not end:
                break
            return
        yield packet
    yield b"?"


def ls_refs_answer(listing: RefListing, request: LsRefsRequest, lines: RefLines | None = None) -> bytes:
    """Args: lines: of the listing, where they are known.

    Raises:
        MalformedPacket: client and repository differ in object format: git breaks off there.
    """
    if listing.refs and request.object_format != listing.object_format:
        raise MalformedPacket("the object format of an ls-refs request", request.object_format)
    known = lines or ref_lines(listing)
    parts = list(_head_line(listing, request)) if _is_wanted(b"HEAD", request) else []
    # A prefix costs two bisections, not a comparison with each ref: a client may name 65,000 of them.
    for prefix in _outermost(request.prefixes) if request.prefixes else (b"",):
        part = known.below(prefix)
        parts += known.lines[part] if request.peel else _unpeeled(listing, known.names[part])
    return b"".join(parts) + Marker.FLUSH.value


def _unpeeled(listing: RefListing, names: Sequence[bytes]) -> Iterator[bytes]:
    for name in names:
        yield encode(b"%b %b\n" % (listing.refs[RefName(name.decode("utf-8", "surrogateescape"))].encode(), name))


def _outermost(prefixes: Sequence[bytes]) -> Iterator[bytes]:
    """In order, and without those that begin with another one."""
    last: bytes | None = None
    for prefix in sorted(prefixes):
        if last is None or not prefix.startswith(last):
            last = prefix
            yield prefix


def _head_line(listing: RefListing, request: LsRefsRequest) -> Iterator[bytes]:
    oid = head_object(listing)
    is_shown_unborn = request.unborn and request.symrefs and listing.head is not None
    if oid is None and not is_shown_unborn:
        return
    target = listing.head if request.symrefs else None
    suffix = b"" if target is None else b" symref-target:" + target.encode("utf-8", "surrogateescape")
    yield encode(b"%b HEAD%b\n" % (b"unborn" if oid is None else oid.encode(), suffix))


def _is_wanted(name: bytes, request: LsRefsRequest) -> bool:
    return not request.prefixes or name.startswith(request.prefixes)
