"""Ten thousand jobs, whose workers die, and whose database is started again."""

import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from matou.db.engine import DatabaseBusy, open_database
from matou.jobs.queue import JobQueue
from matou.model.jobs import JobState, NewJob
from support.databases import postgres_binaries, run_statement, shared_cluster, url_of
from support.job_worker import Marks, queue_of, worker_process

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

JOBS = 10_000
LOCKS = 400
WORKERS = 4
DIES_EVERY = timedelta(seconds=5)
LEASE = timedelta(seconds=10)


@pytest.fixture
def marks(tmp_path: Path) -> Marks:
    folder = tmp_path / "marks"
    folder.mkdir()
    return Marks(folder)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Path]:
    """One of the test's own, which is started again when it ends."""
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (no initdb on PATH, nor below /usr/lib/postgresql)")
    with shared_cluster(binaries, tmp_path) as folder:
        run_statement(url_of(folder, "postgres"), 'CREATE DATABASE "jobs"')
        yield Path(folder)


def enqueue_all(queue: JobQueue) -> None:
    for beginning in range(0, JOBS, 500):
        with queue.database.begin_write() as connection:
            for number in range(beginning, beginning + 500):
                queue.enqueue(NewJob("mark", {"name": number}, lock=str(number % LOCKS)), connection)


@contextmanager
def dying_workers(location: Path | str, marks: Marks) -> Iterator[list[int]]:
    """Every five seconds the oldest of four is killed, and another one begins. Gives the numbers of the dead."""
    stop, dead = threading.Event(), list[int]()

    def go_on() -> None:
        with ExitStack() as stack:
            workers = deque(stack.enter_context(worker_process(location, marks, LEASE)) for _ in range(WORKERS))
            while not stop.wait(DIES_EVERY.total_seconds()):
                oldest = workers.popleft()
                oldest.send_signal(signal.SIGKILL)
                dead.append(oldest.wait())
                workers.append(stack.enter_context(worker_process(location, marks, LEASE)))

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield dead
    finally:
        stop.set()
        thread.join()


def done(queue: JobQueue) -> int:
    try:
        return queue.counts().get(JobState.DONE, 0)
    except DatabaseBusy:
        return 0


def wait_until_done(queue: JobQueue, count: int) -> None:
    while done(queue) < count:
        time.sleep(0.2)


def require_each_done_and_none_twice_at_once(queue: JobQueue, marks: Marks, dead: list[int]) -> None:
    seen = Counter(marks.read())
    repeated = sum(count - 1 for count in seen.values())
    print(f"{len(dead)} workers died, {repeated} jobs were done again, whose end could not be written down in time")
    assert [word for word in seen if word.startswith("twice")] == []
    assert seen.keys() == {f"done {number}" for number in range(JOBS)}
    assert queue.counts() == {JobState.DONE: JOBS}
    assert len(dead) > 1
    assert set(dead) == {-signal.SIGKILL}


def test_on_one_machine_each_job_is_done_and_none_twice_at_once(sqlite_file: Path, marks: Marks) -> None:
    database = open_database(sqlite_file)
    queue = queue_of(database, LEASE)
    enqueue_all(queue)

    with dying_workers(sqlite_file, marks) as dead:
        wait_until_done(queue, JOBS)

    require_each_done_and_none_twice_at_once(queue, marks, dead)
    database.close()


def test_on_postgresql_too_which_is_started_again_in_the_middle(cluster: Path, marks: Marks) -> None:
    location = url_of(str(cluster), "jobs")
    database = open_database(location)
    queue = queue_of(database, LEASE)
    enqueue_all(queue)

    with dying_workers(location, marks) as dead:
        wait_until_done(queue, JOBS // 3)
        [file] = cluster.glob("**/postmaster.pid")
        os.kill(int(file.read_text().splitlines()[0]), signal.SIGQUIT)
        wait_until_done(queue, JOBS)

    require_each_done_and_none_twice_at_once(queue, marks, [code for code in dead if code < 0])
    database.close()
