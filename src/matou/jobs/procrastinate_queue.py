"""Jobs of several machines: Procrastinate keeps them in the same PostgreSQL, and its workers do them."""

import threading
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from matou.db import procrastinate_jobs as rows
from matou.db.engine import Connection, Database, DatabaseBusy
from matou.jobs.queue import (
    LEASE,
    MOST_ATTEMPTS,
    MOST_LISTED,
    JobEnd,
    Tasks,
    lease_lost,
    no_such_job,
    require_changed,
    writing_within,
)
from matou.model.jobs import Job, JobId, JobState, Lease, NewJob

if TYPE_CHECKING:
    from procrastinate.jobs import Job as ProcrastinateJob
    from procrastinate.manager import JobManager

log = structlog.get_logger(__name__)


class ProcrastinateQueue:
    """Those of one database. See `JobQueue`."""

    def __init__(self, database: Database, *, lease: timedelta = LEASE) -> None:
        self.database = database
        self.lease = lease
        self._installing = threading.Lock()
        self._manager: JobManager | None = None

    def enqueue(self, new: NewJob, connection: Connection | None = None) -> JobId | None:
        with writing_within(self.database, connection) as writing:
            return self._defer(writing, new)

    def _defer(self, connection: Connection, new: NewJob) -> JobId | None:
        from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

        manager = self._opened()
        try:
            with connection.begin_nested():
                job = self._as_theirs(connection, new)
                deferred = manager.defer_job(job, connection=rows.driver_connection(connection))
        except AlreadyEnqueued:
            return None
        except ConnectorException as error:
            raise DatabaseBusy("the database is busy") from error
        return JobId(deferred.id or 0)

    def _as_theirs(self, connection: Connection, new: NewJob) -> "ProcrastinateJob":
        """A queue for each task: whoever does not know a task, an older Matou beside a newer one, leaves it alone."""
        from procrastinate.jobs import Job as ProcrastinateJob

        return ProcrastinateJob(
            id=None,
            queue=new.task,
            task_name=new.task,
            lock=new.lock,
            queueing_lock=new.key,
            priority=int(new.priority),
            task_kwargs={"arguments": dict(new.arguments), "allowed": MOST_ATTEMPTS, "fault": None},
            scheduled_at=rows.moment_after(connection, new.wait) if new.wait else None,
        )

    def _opened(self) -> "JobManager":
        """Its tables are made, or brought up to date, by the first that needs them."""
        with self._installing:
            if self._manager is None:
                from procrastinate.manager import JobManager
                from procrastinate.sync_psycopg_connector import SyncPsycopgConnector

                install_schema(self.database)
                # It never opens a connection of its own: it is given ours.
                self._manager = JobManager(SyncPsycopgConnector())
            return self._manager

    def find(self, job_id: JobId) -> Job:
        self._opened()
        with self.database.begin_read() as connection:
            job = rows.find_job(connection, job_id)
        if job is None:
            raise no_such_job(job_id)
        return job

    def list(self, states: Collection[JobState], *, most: int = MOST_LISTED) -> list[Job]:
        self._opened()
        with self.database.begin_read() as connection:
            return rows.list_jobs(connection, states, most=most)

    def counts(self) -> Mapping[JobState, int]:
        self._opened()
        with self.database.begin_read() as connection:
            return rows.count_jobs(connection)

    def retry(self, job_id: JobId, connection: Connection | None = None) -> None:
        self._opened()
        with writing_within(self.database, connection) as writing:
            changed = rows.retry_job(writing, job_id, more_attempts=MOST_ATTEMPTS)
        require_changed(self, job_id, changed=changed)

    def cancel(self, job_id: JobId, connection: Connection | None = None) -> None:
        self._opened()
        with writing_within(self.database, connection) as writing:
            changed = rows.cancel_job(writing, job_id)
        require_changed(self, job_id, changed=changed)

    def require_lease(self, connection: Connection, lease: Lease) -> None:
        if not rows.holds(connection, lease):
            raise lease_lost(lease)

    def end(self, lease: Lease, end: JobEnd) -> bool:
        with self.database.begin_write() as connection:
            return rows.end_job(connection, lease, end.state, fault=end.fault, wait=end.wait)

    def work(self, tasks: Tasks, *, at_once: int, stop: threading.Event, until_idle: bool = False) -> None:
        from matou.jobs.procrastinate_worker import work

        work(self, tasks, at_once=at_once, stop=stop, until_idle=until_idle)


def install_schema(database: Database) -> None:
    from procrastinate.schema import SchemaManager, migrations_path

    updates = sorted(migrations_path.glob("*.sql"))
    with database.begin_read() as connection:
        if rows.is_installed(connection, updates[-1].stem):
            return
    with database.begin_write() as connection:
        rows.install(connection, SchemaManager.get_schema, [(update.stem, update.read_text) for update in updates])
