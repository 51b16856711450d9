"""Rows that say which repository was made from which."""

from sqlalchemy import Connection, insert, select

from matou.db.namespaces import NamespaceId
from matou.db.repositories import COLUMNS, Repository, RepositoryId, repository_of
from matou.db.schema import forks, repositories


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
