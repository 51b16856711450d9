"""Rows of events: what happened to a repository, when, and who caused it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from sqlalchemy import Connection, RowMapping, insert, select

from matou.db.between import ALWAYS, Between
from matou.db.repositories import RepositoryId
from matou.db.schema import events, users
from matou.db.users import PUBLIC_COLUMNS, User, UserId, user_of
from matou.model.events import EventKind
from matou.model.names import folded

EventId = NewType("EventId", int)


@dataclass(frozen=True, slots=True)
class Event:
    """`details` is JSON text; `user` is None where nobody in particular caused it."""

    id: EventId
    repository_id: RepositoryId
    user: User | None
    kind: EventKind
    details: str
    created_at: datetime


def insert_event(
    connection: Connection,
    repository_id: RepositoryId,
    user_id: UserId | None,
    kind: EventKind,
    details: str,
    created_at: datetime,
) -> None:
    """Raises OwnerGone where there is no such repository."""
    values = {
        "repository_id": repository_id,
        "user_id": user_id,
        "kind": kind.value,
        "details": details,
        "created_at": created_at,
    }
    connection.execute(insert(events).values(values))


def list_events(
    connection: Connection,
    repository_id: RepositoryId,
    *,
    kinds: Collection[EventKind],
    author: str = "",
    between: Between = ALWAYS,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[Event, ...]:
    """The newest first.

    Args:
        author: a user's name, whatever its case; empty for anybody.
    """
    statement = (
        select(
            events.c.id.label("event_id"),
            events.c.kind.label("event_kind"),
            events.c.details,
            events.c.created_at.label("happened_at"),
            *PUBLIC_COLUMNS,
        )
        .select_from(events.outerjoin(users, users.c.id == events.c.user_id))
        .where(events.c.repository_id == repository_id, events.c.kind.in_([kind.value for kind in kinds]))
    )
    if author:
        statement = statement.where(users.c.folded_name == folded(author))
    statement = statement.where(*between.holds(events.c.created_at))
    newest_first = statement.order_by(events.c.created_at.desc(), events.c.id.desc())
    rows = connection.execute(newest_first.offset(offset).limit(limit)).mappings()
    return tuple(_event_of(repository_id, row) for row in rows)


def _event_of(repository_id: RepositoryId, row: RowMapping) -> Event:
    return Event(
        id=row["event_id"],
        repository_id=repository_id,
        user=None if row["name"] is None else user_of(row),
        kind=EventKind(row["event_kind"]),
        details=row["details"],
        created_at=row["happened_at"],
    )
