"""What a platform answered, as received but for secrets: JSON lines in Zstandard frames (docs/archive-format.md)."""

import base64
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import zstandard

from matou.credentials import Secret
from matou.errors import Damaged, MatouError
from matou.fs import translate_os_errors
from matou.http.redaction import ELLIPSIS
from matou.http.withholding import withhold, withhold_parameters
from matou.model.decodable import decodable
from matou.model.platform import Record

FRAME_BYTES = 1024 * 1024
"""A frame is closed when it holds that much, so a crash costs at most that much of what was said."""

READ_BYTES = 16 * 1024
"""Small, since a few bytes may stand for many."""


class DamagedRecords(Damaged):
    """A file of records that cannot be read to its end."""


class _Cut(MatouError):
    """The file ends before its end, or holds what no record has."""


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    at: datetime
    request: str
    parameters: dict[str, object]
    status: int
    body: str | dict[str, str]
    counts: dict[str, int] = {}


class RecordWriter:
    """Appends records to a file, without the secrets that are in them. May be called from several threads.

    `close` makes them durable.

    Args:
        own: what let us in: a platform may say it back, wherever it likes.
    """

    def __init__(self, path: Path, *, own: Secret | None = None) -> None:
        self._path = path
        self._own = own.reveal().encode() if own else b""
        self._lock = threading.Lock()
        self._pending = bytearray()
        with translate_os_errors(path):
            self._file = path.open("ab")

    def __call__(self, record: Record, /) -> None:
        body = withhold(record.body, request=record.request)
        if self._own:
            body = body.replace(self._own, ELLIPSIS.encode())
        parameters = withhold_parameters(record.parameters)
        at, counts = record.at.astimezone(UTC), dict(record.counts)
        line = _Line(at, record.request, parameters, record.status, _text_of(body), counts)
        encoded = msgspec.json.encode(line) + b"\n"
        with self._lock:
            self._pending += encoded
            if len(self._pending) >= FRAME_BYTES:
                self._write_frame()

    def flush(self) -> None:
        """Make durable what came so far: what else of the archive follows from it is not without it."""
        with self._lock, translate_os_errors(self._path):
            if self._pending:
                self._write_frame()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        with self._lock, translate_os_errors(self._path):
            if self._pending:
                self._write_frame()
            if not self._file.closed:
                os.fsync(self._file.fileno())
                self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write_frame(self) -> None:
        frame = zstandard.ZstdCompressor(write_checksum=True).compress(bytes(self._pending))
        with translate_os_errors(self._path):
            self._file.write(frame)
            self._file.flush()
        self._pending.clear()


def read_records(path: Path) -> Iterator[Record]:
    """Every record, in order; memory holds one line at a time.

    Raises:
        DamagedRecords: after the last record that could be read; the file of a run that was cut off may end so.
    """
    try:
        yield from (_record(line) for line in _lines(path))
    except (zstandard.ZstdError, ValueError, _Cut) as error:
        raise DamagedRecords("{path} cannot be read to its end: {reason}", path=path, reason=error) from error


def _lines(path: Path) -> Iterator[bytes]:
    rest = b""
    for chunk in _decompressed(path):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        raise _Cut("its last line is cut off")


def _decompressed(path: Path) -> Iterator[bytes]:
    """Frame after frame; the library's own reader takes a frame that was cut off for a whole one."""
    decompressor = zstandard.ZstdDecompressor()
    frame = decompressor.decompressobj()
    is_inside = False
    with path.open("rb") as file:
        while data := file.read(READ_BYTES):
            while data:
                yield frame.decompress(data)
                is_inside = not frame.eof
                data = frame.unused_data if frame.eof else b""
                frame = decompressor.decompressobj() if frame.eof else frame
    if is_inside:
        raise _Cut("its last frame is cut off")


def _record(text: bytes) -> Record:
    line = msgspec.json.decode(text, type=decodable(_Line))
    return Record(line.at, line.request, line.parameters, line.status, _bytes_of(line.body), line.counts)


def _text_of(body: bytes) -> str | dict[str, str]:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _bytes_of(body: str | dict[str, str]) -> bytes:
    if isinstance(body, str):
        return body.encode()
    if set(body) != {"base64"}:
        raise _Cut("a body has the keys {keys}", keys=", ".join(sorted(body)))
    return base64.b64decode(body["base64"], validate=True)
