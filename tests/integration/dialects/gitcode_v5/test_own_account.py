"""One's own account: the name that others see, the e-mail, and keys for a way in that is not there."""

import pytest

from matou.forge.access import ALL_SCOPES, Scope
from support.deciding import create_project_token
from support.gitcode_schemas import faults
from support.gitcode_server import Harbour


def test_the_name_that_others_see_is_changed(harbour: Harbour) -> None:
    answer = harbour.ask("PATCH", "/user", json={"nickname": " 陈 "})

    assert (answer.status_code, answer.json()["nickname"], answer.json()["login"]) == (200, "陈", "chen")
    assert harbour.ask("GET", "/users/chen", person="xiao").json()["name"] == "陈"
    assert faults("PATCH /user", answer.json()) == []


def test_nothing_that_is_said_changes_nothing(harbour: Harbour) -> None:
    before = harbour.ask("GET", "/user").json()

    answer = harbour.ask("PATCH", "/user", json={"email": "CHEN@example.org", "company": ""})

    assert (answer.status_code, answer.json()["email"]) == (200, "chen@example.org")
    assert harbour.ask("GET", "/user").json() == before


def test_an_empty_nickname_is_the_name_itself(harbour: Harbour) -> None:
    assert harbour.ask("PATCH", "/user", json={"nickname": ""}).json()["nickname"] == "chen"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"email": "mei@example.org"}, 403),
        ({"email": "other@example.org", "nickname": "x"}, 403),
        ({"company": "Matou", "nickname": "x"}, 400),
        ({"nickname": "a\u202eb"}, 400),
        ({"nickname": "n" * 101}, 400),
    ],
)
def test_what_cannot_be_kept_is_refused_whole(harbour: Harbour, body: dict[str, str], status: int) -> None:
    before = harbour.ask("GET", "/user").json()

    assert harbour.ask("PATCH", "/user", json=body).status_code == status
    assert harbour.ask("GET", "/user").json() == before


def test_a_token_for_reading_or_of_a_project_changes_no_account(harbour: Harbour) -> None:
    reading = harbour.token("chen", frozenset({Scope.USER_READ, Scope.PROJECT_READ}))
    robot = create_project_token(harbour.forge, harbour.organization, "robot", scopes=ALL_SCOPES).password.reveal()

    assert [
        harbour.ask("PATCH", "/user", token=token, json={"nickname": "x"}).status_code for token in (reading, robot)
    ] == [
        403,
        403,
    ]
    assert harbour.ask("PATCH", "/user", person=None, json={"nickname": "x"}).status_code == 401


def test_the_e_mail_is_told_to_its_owner(harbour: Harbour) -> None:
    answer = harbour.ask("GET", "/emails", person="dora")

    assert answer.json() == [{"email": "dora@example.org", "state": "confirmed"}]
    assert faults("GET /emails", answer.json()) == []
    assert harbour.ask("GET", "/emails", person=None).status_code == 401
