"""What the server has to do while nobody waits, as administrators see it, and what they do about it."""

from collections.abc import Callable, Mapping
from typing import Final

from starlette.responses import Response

from matou.errors import MatouError, NotFound, Phrase
from matou.forge.access import Administrator
from matou.forge.forge import Forge
from matou.forge.maintenance.job_administration import cancel_job, count_jobs, find_job, list_jobs, retry_job
from matou.jobs.queue import NoSuchJob, NotInThatState
from matou.model.jobs import Job, JobId, JobState
from matou.server.web.addresses import page_url
from matou.server.web.done import back_to, done_of
from matou.server.web.page import PER_PAGE, HtmlPage, Paging, WebRequest
from matou.server.web.views.account.profile import UNUSABLE

STATE_NAMES: Final[Mapping[JobState, Phrase]] = {
    JobState.WAITING: Phrase("Waiting"),
    JobState.RUNNING: Phrase("Running"),
    JobState.FAILED: Phrase("Failed"),
    JobState.CANCELLED: Phrase("Cancelled"),
    JobState.DONE: Phrase("Done"),
}
_OPEN: Final = (JobState.WAITING, JobState.RUNNING, JobState.FAILED)
_UNKNOWN: Final = Phrase("there is nothing here")
_LONGEST_NUMBER: Final = 18

_CHANGES: Final[Mapping[str, tuple[Callable[[Forge, Administrator, JobId], None], str]]] = {
    "retry": (retry_job, "job-waits"),
    "cancel": (cancel_job, "job-cancelled"),
}


def show_jobs(view: WebRequest) -> HtmlPage:
    wanted = view.query.get("state", "")
    states = (JobState(wanted),) if wanted in set(JobState) else _OPEN
    found = list_jobs(view.forge, view.administrator, states)
    counts = count_jobs(view.forge, view.administrator)
    values = {
        "section": "jobs",
        "jobs": found[view.offset : view.offset + PER_PAGE],
        "about": _about,
        "states": [(state.value, name, counts.get(state, 0)) for state, name in STATE_NAMES.items()],
        "names": STATE_NAMES,
        "wanted": wanted if len(states) == 1 else "",
        "paging": Paging(view.number, len(found)),
    }
    return HtmlPage("admin/jobs.html", values)


def show_job(view: WebRequest, number: str) -> HtmlPage:
    return _one(view, find_job(view.forge, view.administrator, _id_of(number)))


def change_job(view: WebRequest, number: str, change: str) -> HtmlPage | Response:
    """Raises NotFound where there is no such job or change."""
    if change not in _CHANGES:
        raise NotFound(_UNKNOWN)
    act, done = _CHANGES[change]
    try:
        act(view.forge, view.administrator, _id_of(number))
    except NotInThatState as error:
        return _one(view, find_job(view.forge, view.administrator, _id_of(number)), error)
    return back_to(page_url("admin", "jobs", number), done)


def _one(view: WebRequest, job: Job, fault: MatouError | None = None) -> HtmlPage:
    values = {
        "section": "jobs",
        "job": job,
        "about": _about(job),
        "name": STATE_NAMES[job.state],
        "may_retry": job.state in (JobState.FAILED, JobState.CANCELLED),
        "may_cancel": job.state in (JobState.WAITING, JobState.RUNNING) and not job.is_cancelling,
        "done": done_of(view),
        "fault": fault.fact if fault else "",
    }
    return HtmlPage("admin/job.html", values, UNUSABLE) if fault else HtmlPage("admin/job.html", values)


def _about(job: Job) -> str:
    return " ".join(f"{name}={value}" for name, value in job.arguments.items())


def _id_of(number: str) -> JobId:
    """Raises NoSuchJob."""
    if not number.isascii() or not number.isdigit() or len(number) > _LONGEST_NUMBER:
        raise NoSuchJob(_UNKNOWN)
    return JobId(int(number))
