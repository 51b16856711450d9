"""Downloads of a commit's files as one zip or tar."""

import hashlib
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import pygit2

from matou.archive.blobs import is_digest
from matou.db.repositories import Repository
from matou.errors import Damaged
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.contents import object_at
from matou.forge.content.history import NoSuchCommit
from matou.forge.forge import Forge
from matou.forge.push import lfs
from matou.forge.repositories.downloads import count_download
from matou.forge.repositories.settings import applied_settings
from matou.git.odb.blobs import CHUNK_BYTES, read_blob
from matou.git.odb.objects import Commit, MissingObject, find_commit, open_repository
from matou.git.operations.archive_rewriting import Replacement, archive_replacing
from matou.git.operations.archives import (
    LARGEST_ARCHIVE_BYTES,
    ArchivedFile,
    ArchiveTooLarge,
    GitArchiveFormat,
    archive,
    files_to_archive,
)
from matou.git.operations.lfs import LARGEST_POINTER_BYTES, SMALLEST_POINTER_BYTES, parse_pointer
from matou.model.repository_settings import RepositoryRules

LARGEST_WITH_LFS_BYTES: Final = 20 * LARGEST_ARCHIVE_BYTES
_NOT_IN_A_NAME: Final = re.compile(r"[^\w.+-]+")
_LONGEST_NAME: Final = 100


class DamagedLfsBlob(Damaged):
    """What an LFS object has on disk is not what was stored; the archive that it was to be in is cut off."""


@dataclass(frozen=True, slots=True)
class Download:
    """An archive that can be made.

    Attributes:
        name: of its one folder, and of its file without the ending.
        size_bytes: of the files in it.
    """

    forge: Forge
    granted: Authorized[Repository, MayReadCode]
    commit: Commit
    packed_as: GitArchiveFormat
    name: str
    replaced: dict[bytes, Replacement]
    size_bytes: int

    @property
    def is_lasting(self) -> bool:
        """The commit alone says what it holds: no LFS object, which may come and go, is in it."""
        return not self.replaced

    @property
    def file_name(self) -> str:
        return f"{self.name}.{self.packed_as}"

    def count(self) -> None:
        """As a download, when its first bytes go out."""
        count_download(self.forge, self.granted)

    def chunks(self) -> Generator[bytes, None, None]:
        """The bytes, made as they are read.

        Raises:
            Unreadable: git did not come to the end.
            DamagedLfsBlob: an LFS object is not what it was.
        """
        git_dir = self.forge.git_dir(self.granted.subject)
        if self.replaced:
            yield from archive_replacing(
                git_dir, self.commit.id, packed_as=self.packed_as, prefix=self.name, replaced=self.replaced
            )
        else:
            yield from archive(git_dir, self.commit.id, packed_as=self.packed_as, prefix=self.name)


def prepare_download(
    forge: Forge, granted: Authorized[Repository, MayReadCode], revision: str, packed_as: GitArchiveFormat
) -> Download:
    """Judge what an archive would hold, before one is begun.

    LFS pointers are replaced by what they stand for if the repository's settings say so; one whose object this
    repository does not have stays a pointer.

    Raises:
        NoSuchCommit: the revision stands for no commit.
        ArchiveTooLarge, ListingTooLong, HostilePath: it would hold what it must not.
    """
    start = object_at(forge, granted, revision)
    opened = open_repository(forge.git_dir(granted.subject))
    try:
        commit = find_commit(opened, start)
    except MissingObject as error:
        raise NoSuchCommit("there is no commit {revision}", revision=repr(revision)[:200]) from error
    files = files_to_archive(opened, commit.tree)
    replaced = _replaced(forge, granted, opened, files)
    size_bytes = sum(file.size_bytes for file in files)
    return Download(forge, granted, commit, packed_as, _name(granted.subject, revision, commit), replaced, size_bytes)


def _name(repository: Repository, revision: str, commit: Commit) -> str:
    stem = _NOT_IN_A_NAME.sub("-", revision.removeprefix("refs/heads/").removeprefix("refs/tags/")).strip("-.")
    return f"{repository.path.name}-{(stem or commit.id)[:_LONGEST_NAME]}"


def _replaced(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    opened: pygit2.Repository,
    files: tuple[ArchivedFile, ...],
) -> dict[bytes, Replacement]:
    is_wanted = applied_settings(forge, granted.subject, RepositoryRules).include_lfs_objects
    if not is_wanted or not lfs.is_switched_on(forge, granted):
        return {}
    replacements = dict(_replacements(forge, granted, opened, files))
    if sum(replacement.size_bytes for replacement in replacements.values()) > LARGEST_WITH_LFS_BYTES:
        raise ArchiveTooLarge("the files have more than {limit} bytes", limit=LARGEST_WITH_LFS_BYTES)
    return replacements


def _replacements(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    opened: pygit2.Repository,
    files: tuple[ArchivedFile, ...],
) -> Iterator[tuple[bytes, Replacement]]:
    for file in files:
        if not SMALLEST_POINTER_BYTES <= file.size_bytes <= LARGEST_POINTER_BYTES:
            continue
        pointer = parse_pointer(read_blob(opened, file.id, largest_bytes=LARGEST_POINTER_BYTES))
        if pointer is None or not is_digest(pointer.oid) or not lfs.exists(forge, granted, pointer.oid):
            continue
        path, size_bytes = lfs.open_object(forge, granted, pointer.oid)
        yield file.path, Replacement(size_bytes, partial(_whole, path, pointer.oid, size_bytes))


def _whole(path: Path, oid: str, size_bytes: int) -> Iterator[bytes]:
    """The bytes of an LFS object, hashed on the way; the last of them only if all are what they were."""
    hashed, left = hashlib.sha256(), size_bytes
    with path.open("rb") as file:
        while left and (chunk := file.read(min(CHUNK_BYTES, left))):
            hashed.update(chunk)
            left -= len(chunk)
            if not left and hashed.hexdigest() != oid:
                break
            yield chunk
    if left or hashed.hexdigest() != oid:
        raise DamagedLfsBlob("the LFS object {oid} is damaged on this server", oid=oid)
