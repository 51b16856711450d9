"""Rows of the roles that were made for one repository beside the standard ones."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, delete, func, insert, select

from matou.db.repositories import RepositoryId
from matou.db.schema import customized_roles, repository_members


@dataclass(frozen=True, slots=True)
class NewCustomizedRole:
    """`access_level` is on the scale of `Role`: such a role may what the greatest standard role up to it may."""

    id: str
    repository_id: RepositoryId
    name: str
    display_name: str
    description: str
    access_level: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CustomizedRole:
    id: str
    repository_id: RepositoryId
    name: str
    display_name: str
    description: str
    access_level: int
    created_at: datetime
    updated_at: datetime
    member_count: int


_COUNT = (
    select(func.count())
    .select_from(repository_members)
    .where(repository_members.c.customized_role_id == customized_roles.c.id)
    .scalar_subquery()
)
_SELECT = select(*(customized_roles.c[name] for name in NewCustomizedRole.__slots__), _COUNT.label("member_count"))


def insert_role(connection: Connection, new: NewCustomizedRole) -> None:
    """Raises UniqueViolation where the repository has a role of this name."""
    connection.execute(insert(customized_roles).values({name: getattr(new, name) for name in new.__slots__}))


def list_roles(connection: Connection, repository_id: RepositoryId) -> tuple[CustomizedRole, ...]:
    """By name."""
    chosen = _SELECT.where(customized_roles.c.repository_id == repository_id).order_by(customized_roles.c.name)
    return tuple(_role_of(row) for row in connection.execute(chosen).mappings())


def find_role(connection: Connection, repository_id: RepositoryId, role_id: str) -> CustomizedRole | None:
    """None for a role of another repository too."""
    chosen = _SELECT.where(customized_roles.c.repository_id == repository_id, customized_roles.c.id == role_id)
    row = connection.execute(chosen).mappings().one_or_none()
    return None if row is None else _role_of(row)


def delete_role(connection: Connection, repository_id: RepositoryId, role_id: str) -> bool:
    """Say whether there was one. Raises ForeignKeyViolation where somebody has it."""
    chosen = and_(customized_roles.c.repository_id == repository_id, customized_roles.c.id == role_id)
    return connection.execute(delete(customized_roles).where(chosen)).rowcount > 0


def _role_of(row: RowMapping) -> CustomizedRole:
    return CustomizedRole(**row)
