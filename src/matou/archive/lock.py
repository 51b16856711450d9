"""One writer an archive: a lock that ends with its process, and a text that tells who held it."""

import contextlib
import errno
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import msgspec

from matou.archive.working_lock import has_workers
from matou.errors import TryLater
from matou.fs import flocked, translate_os_errors
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED

LOCK_FILE = "lock"
_FOLDER_OF_SERVERS = "repositories"
_FOLDER_OF_WRITERS = "runs"
_LONGEST_TEXT_BYTES = 4096
_POLL_SECONDS = 0.02
LONGEST_WAIT_FOR_WRITERS = timedelta(minutes=5)
_NO_LOCKS = frozenset({errno.ENOTSUP, errno.ENOLCK, errno.EBADF, errno.EINVAL, errno.ENOENT})


class ArchiveBusy(TryLater):
    """Another process writes to the archive."""


class WorkersLeft(ArchiveBusy):
    """Workers of a run whose process has ended write to the archive for a moment more."""


class Holder(msgspec.Struct, frozen=True):
    """Who holds or held the lock. `since` is UTC."""

    host: str
    process: int = msgspec.field(name="pid")
    since: datetime


@dataclass(frozen=True, slots=True)
class ArchiveLock:
    """That the lock is held.

    Attributes:
        previous_holder: who held it and did not let go in good order, so that leftovers may lie about since then;
            None where the last one did. If its text cannot be read, it names no host and the year 1970.
    """

    previous_holder: Holder | None


@contextlib.contextmanager
def lock_archive(root: Path, *, now: datetime, host: str | None = None) -> Iterator[ArchiveLock]:
    """Hold the archive's lock; it ends with this process, however that ends.

    Args:
        root: the archive's folder.
        now: when this holder began.
        host: the machine's name; None to ask the system.

    Raises:
        ArchiveBusy: another holder is at it, in this process or any other; it says who.
    """
    path = root / LOCK_FILE
    with translate_os_errors(path):
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+b", buffering=0)
    with file:
        _take(file, path)
        previous = _read_holder(file)
        me = Holder(host=host or socket.gethostname(), process=os.getpid(), since=now.astimezone(UTC))
        _write(file, path, msgspec.json.encode(me) + b"\n")
        yield ArchiveLock(previous)
        # Not in a `finally`: whoever is interrupted may leave something behind, and then the text stays for the next.
        _write(file, path, b"")


@contextlib.contextmanager
def lock_for_reading(root: Path) -> Iterator[None]:
    """Keep writers out while the archive is read; readers do not disturb each other, nor the lock's text.

    An archive that never had a writer, or lies on a disk that cannot be written, has none to keep out.

    Raises:
        ArchiveBusy: a writer is at it; it says who.
    """
    path = root / LOCK_FILE
    if not path.exists():
        yield
        return
    with path.open("rb") as file:
        _take(file, path, fcntl.LOCK_SH)
        yield


@contextlib.contextmanager
def lock_for_repair(root: Path) -> Iterator[None]:
    """Keep writers and readers out; the lock's text stays, which tells the next run what the last one left.

    Raises:
        ArchiveBusy: somebody is at it.
        WriteFailed: the archive cannot be written.
    """
    path = root / LOCK_FILE
    with translate_os_errors(path):
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+b", buffering=0)
    with file:
        _take(file, path)
        yield


@contextlib.contextmanager
def used_by_server(root: Path) -> Iterator[None]:
    """While a server, whoever administers one, or a copy has the archive open: as many at once as like, but no `prune`.

    Raises:
        ArchiveBusy: what nobody needs is being taken away.
    """
    busy = ArchiveBusy(
        "what nobody needs is being taken away from {root}", root=root, advice="Run it again when that is done."
    )
    with _holding_folder(root, busy, shared=True):
        yield


@contextlib.contextmanager
def lock_out_servers(root: Path) -> Iterator[None]:
    """While no server may refer to anything that it finds. Raises ArchiveBusy: one has the archive open."""
    busy = ArchiveBusy(
        "a server has {root} open, or a command that administers one or copies it",
        root=root,
        advice="Nothing was changed. Stop it, and run this again.",
    )
    with _holding_folder(root, busy, shared=False):
        yield


@contextlib.contextmanager
def used_by_writer(root: Path) -> Iterator[None]:
    """While refs or folders of a served archive change. Raises ArchiveBusy: a move of all of it begins just now."""
    busy = ArchiveBusy("{root} begins to be moved", root=root, advice="Nothing was changed. Try it again later.")
    with _holding_folder(root, busy, shared=True, name=_FOLDER_OF_WRITERS):
        yield


def wait_for_writers(root: Path, *, longest: timedelta = LONGEST_WAIT_FOR_WRITERS) -> None:
    """Return once nobody is at work who began before. Raises ArchiveBusy where that takes too long."""
    busy = ArchiveBusy("somebody has been writing to {root} all the while", root=root)
    deadline = time.monotonic() + longest.total_seconds()
    while True:
        try:
            with _holding_folder(root, busy, shared=False, name=_FOLDER_OF_WRITERS):
                return
        except ArchiveBusy:
            if time.monotonic() > deadline:
                raise
        time.sleep(_POLL_SECONDS)


@contextlib.contextmanager
def _holding_folder(root: Path, busy: ArchiveBusy, *, shared: bool, name: str = _FOLDER_OF_SERVERS) -> Iterator[None]:
    with contextlib.ExitStack() as holding:
        try:
            holding.enter_context(flocked(root / name, shared=shared, waits=False))
        except BlockingIOError as error:
            raise busy from error
        except OSError as error:
            # Some network file systems lock no folders: whoever frees nothing needs no lock there.
            if not shared or error.errno not in _NO_LOCKS:
                raise
        yield


def is_written_to(root: Path) -> bool:
    """Whether a writer is at work. It looks for an instant, and only where somebody's name stands in the lock."""
    path = root / LOCK_FILE
    if not path.exists():
        return False
    with path.open("rb") as file:
        if not file.read(1):
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _take(file: BinaryIO, path: Path, kind: int = fcntl.LOCK_EX) -> None:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
        if has_workers(path.parent):
            fcntl.flock(file, fcntl.LOCK_UN)
            raise WorkersLeft(
                "workers still write to {root} for a run whose process has ended",
                root=path.parent,
                advice="Nothing was changed. They end within seconds; run it again then.",
            )
    except BlockingIOError as error:
        holder = _read_holder(file)
        if holder is None:
            # It took the lock just now and has not written its name yet.
            raise ArchiveBusy("{path} is held by another process", path=path) from error
        raise ArchiveBusy(
            "{path} is held by process {process} on {host} since {since}",
            path=path,
            process=holder.process,
            host=holder.host,
            since=holder.since.strftime("%Y-%m-%dT%H:%M:%SZ"),
            advice="Nothing was changed. Run it again when that process is done.",
        ) from error


def _read_holder(file: BinaryIO) -> Holder | None:
    file.seek(0)
    text = file.read(_LONGEST_TEXT_BYTES)
    if not text:
        return None
    try:
        return msgspec.json.decode(text, type=decodable(Holder))
    except NOT_DECODED:
        # Zeros are what a power cut leaves of a text. Somebody held it, and nobody knows since when.
        return Holder(host="", process=0, since=datetime.fromtimestamp(0, UTC))


def _write(file: BinaryIO, path: Path, text: bytes) -> None:
    with translate_os_errors(path):
        file.seek(0)
        file.truncate()
        file.write(text)
        os.fsync(file.fileno())
