"""The way to one source's git: counted, watched, and given up at once when the run is."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from matou.concurrency import CancellationToken
from matou.errors import TryLater
from matou.git.wire.client import RemoteError
from matou.git.wire.transport import GitHttpResponse, GitTransport
from matou.transfer.backup.report import ProgressListener
from matou.transfer.common.transports import Readable

NOTEWORTHY_BYTES = 1024 * 1024


@dataclass
class RequestCounter:
    """How many requests were made. May be counted by several threads."""

    count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, requests: int = 1) -> None:
        with self._lock:
            self.count += requests


@dataclass
class TrackedTransport:
    """A transport for one repository of a run.

    Attributes:
        url: the repository at the source.
        path: what the progress calls it.
        lfs_url: where its LFS objects are asked for, where that is another address.
        received_bytes: all that came.
        broke_off: the last answer had begun and then broke off, which the session, unlike all before, does not repeat.
        said_why: the last answer said in words that it gives nothing.
        was_repeated: the last request failed before its answer began, and the session has lost patience with it.
    """

    transport: GitTransport
    url: str
    path: str
    cancellation: CancellationToken
    requests: RequestCounter
    progress: ProgressListener
    lfs_url: str = ""
    received_bytes: int = 0
    broke_off: bool = False
    said_why: bool = False
    was_repeated: bool = False
    _reported_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def exchange(self, url: str, service: str, body: bytes, *, protocol: int = 2) -> Iterator[GitHttpResponse]:
        self.cancellation.check()
        self.requests.add()
        self.broke_off = self.said_why = self.was_repeated = False
        with ExitStack() as opened:
            try:
                answer = opened.enter_context(self.transport.exchange(url, service, body, protocol=protocol))
            except TryLater:
                self.was_repeated = True
                raise
            try:
                yield _Watched(answer, self)
            except TryLater as error:
                self.said_why = isinstance(error, RemoteError)
                self.broke_off = not self.said_why
                raise

    def advertise(self, url: str, service: str) -> bytes:
        self.cancellation.check()
        self.requests.add()
        return self.transport.advertise(url, service)

    def watched(self, content: Readable) -> Readable:
        """Content that comes another way, for the same repository."""
        return _Watched(content, self)

    def note(self, size_bytes: int) -> None:
        """Count what came; raises Cancelled where the run is being given up."""
        self.cancellation.check()
        with self._lock:
            self.received_bytes += size_bytes
            news = self.received_bytes - self._reported_bytes
            if news < NOTEWORTHY_BYTES:
                return
            self._reported_bytes = self.received_bytes
        self.progress.received(self.path, news)

    def report_remaining(self) -> None:
        """Tell the progress of what came since it was last told."""
        with self._lock:
            news, self._reported_bytes = self.received_bytes - self._reported_bytes, self.received_bytes
        self.progress.received(self.path, news)


class _Watched:
    """An answer whose every piece is counted."""

    def __init__(self, answer: Readable, channel: TrackedTransport) -> None:
        self._answer = answer
        self._channel = channel

    def read(self, size: int = -1, /) -> bytes:
        content = self._answer.read(size)
        self._channel.note(len(content))
        return content
