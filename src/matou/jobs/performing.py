"""A task is done, and how that went becomes the end of its job: the same whichever queue keeps it."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from matou.concurrency import Cancelled
from matou.db.engine import DatabaseBusy
from matou.errors import MatouError, TryLater
from matou.jobs.queue import LEASE, JobEnd, LeaseLost, RunningJob
from matou.model.jobs import LONGEST_WAIT, JobState

FIRST_WAIT: Final = timedelta(seconds=10)
"""Before what may go better later is tried again; four times as long after each further failure."""

LONGEST_FAULT: Final = 2000
_MOST_LENGTHENED: Final = 10
_PAUSE_SECONDS: Final = 0.5

log = structlog.get_logger(__name__)


def perform(task: Callable[[RunningJob], None], running: RunningJob) -> None:
    """Do it, and have that written down. Nothing is raised: who has no job any more has nothing to tell."""
    end = _end_of(task, running)
    if end is None or not _written(running, end):
        log.warning("job_lost", job=running.job.id, task=running.job.task)


def _end_of(task: Callable[[RunningJob], None], running: RunningJob) -> JobEnd | None:
    """None where others have it."""
    try:
        task(running)
    except LeaseLost:
        return None
    except Cancelled as error:
        return JobEnd(JobState.CANCELLED if running.cancelled.is_set() else JobState.WAITING, str(error))
    except TryLater as error:
        return _later(running, error)
    except MatouError as error:
        return _failed(running, str(error))
    except Exception as error:  # whatever it is, the next job is another one's
        log.exception("job_broke", job=running.job.id, task=running.job.task)
        return _failed(running, f"{type(error).__name__}: {error}")
    return JobEnd(JobState.DONE)


def _later(running: RunningJob, error: TryLater) -> JobEnd:
    if running.is_last_attempt:
        return _failed(running, str(error))
    wait = max(FIRST_WAIT * 4 ** min(running.job.attempts - 1, _MOST_LENGTHENED), error.wait or timedelta())
    log.info("job_put_off", job=running.job.id, task=running.job.task, fault=str(error))
    return JobEnd(JobState.WAITING, str(error)[:LONGEST_FAULT], min(wait, LONGEST_WAIT))


def _failed(running: RunningJob, fault: str) -> JobEnd:
    log.warning("job_failed", job=running.job.id, task=running.job.task, fault=fault[:LONGEST_FAULT])
    return JobEnd(JobState.FAILED, fault[:LONGEST_FAULT])


def _written(running: RunningJob, end: JobEnd) -> bool:
    """A database that is away is waited for, for as long as the job is surely ours; then its lease runs out."""
    deadline = time.monotonic() + LEASE.total_seconds()
    while True:
        try:
            return running.queue.end(running.lease, end)
        except (DatabaseBusy, OSError) as error:
            if time.monotonic() > deadline:
                log.warning("end_of_job_not_written", job=running.job.id, reason=str(error))
                return False
        time.sleep(_PAUSE_SECONDS)
