"""A repository that is there: its settings, closing, moving and deleting it."""

from typing import Any

import pytest

from matou.forge.maintenance.check import check
from matou.model.platform import Visibility
from matou.model.repository_settings import Features
from support.created_repositories import HOSTILE, KEYS_OF_THE_DOCUMENT, created
from support.deciding import read_settings, set_visibility
from support.gitcode_server import PASSWORD, Harbour


def test_11_changes_what_was_sent_and_nothing_else(harbour: Harbour) -> None:
    answer = harbour.ask("PATCH", "/repos/harbour/ferry", json={"name": "test002", "description": "1"})

    body = answer.json()
    assert (answer.status_code, body["name"], body["description"]) == (200, "test002", "1")
    assert (body["full_name"], body["private"]) == ("harbour/ferry", True)
    assert body.keys() >= KEYS_OF_THE_DOCUMENT


def test_11_without_anything_changes_nothing(harbour: Harbour) -> None:
    before = harbour.repository()

    assert harbour.ask("PATCH", "/repos/harbour/ferry", json={}).status_code == 200
    assert harbour.repository() == before


def test_11_moves_it_and_the_old_path_leads_to_it(harbour: Harbour) -> None:
    body = harbour.ask("PATCH", "/repos/harbour/ferry", json={"path": "liner"}).json()

    assert (body["full_name"], body["name"]) == ("harbour/liner", "liner")
    assert harbour.ask("GET", "/repos/harbour/ferry").json()["full_name"] == "harbour/liner"
    assert harbour.ask("GET", "/repos/harbour/ferry/contents/README.md").status_code == 200
    assert check(harbour.forge) == ()


def test_11_moves_head_with_the_default_branch(harbour: Harbour) -> None:
    harbour.git("branch", "trunk", "main")

    body = harbour.ask("PATCH", "/repos/harbour/ferry", json={"default_branch": "trunk"}).json()

    assert body["default_branch"] == "trunk"
    assert harbour.git("symbolic-ref", "HEAD") == "refs/heads/trunk\n"


def test_11_switches_lfs_off(harbour: Harbour) -> None:
    body = harbour.ask("PATCH", "/repos/harbour/ferry", json={"lfs_enabled": "false"}).json()

    assert body["lfs_enabled"] is False
    assert not read_settings(harbour.forge, harbour.repository(), Features).lfs_enabled


@pytest.mark.parametrize(
    ("private", "visibility"), [(True, Visibility.PRIVATE), (False, Visibility.PUBLIC), ("false", Visibility.PUBLIC)]
)
def test_11_opens_and_closes_it(harbour: Harbour, private: Any, visibility: Visibility) -> None:
    harbour.ask("PATCH", "/repos/harbour/ferry", json={"private": private})

    assert harbour.repository().visibility is visibility


def test_11_does_not_open_an_internal_one_that_is_said_not_to_be_private(harbour: Harbour) -> None:
    set_visibility(harbour.forge, harbour.repository(), Visibility.INTERNAL)

    harbour.ask("PATCH", "/repos/harbour/ferry", json={"private": False, "description": "as it was"})

    assert harbour.repository().visibility is Visibility.INTERNAL


def test_11_takes_a_text_away(harbour: Harbour) -> None:
    harbour.ask("PATCH", "/repos/harbour/ferry", json={"homepage": "https://example.com"})

    body = harbour.ask("PATCH", "/repos/harbour/ferry", json={"description": "", "homepage": ""}).json()

    assert (body["description"], body["homepage"]) == ("", "")


@pytest.mark.parametrize(
    "sent",
    [
        {"path": "light"},
        {"path": "LIGHT"},
        *({"path": name} for name in HOSTILE if name != " "),
        {"name": "a/b"},
        {"default_branch": "nowhere"},
        {"default_branch": "--upload-pack=x"},
        {"homepage": "data:text/html,x"},
        {"private": "perhaps"},
        {"lfs_enabled": "x"},
    ],
)
def test_11_with_one_thing_that_cannot_be_changes_nothing(harbour: Harbour, sent: dict[str, Any]) -> None:
    before = harbour.repository()

    answer = harbour.ask("PATCH", "/repos/harbour/ferry", json={"description": "changed", **sent})

    assert answer.status_code in (400, 404), answer.text
    assert harbour.repository() == before
    assert check(harbour.forge) == ()


@pytest.mark.parametrize(
    ("person", "sent", "status"),
    [
        ("mei", {"description": "x"}, 200),
        ("mei", {"private": False}, 403),
        ("mei", {"path": "liner"}, 200),
        ("dora", {"path": "liner"}, 403),
        ("dora", {"description": "x"}, 403),
        ("xiao", {"description": "x"}, 404),
        (None, {"description": "x"}, 404),
    ],
)
def test_11_is_for_those_who_may(harbour: Harbour, person: str | None, sent: dict[str, Any], status: int) -> None:
    answer = harbour.ask("PATCH", "/repos/harbour/ferry", person=person, json=sent)

    assert answer.status_code == status or (person is None and answer.status_code == 401)


def test_11_and_20_refuse_to_show_a_fork_to_more_people_than_its_parent(harbour: Harbour) -> None:
    harbour.ask("POST", "/repos/harbour/ferry/forks", json={})

    answer = harbour.ask("PATCH", "/repos/chen/ferry", json={"private": False})

    assert answer.status_code == 403
    assert harbour.repository("chen/ferry").visibility is Visibility.PRIVATE


def test_13_archives_and_reopens(harbour: Harbour) -> None:
    route = "/org/harbour/repo/ferry/status"

    answer = harbour.ask("PUT", route, json={"status": 2, "password": PASSWORD})

    assert (answer.status_code, answer.json()) == (200, {"code": 1, "msg": "success"})
    assert harbour.ask("GET", "/repos/harbour/ferry").json()["status"] == "关闭"
    assert harbour.ask("PATCH", "/repos/harbour/ferry", json={"description": "x"}).status_code == 403
    assert harbour.ask("PUT", route, json={"status": "0"}).status_code == 200
    assert harbour.ask("GET", "/repos/harbour/ferry").json()["status"] == "开始"


@pytest.mark.parametrize("sent", [{}, {"status": 1}, {"status": None}, {"status": "x"}, {"status": [2]}])
def test_13_needs_a_status_that_there_is(harbour: Harbour, sent: dict[str, Any]) -> None:
    answer = harbour.ask("PUT", "/org/harbour/repo/ferry/status", json=sent)

    assert answer.status_code == 400
    assert not harbour.repository().archived


def test_13_refuses_a_password_that_is_wrong(harbour: Harbour) -> None:
    answer = harbour.ask("PUT", "/org/harbour/repo/ferry/status", json={"status": 2, "password": "guessed it"})

    assert answer.status_code == 403
    assert not harbour.repository().archived


@pytest.mark.parametrize(("person", "status"), [("mei", 403), ("dora", 403), ("xiao", 404)])
def test_13_is_for_owners(harbour: Harbour, person: str, status: int) -> None:
    answer = harbour.ask("PUT", "/org/harbour/repo/ferry/status", person=person, json={"status": 2})

    assert answer.status_code == status


def test_13_takes_a_user_s_name_too(harbour: Harbour) -> None:
    created(harbour, name="demo")

    assert harbour.ask("PUT", "/org/chen/repo/demo/status", json={"status": 2}).status_code == 200


def test_33_transfers_and_renames(harbour: Harbour) -> None:
    answer = harbour.ask(
        "POST",
        "/repos/harbour/ferry/transfer",
        files={"new_owner": (None, "chen"), "new_name": (None, "new_repo_name")},
    )

    assert (answer.status_code, answer.json()) == (200, {"new_owner": "chen", "new_name": "new_repo_name"})
    assert harbour.ask("GET", "/repos/harbour/ferry").json()["full_name"] == "chen/new_repo_name"
    assert harbour.ask("GET", "/repos/chen/new_repo_name/contents/README.md").status_code == 200


def test_33_without_a_name_keeps_it(harbour: Harbour) -> None:
    answer = harbour.ask("POST", "/repos/harbour/ferry/transfer", json={"new_owner": "chen"})

    assert answer.json() == {"new_owner": "chen", "new_name": "ferry"}


def test_14_transfers(harbour: Harbour) -> None:
    sent = {"transfer_to": "chen", "password": PASSWORD}

    answer = harbour.ask("POST", "/org/harbour/projects/ferry/transfer", json=sent)

    assert (answer.status_code, answer.json()) == (200, {"code": 1, "msg": "success"})
    assert str(harbour.repository("chen/ferry").path) == "chen/ferry"


def test_14_refuses_a_password_that_is_wrong(harbour: Harbour) -> None:
    sent = {"transfer_to": "chen", "password": "guessed it"}

    assert harbour.ask("POST", "/org/harbour/projects/ferry/transfer", json=sent).status_code == 403
    assert harbour.repository().name == "ferry"


@pytest.mark.parametrize("target", ["..", "nowhere", "a/../b", "x.git", "xiao", "", None, ["chen"]])
def test_a_transfer_to_where_one_may_not_changes_nothing(harbour: Harbour, target: Any) -> None:
    for route, field in (
        ("/repos/harbour/ferry/transfer", "new_owner"),
        ("/org/harbour/projects/ferry/transfer", "transfer_to"),
    ):
        answer = harbour.ask("POST", route, json={field: target})

        assert answer.status_code in (400, 404), answer.text
    assert str(harbour.repository().path) == "harbour/ferry"
    assert check(harbour.forge) == ()


def test_19_deletes(harbour: Harbour) -> None:
    git_dir = harbour.forge.git_dir(harbour.repository())

    answer = harbour.ask("DELETE", "/repos/harbour/ferry", headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.content) == (204, b"")
    assert harbour.ask("GET", "/repos/harbour/ferry").status_code == 404
    assert not git_dir.exists()
    assert check(harbour.forge) == ()
    assert harbour.ask("DELETE", "/repos/harbour/ferry").status_code == 404


@pytest.mark.parametrize(("person", "status"), [("mei", 403), ("dora", 403), ("xiao", 404), ("root", 204)])
def test_19_is_for_owners(harbour: Harbour, person: str, status: int) -> None:
    assert harbour.ask("DELETE", "/repos/harbour/ferry", person=person).status_code == status
