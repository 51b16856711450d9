"""Lock files as git makes them, `<name>.lock` beside what is to change, which do not outlive whoever took them.

Git's own stay for ever when git is killed, and nobody can tell them from those of a git at work. Ours are hard links to
one file, which its owner keeps locked (flock(2)) as long as it lives: a lock file that is the same file as one that
nobody holds is a dead owner's, whatever it died of, and no other is ever taken away.
"""

import contextlib
import errno
import fcntl
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from matou.errors import TryLater
from matou.fs import sync_folder

_FOLDER_PREFIX: Final = b"matou-"
_FOLDER_SUFFIX: Final = b".lock"
"""So whoever looks for leftovers finds the folder, too."""

_OWNER: Final = b"/owner"
_NEW_FILE: Final = os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_LINKS_ARE_UNKNOWN: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})


class RepositoryBusy(TryLater):
    """Another process holds a lock in this repository."""


class LockOwner:
    """Takes lock files in one repository, and holds what their files are to be until they are published.

    Entering removes the locks of owners that died. Leaving gives up the locks that are still held. For one thread.

    Args:
        git_dir: a repository.
    """

    def __init__(self, git_dir: Path) -> None:
        self._git_dir = os.fsencode(git_dir)
        self._number = 0
        self._held: set[bytes] = set()

    def __enter__(self) -> Self:
        remove_locks_of_dead_owners(self._git_dir)
        while not self._is_born():
            pass
        return self

    def _is_born(self) -> bool:
        """Between the birth of its file and the flock somebody may have taken it for a dead one's, and removed it."""
        self._folder = b"%b/%b%b%b" % (self._git_dir, _FOLDER_PREFIX, uuid.uuid4().hex.encode(), _FOLDER_SUFFIX)
        os.mkdir(self._folder)  # noqa: PTH102 - bytes: a name is not always UTF-8
        try:
            self._descriptor = os.open(self._folder + _OWNER, _NEW_FILE | os.O_RDWR, 0o644)
        except FileNotFoundError:
            return False
        except OSError:
            os.rmdir(self._folder)  # noqa: PTH106
            raise
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        if os.fstat(self._descriptor).st_nlink > 0:
            return True
        os.close(self._descriptor)
        return False

    def __exit__(self, *_: object) -> None:
        try:
            for lock in tuple(self._held):
                self.release(lock)
            _remove_folder(self._folder)
        finally:
            os.close(self._descriptor)

    def take(self, lock: bytes) -> None:
        """Make this lock file.

        Raises:
            FileExistsError: somebody holds it.
            FileNotFoundError: its folder is not there.
        """
        try:
            os.link(self._folder + _OWNER, lock)
        except OSError as error:
            if error.errno not in _LINKS_ARE_UNKNOWN:
                raise
            # As git makes it. When we are killed, it stays until it is an hour old.
            os.close(os.open(lock, _NEW_FILE | os.O_WRONLY, 0o644))
        self._held.add(lock)

    def release(self, lock: bytes) -> None:
        self._held.remove(lock)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(lock)  # noqa: PTH108

    def write(self, content: bytes, *, sync: bool) -> bytes:
        """Write what a file is to be, and say where: a rename from there publishes it."""
        self._number += 1
        path = b"%b/%d" % (self._folder, self._number)
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        return path


class LockFile:
    """A file's next content, under git's own lock; without `publish` nothing changes.

    Args:
        path: of a file that stands in the repository's own folder.

    Raises:
        RepositoryBusy: on entering, where the lock is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = os.fsencode(path) + b".lock"
        self._owner = LockOwner(path.parent)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opened:
            opened.enter_context(self._owner)
            try:
                self._owner.take(self._lock)
            except FileExistsError:
                raise RepositoryBusy("{lock} is held by another process", lock=os.fsdecode(self._lock)) from None
            self._opened = opened.pop_all()
        return self

    def publish(self, content: bytes) -> None:
        """When this returns, the content survives a power cut; its name does once the folder is synced."""
        os.rename(self._owner.write(content, sync=True), self._path)  # noqa: PTH104

    def __exit__(self, *_: object) -> None:
        self._opened.close()


def publish_file(path: Path, content: bytes) -> None:
    """Replace a file, for good.

    Raises:
        RepositoryBusy: another process holds the lock.
    """
    with LockFile(path) as file:
        file.publish(content)
    sync_folder(path.parent)


def remove_locks_of_dead_owners(git_dir: bytes) -> None:
    """Remove every lock file of ours whose owner is no more."""
    for entry in os.scandir(git_dir):
        if entry.name.startswith(_FOLDER_PREFIX) and entry.name.endswith(_FOLDER_SUFFIX):
            _remove_if_dead(git_dir, entry.path)


def _remove_if_dead(git_dir: bytes, folder: bytes) -> None:
    try:
        descriptor = os.open(folder + _OWNER, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        _remove_empty(folder)
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        owner = os.fstat(descriptor)
        if owner.st_nlink > 1:
            for lock in _lock_files(git_dir):
                _unlink_if_same(lock, owner)
        _remove_folder(folder)
    except BlockingIOError:
        return
    finally:
        os.close(descriptor)


def _remove_folder(folder: bytes) -> None:
    """To be called by whoever holds the owner's file: it goes last, so that a kill leaves all to the next."""
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(folder):  # noqa: PTH208
            if name != _OWNER[1:]:
                os.unlink(folder + b"/" + name)  # noqa: PTH108
        os.unlink(folder + _OWNER)  # noqa: PTH108
    _remove_empty(folder)


def _remove_empty(folder: bytes) -> None:
    """Somebody may be about to fill it, or have removed it."""
    with contextlib.suppress(OSError):
        os.rmdir(folder)  # noqa: PTH106


def _lock_files(git_dir: bytes) -> Iterator[bytes]:
    yield from (entry.path for entry in os.scandir(git_dir) if entry.is_file(follow_symlinks=False))
    for folder, _, files in os.walk(git_dir + b"/refs"):
        yield from (folder + b"/" + file for file in files)


def _unlink_if_same(lock: bytes, owner: os.stat_result) -> None:
    with contextlib.suppress(FileNotFoundError):
        if lock.endswith(b".lock") and os.path.samestat(os.lstat(lock), owner):
            os.unlink(lock)  # noqa: PTH108
