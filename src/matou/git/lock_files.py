"""A small file of a repository replaced as git replaces it: under `<name>.lock`, synced, renamed."""

import os
from pathlib import Path
from typing import Self

from matou.errors import TryLater


class RepositoryBusy(TryLater):
    """Another process holds a lock in this repository."""


class Replacement:
    """A file's next content, under git's own lock; without `publish` nothing changes.

    Raises:
        RepositoryBusy: on entering, where the lock is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = path.with_name(path.name + ".lock")

    def __enter__(self) -> Self:
        try:
            self._descriptor = os.open(self._lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except FileExistsError:
            raise RepositoryBusy("{lock} is held by another process", lock=self._lock) from None
        self._is_held = True
        return self

    def publish(self, content: bytes) -> None:
        """When this returns, the content survives a power cut; its name does once the folder is synced."""
        with os.fdopen(os.dup(self._descriptor), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self._lock.replace(self._path)
        self._is_held = False

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
        if self._is_held:
            self._lock.unlink()


def publish_file(path: Path, content: bytes) -> None:
    """Replace a file, for good.

    Raises:
        RepositoryBusy: another process holds the lock.
    """
    with Replacement(path) as replacement:
        replacement.publish(content)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
