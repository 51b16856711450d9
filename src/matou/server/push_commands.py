"""What a push asks for, and what git says became of it, read from the same bytes that pass between client and git.

https://git-scm.com/docs/gitprotocol-pack#_reference_update_request_and_packfile_transfer
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from matou.errors import UnknownShape
from matou.git.refs import fault_of_foreign_ref
from matou.model.names import InvalidName, ObjectId, RefName
from matou.model.refs import RefChange
from matou.server.git_bodies import PacketSplitter

_COMMAND = re.compile(rb"(?P<old>[0-9a-fA-F]{40}|[0-9a-fA-F]{64}) (?P<new>[0-9a-fA-F]{40,64}) (?P<ref>.+)\Z", re.DOTALL)
_SHALLOW = re.compile(rb"shallow [0-9a-fA-F]{40,64}\Z")
_SIDE_BANDS = frozenset({b"side-band", b"side-band-64k"})
_UNPACK = b"unpack "
_OK = b"ok "
_REPORT = b"\x01"


class UnreadableCommand(UnknownShape):
    """A line of a push that is no change of a ref; a signed push, which we do not offer, has others."""


class ForbiddenRefName(InvalidName):
    """A push names a ref that no repository here can have."""


@dataclass(frozen=True, slots=True)
class PushCommands:
    changes: tuple[RefChange, ...]
    capabilities: frozenset[bytes]


def read_commands(commands: bytes) -> PushCommands:
    """Read the lines up to the flush; what follows it is not looked at.

    Every ref that is given back is a name that git and a file system take, below `refs/` and without a control
    character: what is made of it later need not look again.

    Raises:
        UnreadableCommand, ForbiddenRefName: a line is no such change.
    """
    changes: list[RefChange] = []
    capabilities: frozenset[bytes] = frozenset()
    for line in _lines(commands):
        command, nul, rest = line.partition(b"\0")
        if nul:
            capabilities |= frozenset(rest.split())
        if not _SHALLOW.match(command):
            changes.append(read_change(command))
    return PushCommands(tuple(changes), capabilities)


def read_change(command: bytes) -> RefChange:
    """Read `<old> <new> <ref>`, the form of a push's commands and of what its hooks are told.

    Raises:
        UnreadableCommand, ForbiddenRefName: it is none.
    """
    found = _COMMAND.match(command)
    if found is None or len(found["old"]) != len(found["new"]):
        raise UnreadableCommand("a command of a push", command[:200])
    name = found["ref"].decode("utf-8", "surrogateescape")
    fault = fault_of_foreign_ref(name)
    if fault is not None:
        raise ForbiddenRefName("the ref name {name} cannot be used: {fault}", name=repr(name)[:200], fault=fault)
    return RefChange(RefName(name), _id(found["old"]), _id(found["new"]))


def changes_made(commands: PushCommands, report: bytes) -> tuple[RefChange, ...] | None:
    """The changes that git's report calls done; None where there is no report, as the client wants none or git died.

    Args:
        report: all pkt-lines that git sent, progress left out.
    """
    lines = _report_lines(report, in_side_band=not commands.capabilities.isdisjoint(_SIDE_BANDS))
    if not any(line.startswith(_UNPACK) for line in lines):
        return None
    done = {line.removeprefix(_OK).decode("utf-8", "surrogateescape") for line in lines if line.startswith(_OK)}
    return tuple(change for change in commands.changes if change.old != change.new and change.ref in done)


def _report_lines(report: bytes, *, in_side_band: bool) -> list[bytes]:
    if in_side_band:
        report = b"".join(line[1:] for line in _packets(report) if line.startswith(_REPORT))
    return [line.rstrip(b"\n") for line in _packets(report)]


def _lines(commands: bytes) -> Iterator[bytes]:
    for packet in PacketSplitter().feed(commands[: _length_of_section(commands)]):
        yield packet[4:].removesuffix(b"\n")


def _length_of_section(commands: bytes) -> int:
    """How many bytes there are before the first flush."""
    position = 0
    while (length := int(commands[position : position + 4], 16)) >= 4:
        position += length
    return position


def _packets(stream: bytes) -> Iterator[bytes]:
    return (packet[4:] for packet in PacketSplitter().feed(stream))


def _id(digits: bytes) -> ObjectId | None:
    text = digits.decode().lower()
    return ObjectId(text) if text.strip("0") else None
