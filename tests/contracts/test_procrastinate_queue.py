"""The queue of several machines keeps the promise of every queue."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import text

from contracts.job_queues import JobQueueContract, named
from matou.db import procrastinate_jobs
from matou.db.engine import Database
from matou.jobs.queue import JobQueue, LeaseLost, RunningJob
from matou.model.jobs import JobState
from support.job_worker import Marks


class TestProcrastinateQueue(JobQueueContract):
    @pytest.fixture
    def location(self, fresh_postgres_url: str) -> str:
        return fresh_postgres_url

    def test_a_row_of_a_worker_that_nobody_does_any_more_is_given_back(self, queue: JobQueue, marks: Marks) -> None:
        """As when the database was away for so long that its end could not be written down."""
        job_id = self.enqueue(queue, named("a"))
        stop, begun = threading.Event(), list[int]()

        def forget_to_end(running: RunningJob) -> None:
            begun.append(running.lease.attempt)
            if len(begun) == 1:
                raise LeaseLost("as if its end could not be written down")
            stop.set()

        queue.work({"mark": forget_to_end}, at_once=1, stop=stop)

        assert begun == [1, 2]
        assert queue.find(job_id).state is JobState.DONE

    def test_its_tables_are_brought_up_to_date_once(self, database: Database) -> None:
        made = list[str]()

        def update(name: str) -> tuple[str, Callable[[], str]]:
            def statements() -> str:
                made.append(name)
                return "SELECT 1"

            return name, statements

        for names in (["1", "2"], ["1", "2"], ["1", "2", "3", "4"]):
            with database.begin_write() as connection:
                procrastinate_jobs.install(
                    connection, lambda: "CREATE TABLE procrastinate_jobs ()", [update(name) for name in names]
                )

        assert made == ["3", "4"]

    @pytest.mark.parametrize(
        "garbled",
        [
            "args = '[]'",
            "args = '{}'",
            """args = '{"arguments": [1], "allowed": "many", "fault": {"a": 1}}'""",
            """args = '{"arguments": {"name": {"a": 1}}, "allowed": 1e300}'""",
            "priority = 2147483647",
            "attempts = 2147483000",
            "scheduled_at = '9999-12-31'",
        ],
    )
    def test_a_row_that_somebody_else_wrote_stops_nobody(self, queue: JobQueue, marks: Marks, garbled: str) -> None:
        hostile = self.enqueue(queue, named("hostile"))
        with queue.database.begin_write() as connection:
            connection.execute(
                text(f"UPDATE procrastinate_jobs SET {garbled} WHERE id = {hostile}".replace(":", "\\:"))
            )
            connection.execute(
                text(
                    "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args, status)"
                    " SELECT queue_name, task_name, priority, args, 'doing' FROM procrastinate_jobs"
                )
            )
        queue.enqueue(named("ours"))
        stop = threading.Event()
        worker = threading.Thread(target=queue.work, args=(marks.tasks(),), kwargs={"at_once": 1, "stop": stop})
        worker.start()

        marks.wait_for("done ours")
        stop.set()
        worker.join()

        assert {job.id for job in queue.list(list(JobState))} >= {hostile}
