"""The session against real sockets."""

import gzip
import logging
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
import structlog

import matou
from matou.concurrency import Cancelled
from matou.credentials import Secret
from matou.errors import Conflict, MatouError, NotFound, Refused, TryLater
from matou.http.request import InvalidHeader
from matou.http.responses import (
    AnsweredOtherwise,
    AnsweredRefused,
    ConnectionFailed,
    FailedAnswer,
)
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply
from support.sessions import AUTHORIZATION, OK, TOKEN, get
from support.steered_clock import SYSTEM_CLOCK, SteeredClock


def test_an_answer_has_its_status_its_headers_in_lower_case_and_its_body(
    session: Session, recording_server: RecordingServer
) -> None:
    recording_server.replies = [Reply(201, b"made", {"X-Total-Count": "3"})]

    answer = session.request("POST", recording_server.url + "/a?b=c", repeatable=False, body=b"{}")

    assert (answer.status, answer.body, answer.headers["x-total-count"]) == (201, b"made", "3")
    request = recording_server.requests[0]
    assert (request.method, request.target, request.body) == ("POST", "/a?b=c", b"{}")
    assert request.headers["user-agent"] == f"matou/{matou.__version__}"


def test_a_compressed_answer_is_inflated(session: Session, recording_server: RecordingServer) -> None:
    recording_server.replies = [Reply(body=gzip.compress(b"x" * 10_000_000), headers={"Content-Encoding": "gzip"})]

    assert get(session, recording_server).body == b"x" * 10_000_000
    assert recording_server.requests[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("body", [b"", b"a body"])
def test_one_connection_serves_many_requests(
    session: Session, recording_server: RecordingServer, chunked: bool, compressed: bool, body: bytes
) -> None:
    content = gzip.compress(body) if compressed else body
    headers = {"Content-Encoding": "gzip"} if compressed else {}
    pieces = [content] if content else []
    recording_server.replies = [Reply(headers=headers, chunked=chunked, pieces=pieces), Reply(404), Reply(204)]

    bodies = [get(session, recording_server).body]
    with pytest.raises(NotFound):
        get(session, recording_server)
    bodies.append(get(session, recording_server).body)

    assert bodies == [body, b""]
    assert recording_server.connections == 1


def test_threads_share_as_many_connections_as_the_caller_said(recording_server: RecordingServer) -> None:
    recording_server.replies = [OK]
    with (
        Session(named=[recording_server.url], clock=SYSTEM_CLOCK, connections=4) as session,
        ThreadPoolExecutor(4) as threads,
    ):
        list(threads.map(lambda _: get(session, recording_server), range(200)))

    assert len(recording_server.requests) == 200
    assert recording_server.connections <= 4


def test_a_stream_gives_its_bytes_as_they_come(session: Session, recording_server: RecordingServer) -> None:
    recording_server.replies = [Reply(chunked=True, pieces=[b"0123456789"] * 3)]

    with session.open("POST", recording_server.url, repeatable=True) as stream:
        first, second, rest = stream.read(4), stream.read(4), stream.read()

    assert (first, second, len(rest), stream.read(1)) == (b"0123", b"4567", 22, b"")


def test_a_stream_that_is_left_early_gives_its_connection_up(
    session: Session, recording_server: RecordingServer
) -> None:
    recording_server.replies = [Reply(body=b"x" * 10_000_000), OK]

    with session.open("GET", recording_server.url, repeatable=True) as stream:
        stream.read(10)

    assert get(session, recording_server).body == b"ok"
    assert recording_server.connections == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *[(status, TryLater) for status in (408, 425, 429, 500, 502, 503, 504)],
        *[(status, Refused) for status in (401, 403)],
        *[(status, NotFound) for status in (404, 410)],
        *[(status, Conflict) for status in (409, 412)],
        *[(status, AnsweredOtherwise) for status in (300, 304, 400, 405, 415, 422, 501, 505)],
    ],
)
def test_a_status_is_told_by_what_the_caller_can_do(
    session: Session, recording_server: RecordingServer, status: int, kind: type[MatouError]
) -> None:
    recording_server.replies = [json_reply({"message": "为什么"}, status)] if status != 304 else [Reply(304)]

    with pytest.raises(kind) as caught:
        session.request("POST", recording_server.url + "/x?token=1", repeatable=False)

    assert isinstance(caught.value, FailedAnswer)
    assert caught.value.answer.status == status
    assert f"POST {recording_server.url}/x?…: answered {status}: " in str(caught.value)


def test_what_a_failure_says_is_kept_up_to_a_bound(session: Session, recording_server: RecordingServer) -> None:
    recording_server.replies = [Reply(400, b"\x1b[2J no \r\n" + b"x" * 1_000_000)]

    with pytest.raises(AnsweredOtherwise) as caught:
        get(session, recording_server)

    assert len(caught.value.answer.body) == 64 * 1024
    assert "�[2J no x" in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_failure_that_breaks_off_is_still_that_failure(session: Session, recording_server: RecordingServer) -> None:
    recording_server.replies = [Reply(403, b"beca", content_length=100, ends=False)]

    with pytest.raises(AnsweredRefused) as caught:
        get(session, recording_server)

    assert caught.value.answer.body == b"beca"


def test_a_request_is_repeated_with_growing_waits_until_it_is_answered(
    session: Session, recording_server: RecordingServer, time_: SteeredClock
) -> None:
    recording_server.replies = [Reply(502), Reply(503), Reply(500), OK]

    assert get(session, recording_server).body == b"ok"
    assert time_.waits == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("trouble", [Reply(503), Reply(429), Reply(raw=[b""]), Reply(raw=[b""], resets=True)])
def test_a_request_that_may_not_be_repeated_is_not(
    session: Session, recording_server: RecordingServer, time_: SteeredClock, trouble: Reply
) -> None:
    recording_server.replies = [trouble, OK]

    with pytest.raises(TryLater):
        session.request("POST", recording_server.url, repeatable=False, body=b"create")

    assert (len(recording_server.requests), time_.waits) == (1, [])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_what_waiting_does_not_help_is_not_repeated(
    session: Session, recording_server: RecordingServer, status: int
) -> None:
    recording_server.replies = [Reply(status), OK]

    with pytest.raises(MatouError):
        get(session, recording_server)

    assert len(recording_server.requests) == 1


def test_a_refused_connection_is_worth_another_try_and_is_not_called_too_slow() -> None:
    gone = RecordingServer()
    gone.close()
    with (
        Session(named=[gone.url], clock=SYSTEM_CLOCK, patience=RetryPolicy(attempts=1)) as session,
        pytest.raises(ConnectionFailed, match="the connection was refused"),
    ):
        get(session, gone)


@pytest.mark.parametrize("value", ["token a\r\nX-Evil: 1", "token \x00", "token 口令"])
def test_a_header_that_would_say_more_than_one_thing_is_not_sent_and_not_quoted(
    session: Session, recording_server: RecordingServer, value: str
) -> None:
    with pytest.raises(InvalidHeader) as caught:
        session.request("GET", recording_server.url, repeatable=True, authorization=Secret(value))

    assert recording_server.connections == 0
    assert value not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(lambda request: Reply(403, f"bad {request.headers['authorization']}".encode()), id="echo"),
        pytest.param(lambda request: Reply(400, TOKEN.encode() * 10_000), id="long echo"),
        pytest.param(lambda request: Reply(503, TOKEN.encode()), id="busy"),
        pytest.param(lambda request: Reply(raw=[TOKEN.encode()]), id="no HTTP"),
        pytest.param(
            lambda request: Reply(raw=[f"HTTP/1.1 200 OK\r\n{TOKEN}\r\n\r\nwith a body".encode()]), id="broken head"
        ),
        pytest.param(lambda request: Reply(302, headers={"Location": f"http://{TOKEN}@127.0.0.1/"}), id="redirect"),
        pytest.param(
            lambda request: Reply(302, headers={"Location": f"http://127.0.0.1/?access_token={TOKEN}"}), id="query"
        ),
        pytest.param(lambda request: Reply(body=b"x" * 100), id="too long"),
    ],
)
def test_no_secret_is_in_an_error_or_in_a_log(
    recording_server: RecordingServer,
    time_: SteeredClock,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    trouble: Callable[[SeenRequest], Reply],
) -> None:
    """B-20."""
    recording_server.handler = trouble
    caplog.set_level(logging.DEBUG)
    events = StringIO()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(events))

    with Session(named=[recording_server.url], clock=time_.clock) as session, pytest.raises(MatouError) as caught:
        session.request(
            "GET",
            f"{recording_server.url}/user?access_token={TOKEN}",
            repeatable=True,
            authorization=AUTHORIZATION,
            limit_bytes=10,
        )

    structlog.reset_defaults()
    answer = caught.value.answer.body.decode() if isinstance(caught.value, FailedAnswer) else ""
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + str(caught.value.values) + answer
    written = caplog.text + events.getvalue() + "".join(capsys.readouterr())
    assert recording_server.requests[0].has_authorization
    assert TOKEN not in told + written


def test_a_repeated_request_is_logged(recording_server: RecordingServer, time_: SteeredClock) -> None:
    recording_server.replies = [Reply(503), OK]
    with (
        Session(named=[recording_server.url], clock=time_.clock, jitter=lambda: 0.5) as session,
        structlog.testing.capture_logs() as events,
    ):
        get(session, recording_server, "/x?y=z")

    assert events == [
        {
            "event": "request_repeated",
            "log_level": "warning",
            "reason": f"GET {recording_server.url}/x?…: answered 503: nothing",
            "wait_seconds": 0.5,
        }
    ]


@pytest.mark.parametrize("reply", [Reply(raw=[b"x"], delay=60), Reply(body=b"x", delay=60)])
def test_cancelling_ends_a_request_that_is_under_way_at_once(recording_server: RecordingServer, reply: Reply) -> None:
    recording_server.replies = [reply]
    before = time.monotonic()
    with Session(named=[recording_server.url], clock=SYSTEM_CLOCK) as session, ThreadPoolExecutor(1) as threads:
        request = threads.submit(get, session, recording_server)
        while not recording_server.requests:
            time.sleep(0.01)
        time.sleep(0.1)
        session.cancel()
        with pytest.raises(Cancelled):
            request.result()
        with pytest.raises(Cancelled):
            get(session, recording_server)

    assert time.monotonic() - before < 5
    assert len(recording_server.requests) == 1


def test_cancelling_from_a_signal_handler_does_not_lock_up(recording_server: RecordingServer) -> None:
    recording_server.replies = [Reply(raw=[b"x"], delay=60)]
    with Session(named=[recording_server.url], clock=SYSTEM_CLOCK) as session:
        threading.Timer(0.3, session.cancel).start()
        with pytest.raises(Cancelled):
            get(session, recording_server)
