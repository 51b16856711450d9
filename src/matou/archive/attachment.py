"""A folder of this machine becomes one of those that serve an archive in a bucket.

The bucket's own `archive.json` says which archive it is; the folder's says the same, and where the bucket is.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from matou.archive.layout import FORMAT, IDENTITY_FILE, IN_BUCKET, Archive, ArchiveBucket, NotAnArchive, read_identity
from matou.errors import Conflict, NotFound
from matou.storage.base import Store

LARGEST_IDENTITY_BYTES: Final = 64 * 1024


class AnotherArchive(Conflict):
    """The folder or the bucket belongs to another archive."""


class BucketInUse(Conflict):
    """An archive was to be made where something else is."""


@dataclass(frozen=True, slots=True)
class Attached:
    """`is_new`: there was no archive in the bucket, and one was made."""

    archive: Archive
    is_new: bool


def attach(root: Path, named: ArchiveBucket, store: Store, *, now: datetime, identifier: UUID) -> Attached:
    """Make the folder one of a bucket's archive, which is made where there is none; one that is that already stays.

    Args:
        named: where the store is.
        identifier: of the archive, if one has to be made.

    Raises:
        AnotherArchive: the folder is an archive of its own, or one of another bucket's.
        BucketInUse: there is no archive in the bucket, and something else: a copy, say, whose next one would delete us.
        FolderInUse: it holds something else.
    """
    present = _present(root)
    if present is not None and (present.identity.bucket is None or not _is_same(present.identity.bucket, named)):
        raise AnotherArchive(
            "{root} is another archive already", root=root, advice="Nothing was changed. Name an empty folder."
        )
    found, is_new = _identity_in(store, named.address, now, identifier)
    if present is not None and present.identity.id != found:
        raise AnotherArchive("{root} belongs to an archive that is not in this bucket any more", root=root)
    archive = present or Archive.create(root, now=now, identifier=found, bucket=named)
    return Attached(archive, is_new)


def identity_of_bucket(store: Store, expected: UUID) -> bytes:
    """What the bucket's own archive.json says, which knows all features of the archive.

    Raises AnotherArchive, Damaged, NotFound.
    """
    with store.open(IDENTITY_FILE) as file:
        text = file.read(LARGEST_IDENTITY_BYTES)
    if read_identity(Path(IDENTITY_FILE), text).id != expected:
        raise AnotherArchive("the bucket holds another archive by now", advice="Nothing was changed.")
    return text


def _present(root: Path) -> Archive | None:
    try:
        return Archive.open(root, in_bucket=True)
    except NotAnArchive:
        return None


def _is_same(one: ArchiveBucket, other: ArchiveBucket) -> bool:
    return (one.address, one.endpoint, one.addressing) == (other.address, other.endpoint, other.addressing)


def _identity_in(store: Store, name: str, now: datetime, identifier: UUID) -> tuple[UUID, bool]:
    """Which archive the bucket holds; of several who would make one at the same time one alone does."""
    found = _read(store)
    if found is not None:
        return found, False
    stranger = next((key for key, _ in store.sizes()), None)
    if stranger is not None:
        raise BucketInUse(
            "{bucket} holds {name}, and no archive",
            bucket=name,
            name=repr(stranger)[:200],
            advice="Nothing was changed. Name a prefix under which nothing is; one of a matou copy is taken by that.",
        )
    content = {
        "format": FORMAT,
        "features": [IN_BUCKET],
        "id": identifier,
        "created_at": now.astimezone(UTC).replace(microsecond=0),
    }
    try:
        store.create(IDENTITY_FILE, msgspec.json.encode(content) + b"\n")
    except Conflict:
        return _read(store) or identifier, False
    return identifier, True


def _read(store: Store) -> UUID | None:
    try:
        with store.open(IDENTITY_FILE) as file:
            return read_identity(Path(IDENTITY_FILE), file.read(LARGEST_IDENTITY_BYTES)).id
    except NotFound:
        return None
