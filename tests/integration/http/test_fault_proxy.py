"""The fault proxy does what its toxics say, and nothing else: tests that pass because of a dull proxy prove nothing."""

import http.client
import time
from collections.abc import Callable

import pytest

from support.fault_proxy import (
    Bandwidth,
    DuplicatePage,
    FaultProxy,
    FlipByte,
    Latency,
    LimitData,
    Redirect,
    ReplaceJson,
    ResetPeer,
    Slicer,
    SlowClose,
    Status,
    Timeout,
    Toxic,
    TruncateBody,
)
from support.recording_server import RecordingServer, Reply

BODY = bytes(range(100))


@pytest.fixture
def proxy(recording_server: RecordingServer, fault_proxy: Callable[[str], FaultProxy]) -> FaultProxy:
    recording_server.handler = lambda request: Reply(body=BODY, headers={"X-Path": request.path})
    return fault_proxy(recording_server.url)


def ask(proxy: FaultProxy, path: str = "/", method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
    try:
        connection.request(method, path, body, {"Authorization": "token t"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("chunked", [False, True])
def test_without_toxics_everything_goes_through(
    proxy: FaultProxy, recording_server: RecordingServer, chunked: bool
) -> None:
    recording_server.handler = lambda request: Reply(chunked=chunked, pieces=[request.body, BODY])

    assert ask(proxy, "/a?b", "POST", b"body") == (200, b"body" + BODY)
    (request,) = proxy.requests
    assert (request.method, request.target, request.body, request.has_authorization) == ("POST", "/a?b", b"body", True)


def test_one_connection_carries_many_requests_to_the_server(
    proxy: FaultProxy, recording_server: RecordingServer
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port)
    for _ in range(3):
        connection.request("GET", "/")
        assert connection.getresponse().read() == BODY
    connection.close()

    assert (proxy.connections, recording_server.connections) == (1, 1)


@pytest.mark.parametrize(
    ("toxic", "status", "body"),
    [
        (Status(429, {"Retry-After": "2"}, b"slow"), 429, b"slow"),
        (Redirect("/x", 307), 307, b""),
        (ReplaceJson({"a": 1}), 200, b'{"a": 1}'),
        (FlipByte(50), 200, BODY[:50] + bytes([50 ^ 0xFF]) + BODY[51:]),
        (Slicer(7, 0), 200, BODY),
        (Latency(0.01, 0.005), 200, BODY),
        (Bandwidth(10_000), 200, BODY),
        (SlowClose(0.01), 200, BODY),
    ],
)
def test_a_toxic_changes_the_answer_as_it_says(proxy: FaultProxy, toxic: Toxic, status: int, body: bytes) -> None:
    proxy.add(toxic)

    assert ask(proxy) == (status, body)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    ("toxic", "error"),
    [
        (TruncateBody(40), http.client.IncompleteRead),
        (ResetPeer(0), ConnectionResetError),
        (Timeout(0.05), http.client.RemoteDisconnected),
        (LimitData(10), http.client.HTTPException),
    ],
)
def test_a_toxic_cuts_the_answer_as_it_says(
    proxy: FaultProxy, recording_server: RecordingServer, toxic: Toxic, error: type[Exception], chunked: bool
) -> None:
    recording_server.handler = lambda request: Reply(chunked=chunked, pieces=[BODY])
    proxy.add(toxic)

    with pytest.raises(error):
        ask(proxy)


@pytest.mark.parametrize(("toxic", "least"), [(Latency(0.2), 0.2), (Bandwidth(500), 0.15), (Slicer(50, 0.1), 0.2)])
def test_a_toxic_takes_the_time_that_it_says(proxy: FaultProxy, toxic: Toxic, least: float) -> None:
    proxy.add(toxic)
    before = time.monotonic()

    ask(proxy)

    assert time.monotonic() - before >= least


def test_a_rule_is_about_the_requests_that_it_names(proxy: FaultProxy) -> None:
    proxy.add(Status(500), method="POST", path="/list", body="PageNumber.: 2", at=[1, 3])
    bodies = [b'{"PageNumber": 1}', b'{"PageNumber": 2}', b'{"PageNumber": 2}', b'{"PageNumber": 2}']

    named = [ask(proxy, "/list", "POST", body)[0] for body in bodies]
    others = [ask(proxy, "/other", "POST", bodies[1])[0], ask(proxy, "/list")[0]]

    assert named == [200, 500, 200, 500]
    assert others == [200, 200]


def test_a_rule_may_be_about_every_so_many(proxy: FaultProxy) -> None:
    proxy.add(Status(429), every=3)

    assert [ask(proxy)[0] for _ in range(6)] == [200, 200, 429, 200, 200, 429]


def test_cleared_rules_are_over(proxy: FaultProxy) -> None:
    proxy.add(Status(500))
    proxy.clear()

    assert ask(proxy)[0] == 200


def test_a_page_is_given_again_instead_of_the_next(proxy: FaultProxy, recording_server: RecordingServer) -> None:
    recording_server.handler = lambda request: Reply(body=request.target.encode())
    proxy.add(DuplicatePage(), path=r"\?page=", at=2)

    assert [ask(proxy, f"/?page={page}")[1] for page in (1, 2, 3)] == [b"/?page=1", b"/?page=1", b"/?page=3"]


def test_a_failing_server_is_seen_through_the_proxy(proxy: FaultProxy, recording_server: RecordingServer) -> None:
    recording_server.handler = lambda request: Reply(raw=[b""])

    with pytest.raises(http.client.RemoteDisconnected):
        ask(proxy)
