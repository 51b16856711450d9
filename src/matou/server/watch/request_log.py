"""Each answer bears its request's id, is counted, and where the operator wants it is a line in the log.

A query is never logged: signed links and what people look for stand there. Nor is a header.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matou.git.process.child_counts import ChildCounts
from matou.server.errors import answer_for
from matou.server.origin import client_address
from matou.server.streaming import PLAIN_TEXT, header, send_answer
from matou.server.watch.request_counts import RequestCounts
from matou.server.watch.requests import ID_HEADER, RequestFacts, current_request, request_id_of
from matou.server.watch.tracing import Tracing

log = structlog.get_logger(__name__)

LONGEST_PATH: Final = 1024
LONGEST_METHOD: Final = 20
_UNSAFE: Final = re.compile(rb"[^!-~]")


class RequestLog:
    """The outermost but for what only adds headers: it sees every answer, that to a fault of ours too."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        counts: RequestCounts,
        children: ChildCounts,
        writes_lines: bool,
        tracing: Tracing | None = None,
    ) -> None:
        self._app = app
        self._counts = counts
        self._children = children
        self._writes_lines = writes_lines
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = RequestFacts(request_id_of(scope))
        answer = _Answer(send, request.id)
        begun, previous = time.perf_counter(), current_request.set(request)
        try:
            with self._children.in_force(), self._traced(scope, request, answer):
                await self._app(scope, receive, answer.send)
        except Exception as error:
            await answer.finish_with(error)
            raise
        finally:
            seconds = time.perf_counter() - begun
            self._counts.count(request.route, scope["method"], answer.status, seconds=seconds)
            if self._writes_lines:
                _write_line(scope, request, answer, seconds=seconds)
            current_request.reset(previous)

    @contextmanager
    def _traced(self, scope: Scope, request: RequestFacts, answer: "_Answer") -> Iterator[None]:
        if self._tracing is None:
            yield
            return
        with self._tracing.request(scope, request) as finish:
            try:
                yield
            finally:
                finish(answer.status)


class _Answer:
    """Counts what is sent."""

    def __init__(self, send: Send, identifier: str) -> None:
        self._send = send
        self._header = (ID_HEADER, identifier.encode("ascii"))
        self._file_bytes = 0
        self.status: int | None = None
        self.bytes = 0

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self.status = message["status"]
            headers = [pair for pair in message.get("headers", ()) if pair[0] != ID_HEADER]
            self._file_bytes = _length_in(headers)
            message = {**message, "headers": [*headers, self._header]}
        await self._send(message)
        if kind == "http.response.body":
            self.bytes += len(message.get("body", b""))
        elif kind == "http.response.pathsend":  # the web server sends the file itself
            self.bytes += self._file_bytes

    async def finish_with(self, error: Exception) -> None:
        if self.status is None:
            failure = answer_for(error)
            await send_answer(self.send, failure.status, (PLAIN_TEXT, *failure.headers), f"{failure.text}\n".encode())


def _length_in(headers: list[tuple[bytes, bytes]]) -> int:
    text = header(headers, b"content-length")
    return int(text) if text.isdigit() else 0


def _write_line(scope: Scope, request: RequestFacts, answer: _Answer, *, seconds: float) -> None:
    log.info(
        "request",
        method=_printable(scope["method"].encode("latin-1", "replace"), LONGEST_METHOD),
        path=_printable(scope["raw_path"], LONGEST_PATH),
        status=answer.status,
        bytes=answer.bytes,
        milliseconds=round(seconds * 1000, 1),
        user=request.user or None,
        client=client_address(scope) or None,
    )


def _printable(text: bytes, longest: int) -> str:
    """What the client wrote, in ASCII without blanks and controls, as URLs write it; what is cut off is said."""
    safe = _UNSAFE.sub(lambda found: b"%%%02X" % ord(found[0]), text[: longest + 1]).decode("ascii")
    return safe if len(safe) <= longest else safe[:longest] + "…"
