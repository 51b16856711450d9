"""Code as of a run of a backup: the same pages, with the refs of then, for whoever may read earlier states."""

import re

import pytest

from matou.server.web.addresses import PAGES_OF_RUNS
from support.saved_harbour import FERRY, LOST, NEW, TUG
from support.served_harbour import Served


def test_a_repository_is_shown_as_a_run_left_it(served: Served) -> None:
    then, now = served.text(f"/{FERRY}/-/@1"), served.text(f"/{FERRY}")

    assert LOST in then
    assert LOST not in now
    assert NEW in now
    assert "As of run 1" in then
    assert "As of run" not in now


def test_links_of_the_code_stay_in_the_run_and_one_leads_back(served: Served) -> None:
    page = served.text(f"/{FERRY}/-/@1/tree/jetty")

    assert f'href="/{FERRY}/-/@1/blob/jetty/jetty.txt"' in page
    assert f'href="/{FERRY}">' in page
    assert PAGES_OF_RUNS & set(re.findall(rf'href="/{FERRY}/-/([^@/"]+)', page)) == set()
    assert "9:00" in served.text(f"/{FERRY}/-/@1/blob/main/timetable.txt")
    assert "9:00" not in served.text(f"/{FERRY}/-/blob/main/timetable.txt")


def test_what_git_clones_and_what_is_counted_is_of_now_and_is_not_shown_as_of_a_run(served: Served) -> None:
    now, past = served.text(f"/{FERRY}"), served.text(f"/{FERRY}/-/@1")

    assert f"git clone {served.server.url}/{FERRY}.git" in now
    assert re.search(r"[0-9.]+ (?:B|KiB|MiB)", now.partition("<main")[2])
    assert "git clone" not in past
    assert not re.search(r"[0-9.]+ (?:B|KiB|MiB)", past.partition("<main")[2])


def test_a_file_as_it_is_in_the_run_comes_by_its_commit(served: Served) -> None:
    answer = served.look(f"/{FERRY}/-/@1/raw/main/timetable.txt")

    assert served.saved.old_tip in answer.headers.get("location", "") or answer.data == b"8:00\n9:00\n"


@pytest.mark.parametrize(
    "path", ["@3", "@0", "@x", "@1x", "@", "@99999999999", "@1/settings", "@1/tree/nothing", "@1/@1"]
)
def test_a_run_that_is_none_and_a_page_that_has_no_past_are_not_there(served: Served, path: str) -> None:
    assert served.look(f"/{FERRY}/-/{path}").status == 404


def test_a_deleted_branch_is_there_as_of_the_run_alone(served: Served) -> None:
    assert served.look(f"/{FERRY}/-/@1/tree/jetty").status == 200
    assert served.look(f"/{FERRY}/-/@2/tree/jetty").status == 404
    assert served.look(f"/{FERRY}/-/tree/jetty").status == 404


def test_whoever_may_read_only_what_is_public_sees_no_earlier_state(served: Served) -> None:
    assert served.look(f"/{TUG}", as_admin=False).status == 200
    assert served.look(f"/{TUG}/-/@1", as_admin=False).status == 403
    assert served.look(f"/{TUG}/-/@1").status == 200


def test_a_private_repository_is_as_little_there_as_one_that_is_missing(served: Served) -> None:
    hidden = served.look(f"/{FERRY}/-/@1", as_admin=False)

    assert hidden.status == 404
    assert hidden.data.replace(b"ferry", b"boat") == served.look("/quay/boats/boat/-/@1", as_admin=False).data


def test_what_was_born_here_has_no_past(served: Served) -> None:
    repository = served.server.repository()

    assert served.look(f"/{repository.path}/-/@1").status == 404


def test_what_a_force_push_overwrote_is_shown_beside_what_came_instead(served: Served) -> None:
    page, saved = served.text(f"/{FERRY}/-/kept"), served.saved

    assert LOST in page
    assert NEW in page
    assert f'href="/{FERRY}/-/compare/{saved.old_tip}..{saved.new_tip}"' in page
    assert f'href="/{FERRY}/-/@1/tree/jetty"' in page
    assert "<img src=x" not in page
    assert served.look(f"/{FERRY}/-/compare/{saved.old_tip}..{saved.new_tip}").status == 200


def test_a_branch_before_the_force_push_is_three_clicks_away(served: Served) -> None:
    branches = f'href="/{FERRY}/-/branches"'
    kept = f'href="/{FERRY}/-/kept"'

    assert branches in served.text(f"/{FERRY}")
    assert kept in served.text(f"/{FERRY}/-/branches")
    assert f'href="/{FERRY}/-/@1/tree/main"' in served.text(f"/{FERRY}/-/kept")


def test_the_states_of_a_repository_are_those_in_which_it_had_changed(served: Served) -> None:
    assert f'href="/{FERRY}/-/@2"' in served.text(f"/{FERRY}/-/kept")
    assert f'href="/{TUG}/-/@1"' in served.text(f"/{TUG}/-/kept")
    assert f'href="/{TUG}/-/@2"' not in served.text(f"/{TUG}/-/kept")
    assert f'href="/{FERRY}/-/@2"' not in served.text(f"/{FERRY}/-/kept?before=2")


def test_whoever_may_read_only_what_is_public_is_told_of_nothing_that_is_kept(served: Served) -> None:
    assert served.look(f"/{TUG}/-/kept", as_admin=False).status == 403
    assert "/-/kept" not in served.look(f"/{TUG}/-/branches", as_admin=False).data.decode()
    assert served.look(f"/{FERRY}/-/kept", as_admin=False).status == 404
