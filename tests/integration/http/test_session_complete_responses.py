"""An answer that is cut, too long, packed or slow is never taken for a whole one."""

import gzip
import time
from datetime import timedelta

import pytest

from matou.errors import UnknownShape
from matou.http.request import TransferLimits
from matou.http.responses import (
    AnsweredOtherwise,
    AnswerTooLong,
    ConnectionFailed,
)
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from support.recording_server import RecordingServer, Reply
from support.sessions import get
from support.steered_clock import SYSTEM_CLOCK

WHOLE = b'{"repositories": [1, 2, 3]}'
PACKED = gzip.compress(WHOLE)
GZIP = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(Reply(body=WHOLE[:9], content_length=len(WHOLE), ends=False), id="body shorter than announced"),
        pytest.param(Reply(chunked=True, pieces=[WHOLE[:9]], ends=False), id="cut between chunks"),
        pytest.param(
            Reply(raw=[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1b\r\n" + WHOLE[:9]]), id="cut in a chunk"
        ),
        pytest.param(Reply(raw=[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"]), id="no chunk at all"),
        pytest.param(Reply(body=PACKED[:20], headers=GZIP), id="gzip cut in its data"),
        pytest.param(Reply(body=PACKED[:-1], headers=GZIP), id="gzip cut in its checksum"),
        pytest.param(Reply(body=b"", headers=GZIP), id="gzip of nothing"),
        pytest.param(Reply(body=PACKED[:20] + b"\0\0\0\0" + PACKED[24:], headers=GZIP), id="gzip broken"),
        pytest.param(Reply(raw=[b""]), id="closed without an answer"),
        pytest.param(Reply(raw=[b""], resets=True), id="reset without an answer"),
        pytest.param(Reply(body=WHOLE[:9], content_length=len(WHOLE), ends=False, resets=True), id="reset in the body"),
        pytest.param(Reply(raw=[b"HTTP/1.1 200 OK\r\nContent-Le"]), id="cut in a header"),
        pytest.param(Reply(raw=[b"HTTP/1.1 200 OK\r\nServer: x\r\n"]), id="cut between headers"),
        pytest.param(Reply(raw=[b"HTTP/1.1 200 OK\r\n"]), id="cut after the status"),
        pytest.param(
            Reply(raw=[b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 99\r\n\r\n" + WHOLE[:9]]), id="head broken"
        ),
        pytest.param(Reply(raw=[b"SSH-2.0-OpenSSH_9.2\r\n"]), id="no HTTP"),
    ],
)
def test_an_answer_that_is_not_whole_is_asked_for_again_and_never_taken(
    session: Session, recording_server: RecordingServer, trouble: Reply
) -> None:
    """F-32."""
    recording_server.replies = [trouble, Reply(body=WHOLE)]

    answer = get(session, recording_server)

    assert answer.body == WHOLE
    assert len(recording_server.requests) == 2


def test_a_stream_that_was_cut_never_looks_as_if_it_had_ended(
    session: Session, recording_server: RecordingServer
) -> None:
    recording_server.replies = [Reply(body=b"x" * 100, content_length=200, ends=False)]

    with session.open("GET", recording_server.url, repeatable=True) as stream:
        begun = stream.read(100)
        for _ in range(2):
            with pytest.raises(ConnectionFailed):
                stream.read(100)

    assert begun == b"x" * 100


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(body=b"x" * 1_000_001), id="long"),
        pytest.param(Reply(chunked=True, pieces=[b"x" * 100_000] * 11), id="long without saying so"),
        pytest.param(Reply(body=gzip.compress(bytes(200_000_000)), headers=GZIP), id="bomb"),
        pytest.param(Reply(400, body=gzip.compress(bytes(200_000_000)), headers=GZIP), id="bomb in a failure"),
    ],
)
def test_an_answer_that_is_too_long_is_left(session: Session, recording_server: RecordingServer, reply: Reply) -> None:
    recording_server.replies = [reply]
    before = time.process_time()

    with pytest.raises((AnswerTooLong, AnsweredOtherwise)):
        get(session, recording_server, limit_bytes=1_000_000)

    assert time.process_time() - before < 0.5


def test_an_encoding_that_we_did_not_ask_for_is_told(session: Session, recording_server: RecordingServer) -> None:
    recording_server.replies = [Reply(body=b"?", headers={"Content-Encoding": "br"})]

    with pytest.raises(UnknownShape, match="'br'"):
        get(session, recording_server)


IMPATIENT = TransferLimits(
    connect=timedelta(seconds=2),
    idle=timedelta(seconds=0.3),
    total=timedelta(seconds=1.2),
    slowest_bytes_per_second=100,
    slow_for=timedelta(seconds=0.4),
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\nX-Padding: "


def drops(content: bytes, size: int = 1) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        pytest.param(Reply(raw=drops(HEAD + b"x" * 10_000), delay=0.1), "fewer than 100 bytes a second", id="head"),
        pytest.param(Reply(pieces=drops(b"x" * 10_000), delay=0.1), "fewer than 100 bytes a second", id="body"),
        pytest.param(
            Reply(chunked=True, pieces=drops(b"x" * 10_000), delay=0.1), "fewer than 100 bytes a second", id="chunks"
        ),
        pytest.param(Reply(pieces=drops(b"x" * 10_000_000, 1000), delay=0.05), "not finished after", id="endless"),
        pytest.param(Reply(raw=drops(HEAD + b"x" * 60_000, 100), delay=0.05), "not finished after", id="head, endless"),
        pytest.param(Reply(body=b"x", content_length=2, delay=30), "nothing came for", id="silence in the body"),
        pytest.param(Reply(raw=[b"x"], delay=30), "nothing came for", id="silence"),
    ],
)
def test_a_server_that_drips_is_left_within_the_limits(
    recording_server: RecordingServer, reply: Reply, fault: str
) -> None:
    """F-36."""
    recording_server.replies = [reply]
    patience = RetryPolicy(attempts=1)
    before = time.monotonic()

    with (
        Session(named=[recording_server.url], clock=SYSTEM_CLOCK, limits=IMPATIENT, patience=patience) as session,
        pytest.raises(ConnectionFailed, match=fault),
    ):
        get(session, recording_server)

    assert time.monotonic() - before < 2


def test_a_slow_reader_is_no_slow_server(recording_server: RecordingServer) -> None:
    recording_server.replies = [Reply(body=b"x" * 3_000_000)]
    limits = TransferLimits(total=None, idle=timedelta(seconds=5), slow_for=timedelta(seconds=0.1))

    with (
        Session(named=[recording_server.url], clock=SYSTEM_CLOCK, limits=limits) as session,
        session.open("GET", recording_server.url, repeatable=True) as stream,
    ):
        received = len(stream.read(1000))
        time.sleep(0.4)
        received += len(stream.read())

    assert received == 3_000_000
