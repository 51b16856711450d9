"""The tables that the code believes in are those that the migrations make."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from matou.db.engine import Database, open_database
from matou.db.job_tables import jobs
from matou.db.migrations.run import known_revisions, run_migrations
from matou.db.repositories import find_repository
from matou.db.schema import HEAD_REVISION, metadata
from matou.db.upgrade import NewerDatabase
from matou.model.names import RepositoryPath

TABLES = {jobs.name, *(table.name for table in metadata.sorted_tables)}
OF_ONE_DATABASE = ("item_trigrams", "item_short_terms", "ix_item_texts_text", "ix_newest_")
"""What searches full text, and its tables in SQLite; what lists the newest first: neither's form is the other's."""


def constraints(database: Database) -> dict[str, set[str]]:
    """What Alembic's comparison does not look at: unique constraints, foreign keys with what they do, primary keys."""
    inspector = inspect(database.engine)
    return {
        table: {
            *(f"unique {sorted(found['column_names'])}" for found in inspector.get_unique_constraints(table)),
            *(
                f"{found['constrained_columns']} to {found['referred_table']} {found['options']}"
                for found in inspector.get_foreign_keys(table)
            ),
            f"key {inspector.get_pk_constraint(table)['constrained_columns']}",
        }
        for table in TABLES
    }


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind not in ("table", "index") or name is None or not name.startswith(OF_ONE_DATABASE)


def test_the_migrations_make_exactly_the_tables_of_the_schema(fresh_database_place: Path | str) -> None:
    """In a database that has had no queue, which brings tables of its own."""
    with closing(open_database(fresh_database_place)) as database, database.begin_read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_ours})
        differences = compare_metadata(context, metadata)

    assert differences == []


def test_the_migrations_make_the_constraints_of_the_schema(fresh_database_place: Path | str) -> None:
    database = open_database(fresh_database_place)
    migrated = constraints(database)
    with database.begin_write() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
        metadata.drop_all(connection)
        metadata.create_all(connection)

    made = constraints(database)
    database.close()
    assert made == migrated


def test_the_newest_migration_is_the_one_that_the_schema_names() -> None:
    assert max(known_revisions()) == HEAD_REVISION


OPEN_AT_ONCE = """
import sys
from pathlib import Path
from matou.db.engine import open_database
print("ready", flush=True)
sys.stdin.readline()
open_database(Path(sys.argv[1]) if sys.argv[1].startswith("/") else sys.argv[1]).close()
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_several_processes_may_open_a_new_database_at_once(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = tmp_path / "new.db" if kind == "sqlite" else request.getfixturevalue("empty_postgres_url")

    assert opened_at_once(place) == [0, 0, 0, 0]

    database = open_database(place)
    tables = inspect(database.engine).get_table_names()
    assert {name for name in tables if is_ours(name, "table", None)} == {*TABLES, "alembic_version"}
    database.close()


def opened_at_once(place: Path | str) -> list[int]:
    """How four processes ended that opened it in the same moment."""
    command = [sys.executable, "-c", OPEN_AT_ONCE, str(place)]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()

    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
    return [process.returncode for process in processes]


OLD_ROWS = """
INSERT INTO namespaces (id, kind, path, folded_path, true_name, display_name, description, archived, updated_at)
VALUES (7, 'organization', 'team', 'team', 'team', 'Team', '', {false}, 0);
INSERT INTO repositories (id, namespace_id, path, folded_path, true_name, description, visibility, archived,
version_control, size_bytes, updated_at)
VALUES (11, 7, 'team/ship', 'team/ship', 'ship', 'a ship', 'private', {false}, 'git', 5, 0);
INSERT INTO redirects (folded_path, repository_id) VALUES ('team/boat', 11)
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_several_processes_may_bring_an_old_database_with_rows_up_to_date_at_once(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = tmp_path / "old.db" if kind == "sqlite" else request.getfixturevalue("empty_postgres_url")
    engine = create_engine(f"sqlite:///{place}" if kind == "sqlite" else str(place))
    with engine.begin() as connection:
        run_migrations(connection, to="0001")
        for statement in OLD_ROWS.format(false="0" if kind == "sqlite" else "false").split(";"):
            connection.execute(text(statement))
    engine.dispose()

    assert opened_at_once(place) == [0, 0, 0, 0]

    database = open_database(place)
    with database.begin_read() as connection:
        kept = find_repository(connection, RepositoryPath.parse("team/boat"))
    database.close()
    assert kept is not None
    assert (kept.id, kept.description, kept.size_bytes, kept.homepage, kept.independent_members) == (
        11,
        "a ship",
        5,
        "",
        False,
    )


def test_a_database_to_which_a_newer_matou_has_only_added_is_worked_on(fresh_database_place: Path | str) -> None:
    database = open_database(fresh_database_place)
    with database.begin_write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()

    again = open_database(fresh_database_place)
    with again.begin_read() as connection:
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    again.close()

    assert revision == "9999"


def test_a_database_of_a_newer_matou_is_not_touched(fresh_database_place: Path | str) -> None:
    database = open_database(fresh_database_place)
    with database.begin_write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("UPDATE schema_compatibility SET oldest_revision = '9998'"))
    database.close()

    with pytest.raises(NewerDatabase):
        open_database(fresh_database_place)


def test_opening_a_database_at_the_newest_schema_writes_nothing(sqlite_file: Path) -> None:
    open_database(sqlite_file).close()
    before = sqlite_file.read_bytes()

    open_database(sqlite_file).close()

    assert sqlite_file.read_bytes() == before


def test_a_new_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "matou.db"

    database = open_database(file)

    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(modes, 0o600)
    database.close()


def test_sqlite_keeps_what_it_acknowledged_and_minds_its_references(sqlite_database: Database) -> None:
    with sqlite_database.begin_read() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    full = 2
    assert found == {"journal_mode": "wal", "synchronous": full, "foreign_keys": 1, "busy_timeout": 10_000}


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "matou.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE tokens (id INTEGER)")

    with pytest.raises(Exception, match="already exists"):
        open_database(file)

    with closing(sqlite3.connect(file)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables - {"sqlite_sequence"} == {"tokens"}
