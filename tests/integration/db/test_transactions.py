"""What a transaction promises: order, all or nothing, and errors that say what can be done."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from matou.db import labels, users
from matou.db.engine import (
    Connection,
    DamagedDatabase,
    Database,
    DatabaseBusy,
    ForeignKeyViolation,
    UniqueViolation,
    UnstorableValue,
    open_database,
)
from matou.db.namespaces import NamespaceId
from matou.db.schema import index_state
from matou.db.users import NewUser, User, UserId, UserKind
from matou.errors import Conflict, NotFound, TryLater

NOW = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC)


def insert_user(connection: Connection, name: str, *, created_at: datetime = NOW) -> User:
    new = NewUser(name, "", name, UserKind.PERSON, None, admin=False, created_at=created_at)
    return users.insert_user(connection, new)


def test_a_name_that_is_taken_is_a_conflict(database: Database) -> None:
    with database.begin_write() as connection:
        insert_user(connection, "anna")

    with pytest.raises(UniqueViolation) as raised, database.begin_write() as connection:
        insert_user(connection, "ANNA")

    assert isinstance(raised.value, Conflict)


def test_an_owner_that_is_gone_is_not_something_that_exists_already(database: Database) -> None:
    with pytest.raises(ForeignKeyViolation) as raised, database.begin_write() as connection:
        labels.insert_label(connection, NamespaceId(4711), "bug", "#ff0000")

    assert isinstance(raised.value, NotFound)


def test_what_a_failed_block_wrote_is_undone(database: Database) -> None:
    def insert_and_fail() -> None:
        with database.begin_write() as connection:
            insert_user(connection, "anna")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        insert_and_fail()

    with database.begin_read() as connection:
        assert users.list_users(connection) == ()


def test_times_come_back_as_the_same_moment_in_utc(database: Database) -> None:
    in_shanghai = NOW.astimezone(timezone(timedelta(hours=8)))

    with database.begin_write() as connection:
        created = insert_user(connection, "anna", created_at=in_shanghai)

    assert (created.created_at, created.created_at.tzinfo) == (NOW, UTC)


def test_times_before_1970_are_kept_to_the_microsecond(database: Database) -> None:
    moment = datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)

    with database.begin_write() as connection:
        created = insert_user(connection, "anna", created_at=moment)

    assert created.created_at == moment


def test_a_naive_time_is_never_stored(database: Database) -> None:
    with pytest.raises(Exception, match="naive"), database.begin_write() as connection:
        insert_user(connection, "anna", created_at=datetime(2026, 1, 1))  # noqa: DTZ001 - what must be refused


def test_ids_are_never_given_twice(database: Database) -> None:
    with database.begin_write() as connection:
        first = insert_user(connection, "anna")
        connection.execute(text("DELETE FROM users"))

    with database.begin_write() as connection:
        second = insert_user(connection, "anna")

    assert second.id > first.id


@pytest.fixture
def other(sqlite_file: Path) -> Iterator[sqlite3.Connection]:
    """Another program with the same file."""
    with closing(sqlite3.connect(sqlite_file, isolation_level=None)) as connection:
        yield connection


def test_a_writer_waits_for_another_program_and_then_says_try_later(
    sqlite_file: Path, other: sqlite3.Connection
) -> None:
    database = open_database(sqlite_file, lock_wait=timedelta(seconds=0.3))
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(DatabaseBusy) as raised, database.begin_write() as connection:
        insert_user(connection, "anna")

    assert isinstance(raised.value, TryLater)
    assert raised.value.wait is not None
    with database.begin_read() as connection:
        assert users.list_users(connection) == ()
    database.close()


def test_readers_go_on_while_another_program_writes(sqlite_database: Database, other: sqlite3.Connection) -> None:
    other.execute("BEGIN IMMEDIATE")

    with sqlite_database.begin_read() as connection:
        found = users.list_users(connection)

    assert found == ()


def test_a_row_that_is_locked_for_too_long_says_try_later(postgres_url: str) -> None:
    patient, hasty = open_database(postgres_url), open_database(postgres_url, lock_wait=timedelta(seconds=0.3))
    with patient.begin_write() as connection:
        anna = insert_user(connection, "anna")

    with patient.begin_write() as holding:
        users.set_active(holding, anna.id, active=False)
        with pytest.raises(DatabaseBusy), hasty.begin_write() as connection:
            users.set_active(connection, anna.id, active=True)

    patient.close()
    hasty.close()


def test_a_database_server_that_went_away_is_tried_again(postgres_database: Database) -> None:
    kill = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()")

    with pytest.raises(DatabaseBusy), postgres_database.begin_write() as connection:
        connection.execute(kill)

    with postgres_database.begin_read() as connection:
        assert users.list_users(connection) == ()


def test_a_database_server_that_is_not_there_says_try_later(tmp_path: Path) -> None:
    with pytest.raises(DatabaseBusy):
        open_database(f"postgresql://postgres@/nothing?host={tmp_path}")


def test_whoever_comes_after_a_database_was_closed_opens_no_connection(database_place: Path | str) -> None:
    database = open_database(database_place)
    database.close()

    with pytest.raises(DatabaseBusy), database.begin_read():
        pass
    with pytest.raises(DatabaseBusy), database.begin_write():
        pass


def test_a_connection_in_use_when_a_database_was_closed_ends_with_its_use(database_place: Path | str) -> None:
    database = open_database(database_place)
    with database.begin_read() as connection:
        database.close()
        raw = connection.connection.dbapi_connection

    with pytest.raises(Exception, match="closed"):
        raw.execute("SELECT 1")  # type: ignore[union-attr]


def test_many_writers_of_two_programs_read_then_write_without_losing_anything(database_place: Path | str) -> None:
    """Catalogue L-13, small: a deferred transaction on SQLite that reads first would fail here."""
    programs, writers, rounds = [open_database(database_place), open_database(database_place)], 6, 5

    def count_up(number: int) -> None:
        database = programs[number % 2]
        for _ in range(rounds):
            with database.begin_write() as connection:
                _count_up(connection)
            with database.begin_read() as connection:
                connection.execute(select(index_state.c.run)).all()

    with programs[0].begin_write() as connection:
        connection.execute(insert(index_state).values(source="counter", run=0, manifest_sha256=""))
    with ThreadPoolExecutor(writers) as threads:
        list(threads.map(count_up, range(writers)))

    with programs[0].begin_read() as connection:
        counted = connection.execute(select(index_state.c.run)).scalar_one()
    for database in programs:
        database.close()
    assert counted == writers * rounds


def _count_up(connection: Connection) -> None:
    # On PostgreSQL what is read first is locked; SQLite has the whole database to itself by then.
    counted = select(index_state.c.run).with_for_update()
    run = connection.execute(counted).scalar_one()
    connection.execute(index_state.update().values(run=run + 1))


def test_more_threads_than_connections_wait_for_one(database: Database) -> None:
    together = threading.Barrier(48)

    def look(_: int) -> User | None:
        together.wait(30)
        with database.begin_read() as connection:
            return users.find_user(connection, UserId(1))

    with ThreadPoolExecutor(48) as threads:
        assert set(threads.map(look, range(48))) == {None}


def test_a_database_that_is_full_has_no_room_and_what_it_held_stays(sqlite_database: Database) -> None:
    with sqlite_database.begin_write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        insert_user(connection, "anna")

    def insert_too_many() -> None:
        with sqlite_database.begin_write() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1}")
            for number in range(200):
                insert_user(connection, f"user{number}{'x' * 200}")

    with pytest.raises(OSError, match="No space left on device"):
        insert_too_many()

    with sqlite_database.begin_read() as connection:
        assert [user.name for user in users.list_users(connection)] == ["anna"]


@pytest.mark.parametrize("first_lost", [0, 100])
def test_a_file_that_is_damaged_is_called_so(tmp_path: Path, first_lost: int) -> None:
    """Every command that opened it ended with a traceback."""
    path = tmp_path / "matou.db"
    open_database(path).close()
    content = path.read_bytes()
    path.write_bytes(content[:first_lost] + b"\xa5" * (len(content) - first_lost))

    with pytest.raises(DamagedDatabase, match="the database is damaged"):
        open_database(path)


def test_a_page_that_is_damaged_is_told_to_who_reads_it(sqlite_database: Database) -> None:
    with sqlite_database.begin_write() as connection:
        insert_user(connection, "anna")
        root = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'users'").scalar_one()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
        path = Path(sqlite_database.engine.url.database or "")
    sqlite_database.close()
    with closing(sqlite3.connect(path)) as direct:
        direct.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xa5" * size)

    with closing(open_database(path)) as again, pytest.raises(DamagedDatabase), again.begin_read() as connection:
        users.list_users(connection)


@pytest.mark.parametrize("login", ["caf\udce9", "\ud83d"])
def test_half_a_character_is_nobody_and_no_fault_of_ours(database: Database, login: str) -> None:
    with pytest.raises(UnstorableValue), database.begin_read() as connection:
        users.find_user_to_log_in(connection, login)


def test_a_nul_is_refused_by_postgresql_as_what_nobody_has(postgres_database: Database) -> None:
    with pytest.raises(UnstorableValue), postgres_database.begin_read() as connection:
        users.find_user_to_log_in(connection, "a\0b")


def test_a_number_beyond_64_bits_is_none_of_a_row(database: Database) -> None:
    with pytest.raises(UnstorableValue), database.begin_read() as connection:
        users.find_user(connection, UserId(2**63))
