"""Fetches attachments and assets: from the hosts where a platform keeps them, without telling these who we are."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

import msgspec

from matou.archive.blobs import BlobStore
from matou.concurrency import Cancelled
from matou.errors import MatouError, Refused, TryLater
from matou.fs import WriteFailed
from matou.http.addresses import parse_address
from matou.http.responses import AnsweredRefused, RedirectRefused
from matou.http.session import Session
from matou.http.streams import Stream
from matou.http.tokens import is_dead
from matou.model.file_types import TEXT, type_of
from matou.model.platform import Record
from matou.platforms.base.metadata import FileRequest
from matou.platforms.base.source import RecordSink
from matou.storage.files import CHUNK_BYTES

MOST_REDIRECTS: Final = 2
MOST_FAILURES: Final = 3
"""A host that failed so often, one after another, is not asked again in this run."""

REQUEST: Final = "attachment"
"""How the receipt of a file is called among the records."""

_LOOKED_AT_BYTES: Final = 64 * 1024
_PAGE_BEGINS: Final = (b"<!doctype html", b"<html")


class FileRefused(Refused):
    """A file is not fetched from where it is said to be."""


class AttachmentTooLarge(Refused):
    """A file has more bytes than a person wants to have of one; it is left out, and nothing is wrong with that.

    Attributes:
        announced_bytes: how many it has, where its server says so.
    """

    def __init__(self, limit_bytes: int, *, announced_bytes: int | None = None) -> None:
        super().__init__("it has more than {limit} bytes", limit=limit_bytes)
        self.announced_bytes = announced_bytes


class PageInsteadOfFile(Refused):
    """A page for people came, which asks them to log in, say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedFile:
    """What became of a file: the blob that has its bytes, or why there is none.

    Attributes:
        missing: why the platform does not give it; it is asked for again in sweeps alone.
        fault: why it could not be had now; it is asked for again by the next run.
    """

    sha256: str | None = None
    size: int | None = None
    type: str | None = None
    missing: str | None = None
    fault: MatouError | None = None

    @property
    def is_left_out(self) -> bool:
        """Whether it has more bytes than are wanted of one."""
        return self.sha256 is None and self.missing is None and self.fault is None


class Requested(Protocol):
    """How a file is asked for, given an address that is valid for some minutes, where there is one."""

    def __call__(self, signed: str | None, /) -> FileRequest: ...


class FileSource(Protocol):
    """What gives files: the platform's hosts, or what was noted of them when they did."""

    def fetch(self, url: str, name: str, request: Requested, signed: str | None) -> FetchedFile: ...


@dataclass(slots=True)
class FileFetcher:
    """Fetches files into blobs. May be used by several threads.

    Attributes:
        api: the address of the platform's API: no other origin is told the credential.
        limit_bytes: of one file; None for any.
    """

    session: Session
    blobs: BlobStore
    api: str
    record: RecordSink
    now: Callable[[], datetime]
    limit_bytes: int | None = None
    received_bytes: int = 0
    _failures: "Counter[str]" = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fetch(self, url: str, name: str, request: Requested, signed: str | None) -> FetchedFile:
        """Fetch a file, and note what became of it among the records.

        Raises:
            Cancelled, WriteFailed, BadCredential: nothing more can be had of anything.
        """
        try:
            fetched = self._fetched(name, request, signed)
        except (Cancelled, WriteFailed):
            raise
        except AttachmentTooLarge as fault:
            fetched = FetchedFile(size=fault.announced_bytes)
        except TryLater as fault:
            fetched = FetchedFile(fault=fault)
        except MatouError as fault:
            if is_dead(fault):
                raise
            fetched = FetchedFile(missing=str(fault.fact))
        self.record(Record(self.now(), REQUEST, {"url": url}, 200, receipt_of(fetched)))
        return fetched

    def _fetched(self, name: str, request: Requested, signed: str | None) -> FetchedFile:
        try:
            return self._download(name, request(signed))
        except AnsweredRefused:
            if signed is None:
                raise
        # What is signed expires; the platform is asked for another address.
        return self._download(name, request(None))

    def _download(self, name: str, request: FileRequest) -> FetchedFile:
        host = parse_address(request.url).origin.host
        if self._failures[host] >= MOST_FAILURES:
            raise TryLater("{host} failed several times, one after another, and was not asked again", host=host)
        try:
            with ExitStack() as stack:
                fetched = self._stored(name, self._opened(request, stack))
        except TryLater:
            with self._lock:
                self._failures[host] += 1
            raise
        with self._lock:
            self._failures[host] = 0
            self.received_bytes += fetched.size or 0
        return fetched

    def _opened(self, request: FileRequest, stack: ExitStack) -> Stream:
        url = request.url
        for left in range(MOST_REDIRECTS, -1, -1):
            self._require_allowed(url, request)
            is_own = parse_address(url).origin == parse_address(self.api).origin
            try:
                return stack.enter_context(
                    self.session.open(
                        "GET",
                        url,
                        repeatable=True,
                        headers=request.headers,
                        authorization=request.authorization if is_own else None,
                        redirects=0,
                    )
                )
            except RedirectRefused as refusal:
                if not left:
                    raise
                url = parse_address(url).resolve(refusal.answer.headers["location"]).url
        raise AssertionError  # with none left, the redirect was raised

    def _require_allowed(self, url: str, request: FileRequest) -> None:
        origin, api = parse_address(url).origin, parse_address(self.api).origin
        if origin == api:
            return
        if origin.scheme != "https" and api.scheme == "https":
            raise FileRefused("{origin} is not encrypted", origin=str(origin))
        if not any(_is_among(origin.host, name) for name in request.hosts):
            raise FileRefused("{origin} is no place where the platform keeps files", origin=str(origin))

    def _require_small(self, stream: Stream) -> None:
        """Raises AttachmentTooLarge, before anything of it is read, where the server says how long it is."""
        length = stream.headers.get("content-length", "")
        is_plain = "content-encoding" not in stream.headers and length.isascii() and length.isdigit()
        if is_plain and self.limit_bytes is not None and int(length[:20]) > self.limit_bytes:
            raise AttachmentTooLarge(self.limit_bytes, announced_bytes=int(length[:20]))

    def _stored(self, name: str, stream: Stream) -> FetchedFile:
        self._require_small(stream)
        pieces = iter(lambda: stream.read(CHUNK_BYTES), b"")
        head = bytearray()
        for piece in pieces:
            head += piece
            if len(head) >= _LOOKED_AT_BYTES:
                break
        media_type = _media_type(bytes(head[:_LOOKED_AT_BYTES]))
        _require_no_page(bytes(head), name, stream)
        counted = _Counted(self.limit_bytes)
        sha256 = self.blobs.put_stream(counted.passing(bytes(head), pieces))
        return FetchedFile(sha256=sha256, size=counted.size, type=media_type)


@dataclass(slots=True)
class _Counted:
    limit_bytes: int | None
    size: int = 0

    def passing(self, head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
        for piece in (head, *()):
            yield self._counted(piece)
        for piece in rest:
            yield self._counted(piece)

    def _counted(self, piece: bytes) -> bytes:
        self.size += len(piece)
        if self.limit_bytes is not None and self.size > self.limit_bytes:
            raise AttachmentTooLarge(self.limit_bytes)
        return piece


def _is_among(host: str, name: str) -> bool:
    return host == name or (name.startswith(".") and host.endswith(name))


def _media_type(head: bytes) -> str | None:
    file_type = type_of(head)
    return None if file_type is None else file_type.media_type


def _require_no_page(head: bytes, name: str, stream: Stream) -> None:
    """Whoever is not logged in is shown a page, with status 200: kept as a picture, it would verify for ever."""
    if name.lower().endswith((".html", ".htm")) or "html" not in stream.content_type:
        return
    if type_of(head[:_LOOKED_AT_BYTES]) is TEXT and head.lstrip()[:20].lower().startswith(_PAGE_BEGINS):
        raise PageInsteadOfFile("a page for people came in its place")


def receipt_of(fetched: FetchedFile) -> bytes:
    """What the records say of a file: its bytes are a blob."""
    if fetched.fault is not None:
        return msgspec.json.encode({"later": str(fetched.fault)})
    values: Mapping[str, object] = {
        "sha256": fetched.sha256,
        "size": fetched.size,
        "type": fetched.type,
        "missing": fetched.missing,
    }
    return msgspec.json.encode({name: value for name, value in values.items() if value is not None})
