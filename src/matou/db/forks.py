"""Rows that say which repository was made from which, and which forks somebody may see."""

from enum import Enum

from sqlalchemy import ColumnElement, Connection, func, insert, select

from matou.db.conditions import ALWAYS, Between
from matou.db.namespaces import NamespaceId
from matou.db.repositories import COLUMNS, Repository, RepositoryId, repository_of
from matou.db.schema import forks, repositories, stars
from matou.db.visibility import Viewer, sees_repository


def insert_fork(connection: Connection, repository_id: RepositoryId, parent_id: RepositoryId) -> None:
    """Raises ForeignKeyViolation where the parent was deleted meanwhile."""
    connection.execute(insert(forks).values(repository_id=repository_id, parent_id=parent_id))


def parent_of(connection: Connection, repository_id: RepositoryId) -> Repository | None:
    """What it was made from; None where it is no fork, and where that is gone."""
    joined = select(*COLUMNS).join_from(forks, repositories, repositories.c.id == forks.c.parent_id)
    row = connection.execute(joined.where(forks.c.repository_id == repository_id)).one_or_none()
    return None if row is None else repository_of(row)


def fork_in(connection: Connection, parent_id: RepositoryId, namespace_id: NamespaceId) -> Repository | None:
    """The fork of a repository that stands directly in a namespace; the first one where there are more."""
    statement = (
        select(*COLUMNS)
        .join_from(forks, repositories, repositories.c.id == forks.c.repository_id)
        .where(forks.c.parent_id == parent_id, repositories.c.namespace_id == namespace_id)
        .order_by(repositories.c.id)
        .limit(1)
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else repository_of(row)


class ForkOrder(Enum):
    """The newest first, the oldest first, or the one with the most stars first."""

    NEWEST = "newest"
    OLDEST = "oldest"
    STARGAZERS = "stargazers"


def list_forks(
    connection: Connection,
    parent_id: RepositoryId,
    *,
    viewer: Viewer,
    order: ForkOrder = ForkOrder.NEWEST,
    between: Between = ALWAYS,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[tuple[Repository, ...], int]:
    """One page of the direct forks made in that time, and how many of them there are; unseen ones are not counted."""
    joined = forks.join(repositories, repositories.c.id == forks.c.repository_id)
    made = between.holds(repositories.c.created_at)
    chosen = (forks.c.parent_id == parent_id, sees_repository(viewer.filter_key), *made)
    total = connection.execute(select(func.count()).select_from(joined).where(*chosen), viewer.parameters).scalar_one()
    statement = select(*COLUMNS).select_from(joined).where(*chosen).order_by(*_order(order))
    rows = connection.execute(statement.offset(offset).limit(limit), viewer.parameters)
    return tuple(repository_of(row) for row in rows), total


def _order(order: ForkOrder) -> tuple[ColumnElement[object], ...]:
    newest_first = (repositories.c.created_at.desc(), repositories.c.id.desc())
    match order:
        case ForkOrder.NEWEST:
            return newest_first
        case ForkOrder.OLDEST:
            return (repositories.c.created_at.asc(), repositories.c.id.asc())
        case ForkOrder.STARGAZERS:
            of_this = select(func.count()).where(stars.c.repository_id == repositories.c.id)
            return (of_this.scalar_subquery().desc(), *newest_first)
