"""Locks of files, as git-lfs asks for them: whoever may push may lock, and whoever may change settings breaks a lock.

A lock keeps nobody from pushing here: git-lfs asks before a push, and leaves out what others have locked.
"""

from dataclasses import dataclass

from matou.db import lfs_locks
from matou.db.engine import UniqueViolation
from matou.db.lfs_locks import Lock, LockId
from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import Conflict, NotFound, Refused
from matou.forge.access import (
    Authorized,
    Identity,
    MayChangeSettings,
    MayReadCode,
    MayWriteCode,
    NotAllowed,
    authorize,
)
from matou.forge.forge import Forge
from matou.model.names import InvalidName

LONGEST_PATH_BYTES = 4096
MOST_AT_ONCE = 1_000


class AlreadyLocked(Conflict):
    """Somebody has locked the path, who may be the one who asks."""

    def __init__(self, lock: Lock) -> None:
        super().__init__("{path} is locked by {owner}", path=repr(lock.path)[:300], owner=lock.owner_name)
        self.lock = lock


class NoSuchLock(NotFound):
    """The repository has no such lock."""


class LockOfOther(Refused):
    """Somebody else's lock, that this identity may not take away or did not ask to."""


@dataclass(frozen=True, slots=True)
class LockPage:
    """Some locks, and after which the next page begins; None where there is none."""

    locks: tuple[Lock, ...]
    next_after: LockId | None


def lock_path(forge: Forge, granted: Authorized[Repository, MayWriteCode], path: str) -> Lock:
    """Raises NoSuchRepository, MissingScope, ReadOnly, NotAllowed; InvalidName of the path; AlreadyLocked."""
    user, now = _writer(granted), forge.now()
    _require_path(path)
    try:
        with forge.database.begin_write() as connection:
            lock_id = lfs_locks.insert_lock(connection, granted.subject.id, path, user.id, now)
    except UniqueViolation:
        there = find_locks(forge, granted, path=path)
        if not there:
            raise  # it was taken away in this moment: whoever asks again gets it
        raise AlreadyLocked(there[0]) from None
    return Lock(lock_id, path, user.id, user.name, now)


def find_locks(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    *,
    path: str | None = None,
    lock_id: LockId | None = None,
) -> tuple[Lock, ...]:
    """The one of that path, or with that id, or with both; none or one."""
    with forge.database.begin_read() as connection:
        if lock_id is not None:
            lock = lfs_locks.find_lock(connection, granted.subject.id, lock_id)
        else:
            lock = lfs_locks.find_lock_of_path(connection, granted.subject.id, path or "")
    return (lock,) if lock is not None and path in (None, lock.path) else ()


def list_locks(forge: Forge, granted: Authorized[Repository, MayReadCode], *, after: LockId, limit: int) -> LockPage:
    """The oldest first, MOST_AT_ONCE at the most."""
    size = min(limit, MOST_AT_ONCE)
    with forge.database.begin_read() as connection:
        locks = lfs_locks.list_locks(connection, granted.subject.id, after=after, limit=size + 1)
    return LockPage(locks[:size], locks[size - 1].id if len(locks) > size else None)


def unlock(forge: Forge, granted: Authorized[Repository, MayWriteCode], lock_id: LockId, *, force: bool) -> Lock:
    """Take a lock away, and say what it was.

    Args:
        force: take somebody else's away too, which is for those who may change settings.

    Raises:
        NoSuchRepository, MissingScope, ReadOnly, NotAllowed: as `access.authorize`.
        NoSuchLock: it is gone, or was never there.
        LockOfOther: it is somebody else's, and `force` was not said.
    """
    user = _writer(granted)
    with forge.database.begin_write() as connection:
        lock = lfs_locks.find_lock(connection, granted.subject.id, lock_id)
        if lock is None:
            raise NoSuchLock("there is no lock {lock}", lock=lock_id)
        if lock.owner_id != user.id:
            _require_may_break(forge, granted.identity, granted.subject, lock, force=force)
        lfs_locks.delete_lock(connection, lock.id)
    return lock


def _writer(granted: Authorized[Repository, MayWriteCode]) -> User:
    if granted.identity.user is None:
        raise NotAllowed("a lock is somebody's")
    return granted.identity.user


def _require_may_break(forge: Forge, identity: Identity, repository: Repository, lock: Lock, *, force: bool) -> None:
    if not force:
        raise LockOfOther("{path} is locked by {owner}", path=repr(lock.path)[:300], owner=lock.owner_name)
    authorize(forge, identity, MayChangeSettings, repository)


def _require_path(path: str) -> None:
    """One that a file of a repository can have."""
    try:
        size_bytes = len(path.encode())
    except UnicodeEncodeError:
        raise InvalidName("the path {path} is no text", path=repr(path)[:200]) from None
    is_plain = all(part not in ("", ".", "..") for part in path.split("/")) and "\0" not in path
    if not is_plain or size_bytes > LONGEST_PATH_BYTES:
        raise InvalidName("the path {path} is no path of a file", path=repr(path)[:200])
