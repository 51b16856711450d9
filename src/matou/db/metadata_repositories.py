"""Rows that say up to which commit a metadata repository is indexed, and who took part in what it holds."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NewType

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from matou.db.namespaces import COLUMNS as NAMESPACE_COLUMNS
from matou.db.namespaces import Namespace, NamespaceId, namespace_of
from matou.db.repositories import COLUMNS as REPOSITORY_COLUMNS
from matou.db.repositories import Repository, RepositoryId, repository_of
from matou.db.schema import items, metadata_repositories, namespaces, participants, repositories
from matou.db.visibility import Viewer, sees_namespace, sees_repository
from matou.model.names import folded

MetadataId = NewType("MetadataId", int)


@dataclass(frozen=True, slots=True)
class IndexedMetadata:
    """A metadata repository, as far as it is indexed."""

    id: MetadataId
    commit_id: str


@dataclass(frozen=True, slots=True)
class ParticipantRow:
    key: str
    login: str
    name: str


def of_repository(connection: Connection, repository_id: RepositoryId) -> IndexedMetadata | None:
    return _one(connection, metadata_repositories.c.repository_id == repository_id)


def of_namespace(connection: Connection, namespace_id: NamespaceId) -> IndexedMetadata | None:
    return _one(connection, metadata_repositories.c.namespace_id == namespace_id)


def _one(connection: Connection, where: ColumnElement[bool]) -> IndexedMetadata | None:
    columns = (metadata_repositories.c.id, metadata_repositories.c.commit_id)
    row = connection.execute(select(*columns).where(where)).one_or_none()
    return None if row is None else IndexedMetadata(MetadataId(row.id), row.commit_id)


def commits_of_repositories(connection: Connection, ids: Collection[RepositoryId]) -> dict[RepositoryId, str]:
    """Up to which commit the metadata of each of them is indexed of which there is any."""
    column = metadata_repositories.c.repository_id
    rows = connection.execute(select(column, metadata_repositories.c.commit_id).where(column.in_(ids)))
    return {RepositoryId(row[0]): row[1] for row in rows if row[1]}


def commits_of_namespaces(connection: Connection, ids: Collection[NamespaceId]) -> dict[NamespaceId, str]:
    """The same of namespaces."""
    column = metadata_repositories.c.namespace_id
    rows = connection.execute(select(column, metadata_repositories.c.commit_id).where(column.in_(ids)))
    return {NamespaceId(row[0]): row[1] for row in rows if row[1]}


def of_visible_repositories(connection: Connection, viewer: Viewer) -> tuple[tuple[MetadataId, Repository], ...]:
    """Those of which anything was saved and that the viewer may see."""
    statement = (
        select(metadata_repositories.c.id, *REPOSITORY_COLUMNS)
        .join(repositories, repositories.c.id == metadata_repositories.c.repository_id)
        .where(sees_repository(viewer.filter_key))
    )
    rows = connection.execute(statement, viewer.parameters)
    return tuple((MetadataId(row[0]), repository_of(row[1:])) for row in rows)


def of_visible_namespaces(connection: Connection, viewer: Viewer) -> tuple[tuple[MetadataId, Namespace], ...]:
    joined = metadata_repositories.join(namespaces, namespaces.c.id == metadata_repositories.c.namespace_id)
    of_subject = select(metadata_repositories.c.namespace_id, metadata_repositories.c.id).select_from(joined)
    seen = sees_namespace(viewer.filter_key)
    ids = {row.namespace_id: row.id for row in connection.execute(of_subject.where(seen), viewer.parameters)}
    rows = connection.execute(select(*NAMESPACE_COLUMNS).select_from(joined).where(seen), viewer.parameters).mappings()
    return tuple((MetadataId(ids[row["id"]]), namespace_of(row)) for row in rows if row["id"] in ids)


def insert_metadata(
    connection: Connection, *, repository_id: RepositoryId | None = None, namespace_id: NamespaceId | None = None
) -> IndexedMetadata:
    """A row that is indexed up to no commit yet: its id is empty."""
    values = {"repository_id": repository_id, "namespace_id": namespace_id, "commit_id": ""}
    statement = insert(metadata_repositories).values(**values).returning(metadata_repositories.c.id)
    return IndexedMetadata(MetadataId(connection.execute(statement).scalar_one()), "")


def set_commit(connection: Connection, metadata_id: MetadataId, commit_id: str) -> None:
    statement = update(metadata_repositories).where(metadata_repositories.c.id == metadata_id)
    connection.execute(statement.values(commit_id=commit_id))


def delete_metadata(connection: Connection, metadata_id: MetadataId) -> None:
    connection.execute(delete(metadata_repositories).where(metadata_repositories.c.id == metadata_id))


def replace_participants(connection: Connection, metadata_id: MetadataId, people: Iterable[ParticipantRow]) -> None:
    connection.execute(delete(participants).where(participants.c.metadata_id == metadata_id))
    rows = [
        {
            "metadata_id": metadata_id,
            "key": one.key,
            "login": one.login,
            "folded_login": folded(one.login),
            "name": one.name,
        }
        for one in people
    ]
    if rows:
        connection.execute(insert(participants), rows)


def count_items(connection: Connection) -> tuple[int, int]:
    """How many items there are, and how many rows were made for them since the oldest of these."""
    found = select(func.count(), func.coalesce(func.max(items.c.id) - func.min(items.c.id) + 1, 0))
    count, handed_out = connection.execute(found.select_from(items)).one()
    return count, handed_out
