"""What an administrator does about jobs: each act is noted in the transaction that does it."""

from collections.abc import Collection, Mapping, Sequence

from matou.forge.access import Administrator
from matou.forge.accounts.audit import AuditAction, record_act
from matou.forge.forge import Forge
from matou.model.jobs import Job, JobId, JobState


def list_jobs(forge: Forge, administrator: Administrator, states: Collection[JobState]) -> Sequence[Job]:
    """The newest first, a thousand at most."""
    del administrator  # that there is one is all that is asked
    return forge.queue.list(states)


def count_jobs(forge: Forge, administrator: Administrator) -> Mapping[JobState, int]:
    del administrator
    return forge.queue.counts()


def find_job(forge: Forge, administrator: Administrator, job_id: JobId) -> Job:
    """Raises NoSuchJob."""
    del administrator
    return forge.queue.find(job_id)


def retry_job(forge: Forge, administrator: Administrator, job_id: JobId) -> None:
    """Raises NoSuchJob, NotInThatState."""
    job = forge.queue.find(job_id)
    with forge.database.begin_write() as connection:
        forge.queue.retry(job_id, connection)
        record_act(connection, forge, administrator.identity, AuditAction.RETRY_JOB, str(job_id), job.task)


def cancel_job(forge: Forge, administrator: Administrator, job_id: JobId) -> None:
    """Raises NoSuchJob, NotInThatState."""
    job = forge.queue.find(job_id)
    with forge.database.begin_write() as connection:
        forge.queue.cancel(job_id, connection)
        record_act(connection, forge, administrator.identity, AuditAction.CANCEL_JOB, str(job_id), job.task)
