"""Rows of repositories whose packs lie in a bucket: where HEAD points, their refs, and which files there are.

A file is written down before its first byte goes to the bucket, and until its last one is gone from there: whatever
lies there is found here, however somebody was killed. No key is used twice: whoever deletes a file deletes nothing
that somebody has put there since, however late.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

from sqlalchemy import Connection, delete, func, insert, select, union_all, update

from matou.db.bucket_tables import bucket_files, bucket_folders, bucket_refs, bucket_repositories
from matou.db.repositories import RepositoryId
from matou.db.schema import repositories

MOST_AT_ONCE = 500


class FileState(StrEnum):
    """Of a file in a bucket, each of which only becomes a later one of these.

    `uploading`: it may be there, or a part of it. `listed`: a repository needs it. `retired`: none does any more.
    `deleting`: it may be gone.
    """

    UPLOADING = "uploading"
    LISTED = "listed"
    RETIRED = "retired"
    DELETING = "deleting"


@dataclass(frozen=True, slots=True)
class BucketFile:
    """A pack, its index or its reverse index, whose name says which of them it is. `upload`: under which it came."""

    upload: str
    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BucketRef:
    """`peeled`: what an annotated tag stands for."""

    name: bytes
    target: str
    peeled: str | None = None


@dataclass(frozen=True, slots=True)
class BucketState:
    """A repository at one generation; each file's name is there once. `head` and `shallow` are those files of git's."""

    generation: int
    head: bytes
    object_format: str
    files: Sequence[BucketFile]
    refs: Sequence[BucketRef]
    shallow: bytes = b""


def note_uploads(connection: Connection, storage_key: str, files: Iterable[BucketFile], now: datetime) -> None:
    """Write down files that are about to be uploaded."""
    rows = [
        {
            "storage_key": storage_key,
            "upload": file.upload,
            "name": file.name,
            "size_bytes": file.size_bytes,
            "sha256": file.sha256,
            "state": FileState.UPLOADING,
            "changed_at": now,
        }
        for file in files
    ]
    if rows:
        connection.execute(insert(bucket_files), rows)


def list_files(connection: Connection, storage_key: str, files: Sequence[BucketFile], now: datetime) -> bool:
    """From here on the repository needs them. False where one was given up meanwhile; then nothing may be committed."""
    chosen = (
        bucket_files.c.storage_key == storage_key,
        bucket_files.c.upload.in_({file.upload for file in files}),
        bucket_files.c.name.in_([file.name for file in files]),
        bucket_files.c.state == FileState.UPLOADING,
    )
    statement = update(bucket_files).where(*chosen).values(state=FileState.LISTED, changed_at=now)
    return connection.execute(statement).rowcount == len(files)


def retire_files(connection: Connection, storage_key: str, files: Sequence[BucketFile], now: datetime) -> bool:
    """The repository needs them no more. False where it did not need all of them."""
    chosen = (
        bucket_files.c.storage_key == storage_key,
        bucket_files.c.upload.in_({file.upload for file in files}),
        bucket_files.c.name.in_([file.name for file in files]),
        bucket_files.c.state == FileState.LISTED,
    )
    statement = update(bucket_files).where(*chosen).values(state=FileState.RETIRED, changed_at=now)
    return connection.execute(statement).rowcount >= len(files)


def retire_files_of_deleted(connection: Connection, now: datetime) -> None:
    """Retire what repositories needed that have been deleted, and forget their refs; what was saved stays."""
    hosted = select(repositories.c.storage_key).where(repositories.c.storage_key.is_not(None))
    there = union_all(hosted, select(bucket_folders.c.storage_key))
    listed = (bucket_files.c.state == FileState.LISTED, bucket_files.c.storage_key.not_in(there))
    connection.execute(update(bucket_files).where(*listed).values(state=FileState.RETIRED, changed_at=now))
    connection.execute(delete(bucket_repositories).where(bucket_repositories.c.storage_key.not_in(there)))


def begin_deletion(connection: Connection, before: datetime, now: datetime) -> tuple[tuple[str, BucketFile], ...]:
    """What nobody has needed, or gone on uploading, since a time: nobody can list it from here on.

    What somebody else began to delete and has not ended is among it.
    """
    chosen = (bucket_files.c.state != FileState.LISTED, bucket_files.c.changed_at < before)
    columns = (bucket_files.c.storage_key, *_FILE_COLUMNS)
    statement = update(bucket_files).where(*chosen).values(state=FileState.DELETING, changed_at=now)
    found = connection.execute(statement.returning(*columns)).all()
    return tuple((row[0], BucketFile(*row[1:])) for row in found)


def forget_file(connection: Connection, storage_key: str, file: BucketFile) -> None:
    """It is gone from the bucket."""
    chosen = (
        bucket_files.c.storage_key == storage_key,
        bucket_files.c.upload == file.upload,
        bucket_files.c.name == file.name,
    )
    connection.execute(delete(bucket_files).where(*chosen))


def has_any_file(connection: Connection) -> bool:
    return connection.execute(select(bucket_files.c.name).limit(1)).first() is not None


def listed_files(connection: Connection) -> Iterator[tuple[str, BucketFile]]:
    """Of all repositories, each with its storage key."""
    columns = (bucket_files.c.storage_key, *_FILE_COLUMNS)
    rows = connection.execute(select(*columns).where(bucket_files.c.state == FileState.LISTED))
    return ((row[0], BucketFile(*row[1:])) for row in rows)


def bytes_by_storage_key(connection: Connection) -> dict[str, int]:
    """What the listed files of each repository come to."""
    size = func.sum(bucket_files.c.size_bytes)
    listed = bucket_files.c.state == FileState.LISTED
    rows = connection.execute(
        select(bucket_files.c.storage_key, size).where(listed).group_by(bucket_files.c.storage_key)
    )
    return {row[0]: int(row[1]) for row in rows}


def insert_state(connection: Connection, storage_key: str, state: BucketState) -> None:
    """Of a new repository; its files are listed apart."""
    row = {
        "storage_key": storage_key,
        "head": state.head,
        "object_format": state.object_format,
        "shallow": state.shallow or None,
    }
    connection.execute(insert(bucket_repositories).values(row))
    _insert_refs(connection, storage_key, state.refs)


def replace_state(connection: Connection, storage_key: str, state: BucketState, now: datetime) -> bool:
    """Let a repository consist of this. False where a file was given up meanwhile; then nothing may be committed."""
    known = _read(connection, storage_key, 0)
    before = () if known is None else known.files
    connection.execute(delete(bucket_repositories).where(bucket_repositories.c.storage_key == storage_key))
    insert_state(connection, storage_key, state)
    kept = {(file.upload, file.name) for file in state.files}
    for file in before:
        if (file.upload, file.name) not in kept:
            retire_files(connection, storage_key, [file], now)
    new = [file for file in state.files if file not in before]
    return not new or list_files(connection, storage_key, new, now)


def read_state(connection: Connection, storage_key: str) -> BucketState | None:
    """All of it, of one generation; None where there is no such repository.

    Args:
        connection: one that nothing was asked by yet; it gives one snapshot from here on.
    """
    if connection.dialect.name != "sqlite":
        # Else each statement would see what was committed before it, and of one who writes all the while no state.
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
    generation = _generation(connection, storage_key)
    return None if generation is None else _read(connection, storage_key, generation)


def targets_of(connection: Connection, storage_key: str, names: Iterable[bytes]) -> dict[bytes, str]:
    """What those of the refs name that are there."""
    found: dict[bytes, str] = {}
    remaining = iter(names)
    while some := tuple(islice(remaining, MOST_AT_ONCE)):
        chosen = (bucket_refs.c.storage_key == storage_key, bucket_refs.c.name.in_(some))
        rows = connection.execute(select(bucket_refs.c.name, bucket_refs.c.target).where(*chosen))
        found.update((bytes(row.name), row.target) for row in rows)
    return found


def replace_refs(connection: Connection, storage_key: str, names: Sequence[bytes], refs: Sequence[BucketRef]) -> None:
    """Take refs away, and write others: what becomes another object is among both."""
    remaining = iter(names)
    while some := tuple(islice(remaining, MOST_AT_ONCE)):
        chosen = (bucket_refs.c.storage_key == storage_key, bucket_refs.c.name.in_(some))
        connection.execute(delete(bucket_refs).where(*chosen))
    _insert_refs(connection, storage_key, refs)


def set_head(connection: Connection, storage_key: str, head: bytes) -> None:
    chosen = bucket_repositories.c.storage_key == storage_key
    connection.execute(update(bucket_repositories).where(chosen).values(head=head))


def put_into_bucket(
    connection: Connection, repository_id: RepositoryId, storage_key: str, *, generation: int = 1
) -> None:
    """Say of a row that its repository is in the bucket."""
    values = {"storage_key": storage_key, "generation": generation}
    connection.execute(update(repositories).where(repositories.c.id == repository_id).values(**values))


def storage_keys(connection: Connection) -> dict[RepositoryId, str | None]:
    """Of every repository that has a row."""
    rows = connection.execute(select(repositories.c.id, repositories.c.storage_key))
    return {RepositoryId(row.id): row.storage_key for row in rows}


_FILE_COLUMNS = (bucket_files.c.upload, bucket_files.c.name, bucket_files.c.size_bytes, bucket_files.c.sha256)


def _insert_refs(connection: Connection, storage_key: str, refs: Sequence[BucketRef]) -> None:
    rows = [{"storage_key": storage_key, "name": ref.name, "target": ref.target, "peeled": ref.peeled} for ref in refs]
    if rows:
        connection.execute(insert(bucket_refs), rows)


def _generation(connection: Connection, storage_key: str) -> int | None:
    for table in (repositories, bucket_folders):
        found = connection.execute(select(table.c.generation).where(table.c.storage_key == storage_key)).first()
        if found is not None:
            return int(found.generation or 0)
    return None


def _read(connection: Connection, storage_key: str, generation: int) -> BucketState | None:
    chosen = bucket_repositories.c.storage_key == storage_key
    columns = (bucket_repositories.c.head, bucket_repositories.c.object_format, bucket_repositories.c.shallow)
    row = connection.execute(select(*columns).where(chosen)).one_or_none()
    if row is None:
        return None
    of_files = (bucket_files.c.storage_key == storage_key, bucket_files.c.state == FileState.LISTED)
    files = connection.execute(select(*_FILE_COLUMNS).where(*of_files))
    of_refs = select(bucket_refs.c.name, bucket_refs.c.target, bucket_refs.c.peeled).where(
        bucket_refs.c.storage_key == storage_key
    )
    refs = connection.execute(of_refs.order_by(bucket_refs.c.name))
    return BucketState(
        generation,
        bytes(row.head),
        row.object_format,
        tuple({file.name: BucketFile(*file) for file in files}.values()),
        tuple(BucketRef(bytes(ref.name), ref.target, ref.peeled) for ref in refs),
        bytes(row.shallow or b""),
    )
