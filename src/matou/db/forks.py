"""Rows that say which repository was made from which."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, insert, select

from matou.db.namespaces import NamespaceId
from matou.db.repositories import COLUMNS, Repository, RepositoryId, find_repositories, repository_of
from matou.db.schema import forks, repositories
from matou.db.viewers import EVERYTHING, Viewer


def insert_fork(connection: Connection, repository_id: RepositoryId, parent_id: RepositoryId) -> None:
    """Raises OwnerGone where the parent was deleted meanwhile."""
    connection.execute(insert(forks).values(repository_id=repository_id, parent_id=parent_id))


def parent_of(connection: Connection, repository_id: RepositoryId) -> Repository | None:
    """What it was made from; None where it is no fork, and where that is gone."""
    return parents_of(connection, (repository_id,)).get(repository_id)


def parents_of(
    connection: Connection, repository_ids: Collection[RepositoryId], *, viewer: Viewer = EVERYTHING
) -> Mapping[RepositoryId, Repository]:
    """The parents of those that have one which the viewer may see."""
    pairs = select(forks.c.repository_id, forks.c.parent_id).where(
        forks.c.repository_id.in_(repository_ids), forks.c.parent_id.is_not(None)
    )
    parent_ids = {RepositoryId(fork): RepositoryId(parent) for fork, parent in connection.execute(pairs).all()}
    if not parent_ids:
        return {}
    found = {parent.id: parent for parent in find_repositories(connection, set(parent_ids.values()), viewer=viewer)}
    return {fork: found[parent] for fork, parent in parent_ids.items() if parent in found}


def forks_among(connection: Connection, repository_ids: Collection[RepositoryId]) -> frozenset[RepositoryId]:
    """Those of them that were made from another, which may be gone."""
    statement = select(forks.c.repository_id).where(forks.c.repository_id.in_(repository_ids))
    return frozenset(RepositoryId(found) for found in connection.execute(statement).scalars())


def fork_in(connection: Connection, parent_id: RepositoryId, namespace_id: NamespaceId) -> Repository | None:
    """The fork of a repository that stands directly in a namespace; the first one where there are more."""
    statement = (
        select(*COLUMNS)
        .join_from(forks, repositories, repositories.c.id == forks.c.repository_id)
        .where(forks.c.parent_id == parent_id, repositories.c.namespace_id == namespace_id)
        .order_by(repositories.c.id)
        .limit(1)
    )
    row = connection.execute(statement).mappings().one_or_none()
    return None if row is None else repository_of(row)
