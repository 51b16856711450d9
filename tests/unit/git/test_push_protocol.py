"""The two messages of a push, as gitprotocol-pack has them."""

from io import BytesIO

import pytest

from matou.git.wire import push
from matou.git.wire.pktline import CutShort, MalformedPacket, encode
from matou.git.wire.push import MOST_SAID_BYTES, PushBrokeOff, push_commands, read_push_report
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefChange

ONE, TWO = ObjectId("1" * 40), ObjectId("2" * 40)
MAIN, TOPIC = RefName("refs/heads/main"), RefName("refs/heads/topic")
EVERYTHING = frozenset({"report-status", "side-band-64k", "atomic", "quiet", "ofs-delta"})
BANDS = frozenset({"report-status", "side-band-64k"})
NO_BANDS = frozenset({"report-status"})

REPORT = encode(b"unpack ok\n") + encode(b"ok refs/heads/main\n") + encode(b"ng refs/heads/topic not fast\n") + b"0000"


def banded(*packets: bytes) -> bytes:
    return b"".join(map(encode, packets)) + b"0000"


def test_the_first_command_says_what_we_take_of_what_is_offered() -> None:
    commands = push_commands([RefChange(MAIN, None, ONE), RefChange(TOPIC, ONE, TWO)], EVERYTHING)

    first = b"%b %b refs/heads/main\0report-status side-band-64k atomic agent=matou/" % (b"0" * 40, ONE.encode())
    assert commands[4:].startswith(first)
    assert commands.endswith(encode(b"%b %b refs/heads/topic" % (ONE.encode(), TWO.encode())) + b"0000")
    assert b"atomic" not in push_commands([RefChange(MAIN, None, ONE)], NO_BANDS)


@pytest.mark.parametrize(
    ("answer", "offered"),
    [
        (REPORT, NO_BANDS),
        (banded(b"\x01" + REPORT), BANDS),
        (banded(b"\x02Resolving\r", b"\x01", b"\x01" + REPORT[:7], b"\x01" + REPORT[7:], b"\x02 done\n"), BANDS),
    ],
)
def test_a_report_is_read_however_it_is_cut(answer: bytes, offered: frozenset[str]) -> None:
    report = read_push_report(BytesIO(answer).read, offered)

    assert report.unpacked == "ok"
    assert report.refused == {TOPIC: "not fast"}


def test_what_the_server_told_people_is_one_plain_line() -> None:
    answer = banded(b"\x02\x1b[31mtoo  large\x1b[0m\n", b"\x01" + REPORT, b"\x02see https://example.com\n")

    assert read_push_report(BytesIO(answer).read, BANDS).said == "[31mtoo large [0m see https://example.com"


def test_a_reason_does_nothing_to_a_terminal() -> None:
    report = encode(b"unpack \x1b]0;title\x07\n") + encode(b"ng refs/heads/topic \x1b[2Jno\n") + b"0000"

    said = read_push_report(BytesIO(report).read, NO_BANDS)

    assert said.unpacked == "]0;title"
    assert said.refused == {TOPIC: "[2Jno"}


def test_a_report_without_end_fills_no_memory() -> None:
    line = encode(b"ng refs/heads/%b no\n" % (b"x" * 60_000))
    answer = encode(b"unpack ok\n") + line * 600

    with pytest.raises(MalformedPacket, match="length"):
        read_push_report(BytesIO(answer).read, NO_BANDS)


@pytest.mark.parametrize("packet", [b"\x02" + b"counting\r" * 5_000, b"\x01"], ids=["talks", "keeps alive"])
def test_a_server_that_never_comes_to_an_end_is_left(monkeypatch: pytest.MonkeyPatch, packet: bytes) -> None:
    monkeypatch.setattr(push, "LARGEST_ANSWER_BYTES", 1024 * 1024)
    block = encode(packet) * (65_536 // len(packet))

    with pytest.raises(MalformedPacket, match="the length of the answer to a push"):
        read_push_report(lambda _size: block, BANDS)


def test_a_server_that_talks_without_end_fills_no_memory() -> None:
    answer = banded(*[b"\x02" + b"x" * 60_000] * 50, b"\x01" + REPORT)

    assert len(read_push_report(BytesIO(answer).read, BANDS).said) <= MOST_SAID_BYTES


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (banded(b"\x03no space left\n"), PushBrokeOff, "no space left"),
        (banded(b"\x02counting"), CutShort, "ended"),
        (banded(b"\x01" + REPORT[:-4]), CutShort, "ended"),
        (banded(b"\x01" + encode(b"<html>\n")), MalformedPacket, "html"),
        (banded(b"\x01" + encode(b"unpack ok\n") + encode(b"perhaps refs/heads/main\n")), MalformedPacket, "perhaps"),
        (banded(b"\x07" + REPORT), MalformedPacket, "side band"),
        (b"<!DOCTYPE html>", MalformedPacket, "pkt-line"),
        (b"", CutShort, "ended"),
    ],
)
def test_what_is_no_report_is_told(answer: bytes, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        read_push_report(BytesIO(answer).read, BANDS)
