"""Jobs of one machine: rows in SQLite, done by threads of whatever processes ask for them."""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import uuid4

import structlog

from matou.db import jobs as rows
from matou.db.engine import Connection, Database
from matou.db.jobs import MILLISECOND
from matou.errors import MatouError
from matou.jobs.performing import perform
from matou.jobs.queue import (
    KEPT_AFTER_END,
    KEPT_AFTER_FAILURE,
    LEASE,
    MOST_ATTEMPTS,
    MOST_LISTED,
    JobEnd,
    RunningJob,
    Tasks,
    lease_lost,
    no_such_job,
    require_changed,
    writing_within,
)
from matou.model.jobs import Job, JobId, JobState, Lease, NewJob

LOOK_AGAIN: Final = timedelta(seconds=1)
"""At what other processes have enqueued."""

log = structlog.get_logger(__name__)


def steady_milliseconds() -> int:
    """By the machine's clock that nobody sets, the same one in all its processes."""
    return time.monotonic_ns() // 1_000_000


class LocalQueue:
    """Those of one database. See `JobQueue`."""

    def __init__(
        self, database: Database, *, lease: timedelta = LEASE, steady: Callable[[], int] = steady_milliseconds
    ) -> None:
        self.database = database
        self.lease = lease
        self.steady = steady
        self.changed = threading.Event()
        """Something may have come that may be begun."""

    def enqueue(self, new: NewJob, connection: Connection | None = None) -> JobId | None:
        with writing_within(self.database, connection) as writing:
            job_id = rows.insert_job(writing, new, steady=self.steady(), most_attempts=MOST_ATTEMPTS)
        self.changed.set()
        return job_id

    def find(self, job_id: JobId) -> Job:
        with self.database.begin_read() as connection:
            job = rows.find_job(connection, job_id, steady=self.steady())
        if job is None:
            raise no_such_job(job_id)
        return job

    def list(self, states: Collection[JobState], *, most: int = MOST_LISTED) -> list[Job]:
        with self.database.begin_read() as connection:
            return rows.list_jobs(connection, states, most=most, steady=self.steady())

    def counts(self) -> Mapping[JobState, int]:
        with self.database.begin_read() as connection:
            return rows.count_jobs(connection)

    def retry(self, job_id: JobId, connection: Connection | None = None) -> None:
        with writing_within(self.database, connection) as writing:
            changed = rows.retry_job(writing, job_id, steady=self.steady(), more_attempts=MOST_ATTEMPTS)
        require_changed(self, job_id, changed=changed)
        self.changed.set()

    def cancel(self, job_id: JobId, connection: Connection | None = None) -> None:
        with writing_within(self.database, connection) as writing:
            changed = rows.cancel_job(writing, job_id)
        require_changed(self, job_id, changed=changed)

    def require_lease(self, connection: Connection, lease: Lease) -> None:
        if not rows.holds(connection, lease):
            raise lease_lost(lease)

    def end(self, lease: Lease, end: JobEnd) -> bool:
        due = self.steady() + end.wait // MILLISECOND
        with self.database.begin_write() as connection:
            is_ours = rows.end_job(connection, lease, end.state, fault=end.fault, due=due)
        # What waited for the same lock may begin.
        self.changed.set()
        return is_ours

    def work(self, tasks: Tasks, *, at_once: int, stop: threading.Event, until_idle: bool = False) -> None:
        _LocalWorker(self, tasks, stop, until_idle=until_idle).run(at_once)


class _LocalWorker:
    """One process's threads, which have their leases together."""

    def __init__(self, queue: LocalQueue, tasks: Tasks, stop: threading.Event, *, until_idle: bool) -> None:
        self._queue = queue
        self._tasks = tasks
        self._stop = stop
        self._until_idle = until_idle
        self._name = uuid4().hex
        self._running: dict[tuple[JobId, int], RunningJob] = {}
        self._ended = threading.Event()

    def run(self, at_once: int) -> None:
        threads = [threading.Thread(target=self._work, name="job", daemon=True) for _ in range(at_once)]
        keeper = threading.Thread(target=self._keep_leases, name="job leases", daemon=True)
        self._release_expired()
        for thread in (keeper, *threads):
            thread.start()
        for thread in threads:
            thread.join()
        self._ended.set()
        keeper.join()

    def _work(self) -> None:
        while not self._stop.is_set():
            running = self._claim()
            if running is not None:
                self._perform(running)
            elif self._until_idle and not self._running:
                return
            else:
                # Cleared before the next look: what comes meanwhile is seen by it, or wakes this thread.
                self._queue.changed.wait(LOOK_AGAIN.total_seconds())
                self._queue.changed.clear()

    def _perform(self, running: RunningJob) -> None:
        key = running.job.id, running.lease.attempt
        self._running[key] = running
        try:
            perform(self._tasks[running.job.task], running)
        finally:
            del self._running[key]

    def _claim(self) -> RunningJob | None:
        queue, names = self._queue, tuple(self._tasks)
        try:
            # A look costs no lock, and whoever is idle looks often.
            with queue.database.begin_read() as connection:
                if not rows.has_due(connection, names, steady=queue.steady()):
                    return None
            with queue.database.begin_write() as connection:
                lease = queue.lease // MILLISECOND
                claimed = rows.claim_job(connection, names, self._name, steady=queue.steady(), lease=lease)
        except (MatouError, OSError) as error:
            log.warning("no_job_claimed", reason=str(error))
            return None
        if claimed is None:
            return None
        job, is_last = claimed
        return RunningJob(job, Lease(job.id, self._name, job.attempts), queue, self._stop, is_last)

    def _keep_leases(self) -> None:
        """Also while nothing runs: what others have left is found so."""
        while not self._ended.wait(self._queue.lease.total_seconds() / 3):
            try:
                self._renew()
                self._release_expired()
            except (MatouError, OSError) as error:
                log.warning("leases_not_renewed", reason=str(error))

    def _renew(self) -> None:
        running = dict(self._running)
        if not running:
            return
        until = self._queue.steady() + self._queue.lease // MILLISECOND
        with self._queue.database.begin_write() as connection:
            held = rows.renew_leases(connection, self._name, [job for job, _ in running], until=until)
        for key, job in running.items():
            if key not in held and key in self._running:
                job.lost.set()
            elif held.get(key):
                job.cancelled.set()

    def _release_expired(self) -> None:
        queue = self._queue
        with suppress(MatouError, OSError), queue.database.begin_write() as connection:
            rows.release_expired(connection, steady=queue.steady(), lease=queue.lease // MILLISECOND)
            rows.delete_old_jobs(connection, ended=KEPT_AFTER_END, failed=KEPT_AFTER_FAILURE)
