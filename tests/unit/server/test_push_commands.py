"""What a push asks for, and which of it git's report calls done."""

import pytest

from matou.model.names import ObjectId, RefName
from matou.model.refs import RefChange
from matou.server.git_bodies import MalformedBody
from matou.server.push_commands import ForbiddenRefName, UnreadableCommand, changes_made, read_change, read_commands

ZERO, ONE, TWO = b"0" * 40, b"1" * 40, b"2" * 40
MAKE = RefChange(RefName("refs/heads/a"), None, ObjectId("1" * 40))
MOVE = RefChange(RefName("refs/heads/b"), ObjectId("1" * 40), ObjectId("2" * 40))
GONE = RefChange(RefName("refs/tags/c\udcff"), ObjectId("2" * 40), None)


def packet(content: bytes) -> bytes:
    return b"%04x%b" % (len(content) + 4, content)


def pushed(*lines: bytes) -> bytes:
    return b"".join(map(packet, lines)) + b"0000PACK\0\0\0"


LINES = (
    ZERO + b" " + ONE + b" refs/heads/a\0 report-status-v2 side-band-64k agent=x\n",
    ONE + b" " + TWO + b" refs/heads/b",
    TWO + b" " + ZERO + b" refs/tags/c\xff\n",
)


def test_commands_are_read_up_to_the_flush() -> None:
    commands = read_commands(pushed(*LINES))

    assert commands.changes == (MAKE, MOVE, GONE)
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
    [
        b"/home/u/project/uv",
        b"../../bob/secret.git/HEAD",
        b"refs/heads/x\n\nq",
        b"HEAD",
        b"refs/heads/" + b"a" * 3000,
        b"refs/heads/x.lock",
    ],
)
def test_a_name_that_no_ref_may_have_is_refused_before_anybody_is_told_of_it(name: bytes) -> None:
    with pytest.raises(ForbiddenRefName):
        read_commands(pushed(ZERO + b" " + ONE + b" " + name + b"\0 report-status"))


REPORT = packet(b"unpack ok\n") + packet(b"ok refs/heads/a\n") + packet(b"ng refs/heads/b hook declined\n")


@pytest.mark.parametrize(
    ("capabilities", "report"),
    [
        (b" report-status side-band-64k", packet(b"\x01" + REPORT + b"0000") + b"0000"),
        (
            b" report-status side-band-64k",
            packet(b"\x01" + REPORT[:9]) + packet(b"\x01" + REPORT[9:] + b"0000") + b"0000",
        ),
        (b" report-status", REPORT + b"0000"),
        (
            b" report-status-v2 side-band-64k",
            packet(b"\x01" + REPORT + packet(b"option refname refs/heads/b\n") + b"0000") + b"0000",
        ),
    ],
)
def test_what_the_report_calls_done_was_made_and_nothing_else(capabilities: bytes, report: bytes) -> None:
    first = LINES[0].partition(b"\0")[0] + b"\0" + capabilities
    commands = read_commands(pushed(first, *LINES[1:]))

    assert changes_made(commands, report) == (MAKE,)


def test_a_change_from_nothing_to_nothing_is_none() -> None:
    commands = read_commands(pushed(ZERO + b" " + ZERO + b" refs/heads/a\0 report-status"))

    assert changes_made(commands, packet(b"unpack ok\n") + packet(b"ok refs/heads/a\n") + b"0000") == ()


@pytest.mark.parametrize("said", [b"", b"0000", packet(b"\x01")])
def test_where_git_reported_nothing_nothing_is_known(said: bytes) -> None:
    assert changes_made(read_commands(pushed(*LINES)), said) is None


def test_a_report_that_is_none_is_an_error() -> None:
    with pytest.raises(MalformedBody):
        changes_made(read_commands(pushed(*LINES)), b"zzzz")
