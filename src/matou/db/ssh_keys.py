"""Rows of the public keys with which accounts, and machines for one repository, come in by SSH."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from matou.db.repositories import RepositoryId
from matou.db.schema import ssh_keys, users
from matou.db.users import PUBLIC_COLUMNS, User, UserId, user_of

SshKeyId = NewType("SshKeyId", int)


@dataclass(frozen=True, slots=True)
class NewSshKey:
    """Of an account, or of a repository: exactly one of them."""

    user_id: UserId | None
    repository_id: RepositoryId | None
    title: str
    public_key: str
    fingerprint: str
    writes: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SshKey:
    """Attributes:
    repository_id: of a deploy key, which opens that repository alone.
    public_key: its line.
    writes: whether it may push; an account's may do what the account may.
    last_used_at: to within some time; None where it never was.
    """

    id: SshKeyId
    user_id: UserId | None
    repository_id: RepositoryId | None
    title: str
    public_key: str
    fingerprint: str
    writes: bool
    created_at: datetime
    last_used_at: datetime | None


_COLUMNS = [ssh_keys.c[name] for name in SshKey.__slots__]
_BY_FINGERPRINT = (
    select(*(column.label(f"key_{column.name}") for column in _COLUMNS), *PUBLIC_COLUMNS)
    .outerjoin(users, users.c.id == ssh_keys.c.user_id)
    .where(ssh_keys.c.fingerprint == bindparam("fingerprint"))
)


def insert_ssh_key(connection: Connection, new: NewSshKey) -> SshKey:
    """Raises UniqueViolation where somebody has this key, ForeignKeyViolation where whose it is has gone."""
    values = {name: getattr(new, name) for name in NewSshKey.__slots__}
    return SshKey(**connection.execute(insert(ssh_keys).values(**values).returning(*_COLUMNS)).mappings().one())


def find_ssh_key(connection: Connection, fingerprint: str) -> tuple[SshKey, User | None] | None:
    """The key, and the account that it is of, where it is of one."""
    row = connection.execute(_BY_FINGERPRINT, {"fingerprint": fingerprint}).mappings().one_or_none()
    if row is None:
        return None
    key = SshKey(**{name: row[f"key_{name}"] for name in SshKey.__slots__})
    return key, None if key.user_id is None else user_of(row)


def list_ssh_keys(
    connection: Connection, *, user_id: UserId | None = None, repository_id: RepositoryId | None = None
) -> tuple[SshKey, ...]:
    """Of an account, or of a repository, in the order in which they were added."""
    mine = ssh_keys.c.user_id == user_id if repository_id is None else ssh_keys.c.repository_id == repository_id
    rows = connection.execute(select(*_COLUMNS).where(mine).order_by(ssh_keys.c.id)).mappings()
    return tuple(SshKey(**row) for row in rows)


def set_last_used(connection: Connection, uses: Mapping[SshKeyId, datetime]) -> None:
    for key_id, last_used_at in sorted(uses.items()):
        connection.execute(update(ssh_keys).where(ssh_keys.c.id == key_id).values(last_used_at=last_used_at))


def delete_ssh_key(connection: Connection, key_id: SshKeyId) -> bool:
    """Say whether there was one."""
    return connection.execute(delete(ssh_keys).where(ssh_keys.c.id == key_id)).rowcount > 0
