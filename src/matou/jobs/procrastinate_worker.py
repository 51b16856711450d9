"""Procrastinate's worker, which outlives a database that is away, and does not end what others have by now."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job as ProcrastinateJob
from procrastinate.jobs import Status
from procrastinate.manager import JobManager, NotificationCallback
from procrastinate.worker import Worker

from matou.db import procrastinate_jobs as rows
from matou.db.engine import NETWORK_PATIENCE, DatabaseBusy
from matou.db.jobs import ABANDONED
from matou.errors import MatouError, TryLater
from matou.jobs.performing import perform
from matou.jobs.queue import KEPT_AFTER_END, KEPT_AFTER_FAILURE, MOST_ATTEMPTS, JobEnd, RunningJob, Tasks
from matou.model.jobs import JobId, JobState, Lease

if TYPE_CHECKING:
    from matou.jobs.procrastinate_queue import ProcrastinateQueue

LOOK_AGAIN_SECONDS: Final = 1.0
_GLANCE_SECONDS: Final = 0.2
_MAY_BE_AWAY: Final = (ConnectorException, psycopg.Error, DatabaseBusy)

log = structlog.get_logger(__name__)


class WorkerForgotten(TryLater):
    """It was silent for so long that its row is gone: it begins anew, under another number."""


def work(
    queue: "ProcrastinateQueue", tasks: Tasks, *, at_once: int, stop: threading.Event, until_idle: bool = False
) -> None:
    """As `JobQueue.work`."""
    # What matters of what it says is said here, by the names that our jobs have.
    for name in ("procrastinate", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    while not stop.is_set():
        try:
            asyncio.run(_run(queue, tasks, at_once=at_once, stop=stop, until_idle=until_idle))
            if until_idle and not _has_due(queue, tasks):
                return
        except WorkerForgotten as error:
            log.warning("jobs_interrupted", reason=str(error))
        except _MAY_BE_AWAY as error:
            _require_away("jobs_interrupted", error)
        stop.wait(_GLANCE_SECONDS if until_idle else LOOK_AGAIN_SECONDS)


def _require_away(event: str, error: Exception) -> None:
    """What a database that is away makes fail is told, and tried again; anything else is raised."""
    cause = error.__cause__ if isinstance(error, ConnectorException) else error
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError | DatabaseBusy):
        raise error
    log.warning(event, reason=str(cause))


def _has_due(queue: "ProcrastinateQueue", tasks: Tasks) -> bool:
    with queue.database.begin_write() as connection:
        rows.release_expired(connection, queue.lease)
        return rows.has_due(connection, tuple(tasks))


async def _run(
    queue: "ProcrastinateQueue", tasks: Tasks, *, at_once: int, stop: threading.Event, until_idle: bool
) -> None:
    queue.counts()  # its tables are there, and the database answers
    url = queue.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connector = PsycopgConnector(conninfo=url, min_size=1, max_size=4, kwargs=dict(NETWORK_PATIENCE))
    app = App(connector=connector)
    leased = app.job_manager = _LeasedJobs(connector, queue, stop)
    for name, task in tasks.items():
        app.task(name=name, queue=name, pass_context=True)(leased.doing(task))
    async with app.open_async():
        worker = Worker(
            app,
            queues=list(tasks),
            concurrency=at_once,
            wait=not until_idle,
            install_signal_handlers=False,
            fetch_job_polling_interval=LOOK_AGAIN_SECONDS,
            update_heartbeat_interval=queue.lease.total_seconds() / 3,
            stalled_worker_timeout=queue.lease.total_seconds(),
        )
        watching = asyncio.create_task(_stop_with(worker, stop))
        try:
            await worker.run()  # type: ignore[no-untyped-call]
        finally:
            watching.cancel()


async def _stop_with(worker: Worker, stop: threading.Event) -> None:
    while not stop.is_set():  # noqa: ASYNC110 - it is set by a thread, or a signal
        await asyncio.sleep(_GLANCE_SECONDS)
    worker.stop()  # type: ignore[no-untyped-call]


class _LeasedJobs(JobManager):
    """What a worker asks of the database: a fault of it ends no worker, and a job ends for its owner alone."""

    def __init__(self, connector: PsycopgConnector, queue: "ProcrastinateQueue", stop: threading.Event) -> None:
        super().__init__(connector)
        self._queue = queue
        self._stop = stop
        self._running: dict[tuple[JobId, int], RunningJob] = {}
        self._left: set[tuple[JobId, int]] = set()

    def doing(self, task: Callable[[RunningJob], None]) -> Callable[..., Awaitable[None]]:
        """In a thread of its own, which ends with the process however long the task takes."""

        async def do(context: JobContext, **envelope: Any) -> None:
            loop, stop = asyncio.get_running_loop(), threading.Event()
            ended = loop.create_future()

            def work() -> None:
                try:
                    self._do(task, context.job, _allowed(envelope.get("allowed")), stop)
                finally:
                    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                        loop.call_soon_threadsafe(ended.set_result, None)

            threading.Thread(target=work, name="job", daemon=True).start()
            await _ended(ended, stop)

        return do

    def _do(
        self, task: Callable[[RunningJob], None], theirs: ProcrastinateJob, allowed: int, cancelled: threading.Event
    ) -> None:
        lease = Lease(JobId(theirs.id or 0), str(theirs.worker_id), theirs.attempts + 1)
        try:
            job = self._queue.find(lease.job)
        except (MatouError, OSError) as error:
            log.warning("job_not_begun", job=lease.job, reason=str(error))
            return
        running = RunningJob(job, lease, self._queue, self._stop, lease.attempt >= allowed, cancelled)
        key = lease.job, lease.attempt
        self._running[key] = running
        try:
            perform(task, running)
        finally:
            del self._running[key]

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> ProcrastinateJob | None:
        try:
            return await super().fetch_job(queues, worker_id)
        except ConnectorException as error:
            if isinstance(error.__cause__, psycopg.errors.ForeignKeyViolation):
                raise _forgotten(worker_id) from error
            _require_away("no_job_claimed", error)
            return None

    async def finish_job(self, job: ProcrastinateJob, status: Status, delete_job: bool) -> None:  # noqa: FBT001
        """Nothing: it was written down as it ended, for as long as it was its worker's."""

    async def update_heartbeat(self, worker_id: int) -> None:
        try:
            await asyncio.to_thread(self._renew, worker_id)
        except DatabaseBusy as error:
            log.warning("leases_not_renewed", reason=str(error))

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        while True:
            try:
                await super().listen_for_jobs(on_notification=on_notification, queues=queues)
            except _MAY_BE_AWAY as error:
                _require_away("not_listening_for_jobs", error)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    def _renew(self, worker_id: int) -> None:
        """Raises WorkerForgotten, DatabaseBusy."""
        running = dict(self._running)
        with self._queue.database.begin_write() as connection:
            held = rows.renew_worker(connection, worker_id)
            rows.release_expired(connection, self._queue.lease)
            rows.delete_old_jobs(connection, ended=KEPT_AFTER_END, failed=KEPT_AFTER_FAILURE)
        for key, job in running.items():
            if key not in (held or {}):
                job.lost.set()
            elif held and held[key]:
                job.cancelled.set()
        if held is None:
            raise _forgotten(worker_id)
        self._give_back({*held} - {*running}, worker_id)

    def _give_back(self, not_running: set[tuple[JobId, int]], worker_id: int) -> None:
        """What is written down as this worker's and nobody does, seen twice: its end could not be written."""
        for job, attempt in not_running & self._left:
            has_failed = attempt >= MOST_ATTEMPTS
            end = JobEnd(JobState.FAILED, ABANDONED) if has_failed else JobEnd(JobState.WAITING)
            self._queue.end(Lease(job, str(worker_id), attempt), end)
        self._left = not_running


async def _ended(ended: "asyncio.Future[None]", cancelled: threading.Event) -> None:
    """Whoever cancels asks the thread to end, and goes on waiting for it."""
    while not ended.done():
        try:
            await asyncio.shield(ended)
        except asyncio.CancelledError:
            cancelled.set()


def _allowed(written: object) -> int:
    """How often it may be begun; a row that does not say it was not written by us."""
    return written if isinstance(written, int) else MOST_ATTEMPTS


def _forgotten(worker_id: int) -> WorkerForgotten:
    return WorkerForgotten("worker {id} was silent for too long", id=worker_id)
