"""Bytes under keys in a bucket: S3 and what speaks its protocol, Google's and Azure's, by obstore (extra `s3`).

Credentials come from the environment, under the names that each platform's own tools read (AWS_ACCESS_KEY_ID, say).
"""

import io
import itertools
import re
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Self

from matou.errors import Conflict, Invalid, MatouError, NotFound, Refused, TryLater
from matou.storage.base import InvalidKey
from matou.storage.chunks import ChunkReader
from matou.storage.files import chunks_of

if TYPE_CHECKING:
    from datetime import timedelta
    from types import TracebackType

    from obstore.store import ObjectStore
    from typing_extensions import Buffer

PART_BYTES = 16 * 1024 * 1024
"""S3 takes 10,000 parts, so that an object may have 160 GB."""
PARTS_AT_ONCE = 3
RANGE_BYTES = 8 * 1024 * 1024
RANGES_AT_ONCE = 4
SMALLEST_IN_RANGES = 2 * RANGE_BYTES
SPOOLED_BYTES = 8 * 1024 * 1024
LONGEST_MESSAGE = 300

_QUERY = re.compile(r"\?\S*")
_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_REFUSALS = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"})


class BucketRefused(Refused):
    """The bucket's server did not take our credential, or it may not do this."""


class NoSuchBucket(NotFound):
    """There is no bucket of that name."""


class BucketAway(TryLater):
    """The bucket's server does not answer, or not as it should, however often it was asked."""


class BucketStore:
    """A store in a bucket, below a prefix.

    Args:
        objects: obstore's, which waits and asks again by itself.
        name: for people.
    """

    def __init__(self, objects: "ObjectStore", *, name: str) -> None:
        self._objects = objects
        self._name = name

    def stage(self) -> "StagedUpload":
        return StagedUpload(self)

    def put(self, key: str, source: BinaryIO | Iterable[bytes]) -> int:
        """Small ones go in one request, others in parts; there is nothing under the key until the last one is there."""
        import obstore

        _require_key(key)
        counted = _Counted(chunks_of(source))
        first = counted.take(PART_BYTES)
        with self._translated(key):
            if len(first) < PART_BYTES:
                obstore.put(self._objects, key, first, use_multipart=False)
            else:
                parts = itertools.chain([first], counted)
                obstore.put(self._objects, key, parts, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE)
        return counted.size

    def put_soon(self, key: str, source: BinaryIO | Iterable[bytes], *, mode: int = 0) -> int:  # noqa: ARG002
        """As `put`: what a bucket has taken is durable."""
        return self.put(key, source)

    def put_many(self, items: Mapping[str, bytes]) -> None:
        for key in items:
            _require_key(key)
        for key, data in items.items():
            self.put(key, [data])

    def flush(self) -> None:
        """Nothing waits."""

    def make_folder(self, key: str) -> None:
        """There are none."""

    def remove_folder(self, key: str) -> None:
        """There are none."""

    def create(self, key: str, data: bytes) -> None:
        import obstore

        _require_key(key)
        with self._translated(key):
            obstore.put(self._objects, key, data, mode="create")

    def open(self, key: str) -> BinaryIO:
        import obstore

        _require_key(key)
        with self._translated(key):
            found = obstore.get(self._objects, key)
            size, chunks = found.meta["size"], iter(found.stream())
        return io.BufferedReader(
            ChunkReader(self._ranges(key, size) if size > SMALLEST_IN_RANGES else self._read(key, chunks))
        )

    def exists(self, key: str) -> bool:
        try:
            self.size(key)
        except NoSuchBucket:
            raise
        except NotFound:
            return False
        return True

    def size(self, key: str) -> int:
        import obstore

        _require_key(key)
        with self._translated(key):
            return obstore.head(self._objects, key)["size"]

    def iterate(self, prefix: str = "") -> Iterator[str]:
        return iter(sorted(key for key, _ in self.sizes(prefix)))

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """What is under a name that no key has, as others may have put it there, is passed over."""
        import obstore

        below = prefix.rstrip("/") or None
        with self._translated(prefix):
            for batch in obstore.list(self._objects, below):
                yield from ((found["path"], found["size"]) for found in batch if _is_key(found["path"]))

    def delete(self, key: str) -> None:
        import obstore

        self.size(key)
        with self._translated(key):
            obstore.delete(self._objects, key)

    def link(self, key: str, lifetime: "timedelta") -> str:
        """An address from which whoever has it gets what is under the key; nothing is asked of the bucket.

        Raises BucketRefused where this bucket knows no such thing.
        """
        import obstore
        from obstore.store import AzureStore, GCSStore, S3Store

        _require_key(key)
        if not isinstance(self._objects, S3Store | GCSStore | AzureStore):
            raise BucketRefused("the bucket {name} gives no links", name=self._name)
        with self._translated(key):
            return obstore.sign(self._objects, "GET", key, lifetime)

    def _read(self, key: str, chunks: "Iterator[Buffer]") -> Iterator[bytes]:
        with self._translated(key):
            for chunk in chunks:
                yield bytes(memoryview(chunk))

    def _ranges(self, key: str, size: int) -> Iterator[bytes]:
        """A large one in pieces side by side, none of which takes so long that it would be given up."""
        with ThreadPoolExecutor(RANGES_AT_ONCE) as pool:
            starts = iter(range(0, size, RANGE_BYTES))
            waiting = deque(pool.submit(self._range, key, start, size) for start in islice(starts, RANGES_AT_ONCE))
            while waiting:
                piece = waiting.popleft().result()
                waiting.extend(pool.submit(self._range, key, start, size) for start in islice(starts, 1))
                yield piece

    def _range(self, key: str, start: int, size: int) -> bytes:
        import obstore

        end = min(start + RANGE_BYTES, size)
        with self._translated(key):
            return bytes(memoryview(obstore.get_range(self._objects, key, start=start, end=end)))

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            raise self._translation(error, key) from None

    def _translation(self, error: Exception, key: str) -> MatouError:
        """Without its cause: what obstore tells names addresses, and some of them hold signatures."""
        from obstore.exceptions import (
            AlreadyExistsError,
            PermissionDeniedError,
            PreconditionError,
            UnauthenticatedError,
        )

        text = str(error)
        code = match[1] if (match := _CODE.search(text)) else ""
        message = _QUERY.sub("", text.partition("\n")[0])[:LONGEST_MESSAGE]
        if code == "NoSuchBucket":
            return NoSuchBucket("there is no bucket {name}", name=self._name)
        if isinstance(error, FileNotFoundError):
            return NotFound("there is nothing under the key {key}", key=key)
        if isinstance(error, AlreadyExistsError | PreconditionError):
            return Conflict("something stands under the key {key}", key=key)
        if isinstance(error, PermissionDeniedError | UnauthenticatedError) or code in _REFUSALS:
            return BucketRefused(
                "the bucket {name} refused it: {reason}",
                name=self._name,
                reason=code or message,
                advice="See that the access key is right, and that it may list, read and write there.",
            )
        return BucketAway("the bucket {name} does not do it: {reason}", name=self._name, reason=message)


class StagedUpload:
    """Bytes that wait for their key on this machine, since a bucket wants it first."""

    def __init__(self, store: BucketStore) -> None:
        self._store = store
        self._file = tempfile.SpooledTemporaryFile(SPOOLED_BYTES)  # noqa: SIM115 - closed as this is

    def write(self, data: bytes, /) -> int:
        return self._file.write(data)

    def publish(self, key: str, /) -> None:
        self._file.seek(0)
        self._store.put(key, chunks_of(self._file))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self._file.close()


class _Counted:
    """Bytes on their way, and how many they were."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            yield chunk

    def take(self, size: int) -> bytes:
        """At least so many, or all that there are."""
        taken = bytearray()
        for chunk in self:
            taken += chunk
            if len(taken) >= size:
                break
        return bytes(taken)


def _is_key(key: str) -> bool:
    return key.isascii() and key.isprintable() and all(part not in ("", ".", "..") for part in key.split("/"))


def _require_key(key: str) -> None:
    if not _is_key(key):
        raise InvalidKey("{key} cannot be the key of a file", key=repr(key)[:200])


class NoBucketLibrary(Invalid):
    """The optional library is not installed."""
