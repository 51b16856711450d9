"""Databases for tests: SQLite in a file of its own, and PostgreSQL in one real cluster for the whole run."""

import fcntl
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from matou.db.engine import Database, open_database
from matou.db.schema import metadata
from support import postgres_keeper

if TYPE_CHECKING:
    import psycopg

TEMPLATE = "matou_template"
WITHOUT_JOBS = """
DO $$ BEGIN
  IF to_regclass('procrastinate_jobs') IS NOT NULL THEN
    TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_events, procrastinate_periodic_defers;
  END IF;
END $$
"""
"""Procrastinate's tables are there once a test has had a queue."""


@pytest.fixture(scope="session")
def migrated_sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the newest schema, to be copied: faster than a migration for each test."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    open_database(file).close()
    return file


@pytest.fixture
def sqlite_file(migrated_sqlite_file: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated_sqlite_file, tmp_path / "matou.db"))


@pytest.fixture
def sqlite_database(sqlite_file: Path) -> Iterator[Database]:
    database = open_database(sqlite_file)
    yield database
    database.close()


@pytest.fixture(scope="session")
def postgres_cluster(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """The folder of a running cluster's socket; the tests' processes share one cluster."""
    pytest.importorskip("psycopg", reason="psycopg is not installed (the extra `postgresql`)")
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (no initdb on PATH, nor below /usr/lib/postgresql)")
    shared = tmp_path_factory.getbasetemp()
    with shared_cluster(binaries, shared if worker_id == "master" else shared.parent) as socket_folder:
        yield socket_folder


@pytest.fixture
def empty_postgres_url(postgres_cluster: str) -> Iterator[str]:
    """A database without any table."""
    with _postgres_database(postgres_cluster, template="template1") as url:
        yield url


@pytest.fixture
def fresh_postgres_url(postgres_cluster: str) -> Iterator[str]:
    """A database of the test's own, at the newest schema: for what changes the schema itself."""
    with _postgres_database(postgres_cluster, template=TEMPLATE) as url:
        yield url


@pytest.fixture(scope="module")
def module_postgres_url(postgres_cluster: str) -> Iterator[str]:
    """A database at the newest schema for all tests of a module, as servers keep it open that are started once."""
    with _postgres_database(postgres_cluster, template=TEMPLATE) as url:
        yield url


@pytest.fixture(scope="session")
def shared_postgres_url(postgres_cluster: str) -> Iterator[str]:
    """The database that the tests of one process have one after another."""
    with _postgres_database(postgres_cluster, template=TEMPLATE) as url:
        yield url


@pytest.fixture
def postgres_url(shared_postgres_url: str) -> str:
    """A database at the newest schema without a row. Emptying one takes a tenth of what making one takes."""
    tables = ", ".join(table.name for table in metadata.sorted_tables)
    run_statement(shared_postgres_url, f"TRUNCATE {tables} RESTART IDENTITY")
    run_statement(shared_postgres_url, WITHOUT_JOBS)
    return shared_postgres_url


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[Database]:
    database = open_database(postgres_url)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    """Each test that asks for it runs on both."""
    opened = request.getfixturevalue(f"{request.param}_database")
    assert isinstance(opened, Database)
    return opened


@pytest.fixture(params=["sqlite_file", "postgres_url"], ids=["sqlite", "postgres"])
def database_place(request: pytest.FixtureRequest) -> Path | str:
    """What `open_database` takes, for tests that open the same one more than once."""
    place: Path | str = request.getfixturevalue(request.param)
    return place


@pytest.fixture(params=["sqlite_file", "fresh_postgres_url"], ids=["sqlite", "postgres"])
def fresh_database_place(request: pytest.FixtureRequest) -> Path | str:
    """The same for tests that change the schema itself."""
    place: Path | str = request.getfixturevalue(request.param)
    return place


def postgres_binaries() -> Path | None:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = str(installed[-1]) if installed else shutil.which("initdb")
    return None if found is None else Path(found).resolve().parent


@contextmanager
def shared_cluster(binaries: Path, shared: Path) -> Iterator[str]:
    """The first that comes has it started, and with the last that leaves it ends (`support.postgres_keeper`)."""
    users, state = shared / "postgres.users", shared / "postgres.json"
    with (shared / "postgres.starting").open("w") as starting, users.open("a") as using:
        # In this order: nobody waits for the first while holding the second, and the keeper waits for neither.
        fcntl.flock(starting, fcntl.LOCK_EX)
        fcntl.flock(using, fcntl.LOCK_SH)
        if not state.exists():
            state.write_text(_start(binaries, users, state))
        fcntl.flock(starting, fcntl.LOCK_UN)
        yield state.read_text()


def _start(binaries: Path, users: Path, state: Path) -> str:
    # Not below pytest's own folder, which PostgreSQL's user may not enter.
    folder = tempfile.mkdtemp(prefix="matou-postgres-")
    subprocess.run([sys.executable, postgres_keeper.__file__, binaries, folder, users, state], check=True)
    _make_template(folder)
    return folder


def _make_template(socket_folder: str) -> None:
    run_statement(url_of(socket_folder, "postgres"), f'CREATE DATABASE "{TEMPLATE}"')
    open_database(url_of(socket_folder, TEMPLATE)).close()


@contextmanager
def _postgres_database(socket_folder: str, *, template: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    run = partial(run_statement, url_of(socket_folder, "postgres"))
    run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield url_of(socket_folder, name)
    run(f'DROP DATABASE "{name}" WITH (FORCE)')


def run_statement(url: str, statement: str) -> None:
    with _connect(url.replace("+psycopg", "")) as connection:
        connection.execute(statement.encode())


def _connect(url: str) -> "psycopg.Connection":
    """Wait for a server that is started again, too."""
    import psycopg

    deadline = time.monotonic() + postgres_keeper.START_SECONDS
    while True:
        try:
            return psycopg.connect(url, autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def url_of(socket_folder: str, name: str) -> str:
    return f"postgresql+psycopg://postgres@/{name}?host={socket_folder}"
