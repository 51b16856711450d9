"""The queue of one machine keeps the promise of every queue."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from contracts.job_queues import JobQueueContract, named
from matou.db.engine import Database
from matou.jobs.local_queue import LocalQueue
from matou.jobs.queue import LeaseLost, RunningJob
from matou.model.jobs import JobState, NewJob
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

    @pytest.mark.parametrize(
        "garbled",
        [
            "arguments = '{'",
            "arguments = x'ff00ff'",
            "arguments = '[1, [2]]'",
            'arguments = \'{"name": {"a": [1]}}\'',
            "arguments = replace(hex(zeroblob(30000)), '00', '[')",
            "priority = 'high'",
            "priority = 9223372036854775807",
            "attempts = 'many', allowed = 'more'",
            "attempts = 9223372036854775807",
            "created_at = 253402300800000000, changed_at = 9223372036854775807",
            "created_at = -9223372036854775808",
        ],
    )
    def test_a_row_that_somebody_else_wrote_stops_nobody(
        self, sqlite_database: Database, marks: Marks, garbled: str
    ) -> None:
        queue = LocalQueue(sqlite_database, lease=timedelta(hours=1))
        hostile = self.enqueue(queue, named("hostile"))
        with sqlite_database.begin_write() as connection:
            connection.execute(text(f"UPDATE jobs SET {garbled} WHERE id = {hostile}".replace(":", "\\:")))
        queue.enqueue(named("ours"))

        self.do_all(queue, marks)

        assert "done ours" in marks.read()
        assert {job.id for job in queue.list(list(JobState))} >= {hostile}

    def test_a_state_that_nobody_knows_hides_no_other_job(self, sqlite_database: Database, marks: Marks) -> None:
        queue = LocalQueue(sqlite_database)
        hostile = self.enqueue(queue, named("hostile"))
        with sqlite_database.begin_write() as connection:
            connection.execute(text(f"UPDATE jobs SET state = 'x' WHERE id = {hostile}"))
        queue.enqueue(named("ours"))

        self.do_all(queue, marks)

        assert marks.read() == ["done ours"]
        assert queue.counts() == {JobState.DONE: 1}
