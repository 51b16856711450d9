"""What a queue of jobs promises, whichever keeps it, and what a task is given of the job that it does."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

from matou.concurrency import Cancelled
from matou.db.engine import Connection, Database
from matou.errors import Conflict, Invalid, NotFound
from matou.model.jobs import Argument, Job, JobId, JobState, Lease, NewJob

LEASE: Final = timedelta(seconds=30)
"""How long a worker may be silent before others have what it did."""

MOST_ATTEMPTS: Final = 5
MOST_LISTED: Final = 1000
KEPT_AFTER_END: Final = timedelta(days=1)
KEPT_AFTER_FAILURE: Final = timedelta(days=90)

Tasks = Mapping[str, Callable[["RunningJob"], None]]
"""What is done, by name."""


class LeaseLost(Conflict):
    """Others have the job: whoever had it was held up for too long, and must leave nothing of it where it counts."""


class NoSuchJob(NotFound):
    """There is none, or none any more."""


class NotInThatState(Conflict):
    """A job that runs or waits cannot be tried again, one that has ended cannot be cancelled."""


class JobQueue(Protocol):
    """Safe to share between threads and processes; what was enqueued is done, by some worker, at least once.

    A job is nobody's else while a worker has it. One whose worker is silent for longer than its lease is given to
    another; the first one's end, and what it publishes by `require_lease`, do not count then.
    """

    @property
    def database(self) -> Database: ...

    def enqueue(self, new: NewJob, connection: Connection | None = None) -> JobId | None:
        """Have it done. None where the same waits already.

        Args:
            connection: of a transaction that writes; the job is there with it or not at all.
        """

    def find(self, job_id: JobId) -> Job:
        """Raises NoSuchJob."""

    def list(self, states: Collection[JobState], *, most: int = MOST_LISTED) -> list[Job]:
        """The newest first."""

    def counts(self) -> Mapping[JobState, int]: ...

    def retry(self, job_id: JobId, connection: Connection | None = None) -> None:
        """Have done what failed or was cancelled; with a transaction that writes, or not at all, where one is given.

        Raises NoSuchJob, NotInThatState.
        """

    def cancel(self, job_id: JobId, connection: Connection | None = None) -> None:
        """Have it done no more; one that runs is asked to end. Otherwise as `retry`."""

    def require_lease(self, connection: Connection, lease: Lease) -> None:
        """Nobody else has the job, nor will before the transaction has ended. Raises LeaseLost."""

    def end(self, lease: Lease, end: "JobEnd") -> bool:
        """Say how it ended; False where others have it."""

    def work(self, tasks: Tasks, *, at_once: int, stop: threading.Event, until_idle: bool = False) -> None:
        """Do what there is to do of these tasks.

        Args:
            stop: set by whoever wants it to end; what runs is asked to end then, and waited for.
            until_idle: end when nothing may be begun.
        """


@dataclass(frozen=True, slots=True)
class JobEnd:
    """`wait`: before it is begun again, where the state is that it waits."""

    state: JobState
    fault: str | None = None
    wait: timedelta = timedelta()


@dataclass(slots=True)
class RunningJob:
    """A job as its task has it.

    Attributes:
        is_last_attempt: when it fails this time, it has failed.
        cancelled: set where it is to end; by `stop`, where the worker ends and another goes on.
    """

    job: Job
    lease: Lease
    queue: JobQueue
    stop: threading.Event
    is_last_attempt: bool
    cancelled: threading.Event = field(default_factory=threading.Event)
    lost: threading.Event = field(default_factory=threading.Event)

    def argument(self, name: str) -> Argument:
        """Raises Invalid where the job's row does not say it."""
        if name not in self.job.arguments:
            raise Invalid("job {id} does not say its {name}", id=self.job.id, name=name)
        return self.job.arguments[name]

    def check(self) -> None:
        """To be called now and then. Raises Cancelled where it is to end, LeaseLost."""
        if self.lost.is_set():
            raise lease_lost(self.lease)
        if self.cancelled.is_set() or self.stop.is_set():
            raise Cancelled("the work was interrupted")

    @contextmanager
    def publishing(self) -> Iterator[Connection]:
        """A transaction that writes and in which the job is this worker's; raises LeaseLost where it is not."""
        with self.queue.database.begin_write() as connection:
            self.queue.require_lease(connection, self.lease)
            yield connection


@contextmanager
def writing_within(database: Database, connection: Connection | None) -> Iterator[Connection]:
    """The transaction that is given; one of its own where there is none."""
    if connection is not None:
        yield connection
        return
    with database.begin_write() as own:
        yield own


def lease_lost(lease: Lease) -> LeaseLost:
    return LeaseLost("job {job} was held up for too long, and others do it", job=lease.job)


def no_such_job(job_id: JobId) -> NoSuchJob:
    return NoSuchJob("there is no job {id}", id=job_id)


def require_changed(queue: JobQueue, job_id: JobId, *, changed: bool) -> None:
    """Raises NoSuchJob, or NotInThatState, where it was not."""
    if not changed:
        job = queue.find(job_id)
        raise NotInThatState("job {id} is {state}", id=job_id, state=job.state.value)
