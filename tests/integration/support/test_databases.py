"""The PostgreSQL that all tests share outlives a test that ends it, and whoever started it."""

import os
import signal
import time
from pathlib import Path

import pytest

from support.databases import postgres_binaries, run_statement, shared_cluster, url_of


def postmaster(folder: str) -> int:
    return int((Path(folder) / "data" / "postmaster.pid").read_text().splitlines()[0])


@pytest.fixture
def binaries() -> Path:
    found = postgres_binaries()
    if found is None:
        pytest.skip("PostgreSQL is not installed")
    return found


def test_a_server_that_ends_is_started_again_with_what_it_had(binaries: Path, tmp_path: Path) -> None:
    with shared_cluster(binaries, tmp_path) as folder:
        run_statement(url_of(folder, "postgres"), "CREATE TABLE kept (id integer)")
        os.kill(postmaster(folder), signal.SIGKILL)

        run_statement(url_of(folder, "postgres"), "SELECT id FROM kept")


def test_a_server_ends_with_its_last_user_and_not_with_its_first(binaries: Path, tmp_path: Path) -> None:
    with shared_cluster(binaries, tmp_path) as folder:
        second = os.fork()
        if second == 0:  # a worker that came later, and is killed
            with shared_cluster(binaries, tmp_path) as same:
                time.sleep(60 if same == folder else 0)
            os._exit(1)
        first = postmaster(folder)
        time.sleep(0.5)
    time.sleep(0.5)
    assert postmaster(folder) == first

    os.kill(second, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(second, 0)[1]) == -signal.SIGKILL

    limit = time.monotonic() + 20
    while Path(folder).exists():
        assert time.monotonic() < limit
        time.sleep(0.05)
