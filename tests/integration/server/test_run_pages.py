"""How the backups stand, for administrators: what is not saved, what to do, and the report of each run."""

from datetime import UTC, datetime, timedelta

import pytest

from matou.archive.layout import Archive
from matou.archive.schedule_state import ScheduledRun, ScheduleState, TaskState, lock_schedule, write_schedule
from support.saved_harbour import FERRY, TUG, WRECK
from support.served_harbour import Served

PAGES = ("/-/overview", "/-/runs", "/-/runs/1", "/-/runs/2?show=all")


def test_the_front_page_says_in_one_line_that_something_is_not_saved(served: Served) -> None:
    page = served.text("/")

    assert "Not complete: something is not saved" in page
    assert 'href="/-/overview"' in page


def test_the_front_page_names_what_could_not_be_had_and_leads_to_what_to_do(served: Served) -> None:
    page = served.text("/")

    assert "files in the file drive" in page
    assert "webhooks" in page
    assert 'href="/-/overview#not-had"' in page
    assert "file drive" not in served.look("/", as_admin=False).data.decode()


def test_the_overview_says_why_it_could_not_be_had_and_what_to_do(served: Served) -> None:
    page = served.text("/-/overview")

    assert page.count('id="not-had"') == 1
    assert "Given to no program: CODING&#39;s Open API neither lists nor gives what is in the file drive" in page
    assert "What to do: download it at the source with a browser" in page
    assert "Refused: quay/boats: " in page
    assert "What to do: the token may not read this" in page
    assert "CODING <bdi>https://coding.example/open-api</bdi>" in page


def test_the_overview_knows_of_no_schedule_and_invents_none(served: Served) -> None:
    assert "No schedule known" in served.text("/-/overview")


def test_the_overview_says_what_is_done_by_itself_and_what_came_of_it(served: Served) -> None:
    archive, at = Archive.open(served.server.root), datetime(2026, 12, 1, 2, 30, tzinfo=UTC)
    run = ScheduledRun(began_at=at, ended_at=at + timedelta(minutes=2), exit_code=4, output="<b>refused</b>")
    task = TaskState(
        command="backup", platform="coding", hosts=("coding.example",), due_at=at, last=run, next_at=at.replace(day=2)
    )
    write_schedule(archive, ScheduleState(tasks={"backup <i>ship</i>": task}))
    try:
        idle = served.text("/-/overview")
        with lock_schedule(archive):
            followed = served.text("/-/overview")
    finally:
        (archive.root / "schedule.json").unlink()

    assert "Nothing goes by the schedule at the moment" in idle
    assert "No schedule known" not in idle + followed
    assert "the credential was refused, after 2 min 00 s" in followed
    assert followed.count("2026-12-02") >= 2
    assert "<pre>&lt;b&gt;refused&lt;/b&gt;</pre>" in followed
    assert "backup &lt;i&gt;ship&lt;/i&gt;" in followed


def test_the_overview_says_what_is_not_saved_and_why_and_what_to_do(served: Served) -> None:
    page = served.text("/-/overview")

    assert WRECK in page
    assert "refused: " in page
    assert f"matou backup coding --url https://coding.example/open-api --to {served.server.root}" in page
    assert "Nothing was verified yet" in page
    assert page.count("<rect") == 2
    assert page.count('<td><a href="/-/runs/') == 2


def test_the_runs_are_listed_with_the_newest_first(served: Served) -> None:
    page = served.text("/-/runs")

    assert 0 < page.index('href="/-/runs/2"') < page.index('href="/-/runs/1"')
    assert "1 unchanged" in page
    assert "1 refused" in page


def test_a_report_tells_what_changed_what_was_kept_and_what_failed(served: Served) -> None:
    page = served.text("/-/runs/2")

    assert f'href="/{FERRY}/-/@2"' in page
    assert "2 tips overwritten or deleted, and kept" in page
    assert WRECK in page
    assert f'href="/{TUG}/-/@2"' not in page
    assert f'href="/{TUG}/-/@2"' in served.text("/-/runs/2?show=all")
    assert f'href="/{FERRY}/-/@2"' not in served.text("/-/runs/2?show=not-done")


def test_a_report_names_the_refs_that_changed_and_leads_to_what_was_there(served: Served) -> None:
    page, saved = served.text("/-/runs/2"), served.saved

    assert f"<code>{saved.old_tip[:10]}</code> → <code>{saved.new_tip[:10]}</code>" in page
    assert f'href="/{FERRY}/-/compare/{saved.old_tip}..{saved.new_tip}"' in page
    assert f'href="/{FERRY}/-/commit/{saved.gone_tip}"' in page
    assert (page.count(">Overwritten</span>"), page.count(">Deleted</span>")) == (1, 1)
    assert "Saved for the first time" not in page
    assert "Saved for the first time" in served.text("/-/runs/1")
    for leads_to in (f"compare/{saved.old_tip}..{saved.new_tip}", f"commit/{saved.gone_tip}", "kept"):
        assert served.look(f"/{FERRY}/-/{leads_to}").status == 200


def test_a_report_tells_what_was_overwritten_alone_and_all_refs_of_one_repository(served: Served) -> None:
    kept, one = served.text("/-/runs/2?show=kept"), served.text(f"/-/runs/2?repository={FERRY}")

    # The slowest of all are named below, whichever these are.
    rows = kept.partition("Where the time went")[0]
    assert FERRY in rows
    assert WRECK not in rows
    assert served.saved.new_tip[:10] in one
    assert "jetty" in one
    assert served.look("/-/runs/2?repository=quay/boats/none").status == 404


def test_a_report_tells_where_the_time_went_and_what_could_not_be_had(served: Served) -> None:
    page = served.text("/-/runs/2")

    assert "The slowest repositories" in page
    assert "<td><bdi>quay/boats</bdi></td>" in page
    assert "What to do: the token may not read this" in page


@pytest.mark.parametrize("path", ["/-/runs/3", "/-/runs/0", "/-/runs/x", "/-/runs/1/2", "/-/runs/99999999999"])
def test_a_run_that_never_began_is_not_there(served: Served, path: str) -> None:
    assert served.look(path).status == 404


@pytest.mark.parametrize("path", PAGES)
def test_others_are_told_nothing_of_the_backups(served: Served, path: str) -> None:
    assert served.look(path).status == 200
    hidden = served.look(path, as_admin=False)

    assert hidden.status == 404
    assert (
        hidden.data == served.look("/-/nothing" + path.partition("?")[1] + path.partition("?")[2], as_admin=False).data
    )
    assert "/-/overview" not in served.look("/", as_admin=False).data.decode()


@pytest.mark.parametrize("path", PAGES)
def test_nothing_on_these_pages_is_styled_inline(served: Served, path: str) -> None:
    page = served.text(path)

    assert " style=" not in page
    assert "<style" not in page


def test_a_report_that_the_browser_has_is_not_sent_again(served: Served) -> None:
    first = served.look("/-/runs/1")

    assert served.look("/-/runs/1", etag=first.headers["etag"]).status == 304


def test_a_repository_leads_to_the_issues_of_its_project_and_a_team_to_its_projects(served: Served) -> None:
    tug, ferry = served.text(f"/{TUG}"), served.text(f"/{FERRY}")

    assert 'href="/quay/boats/-/issues"' in tug
    assert "Issues of the project" in tug
    assert "Issues of the project" not in ferry
    assert 'href="/quay/boats"><bdi>quay/boats</bdi></a>' in served.text("/quay")
    assert "Issues of the project" not in served.look(f"/{TUG}", as_admin=False).data.decode()


def test_a_stranger_is_told_that_one_can_sign_in_and_what_is_shown_without(served: Served) -> None:
    stranger, admin = served.look("/", as_admin=False).data.decode(), served.text("/")

    assert "Without signing in you see what is public." in stranger
    assert "Without signing in" not in admin
