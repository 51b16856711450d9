"""Files as they are written to last: in one step, synced, locked; and what the operating system says when it refuses.

Everything that must survive a power cut is written through here; git's own files through `git/lock_files.py`.
"""

import contextlib
import ctypes
import errno
import fcntl
import functools
import os
import re
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from matou.errors import Invalid, MatouError, Phrase

_RELEASE = re.compile(r"[0-9]+")
_SYNCFS_REPORTS_SINCE = (5, 8)

_REASONS = {
    errno.EACCES: Phrase("permission denied"),
    errno.EPERM: Phrase("operation not permitted"),
    errno.ENOENT: Phrase("no such file or directory"),
    errno.ENOTDIR: Phrase("not a directory"),
    errno.EISDIR: Phrase("is a directory"),
    errno.EEXIST: Phrase("file exists"),
    errno.EROFS: Phrase("read-only file system"),
    errno.ELOOP: Phrase("too many levels of symbolic links"),
    errno.ENAMETOOLONG: Phrase("file name too long"),
    errno.ENOSPC: Phrase("no space left on device"),
    errno.EDQUOT: Phrase("disk quota exceeded"),
    errno.EIO: Phrase("input/output error"),
    errno.EMFILE: Phrase("too many open files"),
}
PATH_FAULTS = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EEXIST,
        errno.EROFS,
        errno.ELOOP,
        errno.ENAMETOOLONG,
    }
)
"""What another path, or other permissions, would mend."""

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class WriteFailed(MatouError):
    """The operating system could not write a file."""


class NotWritable(WriteFailed, Invalid):
    """A path that cannot be written as it is: of the wrong kind, missing, or not ours."""


class DiskFull(WriteFailed):
    """No room: of the disk, of a quota, or under a limit on the size of a file."""


def reason_of(error: OSError) -> Phrase:
    """Libraries derive errors from OSError whose numbers are their own: 1 is a certificate's fault, not EPERM."""
    if type(error).__module__ != OSError.__module__:
        return Phrase(error.strerror or str(error))
    if error.errno == errno.EEXIST and error.filename is not None and not Path(os.fsdecode(error.filename)).is_dir():
        # What is made durably where something stands already is a folder; files get names that nobody has.
        return _REASONS[errno.ENOTDIR]
    known = _REASONS.get(error.errno or 0)
    return known or Phrase(os.strerror(error.errno) if error.errno else str(error))


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
def reported_as(path: Path, *, instead_of: Path) -> Iterator[None]:
    """Whoever reads of a fault knows the place that was to be made, and nothing of where it is being made."""
    try:
        yield
    except MatouError as error:
        renamed_in(error, instead_of, path)
        raise


def renamed_in(error: MatouError, inner: Path, path: Path) -> MatouError:
    """The error, with one path in place of another in all that it says."""
    error.values = {name: _replaced(value, inner, path) for name, value in error.values.items()}
    return error


def _replaced(value: object, inner: Path, path: Path) -> object:
    if isinstance(value, MatouError):
        return renamed_in(value, inner, path)
    if isinstance(value, Phrase):
        return Phrase(value.template, **{name: _replaced(one, inner, path) for name, one in value.values.items()})
    return str(value).replace(str(inner), str(path)) if isinstance(value, str | Path) else value


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
    return (major, minor) >= _SYNCFS_REPORTS_SINCE


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


def write_atomically(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Write a small file so that its old or its new content is there, whole, whatever happens meanwhile.

    Args:
        path: in a folder that is there.
        data: all that it shall hold.
        mode: who may do what with it, less what this process's mask takes away.
    """
    with translate_os_errors(path):
        partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
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


@contextlib.contextmanager
def flocked(path: Path | bytes, *, shared: bool = False, waits: bool = True, creates: bool = False) -> Iterator[int]:
    """Hold a file or folder, of all threads and processes, between here and the end; whoever dies lets go.

    Args:
        path: what is locked (flock(2)).
        shared: beside others who share it.
        waits: for as long as another holds it.
        creates: a file, which only its owner may read, where there is none.

    Yields:
        Its descriptor.

    Raises:
        BlockingIOError: another holds it, and we do not wait.
    """
    flags = os.O_RDWR | os.O_CREAT if creates else os.O_RDONLY
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if waits else fcntl.LOCK_NB))
        yield descriptor
    finally:
        os.close(descriptor)
