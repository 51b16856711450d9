"""The pages of jobs: what administrators see and do there, and that nobody else does either."""

import pytest

from matou.db.users import User
from matou.model.jobs import JobId, JobState, NewJob
from support.matou_server import PASSWORD, MatouServer
from support.page_browser import PageBrowser


@pytest.fixture
def administrator(matou_server: MatouServer) -> User:
    return matou_server.user(admin=True)


@pytest.fixture
def browser(matou_server: MatouServer, administrator: User) -> PageBrowser:
    opened = PageBrowser(matou_server.url)
    opened.sign_in(administrator.name, PASSWORD)
    return opened


@pytest.fixture
def job_id(matou_server: MatouServer) -> JobId:
    """Of a task that no worker knows, so that it waits for as long as it is left alone."""
    made = matou_server.forge.queue.enqueue(NewJob("of a later version", {"about": "<script>alert(1)</script>"}))
    assert made is not None
    return made


def state_of(server: MatouServer, job_id: JobId) -> JobState:
    return server.forge.queue.find(job_id).state


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_jobs_are_listed_and_shown_harmlessly(browser: PageBrowser, job_id: JobId, language: str) -> None:
    browser.headers["accept-language"] = language

    listed, shown = browser.open("/-/admin/jobs?state=waiting"), browser.open(f"/-/admin/jobs/{job_id}")

    assert f"/-/admin/jobs/{job_id}" in listed.text
    assert "about=&lt;script&gt;" in shown.text
    assert "<script>alert" not in listed.text + shown.text


def test_one_is_cancelled_and_tried_again_and_both_stand_in_the_log(
    matou_server: MatouServer, browser: PageBrowser, administrator: User, job_id: JobId
) -> None:
    here = f"/-/admin/jobs/{job_id}"

    cancelled = browser.send(browser.open(here), f"{here}/cancel")
    after_cancelling = state_of(matou_server, job_id)
    again = browser.send(browser.open(here), f"{here}/retry")

    assert (cancelled.path, again.path) == (f"{here}?done=job-cancelled", f"{here}?done=job-waits")
    assert (after_cancelling, state_of(matou_server, job_id)) == (JobState.CANCELLED, JobState.WAITING)
    log = browser.open(f"/-/admin/log?who={administrator.name}").text
    assert "Cancelled a job" in log
    assert "Had a job tried again" in log


def test_what_waits_cannot_be_tried_again_and_nothing_is_noted(
    matou_server: MatouServer, browser: PageBrowser, administrator: User, job_id: JobId
) -> None:
    token = browser.open(f"/-/admin/jobs/{job_id}").form(f"/-/admin/jobs/{job_id}/cancel").fields["form_token"]

    answer = browser.post(f"/-/admin/jobs/{job_id}/retry", {"form_token": token})

    assert answer.status == 422
    assert f"job {job_id} is waiting" in answer.text.lower()
    assert "Had a job tried again" not in browser.open(f"/-/admin/log?who={administrator.name}").text


@pytest.mark.parametrize("change", ["retry", "cancel"])
def test_its_forms_are_for_administrators(matou_server: MatouServer, job_id: JobId, change: str) -> None:
    person = PageBrowser(matou_server.url)
    person.sign_in(matou_server.user().name, PASSWORD)
    token = person.open("/-/account").form("/-/sign-out").fields["form_token"]

    answer = person.post(f"/-/admin/jobs/{job_id}/{change}", {"form_token": token})

    assert answer.status == 403
    assert state_of(matou_server, job_id) is JobState.WAITING


@pytest.mark.parametrize("number", ["0", "nobody", "999999999999999999", "9" * 40, "1%2F2", "١"])
def test_what_is_not_there_is_not_found(browser: PageBrowser, number: str) -> None:
    assert browser.open(f"/-/admin/jobs/{number}").status == 404


def test_a_state_that_there_is_not_shows_what_is_open(browser: PageBrowser, job_id: JobId) -> None:
    assert f"/-/admin/jobs/{job_id}" in browser.open("/-/admin/jobs?state=nothing").text
