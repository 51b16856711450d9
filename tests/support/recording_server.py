"""A local HTTP server that answers as a test says and remembers what it was asked."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

REASONS = {200: "OK", 206: "Partial Content", 301: "Moved Permanently", 302: "Found", 401: "Unauthorized"}


@dataclass(frozen=True)
class SeenRequest:
    """`headers` have their names in lower case; `body` is without chunk marks; `connection` counts from 1."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    at: float

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def has_authorization(self) -> bool:
        return "authorization" in self.headers

    def json(self) -> object:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What the server says.

    Attributes:
        content_length: announced, where it is not to be the body's.
        chunked: each of `pieces` goes as a chunk; the last mark is left out where `ends` is false.
        pieces: the body in parts; the body in one where it is None.
        delay: seconds before each piece.
        ends: whether the connection stays open after the body; otherwise it is closed.
        resets: whether it is closed by a reset.
        raw: sent as it is instead of everything else.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_length: int | None = None
    chunked: bool = False
    pieces: Sequence[bytes] | None = None
    delay: float = 0.0
    ends: bool = True
    resets: bool = False
    raw: Sequence[bytes] | None = None


Handler = Callable[[SeenRequest], Reply]


def json_reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


class Closed(Exception):
    """The other side went away."""


def read_request(stream: BinaryIO, connection: int) -> tuple[SeenRequest, bytes, bytes]:
    """Read one request: parsed, and its head and its body as they came.

    Raises:
        Closed: nothing more came, or less of a body than was announced.
    """
    head = read_head(stream)
    first, headers = parse_head(head)
    method, target, _ = first.split(" ", 2)
    raw = b"".join(raw_body(stream, headers, default_length=0))
    if not is_chunked(headers) and len(raw) != int(headers.get("content-length", "0")):
        raise Closed
    body = b"".join(unchunked(raw)) if is_chunked(headers) else raw
    return SeenRequest(method, target, headers, body, connection, time.monotonic()), head, raw


def read_head(stream: BinaryIO) -> bytes:
    lines: list[bytes] = []
    while line := stream.readline(65_536):
        lines.append(line)
        if line in {b"\r\n", b"\n"}:
            return b"".join(lines)
    raise Closed


def parse_head(head: bytes) -> tuple[str, Mapping[str, str]]:
    first, *rest = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in rest)
    return first, {name.strip().lower(): value.strip() for name, _, value in pairs}


def is_chunked(headers: Mapping[str, str]) -> bool:
    return "chunked" in headers.get("transfer-encoding", "").lower()


def raw_body(stream: BinaryIO, headers: Mapping[str, str], *, default_length: int | None) -> Iterator[bytes]:
    """Give a body's bytes as they come, chunk marks included; up to the end where no length is known."""
    if is_chunked(headers):
        yield from _raw_chunks(stream)
        return
    length = int(headers["content-length"]) if "content-length" in headers else default_length
    while length is None or length > 0:
        part = stream.read(65_536 if length is None else min(length, 65_536))
        if not part:
            return
        length = None if length is None else length - len(part)
        yield part


def _raw_chunks(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(65_536):
        size = int(line.partition(b";")[0], 16)
        yield line + stream.read(size + 2)
        if size == 0:
            return


def unchunked(raw: bytes) -> Iterator[bytes]:
    while raw:
        line, _, rest = raw.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        yield rest[:size]
        raw = rest[size + 2 :]


def reset(connection: socket.socket) -> None:
    """Close so that the other side sees a reset and not an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Listener:
    """Accepts connections on a port of 127.0.0.1 that the kernel chooses, and serves each in a thread of its own."""

    def __init__(self) -> None:
        self.requests: list[SeenRequest] = []
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.stopping = threading.Event()
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.stopping.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._lock:
            for connection in self._open:
                connection.close()
        self._thread.join(5)

    def wait(self, seconds: float) -> None:
        """Wait, but not after the test is over."""
        if self.stopping.wait(seconds):
            raise Closed

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(connection)
                number = self.connections
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.serve(connection, number)
        except (Closed, OSError, ValueError):
            pass  # the client, or the test, has gone
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def serve(self, connection: socket.socket, number: int) -> None:
        raise NotImplementedError


class RecordingServer(Listener):
    """Answers with `handler`, or with `replies` in order, of which the last is repeated."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.handler: Handler | None = None
        super().__init__()

    def serve(self, connection: socket.socket, number: int) -> None:
        stream = connection.makefile("rb")
        while True:
            request, _, _ = read_request(stream, number)
            with self._lock:
                self.requests.append(request)
                reply = self.handler(request) if self.handler else self._next()
            self._send(connection, request, reply)
            if not reply.ends or reply.raw is not None:
                stream.close()
                if reply.resets:
                    reset(connection)
                return

    def _next(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def _send(self, connection: socket.socket, request: SeenRequest, reply: Reply) -> None:
        if reply.raw is not None:
            for part in reply.raw:
                self.wait(reply.delay)
                connection.sendall(part)
            return
        connection.sendall(_head(reply))
        if request.method == "HEAD":
            return
        for piece in [reply.body] if reply.pieces is None else reply.pieces:
            if reply.delay:
                self.wait(reply.delay)
            connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if reply.chunked else piece)
        if reply.chunked and reply.ends:
            connection.sendall(b"0\r\n\r\n")


def _head(reply: Reply) -> bytes:
    length = len(reply.body) if reply.pieces is None else sum(map(len, reply.pieces))
    announced = length if reply.content_length is None else reply.content_length
    framing = {"Transfer-Encoding": "chunked"} if reply.chunked else {"Content-Length": str(announced)}
    lines = [f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Other')}"]
    lines += [f"{name}: {value}" for name, value in {**reply.headers, **framing}.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
