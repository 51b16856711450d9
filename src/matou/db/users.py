"""Rows of people, and of the robots that project tokens act as."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from sqlalchemy import ColumnElement, Connection, RowMapping, bindparam, delete, func, insert, or_, select, update

from matou.credentials import Secret
from matou.db.conditions import containing
from matou.db.schema import users
from matou.model.names import folded

UserId = NewType("UserId", int)


class UserKind(StrEnum):
    PERSON = "person"
    ROBOT = "robot"


@dataclass(frozen=True, slots=True)
class User:
    """An account. A robot stands for a project token and cannot log in with a password."""

    id: UserId
    name: str
    email: str
    display_name: str
    kind: UserKind
    admin: bool
    active: bool
    created_at: datetime


def may_log_in(user: User) -> bool:
    """Whether anything that this account shows, password or token, is good at any door: the one place that says it."""
    return user.active


@dataclass(frozen=True, slots=True)
class NewUser:
    name: str
    email: str
    display_name: str
    kind: UserKind
    password_hash: str | None
    admin: bool
    created_at: datetime


PUBLIC_COLUMNS = [users.c[name] for name in User.__slots__]

_BY_ID = select(*PUBLIC_COLUMNS).where(users.c.id == bindparam("user_id"))
_BY_LOGIN = select(*PUBLIC_COLUMNS, users.c.password_hash).where(
    or_(users.c.folded_name == bindparam("login"), users.c.folded_email == bindparam("login"))
)
_ANYBODY = select(users.c.id).where(users.c.kind == UserKind.PERSON).limit(1)


def insert_user(connection: Connection, new: NewUser) -> User:
    """Raises UniqueViolation where the name or e-mail, folded, is somebody's."""
    statement = insert(users).values(
        name=new.name,
        folded_name=folded(new.name),
        email=new.email,
        folded_email=folded(new.email) if new.email else None,
        display_name=new.display_name,
        kind=new.kind,
        password_hash=new.password_hash,
        admin=new.admin,
        active=True,
        created_at=new.created_at,
    )
    return user_of(connection.execute(statement.returning(*PUBLIC_COLUMNS)).mappings().one())


def find_user(connection: Connection, user_id: UserId) -> User | None:
    row = connection.execute(_BY_ID, {"user_id": user_id}).mappings().one_or_none()
    return None if row is None else user_of(row)


def find_user_to_log_in(connection: Connection, login: str) -> tuple[User, Secret | None] | None:
    """The user of a name or e-mail, with the hash of their password. A name goes before another's e-mail."""
    rows = connection.execute(_BY_LOGIN, {"login": folded(login)}).mappings().all()
    if not rows:
        return None
    row = min(rows, key=lambda candidate: folded(candidate["name"]) != folded(login))
    return user_of(row), None if row["password_hash"] is None else Secret(row["password_hash"])


def anybody_there(connection: Connection) -> bool:
    return connection.execute(_ANYBODY).first() is not None


def list_users(connection: Connection) -> tuple[User, ...]:
    rows = connection.execute(select(*PUBLIC_COLUMNS).order_by(users.c.folded_name)).mappings()
    return tuple(user_of(row) for row in rows)


def search_people(
    connection: Connection, part: str, *, newest_first: bool | None, offset: int, limit: int
) -> tuple[tuple[User, ...], int]:
    """Those in use whose name or display name holds a part, whatever the case, and how many they are in all.

    Args:
        newest_first: by when they came; None for whose name is the part, then whose begins with it, then by name.
    """
    named = or_(containing(users.c.name, part), containing(users.c.display_name, part))
    chosen = (users.c.kind == UserKind.PERSON, users.c.active, named)
    total = connection.execute(select(func.count()).select_from(users).where(*chosen)).scalar_one()
    listed = select(*PUBLIC_COLUMNS).where(*chosen).order_by(*_ordered(part, newest_first=newest_first))
    rows = connection.execute(listed.offset(offset).limit(limit)).mappings()
    return tuple(user_of(row) for row in rows), total


def _ordered(part: str, *, newest_first: bool | None) -> tuple[ColumnElement[Any], ...]:
    if newest_first is None:
        start = func.substr(users.c.folded_name, 1, len(folded(part)))
        return (users.c.folded_name != folded(part), start != folded(part), users.c.folded_name)
    columns = (users.c.created_at, users.c.id)
    return tuple(column.desc() if newest_first else column.asc() for column in columns)


def set_email(connection: Connection, user_id: UserId, email: str) -> None:
    """Raises UniqueViolation where it is another's, folded."""
    values = {"email": email, "folded_email": folded(email) if email else None}
    connection.execute(update(users).where(users.c.id == user_id).values(values))


def set_display_name(connection: Connection, user_id: UserId, display_name: str) -> None:
    connection.execute(update(users).where(users.c.id == user_id).values(display_name=display_name))


def set_password_hash(connection: Connection, user_id: UserId, password_hash: str) -> None:
    connection.execute(update(users).where(users.c.id == user_id).values(password_hash=password_hash))


def has_password_hash(connection: Connection, user_id: UserId, stored_hash: Secret) -> bool:
    """Whether this account may log in and has this password still; it keeps both until the transaction ends."""
    held = select(users.c.password_hash).where(users.c.id == user_id, users.c.active).with_for_update()
    return connection.execute(held).scalar_one_or_none() == stored_hash.reveal()


def set_active(connection: Connection, user_id: UserId, *, active: bool) -> None:
    connection.execute(update(users).where(users.c.id == user_id).values(active=active))


def set_admin(connection: Connection, user_id: UserId, *, admin: bool) -> None:
    connection.execute(update(users).where(users.c.id == user_id).values(admin=admin))


def delete_user(connection: Connection, user_id: UserId) -> bool:
    """Say whether there was one; tokens, keys, roles and stars go with it."""
    return connection.execute(delete(users).where(users.c.id == user_id)).rowcount > 0


def user_of(row: RowMapping) -> User:
    return User(
        id=UserId(row["id"]),
        name=row["name"],
        email=row["email"],
        display_name=row["display_name"],
        kind=UserKind(row["kind"]),
        admin=row["admin"],
        active=row["active"],
        created_at=row["created_at"],
    )
