"""Indexes a metadata repository: of a commit that follows the one that is indexed, only what changed in between."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar, cast

from matou.archive.metadata import MetadataTree, open_metadata
from matou.archive.metadata.changed_files import changed_files
from matou.archive.metadata.tree_paths import first_part_of
from matou.db import item_search, items, metadata_repositories
from matou.db.engine import Connection, Database
from matou.db.metadata_repositories import IndexedMetadata, ParticipantRow
from matou.db.namespaces import NamespaceId
from matou.db.repositories import RepositoryId
from matou.errors import Damaged
from matou.forge.conversation.index_rows import INDEXED_KINDS, IndexedValue, index_row, plain, words_of
from matou.model.metadata.kinds import PERSON, MetadataKind
from matou.model.names import ObjectId

_AT_ONCE: Final = 200
"""Items of one transaction: others wait for it no longer than a moment."""

Element = TypeVar("Element")


@dataclass(frozen=True, slots=True)
class MetadataSubject:
    """What a metadata repository is about: a repository or a namespace."""

    repository_id: RepositoryId | None = None
    namespace_id: NamespaceId | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    kind: MetadataKind
    value: IndexedValue
    blob_id: ObjectId


def index_metadata(database: Database, subject: MetadataSubject, git_dir: Path, commit: ObjectId) -> list[Damaged]:
    """Index a metadata repository as it was at a commit. Twice costs nothing; cut off, the next time does it again.

    Returns:
        What could not be read, and is not indexed.
    """
    indexed = _find_or_insert(database, subject)
    if indexed.commit_id == commit:
        return []
    tree = open_metadata(git_dir, commit=commit)
    paths = None if not indexed.commit_id else _changed_since(git_dir, ObjectId(indexed.commit_id), commit)
    if paths is None:
        indexed = _anew(database, subject, indexed)
        paths = [(kind, path) for kind in INDEXED_KINDS for path in tree.paths(kind)]
    faults: list[Damaged] = []
    for batch in _batches(_read_all(tree, paths, faults), _AT_ONCE):
        with database.begin_write() as connection:
            _write(connection, indexed, batch)
    people = _participants(tree)
    with database.begin_write() as connection:
        metadata_repositories.replace_participants(connection, indexed.id, people)
        if not faults:
            metadata_repositories.set_commit(connection, indexed.id, commit)
    return faults


def _find_or_insert(database: Database, subject: MetadataSubject) -> IndexedMetadata:
    with database.begin_write() as connection:
        if subject.repository_id is not None:
            found = metadata_repositories.of_repository(connection, subject.repository_id)
        else:
            found = metadata_repositories.of_namespace(connection, cast("NamespaceId", subject.namespace_id))
        return found or _insert(connection, subject)


def _anew(database: Database, subject: MetadataSubject, indexed: IndexedMetadata) -> IndexedMetadata:
    with database.begin_write() as connection:
        metadata_repositories.delete_metadata(connection, indexed.id)
        return _insert(connection, subject)


def _insert(connection: Connection, subject: MetadataSubject) -> IndexedMetadata:
    return metadata_repositories.insert_metadata(
        connection, repository_id=subject.repository_id, namespace_id=subject.namespace_id
    )


def _changed_since(git_dir: Path, old: ObjectId, new: ObjectId) -> list[tuple[MetadataKind, str]] | None:
    """The first file of each item that changed; None where all of them must be looked at."""
    changed = changed_files(git_dir, old, new)
    if changed is None or changed.removed:
        return None
    paths = dict.fromkeys(first_part_of(path) for path in changed.written)
    return [(kind, path) for path in paths for kind in INDEXED_KINDS if path.startswith(f"{kind.place}/")]


def _read_all(tree: MetadataTree, paths: Iterable[tuple[MetadataKind, str]], faults: list[Damaged]) -> Iterator[_Read]:
    for kind, path in paths:
        try:
            value, blob_id = tree.item_at(kind, path), tree.blob_at(path)
        except Damaged as error:
            faults.append(error)
            continue
        if value is not None and blob_id is not None:
            yield _Read(kind, cast("IndexedValue", value), blob_id)


def _write(connection: Connection, indexed: IndexedMetadata, batch: Sequence[_Read]) -> None:
    ids = items.replace_items(connection, indexed.id, [index_row(one.value, one.blob_id) for one in batch])
    texts = zip(ids, (words_of(one.value) for one in batch), strict=True)
    item_search.add_texts(connection, dict(texts))


def _participants(tree: MetadataTree) -> list[ParticipantRow]:
    rows = tree.table(PERSON)
    return [ParticipantRow(plain(key), plain(one.login), plain(one.name)) for key, one in rows.items()]


def _batches(elements: Iterator[Element], size: int) -> Iterator[list[Element]]:
    while batch := list(islice(elements, size)):
        yield batch
