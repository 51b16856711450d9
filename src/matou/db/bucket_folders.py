"""Rows of what lies in a bucket beside the repositories that people made: mirrors, metadata repositories, runs.

Each is known by its path in an archive that is a folder, where it is put again when the archive is moved back.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from matou.db.bucket_tables import archive_files, bucket_folders
from matou.db.schema import repositories


@dataclass(frozen=True, slots=True)
class BucketFolder:
    """A bare repository. `path`: such as `metadata/team/project.git`. `is_mirror`: runs write to it."""

    path: str
    storage_key: str
    generation: int
    is_mirror: bool


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """A file of the archive that is in no repository, and no blob."""

    path: str
    size_bytes: int
    sha256: str


# A mirror's own row says at which generation it is, once it has one.
_FOLDER = (
    bucket_folders.c.path,
    bucket_folders.c.storage_key,
    func.coalesce(repositories.c.generation, bucket_folders.c.generation).label("generation"),
    bucket_folders.c.is_mirror,
)
_FOLDERS = bucket_folders.outerjoin(repositories, repositories.c.storage_key == bucket_folders.c.storage_key)
_FILE = (archive_files.c.path, archive_files.c.size_bytes, archive_files.c.sha256)


def find_folder(connection: Connection, path: str) -> BucketFolder | None:
    row = connection.execute(select(*_FOLDER).select_from(_FOLDERS).where(bucket_folders.c.path == path)).first()
    return None if row is None else BucketFolder(*row)


def list_folders(connection: Connection, prefix: str = "") -> Iterator[BucketFolder]:
    """Those whose paths begin so, sorted."""
    chosen = bucket_folders.c.path.startswith(prefix, autoescape=True)
    query = select(*_FOLDER).select_from(_FOLDERS).where(chosen).order_by(bucket_folders.c.path)
    rows = connection.execute(query).all()
    return (BucketFolder(*row) for row in rows)


def list_all_folders(connection: Connection) -> tuple[BucketFolder, ...]:
    """Those, and the repositories that people made, where those would lie in a folder; sorted."""
    saved = {folder.storage_key: folder for folder in list_folders(connection)}
    columns = (repositories.c.path, repositories.c.storage_key, repositories.c.generation)
    rows = connection.execute(select(*columns).where(repositories.c.storage_key.is_not(None))).all()
    hosted = (BucketFolder(f"repositories/{row[0]}.git", row[1], row[2], is_mirror=False) for row in rows)
    return tuple(
        sorted(
            (*saved.values(), *(folder for folder in hosted if folder.storage_key not in saved)),
            key=lambda folder: folder.path,
        )
    )


def put_folder(connection: Connection, folder: BucketFolder) -> None:
    """In place of what the path stood for."""
    delete_folder(connection, folder.path)
    row = {name: getattr(folder, name) for name in BucketFolder.__slots__}
    connection.execute(insert(bucket_folders).values(row))


def delete_folder(connection: Connection, path: str) -> None:
    connection.execute(delete(bucket_folders).where(bucket_folders.c.path == path))


def delete_folders_but(connection: Connection, paths: Collection[str]) -> None:
    known = connection.execute(select(bucket_folders.c.path)).scalars().all()
    for path in known:
        if path not in paths:
            delete_folder(connection, path)


def list_archive_files(connection: Connection) -> tuple[ArchiveFile, ...]:
    rows = connection.execute(select(*_FILE).order_by(archive_files.c.path)).all()
    return tuple(ArchiveFile(*row) for row in rows)


def replace_archive_files(connection: Connection, files: Iterable[ArchiveFile]) -> None:
    """From here on the archive has these, and no others."""
    connection.execute(delete(archive_files))
    rows = [{"path": file.path, "size_bytes": file.size_bytes, "sha256": file.sha256} for file in files]
    if rows:
        connection.execute(insert(archive_files), rows)
