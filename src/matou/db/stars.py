"""Rows of who marked which repository: starred it, or watches it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from matou.db.conditions import ALWAYS, Between
from matou.db.repositories import COLUMNS, Repository, RepositoryId, repository_of
from matou.db.schema import repositories, stars, users, watches
from matou.db.users import PUBLIC_COLUMNS, User, UserId, user_of
from matou.db.visibility import Viewer, sees_repository


class Mark(Enum):
    """What somebody may put on a repository, once each."""

    STAR = "star"
    WATCH = "watch"


class RepositoryOrder(Enum):
    """By what a list of repositories is sorted."""

    CREATED = "created"
    LAST_PUSH = "last push"


@dataclass(frozen=True, slots=True)
class Marking:
    """Who put a mark, and when."""

    user: User
    created_at: datetime


_TABLES: Mapping[Mark, Table] = MappingProxyType({Mark.STAR: stars, Mark.WATCH: watches})
_ORDERS: Mapping[RepositoryOrder, ColumnElement[datetime]] = MappingProxyType(
    {RepositoryOrder.CREATED: repositories.c.created_at, RepositoryOrder.LAST_PUSH: repositories.c.last_push_at}
)


def put_mark(
    connection: Connection, mark: Mark, repository_id: RepositoryId, user_id: UserId, created_at: datetime
) -> bool:
    """Say whether it is new: one that is there keeps its time. Raises ForeignKeyViolation without such a repository."""
    dialect, table = sqlite if connection.dialect.name == "sqlite" else postgresql, _TABLES[mark]
    values = {"repository_id": repository_id, "user_id": user_id, "created_at": created_at}
    # Asked for, since psycopg's count of inserted rows is not given to us.
    inserted = dialect.insert(table).values(values).on_conflict_do_nothing().returning(table.c.user_id)
    return connection.execute(inserted).first() is not None


def remove_mark(connection: Connection, mark: Mark, repository_id: RepositoryId, user_id: UserId) -> bool:
    """Say whether there was one."""
    statement = delete(_TABLES[mark]).where(_is_of(mark, repository_id, user_id))
    return connection.execute(statement).rowcount > 0


def is_marked(connection: Connection, mark: Mark, repository_id: RepositoryId, user_id: UserId) -> bool:
    return connection.execute(select(literal(1)).where(_is_of(mark, repository_id, user_id))).first() is not None


def marked_by(
    connection: Connection,
    mark: Mark,
    repository_id: RepositoryId,
    *,
    between: Between = ALWAYS,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[tuple[Marking, ...], int]:
    """Who put it on a repository, the newest first, and how many did in all."""
    table = _TABLES[mark]
    chosen = (table.c.repository_id == repository_id, *between.holds(table.c.created_at))
    total = connection.execute(select(func.count()).select_from(table).where(*chosen)).scalar_one()
    statement = (
        select(*PUBLIC_COLUMNS, table.c.created_at.label("marked_at"))
        .select_from(table.join(users, users.c.id == table.c.user_id))
        .where(*chosen)
        .order_by(table.c.created_at.desc(), table.c.user_id.desc())
    )
    rows = connection.execute(statement.offset(offset).limit(limit)).mappings()
    return tuple(Marking(user_of(row), row["marked_at"]) for row in rows), total


def marked_repositories(
    connection: Connection,
    mark: Mark,
    user_id: UserId,
    *,
    viewer: Viewer,
    order: RepositoryOrder,
    ascending: bool,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[tuple[Repository, ...], int]:
    """Those that a user put it on and that the viewer may still see, and how many they are in all."""
    table, column = _TABLES[mark], _ORDERS[order]
    joined = table.join(repositories, repositories.c.id == table.c.repository_id)
    chosen = (table.c.user_id == user_id, sees_repository(viewer.filter_key))
    counted = select(func.count()).select_from(joined).where(*chosen)
    total = connection.execute(counted, viewer.parameters).scalar_one()
    directions = [column.asc(), repositories.c.id.asc()] if ascending else [column.desc(), repositories.c.id.desc()]
    # What was never pushed to stands last either way; the databases do not agree on where nothing stands.
    statement = select(*COLUMNS).select_from(joined).where(*chosen).order_by(column.is_(None), *directions)
    rows = connection.execute(statement.offset(offset).limit(limit), viewer.parameters)
    return tuple(repository_of(row) for row in rows), total


def _is_of(mark: Mark, repository_id: RepositoryId, user_id: UserId) -> ColumnElement[bool]:
    table = _TABLES[mark]
    return and_(table.c.repository_id == repository_id, table.c.user_id == user_id)
