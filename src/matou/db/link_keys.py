"""Rows of the keys that sign links; all servers of one database have the same."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select

from matou.credentials import Secret
from matou.db.schema import link_keys


@dataclass(frozen=True, slots=True)
class LinkKey:
    id: int
    key: Secret = field(repr=False)
    created_at: datetime


def insert_link_key(connection: Connection, key: Secret, created_at: datetime) -> LinkKey:
    values = {"key": key.reveal(), "created_at": created_at}
    return _key_of(connection.execute(insert(link_keys).values(values).returning(*link_keys.c)).one())


def newest_link_key(connection: Connection) -> LinkKey | None:
    row = connection.execute(select(*link_keys.c).order_by(link_keys.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _key_of(row)


def find_link_key(connection: Connection, key_id: int) -> LinkKey | None:
    row = connection.execute(select(*link_keys.c).where(link_keys.c.id == key_id)).one_or_none()
    return None if row is None else _key_of(row)


def delete_link_keys(connection: Connection, before: datetime) -> None:
    """Those that were made before."""
    connection.execute(delete(link_keys).where(link_keys.c.created_at < before))


def _key_of(row: "Row[tuple[int, str, datetime]]") -> LinkKey:
    return LinkKey(row.id, Secret(row.key), row.created_at)
