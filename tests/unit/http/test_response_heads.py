"""The head of an answer is read as http.client reads it, only faster, and a request goes out in one piece."""

import http.client
import socket
import threading
import weakref
from datetime import timedelta

import pytest
import urllib3

from matou.http.addresses import parse_address
from matou.http.proxies import DIRECT
from matou.http.raw_http import GuardedResponse, TransferGuard, current
from matou.http.request import TransferLimits
from matou.http.transport import Pools

USUAL = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody"


def read_with(reader: type[http.client.HTTPResponse], answer: bytes, method: str) -> tuple[object, ...]:
    """All that a reader makes of an answer, or the error that it raises."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(answer)
        theirs.shutdown(socket.SHUT_WR)
        current.watch = TransferGuard(TransferLimits(idle=timedelta(seconds=5)), weakref.WeakSet())
        response = reader(ours, method=method)
        try:
            response.begin()
            fields = sorted((name.lower(), value) for name, value in response.headers.items())
            plan = (response.status, response.reason, response.version, bool(response.chunked), response.will_close)
            return (*plan, response.length, fields, response.read())
        except http.client.HTTPException as error:
            return (type(error),)
        finally:
            response.close()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "answer",
    [
        USUAL,
        USUAL.replace(b"\r\n", b"\n"),
        USUAL.replace(b"1.1", b"1.0"),
        USUAL.replace(b"1.1", b"1.7"),
        USUAL.replace(b"1.1", b"2.0"),
        USUAL.replace(b"HTTP", b"ICY"),
        USUAL.replace(b"200 OK", b"200"),
        USUAL.replace(b"200 OK", b"abc OK"),
        USUAL.replace(b"200 OK", b"1000 OK"),
        USUAL.replace(b"200 OK", b"204 No Content"),
        USUAL.replace(b"200 OK", b"304 Not Modified"),
        USUAL.replace(b": 4", b":4"),
        USUAL.replace(b": 4", b": \t 4 \t"),
        USUAL.replace(b": 4", b": -4"),
        USUAL.replace(b": 4", b": four"),
        USUAL.replace(b": 4", b":"),
        USUAL.replace(b": 4", b": 3\r\nContent-Length: 2"),
        USUAL.replace(b"plain", "plain; name=空".encode()),
        USUAL.replace(b"plain", b"plain;\r\n  charset=utf-8"),
        USUAL.replace(b"Content-Length", b"Connection: close\r\nContent-Length"),
        USUAL.replace(b"Content-Length: 4", b"Connection: close"),
        USUAL.replace(b"Content-Length: 4", b"X: 1"),
        USUAL.replace(b"1.1", b"1.0").replace(b"Content-Type", b"Connection: keep-alive\r\nContent-Type"),
        b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + USUAL,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 99\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %d\r\n" % (n, n) for n in range(99)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; b=2\r\nSet-Cookie: c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 65_530 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 66_000 + b"\r\n\r\n",
        b"",
    ],
)
def test_an_answer_is_read_as_http_client_reads_it(answer: bytes, method: str) -> None:
    assert read_with(GuardedResponse, answer, method) == read_with(http.client.HTTPResponse, answer, method)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nno field\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: nameless\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1_000 + b"\r\n",
    ],
)
def test_a_head_that_is_cut_or_broken_or_endless_is_refused(head: bytes) -> None:
    assert issubclass(read_with(GuardedResponse, head, "GET")[0], http.client.HTTPException)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 1, 1_000, 30_000, 200_000])
def test_a_small_body_goes_with_its_head_and_any_body_arrives(size: int) -> None:
    body = b"x" * size
    received: list[bytes] = []

    def serve() -> None:
        with listener.accept()[0] as connection:
            received.append(connection.recv(1_000_000))
            while not b"".join(received).endswith(b"\r\n\r\n" + body):
                received.append(connection.recv(1_000_000))
            connection.sendall(USUAL)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        address = parse_address(f"http://127.0.0.1:{listener.getsockname()[1]}/path")
        pools = Pools(named=frozenset({address.origin}), connections=1, proxies=DIRECT, authorities=None)
        answer = pools.ask(
            "POST", address, headers={}, body=body, timeout=urllib3.Timeout(5), watch=pools.watch(TransferLimits())
        )
        thread.join(10)

    assert answer.read() == b"body"
    assert (len(received) == 1) or size > 32 * 1024
