"""What every queue of jobs promises. A queue subclasses `JobQueueContract` and says where its database is."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from matou.db.engine import Database, open_database
from matou.jobs.queue import JobEnd, JobQueue, LeaseLost, NoSuchJob, NotInThatState, RunningJob
from matou.model.jobs import JobId, JobPriority, JobState, NewJob
from support.job_worker import Marks, queue_of, worker_process

LEASE = timedelta(seconds=1.2)


def named(name: str, *, task: str = "mark", lock: str | None = None, key: str | None = None) -> NewJob:
    return NewJob(task, {"name": name}, lock=lock, key=key)


class JobQueueContract:
    """Its subclass has the fixture `location`: where a database is that no other test has."""

    @pytest.fixture
    def database(self, location: Path | str) -> Iterator[Database]:
        database = open_database(location)
        yield database
        database.close()

    @pytest.fixture
    def queue(self, database: Database) -> JobQueue:
        return queue_of(database, LEASE)

    @pytest.fixture
    def marks(self, tmp_path: Path) -> Marks:
        folder = tmp_path / "marks"
        folder.mkdir()
        return Marks(folder)

    def do_all(self, queue: JobQueue, marks: Marks, *, at_once: int = 1) -> None:
        queue.work(marks.tasks(), at_once=at_once, stop=threading.Event(), until_idle=True)

    def enqueue(self, queue: JobQueue, new: NewJob) -> JobId:
        job_id = queue.enqueue(new)
        assert job_id is not None
        return job_id

    def test_what_is_enqueued_is_done_once(self, queue: JobQueue, marks: Marks) -> None:
        ids = [self.enqueue(queue, named(str(number))) for number in range(20)]

        self.do_all(queue, marks, at_once=3)

        assert sorted(marks.read()) == sorted(f"done {number}" for number in range(20))
        assert queue.counts() == {JobState.DONE: 20}
        assert {queue.find(job_id).attempts for job_id in ids} == {1}

    def test_people_are_before_what_runs_at_night(self, queue: JobQueue, marks: Marks) -> None:
        for priority in (JobPriority.NIGHTLY, JobPriority.UPKEEP, JobPriority.PEOPLE):
            queue.enqueue(NewJob("mark", {"name": priority.name}, priority=priority))

        self.do_all(queue, marks)

        assert marks.read() == ["done PEOPLE", "done UPKEEP", "done NIGHTLY"]

    def test_of_those_with_one_key_one_waits(self, queue: JobQueue, marks: Marks) -> None:
        first, second = queue.enqueue(named("a", key="k")), queue.enqueue(named("b", key="k"))
        self.do_all(queue, marks)
        third = queue.enqueue(named("c", key="k"))

        assert (first is None, second is None, third is None) == (False, True, False)
        assert marks.read() == ["done a"]

    def test_of_those_with_one_lock_one_runs_and_in_order(self, queue: JobQueue, marks: Marks) -> None:
        for number in range(12):
            queue.enqueue(named(str(number), lock="one"))

        self.do_all(queue, marks, at_once=4)

        assert marks.read() == [f"done {number}" for number in range(12)]

    def test_a_job_is_there_with_the_transaction_or_not_at_all(self, queue: JobQueue, marks: Marks) -> None:
        with suppress(ZeroDivisionError), queue.database.begin_write() as connection:
            queue.enqueue(named("undone"), connection)
            raise ZeroDivisionError
        with queue.database.begin_write() as connection:
            queue.enqueue(named("kept"), connection)

        self.do_all(queue, marks)

        assert marks.read() == ["done kept"]

    def test_what_may_go_better_later_waits_longer_each_time(self, queue: JobQueue, marks: Marks) -> None:
        job_id = self.enqueue(queue, NewJob("put off"))

        self.do_all(queue, marks)
        job = queue.find(job_id)

        assert (job.state, job.fault, job.attempts) == (JobState.WAITING, "the platform is away", 1)
        assert timedelta(seconds=1) < job.wait <= timedelta(seconds=10)

    def test_what_waits_is_not_begun_before(self, queue: JobQueue, marks: Marks) -> None:
        job_id = self.enqueue(queue, NewJob("mark", {"name": "later"}, wait=timedelta(hours=1)))

        self.do_all(queue, marks)

        assert marks.read() == []
        assert timedelta(minutes=50) < queue.find(job_id).wait <= timedelta(hours=1)

    @pytest.mark.parametrize(
        ("task", "fault"), [("refuse", "this cannot be done"), ("break", "ZeroDivisionError: a fault of ours")]
    )
    def test_what_will_not_go_better_has_failed_and_can_be_tried_again(
        self, queue: JobQueue, marks: Marks, task: str, fault: str
    ) -> None:
        job_id = self.enqueue(queue, NewJob(task))

        self.do_all(queue, marks)
        [dead] = queue.list([JobState.FAILED])
        queue.retry(job_id)
        waiting = queue.find(job_id)
        self.do_all(queue, marks)

        assert (dead.id, dead.fault, dead.attempts) == (job_id, fault, 1)
        assert waiting.state is JobState.WAITING
        assert (queue.find(job_id).state, queue.find(job_id).attempts) == (JobState.FAILED, 2)

    def test_what_is_cancelled_before_it_began_is_never_done(self, queue: JobQueue, marks: Marks) -> None:
        job_id = self.enqueue(queue, named("a"))

        queue.cancel(job_id)
        self.do_all(queue, marks)

        assert (queue.find(job_id).state, marks.read()) == (JobState.CANCELLED, [])
        with pytest.raises(NotInThatState, match="is cancelled"):
            queue.cancel(job_id)

    def test_what_runs_is_asked_to_end(self, queue: JobQueue, marks: Marks) -> None:
        job_id = self.enqueue(queue, named("a", task="hold"))
        worker = threading.Thread(target=self.do_all, args=(queue, marks))
        worker.start()
        marks.wait_for("began a")

        with pytest.raises(NotInThatState, match="is running"):
            queue.retry(job_id)
        queue.cancel(job_id)
        worker.join()

        assert (queue.find(job_id).state, marks.read()) == (JobState.CANCELLED, ["began a"])

    def test_there_is_no_job_of_an_unknown_number(self, queue: JobQueue) -> None:
        for ask in (queue.find, queue.retry, queue.cancel):
            with pytest.raises(NoSuchJob):
                ask(JobId(10**9))

    def test_a_task_that_nobody_knows_waits_for_whoever_does(self, queue: JobQueue, marks: Marks) -> None:
        """As an older Matou runs beside a newer one."""
        job_id = self.enqueue(queue, NewJob("of a later version"))

        self.do_all(queue, marks)

        assert queue.find(job_id).state is JobState.WAITING

    def test_a_worker_that_ends_gives_back_what_it_had(self, queue: JobQueue, marks: Marks) -> None:
        job_id, stop = self.enqueue(queue, named("a", task="hold")), threading.Event()
        worker = threading.Thread(target=queue.work, args=(marks.tasks(),), kwargs={"at_once": 1, "stop": stop})
        worker.start()
        marks.wait_for("began a")

        stop.set()
        worker.join()

        assert queue.find(job_id).state is JobState.WAITING

    def test_what_a_killed_worker_had_is_done_by_another(
        self, queue: JobQueue, location: Path | str, marks: Marks
    ) -> None:
        job_id = self.enqueue(queue, named("a", task="hold"))
        with worker_process(location, marks, LEASE) as dying:
            marks.wait_for("began a")
            dying.send_signal(signal.SIGKILL)
            dying.wait()
        with worker_process(location, marks, LEASE):
            marks.wait_for("began a", 2)
            marks.open_gate()
            marks.wait_for("done a")

        assert queue.find(job_id).attempts == 2

    def test_a_worker_that_slept_through_its_lease_publishes_nothing(
        self, queue: JobQueue, location: Path | str, marks: Marks
    ) -> None:
        job_id = self.enqueue(queue, named("a", task="publish"))
        with worker_process(location, marks, LEASE) as sleeping:
            marks.wait_for("began a")
            sleeping.send_signal(signal.SIGSTOP)
            with worker_process(location, marks, LEASE):
                marks.wait_for("began a", 2)
                marks.open_gate()
                marks.wait_for("published a")
                self.wait_for_state(queue, job_id, JobState.DONE)
                sleeping.send_signal(signal.SIGCONT)
                marks.wait_for("LeaseLost a")

        assert marks.read() == ["began a", "began a", "published a", "LeaseLost a"]
        assert (queue.find(job_id).state, queue.find(job_id).attempts) == (JobState.DONE, 2)

    def wait_for_state(self, queue: JobQueue, job_id: JobId, state: JobState) -> None:
        pause = threading.Event()
        while queue.find(job_id).state is not state:
            pause.wait(0.02)

    def test_one_who_lost_a_job_cannot_end_what_another_does(
        self, queue: JobQueue, location: Path | str, marks: Marks
    ) -> None:
        """Nor fail it, nor have it begun a third time."""
        job_id, losing = self.enqueue(queue, named("a", task="hold")), threading.Event()
        leases = []

        def lose(running: object) -> None:
            leases.append(getattr(running, "lease"))  # noqa: B009
            losing.set()
            raise LeaseLost("as if others had it")

        queue.work({"hold": lose}, at_once=1, stop=losing)
        with worker_process(location, marks, LEASE):
            marks.wait_for("began a")
            ended = [
                queue.end(leases[0], JobEnd(state)) for state in (JobState.DONE, JobState.FAILED, JobState.WAITING)
            ]
            state = queue.find(job_id).state
            marks.open_gate()
            marks.wait_for("done a")

        assert (ended, state) == ([False, False, False], JobState.RUNNING)

    def test_what_ends_its_worker_again_and_again_has_failed(self, database: Database) -> None:
        queue = queue_of(database, timedelta(seconds=0.1))
        job_id, attempts = self.enqueue(queue, NewJob("die")), list[int]()

        def die(running: RunningJob) -> None:
            attempts.append(running.job.attempts)
            raise LeaseLost("as if the process had ended")

        while queue.find(job_id).state is not JobState.FAILED:
            self.work_until_idle(queue, die)

        assert attempts == [1, 2, 3, 4, 5]
        assert "was held up for too long" in (queue.find(job_id).fault or "")

    def work_until_idle(self, queue: JobQueue, die: Callable[[RunningJob], None]) -> None:
        queue.work({"die": die}, at_once=1, stop=threading.Event(), until_idle=True)

    @pytest.mark.parametrize("moved", [timedelta(hours=1), timedelta(hours=-1)])
    def test_a_clock_that_is_moved_changes_nothing(
        self, queue: JobQueue, location: Path | str, marks: Marks, moved: timedelta
    ) -> None:
        held = self.enqueue(queue, named("a", task="hold"))
        with worker_process(location, marks, LEASE):
            marks.wait_for("began a")
            with time_machine.travel(datetime.now(UTC) + moved):
                put_off = self.enqueue(queue, NewJob("put off"))
                self.do_all(queue, marks)
            first, second = queue.find(held), queue.find(put_off)

        assert (first.state, first.attempts) == (JobState.RUNNING, 1)
        assert timedelta(seconds=1) < second.wait <= timedelta(seconds=10)
