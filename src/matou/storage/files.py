"""Bytes under a key, on a local file system: staged, synced, and published by one rename."""

import contextlib
import fcntl
import functools
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from matou.errors import Conflict, NotFound
from matou.fs import NotWritable, flocked, make_folders, sync_folder, syncfs, translate_os_errors
from matou.storage.base import InvalidKey

CHUNK_BYTES = 1024 * 1024
SMALL_BYTES = 4096


class StagedFile:
    """A file in the staging folder, locked while it is written so that nobody clears it away."""

    def __init__(self, store: "FileStore", *, buffer_bytes: int = CHUNK_BYTES, mode: int = 0o444) -> None:
        self._store = store
        self._path = store.staging / f"staged-{secrets.token_hex(8)}"
        with translate_os_errors(store.root):
            if not store.staging.is_dir():
                store.staging.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        self._file = os.fdopen(descriptor, "wb", buffering=buffer_bytes)

    def write(self, data: bytes, /) -> int:
        with translate_os_errors(self._store.root):
            return self._file.write(data)

    def publish(self, key: str, /) -> None:
        self.flush()
        with translate_os_errors(self._store.root):
            os.fsync(self._file.fileno())
        sync_folder(self._publish(key, durably=True))

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        with translate_os_errors(self._store.root):
            self._file.flush()

    def place(self, key: str) -> None:
        """As `publish`, where the bytes are durable already and the caller makes the name so, with `syncfs`."""
        self._publish(key, durably=False)

    def create(self, key: str) -> None:
        """As `publish`, where nothing stands under the key. Raises Conflict."""
        self.flush()
        target = self._prepared(key, durably=True)
        try:
            with translate_os_errors(target):
                os.fsync(self._file.fileno())
                target.hardlink_to(self._path)
        except NotWritable as error:
            if not target.exists():
                raise
            raise Conflict("something stands under the key {key}", key=key) from error
        sync_folder(target.parent)

    def _publish(self, key: str, *, durably: bool) -> Path:
        target = self._prepared(key, durably=durably)
        with translate_os_errors(target):
            self._path.replace(target)
        return target.parent

    def _prepared(self, key: str, *, durably: bool) -> Path:
        """Where the bytes are to stand, in a folder that is there."""
        target = self._store.path(key)
        if not self._store.root.is_dir():
            with translate_os_errors(target):
                self._store.root.mkdir(parents=True, exist_ok=True)
        make_folders(target.parent, below=self._store.root, durably=durably)
        return target

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The name goes first: closing writes what is still buffered, and on a full disk fails again.
        self._path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._file.close()


class FileStore:
    """A store in a folder.

    Args:
        root: where the keys are; made when first needed.
        staging: a folder on the same file system; made when first needed.
    """

    def __init__(self, root: Path, *, staging: Path) -> None:
        self.root = root
        self.staging = staging

    def path(self, key: str) -> Path:
        """Where a key's bytes are or would be. Raises InvalidKey."""
        parts = key.split("/")
        if not key.isascii() or "\0" in key or any(part in ("", ".", "..") for part in parts):
            raise InvalidKey("{key} cannot be the key of a file", key=repr(key)[:200])
        return self.root.joinpath(*parts)

    def local_file(self, key: str) -> Path:
        """As `path`, for whoever reads it."""
        return self.path(key)

    def stage(self) -> StagedFile:
        return StagedFile(self)

    def put(self, key: str, source: BinaryIO | Iterable[bytes]) -> int:
        self.path(key)
        size_bytes = 0
        with self.stage() as staged:
            for chunk in chunks_of(source):
                staged.write(chunk)
                size_bytes += len(chunk)
            staged.publish(key)
        return size_bytes

    def put_many(self, items: Mapping[str, bytes]) -> None:
        """Two syncs of the file system, however many there are, where `put` takes up to five for each."""
        with contextlib.ExitStack() as stack:
            staged = {key: stack.enter_context(StagedFile(self, buffer_bytes=SMALL_BYTES)) for key in items}
            for key, data in items.items():
                staged[key].write(data)
                staged[key].flush()
            syncfs(self.staging)
            for key, file in staged.items():
                file.place(key)
        if items:
            syncfs(self.root)

    def create(self, key: str, data: bytes) -> None:
        self.path(key)
        with StagedFile(self, buffer_bytes=SMALL_BYTES) as staged:
            staged.write(data)
            staged.create(key)

    def open(self, key: str) -> BinaryIO:
        with _not_found(key):
            return self.path(key).open("rb")

    def exists(self, key: str) -> bool:
        return self.path(key).is_file()

    def size(self, key: str) -> int:
        with _not_found(key):
            return self.path(key).stat().st_size

    def iterate(self, prefix: str = "") -> Iterator[str]:
        folder = self.path(prefix.rstrip("/")) if prefix else self.root
        if folder.is_dir():
            yield from _keys_below(folder, prefix)

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        return ((key, self.size(key)) for key in self.iterate(prefix))

    def local_sizes(self) -> Iterator[tuple[str, int]]:
        """Of all that lies in the folder, in any order."""
        return self.sizes()

    def delete(self, key: str) -> None:
        path = self.path(key)
        with _not_found(key):
            path.unlink()
        sync_folder(path.parent)

    def clear_staging(self) -> int:
        """Remove what processes that are gone have left in the staging folder, and say how many files that was."""
        files = self.staging.iterdir() if self.staging.is_dir() else ()
        return sum(_remove_abandoned(path) for path in files if path.is_file())


def chunks_of(source: BinaryIO | Iterable[bytes]) -> Iterator[bytes]:
    """The bytes of a file in pieces of bounded size, or an iterable as it is."""
    if hasattr(source, "read"):
        yield from iter(functools.partial(source.read, CHUNK_BYTES), b"")
    else:
        yield from source


@contextlib.contextmanager
def _not_found(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("there is nothing under the key {key}", key=key) from error
    except NotADirectoryError as error:
        raise NotFound("there is no folder for the key {key}", key=key) from error
    except IsADirectoryError as error:
        raise Conflict("the key {key} is a folder", key=key) from error


def _keys_below(folder: Path, prefix: str) -> Iterator[str]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            yield from _keys_below(Path(entry), f"{prefix}{entry.name}/")
        elif entry.is_file(follow_symlinks=False):
            yield prefix + entry.name


def _remove_abandoned(path: Path) -> bool:
    try:
        with flocked(path, waits=False):
            path.unlink(missing_ok=True)
    except BlockingIOError:
        return False
    return True
