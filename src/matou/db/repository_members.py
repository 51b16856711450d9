"""Rows that say which role a person has in one repository; and who has any role in it, however they came by it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.selectable import Subquery

from matou.db.memberships import Role
from matou.db.repositories import Repository
from matou.db.schema import memberships, namespaces, repository_members, users
from matou.db.users import PUBLIC_COLUMNS, User, UserId, UserKind, user_of
from matou.db.visibility import page
from matou.model.names import NamespacePath, folded


@dataclass(frozen=True, slots=True)
class RepositoryMember:
    """Somebody who has a role in a repository.

    Attributes:
        role: the greatest of those that count.
        customized_role_id: of the role that was given in this repository, if it was a customized one.
        is_direct: a role was given in this repository itself.
        created_at: when the first of the roles was given.
    """

    user: User
    role: Role
    customized_role_id: str | None
    is_direct: bool
    created_at: datetime


def _held() -> Subquery:
    """Every role that counts in the repository that `_parameters` are of: a row each."""
    above = (
        select(
            memberships.c.user_id,
            memberships.c.role,
            cast(null(), Text).label("customized_role_id"),
            literal(0).label("direct"),
            memberships.c.created_at,
        )
        .select_from(memberships.join(namespaces, namespaces.c.id == memberships.c.namespace_id))
        .where(
            namespaces.c.folded_path.in_(bindparam("folded_paths", expanding=True)),
            memberships.c.role >= bindparam("least"),
        )
    )
    own = select(
        repository_members.c.user_id,
        repository_members.c.role,
        repository_members.c.customized_role_id,
        literal(1),
        repository_members.c.created_at,
    ).where(repository_members.c.repository_id == bindparam("repository_id"))
    return union_all(above, own).subquery("held")


_HELD = _held()
_ROLE = select(func.max(_HELD.c.role)).where(_HELD.c.user_id == bindparam("user_id"))
_PEOPLE: Sequence[ColumnElement[bool]] = (_HELD.c.user_id == users.c.id, users.c.kind == UserKind.PERSON)


def role_in_repository(connection: Connection, user_id: UserId, repository: Repository) -> Role | None:
    """The greatest of the roles that count: its own, and those of the namespaces above; see `independent_members`."""
    role = connection.execute(_ROLE, {**_parameters(repository), "user_id": user_id}).scalar_one()
    return None if role is None else Role(role)


def set_member(
    connection: Connection,
    repository: Repository,
    user_id: UserId,
    role: Role,
    customized_role_id: str | None,
    now: datetime,
) -> bool:
    """Say whether they had none before. Raises ForeignKeyViolation without such a user, repository or role."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"role": role.value, "customized_role_id": customized_role_id}
    statement = dialect.insert(repository_members).values(
        repository_id=repository.id, user_id=user_id, created_at=now, **values
    )
    is_new = connection.execute(select(repository_members.c.role).where(_row(repository, user_id))).first() is None
    key = [repository_members.c.repository_id, repository_members.c.user_id]
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=values))
    return is_new


def delete_member(connection: Connection, repository: Repository, user_id: UserId) -> bool:
    """Say whether there was one."""
    return connection.execute(delete(repository_members).where(_row(repository, user_id))).rowcount > 0


def find_member(connection: Connection, repository: Repository, user_id: UserId) -> RepositoryMember | None:
    """None for somebody without a role that counts, and for a robot."""
    statement = _people().where(users.c.id == user_id)
    row = connection.execute(statement, _parameters(repository)).mappings().one_or_none()
    return None if row is None else _member_of(row)


def list_members(
    connection: Connection, repository: Repository, *, offset: int = 0, limit: int | None = None
) -> tuple[tuple[RepositoryMember, ...], int]:
    """People with a role that counts, by name, and how many there are in all."""
    counted = select(func.count(users.c.id.distinct())).where(*_PEOPLE)
    total = connection.execute(counted, _parameters(repository)).scalar_one()
    rows = connection.execute(page(_people(), users.c.folded_name, offset, limit), _parameters(repository)).mappings()
    return tuple(_member_of(row) for row in rows), total


def _people() -> Select[*tuple[object, ...]]:
    return (
        select(
            *PUBLIC_COLUMNS,
            func.max(_HELD.c.role).label("role"),
            func.max(_HELD.c.customized_role_id).label("customized_role_id"),
            func.max(_HELD.c.direct).label("direct"),
            func.min(_HELD.c.created_at).label("member_since"),
        )
        .where(*_PEOPLE)
        .group_by(*PUBLIC_COLUMNS, users.c.folded_name)
    )


def _parameters(repository: Repository) -> dict[str, object]:
    return {
        "repository_id": repository.id,
        "folded_paths": _outwards(repository.path.namespace),
        "least": Role.OWNER.value if repository.independent_members else 0,
    }


def _outwards(path: NamespacePath) -> list[str]:
    return [folded("/".join(path.segments[:depth])) for depth in range(1, len(path.segments) + 1)]


def _row(repository: Repository, user_id: UserId) -> ColumnElement[bool]:
    return and_(repository_members.c.repository_id == repository.id, repository_members.c.user_id == user_id)


def _member_of(row: RowMapping) -> RepositoryMember:
    return RepositoryMember(
        user=user_of(row),
        role=Role(row["role"]),
        customized_role_id=row["customized_role_id"],
        is_direct=bool(row["direct"]),
        created_at=row["member_since"],
    )
