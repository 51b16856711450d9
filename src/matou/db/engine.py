"""Opens the database and begins transactions: SQLite in a file, or PostgreSQL by URL."""

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import sqlalchemy
from sqlalchemy import URL, Connection, Engine, ExceptionContext, event, exc, make_url

from matou.db.snapshots import Snapshots
from matou.errors import Conflict, Damaged, Invalid, NotFound, TryLater
from matou.settings import InvalidSetting

__all__ = [
    "NETWORK_PATIENCE",
    "Connection",
    "Database",
    "DatabaseBusy",
    "ForeignKeyViolation",
    "OutcomeUnknown",
    "UniqueViolation",
    "UnstorableValue",
    "open_database",
]

DEFAULT_LOCK_WAIT = timedelta(seconds=10)
_RETRY_AFTER = timedelta(seconds=5)
_POOL_SIZE = 8
_MOST_CONNECTIONS = 40

# PostgreSQL, appendix A: lock_not_available, serialization_failure, deadlock_detected, too_many_connections,
# admin_shutdown, crash_shutdown, cannot_connect_now. Class 08 is the connection itself.
_PASSING_FAULTS = frozenset({"55P03", "40001", "40P01", "53300", "57P01", "57P02", "57P03"})
_PASSING_WORDS = ("starting up", "shutting down", "recovery mode", "too many", "remaining connection slots")
_DRIVERS = frozenset({"sqlite", "sqlite+pysqlite", "postgresql+psycopg"})
_SERVER_GONE = ("08", "57P")
_BEYOND_RANGE = "22003"
_NOT_WHAT_WAS_WRITTEN = ("SQLITE_NOTADB", "SQLITE_CORRUPT")
_NO_ROOM = frozenset({"SQLITE_FULL", "53100"})
"""What the operating system says to whoever writes a file, SQLite and PostgreSQL (disk_full) say in words of theirs."""


# libpq, 32.1.2: in seconds, but for tcp_user_timeout, which is in milliseconds. A machine that is cut off is not told
# so: without these, whoever waits for an answer does so for a quarter of an hour.
NETWORK_PATIENCE: Final = {
    "connect_timeout": 10,
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


class UniqueViolation(Conflict):
    """Another row has what must be unique."""


class ForeignKeyViolation(NotFound):
    """A row refers to one that is not there, or would after what was to be deleted."""


class UnstorableValue(Invalid):
    """A text or number that no row can hold, so that none has it: a NUL, half a character, a number beyond 64 bits."""


class UnusableDatabaseURL(InvalidSetting):
    """MATOU_DATABASE_URL names no database that this installation can use."""


class DatabaseBusy(TryLater):
    """Somebody else held a lock for longer than we wait, or the database server is away for a moment."""


class DamagedDatabase(Damaged):
    """The file is no database, or pages of it are not what was written."""


class OutcomeUnknown(DatabaseBusy):
    """The database server went away while it was asked to commit: it may have done so."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Database:
    """An open database at the newest schema; safe to share between threads.

    Attributes:
        lock_wait: how long a write waits for others before it gives up with DatabaseBusy.
        before_write: called in each transaction that writes, at its beginning; it may refuse.
    """

    engine: Engine
    lock_wait: timedelta
    before_write: Callable[[Connection], None] = lambda _: None
    _writer: threading.Lock = field(default_factory=threading.Lock)
    _changes: "Changes | None" = None
    _snapshots: Snapshots | None = None
    _closed: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def begin_read(self) -> Iterator[Connection]:
        """One snapshot on SQLite; on PostgreSQL each statement sees what was committed before it.

        Raises:
            DatabaseBusy: as `begin_write` does, or the database was closed.
        """
        with _translated(), self._connected() as connection:
            yield connection

    @contextmanager
    def begin_write(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block and is undone by an exception.

        On SQLite it has the write lock from its first moment (BEGIN IMMEDIATE): what it reads is still so when it
        writes. On PostgreSQL rows that are read first must be locked or guarded by a constraint.

        Raises:
            UniqueViolation: a unique constraint.
            ForeignKeyViolation: a foreign key.
            DatabaseBusy: the lock was not to be had within `lock_wait`, or the database was closed.
            OSError: of errno ENOSPC; the database has no room.
            OutcomeUnknown: on leaving; everywhere else whatever is raised means that nothing was written.
        """
        with _translated(), self._one_writer(), _for_good_if_it_fails(self.engine), self._connected() as connection:
            writing = connection.execution_options(matou_write=True)
            with writing.begin() as transaction:
                self.before_write(writing)
                yield writing
                with _in_doubt():
                    transaction.commit()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Of whoever works in the background and comes too late, no connection stays that nobody would ever close."""
        if self._closed.is_set():
            raise DatabaseBusy("the database was closed", wait=_RETRY_AFTER)
        with self.engine.connect() as connection:
            try:
                yield connection
            finally:
                if self._closed.is_set() and not connection.invalidated:
                    connection.detach()

    @contextmanager
    def _one_writer(self) -> Iterator[None]:
        """Threads of this process queue here: SQLite itself would let them sleep and poll."""
        if self.engine.dialect.name != "sqlite":
            yield
            return
        if not self._writer.acquire(timeout=self.lock_wait.total_seconds()):
            raise DatabaseBusy("the database is busy with another write", wait=_RETRY_AFTER)
        try:
            yield
        finally:
            self._writer.release()

    def require_answer(self) -> None:
        """Read a row that every database of ours has. Raises as `begin_read` does."""
        with self.begin_read() as connection:
            connection.exec_driver_sql("SELECT version_num FROM alembic_version").one()

    def version(self) -> int | None:
        """A number that changes with every commit, of any process; None where the database tells only who asks it.

        What was read after asking for it is still so for as long as it stays the same.
        """
        return self._changes.version() if self._changes is not None else None

    def confirmed_version(self) -> int | None:
        """As `version`, where it may take a question as well: for threads. None where nothing answers now."""
        return self.version() if self._snapshots is None else self._snapshots.number()

    def close(self) -> None:
        self._closed.set()
        if self._snapshots is not None:
            self._snapshots.close()
        self.engine.dispose()
        if self._changes is not None:
            self._changes.close()


class Changes:
    """A connection that only watches: 3 µs where a query takes 150 (https://sqlite.org/pragma.html#pragma_data_version)."""

    def __init__(self, file: str) -> None:
        self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()

    def version(self) -> int:
        """Raises DamagedDatabase."""
        try:
            with self._lock:
                version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.DatabaseError as error:
            if not getattr(error, "sqlite_errorname", "").startswith(_NOT_WHAT_WAS_WRITTEN):
                raise
            raise damaged_database(error) from error
        return version

    def close(self) -> None:
        self._connection.close()


def open_database(location: Path | str, *, lock_wait: timedelta = DEFAULT_LOCK_WAIT) -> Database:
    """Open a database and bring its schema up to date; several processes may do so at once.

    Args:
        location: the file of an SQLite database, made if it is not there; or a URL in SQLAlchemy's form.
    """
    from matou.db.upgrade import upgrade_if_behind

    url = URL.create("sqlite", database=str(location)) if isinstance(location, Path) else _read_url(location)
    engine = _engine(url, lock_wait)
    event.listen(engine, "handle_error", _refuse_unstorable)
    changes = Changes(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    snapshots = None if changes is not None or engine.dialect.name == "sqlite" else Snapshots(engine)
    database = Database(engine, lock_wait, _changes=changes, _snapshots=snapshots)
    try:
        if engine.dialect.name != "sqlite":
            _require_answer(engine)
        upgrade_if_behind(database)
    except BaseException:
        database.close()
        raise
    return database


def _read_url(text: str) -> URL:
    """Raises UnusableDatabaseURL, which never shows the URL itself: it may hold a password."""
    try:
        url = make_url(text)
    except (exc.ArgumentError, ValueError) as error:
        raise UnusableDatabaseURL(
            "the URL of the database cannot be read",
            advice="MATOU_DATABASE_URL looks like: postgresql://USER:PASSWORD@HOST/DATABASE",
        ) from error
    if url.drivername in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in _DRIVERS:
        raise UnusableDatabaseURL(
            "{kind} is no database that Matou can use",
            kind=url.drivername,
            advice="MATOU_DATABASE_URL looks like: postgresql://USER:PASSWORD@HOST/DATABASE",
        )
    return url


def _engine(url: URL, lock_wait: timedelta) -> Engine:
    if url.get_backend_name() == "sqlite":
        return sqlite_engine(url, lock_wait)
    milliseconds = lock_wait // timedelta(milliseconds=1)
    _require_driver()
    return sqlalchemy.create_engine(
        url,
        pool_size=_POOL_SIZE,
        max_overflow=_MOST_CONNECTIONS - _POOL_SIZE,
        pool_pre_ping=True,
        pool_timeout=lock_wait.total_seconds(),
        connect_args={"options": f"-c lock_timeout={milliseconds}", **NETWORK_PATIENCE},
    )


def _refuse_unstorable(context: ExceptionContext) -> None:
    """Whoever asks for it, by whichever way, is told so; it is no fault of ours. Raises UnstorableValue."""
    error = context.original_exception
    is_text = isinstance(error, UnicodeEncodeError) or "NUL (0x00)" in str(error)
    if is_text or isinstance(error, OverflowError) or getattr(error, "sqlstate", None) == _BEYOND_RANGE:
        raise UnstorableValue("it holds characters that no text has, or a number that is too large") from error


def _require_answer(engine: Engine) -> None:
    """The first connection: whoever cannot be reached or does not let us in is told apart from whoever is busy.

    A refusal while connecting has no SQLSTATE, only the server's word FATAL (PostgreSQL, 55.8 and appendix A).
    """
    try:
        engine.connect().close()
    except exc.OperationalError as error:
        message = " ".join(str(error.orig).split())[:300]
        if "FATAL" in message and not any(word in message for word in _PASSING_WORDS):
            raise UnusableDatabaseURL(
                "the database server does not let us in: {said}",
                said=message,
                advice="see that MATOU_DATABASE_URL names a user, a password and a database that it knows",
            ) from error
        raise DatabaseBusy("the database server does not answer: {said}", said=message, wait=_RETRY_AFTER) from error


def _require_driver() -> None:
    """And what keeps jobs there, which is loaded by the first that enqueues one."""
    for name in ("psycopg", "procrastinate"):
        if find_spec(name) is None:
            raise UnusableDatabaseURL(
                "{package}, which PostgreSQL needs, is not installed",
                package=name,
                advice="install it with: pip install 'matou[postgresql]'",
            )


def sqlite_engine(url: URL, lock_wait: timedelta) -> Engine:
    if url.database and url.database != ":memory:":
        _make_private(Path(url.database))
    engine = sqlalchemy.create_engine(
        url,
        pool_size=_POOL_SIZE,
        max_overflow=_MOST_CONNECTIONS - _POOL_SIZE,
        pool_timeout=lock_wait.total_seconds(),
        connect_args={"timeout": lock_wait.total_seconds(), "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(file: Path) -> None:
    """The file holds digests of passwords and tokens; SQLite gives its companions the same mode."""
    os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Python's module must not begin transactions of its own accord: _begin_sqlite does.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # With NORMAL a power cut takes back rows that were acknowledged (200 of 200 in our rig).
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("matou_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except exc.IntegrityError as error:
        translated = _of_broken_constraint(error)
        if translated is None:
            raise
        raise translated from error
    except exc.TimeoutError as error:
        raise DatabaseBusy("the database is busy: no connection became free", wait=_RETRY_AFTER) from error
    except exc.DBAPIError as error:
        if _code(error) in _NO_ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        if _code(error).startswith(_NOT_WHAT_WAS_WRITTEN):
            raise damaged_database(error.orig) from error
        if not _passes(error):
            raise
        raise DatabaseBusy("the database is busy", wait=_RETRY_AFTER) from error


def damaged_database(reason: object) -> DamagedDatabase:
    return DamagedDatabase(
        "the database is damaged: {reason}",
        reason=str(reason),
        advice="Stop the server and put a copy of it back. Without one, move it away and let `matou reindex`"
        " make another: what was backed up is found again, but no account, token or setting.",
    )


@contextmanager
def _in_doubt() -> Iterator[None]:
    try:
        yield
    except exc.DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error) or not _code(error).startswith(_SERVER_GONE):
            raise
        raise OutcomeUnknown(
            "the database went away in the middle of a change, which it may have made or not", wait=_RETRY_AFTER
        ) from error


@contextmanager
def _for_good_if_it_fails(engine: Engine) -> Iterator[None]:
    """A commit that fails as SQLite syncs its log is in that log all the same: after a crash it would be found there.

    What is written next takes its place in the log, so something is.
    """
    try:
        yield
    except exc.DBAPIError as error:
        if _code(error).startswith("SQLITE_IOERR"):
            _write_over(engine)
        raise


def _write_over(engine: Engine) -> None:
    try:
        with engine.connect() as connection, connection.execution_options(matou_write=True).begin():
            same = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            connection.exec_driver_sql(f"PRAGMA user_version = {int(same)}")
    except exc.DBAPIError as error:
        raise OutcomeUnknown(
            "the disk failed in the middle of a change, which the next start may find made or not", wait=_RETRY_AFTER
        ) from error


def _of_broken_constraint(error: exc.IntegrityError) -> Conflict | NotFound | None:
    code = _code(error)
    if code in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "23505"):
        return UniqueViolation("it is there already")
    if code in ("SQLITE_CONSTRAINT_FOREIGNKEY", "23503"):
        return ForeignKeyViolation("what it belongs to is not there")
    return None


def _passes(error: exc.DBAPIError) -> bool:
    code = _code(error)
    return code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "08")) or code in _PASSING_FAULTS


def _code(error: exc.DBAPIError) -> str:
    """SQLite's name of the fault, or PostgreSQL's SQLSTATE; a connection that broke has none, and is of class 08."""
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorname", "")
    if error.connection_invalidated:
        return "08006"
    return getattr(error.orig, "sqlstate", None) or ("08001" if isinstance(error, exc.OperationalError) else "")
