"""Rows of jobs as Procrastinate keeps them in PostgreSQL, and what its own functions do not promise.

They end, begin again and expire here only for whoever has them: its functions let a worker that was taken for dead end
what another one does. A moment is always the database's.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from matou.db.jobs import ABANDONED
from matou.model.jobs import Job, JobId, JobState, Lease, read_arguments

_STATES: Final[Mapping[str, JobState]] = {
    "todo": JobState.WAITING,
    "doing": JobState.RUNNING,
    "succeeded": JobState.DONE,
    "failed": JobState.FAILED,
    "cancelled": JobState.CANCELLED,
    "aborting": JobState.RUNNING,
    "aborted": JobState.CANCELLED,
}
_WORDS: Final = {
    JobState.WAITING: "todo",
    JobState.DONE: "succeeded",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}
_INSTALLATION: Final = 5_713_022_904
"""Of an advisory lock: two that open a new database at once make its tables once."""

_ROWS: Final = """
SELECT job.id, task_name, priority, lock, args, status::text AS status, attempts, abort_requested,
       greatest(scheduled_at - now(), interval '0') AS wait, told.created_at, told.changed_at
FROM procrastinate_jobs AS job
LEFT JOIN LATERAL (
  SELECT min(at) AS created_at, max(at) AS changed_at FROM procrastinate_events WHERE job_id = job.id
) AS told ON true
"""
_HELD: Final = "id = :id AND status = 'doing' AND worker_id = :worker AND attempts = :attempt"
_NOTE: Final = bindparam("note", type_=JSONB)


def install(
    connection: Connection, schema: Callable[[], str], updates: Sequence[tuple[str, Callable[[], str]]]
) -> None:
    """Make Procrastinate's tables, or bring them up to date.

    Args:
        schema: the statements that make them.
        updates: what has brought them to where they are, by names that sort; the newest one made is noted at the table.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _INSTALLATION})
    done = connection.execute(text("SELECT obj_description(to_regclass('procrastinate_jobs'))")).scalar_one()
    exists = connection.execute(text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")).scalar_one()
    missing = [statements for name, statements in updates if name > (done or "")] if exists else [schema]
    for statements in missing:
        _execute_script(connection, statements())
    newest = max(name for name, _ in updates)
    if missing:
        _execute_script(connection, f"COMMENT ON TABLE procrastinate_jobs IS '{newest}'")


def is_installed(connection: Connection, newest: str) -> bool:
    statement = text("SELECT obj_description(to_regclass('procrastinate_jobs'))")
    return (connection.execute(statement).scalar_one() or "") >= newest


def _execute_script(connection: Connection, statements: str) -> None:
    """Several at once, in which nothing stands for a value."""
    driver: Any = connection.connection.driver_connection
    driver.execute(statements.encode())


def driver_connection(connection: Connection) -> Any:
    """The same connection, and transaction, as the driver has it."""
    return connection.connection.driver_connection


def moment_after(connection: Connection, wait: timedelta) -> datetime:
    moment: datetime = connection.execute(text("SELECT now() + :wait"), {"wait": wait}).scalar_one()
    return moment


def holds(connection: Connection, lease: Lease) -> bool:
    """Whether it is so until the end of the transaction."""
    statement = text(f"SELECT id FROM procrastinate_jobs WHERE {_HELD} FOR UPDATE")  # noqa: S608
    return connection.execute(statement, _values(lease)).first() is not None


def end_job(
    connection: Connection, lease: Lease, state: JobState, *, fault: str | None = None, wait: timedelta = timedelta()
) -> bool:
    """Say how it ended, for as long as the lease holds; whether it did. What waits again waits beside its like."""
    statement = text(
        "UPDATE procrastinate_jobs SET status = CAST(:status AS procrastinate_job_status), abort_requested = false,"  # noqa: S608
        " attempts = attempts + 1, worker_id = NULL, queueing_lock = NULL, scheduled_at = now() + :wait,"
        f" args = args || :note WHERE {_HELD}"
    ).bindparams(_NOTE)
    values = {"status": _WORDS[state], "wait": wait, "note": {"fault": fault}}
    return connection.execute(statement, {**_values(lease), **values}).rowcount > 0


def _values(lease: Lease) -> dict[str, int]:
    return {"id": lease.job, "worker": int(lease.worker), "attempt": lease.attempt - 1}


def renew_worker(connection: Connection, worker: int) -> dict[tuple[JobId, int], bool] | None:
    """The jobs that a worker has, by job and attempt, and whether they are asked to end; None where it is forgotten."""
    renewal = text("UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = :worker")
    if not connection.execute(renewal, {"worker": worker}).rowcount:
        return None
    held = text(
        "SELECT id, attempts, abort_requested FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = :worker"
    )
    rows = connection.execute(held, {"worker": worker})
    return {(JobId(row.id), row.attempts + 1): row.abort_requested for row in rows}


def release_expired(connection: Connection, lease: timedelta) -> int:
    """Let others have what silent workers have; what ended its worker too often has failed.

    A job that has gone to somebody else since it was looked at is left alone.
    """
    statement = text(
        """
WITH stalled AS MATERIALIZED (
  SELECT job.id, job.attempts, job.worker_id
  FROM procrastinate_jobs AS job LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
  WHERE job.status = 'doing' AND (worker.id IS NULL OR worker.last_heartbeat < now() - :lease)
)
UPDATE procrastinate_jobs AS job
SET status = CAST(
      CASE WHEN job.abort_requested THEN 'cancelled'
           WHEN NOT job.args @@ '$.allowed.type() == "number"' THEN 'failed'
           WHEN job.attempts + 1 >= CAST(job.args->>'allowed' AS numeric) THEN 'failed'
           ELSE 'todo' END AS procrastinate_job_status),
    attempts = job.attempts + 1, abort_requested = false, worker_id = NULL, scheduled_at = NULL,
    queueing_lock = NULL,
    args = job.args || :note
FROM stalled
WHERE job.id = stalled.id AND job.status = 'doing' AND job.attempts = stalled.attempts
  AND job.worker_id IS NOT DISTINCT FROM stalled.worker_id
"""
    ).bindparams(_NOTE)
    return connection.execute(statement, {"lease": lease, "note": {"fault": ABANDONED}}).rowcount


def find_job(connection: Connection, job_id: JobId) -> Job | None:
    row = connection.execute(text(f"{_ROWS} WHERE job.id = :id"), {"id": job_id}).mappings().one_or_none()
    return None if row is None else _job(row)


def list_jobs(connection: Connection, states: Collection[JobState], *, most: int) -> list[Job]:
    """The newest first."""
    statement = text(f"{_ROWS} WHERE status::text = ANY(:words) ORDER BY job.id DESC LIMIT :most")
    words = [word for word, state in _STATES.items() if state in states]
    return [_job(row) for row in connection.execute(statement, {"words": words, "most": most}).mappings()]


def count_jobs(connection: Connection) -> dict[JobState, int]:
    rows = connection.execute(text("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY status")).all()
    counts = dict.fromkeys((_STATES[word] for word, _ in rows), 0)
    for word, count in rows:
        counts[_STATES[word]] += count
    return counts


def has_due(connection: Connection, tasks: Collection[str]) -> bool:
    statement = text(
        """
SELECT 1 FROM procrastinate_jobs AS job
WHERE queue_name = ANY(:tasks) AND status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())
  AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs AS other WHERE other.lock = job.lock AND other.status = 'doing')
LIMIT 1
"""
    )
    return connection.execute(statement, {"tasks": list(tasks)}).first() is not None


def retry_job(connection: Connection, job_id: JobId, *, more_attempts: int) -> bool:
    statement = text(
        "UPDATE procrastinate_jobs SET status = 'todo', scheduled_at = NULL, queueing_lock = NULL,"
        " args = args || jsonb_build_object('allowed', attempts + CAST(:more AS integer))"
        " WHERE id = :id AND status IN ('failed', 'cancelled', 'aborted')"
    )
    return connection.execute(statement, {"id": job_id, "more": more_attempts}).rowcount > 0


def cancel_job(connection: Connection, job_id: JobId) -> bool:
    """What waits is cancelled; what runs is asked to end."""
    statement = text("SELECT procrastinate_cancel_job_v1(:id, true, false)")
    return connection.execute(statement, {"id": job_id}).scalar_one() is not None


def delete_old_jobs(connection: Connection, *, ended: timedelta, failed: timedelta) -> None:
    """Forget what ended as it should that long ago, and what failed that long ago."""
    statement = text(
        "DELETE FROM procrastinate_jobs AS job WHERE status::text = ANY(:words) AND NOT EXISTS"
        " (SELECT 1 FROM procrastinate_events WHERE job_id = job.id AND at > now() - :age)"
    )
    for words, age in ((["succeeded", "cancelled", "aborted"], ended), (["failed"], failed)):
        connection.execute(statement, {"words": words, "age": age})


def _job(row: RowMapping) -> Job:
    state, envelope = _STATES[row["status"]], row["args"] if isinstance(row["args"], dict) else {}
    return Job(
        id=JobId(row["id"]),
        task=row["task_name"],
        arguments=read_arguments(envelope.get("arguments")),
        lock=row["lock"],
        priority=row["priority"],
        state=state,
        attempts=row["attempts"] + (state is JobState.RUNNING),
        wait=(row["wait"] if state is JobState.WAITING else None) or timedelta(),
        fault=str(envelope["fault"]) if envelope.get("fault") else None,
        is_cancelling=row["abort_requested"] and state is JobState.RUNNING,
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )
