"""One writer at a time for each repository, among the threads of one process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from weakref import WeakValueDictionary

from matou.archive.lock import used_by_writer
from matou.db.archive_location import require_writable
from matou.db.repositories import Repository
from matou.errors import TryLater
from matou.forge.forge import Forge

LONGEST_WAIT = timedelta(seconds=30)


class _Lock:
    """A lock that is there for as long as somebody holds it or waits for it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()


_LOCKS: WeakValueDictionary[tuple[Path, int], _Lock] = WeakValueDictionary()
_FINDING = threading.Lock()


class WriterBusy(TryLater):
    """Others have been writing to this repository all the while."""


@contextmanager
def write_lock(forge: Forge, repository: Repository) -> Iterator[None]:
    """Wait until no other thread writes through the API, or moves the folder; a thread may take its turn again within.

    It spares writers to one branch a lost race each, and lets nobody take the folder away from under a writer.
    Nothing else depends on it: refs are changed only if they are as they were seen, here, by a push, and by other
    processes. A push, which may last for hours, takes part when its refs are about to move.

    Raises:
        WriterBusy: the turn did not come within LONGEST_WAIT.
        ArchiveMoving, ArchiveBusy: as `staying_here`.
    """
    lock = _lock_of(forge.archive.root, repository.id)
    if not lock.lock.acquire(timeout=LONGEST_WAIT.total_seconds()):
        raise WriterBusy("others are writing to {path}", path=repr(str(repository.path)), wait=LONGEST_WAIT)
    try:
        with staying_here(forge):
            yield
    finally:
        lock.lock.release()


@contextmanager
def staying_here(forge: Forge) -> Iterator[None]:
    """For the block the archive is moved nowhere: of one in a bucket the database sees to that, with each write.

    Raises:
        ArchiveMoving, ArchiveBusy: it is being moved, or was.
    """
    if forge.bucket is not None:
        yield
        return
    with used_by_writer(forge.archive.root):
        require_writable(forge.database)
        yield


def _lock_of(root: Path, repository_id: int) -> _Lock:
    with _FINDING:
        return _LOCKS.setdefault((root, repository_id), _Lock())
