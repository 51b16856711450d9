"""Trouble on the network: a proxy before a server that spoils the answers that a test names.

Fixtures: `fault_proxy` makes one before a given URL; `recording_server` is a server of its own, which answers as a
test says.
"""

import json
import random
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import BinaryIO
from urllib.parse import urlsplit

import pytest

from support.recording_server import (
    Listener,
    RecordingServer,
    SeenRequest,
    is_chunked,
    parse_head,
    raw_body,
    read_head,
    read_request,
    reset,
    unchunked,
)


class Cut(Exception):
    """The answer ends here, whatever was announced."""

    def __init__(self, *, by_reset: bool = False) -> None:
        super().__init__()
        self.by_reset = by_reset


@dataclass(frozen=True)
class Flow:
    """An answer on its way: `head` as the server sent it, then the body's pieces, without chunk marks."""

    head: bytes
    pieces: Iterator[bytes]
    closes: bool = False


@dataclass(frozen=True)
class ExchangeContext:
    """What a toxic may use: waiting, which ends with the test, and chance, which is the same each time."""

    wait: Callable[[float], None]
    chance: random.Random


class Toxic:
    """Does something to an answer. The names are Shopify's toxiproxy's where it has them."""

    def instead(self, request: SeenRequest) -> bytes | None:
        """Give the whole answer, so that the server is not asked at all; None to ask it."""
        return None

    def begin(self, request: bytes, upstream: socket.socket) -> bytes:
        """Send the beginning of a request, do what is to happen in its middle; gives what is left to be sent."""
        return request

    def bend(self, flow: Flow, around: ExchangeContext) -> Flow:
        return flow


@dataclass(frozen=True)
class Latency(Toxic):
    seconds: float
    jitter: float = 0.0

    def bend(self, flow: Flow, around: ExchangeContext) -> Flow:
        around.wait(max(0.0, self.seconds + around.chance.uniform(-self.jitter, self.jitter)))
        return flow


@dataclass(frozen=True)
class Bandwidth(Toxic):
    bytes_per_second: int

    def bend(self, flow: Flow, around: ExchangeContext) -> Flow:
        return Slicer(max(1, self.bytes_per_second // 20), 0.05).bend(flow, around)


@dataclass(frozen=True)
class Slicer(Toxic):
    """The body in small pieces, `delay` seconds before each."""

    size: int
    delay: float

    def bend(self, flow: Flow, around: ExchangeContext) -> Flow:
        return replace(flow, pieces=self._sliced(flow.pieces, around))

    def _sliced(self, pieces: Iterator[bytes], around: ExchangeContext) -> Iterator[bytes]:
        for piece in pieces:
            for start in range(0, len(piece), self.size):
                around.wait(self.delay)
                yield piece[start : start + self.size]


@dataclass(frozen=True)
class SlowClose(Toxic):
    """The connection is closed some seconds after the answer, where it would have stayed open."""

    seconds: float

    def bend(self, flow: Flow, around: ExchangeContext) -> Flow:
        return replace(flow, pieces=self._then_wait(flow.pieces, around), closes=True)

    def _then_wait(self, pieces: Iterator[bytes], around: ExchangeContext) -> Iterator[bytes]:
        yield from pieces
        around.wait(self.seconds)


@dataclass(frozen=True)
class Timeout(Toxic):
    """No answer; after some seconds the connection is closed."""

    seconds: float

    def bend(self, flow: Flow, around: ExchangeContext) -> Flow:
        around.wait(self.seconds)
        raise Cut


@dataclass(frozen=True)
class HoldBack(Toxic):
    """The last bytes of the request follow when `meanwhile` has returned. A chunk must not be cut by it."""

    byte_count: int
    meanwhile: Callable[[], None]

    def begin(self, request: bytes, upstream: socket.socket) -> bytes:
        upstream.sendall(request[: -self.byte_count])
        self.meanwhile()
        return request[-self.byte_count :]


@dataclass(frozen=True)
class LimitData(Toxic):
    """The connection is closed after so many bytes of the answer, its head included."""

    byte_count: int

    def bend(self, flow: Flow, around: ExchangeContext) -> Flow:
        head = flow.head[: self.byte_count]
        return Flow(head, cut(flow.pieces, self.byte_count - len(head)), closes=True)


@dataclass(frozen=True)
class ResetPeer(Toxic):
    """The connection is reset after so many bytes of the body."""

    after_bytes: int = 0

    def bend(self, flow: Flow, around: ExchangeContext) -> Flow:
        return replace(flow, pieces=cut(flow.pieces, self.after_bytes, by_reset=True))


@dataclass(frozen=True)
class TruncateBody(Toxic):
    """The body ends after `keep` bytes; its head still announces all of it."""

    keep: int

    def bend(self, flow: Flow, around: ExchangeContext) -> Flow:
        return replace(flow, pieces=cut(flow.pieces, self.keep))


@dataclass(frozen=True)
class FlipByte(Toxic):
    """All bits of the byte at this place of the body are turned over."""

    at: int

    def bend(self, flow: Flow, around: ExchangeContext) -> Flow:
        return replace(flow, pieces=self._flipped(flow.pieces))

    def _flipped(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        begins = 0
        for piece in pieces:
            place = self.at - begins
            begins += len(piece)
            if 0 <= place < len(piece):
                yield piece[:place] + bytes([piece[place] ^ 0xFF]) + piece[place + 1 :]
            else:
                yield piece


@dataclass(frozen=True)
class Status(Toxic):
    code: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def instead(self, request: SeenRequest) -> bytes | None:
        lines = [f"HTTP/1.1 {self.code} Trouble", *(f"{name}: {value}" for name, value in self.headers.items())]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body


@dataclass(frozen=True)
class ReplaceJson(Toxic):
    value: object

    def instead(self, request: SeenRequest) -> bytes | None:
        body = json.dumps(self.value).encode()
        return Status(200, {"Content-Type": "application/json"}, body).instead(request)


@dataclass(frozen=True)
class Redirect(Toxic):
    url: str
    code: int = 302

    def instead(self, request: SeenRequest) -> bytes | None:
        return Status(self.code, {"Location": self.url}).instead(request)


class DuplicatePage(Toxic):
    """The answer that the request before it got, of those that the same rule is about."""

    def __init__(self) -> None:
        self._previous: bytes | None = None

    def instead(self, request: SeenRequest) -> bytes | None:
        return self._previous

    def remember(self, answer: bytes) -> None:
        self._previous = answer


def cut(pieces: Iterator[bytes], count: int, *, by_reset: bool = False) -> Iterator[bytes]:
    left = count
    for piece in pieces:
        if len(piece) > left:
            if left:
                yield piece[:left]
            break
        left -= len(piece)
        yield piece
    raise Cut(by_reset=by_reset)


@dataclass
class Rule:
    """Which answers a toxic is for; `matched` counts the requests that it could have been for."""

    toxic: Toxic
    method: str | None
    path: re.Pattern[str]
    body: re.Pattern[bytes]
    at: frozenset[int] | None
    every: int | None
    matched: int = 0

    def concerns(self, request: SeenRequest) -> bool:
        is_method = self.method in {None, request.method}
        return is_method and bool(self.path.search(request.target)) and bool(self.body.search(request.body))

    def is_due(self) -> bool:
        self.matched += 1
        if self.at is not None:
            return self.matched in self.at
        return self.every is None or self.matched % self.every == 0


class FaultProxy(Listener):
    """Stands before a server. A test steers it with `add` and `clear` and looks at `requests`."""

    def __init__(self, upstream: str, seed: int = 0) -> None:
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._rules: list[Rule] = []
        self._seed = seed
        super().__init__()

    def add(
        self,
        toxic: Toxic,
        *,
        method: str | None = None,
        path: str = "",
        body: str = "",
        at: int | Iterable[int] | None = None,
        every: int | None = None,
    ) -> Rule:
        """Spoil answers with this toxic.

        Args:
            toxic: what to do.
            method: only for requests with it.
            path: a pattern found in the target, query included.
            body: a pattern found in the request's body.
            at: only the first, third … of the requests that all of this is about, counted from 1.
            every: only every so many of them.
        """
        places = None if at is None else frozenset([at] if isinstance(at, int) else at)
        rule = Rule(toxic, method, re.compile(path), re.compile(body.encode()), places, every)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Let everything through again."""
        with self._lock:
            self._rules.clear()

    def serve(self, connection: socket.socket, number: int) -> None:
        around = ExchangeContext(self.wait, random.Random(f"{self._seed}:{number}"))
        stream = connection.makefile("rb")
        with socket.create_connection(self._upstream) as upstream:
            answers = upstream.makefile("rb")
            try:
                while True:
                    request, head, body = read_request(stream, number)
                    rules, toxics = self._toxics_for(request)
                    answer = next((whole for toxic in toxics if (whole := toxic.instead(request))), None)
                    if answer is not None:
                        connection.sendall(answer)
                        continue
                    message = head + body
                    for toxic in toxics:
                        message = toxic.begin(message, upstream)
                    upstream.sendall(message)
                    flow = self._receive(answers, request, rules)
                    for toxic in toxics:
                        flow = toxic.bend(flow, around)
                    deliver(connection, flow)
                    if flow.closes:
                        return
            except Cut as end:
                stream.close()
                if end.by_reset:
                    reset(connection)

    def _toxics_for(self, request: SeenRequest) -> tuple[list[Rule], list[Toxic]]:
        with self._lock:
            self.requests.append(request)
            rules = [rule for rule in self._rules if rule.concerns(request)]
            return rules, [rule.toxic for rule in rules if rule.is_due()]

    def _receive(self, answers: BinaryIO, request: SeenRequest, rules: list[Rule]) -> Flow:
        flow = receive(answers, request)
        duplicates = [rule.toxic for rule in rules if isinstance(rule.toxic, DuplicatePage)]
        if not duplicates:
            return flow
        pieces = list(flow.pieces)
        framed = frame(flow.head)
        for duplicate in duplicates:
            duplicate.remember(flow.head + b"".join(map(framed, [*pieces, b""])))
        return replace(flow, pieces=iter(pieces))


def receive(answers: BinaryIO, request: SeenRequest) -> Flow:
    """Read an answer's head; its body follows as it is taken."""
    head = read_head(answers)
    first, headers = parse_head(head)
    status = int(first.split(" ")[1])
    if status == 100:
        return receive(answers, request)
    if request.method == "HEAD" or status in {204, 304}:
        return Flow(head, iter(()))
    raw = raw_body(answers, headers, default_length=None)
    has_length = is_chunked(headers) or "content-length" in headers
    pieces = (part for chunk in raw for part in unchunked(chunk) if part) if is_chunked(headers) else raw
    return Flow(head, pieces, closes=not has_length or headers.get("connection", "").lower() == "close")


def deliver(connection: socket.socket, flow: Flow) -> None:
    framed = frame(flow.head)
    connection.sendall(flow.head)
    for piece in flow.pieces:
        connection.sendall(framed(piece))
    connection.sendall(framed(b""))


def frame(head: bytes) -> Callable[[bytes], bytes]:
    """Say how the body's pieces go after this head; no bytes stand for the body's end."""
    if is_chunked(parse_head(head)[1]):
        return lambda piece: b"%x\r\n%b\r\n" % (len(piece), piece)
    return lambda piece: piece


@pytest.fixture
def fault_proxy() -> Iterator[Callable[[str], FaultProxy]]:
    """Make a proxy before the server at a URL."""
    with ExitStack() as proxies:

        def make(upstream: str) -> FaultProxy:
            proxy = FaultProxy(upstream)
            proxies.callback(proxy.close)
            return proxy

        yield make


@pytest.fixture
def recording_server() -> Iterator[RecordingServer]:
    server = RecordingServer()
    yield server
    server.close()
