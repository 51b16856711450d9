"""Rows of what administrators did: written once, never changed. Who did it keeps their name when they are gone."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from sqlalchemy import Connection, func, insert, select

from matou.db.schema import audit_log
from matou.db.users import UserId

AuditId = NewType("AuditId", int)


@dataclass(frozen=True, slots=True)
class NewAuditEntry:
    """`action` is the template of a text of ours, in English; `subject` and `detail` are names and values."""

    at: datetime
    actor_id: UserId | None
    actor_name: str
    action: str
    subject: str
    detail: str


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


_PUBLIC = [audit_log.c[name] for name in AuditEntry.__slots__]


def insert_entry(connection: Connection, new: NewAuditEntry) -> None:
    connection.execute(insert(audit_log).values({name: getattr(new, name) for name in NewAuditEntry.__slots__}))


def list_entries(connection: Connection, *, offset: int, limit: int) -> tuple[tuple[AuditEntry, ...], int]:
    """The newest first, and how many there are in all."""
    total = connection.execute(select(func.count()).select_from(audit_log)).scalar_one()
    listed = select(*_PUBLIC).order_by(audit_log.c.id.desc()).offset(offset).limit(limit)
    return tuple(AuditEntry(**row) for row in connection.execute(listed).mappings()), total
