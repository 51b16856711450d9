"""Rows of sessions: who is signed in with which browser. Only the SHA-256 of a session's secret is known here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, or_, select, update

from matou.db.schema import user_sessions, users
from matou.db.users import PUBLIC_COLUMNS, User, UserId, user_of

SessionId = NewType("SessionId", int)


@dataclass(frozen=True, slots=True)
class NewUserSession:
    user_id: UserId
    digest: str
    browser: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class UserSession:
    """What may be shown of a session.

    Attributes:
        browser: a few words of which kind it is; empty where that could not be told.
        last_seen_at: to within some minutes.
    """

    id: SessionId
    user_id: UserId
    browser: str
    created_at: datetime
    last_seen_at: datetime


_PUBLIC = [user_sessions.c[name] for name in UserSession.__slots__]
_BY_DIGEST = (
    select(*(column.label(f"session_{column.name}") for column in _PUBLIC), *PUBLIC_COLUMNS)
    .join(users, users.c.id == user_sessions.c.user_id)
    .where(user_sessions.c.digest == bindparam("digest"))
)


def insert_session(connection: Connection, new: NewUserSession) -> UserSession:
    values = {name: getattr(new, name) for name in NewUserSession.__slots__}
    inserted = insert(user_sessions).values(**values, last_seen_at=new.created_at).returning(*_PUBLIC)
    return _session_of(connection.execute(inserted).mappings().one(), "")


def find_session(connection: Connection, digest: str) -> tuple[UserSession, User] | None:
    """The session with this secret, whatever its age, and whose it is."""
    row = connection.execute(_BY_DIGEST, {"digest": digest}).mappings().one_or_none()
    return None if row is None else (_session_of(row, "session_"), user_of(row))


def list_sessions(connection: Connection, user_id: UserId) -> tuple[UserSession, ...]:
    """The one that was seen last first."""
    order = (user_sessions.c.last_seen_at.desc(), user_sessions.c.id.desc())
    rows = connection.execute(select(*_PUBLIC).where(user_sessions.c.user_id == user_id).order_by(*order)).mappings()
    return tuple(_session_of(row, "") for row in rows)


def set_last_seen(connection: Connection, uses: Mapping[SessionId, datetime]) -> None:
    for session_id, last_seen_at in sorted(uses.items()):
        chosen = user_sessions.c.id == session_id
        connection.execute(update(user_sessions).where(chosen).values(last_seen_at=last_seen_at))


def delete_session(connection: Connection, user_id: UserId, session_id: SessionId) -> bool:
    """Say whether this user had it."""
    chosen = (user_sessions.c.id == session_id, user_sessions.c.user_id == user_id)
    return connection.execute(delete(user_sessions).where(*chosen)).rowcount > 0


def delete_sessions(connection: Connection, user_id: UserId, *, but: SessionId | None = None) -> int:
    """All of a user's, or all but one; say how many there were."""
    chosen = user_sessions.c.user_id == user_id
    if but is not None:
        chosen &= user_sessions.c.id != but
    return connection.execute(delete(user_sessions).where(chosen)).rowcount


def delete_oldest_sessions(connection: Connection, user_id: UserId, *, keep: int) -> None:
    """All but those that were seen last."""
    order = (user_sessions.c.last_seen_at.desc(), user_sessions.c.id.desc())
    kept = select(user_sessions.c.id).where(user_sessions.c.user_id == user_id).order_by(*order).limit(keep)
    connection.execute(delete(user_sessions).where(user_sessions.c.user_id == user_id, user_sessions.c.id.not_in(kept)))


def delete_ended_sessions(connection: Connection, *, unseen_since: datetime, made_before: datetime) -> int:
    """Everybody's that were not seen since then, or were made before that; say how many there were."""
    ended = or_(user_sessions.c.last_seen_at <= unseen_since, user_sessions.c.created_at <= made_before)
    return connection.execute(delete(user_sessions).where(ended)).rowcount


def _session_of(row: RowMapping, prefix: str) -> UserSession:
    return UserSession(**{name: row[prefix + name] for name in UserSession.__slots__})
