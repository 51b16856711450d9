"""Databases for tests: SQLite in a file of its own, and PostgreSQL in one real cluster for the whole run."""

import ctypes
import json
import os
import shutil
import signal
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
from filelock import FileLock

from matou.db.engine import Database, open_database
from matou.db.schema import metadata

if TYPE_CHECKING:
    import psycopg

START_SECONDS = 30
OTHERS_SECONDS = 120

# Nothing here has to survive anything.
CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB", "log_statement=none")
TEMPLATE = "matou_template"


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
    binaries = _postgres_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (no initdb on PATH, nor below /usr/lib/postgresql)")
    shared = tmp_path_factory.getbasetemp()
    with _shared_cluster(binaries, shared if worker_id == "master" else shared.parent) as socket_folder:
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
    database = open_database(shared_postgres_url)
    with database.begin_write() as connection:
        tables = ", ".join(table.name for table in metadata.sorted_tables)
        connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY")
    database.close()
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


def _postgres_binaries() -> Path | None:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = str(installed[-1]) if installed else shutil.which("initdb")
    return None if found is None else Path(found).resolve().parent


@contextmanager
def _shared_cluster(binaries: Path, shared: Path) -> Iterator[str]:
    """Whoever comes first starts the cluster, and ends it when all others have left."""
    lock, state = FileLock(shared / "postgres.lock"), shared / "postgres.json"
    with lock:
        is_starter = not state.exists()
        if is_starter:
            process, folder = _start(binaries)
            _write(state, folder, users=1)
        else:
            process, folder = None, _enter(state)
    try:
        yield str(folder)
    finally:
        if process is not None:
            _stop_when_alone(process, folder, lock, state)
        else:
            with lock:
                _write(state, folder, users=_users(state) - 1)


def _enter(state: Path) -> Path:
    folder = Path(json.loads(state.read_text())["folder"])
    _write(state, folder, users=_users(state) + 1)
    return folder


def _users(state: Path) -> int:
    users: int = json.loads(state.read_text())["users"]
    return users


def _write(state: Path, folder: Path, *, users: int) -> None:
    state.write_text(json.dumps({"folder": str(folder), "users": users}))


def _stop_when_alone(process: subprocess.Popen[bytes], folder: Path, lock: FileLock, state: Path) -> None:
    deadline = time.monotonic() + OTHERS_SECONDS
    while time.monotonic() < deadline:
        with lock:
            if _users(state) == 1:
                state.unlink()
                break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    process.wait(START_SECONDS)
    shutil.rmtree(folder)


def _start(binaries: Path) -> tuple[subprocess.Popen[bytes], Path]:
    # Not below pytest's own folder: PostgreSQL refuses to run as root, and its user may not enter there.
    folder = Path(tempfile.mkdtemp(prefix="matou-postgres-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    initdb: list[Path | str] = [
        binaries / "initdb",
        "--no-sync",
        "--auth=trust",
        "--username=postgres",
        "--encoding=UTF8",
        "--locale=C",
    ]
    subprocess.run([*initdb, data], user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    settings = (*CARELESS, "listen_addresses=", f"unix_socket_directories={folder}", "max_connections=200")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data, *(f"--{setting}" for setting in settings)],
            user=user,
            cwd=folder,
            stdout=log,
            stderr=log,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - no other thread runs yet
        )
    _await_start(process, folder)
    _make_template(str(folder))
    return process, folder


def _end_with_parent() -> None:
    """Even a killed test run leaves no cluster behind (Linux)."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, int(signal.SIGINT))


def _await_start(process: subprocess.Popen[bytes], folder: Path) -> None:
    import psycopg

    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            _connect(str(folder)).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("PostgreSQL did not start:\n" + (folder / "log").read_text()[-2000:])


def _make_template(socket_folder: str) -> None:
    with _connect(socket_folder) as connection:
        connection.execute(f'CREATE DATABASE "{TEMPLATE}"')
    open_database(_url(socket_folder, TEMPLATE)).close()


@contextmanager
def _postgres_database(socket_folder: str, *, template: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    run = partial(_run, socket_folder)
    run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield _url(socket_folder, name)
    run(f'DROP DATABASE "{name}" WITH (FORCE)')


def _run(socket_folder: str, statement: str) -> None:
    with _connect(socket_folder) as connection:
        connection.execute(statement.encode())


def _connect(socket_folder: str) -> "psycopg.Connection":
    import psycopg

    return psycopg.connect(host=socket_folder, user="postgres", dbname="postgres", autocommit=True)


def _url(socket_folder: str, name: str) -> str:
    return f"postgresql+psycopg://postgres@/{name}?host={socket_folder}"
