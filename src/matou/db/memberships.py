"""Rows that say which role a person has in a namespace and in all below it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from sqlalchemy import Connection, RowMapping, and_, bindparam, delete, exists, func, not_, select
from sqlalchemy.dialects import postgresql, sqlite

from matou.db.schema import memberships, namespaces, users
from matou.db.users import PUBLIC_COLUMNS, User, UserId, UserKind, user_of
from matou.model.names import NamespacePath, folded


class Role(IntEnum):
    """What somebody is in a namespace; a greater one may all that a smaller one may."""

    GUEST = 10
    REPORTER = 20
    DEVELOPER = 30
    MAINTAINER = 40
    OWNER = 50


@dataclass(frozen=True, slots=True)
class Member:
    user: User
    role: Role
    created_at: datetime


_ROLE = (
    select(func.max(memberships.c.role))
    .select_from(memberships.join(namespaces, namespaces.c.id == memberships.c.namespace_id))
    .where(
        memberships.c.user_id == bindparam("user_id"),
        namespaces.c.folded_path.in_(bindparam("folded_paths", expanding=True)),
    )
)

_NAMESPACES = select(namespaces.c.id).order_by(namespaces.c.id).with_for_update(key_share=True)
"""Held for the transaction: on PostgreSQL others could else go at the same moment, each seeing that one is left."""

_JOINED = memberships.join(users, users.c.id == memberships.c.user_id)
_MEMBERS = select(*PUBLIC_COLUMNS, memberships.c.role, memberships.c.created_at.label("member_since")).select_from(
    _JOINED
)


def set_membership(connection: Connection, namespace_id: int, user_id: UserId, role: Role, now: datetime) -> None:
    """Add a member, or change the role of one. Raises ForeignKeyViolation where there is no such user or namespace."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(memberships).values(
        namespace_id=namespace_id, user_id=user_id, role=role.value, created_at=now
    )
    key = [memberships.c.namespace_id, memberships.c.user_id]
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_={"role": role.value}))


def delete_membership(connection: Connection, namespace_id: int, user_id: UserId) -> bool:
    """Say whether there was one."""
    key = and_(memberships.c.namespace_id == namespace_id, memberships.c.user_id == user_id)
    return connection.execute(delete(memberships).where(key)).rowcount > 0


def role_in(connection: Connection, user_id: UserId, path: NamespacePath) -> Role | None:
    """The greatest role in a namespace or in one above it."""
    outwards = [folded("/".join(path.segments[:depth])) for depth in range(1, len(path.segments) + 1)]
    role = connection.execute(_ROLE, {"user_id": user_id, "folded_paths": outwards}).scalar_one()
    return None if role is None else Role(role)


def owners(connection: Connection, namespace_id: int) -> dict[UserId, bool]:
    """Who is an owner of exactly this namespace, with whether their account is in use.

    In a transaction that writes: until it ends nobody else who asks this is answered.
    """
    connection.execute(_NAMESPACES.where(namespaces.c.id == namespace_id))
    statement = select(memberships.c.user_id, users.c.active).select_from(_JOINED)
    chosen = (memberships.c.namespace_id == namespace_id, memberships.c.role == Role.OWNER.value)
    return {UserId(user_id): active for user_id, active in connection.execute(statement.where(*chosen))}


def memberships_of(connection: Connection, user_id: UserId) -> tuple[tuple[NamespacePath, Role], ...]:
    """Where somebody was given a role, by path."""
    statement = (
        select(namespaces.c.path, memberships.c.role)
        .select_from(memberships.join(namespaces, namespaces.c.id == memberships.c.namespace_id))
        .where(memberships.c.user_id == user_id)
        .order_by(namespaces.c.folded_path)
    )
    return tuple((NamespacePath.parse(path), Role(role)) for path, role in connection.execute(statement))


def sole_ownerships(connection: Connection, user_id: UserId) -> tuple[NamespacePath, ...]:
    """The outermost organizations that would be left without an owner whose account is in use.

    In a transaction that writes: until it ends nobody else who asks this of them, or for their owners, is answered.
    """
    owned = select(memberships.c.namespace_id).where(
        memberships.c.user_id == user_id, memberships.c.role == Role.OWNER.value
    )
    connection.execute(_NAMESPACES.where(namespaces.c.id.in_(owned)))
    own, others = memberships.alias("own"), memberships.alias("others")
    another = exists().where(
        others.c.namespace_id == namespaces.c.id,
        others.c.role == Role.OWNER.value,
        others.c.user_id != user_id,
        others.c.user_id == users.c.id,
        users.c.active,
    )
    statement = (
        select(namespaces.c.path)
        .select_from(own.join(namespaces, namespaces.c.id == own.c.namespace_id))
        .where(
            own.c.user_id == user_id,
            own.c.role == Role.OWNER.value,
            namespaces.c.parent_id.is_(None),
            namespaces.c.kind != "user",
            not_(another),
        )
        .order_by(namespaces.c.folded_path)
    )
    return tuple(NamespacePath.parse(path) for (path,) in connection.execute(statement))


def members(
    connection: Connection,
    namespace_id: int,
    *,
    roles: Collection[Role] = tuple(Role),
    offset: int = 0,
    limit: int | None = None,
) -> tuple[tuple[Member, ...], int]:
    """People with one of these roles in exactly this namespace, by name, and how many there are in all."""
    values = [role.value for role in roles]
    chosen = (
        memberships.c.namespace_id == namespace_id,
        users.c.kind == UserKind.PERSON,
        memberships.c.role.in_(values),
    )
    total = connection.execute(select(func.count()).select_from(_JOINED).where(*chosen)).scalar_one()
    ordered = _MEMBERS.where(*chosen).order_by(users.c.folded_name)
    rows = connection.execute(ordered.offset(offset).limit(limit))
    return tuple(map(_member_of, rows.mappings())), total


def find_member(connection: Connection, namespace_id: int, user_id: UserId) -> Member | None:
    """Somebody with a role in exactly this namespace."""
    key = and_(memberships.c.namespace_id == namespace_id, memberships.c.user_id == user_id)
    row = connection.execute(_MEMBERS.where(key)).mappings().one_or_none()
    return None if row is None else _member_of(row)


def _member_of(row: RowMapping) -> Member:
    return Member(user_of(row), Role(row["role"]), row["member_since"])
