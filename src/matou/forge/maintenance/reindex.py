"""Makes the database's rows of what was backed up, from the archive's manifests.

The files are the truth. What a manifest says about a namespace or a repository replaces what its row said; what
was decided here, its visibility and its members, stays.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from matou.archive.bucket_contents import FolderSummary
from matou.archive.manifest import MetadataState, NamespaceLine, RepositoryLine, RunLine, read_manifest
from matou.archive.run_history import digest_of_file, manifests, read_history, source_key
from matou.archive.snapshots import parse_lfs_list
from matou.db import index_state, labels, lfs_objects, namespaces, repositories
from matou.db.bucket_folders import find_folder
from matou.db.bucket_repositories import put_into_bucket
from matou.db.engine import Connection
from matou.db.lfs_objects import LfsLink
from matou.db.namespaces import Namespace, NamespaceId, NamespaceKind, NewNamespace
from matou.db.repositories import NewRepositoryRow
from matou.errors import Conflict, Damaged, MatouError, NotFound
from matou.forge.content.branch_refs import branch_in
from matou.forge.conversation.indexing import MetadataSubject, index_metadata
from matou.forge.forge import Forge
from matou.git.repository import size_bytes
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED, fault_of_json
from matou.model.names import InvalidName, NamespacePath, ObjectId, RepositoryPath
from matou.model.platform import Visibility


class PathOccupied(Conflict):
    """Where a backup lies, something that was born here has the name."""


class MalformedDocument(Damaged):
    """A document of a namespace that does not read as what it should be."""


@dataclass(frozen=True, slots=True)
class ReindexReport:
    """How many rows stand for what was backed up, and what could not be indexed, with the reason."""

    sources: int
    namespaces: int
    repositories: int
    problems: tuple[MatouError, ...] = ()


def reindex(forge: Forge) -> ReindexReport:
    """Rows from the newest manifest of each source. Twice is as good as once.

    What cannot be indexed is a problem in the report and stops nothing else.
    """
    history = read_history(forge.archive)
    problems: list[MatouError] = [unread.fault for unread in history.unread_now()]
    for path in history.paths:
        with _noting(problems):
            source = _read_source(forge, path, problems)
            _index(forge, source, problems)
            _index_metadata(forge, source, problems)
    with forge.database.begin_read() as connection:
        counts = index_state.count_sourced(connection)
    return ReindexReport(len(history.paths), *counts, tuple(problems))


def ensure_indexed(forge: Forge) -> ReindexReport | None:
    """Index if a run ended since the last time; None, and quick, where none did."""
    newest = max((run for run, _ in manifests(forge.archive)), default=0)
    with forge.database.begin_read() as connection:
        indexed = index_state.newest_indexed_run(connection)
    return reindex(forge) if newest > indexed else None


@contextmanager
def _noting(problems: list[MatouError]) -> Iterator[None]:
    """What concerns one namespace or repository becomes a problem; what concerns the database or the disk does not."""
    try:
        yield
    except (Conflict, Damaged, NotFound, InvalidName) as error:
        problems.append(error)


@dataclass(frozen=True, slots=True)
class _SavedNamespace:
    line: NamespaceLine
    path: NamespacePath
    labels: tuple[tuple[str, str], ...] | None


@dataclass(frozen=True, slots=True)
class _SavedRepository:
    line: RepositoryLine
    path: RepositoryPath
    default_branch: str | None
    size_bytes: int
    links: tuple[LfsLink, ...]


@dataclass(frozen=True, slots=True)
class _Source:
    """All that one manifest says; read from files before the transaction begins."""

    run: RunLine
    manifest_sha256: str
    text: str
    namespaces: tuple[_SavedNamespace, ...]
    repositories: tuple[_SavedRepository, ...]


def _read_source(forge: Forge, manifest: Path, problems: list[MatouError]) -> _Source:
    run: RunLine | None = None
    namespaces_read: list[_SavedNamespace] = []
    repositories_read: list[_SavedRepository] = []
    for line in read_manifest(manifest):
        with _noting(problems):
            if isinstance(line, RunLine):
                run = line
            elif isinstance(line, NamespaceLine):
                namespaces_read.append(_read_namespace(forge, line, problems))
            elif isinstance(line, RepositoryLine) and (saved := _read_repository(forge, line, problems)):
                repositories_read.append(saved)
    if run is None:
        raise Damaged("{manifest} names no source", manifest=manifest)
    return _Source(
        run,
        digest_of_file(manifest),
        source_key(run.source).text,
        # Those outside come before those inside them.
        tuple(sorted(namespaces_read, key=lambda saved: len(saved.path.segments))),
        tuple(repositories_read),
    )


def _read_namespace(forge: Forge, line: NamespaceLine, problems: list[MatouError]) -> _SavedNamespace:
    labels: tuple[tuple[str, str], ...] | None = None
    with _noting(problems):
        labels = _read_labels(forge, line)
    return _SavedNamespace(line, NamespacePath.parse(line.path), labels)


def _read_labels(forge: Forge, line: NamespaceLine) -> tuple[tuple[str, str], ...] | None:
    """Names and colors; None where the source was not asked or did not say."""
    digest = line.documents.get("labels")
    if digest is None:
        return None
    try:
        rows = msgspec.json.decode(forge.archive.blobs.read(digest), type=decodable(list[_LabelLine]))
    except NOT_DECODED as error:
        raise MalformedDocument(
            "the labels of {path}: {reason}", path=repr(line.path), reason=fault_of_json(error)
        ) from error
    return tuple((row.name, row.color) for row in rows)


class _LabelLine(msgspec.Struct, frozen=True):
    name: str
    color: str


def _read_repository(forge: Forge, line: RepositoryLine, problems: list[MatouError]) -> _SavedRepository | None:
    """None where nothing was ever saved, so that there is no folder to serve."""
    path = RepositoryPath.parse(line.path)
    summary = _summary(forge, path)
    if summary is None:
        return None
    links: tuple[LfsLink, ...] = ()
    with _noting(problems):
        links = _read_links(forge, line)
    default_branch = line.default_branch or branch_in(summary.head)
    return _SavedRepository(line, path, default_branch, summary.size_bytes, links)


def _summary(forge: Forge, path: RepositoryPath) -> FolderSummary | None:
    """Nothing is fetched from a bucket for it. None where there is no such folder."""
    if forge.archive.contents is not None:
        return forge.archive.contents.describe(f"repositories/{path}.git")
    git_dir = forge.archive.repository(path)
    head = git_dir / "HEAD"
    return FolderSummary(head.read_bytes(), size_bytes(git_dir)) if head.is_file() else None


def _read_links(forge: Forge, line: RepositoryLine) -> tuple[LfsLink, ...]:
    if line.lfs is None:
        return ()
    listed = parse_lfs_list(forge.archive.blobs.read(line.lfs.list))
    missing = frozenset(line.lfs.missing)
    return tuple(LfsLink(oid, size) for oid, size in listed.items() if oid not in missing)


def _index(forge: Forge, source: _Source, problems: list[MatouError]) -> None:
    with forge.database.begin_write() as connection:
        for namespace in source.namespaces:
            with _noting(problems):
                _write_namespace(forge, connection, source, namespace)
        for repository in source.repositories:
            with _noting(problems):
                _write_repository(forge, connection, source, repository)
        there = {saved.line.id for saved in source.repositories}
        repositories.delete_sourced_but(connection, source.text, there)
        index_state.set_indexed_manifest(connection, source.text, source.run.run, source.manifest_sha256)


def _index_metadata(forge: Forge, source: _Source, problems: list[MatouError]) -> None:
    for subject, path, state in _saved_metadata(forge, source):
        with _noting(problems):
            commit = ObjectId(state.commit or "")
            problems += index_metadata(forge.database, subject, forge.archive.metadata(path), commit)


def _saved_metadata(
    forge: Forge, source: _Source
) -> Iterator[tuple[MetadataSubject, RepositoryPath | NamespacePath, MetadataState]]:
    """What has a metadata repository, and a row."""
    for saved in source.namespaces:
        if saved.line.metadata is not None and saved.line.metadata.commit is not None:
            with forge.database.begin_read() as connection:
                namespace = namespaces.find_namespace_by_source(connection, source.text, saved.line.id)
            if namespace is not None:
                yield MetadataSubject(namespace_id=namespace.id), saved.path, saved.line.metadata
    for saved_repository in source.repositories:
        line = saved_repository.line
        if line.metadata is not None and line.metadata.commit is not None:
            with forge.database.begin_read() as connection:
                repository = repositories.find_repository_by_source(connection, source.text, line.id)
            if repository is not None:
                yield MetadataSubject(repository_id=repository.id), saved_repository.path, line.metadata


def _write_namespace(forge: Forge, connection: Connection, source: _Source, saved: _SavedNamespace) -> None:
    parent = _outer_namespace(forge, connection, source, saved.path.parent)
    known = namespaces.find_namespace_by_source(connection, source.text, saved.line.id)
    _require_ours(namespaces.find_namespace(connection, saved.path), saved.path)
    new = NewNamespace(
        parent_id=parent,
        kind=NamespaceKind.ORGANIZATION if parent is None else NamespaceKind.PROJECT,
        path=saved.path,
        true_name=saved.line.name,
        display_name=saved.line.display_name or saved.line.name,
        description=saved.line.description,
        icon=saved.line.icon,
        archived=saved.line.archived,
        source=source.text,
        source_id=saved.line.id,
        created_at=saved.line.created_at,
        updated_at=source.run.started_at,
        creator_id=None,
    )
    written = _insert_or_replace(connection, known, new)
    if saved.labels is not None:
        labels.replace_labels(connection, written.id, saved.labels)


def _insert_or_replace(connection: Connection, known: Namespace | None, new: NewNamespace) -> Namespace:
    replaced = None if known is None else namespaces.replace_namespace(connection, known.id, new)
    return replaced or namespaces.insert_namespace(connection, new)


def _outer_namespace(
    forge: Forge, connection: Connection, source: _Source, path: NamespacePath | None
) -> NamespaceId | None:
    """The namespace at a path, made where no line tells of one: a team is only part of its projects' paths."""
    if path is None:
        return None
    there = namespaces.find_namespace(connection, path)
    _require_ours(there, path)
    if there is not None:
        return there.id
    new = NewNamespace(
        parent_id=_outer_namespace(forge, connection, source, path.parent),
        kind=NamespaceKind.ORGANIZATION,
        path=path,
        true_name=path.name,
        display_name=path.name,
        description="",
        icon=None,
        archived=False,
        source=source.text,
        # No platform gives an id like it: it stands for the place alone.
        source_id=f"path {path}",
        created_at=None,
        updated_at=source.run.started_at,
        creator_id=None,
    )
    return namespaces.insert_namespace(connection, new).id


def _require_ours(there: Namespace | None, path: NamespacePath) -> None:
    """Members of a namespace that was born here must not become members of what was backed up below its name."""
    if there is not None and there.source is None:
        raise PathOccupied(
            "{path} was backed up, and a namespace of this server has that name",
            path=repr(str(path)),
            advice="What was backed up is safe in the archive; serve it from an archive of its own.",
        )


def _write_repository(forge: Forge, connection: Connection, source: _Source, saved: _SavedRepository) -> None:
    namespace_id = _outer_namespace(forge, connection, source, saved.path.namespace)
    known = repositories.find_repository_by_source(connection, source.text, saved.line.id)
    there = repositories.find_repository_at(connection, saved.path)
    if namespace_id is None or (there is not None and (known is None or there.id != known.id)):
        raise PathOccupied("{path} was backed up, and a repository has that name", path=repr(str(saved.path)))
    new = NewRepositoryRow(
        namespace_id=namespace_id,
        path=saved.path,
        true_name=saved.line.name,
        description=saved.line.description,
        # What was public there is not public here until somebody says so.
        visibility=Visibility.PRIVATE if known is None else known.visibility,
        default_branch=saved.default_branch,
        archived=saved.line.archived,
        read_only_source=source.text,
        source_id=saved.line.id,
        version_control=saved.line.version_control,
        size_bytes=saved.size_bytes,
        created_at=saved.line.created_at,
        updated_at=saved.line.last_push_at or source.run.started_at,
        last_push_at=saved.line.last_push_at,
        creator_id=None,
    )
    replaced = None if known is None else repositories.replace_repository(connection, known.id, new)
    written = replaced or repositories.insert_repository(connection, new)
    folder = None if forge.archive.contents is None else find_folder(connection, f"repositories/{saved.path}.git")
    if folder is not None:
        put_into_bucket(connection, written.id, folder.storage_key, generation=folder.generation)
    lfs_objects.link_objects(connection, written.id, saved.links)
