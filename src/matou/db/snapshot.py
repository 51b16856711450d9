"""A copy of the database of one machine while others write to it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from matou.db.engine import DamagedDatabase, DatabaseBusy


def snapshot_sqlite(file: Path, target: Path) -> None:
    """Write all that was committed to an SQLite database into a new file, which is whole by itself.

    Args:
        file: the database, which is not changed.
        target: not there yet, in a folder that is its owner's alone: it holds digests of passwords and tokens.

    Raises:
        DatabaseBusy: somebody kept it locked.
        DamagedDatabase: it is not what SQLite wrote.
    """
    target.touch(mode=0o600, exist_ok=False)
    try:
        with (
            closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise DatabaseBusy("the database is busy") from error
        raise DamagedDatabase("the database is damaged: {reason}", reason=str(error)) from error
