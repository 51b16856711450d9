"""What becomes of a large pack where the server refuses it in the middle, or takes its time."""

import socket
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import BinaryIO

import pytest

from matou.credentials import GitCredential, Secret
from matou.http import git_http
from matou.http.git_http import SmartHttp
from matou.http.request import TransferLimits
from matou.http.responses import AnsweredOtherwise, ConnectionFailed
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from support.recording_server import Listener, raw_body, read_head
from support.steered_clock import SteeredClock

CREDENTIAL = GitCredential("coding", Secret("f00dfacecafe0123456789abcdef0123456789ab"))
PACK_BLOCKS = 1024
BLOCK = bytes(65_536)
CHUNKED = {"transfer-encoding": "chunked"}
RESULT = "application/x-git-receive-pack-result"

Takes = Callable[["Taker", socket.socket, BinaryIO], None]


class Taker(Listener):
    """Reads the head of each request, and does with the rest what a test says."""

    def __init__(self, takes: Takes) -> None:
        self.takes = takes
        super().__init__()

    def serve(self, connection: socket.socket, number: int) -> None:
        with connection.makefile("rb") as stream:
            read_head(stream)
            self.takes(self, connection, stream)


@pytest.fixture
def taker() -> Iterator[Callable[[Takes], Taker]]:
    with ExitStack() as stack:

        def start(takes: Takes) -> Taker:
            server = Taker(takes)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> TransferLimits:
    """What a push may take here: little time to connect, more to go on."""
    short = TransferLimits(connect=timedelta(seconds=0.2), idle=timedelta(seconds=2), total=None)
    monkeypatch.setattr(git_http, "PUSH_LIMITS", short)
    return short


def pack() -> Generator[bytes, None, None]:
    for _ in range(PACK_BLOCKS):
        yield BLOCK


def push_to(server: Taker, session: Session) -> bytes:
    smart = SmartHttp(session, credential=CREDENTIAL)
    with smart.exchange(f"{server.url}/r.git", "git-receive-pack", pack, protocol=0) as answer:
        return answer.read()


def session_to(server: Taker) -> Session:
    return Session(named=[server.url], clock=SteeredClock().clock, patience=RetryPolicy(attempts=1))


def say(connection: socket.socket, status: int, content_type: str, body: bytes) -> None:
    head = f"HTTP/1.1 {status} Said\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)


def refuse_and_close(_server: Taker, connection: socket.socket, _stream: BinaryIO) -> None:
    say(connection, 413, "text/plain", b"a pack has 100 MB at most")


def refuse_and_take_nothing_more(server: Taker, connection: socket.socket, _stream: BinaryIO) -> None:
    say(connection, 413, "text/plain", b"a pack has 100 MB at most")
    server.wait(60)


def take_after_a_while(server: Taker, connection: socket.socket, stream: BinaryIO) -> None:
    server.wait(0.6)
    received = sum(map(len, raw_body(stream, CHUNKED, default_length=None)))
    say(connection, 200, RESULT, b"%d" % (received // len(BLOCK)))


def take_nothing(server: Taker, _connection: socket.socket, _stream: BinaryIO) -> None:
    server.wait(60)


@pytest.mark.parametrize("takes", [refuse_and_close, refuse_and_take_nothing_more])
def test_a_refusal_in_the_middle_of_a_pack_is_told_in_the_server_s_words(
    taker: Callable[[Takes], Taker], limits: TransferLimits, takes: Takes
) -> None:
    server = taker(takes)

    with session_to(server) as session, pytest.raises(AnsweredOtherwise, match="413: a pack has 100 MB at most"):
        push_to(server, session)


def test_nothing_follows_on_a_connection_where_a_pack_was_sent_in_part(
    taker: Callable[[Takes], Taker], limits: TransferLimits
) -> None:
    """The server would take it for the rest of the pack."""
    server = taker(refuse_and_take_nothing_more)

    with session_to(server) as session:
        for _ in range(2):
            with pytest.raises(AnsweredOtherwise):
                push_to(server, session)

    assert server.connections == 2


def test_a_server_may_take_a_pack_as_slowly_as_it_may_answer(
    taker: Callable[[Takes], Taker], limits: TransferLimits
) -> None:
    """The time to connect is another thing: 15 seconds, which one that writes to a busy disk needs."""
    server = taker(take_after_a_while)

    with session_to(server) as session:
        assert push_to(server, session) == b"%d" % PACK_BLOCKS


def test_a_server_that_takes_nothing_is_given_up(taker: Callable[[Takes], Taker], limits: TransferLimits) -> None:
    server = taker(take_nothing)
    began = time.monotonic()

    with session_to(server) as session, pytest.raises(ConnectionFailed, match="nothing came for"):
        push_to(server, session)

    assert time.monotonic() - began < 4 * limits.idle.total_seconds()
