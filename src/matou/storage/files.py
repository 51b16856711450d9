"""Bytes under a key, on a local file system: staged, synced, and published by one rename."""

import contextlib
import ctypes
import fcntl
import functools
import os
import re
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from matou.errors import Conflict, Invalid, MatouError, NotFound, Phrase
from matou.fs import NO_ROOM, PATH_FAULTS, reason_of

CHUNK_BYTES = 1024 * 1024
SMALL_BYTES = 4096
_RELEASE = re.compile(r"[0-9]+")
_SYNCFS_TELLS_SINCE = (5, 8)


class WriteFailed(MatouError):
    """The operating system could not write a file."""


class NotWritable(WriteFailed, Invalid):
    """A path that cannot be written as it is: of the wrong kind, missing, or not ours."""


class DiskFull(WriteFailed):
    """No room: of the disk, of a quota, or under a limit on the size of a file."""


class InvalidKey(MatouError):
    """A key that would not stay inside its store."""


class StagedBytes(Protocol):
    """Bytes on their way into a store; gone without a trace unless they are published."""

    def write(self, data: bytes, /) -> object: ...

    def publish(self, key: str, /) -> None:
        """Make the bytes durable and give them their name; what stands under it already is replaced in one step."""


class Store(Protocol):
    """What every store promises; `tests/contracts/stores.py` is the promise in full.

    Keys are relative paths of plain ASCII with `/` between the parts.
    """

    def stage(self) -> contextlib.AbstractContextManager[StagedBytes]: ...

    def put(self, key: str, source: BinaryIO | Iterable[bytes]) -> int:
        """Store all bytes of a source, durably and in one step, and say how many they were."""

    def put_many(self, items: Mapping[str, bytes]) -> None:
        """Store small things, durably; each in one step, not all of them together. For a few hundred at the most."""

    def open(self, key: str) -> BinaryIO:
        """Raises NotFound."""

    def exists(self, key: str) -> bool: ...

    def size(self, key: str) -> int:
        """Bytes. Raises NotFound."""

    def iterate(self, prefix: str = "") -> Iterator[str]:
        """Every key below a prefix that ends in `/` (or is empty), sorted."""

    def delete(self, key: str) -> None:
        """Raises NotFound."""


@contextlib.contextmanager
def translate_os_errors(path: Path) -> Iterator[None]:
    """Turn an OSError into one that says which file could not be written, and how much room there was.

    Raises:
        DiskFull: there was no room.
        NotWritable: another path, or other permissions, would do.
        WriteFailed: any other reason of the operating system's.
    """
    try:
        yield
    except OSError as error:
        reason = reason_of(error)
        if error.errno in NO_ROOM:
            raise DiskFull(
                "writing {path}: {reason}; {free_bytes} bytes are free",
                path=path,
                reason=reason,
                free_bytes=free_bytes(path),
                advice="What was saved before is whole. Make room and run it again.",
            ) from error
        kind = NotWritable if error.errno in PATH_FAULTS else WriteFailed
        raise kind("writing {path}: {reason}", path=path, reason=reason) from error


@contextlib.contextmanager
def reported_as(place: Path, *, instead_of: Path) -> Iterator[None]:
    """Whoever reads of a fault knows the place that was to be made, and nothing of where it is being made."""
    try:
        yield
    except MatouError as error:
        renamed_in(error, instead_of, place)
        raise


def renamed_in(error: MatouError, inner: Path, place: Path) -> MatouError:
    """The error, with one path in place of another in all that it says."""
    error.values = {name: _replaced(value, inner, place) for name, value in error.values.items()}
    return error


def _replaced(value: object, inner: Path, place: Path) -> object:
    if isinstance(value, MatouError):
        return renamed_in(value, inner, place)
    if isinstance(value, Phrase):
        return Phrase(value.template, **{name: _replaced(one, inner, place) for name, one in value.values.items()})
    return str(value).replace(str(inner), str(place)) if isinstance(value, str | Path) else value


def free_bytes(path: Path) -> int:
    """How much an ordinary user may still write on the file system of a path that need not exist."""
    while not path.exists() and path != path.parent:
        path = path.parent
    state = os.statvfs(path)
    return state.f_bavail * state.f_frsize


def syncfs(path: Path, *, descriptor: int | None = None) -> None:
    """Make everything durable that was written to the file system of `path`.

    Linux alone can do that for one file system, and tells of errors since 5.8; elsewhere all of them are synced.

    Args:
        path: a file or folder that is there.
        descriptor: of the same file system, opened before anything was written that counts. Through one that is
            opened later the kernel says nothing of a fault that it has told somebody else of before.
    """
    call = _syncfs_of_c()
    if call is None:
        os.sync()
        return
    with (
        translate_os_errors(path),
        _descriptor(path) if descriptor is None else contextlib.nullcontext(descriptor) as opened,
    ):
        if call(opened) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


@functools.cache
def syncfs_reports_errors() -> bool:
    """Say whether `syncfs` is as good as an fsync of each file: where it waits, and tells what could not be written."""
    if _syncfs_of_c() is None:
        return False
    major, minor = (int(part) for part in _RELEASE.findall(os.uname().release)[:2])
    return (major, minor) >= _SYNCFS_TELLS_SINCE


@functools.cache
def _syncfs_of_c() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    function: Callable[[int], int] | None = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    return function


@contextlib.contextmanager
def _descriptor(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    with translate_os_errors(folder), _descriptor(folder) as descriptor:
        os.fsync(descriptor)


def make_folders(folder: Path, *, below: Path, durably: bool = True) -> None:
    """Create a folder and what leads to it, so that all of it survives a power cut. `below` must be there.

    Not durably, that is the caller's to see to, with `syncfs`.
    """
    if folder == below or folder.is_dir():
        return
    make_folders(folder.parent, below=below, durably=durably)
    with translate_os_errors(folder):
        try:
            folder.mkdir()
        except FileExistsError:
            if folder.is_dir():
                return
            raise
    if durably:
        sync_folder(folder.parent)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a small file so that its old or its new content is there, whole, whatever happens meanwhile."""
    with translate_os_errors(path):
        partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    sync_folder(path.parent)


class StagedFile:
    """A file in the staging folder, locked while it is written so that nobody clears it away."""

    def __init__(self, store: "FileStore", *, buffer_bytes: int = CHUNK_BYTES) -> None:
        self._store = store
        self._path = store.staging / f"staged-{secrets.token_hex(8)}"
        with translate_os_errors(store.root):
            if not store.staging.is_dir():
                store.staging.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        self._file = os.fdopen(descriptor, "wb", buffering=buffer_bytes)

    def write(self, data: bytes, /) -> int:
        with translate_os_errors(self._store.root):
            return self._file.write(data)

    def publish(self, key: str, /) -> None:
        self.flush()
        with translate_os_errors(self._store.root):
            os.fsync(self._file.fileno())
        sync_folder(self._place(key, durably=True))

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        with translate_os_errors(self._store.root):
            self._file.flush()

    def place(self, key: str) -> None:
        """As `publish`, where the bytes are durable already and the caller makes the name so, with `syncfs`."""
        self._place(key, durably=False)

    def _place(self, key: str, *, durably: bool) -> Path:
        target = self._store.path(key)
        if not self._store.root.is_dir():
            with translate_os_errors(target):
                self._store.root.mkdir(parents=True, exist_ok=True)
        make_folders(target.parent, below=self._store.root, durably=durably)
        with translate_os_errors(target):
            self._path.replace(target)
        return target.parent

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
    except IsADirectoryError as error:
        raise Conflict("the key {key} is a folder", key=key) from error


def _keys_below(folder: Path, prefix: str) -> Iterator[str]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            yield from _keys_below(Path(entry), f"{prefix}{entry.name}/")
        elif entry.is_file(follow_symlinks=False):
            yield prefix + entry.name


def _remove_abandoned(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        path.unlink(missing_ok=True)
    return True
