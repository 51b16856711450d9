"""Metadata repositories as they lie in the archive, for whoever may have all of it: their commits, and their files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from matou.archive.metadata import MAIN, open_metadata
from matou.caching import SizedCache
from matou.db import metadata_repositories, namespaces
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.access import (
    Authorized,
    Identity,
    MayCopyMetadata,
    authorize_namespace,
    authorize_repository,
    no_such_namespace,
)
from matou.forge.forge import Forge
from matou.model.names import InvalidName, NamespacePath, ObjectId, RepositoryPath
from matou.model.refs import RefListing

_MOST_REMEMBERED: Final = 256

CopyingRight: TypeAlias = Authorized[Repository, MayCopyMetadata] | Authorized[Namespace, MayCopyMetadata]


class NoSuchMetadata(NotFound):
    """Nothing was saved of what lies around this."""


class NoSuchSavedFile(NotFound):
    """The metadata names no such file, or its bytes were never had."""


@dataclass(frozen=True, slots=True)
class MetadataCopy:
    """A metadata repository, as far as a run that ended has written it.

    Attributes:
        commit: what `main` is to whoever copies it: a run that goes on meanwhile may have put more there.
    """

    git_dir: Path
    commit: ObjectId

    @property
    def refs(self) -> RefListing:
        return RefListing({MAIN: self.commit}, head=MAIN)


class PointerCache(SizedCache[tuple[Path, str], Mapping[str, int]]):
    """The files that metadata names, by repository and commit: they do not change."""

    def __init__(self) -> None:
        super().__init__(_MOST_REMEMBERED)


def authorize_metadata(forge: Forge, identity: Identity, path: NamespacePath) -> CopyingRight:
    """The right to the metadata of what stands at a path, a namespace or a repository: never both.

    Raises:
        NoSuchNamespace, NoSuchRepository, MissingScope, NotAllowed: as `authorize_repository`.
    """
    with forge.database.begin_read() as connection:
        is_namespace = namespaces.find_namespace(connection, path) is not None
    if is_namespace:
        return authorize_namespace(forge, identity, MayCopyMetadata, path)
    try:
        repository = RepositoryPath.parse(str(path))
    except InvalidName:
        raise no_such_namespace(path) from None
    return authorize_repository(forge, identity, MayCopyMetadata, repository)


def metadata_to_copy(forge: Forge, granted: CopyingRight) -> MetadataCopy:
    """Raises NoSuchMetadata."""
    subject = granted.subject
    with forge.database.begin_read() as connection:
        if isinstance(subject, Repository):
            indexed = metadata_repositories.of_repository(connection, subject.id)
        else:
            indexed = metadata_repositories.of_namespace(connection, subject.id)
    if indexed is None or not indexed.commit_id:
        raise NoSuchMetadata("nothing was saved around {path}", path=repr(str(subject.path)))
    return MetadataCopy(forge.archive.metadata(subject.path), ObjectId(indexed.commit_id))


def sizes_of_files(forge: Forge, copy: MetadataCopy) -> Mapping[str, int]:
    """How many bytes each file has that the metadata names, by SHA-256. Raises Damaged."""
    cache, key = forge.memory(PointerCache), (copy.git_dir, copy.commit)
    sizes = cache.get(key)
    if sizes is None:
        tree = open_metadata(copy.git_dir, commit=copy.commit)
        sizes = {pointer.oid: pointer.size_bytes for _, pointer in tree.pointers()}
        cache.put(key, sizes)
    return sizes


def file_to_copy(forge: Forge, copy: MetadataCopy, sha256: str) -> tuple[Path, int]:
    """The file and its size in bytes. Raises NoSuchSavedFile."""
    size_bytes = sizes_of_files(forge, copy).get(sha256)
    if size_bytes is None or not forge.archive.blobs.has(sha256):
        raise NoSuchSavedFile("the metadata names no file {oid}", oid=repr(sha256)[:100])
    return forge.archive.blob_file(sha256), size_bytes
