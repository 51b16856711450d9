"""Rows of what was done to a server: written once, never changed. Who did it keeps their name when they are gone."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from sqlalchemy import Connection, func, insert, select

from matou.db.schema import audit_log
from matou.db.users import UserId

AuditId = NewType("AuditId", int)


@dataclass(frozen=True, slots=True)
class NewAuditEntry:
    """`action` and `interface` are words of ours; `address` is the client's."""

    at: datetime
    actor_id: UserId | None
    actor_name: str
    action: str
    subject: str
    detail: str
    interface: str
    address: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Attributes as NewAuditEntry's; `actor_id` is None once the account is gone."""

    id: AuditId
    at: datetime
    actor_id: UserId | None
    actor_name: str
    action: str
    subject: str
    detail: str
    interface: str
    address: str


_PUBLIC = [audit_log.c[name] for name in AuditEntry.__slots__]


def insert_entry(connection: Connection, new: NewAuditEntry) -> None:
    connection.execute(insert(audit_log).values({name: getattr(new, name) for name in NewAuditEntry.__slots__}))


def list_entries(
    connection: Connection, *, actor_name: str = "", offset: int, limit: int
) -> tuple[tuple[AuditEntry, ...], int]:
    """The newest first, and how many there are in all; of one name alone where one is given."""
    of_one = (audit_log.c.actor_name == actor_name,) if actor_name else ()
    total = connection.execute(select(func.count()).select_from(audit_log).where(*of_one)).scalar_one()
    listed = select(*_PUBLIC).where(*of_one).order_by(audit_log.c.id.desc()).offset(offset).limit(limit)
    return tuple(AuditEntry(**row) for row in connection.execute(listed).mappings()), total
