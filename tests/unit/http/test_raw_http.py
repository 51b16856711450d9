"""What `http/raw_http.py` takes for granted of http.client and urllib3, which promise none of it.

Where one of these fails after an upgrade: the message says what broke, and that file is the only one to mend.
"""

import http.client
import inspect
import io
import socket
import weakref

import pytest
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from matou.http.raw_http import GuardedConnection, GuardedResponse, TransferGuard, current
from matou.http.request import TransferLimits

MEND = "mend http/raw_http.py: {}"


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["_read_status", "_check_close", "begin"])
def test_http_client_still_has_what_begin_stands_on(name: str) -> None:
    assert parameters(getattr(http.client.HTTPResponse, name)) == ["self"], MEND.format(
        f"HTTPResponse.{name} is gone or takes more; GuardedResponse.begin reads the status line and the end by it"
    )


def test_a_response_still_keeps_its_state_where_begin_puts_it() -> None:
    """Its `read` and `read1` look at these; a new one that is not set would be an AttributeError."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        response = http.client.HTTPResponse(ours)
        before = set(vars(response))
        response.begin()
        after = set(vars(response))

    known = {"fp", "debuglevel", "_method", "headers", "msg", "version", "status", "reason", "chunked", "chunk_left"}
    assert before == known | {"length", "will_close"}, MEND.format("HTTPResponse has other attributes at its start")
    assert after - before == {"code"}, MEND.format(
        "HTTPResponse.begin sets other attributes than GuardedResponse.begin"
    )


def test_the_file_of_a_response_is_still_buffered_over_a_raw_one() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        response = http.client.HTTPResponse(ours)
        assert isinstance(response.fp, io.BufferedReader), MEND.format("GuardedResponse detaches a BufferedReader")
        response.close()


def test_a_response_under_guard_reads_as_the_librarys_own_does() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
        current.watch = TransferGuard(TransferLimits(), weakref.WeakSet())
        response = GuardedResponse(ours, method="GET")
        response.begin()
        assert (response.status, response.read()) == (200, b"ok"), MEND.format("a chunked body is not read to its end")


def test_urllib3_still_makes_its_requests_and_connections_as_we_override_them() -> None:
    assert parameters(GuardedConnection.request) == parameters(HTTPConnection.request), MEND.format(
        "HTTPConnection.request has other parameters; GuardedConnection hands each of them on"
    )
    assert parameters(HTTPConnection.send) == ["self", "data"], MEND.format("HTTPConnection.send takes more")
    for kind in (HTTPConnection, HTTPSConnection):
        assert kind.response_class is http.client.HTTPResponse, MEND.format("connections make responses another way")
    assert urllib3.HTTPConnectionPool.ConnectionCls is HTTPConnection, MEND.format("pools make connections another way")
    assert "pool_classes_by_scheme" in vars(urllib3.ProxyManager("http://127.0.0.1:1")), MEND.format(
        "a ProxyManager chooses its pools another way, so that proxied connections would be without guard"
    )


def test_urllib3_still_sends_a_head_and_a_small_body_by_two_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    connection = HTTPConnection("127.0.0.1", 1)
    monkeypatch.setattr(connection, "send", lambda data: sent.append(bytes(data)))

    connection.request("POST", "/", body=b"body", headers={"A": "b"})

    assert [piece[-4:] for piece in sent] == [b"\r\n\r\n", b"body"], MEND.format(
        "GuardedConnection.send joins the first two pieces that are sent into one"
    )
