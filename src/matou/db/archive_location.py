"""Where the archive's bytes are, as every process that serves it is told: while they are on their way nobody writes.

A transaction that writes looks at it first, and whoever begins a move waits until those that had looked are done.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, insert, select, text

from matou.db.bucket_tables import archive_location
from matou.db.engine import Database, open_database
from matou.errors import TryLater

ASK_AGAIN_AFTER: Final = timedelta(minutes=1)

# Any number that nobody else takes: this one spells "place" on a telephone.
_LOCK: Final = 75223


class ArchiveMoving(TryLater):
    """The archive's bytes are on their way elsewhere, or are there already: here it can be read only."""


class LocationState(StrEnum):
    """`to-bucket` and `to-folder`: on their way there. Without a row nothing was ever moved."""

    FOLDER = "folder"
    TO_BUCKET = "to-bucket"
    BUCKET = "bucket"
    TO_FOLDER = "to-folder"


@dataclass(frozen=True, slots=True)
class ArchiveLocation:
    """`target`: the bucket or the folder, for people. `since`: when that began."""

    state: LocationState
    target: str
    since: datetime


def find_location(connection: Connection) -> ArchiveLocation | None:
    columns = (archive_location.c.state, archive_location.c.target, archive_location.c.since)
    row = connection.execute(select(*columns)).first()
    return None if row is None else ArchiveLocation(LocationState(row.state), row.target, row.since)


def set_location(connection: Connection, location: ArchiveLocation | None) -> None:
    """From the end of this transaction on it is there; no other transaction that writes is under way then."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    connection.execute(delete(archive_location))
    if location is not None:
        row = {"archive": "this", "state": location.state, "target": location.target, "since": location.since}
        connection.execute(insert(archive_location).values(row))


def forget_location(file: Path) -> None:
    """Of a copy of an SQLite database: the archive that it comes to lie in is a folder of its own."""
    database = open_database(file)
    try:
        with database.begin_write() as connection:
            set_location(connection, None)
    finally:
        database.close()


def require_at(here: LocationState, connection: Connection) -> None:
    """For the rest of the transaction nothing is moved. Raises ArchiveMoving where it is not here, or not for long."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _LOCK})
    location = find_location(connection)
    if location is not None and location.state is not here:
        raise _moving(location)


def written_at(database: Database, here: LocationState) -> Database:
    """The database for whoever serves the archive from where it is now: each of its writes is `require_at` first."""
    return replace(database, before_write=partial(require_at, here))


def require_writable(database: Database) -> None:
    """Before work that would end in a write. Raises ArchiveMoving."""
    with database.begin_read() as connection:
        database.before_write(connection)


def _moving(location: ArchiveLocation) -> ArchiveMoving:
    if location.state in (LocationState.TO_BUCKET, LocationState.TO_FOLDER):
        return ArchiveMoving(
            "the archive is being moved, and can be read only until that is done",
            wait=ASK_AGAIN_AFTER,
            advice="Nothing was changed. It has been under way since {since}; where it was cut off, matou archive move"
            " goes on, and matou archive move --cancel leaves everything where it was.",
            since=location.since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
    return ArchiveMoving(
        "the archive has been moved, and this process still reads it where it was",
        wait=ASK_AGAIN_AFTER,
        advice="Nothing was changed. Start it again.",
    )
