"""Rows that link a repository with the LFS objects that may be read through it."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from matou.db.repositories import RepositoryId
from matou.db.schema import lfs_objects


@dataclass(frozen=True, slots=True)
class LfsLink:
    oid: str
    size_bytes: int


_SIZE = select(lfs_objects.c.size_bytes).where(
    lfs_objects.c.repository_id == bindparam("repository_id"), lfs_objects.c.oid == bindparam("oid")
)


def link_objects(connection: Connection, repository_id: RepositoryId, links: Iterable[LfsLink]) -> None:
    """Those that are linked already stay as they are."""
    rows = [{"repository_id": repository_id, "oid": link.oid, "size_bytes": link.size_bytes} for link in links]
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(lfs_objects).on_conflict_do_nothing(), rows)


def linked_size(connection: Connection, repository_id: RepositoryId, oid: str) -> int | None:
    """The size in bytes; None where there is no link."""
    return connection.execute(_SIZE, {"repository_id": repository_id, "oid": oid}).scalar_one_or_none()


def linked_sizes(connection: Connection, repository_id: RepositoryId) -> int:
    """Bytes of all of them."""
    sizes = select(func.coalesce(func.sum(lfs_objects.c.size_bytes), 0))
    return int(connection.execute(sizes.where(lfs_objects.c.repository_id == repository_id)).scalar_one())


def links_of(connection: Connection, repository_id: RepositoryId) -> tuple[LfsLink, ...]:
    statement = select(lfs_objects.c.oid, lfs_objects.c.size_bytes).where(lfs_objects.c.repository_id == repository_id)
    return tuple(LfsLink(row.oid, row.size_bytes) for row in connection.execute(statement).all())
