"""What was said, as of a run of a backup: the same pages, for whoever may read earlier states."""

import re

import pytest

from matou.server.web.addresses import PAGES_OF_RUNS
from support.saved_harbour import AFTER, BEFORE, FERRY, LATER, REMARK
from support.served_harbour import Served

PROJECT = "quay/boats"
PAGES = (
    f"/{FERRY}/-/@1/issues",
    f"/{FERRY}/-/@1/issues/1",
    f"/{FERRY}/-/@1/issues/2",
    f"/{FERRY}/-/@1/changes",
    f"/{FERRY}/-/@1/changes/3",
    f"/{FERRY}/-/@1/releases",
    f"/{FERRY}/-/@1/releases/v1",
    f"/{FERRY}/-/@1/labels",
    f"/{FERRY}/-/@1/milestones",
    f"/{FERRY}/-/@1/boards",
    f"/{FERRY}/-/@1/people",
    f"/{PROJECT}/-/@1",
    f"/{PROJECT}/-/@1/issues",
    f"/{PROJECT}/-/@1/issues/8",
    f"/{PROJECT}/-/@1/wiki",
    f"/{PROJECT}/-/@1/announcements",
)


def test_an_issue_is_shown_as_a_run_left_it(served: Served) -> None:
    then, now = served.text(f"/{FERRY}/-/@1/issues/1"), served.text(f"/{FERRY}/-/issues/1")

    assert BEFORE in then
    assert ">Open</span>" in then
    assert (AFTER in then, REMARK in then) == (False, False)
    assert "As of run 1" in then
    assert f'href="/{FERRY}"' in then
    assert AFTER in now
    assert REMARK in now
    assert ">Closed</span>" in now
    assert f'href="/{FERRY}/-/@1/issues/1"' in now


def test_lists_are_those_of_the_run_and_can_be_filtered(served: Served) -> None:
    def list_at(run: int, query: str = "") -> str:
        return served.text(f"/{FERRY}/-/@{run}/issues{query}")

    assert (BEFORE in list_at(1), LATER in list_at(1)) == (True, False)
    assert (AFTER in list_at(2), LATER in list_at(2)) == (False, True)
    assert AFTER in list_at(2, "?state=closed")
    assert AFTER in list_at(2, "?q=was+LATE")
    assert "Nothing has all of this" in list_at(2, "?q=nowhere")
    assert AFTER in list_at(2, "?author=user-17&state=all")
    assert "Nothing has all of this" in list_at(2, "?assignee=user-17&state=all")


def test_links_stay_in_the_run(served: Served) -> None:
    for path in (f"/{FERRY}/-/@1/issues", f"/{FERRY}/-/@1/issues/1", f"/{FERRY}/-/@1/changes/3"):
        page = served.text(path)

        assert PAGES_OF_RUNS & set(re.findall(rf'href="/{FERRY}/-/([^@/"]+)', page)) == set()
        assert f'href="/{FERRY}/-/@1/issues' in page
    assert f'href="/{PROJECT}/-/@1/issues/8"' in served.text(f"/{PROJECT}/-/@1/issues")


def test_what_was_not_there_yet_is_told(served: Served) -> None:
    page = served.text(f"/{FERRY}/-/@1/issues/2")

    assert "It was not there yet" in page
    assert LATER not in page
    assert f'href="/{FERRY}/-/issues/2"' in page
    assert served.look(f"/{FERRY}/-/@1/issues/404").status == 404
    assert served.look(f"/{FERRY}/-/@3/issues").status == 404


@pytest.mark.parametrize("path", PAGES)
def test_each_page_has_a_past_that_only_members_read(served: Served, path: str) -> None:
    assert served.look(path).status == 200
    hidden = served.look(path, as_admin=False)

    assert hidden.status in (403, 404)
    assert BEFORE.encode() not in hidden.data


def test_a_page_of_a_run_that_the_browser_has_is_not_sent_again(served: Served) -> None:
    first = served.look(f"/{FERRY}/-/@1/issues/1")

    assert served.look(f"/{FERRY}/-/@1/issues/1", etag=first.headers["etag"]).status == 304
    assert served.look(f"/{FERRY}/-/@2/issues/1", etag=first.headers["etag"]).status == 200
