"""Bytes under their SHA-256: LFS objects, icons, snapshots, documents (docs/archive-format.md, "Blobs")."""

import hashlib
import re
import threading
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from matou.errors import Damaged
from matou.storage.base import Store
from matou.storage.files import chunks_of

MOST_WAITING = 200
WAITING_BYTES = 8 * 1024 * 1024
LONGEST_WAITING_BYTES = 256 * 1024

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class DamagedBlob(Damaged):
    """A blob's bytes do not have the digest that is its name."""


class UnexpectedDigest(Damaged):
    """What came in is not what it was said to be."""


class BlobStore:
    """Blobs are written once and never changed: a name that exists is a whole blob."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[str, bytes] = {}
        self._waiting_bytes = 0
        self._distrusted: set[str] = set()
        self._lock = threading.Lock()

    def distrust(self, digests: Iterable[str]) -> None:
        """Take these for missing until they are stored again: they are known to be damaged."""
        with self._lock:
            self._distrusted.update(digests)

    @property
    def distrusted(self) -> frozenset[str]:
        with self._lock:
            return frozenset(self._distrusted)

    def put_bytes(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        return digest if self.has(digest) else self.put_stream((data,))

    def put_soon(self, data: bytes) -> str:
        """As `put_bytes`, but there, and durable, only once `flush` has returned: many for the price of few.

        Until then it is in memory; WAITING_BYTES of such at the most.
        """
        digest = hashlib.sha256(data).hexdigest()
        if len(data) > LONGEST_WAITING_BYTES or self.has(digest):
            return self.put_bytes(data)
        with self._lock:
            self._waiting_bytes += 0 if digest in self._waiting else len(data)
            self._waiting[digest] = data
            is_full = self._waiting_bytes > WAITING_BYTES or len(self._waiting) >= MOST_WAITING
        if is_full:
            self.flush()
        return digest

    def flush(self) -> None:
        """Store durably what `put_soon` was given."""
        with self._lock:
            self._store.put_many({blob_key(digest): data for digest, data in self._waiting.items()})
            self._distrusted -= self._waiting.keys()
            self._waiting.clear()
            self._waiting_bytes = 0

    def put_stream(self, source: BinaryIO | Iterable[bytes], *, expected: str | None = None) -> str:
        """Store all bytes of a source under their digest, and say what it is.

        Raises:
            UnexpectedDigest: the digest is not `expected`; nothing is stored.
        """
        hashed = hashlib.sha256()
        with self._store.stage() as staged:
            for chunk in chunks_of(source):
                hashed.update(chunk)
                staged.write(chunk)
            digest = hashed.hexdigest()
            if expected is not None and digest != expected:
                raise UnexpectedDigest("blob {expected} came with digest {digest}", expected=expected, digest=digest)
            # Also over a blob that is there: if that one was damaged, it is now whole again.
            staged.publish(blob_key(digest))
        with self._lock:
            self._distrusted.discard(digest)
        return digest

    def open(self, digest: str) -> BinaryIO:
        """The bytes as they are on disk, not checked. Raises NotFound."""
        return self._store.open(blob_key(digest))

    def read(self, digest: str) -> bytes:
        """All bytes of a small blob, checked.

        Raises:
            NotFound: there is no such blob.
            DamagedBlob: it is not what it was.
        """
        with self.open(digest) as file:
            data = file.read()
        _require(digest, hashlib.sha256(data).hexdigest())
        return data

    def has(self, digest: str) -> bool:
        return digest not in self._distrusted and self._store.exists(blob_key(digest))

    def size(self, digest: str) -> int:
        """Bytes. Raises NotFound."""
        return self._store.size(blob_key(digest))

    def iterate(self) -> Iterator[str]:
        """The digests of all blobs, sorted. Files whose names are no digest are passed over; see `strangers`."""
        return (key.rpartition("/")[2] for key in self._store.iterate() if is_blob_key(key))

    def strangers(self) -> Iterator[str]:
        """Keys in the store that are not where a blob would be."""
        return (key for key in self._store.iterate() if not is_blob_key(key))

    def verify(self, digest: str) -> None:
        """Read a blob from end to end.

        Raises:
            NotFound: there is no such blob.
            DamagedBlob: it is not what it was.
        """
        with self.open(digest) as file:
            hashed = hashlib.sha256()
            for chunk in chunks_of(file):
                hashed.update(chunk)
        _require(digest, hashed.hexdigest())


def is_digest(text: str) -> bool:
    """Say whether a text could name a blob: 64 lower-case hexadecimal digits."""
    return _DIGEST.match(text) is not None


def is_blob_key(key: str) -> bool:
    name = key.rpartition("/")[2]
    return is_digest(name) and key == blob_key(name)


def blob_key(digest: str) -> str:
    if not is_digest(digest):
        raise Damaged("{digest} is not the digest of a blob", digest=repr(digest)[:100])
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def _require(digest: str, actual: str) -> None:
    if digest != actual:
        raise DamagedBlob("blob {digest} has the digest {found}", digest=digest, found=actual)
