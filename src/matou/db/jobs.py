"""Rows of jobs in SQLite; PostgreSQL's are Procrastinate's (`procrastinate_jobs.py`).

Leases and waits are by a clock that all processes of the machine share and nobody sets, in milliseconds since the
machine began; what lies further ahead than it could is of the time before that.
"""

import json
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Integer, RowMapping, and_, case, cast, delete, exists, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from matou.db.job_tables import jobs
from matou.model.jobs import LONGEST_WAIT, Argument, Job, JobId, JobState, Lease, NewJob, read_arguments

MILLISECOND: Final = timedelta(milliseconds=1)
ABANDONED: Final = "the process that did it ended, or was held up for too long"
_NUMBERS = ("priority", "attempts", "due")
_LEFT_OUT = ("key", "allowed", "leased_until", "worker")
# SQLite puts any value into any column: a row that somebody else has written must not end a worker.
_COLUMNS = [
    cast(column, Integer).label(column.name) if column.name in _NUMBERS else column
    for column in jobs.c
    if column.name not in _LEFT_OUT
]
_NOW = cast(func.strftime("%s", "now"), Integer) * 1_000_000
_ENDED = (JobState.DONE, JobState.CANCELLED)


def insert_job(connection: Connection, new: NewJob, *, steady: int, most_attempts: int) -> JobId | None:
    """None where the same waits already."""
    values = {
        "task": new.task,
        "arguments": json.dumps(dict(new.arguments)),
        "lock": new.lock,
        "key": new.key,
        "priority": int(new.priority),
        "state": JobState.WAITING,
        "attempts": 0,
        "allowed": most_attempts,
        "due": steady + new.wait // MILLISECOND,
        "cancelling": False,
        "created_at": _NOW,
        "changed_at": _NOW,
    }
    statement = insert(jobs).values(values).on_conflict_do_nothing().returning(jobs.c.id)
    row = connection.execute(statement).one_or_none()
    return None if row is None else JobId(row.id)


def claim_job(
    connection: Connection, tasks: Collection[str], worker: str, *, steady: int, lease: int
) -> tuple[Job, bool] | None:
    """Begin what is to be begun next, and say whether it is the last attempt; None where nothing is."""
    ready = select(jobs.c.id).where(_is_due(steady), jobs.c.task.in_(tasks), ~_is_locked())
    next_id = ready.order_by(jobs.c.priority.desc(), jobs.c.id).limit(1).scalar_subquery()
    values = {
        "state": JobState.RUNNING,
        "worker": worker,
        "attempts": jobs.c.attempts + 1,
        "leased_until": steady + lease,
        "changed_at": _NOW,
    }
    statement = (
        update(jobs)
        .where(jobs.c.id == next_id)
        .values(values)
        .returning(*_COLUMNS, cast(jobs.c.allowed, Integer).label("allowed"))
    )
    row = connection.execute(statement).mappings().one_or_none()
    return None if row is None else (_job(row, steady), row["attempts"] >= row["allowed"])


def has_due(connection: Connection, tasks: Collection[str], *, steady: int) -> bool:
    statement = select(jobs.c.id).where(_is_due(steady), jobs.c.task.in_(tasks), ~_is_locked()).limit(1)
    return connection.execute(statement).first() is not None


def _is_due(steady: int) -> Any:
    beyond = steady + LONGEST_WAIT // MILLISECOND
    return and_(jobs.c.state == JobState.WAITING, or_(jobs.c.due <= steady, jobs.c.due > beyond))


def _is_locked() -> Any:
    other = jobs.alias()
    is_before = or_(
        other.c.priority > jobs.c.priority, and_(other.c.priority == jobs.c.priority, other.c.id < jobs.c.id)
    )
    is_in_the_way = or_(other.c.state == JobState.RUNNING, and_(other.c.state == JobState.WAITING, is_before))
    return exists().where(other.c.lock == jobs.c.lock, is_in_the_way)


def holds(connection: Connection, lease: Lease) -> bool:
    """Whether it is so until the end of the transaction, which has to be one that writes."""
    return connection.execute(select(jobs.c.id).where(_is_held(lease))).first() is not None


def end_job(
    connection: Connection, lease: Lease, state: JobState, *, fault: str | None = None, due: int | None = None
) -> bool:
    """Say how it ended, for as long as the lease holds; whether it did. What waits again waits beside its like."""
    values: dict[str, object] = {
        "state": state,
        "worker": None,
        "leased_until": None,
        "cancelling": False,
        "fault": fault,
        "changed_at": _NOW,
    }
    if state is JobState.WAITING:
        values |= {"due": due, "key": None}
    return connection.execute(update(jobs).where(_is_held(lease)).values(values)).rowcount > 0


def _is_held(lease: Lease) -> Any:
    return and_(
        jobs.c.id == lease.job,
        jobs.c.state == JobState.RUNNING,
        jobs.c.worker == lease.worker,
        jobs.c.attempts == lease.attempt,
    )


def renew_leases(
    connection: Connection, worker: str, running: Collection[JobId], *, until: int
) -> dict[tuple[JobId, int], bool]:
    """Those that a worker has still, by job and attempt, and whether they are asked to end."""
    held = and_(jobs.c.id.in_(running), jobs.c.worker == worker, jobs.c.state == JobState.RUNNING)
    statement = update(jobs).where(held).values(leased_until=until)
    rows = connection.execute(statement.returning(jobs.c.id, jobs.c.attempts, jobs.c.cancelling))
    return {(JobId(row.id), row.attempts): row.cancelling for row in rows}


def release_expired(connection: Connection, *, steady: int, lease: int) -> int:
    """Let others have what workers have held for longer than they may; what ended its worker too often has failed."""
    ran_out = or_(jobs.c.leased_until < steady, jobs.c.leased_until > steady + lease)
    state = case(
        (jobs.c.cancelling, JobState.CANCELLED),
        (jobs.c.attempts >= jobs.c.allowed, JobState.FAILED),
        else_=JobState.WAITING,
    )
    values = {"state": state, "worker": None, "leased_until": None, "cancelling": False, "due": steady, "key": None}
    statement = update(jobs).where(jobs.c.state == JobState.RUNNING, ran_out)
    return connection.execute(statement.values(**values, fault=ABANDONED, changed_at=_NOW)).rowcount


def find_job(connection: Connection, job_id: JobId, *, steady: int) -> Job | None:
    row = connection.execute(select(*_COLUMNS).where(jobs.c.id == job_id)).mappings().one_or_none()
    return None if row is None else _job(row, steady)


def list_jobs(connection: Connection, states: Collection[JobState], *, most: int, steady: int) -> list[Job]:
    """The newest first."""
    statement = select(*_COLUMNS).where(jobs.c.state.in_(states)).order_by(jobs.c.id.desc()).limit(most)
    return [_job(row, steady) for row in connection.execute(statement).mappings()]


def count_jobs(connection: Connection) -> dict[JobState, int]:
    known = jobs.c.state.in_(list(JobState))
    rows = connection.execute(select(jobs.c.state, func.count()).where(known).group_by(jobs.c.state))
    return {JobState(state): count for state, count in rows}


def retry_job(connection: Connection, job_id: JobId, *, steady: int, more_attempts: int) -> bool:
    ended = jobs.c.state.in_([JobState.FAILED, JobState.CANCELLED])
    values = {
        "state": JobState.WAITING,
        "due": steady,
        "key": None,
        "allowed": jobs.c.attempts + more_attempts,
        "changed_at": _NOW,
    }
    return connection.execute(update(jobs).where(jobs.c.id == job_id, ended).values(values)).rowcount > 0


def cancel_job(connection: Connection, job_id: JobId) -> bool:
    """What waits is cancelled; what runs is asked to end."""
    waits = and_(jobs.c.id == job_id, jobs.c.state == JobState.WAITING)
    cancelled = connection.execute(update(jobs).where(waits).values(state=JobState.CANCELLED, changed_at=_NOW))
    runs = and_(jobs.c.id == job_id, jobs.c.state == JobState.RUNNING)
    return cancelled.rowcount + connection.execute(update(jobs).where(runs).values(cancelling=True)).rowcount > 0


def delete_old_jobs(connection: Connection, *, ended: timedelta, failed: timedelta) -> None:
    """Forget what ended as it should that long ago, and what failed that long ago."""
    for states, age in ((_ENDED, ended), ((JobState.FAILED,), failed)):
        is_old = jobs.c.changed_at < _NOW - age // timedelta(microseconds=1)
        connection.execute(delete(jobs).where(jobs.c.state.in_(states), is_old))


def _arguments(text: str) -> Mapping[str, Argument]:
    try:
        return read_arguments(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _job(row: RowMapping, steady: int) -> Job:
    state, left = JobState(row["state"]), row["due"] - steady
    waits = state is JobState.WAITING and 0 < left <= LONGEST_WAIT // MILLISECOND
    return Job(
        id=JobId(row["id"]),
        task=row["task"],
        arguments=_arguments(row["arguments"]),
        lock=row["lock"],
        priority=row["priority"],
        state=state,
        attempts=row["attempts"],
        wait=left * MILLISECOND if waits else timedelta(),
        fault=row["fault"],
        is_cancelling=row["cancelling"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )
