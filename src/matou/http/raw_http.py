"""What we do with the private parts of http.client and urllib3: the only file that touches them.

urllib3's own time-outs begin anew with every byte that comes, so a server that drips its answer holds a thread for
ever. Here every receive is counted at the socket itself, headers and TLS included.

`tests/unit/http/test_raw_http.py` says which of them changed, and what that would break.
"""

import email.parser
import http.client
import io
import re
import socket
import threading
import time
import weakref
from collections.abc import Mapping
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection

from matou.errors import Phrase
from matou.http.request import TransferLimits

LONGEST_HEAD_LINE_BYTES = 65_536
MOST_HEAD_LINES = 101
SMALL_BODY_BYTES = 32 * 1024

_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)\r?\n")
_BODILESS = frozenset({http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED})


class TransferGuard:
    """What one attempt has taken so far. Socket time-outs are real time, hence the real clock."""

    __slots__ = (
        "_deadline",
        "_idle",
        "_limits",
        "_received",
        "_too_slow",
        "_waited",
        "connections",
        "was_sent_in_part",
    )

    def __init__(self, limits: TransferLimits, connections: weakref.WeakSet[HTTPConnection]) -> None:
        self.connections = connections
        self.was_sent_in_part = False
        self._limits = limits
        self._idle = limits.idle.total_seconds()
        self._deadline = time.monotonic() + limits.total.total_seconds() if limits.total else None
        self._waited = 0.0
        self._received = 0
        self._too_slow = False

    def allowance(self, now: float) -> float:
        """Say for how many seconds the next receive may wait; raises TimeoutError where the time is up."""
        if self._deadline is None:
            return self._idle
        if now >= self._deadline:
            raise TimeoutError
        return min(self._idle, self._deadline - now)

    def count(self, received: int, waited: float) -> None:
        """Note what a receive brought; raises TimeoutError where it has been too slow for too long."""
        self._received += received
        self._waited += waited
        if self._waited < self._limits.slow_for.total_seconds():
            return
        if self._received < self._waited * self._limits.slowest_bytes_per_second:
            self._too_slow = True
            raise TimeoutError
        self._received, self._waited = 0, 0.0

    def fault(self) -> Phrase:
        """Say which limit was met; the words are for the end of a sentence."""
        limits = self._limits
        if self._too_slow:
            return Phrase(
                "fewer than {slowest} bytes a second for {time}",
                slowest=limits.slowest_bytes_per_second,
                time=limits.slow_for,
            )
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return Phrase("not finished after {total}", total=limits.total)
        return Phrase("nothing came for {idle}", idle=limits.idle)


class _Current(threading.local):
    """urllib3 passes nothing of ours down to the connection; the thread that asks does."""

    watch: TransferGuard


current = _Current()


class GuardedReader(io.RawIOBase):
    """A socket's bytes, each receive within what the watch allows."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket, watch: TransferGuard) -> None:
        self._raw = raw
        self._connection = connection
        self._watch = watch
        self._allowance: float | None = None
        self.has_ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        before = time.monotonic()
        allowance = self._watch.allowance(before)
        if allowance != self._allowance:
            self._connection.settimeout(allowance)
            self._allowance = allowance
        count = self._raw.readinto(buffer) or 0
        self.has_ended = count == 0
        self._watch.count(count, time.monotonic() - before)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class CutHead(http.client.HTTPException):
    """The head ended before its empty line, or had a line that is no header."""


class GuardedResponse(http.client.HTTPResponse):
    """An answer that is read under watch, and whose head must be whole.

    http.client takes the end of the connection for the end of the head, and stops at a line that is no header: what
    is left looks like an answer without a body, or with one that may end anywhere.
    """

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self._is_head = method == "HEAD"
        self._reader = GuardedReader(self.fp.detach(), sock, current.watch)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        """As http.client's own, which spends most of its time on what only e-mail has in its headers."""
        version, self.status, reason = self._read_status()  # type: ignore[attr-defined]
        while self.status == http.HTTPStatus.CONTINUE:
            self._head_lines()
            version, self.status, reason = self._read_status()  # type: ignore[attr-defined]
        self.code, self.reason, self.version = self.status, reason.strip(), _version(version)
        self.headers = self.msg = _fields(self._head_lines())
        if self._reader.has_ended or self.headers.defects:
            raise CutHead
        self._plan_body()

    def _head_lines(self) -> list[bytes]:
        """Up to and with the empty line, or the end."""
        lines: list[bytes] = []
        while len(lines) < MOST_HEAD_LINES:
            line = self.fp.readline(LONGEST_HEAD_LINE_BYTES + 1)
            if len(line) > LONGEST_HEAD_LINE_BYTES:
                raise http.client.LineTooLong("header line")
            lines.append(line)
            if line in (b"\r\n", b"\n", b""):
                return lines
        raise CutHead

    def _plan_body(self) -> None:
        """How the end of the body is told (RFC 9112, 6.3), in the terms of http.client."""
        self.chunked = self.headers.get("transfer-encoding", "").lower() == "chunked"
        self.chunk_left = None
        self.will_close = self._check_close()  # type: ignore[attr-defined]
        length = self.headers.get("content-length", "").strip()
        self.length = int(length) if length.isdecimal() and not self.chunked else None
        if self.status in _BODILESS or self.status < http.HTTPStatus.OK or self._is_head:
            self.length = 0
        is_without_end = not self.chunked and self.length is None
        # What went next to where a request was sent in part would be taken for its rest.
        self.will_close = self.will_close or is_without_end or current.watch.was_sent_in_part


def _version(text: str) -> int:
    if text in ("HTTP/1.0", "HTTP/0.9"):
        return 10
    if text.startswith("HTTP/1."):
        return 11
    raise http.client.UnknownProtocol(text)


def _fields(lines: list[bytes]) -> http.client.HTTPMessage:
    """The fields of a head. What is not written as usual, the library reads; what it says of it is in `defects`."""
    matches = [_FIELD.fullmatch(line) for line in lines[:-1]]
    if None in matches:
        text = b"".join(lines).decode("iso-8859-1")
        return email.parser.Parser(_class=http.client.HTTPMessage).parsestr(text)
    message = http.client.HTTPMessage()
    for match in filter(None, matches):
        message[match[1].decode("ascii")] = match[2].decode("iso-8859-1")
    return message


class GuardedConnection(HTTPConnection):
    """Under guard from its first byte. Sends a head and a small body together: two packets wake both sides twice."""

    response_class = GuardedResponse
    _head: bytes | None = None
    _waits_for_body = False

    def connect(self) -> None:
        super().connect()
        current.watch.connections.add(self)

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        chunked: bool = False,
        preload_content: bool = True,
        decode_content: bool = True,
        enforce_content_length: bool = True,
    ) -> None:
        self._head = None
        self._waits_for_body = isinstance(body, bytes) and 0 < len(body) <= SMALL_BODY_BYTES
        super().request(
            method,
            url,
            body,
            headers,
            chunked=chunked,
            preload_content=preload_content,
            decode_content=decode_content,
            enforce_content_length=enforce_content_length,
        )

    def send(self, data: Any) -> None:
        if not self._waits_for_body:
            self._send(data)
        elif self._head is None:
            self._head = bytes(data)
        else:
            together, self._head, self._waits_for_body = self._head + data, None, False
            self._send(together)

    def _send(self, data: Any) -> None:
        """Let a server take what is sent as slowly as it may answer; urllib3 leaves it the time to connect.

        One that takes nothing any more may have answered already: too large, not allowed. After BrokenPipeError,
        which a connection that was closed for that raises by itself, urllib3 looks for an answer.
        """
        if self.sock is None:
            super().send(data)  # it connects first
            return
        self.sock.settimeout(current.watch.allowance(time.monotonic()))
        try:
            super().send(data)
        except TimeoutError as error:
            current.watch.was_sent_in_part = True
            raise BrokenPipeError from error


class GuardedTlsConnection(GuardedConnection, HTTPSConnection):
    """The same over TLS."""
