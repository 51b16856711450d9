"""What a push asks for, and which of it git's report calls done."""

import pytest

from matou.model.names import ObjectId, RefName
from matou.model.refs import RefChange
from matou.server.git.packet_framing import MalformedBody, TooManyRefs
from matou.server.git.push_commands import (
    ForbiddenRefName,
    PacketSection,
    UnreadableCommand,
    read_change,
    read_commands,
)

ZERO, ONE, TWO = b"0" * 40, b"1" * 40, b"2" * 40
MAKE = RefChange(RefName("refs/heads/a"), None, ObjectId("1" * 40))
MOVE = RefChange(RefName("refs/heads/b"), ObjectId("1" * 40), ObjectId("2" * 40))
GONE = RefChange(RefName("refs/tags/c\udcff"), ObjectId("2" * 40), None)


def packet(content: bytes) -> bytes:
    return b"%04x%b" % (len(content) + 4, content)


def pushed(*lines: bytes) -> bytes:
    return b"".join(map(packet, lines))


LINES = (
    ZERO + b" " + ONE + b" refs/heads/a\0 report-status-v2 side-band-64k agent=x\n",
    ONE + b" " + TWO + b" refs/heads/b",
    TWO + b" " + ZERO + b" refs/tags/c\xff\n",
)


def test_commands_are_read_up_to_the_flush() -> None:
    commands = read_commands(pushed(*LINES))

    assert commands.changes == (MAKE, MOVE, GONE)
    assert commands.names == tuple(change.ref for change in commands.changes)
    assert commands.capabilities == {b"report-status-v2", b"side-band-64k", b"agent=x"}


def test_lines_of_a_shallow_clone_are_no_commands() -> None:
    assert read_commands(pushed(b"shallow " + ONE, *LINES)).changes == (MAKE, MOVE, GONE)


def test_object_ids_are_read_in_any_case_and_of_either_hash() -> None:
    assert read_change(b"A" * 40 + b" " + b"B" * 40 + b" refs/r").old == "a" * 40
    assert read_change(b"0" * 64 + b" " + b"B" * 64 + b" refs/r") == RefChange(
        RefName("refs/r"), None, ObjectId("b" * 64)
    )


@pytest.mark.parametrize(
    "line",
    [
        b"push-cert\0 report-status",
        b"",
        b"\0 report-status",
        ONE + b" " + TWO,
        ONE + b" " + TWO + b" ",
        ONE + b"  " + TWO + b" refs/heads/a",
        ONE + b" " + b"2" * 64 + b" refs/heads/a",
        b"1" * 41 + b" " + TWO + b" refs/heads/a",
        b"shallow",
        b"shallow " + ONE + b" x",
    ],
)
def test_a_line_that_is_no_change_of_a_ref_is_not_passed_over(line: bytes) -> None:
    with pytest.raises(UnreadableCommand):
        read_commands(pushed(line))


@pytest.mark.parametrize(
    "name",
    [b"/home/u/project/uv", b"../../bob/secret.git/HEAD", b"HEAD", b"refs/heads/" + b"a" * 3000, b"refs/heads/x.lock"],
)
def test_a_name_that_no_ref_may_have_is_among_no_changes(name: bytes) -> None:
    commands = read_commands(pushed(ZERO + b" " + ONE + b" " + name + b"\0 report-status", *LINES[1:]))

    assert commands.changes == (MOVE, GONE)
    assert set(commands.refused) == {name.decode()}
    assert commands.names[0] == name.decode()


@pytest.mark.parametrize(
    "name", [b"refs/heads/x\n\nq", b"refs/heads/\x1b[31m", b"refs/heads/x\xc2\x85", b"r" * 5000, b"refs/\x00x"]
)
def test_a_name_that_cannot_be_repeated_refuses_the_push(name: bytes) -> None:
    with pytest.raises((ForbiddenRefName, UnreadableCommand)):
        read_commands(pushed(LINES[0], ZERO + b" " + ONE + b" " + name.replace(b"\0", b"\x01") + b"\0 report-status"))


def test_a_ref_that_is_named_twice_changes_not_at_all() -> None:
    commands = read_commands(pushed(*LINES, ONE + b" " + ZERO + b" refs/heads/b", ONE + b" " + TWO + b" refs/heads/b"))

    assert commands.changes == (MAKE, GONE)
    assert commands.refused == {"refs/heads/b": "it is named twice"}


def section(**more: int) -> PacketSection:
    return PacketSection(**{"shortest": 52, "most_lines": 3, "most_bytes": 1000, **more})


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_a_section_ends_at_its_flush_however_it_is_cut(size: int) -> None:
    content, read = b"".join(map(packet, LINES)), section()
    whole = content + b"0000PACK"

    for start in range(0, len(whole), size):
        read.feed(whole[start : start + size])

    assert (read.is_over, read.content, read.rest, read.lines) == (True, content, b"PACK", 3)


@pytest.mark.parametrize("body", [b"0001", b"0002", b"0003", b"0004", b"0033", b"zzzz", b"-001", b"ffff"])
def test_what_is_no_line_of_a_push_ends_it_at_once(body: bytes) -> None:
    """15 million control packets were walked one by one."""
    with pytest.raises(MalformedBody):
        section().feed(body)


@pytest.mark.parametrize("limit", [{"most_lines": 2}, {"most_bytes": 100}])
def test_more_lines_than_there_may_be_are_refused(limit: dict[str, int]) -> None:
    with pytest.raises(TooManyRefs):
        section(**limit).feed(b"".join(map(packet, LINES)))
