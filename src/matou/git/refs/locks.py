"""One ref's lock, as git takes it: `<ref>.lock` beside the ref's own file.

And one for all refs, which only we know: to make a lock file takes as long as to make a ref, so where there are many
of them, those refs that have no file of their own are kept from other transactions of ours as a whole.
"""

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from matou.git.lock_files import LockOwner, RepositoryBusy
from matou.model.names import ObjectId, RefName

PATIENCE_WITH_PACKED_REFS_SECONDS: Final = 10.0
"""git's own core.packedRefsTimeout in our jail."""

_OBJECT_ID: Final = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_LONGEST_REF_FILE_BYTES: Final = 8192
_PAUSE_SECONDS: Final = 0.01
_MOST_TRIES: Final = 5
"""Somebody else may remove an empty folder right after we made it."""


class RefLock:
    """The lock of one ref, or of packed-refs. Paths are bytes: a name is not always UTF-8, and there may be many.

    It outlives the moment in which the next content becomes the ref's, as git's of packed-refs does: else
    `git pack-refs` could come in between, and take a ref's file that is about to go into packed-refs again.

    Attributes:
        name: the ref's, as bytes.
        loose_value: what its own file holds, read once the lock was taken; None where there is none.
        is_loose: it has a file of its own, whatever that holds.
        has_content: the next content was written; `publish` makes it the ref's.
    """

    def __init__(self, git_dir: Path, name: RefName, owner: LockOwner) -> None:
        self.name = name.encode("utf-8", "surrogateescape")
        self.loose_value: ObjectId | None = None
        self.is_loose = False
        self._owner = owner
        self._path = os.fsencode(git_dir) + b"/" + self.name
        self._lock = self._path + b".lock"
        self._next: bytes | None = None
        self._is_held = False
        self._leaves_folder = False

    @property
    def has_content(self) -> bool:
        return self._next is not None

    def read(self) -> None:
        """Read the ref without its lock.

        Raises:
            NotADirectoryError: a ref stands where the folder of this one would be.
        """
        self._read()

    def take(self, deadline: float) -> None:
        """Take the lock and read the ref.

        Raises:
            RepositoryBusy: somebody else holds it, and still did at the deadline (`time.monotonic`).
            NotADirectoryError: a ref stands where the folder of this one would be.
        """
        while not self._try_to_take():
            if time.monotonic() > deadline:
                raise RepositoryBusy("{lock} is held by another process", lock=os.fsdecode(self._lock))
            time.sleep(_PAUSE_SECONDS)
        self._is_held = True
        self._read()

    def write(self, content: bytes, *, sync: bool) -> None:
        """Write what the ref is to be."""
        self._next = self._owner.write(content, sync=sync)

    def publish(self) -> None:
        """Make what was written the ref's content."""
        if self._next is None:
            return
        try:
            os.rename(self._next, self._path)  # noqa: PTH104
        except (IsADirectoryError, NotADirectoryError):
            _remove_empty_below(self._path)
            os.rename(self._next, self._path)  # noqa: PTH104
        self._next = None

    def remove_ref(self) -> None:
        """Remove the ref's own file, if it has one."""
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            os.unlink(self._path)  # noqa: PTH108
            self._leaves_folder = True

    def release(self) -> Iterator[bytes]:
        """Give up the lock, where it still is held; gives the folder that may be empty now."""
        if self._is_held:
            self._is_held = False
            self._owner.release(self._lock)
        return iter((self._lock.rpartition(b"/")[0],) if self._leaves_folder else ())

    def _try_to_take(self) -> bool:
        for _ in range(_MOST_TRIES):
            try:
                self._owner.take(self._lock)
            except FileExistsError:
                return False
            except FileNotFoundError:
                self._make_folder()
            else:
                return True
        return False

    def _make_folder(self) -> None:
        self._leaves_folder = True
        try:
            os.makedirs(self._lock.rpartition(b"/")[0], exist_ok=True)  # noqa: PTH103
        except FileExistsError:
            raise NotADirectoryError(os.fsdecode(self._path)) from None

    def _read(self) -> None:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, IsADirectoryError):
            return
        try:
            content = os.read(descriptor, _LONGEST_REF_FILE_BYTES)
        except IsADirectoryError:
            return
        finally:
            os.close(descriptor)
        self.is_loose = True
        match = _OBJECT_ID.match(content.rstrip())
        # A symbolic ref, or one that is damaged, is not what anybody saw there.
        self.loose_value = ObjectId(match[0].decode() if match else content.decode("latin-1"))


@contextmanager
def holding_refs(git_dir: Path, *, alone: bool) -> Iterator[None]:
    """Keep other transactions of ours away: all of them, or those that want to be alone. Whoever dies lets go.

    Raises:
        RepositoryBusy: others held them all the while.
    """
    descriptor = os.open(git_dir / "refs", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _hold(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def _hold(descriptor: int, kind: int) -> None:
    deadline = time.monotonic() + PATIENCE_WITH_PACKED_REFS_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise RepositoryBusy("the refs are being changed by somebody else") from None
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def lock_packed_refs(git_dir: Path, owner: LockOwner) -> RefLock:
    """Raises RepositoryBusy."""
    lock = RefLock(git_dir, RefName("packed-refs"), owner)
    lock.take(time.monotonic() + PATIENCE_WITH_PACKED_REFS_SECONDS)
    return lock


def _remove_empty_below(path: bytes) -> None:
    """Git leaves folders behind that no ref is in; one that holds anything stays, and the rename then fails."""
    for folder, _, _ in os.walk(path, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(folder)  # noqa: PTH106
