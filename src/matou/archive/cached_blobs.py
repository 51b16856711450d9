"""Blobs of an archive in a bucket: what this machine was asked for lies in its folder, and all of them in the bucket.

A blob has its digest for a name, so whatever comes from the bucket is checked by it before anybody is given it.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from matou.errors import Damaged, NotFound
from matou.storage.base import Store
from matou.storage.files import FileStore, StagedFile, chunks_of

PREFIX = "blobs/objects/"


class DamagedInBucket(Damaged):
    """What lies in the bucket is not what was put there."""


class _StagedTwice(StagedFile):
    """A file that is there once the bucket has it."""

    def __init__(self, store: "CachedBlobs", bucket: Store) -> None:
        super().__init__(store)
        self._bucket = bucket

    def publish(self, key: str, /) -> None:
        self.flush()
        with self._path.open("rb") as file:
            self._bucket.put(PREFIX + key, file)
        super().publish(key)


class CachedBlobs(FileStore):
    """A store in a bucket, of which this machine has a part.

    Args:
        root: where that part lies.
        staging: as of a `FileStore`.
        bucket: where all of them are.
    """

    def __init__(self, root: Path, *, staging: Path, bucket: Store) -> None:
        super().__init__(root, staging=staging)
        self._bucket = bucket

    def stage(self) -> StagedFile:
        return _StagedTwice(self, self._bucket)

    def put_many(self, items: Mapping[str, bytes]) -> None:
        self._bucket.put_many({PREFIX + key: data for key, data in items.items()})
        super().put_many(items)

    def create(self, key: str, data: bytes) -> None:
        self._bucket.create(PREFIX + key, data)
        super().create(key, data)

    def open(self, key: str) -> BinaryIO:
        return self.local_file(key).open("rb")

    def local_file(self, key: str) -> Path:
        """The file of this machine, got from the bucket where it has none. Raises NotFound, DamagedInBucket."""
        path = self.path(key)
        with suppress(FileNotFoundError):
            os.utime(path)
            return path
        self._bring(key)
        return path

    def exists(self, key: str) -> bool:
        return super().exists(key) or self._bucket.exists(PREFIX + key)

    def size(self, key: str) -> int:
        with suppress(NotFound):
            return super().size(key)
        return self._bucket.size(PREFIX + key)

    def iterate(self, prefix: str = "") -> Iterator[str]:
        return (key.removeprefix(PREFIX) for key in self._bucket.iterate(PREFIX + prefix))

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        return ((key.removeprefix(PREFIX), size) for key, size in self._bucket.sizes(PREFIX + prefix))

    def local_sizes(self) -> Iterator[tuple[str, int]]:
        """Of those that this machine has."""
        return super().sizes()

    def delete(self, key: str) -> None:
        self._bucket.delete(PREFIX + key)
        with suppress(NotFound):
            super().delete(key)

    def _bring(self, key: str) -> None:
        hashed = hashlib.sha256()
        with StagedFile(self) as staged, self._bucket.open(PREFIX + key) as source:
            for chunk in chunks_of(source):
                hashed.update(chunk)
                staged.write(chunk)
            if hashed.hexdigest() != key.rpartition("/")[2]:
                raise DamagedInBucket("{key} in the bucket has another digest than its name says", key=PREFIX + key)
            staged.publish(key)
