"""SQLite files beside the database, of what may be lost when the machine fails."""

from collections.abc import Sequence
from pathlib import Path

import structlog
from sqlalchemy import URL, Connection, Table, event

from matou.db.engine import DEFAULT_LOCK_WAIT, Changes, DamagedDatabase, Database, damaged_database, sqlite_engine
from matou.fs import flocked, make_folders

log = structlog.get_logger(__name__)


def open_unsynced(file: Path, tables: Sequence[Table]) -> Database:
    """An SQLite database of its own, which several processes share. One that is damaged is made anew, empty.

    What a power cut leaves of it may be anything, since it is not synced. It holds these tables and is never migrated:
    whoever changes them gives it another name.
    """
    make_folders(file.parent, below=file.parent.parent)
    # Of several that find it damaged one removes it: the others find the new one.
    with flocked(file.with_name(f"{file.name}.lock"), creates=True):
        try:
            return _opened(file, tables)
        except DamagedDatabase as error:
            log.warning("unsynced_database_made_anew", file=file.name, reason=str(error))
            for each in (file, *(file.with_name(f"{file.name}-{part}") for part in ("wal", "shm"))):
                each.unlink(missing_ok=True)
            return _opened(file, tables)


def _opened(file: Path, tables: Sequence[Table]) -> Database:
    """Raises DamagedDatabase."""
    engine = sqlite_engine(URL.create("sqlite", database=str(file)), DEFAULT_LOCK_WAIT)
    event.listen(engine, "connect", _leave_unsynced)
    database = Database(engine, DEFAULT_LOCK_WAIT, _changes=Changes(str(file)))
    try:
        with database.begin_write() as connection:
            tables[0].metadata.create_all(connection, tables=tables)
            _require_whole(connection)
    except BaseException:
        database.close()
        raise
    return database


def _require_whole(connection: Connection) -> None:
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if found != "ok":
        raise damaged_database(found)


def _leave_unsynced(connection: object, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]
