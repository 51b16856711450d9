"""The queue of one machine keeps the promise of every queue."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.job_queues import JobQueueContract, named
from matou.db.engine import Database
from matou.jobs.local_queue import LocalQueue
from matou.jobs.queue import LeaseLost, RunningJob
from matou.model.jobs import NewJob
from support.job_worker import Marks


class TestLocalQueue(JobQueueContract):
    @pytest.fixture
    def location(self, sqlite_file: Path) -> Path | str:
        return sqlite_file

    def test_what_a_machine_had_before_it_began_anew_is_done(self, sqlite_database: Database, marks: Marks) -> None:
        """Its clock begins at nothing then."""
        before = LocalQueue(sqlite_database, lease=timedelta(hours=1), steady=lambda: 10**12)
        before.enqueue(named("held"))
        before.enqueue(NewJob("mark", {"name": "put off"}, wait=timedelta(hours=1)))
        stop = threading.Event()

        def lose(_: RunningJob) -> None:
            stop.set()
            raise LeaseLost("as if the machine had stopped")

        before.work({"mark": lose}, at_once=1, stop=stop)

        self.do_all(LocalQueue(sqlite_database, lease=timedelta(hours=1), steady=lambda: 60_000), marks)

        assert sorted(marks.read()) == ["done held", "done put off"]
