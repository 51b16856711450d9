"""Rows of events: what happened to a repository, when, and who caused it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    RowMapping,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
)

from matou.db.conditions import ALWAYS, Between
from matou.db.repositories import RepositoryId
from matou.db.schema import events, repositories, users
from matou.db.users import PUBLIC_COLUMNS, User, UserId, user_of
from matou.db.visibility import Viewer, sees_repository
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
    """Raises ForeignKeyViolation where there is no such repository."""
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
    viewer: Viewer,
    kinds: Collection[EventKind],
    author: str = "",
    between: Between = ALWAYS,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[Event, ...]:
    """The newest first; that it was forked only where the viewer may see the fork.

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
        .where(or_(events.c.kind != EventKind.FORKED.value, _sees_fork(connection, viewer)))
    )
    if author:
        statement = statement.where(users.c.folded_name == folded(author))
    statement = statement.where(*between.holds(events.c.created_at))
    newest_first = statement.order_by(events.c.created_at.desc(), events.c.id.desc())
    rows = connection.execute(newest_first.offset(offset).limit(limit), viewer.parameters).mappings()
    return tuple(_event_of(repository_id, row) for row in rows)


def _sees_fork(connection: Connection, viewer: Viewer) -> ColumnElement[bool]:
    fork_id: ColumnElement[int]
    if connection.dialect.name == "sqlite":
        fork_id = func.json_extract(events.c.details, "$.fork_id")
    else:
        # Not JSONB, which takes no NUL in a text of another event.
        fork_id = cast(cast(events.c.details, JSON)["fork_id"].as_string(), BigInteger)
    return exists(select(literal(1)).where(repositories.c.id == fork_id, sees_repository(viewer.filter_key)))


def _event_of(repository_id: RepositoryId, row: RowMapping) -> Event:
    return Event(
        id=row["event_id"],
        repository_id=repository_id,
        user=None if row["name"] is None else user_of(row),
        kind=EventKind(row["event_kind"]),
        details=row["details"],
        created_at=row["happened_at"],
    )
