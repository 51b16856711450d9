"""What a server has to do is listed, tried again and cancelled."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from matou.cli.open_forge import existing_forge_at
from matou.cli.ui.formatting import columns, local_time
from matou.cli.ui.output import say
from matou.forge.access import OPERATOR, Administrator, authorize_administration
from matou.forge.forge import Forge
from matou.forge.maintenance.job_administration import cancel_job, retry_job
from matou.i18n import duration, printable
from matou.i18n import gettext as _
from matou.model.jobs import Job, JobId, JobState


def list_jobs(root: Path, states: Sequence[str], as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        found = forge.queue.list([JobState(state) for state in states])
    if as_json:
        click.echo(json.dumps([_values(job) for job in found], ensure_ascii=True, indent=2))
    elif found:
        click.echo("\n".join(columns([_head(), *map(_row, found)])))
    else:
        say(_("there is no such job"))


def show_job(job_id: int, root: Path, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        job = forge.queue.find(JobId(job_id))
    if as_json:
        click.echo(json.dumps(_values(job), ensure_ascii=True, indent=2))
    else:
        click.echo("\n".join(columns(list(_lines(job)))))


def retry_jobs(ids: Sequence[int], root: Path) -> None:
    with existing_forge_at(root) as forge:
        _each(forge, ids, retry_job, _("job {id} waits to be done"))


def cancel_jobs(ids: Sequence[int], root: Path) -> None:
    with existing_forge_at(root) as forge:
        _each(forge, ids, cancel_job, _("job {id} is cancelled, or asked to end where it runs"))


def _each(forge: Forge, ids: Sequence[int], change: Callable[[Forge, Administrator, JobId], None], done: str) -> None:
    administrator = authorize_administration(OPERATOR)
    for number in ids:
        change(forge, administrator, JobId(number))
        say(done.format(id=number))


def _values(job: Job) -> dict[str, object]:
    return {
        "id": job.id,
        "task": job.task,
        "arguments": dict(job.arguments),
        "lock": job.lock,
        "priority": job.priority,
        "state": job.state.value,
        "attempts": job.attempts,
        "wait_seconds": round(job.wait.total_seconds(), 3),
        "fault": job.fault,
        "cancelling": job.is_cancelling,
        "created_at": job.created_at.isoformat(),
        "changed_at": job.changed_at.isoformat(),
    }


def _head() -> tuple[str, ...]:
    return _("id"), _("task"), _("state"), _("attempts"), _("since"), _("what it is about"), _("fault")


def _row(job: Job) -> tuple[str, ...]:
    since, about = local_time(job.changed_at), printable(_about(job))
    return str(job.id), printable(job.task), _state(job), str(job.attempts), since, about, printable(job.fault or "")


def _about(job: Job) -> str:
    return " ".join(f"{name}={value}" for name, value in job.arguments.items())


def _state(job: Job) -> str:
    """As `--state` takes it."""
    return _("running, asked to end") if job.is_cancelling else job.state.value


def _lines(job: Job) -> Iterator[tuple[str, str]]:
    yield _("id"), str(job.id)
    yield _("task"), printable(job.task)
    yield _("what it is about"), printable(_about(job))
    yield _("state"), _state(job)
    yield _("attempts"), str(job.attempts)
    yield _("priority"), str(job.priority)
    yield _("lock"), printable(job.lock or "")
    if job.wait:
        yield _("begins in"), duration(job.wait)
    if job.fault:
        yield _("fault"), printable(job.fault)
    yield _("enqueued at"), local_time(job.created_at)
    yield _("changed at"), local_time(job.changed_at)
