"""What a platform answered with an ETag, kept below cache/: an unchanged answer is not sent again, and counts nothing.

As `records` are, it is without the secrets that were in it. What is lost is asked for anew.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Final, Self

import msgspec

from matou.archive.cache import FOLDER, read_whole, write_whole
from matou.archive.layout import Archive
from matou.caching import SizedCache
from matou.credentials import Secret
from matou.errors import MatouError
from matou.http.known_answers import etag_of
from matou.http.redaction import ELLIPSIS
from matou.http.responses import Answer
from matou.http.withholding import withhold
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED

LARGEST_PARTITION_BYTES: Final = 32 * 1024 * 1024
LARGEST_ANSWER_BYTES: Final = 4 * 1024 * 1024
MOST_PARTITIONS: Final = 8
"""Open at once. What is asked of one repository is asked in one go."""

_FORM: Final = "answers with their ETags, 1"
_JSON: Final = "application/json"


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    url: str
    etag: str
    body: bytes


@dataclass(slots=True)
class _Partition:
    """What belongs together; what was not asked for for longest goes first."""

    path: Path
    entries: OrderedDict[str, _Entry] = field(default_factory=OrderedDict)
    size: int = 0
    has_changed: bool = False
    lock: Lock = field(default_factory=Lock)

    def put(self, entry: _Entry) -> None:
        before = self.entries.pop(entry.url, None)
        self.entries[entry.url] = entry
        self.size += len(entry.body) - (len(before.body) if before else 0)
        self.has_changed = self.has_changed or before != entry
        while self.size > LARGEST_PARTITION_BYTES:
            _, gone = self.entries.popitem(last=False)
            self.size -= len(gone.body)


class AnswerCache:
    """The known answers of an archive: see `KnownAnswers`. `close` keeps what came.

    Args:
        own: what let us in: a platform may say it back.
    """

    def __init__(self, archive: Archive, *, own: Secret) -> None:
        self._root = archive.root
        self._own = own.reveal().encode()
        self._partitions: SizedCache[str, _Partition] = SizedCache(
            MOST_PARTITIONS, dropped=lambda _, partition: self._write(partition)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def find(self, partition: str, url: str, /) -> Answer | None:
        """See `KnownAnswers`."""
        opened = self._partition(partition)
        with opened.lock:
            entry = opened.entries.get(url)
            if entry is None:
                return None
            opened.entries.move_to_end(url)
        return Answer(200, {"etag": entry.etag, "content-type": _JSON}, entry.body)

    def keep(self, partition: str, url: str, answer: Answer, /, *, request: str) -> None:
        """See `KnownAnswers`. What is too long for it is asked for anew each time."""
        etag = etag_of(answer.headers)
        if etag is None or answer.status != 200 or len(answer.body) > LARGEST_ANSWER_BYTES:
            return
        body = withhold(answer.body, request=request)
        if self._own:
            body = body.replace(self._own, ELLIPSIS.encode())
        opened = self._partition(partition)
        with opened.lock:
            opened.put(_Entry(url, etag, body))

    def close(self) -> None:
        for name in self._partitions.list_keys():
            partition = self._partitions.pop(name)
            if partition is not None:
                self._write(partition)

    def _partition(self, name: str) -> _Partition:
        known = self._partitions.get(name)
        if known is not None:
            return known
        return self._partitions.setdefault(name, _read(known_answers_file(self._root, name)))

    def _write(self, partition: _Partition) -> None:
        """What cannot be written is no loss: the disk that is full is told by what must be kept."""
        with partition.lock:
            if not partition.has_changed:
                return
            partition.has_changed = False
            content = msgspec.msgpack.encode(list(partition.entries.values()))
        try:
            write_whole(partition.path, content, below=self._root, form=_FORM)
        except MatouError:
            return


def known_answers_file(root: Path, partition: str) -> Path:
    return root / FOLDER / "unchanged" / sha256(partition.encode()).hexdigest()[:40]


def _read(path: Path) -> _Partition:
    partition, content = _Partition(path), read_whole(path, form=_FORM)
    if content is not None:
        try:
            for entry in msgspec.msgpack.decode(content, type=decodable(list[_Entry])):
                partition.put(entry)
        except NOT_DECODED:
            return _Partition(path)
    partition.has_changed = False
    return partition
