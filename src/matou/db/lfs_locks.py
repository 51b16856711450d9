"""Rows of locks: which file of a repository somebody keeps others from changing, as git-lfs has it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from sqlalchemy import Connection, RowMapping, delete, insert, select

from matou.db.repositories import RepositoryId
from matou.db.schema import lfs_locks, users
from matou.db.users import UserId

LockId = NewType("LockId", int)


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock. A path is locked for the whole repository, whatever the branch."""

    id: LockId
    path: str
    owner_id: UserId
    owner_name: str
    locked_at: datetime


_LOCKS = select(
    lfs_locks.c.id, lfs_locks.c.path, lfs_locks.c.owner_id, users.c.name.label("owner_name"), lfs_locks.c.locked_at
).join_from(lfs_locks, users, users.c.id == lfs_locks.c.owner_id)


def insert_lock(
    connection: Connection, repository_id: RepositoryId, path: str, owner_id: UserId, locked_at: datetime
) -> LockId:
    """Raises UniqueViolation where the path is locked, by whomever; ForeignKeyViolation without such a repository."""
    values = {
        "repository_id": repository_id,
        "owner_id": owner_id,
        "path": path,
        # An index takes no row as long as a path may be.
        "path_sha256": _digest(path),
        "locked_at": locked_at,
    }
    return LockId(connection.execute(insert(lfs_locks).values(values).returning(lfs_locks.c.id)).scalar_one())


def find_lock(connection: Connection, repository_id: RepositoryId, lock_id: LockId) -> Lock | None:
    """None where there is none, or it is another repository's."""
    chosen = (lfs_locks.c.repository_id == repository_id, lfs_locks.c.id == lock_id)
    return _one(connection.execute(_LOCKS.where(*chosen)).mappings().one_or_none())


def find_lock_of_path(connection: Connection, repository_id: RepositoryId, path: str) -> Lock | None:
    chosen = (lfs_locks.c.repository_id == repository_id, lfs_locks.c.path_sha256 == _digest(path))
    return _one(connection.execute(_LOCKS.where(*chosen)).mappings().one_or_none())


def list_locks(connection: Connection, repository_id: RepositoryId, *, after: LockId, limit: int) -> tuple[Lock, ...]:
    """Those with a greater id, the oldest first."""
    chosen = (lfs_locks.c.repository_id == repository_id, lfs_locks.c.id > after)
    rows = connection.execute(_LOCKS.where(*chosen).order_by(lfs_locks.c.id).limit(limit)).mappings()
    return tuple(_lock_of(row) for row in rows)


def delete_lock(connection: Connection, lock_id: LockId) -> bool:
    """Say whether there was one."""
    return connection.execute(delete(lfs_locks).where(lfs_locks.c.id == lock_id)).rowcount > 0


def _digest(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()


def _one(row: RowMapping | None) -> Lock | None:
    return None if row is None else _lock_of(row)


def _lock_of(row: RowMapping) -> Lock:
    return Lock(**row)
