"""Rows of namespaces: users' own, organizations, and projects below them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import NewType

from sqlalchemy import (
    Connection,
    LargeBinary,
    RowMapping,
    Select,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from matou.db.conditions import containing
from matou.db.memberships import Role
from matou.db.schema import memberships, namespaces, repositories
from matou.db.users import UserId
from matou.db.visibility import EVERYTHING, Viewer, below, knows_members, page, sees_namespace
from matou.model.names import NamespacePath, folded

NamespaceId = NewType("NamespaceId", int)


class NamespaceKind(StrEnum):
    USER = "user"
    ORGANIZATION = "organization"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Namespace:
    """What owns repositories.

    Attributes:
        true_name: the name as the source has it; for what was born here the last part of the path.
        icon: the digest of a blob.
        source: which source owns it, if a backup made it; then it is read-only.
        created_at: None where the source does not say.
    """

    id: NamespaceId
    parent_id: NamespaceId | None
    kind: NamespaceKind
    path: NamespacePath
    true_name: str
    display_name: str
    description: str
    icon: str | None
    archived: bool
    source: str | None
    source_id: str | None
    created_at: datetime | None
    updated_at: datetime
    creator_id: UserId | None

    @property
    def name(self) -> str:
        return self.path.name


@dataclass(frozen=True, slots=True)
class NewNamespace:
    parent_id: NamespaceId | None
    kind: NamespaceKind
    path: NamespacePath
    true_name: str
    display_name: str
    description: str
    icon: str | None
    archived: bool
    source: str | None
    source_id: str | None
    created_at: datetime | None
    updated_at: datetime
    creator_id: UserId | None


_MOST_PATHS = 4096

COLUMNS = [namespaces.c[name] for name in Namespace.__slots__]

_BY_ID = select(*COLUMNS).where(namespaces.c.id == bindparam("namespace_id"))
_BY_PATH = select(*COLUMNS).where(namespaces.c.folded_path == bindparam("folded_path"))
_BY_SOURCE = select(*COLUMNS).where(
    and_(namespaces.c.source == bindparam("source"), namespaces.c.source_id == bindparam("source_id"))
)


def insert_namespace(connection: Connection, new: NewNamespace) -> Namespace:
    """Raises UniqueViolation where the path, folded, is taken."""
    statement = insert(namespaces).values(**_values(new)).returning(*COLUMNS)
    return namespace_of(connection.execute(statement).mappings().one())


def replace_namespace(connection: Connection, namespace_id: NamespaceId, new: NewNamespace) -> Namespace | None:
    return change(connection, namespace_id, **_values(new))


def change(connection: Connection, namespace_id: NamespaceId, **values: object) -> Namespace | None:
    """Set columns. None where there is no such namespace."""
    statement = update(namespaces).where(namespaces.c.id == namespace_id).values(**values).returning(*COLUMNS)
    return _one(connection.execute(statement).mappings().one_or_none())


def find_namespace(connection: Connection, path: NamespacePath) -> Namespace | None:
    return _one(connection.execute(_BY_PATH, {"folded_path": folded(str(path))}).mappings().one_or_none())


def find_namespace_by_id(connection: Connection, namespace_id: NamespaceId) -> Namespace | None:
    return _one(connection.execute(_BY_ID, {"namespace_id": namespace_id}).mappings().one_or_none())


def find_namespace_by_source(connection: Connection, source: str, source_id: str) -> Namespace | None:
    parameters = {"source": source, "source_id": source_id}
    return _one(connection.execute(_BY_SOURCE, parameters).mappings().one_or_none())


def child_namespaces(
    connection: Connection,
    parent_id: NamespaceId | None,
    *,
    viewer: Viewer = EVERYTHING,
    kinds: Collection[NamespaceKind] = tuple(NamespaceKind),
    name_filter: str = "",
    offset: int = 0,
    limit: int | None = None,
) -> tuple[tuple[Namespace, ...], int]:
    """Those of some kinds directly below, by path, and how many there are in all.

    Args:
        parent_id: None for the outermost ones.
        name_filter: a part of the path's last name or of the display name, whatever the case.
    """
    child = namespaces.c.parent_id.is_(None) if parent_id is None else namespaces.c.parent_id == parent_id
    conditions = [child, namespaces.c.kind.in_(kinds), sees_namespace(viewer.filter_key)]
    if name_filter:
        conditions.append(
            or_(containing(namespaces.c.true_name, name_filter), containing(namespaces.c.display_name, name_filter))
        )
    counted = select(func.count()).select_from(namespaces).where(*conditions)
    total = connection.execute(counted, viewer.parameters).scalar_one()
    listed = page(select(*COLUMNS).where(*conditions), namespaces.c.folded_path, offset, limit)
    rows = connection.execute(listed, viewer.parameters)
    return tuple(namespace_of(row) for row in rows.mappings()), total


def visible_namespaces(
    connection: Connection, *, viewer: Viewer, offset: int = 0, limit: int | None = None
) -> tuple[tuple[Namespace, ...], int]:
    """All that the viewer may see, by path, so that those outside come before those inside them; and how many."""
    seen = sees_namespace(viewer.filter_key)
    total = connection.execute(select(func.count()).select_from(namespaces).where(seen), viewer.parameters).scalar_one()
    listed = page(select(*COLUMNS).where(seen), namespaces.c.folded_path, offset, limit)
    rows = connection.execute(listed, viewer.parameters)
    return tuple(namespace_of(row) for row in rows.mappings()), total


def list_namespaces(connection: Connection, kinds: Collection[NamespaceKind]) -> tuple[Namespace, ...]:
    """All of some kinds, by path."""
    statement = select(*COLUMNS).where(namespaces.c.kind.in_(kinds)).order_by(namespaces.c.folded_path)
    return tuple(namespace_of(row) for row in connection.execute(statement).mappings())


def list_below(connection: Connection, path: NamespacePath) -> tuple[Namespace, ...]:
    """All that stand below one, directly or not, by path."""
    statement = select(*COLUMNS).where(below(namespaces.c.folded_path, path)).order_by(namespaces.c.folded_path)
    return tuple(namespace_of(row) for row in connection.execute(statement).mappings())


def namespaces_of_member(
    connection: Connection,
    user_id: UserId,
    *,
    viewer: Viewer,
    kinds: Collection[NamespaceKind],
    offset: int,
    limit: int,
    least: Role = Role.GUEST,
) -> tuple[tuple[Namespace, ...], int]:
    """Those of some kinds in which a user has a role that was given there itself, by path, and how many in all.

    As far as the viewer may know who their members are, which each of them may.

    Args:
        least: the smallest role that counts.
    """
    is_member = exists(
        select(memberships.c.user_id).where(
            memberships.c.namespace_id == namespaces.c.id,
            memberships.c.user_id == user_id,
            memberships.c.role >= least.value,
        )
    )
    conditions = (is_member, namespaces.c.kind.in_(kinds), knows_members(viewer.filter_key))
    counted = select(func.count()).select_from(namespaces).where(*conditions)
    total = connection.execute(counted, viewer.parameters).scalar_one()
    listed = page(select(*COLUMNS).where(*conditions), namespaces.c.folded_path, offset, limit)
    rows = connection.execute(listed, viewer.parameters)
    return tuple(namespace_of(row) for row in rows.mappings()), total


def is_seen(connection: Connection, namespace_id: NamespaceId, viewer: Viewer) -> bool:
    statement = select(namespaces.c.id).where(namespaces.c.id == namespace_id, sees_namespace(viewer.filter_key))
    return connection.execute(statement, viewer.parameters).first() is not None


def delete_namespace(connection: Connection, namespace_id: NamespaceId) -> None:
    """Raises ForeignKeyViolation where it still holds something that would be left without it."""
    connection.execute(delete(namespaces).where(namespaces.c.id == namespace_id))


@lru_cache(maxsize=_MOST_PATHS)
def namespace_path(text: str) -> NamespacePath:
    """As a row has it. Remembered, since the repositories of a list stand in few namespaces."""
    return NamespacePath.parse(text)


def namespace_of(row: RowMapping) -> Namespace:
    return Namespace(**{**row, "kind": NamespaceKind(row["kind"]), "path": namespace_path(row["path"])})


def _one(row: RowMapping | None) -> Namespace | None:
    return None if row is None else namespace_of(row)


def _values(new: NewNamespace) -> dict[str, object]:
    values = {name: getattr(new, name) for name in NewNamespace.__slots__}
    return {**values, "path": str(new.path), "folded_path": folded(str(new.path))}


_INSIDE = bindparam("parent_id", type_=namespaces.c.id.type)
_NAMESPACES_IN = select(namespaces.c.path).where(namespaces.c.parent_id == _INSIDE)
_OUTERMOST = select(namespaces.c.path).where(namespaces.c.parent_id.is_(None))
_REPOSITORIES_IN = select(repositories.c.path).where(repositories.c.namespace_id == _INSIDE)


def names_in(connection: Connection, parent_id: NamespaceId | None, *, beyond_ascii: bool = False) -> tuple[str, ...]:
    """The last part of every path directly below a namespace, or of every outermost one for None.

    Args:
        beyond_ascii: only of paths with a character that is not ASCII's.
    """
    queries = (_OUTERMOST,) if parent_id is None else (_NAMESPACES_IN, _REPOSITORIES_IN)
    statements = [_beyond_ascii(one) if beyond_ascii else one for one in queries]
    parameters = {} if parent_id is None else {_INSIDE.key: parent_id}
    paths = [path for one in statements for path in connection.execute(one, parameters).scalars()]
    return tuple(path.rpartition("/")[2] for path in paths)


def _beyond_ascii(statement: Select[tuple[str]]) -> Select[tuple[str]]:
    """A path in ASCII has as many bytes as characters."""
    path = statement.selected_columns[0]
    return statement.where(func.length(cast(path, LargeBinary)) != func.length(path))
