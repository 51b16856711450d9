"""What a push asks for, read from the bytes that come before its pack.

https://git-scm.com/docs/gitprotocol-pack#_reference_update_request_and_packfile_transfer
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from matou.errors import UnknownShape
from matou.git.refs.listing import fault_of_foreign_ref, holds_control
from matou.model.names import InvalidName, ObjectId, RefName
from matou.model.refs import RefChange
from matou.server.git.packet_framing import LONGEST_PACKET_BYTES, MalformedBody, TooManyRefs
from matou.server.streaming import SHORT_BODY_BYTES

LARGEST_COMMANDS_BYTES = 32 * 1024 * 1024
MOST_REFS_IN_A_PUSH = 100_000
LARGEST_OPTIONS_BYTES = 64 * 1024
MOST_OPTIONS = 1000
LONGEST_SHOWN_NAME_BYTES = 4096
"""A longer name is not repeated in a report."""

SIDE_BANDS = frozenset({b"side-band", b"side-band-64k"})

_COMMAND = re.compile(rb"(?P<old>[0-9a-fA-F]{40}|[0-9a-fA-F]{64}) (?P<new>[0-9a-fA-F]{40,64}) (?P<ref>.+)\Z", re.DOTALL)
_SHALLOW = re.compile(rb"shallow ([0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?)\Z")
_SHORTEST_COMMAND = len(b"0000shallow ") + 40
_LENGTH = re.compile(rb"[0-9a-fA-F]{4}")


class UnreadableCommand(UnknownShape):
    """A line of a push that is no change of a ref; a signed push, which we do not offer, has others."""


class ForbiddenRefName(InvalidName):
    """A push names a ref in a way that cannot even be repeated to who pushes."""


@dataclass(frozen=True, slots=True)
class PushCommands:
    """What a client asks for.

    Attributes:
        names: of all refs, in the client's order, each once.
        changes: of those refs that have a name which a repository here can have, below `refs/`, one line of text.
        refused: why the other refs do not change.
        capabilities: what the client chose.
        shallow: where its own history is cut off.
        brings_pack: a pack follows.
    """

    names: Sequence[RefName]
    changes: Sequence[RefChange]
    refused: Mapping[RefName, str]
    capabilities: frozenset[bytes]
    shallow: Sequence[ObjectId]
    brings_pack: bool

    @property
    def has_side_band(self) -> bool:
        return not self.capabilities.isdisjoint(SIDE_BANDS)


class PacketSection:
    """Takes pkt-lines up to a flush, fed in pieces: each piece is walked once, and each line counts.

    Attributes:
        lines: how many came.
        is_over: the flush came; `content` is what stands before it, `rest` what came behind it.
    """

    def __init__(self, *, shortest: int, most_lines: int, most_bytes: int) -> None:
        self._shortest = shortest
        self._most_lines = most_lines
        self._most_bytes = most_bytes
        self._buffer = bytearray()
        self._position = 0
        self.lines = 0
        self.is_over = False

    async def follow(self, chunk: bytes) -> None:
        """Feed a piece of any size, and let others go on in between. Raises as `feed`."""
        for begin in range(0, len(chunk), SHORT_BODY_BYTES):
            self.feed(chunk[begin : begin + SHORT_BODY_BYTES])
            await asyncio.sleep(0)

    def feed(self, chunk: bytes) -> None:
        """Raises MalformedBody for what is no line or too short for one, TooManyRefs for too many."""
        self._buffer += chunk
        while not self.is_over and self._position + 4 <= len(self._buffer):
            length = self._length_here()
            if length == 0:
                self.is_over = True
                return
            self.lines += 1
            self._position += length
            if self.lines > self._most_lines or self._position > self._most_bytes:
                raise TooManyRefs("one request names more than {limit} refs or objects", limit=self._most_lines)

    @property
    def content(self) -> bytes:
        return bytes(self._buffer[: self._position])

    @property
    def rest(self) -> bytes:
        return bytes(self._buffer[self._position + 4 :])

    def _length_here(self) -> int:
        digits = bytes(self._buffer[self._position : self._position + 4])
        length = int(digits, 16) if _LENGTH.match(digits) else -1
        if length and not self._shortest <= length <= LONGEST_PACKET_BYTES:
            raise MalformedBody("the length of a line of a push", digits)
        return length


class PushStream:
    """The body of one push: its commands, its options, and what is left is the pack.

    Args:
        chunks: the body.
        stop: told where nothing more of it is wanted; for what brings it and does not say where it ends.
    """

    def __init__(self, chunks: AsyncIterator[bytes], *, stop: Callable[[], None] = lambda: None) -> None:
        self._chunks = chunks
        self._waiting = b""
        self.stop = stop

    async def is_empty(self) -> bool:
        """Whether it ends before it has begun."""
        return not await self.wait()

    async def wait(self) -> bool:
        """Wait for its next bytes; False where there are none."""
        if not self._waiting:
            self._waiting = await anext(self._chunks, b"")
        return bool(self._waiting)

    async def commands(self) -> bytes:
        """All lines before the first flush; nothing for a probe. Raises MalformedBody, TooManyRefs."""
        return await self._section(
            PacketSection(shortest=_SHORTEST_COMMAND, most_lines=MOST_REFS_IN_A_PUSH, most_bytes=LARGEST_COMMANDS_BYTES)
        )

    async def options(self) -> bytes:
        """The lines that come between commands and pack where the client chose `push-options`."""
        return await self._section(PacketSection(shortest=4, most_lines=MOST_OPTIONS, most_bytes=LARGEST_OPTIONS_BYTES))

    async def pack(self) -> AsyncIterator[bytes]:
        if self._waiting:
            yield self._waiting
        async for chunk in self._chunks:
            yield chunk

    async def _section(self, section: PacketSection) -> bytes:
        await section.follow(self._waiting)
        while not section.is_over:
            chunk = await anext(self._chunks, b"")
            if not chunk:
                raise MalformedBody("the end of a push", section.content[-20:])
            await section.follow(chunk)
        self._waiting = section.rest
        return section.content


@dataclass(slots=True)
class _Reading:
    """The names so far."""

    changes: dict[RefName, RefChange] = field(default_factory=dict)
    refused: dict[RefName, str] = field(default_factory=dict)

    def add(self, change: RefChange) -> None:
        if change.ref in self.changes or change.ref in self.refused:
            self.refused[change.ref] = "it is named twice"
        elif (fault := fault_of_foreign_ref(change.ref)) is not None:
            self.refused[change.ref] = f"funny refname: {fault}"
        self.changes[change.ref] = change


def read_commands(content: bytes) -> PushCommands:
    """Read the lines before the flush.

    Every ref among `changes` is a name that git and a file system take, below `refs/` and without a control
    character: what is made of it later need not look again.

    Raises:
        UnreadableCommand, ForbiddenRefName: a line is no such change.
    """
    reading, shallow, capabilities, brings_pack = _Reading(), [], frozenset[bytes](), False
    for line in _lines(content):
        command, nul, rest = line.partition(b"\0")
        if nul:
            capabilities |= frozenset(rest.split())
        cut = _SHALLOW.match(command)
        if cut is not None:
            shallow.append(ObjectId(cut[1].decode().lower()))
            continue
        change = read_change(command)
        brings_pack = brings_pack or change.new is not None
        reading.add(change)
    return PushCommands(
        names=tuple(reading.changes),
        changes=tuple(change for change in reading.changes.values() if change.ref not in reading.refused),
        refused=reading.refused,
        capabilities=capabilities,
        shallow=tuple(shallow),
        brings_pack=brings_pack,
    )


def read_change(command: bytes) -> RefChange:
    """Read `<old> <new> <ref>`, whose name may be none that a ref can have, but is one line of text.

    Raises:
        UnreadableCommand, ForbiddenRefName: it is none.
    """
    match = _COMMAND.match(command)
    if match is None or len(match["old"]) != len(match["new"]):
        raise UnreadableCommand("a command of a push", command[:200])
    name = match["ref"].decode("utf-8", "surrogateescape")
    if len(match["ref"]) > LONGEST_SHOWN_NAME_BYTES or holds_control(name):
        raise ForbiddenRefName("the ref name {name} cannot be used", name=repr(name)[:200])
    return RefChange(RefName(name), _id(match["old"]), _id(match["new"]))


def _lines(content: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(content):
        end = position + int(content[position : position + 4], 16)
        yield content[position + 4 : end].removesuffix(b"\n")
        position = end


def _id(digits: bytes) -> ObjectId | None:
    text = digits.decode().lower()
    return ObjectId(text) if text.strip("0") else None
