"""LFS objects of a repository: blobs that may be read through it because it has had them sent to it.

That the archive has a blob says nothing about who may read it: two repositories that hold the same object have a
link each, and each link was paid for with all of its bytes.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from matou.archive.blobs import UnexpectedDigest, is_digest
from matou.db import lfs_objects
from matou.db.lfs_objects import LfsLink
from matou.db.repositories import Repository
from matou.errors import Damaged, Invalid, NotFound, Refused
from matou.forge.access import Authorized, MayReadCode, MayWriteCode
from matou.forge.forge import Forge
from matou.forge.repositories.settings import applied_settings
from matou.model.repository_settings import Features
from matou.storage.files import CHUNK_BYTES


class InvalidOid(Invalid):
    """An LFS object id is 64 lower-case hexadecimal digits."""


class WrongObject(Damaged):
    """What came is not what was announced."""


class LfsSwitchedOff(Refused):
    """The settings of the repository say that it takes and gives no LFS objects, and keeps no locks."""


class NoSuchObject(NotFound):
    """This repository does not have it; whether another one does is nobody's business."""


def require_switched_on(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> None:
    """Raises LfsSwitchedOff."""
    if not is_switched_on(forge, granted):
        raise LfsSwitchedOff("git lfs is switched off for {repository}", repository=repr(str(granted.subject.path)))


def is_switched_on(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> bool:
    """Whether its pages and archives may have the objects in place of the pointers, and git lfs is answered."""
    return applied_settings(forge, granted.subject, Features).lfs_enabled


def exists(forge: Forge, granted: Authorized[Repository, MayReadCode], oid: str) -> bool:
    """Whether this repository has it; that another one does says nothing. Raises InvalidOid."""
    return size(forge, granted, oid) is not None


def size(forge: Forge, granted: Authorized[Repository, MayReadCode], oid: str) -> int | None:
    """Bytes; None where this repository does not have it. Raises InvalidOid."""
    _require_oid(oid)
    with forge.database.begin_read() as connection:
        return lfs_objects.linked_size(connection, granted.subject.id, oid)


def bucket_link(forge: Forge, granted: Authorized[Repository, MayReadCode], oid: str) -> str | None:  # noqa: ARG001
    """Where the bucket itself gives an object for the next minutes, if people are to get it there.

    Args:
        granted: to whoever gets it.
        oid: of an object that this repository has: whoever asks has looked.
    """
    return None if forge.blob_links is None else forge.blob_links.link_to(oid)


def stored_size(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> int:
    """Bytes of all objects that this repository has."""

    def count() -> tuple[int]:
        with forge.database.begin_read() as connection:
            return (lfs_objects.linked_sizes(connection, granted.subject.id),)

    return forge.answers.recall(("lfs size", granted.subject.id), count)[0]


def receive(
    forge: Forge, granted: Authorized[Repository, MayWriteCode], oid: str, size_bytes: int, stream: BinaryIO
) -> None:
    """Store and link an object, durably. All of it must come, even if the archive has the blob.

    Raises:
        InvalidOid: not 64 lower-case hexadecimal digits.
        WrongObject: size or digest are not what was said; nothing is stored or linked.
    """
    _require_oid(oid)
    try:
        forge.archive.blobs.put_stream(_exactly(stream, oid, size_bytes), expected=oid)
    except UnexpectedDigest as error:
        raise WrongObject("the bytes of {oid} have another digest", oid=oid) from error
    link(forge, granted.subject, (LfsLink(oid, size_bytes),))


def link(forge: Forge, repository: Repository, links: tuple[LfsLink, ...]) -> None:
    """Let objects be read through a repository: only for who has just proven to have all of their bytes."""
    with forge.database.begin_write() as connection:
        lfs_objects.link_objects(connection, repository.id, links)


def open_object(forge: Forge, granted: Authorized[Repository, MayReadCode], oid: str) -> tuple[Path, int]:
    """The file and its size in bytes.

    Raises:
        InvalidOid: not 64 lower-case hexadecimal digits.
        NoSuchObject: this repository does not have it, or its blob is missing from the archive.
        WrongObject: the file on disk is not as long as it was.
    """
    linked = size(forge, granted, oid)
    if linked is None or not forge.archive.blobs.has(oid):
        raise NoSuchObject("{repository} has no LFS object {oid}", repository=repr(str(granted.subject.path)), oid=oid)
    size_bytes = forge.archive.blobs.size(oid)
    if size_bytes != linked:
        raise WrongObject("the LFS object {oid} has {found} bytes, not {size}", oid=oid, found=size_bytes, size=linked)
    return forge.archive.blob_file(oid), linked


def _exactly(stream: BinaryIO, oid: str, size_bytes: int) -> Iterator[bytes]:
    """All bytes of a stream; what is too long or too short ends in an error before anything is published."""
    left = size_bytes
    while chunk := stream.read(min(CHUNK_BYTES, left + 1)):
        left -= len(chunk)
        if left < 0:
            break
        yield chunk
    if left != 0:
        raise WrongObject("{oid} was to have {size} bytes", oid=oid, size=size_bytes)


def _require_oid(oid: str) -> None:
    if not is_digest(oid):
        raise InvalidOid("{oid} is not an LFS object id", oid=repr(oid)[:100])
