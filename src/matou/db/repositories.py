"""Rows of repositories, and of the paths that they had before."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NewType

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, update

from matou.db.conditions import containing
from matou.db.namespaces import NamespaceId, namespace_path
from matou.db.schema import namespaces, redirects, repositories
from matou.db.users import UserId
from matou.db.visibility import EVERYTHING, Viewer, below, page, sees_repository
from matou.model.names import NamespacePath, RepositoryPath, folded
from matou.model.platform import VersionControl, Visibility

RepositoryId = NewType("RepositoryId", int)


@dataclass(frozen=True, slots=True)
class NewRepositoryRow:
    namespace_id: NamespaceId
    path: RepositoryPath
    true_name: str
    description: str
    visibility: Visibility
    default_branch: str | None
    archived: bool
    read_only_source: str | None
    source_id: str | None
    version_control: VersionControl
    size_bytes: int
    created_at: datetime | None
    updated_at: datetime
    last_push_at: datetime | None
    creator_id: UserId | None
    homepage: str = ""


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository and what belongs to it; where it lies is `Forge.git_dir`.

    Attributes:
        true_name: the name as the source has it, or as people call what was born here; no path is made of it.
        default_branch: a branch's name without `refs/heads/`; None where nothing says which.
        read_only_source: which source owns it, if a backup made it; then it is read-only.
        size_bytes: as last measured, after a push or a backup.
        created_at: None where the source does not say.
        independent_members: roles in the namespaces above do not count here, but for their owners'.
        storage_key: what its files' keys in the bucket begin with; None where it lies in a folder.
        generation: one more with each change of its refs or packs in the bucket.
    """

    id: RepositoryId
    namespace_id: NamespaceId
    path: RepositoryPath
    true_name: str
    description: str
    visibility: Visibility
    default_branch: str | None
    archived: bool
    read_only_source: str | None
    source_id: str | None
    version_control: VersionControl
    size_bytes: int
    created_at: datetime | None
    updated_at: datetime
    last_push_at: datetime | None
    creator_id: UserId | None
    homepage: str = ""
    independent_members: bool = False
    storage_key: str | None = None
    generation: int | None = None

    @property
    def name(self) -> str:
        return self.path.name


def _column_name(attribute: str) -> str:
    return "source" if attribute == "read_only_source" else attribute


_MOST_PATHS = 8192

COLUMNS = [repositories.c[_column_name(name)].label(name) for name in Repository.__slots__]

_BY_ID = select(*COLUMNS).where(repositories.c.id == bindparam("repository_id"))
_BY_PATH = select(*COLUMNS).where(repositories.c.folded_path == bindparam("folded_path"))
_BY_OLD_PATH = (
    select(*COLUMNS)
    .join(redirects, redirects.c.repository_id == repositories.c.id)
    .where(redirects.c.folded_path == bindparam("folded_path"))
)
_BY_SOURCE = select(*COLUMNS).where(
    and_(repositories.c.source == bindparam("source"), repositories.c.source_id == bindparam("source_id"))
)


def insert_repository(connection: Connection, new: NewRepositoryRow) -> Repository:
    """A path that redirected elsewhere no longer does. Raises UniqueViolation where the path, folded, is taken."""
    forget_redirect(connection, new.path)
    statement = insert(repositories).values(**_values(new)).returning(*COLUMNS)
    return repository_of(connection.execute(statement).one())


def replace_repository(connection: Connection, repository_id: RepositoryId, new: NewRepositoryRow) -> Repository | None:
    return change(connection, repository_id, **_values(new))


def change(connection: Connection, repository_id: RepositoryId, **values: object) -> Repository | None:
    """Set columns. None where there is no such repository."""
    statement = update(repositories).where(repositories.c.id == repository_id).values(**values).returning(*COLUMNS)
    return _one(connection.execute(statement).one_or_none())


def move(
    connection: Connection,
    repository: Repository,
    path: RepositoryPath,
    now: datetime,
    *,
    namespace_id: NamespaceId | None = None,
    true_name: str | None = None,
) -> Repository | None:
    """Give a repository another path; the old one redirects to it until somebody takes that path.

    Args:
        namespace_id: of the namespace that `path` names; None where it stays in its own.
        true_name: None for the path's.

    Raises UniqueViolation where the new path is taken. None where there is no such repository.
    """
    forget_redirect(connection, path)
    moved = change(
        connection,
        repository.id,
        path=str(path),
        folded_path=folded(str(path)),
        true_name=path.name if true_name is None else true_name,
        namespace_id=repository.namespace_id if namespace_id is None else namespace_id,
        updated_at=now,
    )
    if moved is not None and folded(str(path)) != folded(str(repository.path)):
        row = {"folded_path": folded(str(repository.path)), "repository_id": repository.id}
        connection.execute(insert(redirects).values(row))
    return moved


def forget_redirect(connection: Connection, path: RepositoryPath) -> None:
    connection.execute(delete(redirects).where(redirects.c.folded_path == folded(str(path))))


def delete_repository(connection: Connection, repository_id: RepositoryId) -> bool:
    """Say whether there was one; its links, redirects and the like go with it."""
    return connection.execute(delete(repositories).where(repositories.c.id == repository_id)).rowcount > 0


def delete_sourced_but(connection: Connection, source: str, there: Collection[str]) -> None:
    """Remove the rows of a source's repositories whose ids are not among `there`."""
    rows = connection.execute(
        select(repositories.c.id, repositories.c.source_id).where(repositories.c.source == source)
    )
    for row in rows.all():
        if row.source_id not in there:
            delete_repository(connection, row.id)


def find_repository_at(connection: Connection, path: RepositoryPath) -> Repository | None:
    """By the path that it has now."""
    return _one(connection.execute(_BY_PATH, {"folded_path": folded(str(path))}).one_or_none())


def find_repository(connection: Connection, path: RepositoryPath) -> Repository | None:
    """By its path now, or else by one that it had before."""
    repository = find_repository_at(connection, path)
    if repository is not None:
        return repository
    return _one(connection.execute(_BY_OLD_PATH, {"folded_path": folded(str(path))}).one_or_none())


def find_repository_by_id(connection: Connection, repository_id: RepositoryId) -> Repository | None:
    return _one(connection.execute(_BY_ID, {"repository_id": repository_id}).one_or_none())


def lock_repository(connection: Connection, repository_id: RepositoryId) -> Repository | None:
    """As it is now; nobody else changes it before this transaction ends."""
    row = connection.execute(_BY_ID.with_for_update(), {"repository_id": repository_id}).one_or_none()
    return _one(row)


def find_repositories(
    connection: Connection, repository_ids: Collection[RepositoryId], *, viewer: Viewer = EVERYTHING
) -> tuple[Repository, ...]:
    """Those of them that are there and that the viewer may see, in no order."""
    statement = select(*COLUMNS).where(repositories.c.id.in_(repository_ids), sees_repository(viewer.filter_key))
    return tuple(repository_of(row) for row in connection.execute(statement, viewer.parameters))


def find_repository_by_source(connection: Connection, source: str, source_id: str) -> Repository | None:
    parameters = {"source": source, "source_id": source_id}
    return _one(connection.execute(_BY_SOURCE, parameters).one_or_none())


def find_saved_repositories(
    connection: Connection, ending: RepositoryPath, *, viewer: Viewer = EVERYTHING
) -> tuple[Repository, ...]:
    """What the accounts that were backed up have under this path, each below a namespace of the account's name."""
    above = namespaces.c.folded_path.concat("/" + folded(str(ending)))
    accounts = select(above).where(namespaces.c.source.is_not(None), namespaces.c.parent_id.is_(None))
    statement = select(*COLUMNS).where(
        repositories.c.folded_path.in_(accounts),
        repositories.c.source.is_not(None),
        sees_repository(viewer.filter_key),
    )
    return tuple(repository_of(row) for row in connection.execute(statement, viewer.parameters))


def list_repositories(
    connection: Connection,
    namespace: NamespacePath | None,
    *,
    recursive: bool,
    viewer: Viewer = EVERYTHING,
    name_filter: str = "",
    offset: int = 0,
    limit: int | None = None,
) -> tuple[tuple[Repository, ...], int]:
    """Those in a namespace, by path, and how many there are in all.

    Args:
        namespace: None for all there are.
        recursive: those of the namespaces below it too.
        name_filter: a part of the name, or with a slash in it of the path, whatever the case.
    """
    conditions = [sees_repository(viewer.filter_key)]
    if namespace is not None:
        conditions.append(below(repositories.c.folded_path, namespace))
        if not recursive:
            depth = func.length(repositories.c.folded_path) - func.length(
                func.replace(repositories.c.folded_path, "/", "")
            )
            conditions.append(depth == len(namespace.segments))
    if name_filter:
        column = repositories.c.folded_path if "/" in name_filter else repositories.c.true_name
        conditions.append(containing(column, name_filter))
    counted = select(func.count()).select_from(repositories).where(*conditions)
    total = connection.execute(counted, viewer.parameters).scalar_one()
    listed = page(select(*COLUMNS).where(*conditions), repositories.c.folded_path, offset, limit)
    rows = connection.execute(listed, viewer.parameters)
    return tuple(repository_of(row) for row in rows), total


def repository_of(row: Sequence[Any]) -> Repository:
    """Of a row that begins with COLUMNS."""
    values = list(row[: len(COLUMNS)])
    for column, read in _READ.items():
        values[column] = read(values[column])
    return Repository(*values)


@lru_cache(maxsize=_MOST_PATHS)
def _path_of(text: str) -> RepositoryPath:
    """As a row has it; whether it can be one is looked at once for many lists."""
    namespace, _, name = text.rpartition("/")
    return RepositoryPath(namespace_path(namespace), name)


_READ: Mapping[int, Callable[[str], object]] = MappingProxyType(
    {
        Repository.__slots__.index("path"): _path_of,
        Repository.__slots__.index("visibility"): Visibility,
        Repository.__slots__.index("version_control"): VersionControl,
    }
)


def _one(row: Sequence[Any] | None) -> Repository | None:
    return None if row is None else repository_of(row)


def _values(new: NewRepositoryRow) -> dict[str, object]:
    values = {_column_name(name): getattr(new, name) for name in NewRepositoryRow.__slots__}
    return {**values, "path": str(new.path), "folded_path": folded(str(new.path))}
