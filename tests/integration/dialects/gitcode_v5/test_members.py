"""15, 16, 32, 34 and collaborators: who has which role in one repository."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import select

from matou.db.memberships import Role
from matou.db.schema import events
from matou.forge.access import ALL_SCOPES, Action, Identity, Scope, may
from matou.model.platform import Visibility
from support.deciding import add_member, archive_repository, create_project_token, create_role, set_visibility
from support.deciding import remove_namespace_member as remove_member
from support.gitcode_server import BASE, Harbour

FERRY = "/repos/harbour/ferry"
MODE = f"{FERRY}/transition"
XIAO = f"{FERRY}/members/xiao"
PEOPLE = f"{FERRY}/collaborators"


def reads(harbour: Harbour, person: str) -> int:
    return harbour.ask("GET", f"{PEOPLE}?per_page=1", person=person).status_code


def xiao_may(harbour: Harbour, action: Action) -> bool:
    return may(harbour.forge, Identity(harbour.people["xiao"], ALL_SCOPES), action, harbour.repository())


def test_a_member_is_added_and_answered_as_in_the_document(harbour: Harbour) -> None:
    answer = harbour.ask("PUT", XIAO, json={"permission": "admin"})

    assert answer.status_code == 200
    assert answer.json() == {
        "followers_url": None,
        "html_url": f"{BASE}/xiao",
        "id": str(harbour.people["xiao"].id),
        "login": "xiao",
        "name": "Xiao",
        "type": "User",
        "url": f"{BASE}/api/v5/users/xiao",
        "permissions": {"admin": True, "push": True, "customized": False, "pull": True},
        "avatar_url": "",
        "remark": "",
    }
    assert xiao_may(harbour, Action.MANAGE_MEMBERS)


@pytest.mark.parametrize(
    ("body", "may_write"),
    [
        ({"permission": "pull"}, False),
        ({"permission": "push"}, True),
        ({}, True),
        ({"permission": ""}, True),
        ({"permission": None, "role_id": None}, True),
    ],
)
@pytest.mark.parametrize("path", [XIAO, f"{PEOPLE}/xiao", f"{PEOPLE}/XIAO"])
def test_the_permission_is_push_unless_another_is_said(
    harbour: Harbour, path: str, body: dict[str, Any], may_write: bool
) -> None:
    answer = harbour.ask("PUT", path, json=body)

    assert answer.status_code == 200
    assert answer.json()["permissions"] == {"admin": False, "push": may_write, "customized": False, "pull": True}
    assert (xiao_may(harbour, Action.READ_CODE), xiao_may(harbour, Action.WRITE_CODE)) == (True, may_write)


@pytest.mark.parametrize("word", ["customized", "custom"])
def test_a_customized_role_is_given_by_its_id(harbour: Harbour, word: str) -> None:
    role = create_role(harbour.forge, harbour.repository(), "tester", access_level=35)

    answer = harbour.ask("PUT", XIAO, data={"permission": word, "role_id": role.id})

    assert answer.json()["permissions"] == {"admin": False, "push": False, "customized": True, "pull": False}
    assert (xiao_may(harbour, Action.WRITE_CODE), xiao_may(harbour, Action.CHANGE_SETTINGS)) == (True, False)


def test_a_collaborator_gets_a_customized_role_by_its_name(harbour: Harbour) -> None:
    create_role(harbour.forge, harbour.repository(), "测试", access_level=15)

    answer = harbour.ask("PUT", f"{PEOPLE}/xiao", json={"permission": "测试"})

    assert answer.json()["permissions"]["customized"] is True
    assert (xiao_may(harbour, Action.SEE), xiao_may(harbour, Action.READ_CODE)) == (True, False)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (XIAO, {"permission": "owner"}, 400),
        (XIAO, {"permission": "ADMIN"}, 400),
        (XIAO, {"permission": ["admin"]}, 400),
        (XIAO, {"permission": True}, 400),
        (XIAO, {"permission": "customized"}, 400),
        (XIAO, {"permission": "customized", "role_id": ""}, 400),
        (XIAO, {"permission": "customized", "role_id": "0" * 32}, 404),
        (XIAO, {"permission": "customized", "role_id": "' OR 1=1 --"}, 404),
        (XIAO, {"permission": "customized", "role_id": ["x"]}, 400),
        (f"{PEOPLE}/xiao", {"permission": "customized"}, 400),
        (f"{PEOPLE}/xiao", {"permission": "owner"}, 400),
        (f"{FERRY}/members/nobody-there", {"permission": "push"}, 404),
        (f"{FERRY}/members/xiao@example.org", {"permission": "push"}, 404),
        (f"{FERRY}/members/%00", {"permission": "push"}, 404),
        (f"{FERRY}/members/%F0%9F%9A%A2", {"permission": "push"}, 404),
    ],
)
def test_what_cannot_be_given_changes_nothing(harbour: Harbour, path: str, body: dict[str, Any], status: int) -> None:
    answer = harbour.ask("PUT", path, json=body)

    assert (answer.status_code, answer.json().keys() >= {"error_code", "error_message"}) == (status, True)
    assert not xiao_may(harbour, Action.SEE)


def test_a_role_of_another_repository_is_not_there(harbour: Harbour) -> None:
    foreign = create_role(harbour.forge, harbour.repository("light"), "tester", access_level=40)

    by_id = harbour.ask("PUT", XIAO, json={"permission": "customized", "role_id": foreign.id})
    by_name = harbour.ask("PUT", f"{PEOPLE}/xiao", json={"permission": "tester"})

    assert (by_id.status_code, by_name.status_code) == (404, 400)
    assert not xiao_may(harbour, Action.SEE)


def test_a_robot_gets_no_role(harbour: Harbour) -> None:
    robot = create_project_token(harbour.forge, harbour.organization, "ci").user

    assert harbour.ask("PUT", f"{FERRY}/members/{robot}", json={}).status_code == 404


@pytest.mark.parametrize("person", ["dora", "rui", "gu"])
@pytest.mark.parametrize("whom", ["xiao", "own"])
@pytest.mark.parametrize("path", ["members", "collaborators"])
def test_a_writer_raises_nobody(harbour: Harbour, person: str, whom: str, path: str) -> None:
    """Catalogue A-14."""
    name = person if whom == "own" else whom

    answer = harbour.ask("PUT", f"{FERRY}/{path}/{name}", person=person, json={"permission": "admin"})

    assert answer.status_code == 403
    assert harbour.ask("GET", f"{PEOPLE}/{name}/permission").status_code == (200 if whom == "own" else 404)
    assert harbour.ask("PUT", f"{FERRY}/module/setting", person=name, json={}).status_code in (403, 404)


@pytest.mark.parametrize(("person", "status"), [(None, 404), ("xiao", 404), ("mei", 200), ("chen", 200), ("root", 200)])
def test_members_are_managed_by_maintainers_and_those_above(harbour: Harbour, person: str | None, status: int) -> None:
    assert harbour.ask("PUT", f"{FERRY}/members/gu", person=person, json={"permission": "pull"}).status_code == status


def test_an_admin_of_the_repository_never_becomes_an_owner_and_never_lowers_one(harbour: Harbour) -> None:
    harbour.ask("PUT", XIAO, json={"permission": "admin"})

    lowered = harbour.ask("PUT", f"{FERRY}/members/chen", person="xiao", json={"permission": "pull"})
    taken = harbour.ask("DELETE", f"{PEOPLE}/mei", person="xiao")
    mode = harbour.ask("PUT", MODE, person="xiao", json={"mode": 2})

    assert (lowered.status_code, taken.status_code, mode.status_code) == (200, 404, 403)
    assert harbour.ask("GET", f"{PEOPLE}/chen/permission").json()["access_level"] == Role.OWNER
    assert harbour.ask("PUT", MODE, person="chen", json={"mode": 2}).status_code == 200


def test_collaborators_are_listed_in_pages_with_totals(harbour: Harbour) -> None:
    harbour.ask("PUT", XIAO, json={"permission": "pull"})

    first = harbour.ask("GET", PEOPLE, params={"per_page": 4, "page": 1})
    second = harbour.ask("GET", PEOPLE, params={"per_page": "4", "page": "2"})

    assert [person["username"] for person in first.json()] == ["chen", "dora", "gu", "mei"]
    assert [person["username"] for person in second.json()] == ["rui", "xiao"]
    assert (first.headers["total_count"], first.headers["total_page"]) == ("6", "2")
    xiao = second.json()[1]
    assert (xiao["id"], xiao["type"], xiao["join_way"]) == (str(harbour.people["xiao"].id), "ProjectMember", "normal")
    assert xiao["permissions"] == {"admin": False, "push": False, "customized": False, "pull": True}
    assert "@" not in json.dumps([*first.json(), *second.json()])


@pytest.mark.parametrize(
    ("person", "permission", "level"),
    [("chen", "admin", 50), ("mei", "admin", 40), ("dora", "write", 30), ("rui", "read", 20), ("gu", "read", 10)],
)
def test_a_permission_is_told_in_one_word(harbour: Harbour, person: str, permission: str, level: int) -> None:
    found = harbour.ask("GET", f"{PEOPLE}/{person}/permission").json()

    assert (found["login"], found["permission"], found["access_level"]) == (person, permission, level)


def test_who_is_no_member_is_not_found(harbour: Harbour) -> None:
    paths = (f"{PEOPLE}/xiao", f"{PEOPLE}/xiao/permission", f"{PEOPLE}/nobody-there", f"{PEOPLE}/root")

    assert [harbour.ask("GET", path).status_code for path in paths] == [404] * 4
    assert harbour.ask("GET", f"{PEOPLE}/dora").json()["username"] == "dora"


def test_a_member_is_taken_away_and_refused_by_the_next_request(harbour: Harbour) -> None:
    """Catalogue A-12."""
    harbour.ask("PUT", XIAO, json={"permission": "pull"})
    before = reads(harbour, "xiao")

    answer = harbour.ask("DELETE", f"{PEOPLE}/xiao")

    assert (before, answer.status_code, answer.content, reads(harbour, "xiao")) == (200, 204, b"", 404)
    assert harbour.ask("DELETE", f"{PEOPLE}/xiao").status_code == 404


def test_what_changes_about_members_is_an_event(harbour: Harbour) -> None:
    for body in ({"permission": "pull"}, {"permission": "push"}):
        harbour.ask("PUT", XIAO, person="mei", json=body)
    harbour.ask("DELETE", f"{PEOPLE}/xiao", person="mei")

    with harbour.forge.database.begin_read() as connection:
        rows = connection.execute(
            select(events.c.kind, events.c.user_id, events.c.details)
            .where(events.c.kind.startswith("member_"))
            .order_by(events.c.id)
        ).all()
    assert [(row.kind, row.user_id) for row in rows] == [
        (kind, harbour.people["mei"].id) for kind in ("member_added", "member_changed", "member_removed")
    ]
    xiao = harbour.people["xiao"]
    assert json.loads(rows[1].details) == {"userid": xiao.id, "username": "xiao", "permission": "push"}


@pytest.mark.parametrize("body", [{"json": {"mode": 2}}, {"data": {"mode": "2"}}])
def test_the_mode_decides_who_may_from_the_next_request_on(harbour: Harbour, body: dict[str, Any]) -> None:
    harbour.ask("PUT", f"{FERRY}/members/rui", json={"permission": "push"})
    before = harbour.ask("GET", MODE).json()

    answer = harbour.ask("PUT", MODE, **body)

    assert (before, answer.json()) == ({"memberMgntMode": 1}, {"code": 1, "msg": "success"})
    assert harbour.ask("GET", MODE).json() == {"memberMgntMode": 2}
    assert {name: reads(harbour, name) for name in ("chen", "root", "rui", "mei", "dora", "gu")} == {
        "chen": 200,
        "root": 200,
        "rui": 200,
        "mei": 404,
        "dora": 404,
        "gu": 404,
    }
    assert [person["username"] for person in harbour.ask("GET", PEOPLE).json()] == ["chen", "rui"]
    harbour.ask("PUT", MODE, json={"mode": 1})
    assert reads(harbour, "mei") == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 1000),
        ({"mode": None}, 1000),
        ({"mode": 0}, 400),
        ({"mode": 3}, 400),
        ({"mode": "x"}, 400),
        ({"mode": [1]}, 400),
    ],
)
def test_another_mode_is_400(harbour: Harbour, body: dict[str, Any], code: int) -> None:
    answer = harbour.ask("PUT", MODE, json=body)

    assert (answer.status_code, answer.json()["error_code"]) == (400, code)
    assert harbour.ask("GET", MODE).json() == {"memberMgntMode": 1}


@pytest.mark.parametrize(
    ("person", "read", "change"),
    [
        (None, 404, 404),
        ("xiao", 404, 404),
        ("gu", 403, 403),
        ("rui", 403, 403),
        ("dora", 200, 403),
        ("mei", 200, 403),
        ("chen", 200, 200),
        ("root", 200, 200),
    ],
)
def test_the_mode_is_read_by_those_who_push_and_changed_by_owners(
    harbour: Harbour, person: str | None, read: int, change: int
) -> None:
    assert harbour.ask("GET", MODE, person=person).status_code == read
    assert harbour.ask("PUT", MODE, person=person, json={"mode": 1}).status_code == change


def test_customized_roles_are_listed_as_in_the_document(harbour: Harbour) -> None:
    empty = harbour.ask("GET", f"{FERRY}/customized_roles").json()
    made = create_role(
        harbour.forge, harbour.repository(), "tester", access_level=15, display_name="测试角色", description="测试"
    )
    create_role(harbour.forge, harbour.repository("light"), "other", access_level=20)
    harbour.ask("PUT", XIAO, json={"permission": "customized", "role_id": made.id})

    found = harbour.ask("GET", f"{FERRY}/customized_roles", person="xiao")

    assert empty == []
    assert found.status_code == 200
    (role,) = found.json()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", role["created_at"])
    assert {name: role[name] for name in role if not name.endswith("_at")} == {
        "role_id": made.id,
        "access_level": 15,
        "role_name": "tester",
        "role_chinese_name": "测试角色",
        "role_description": "测试",
        "role_type": "project-customized",
        "member_count": 1,
    }


@pytest.mark.parametrize("path", [PEOPLE, f"{PEOPLE}/dora", f"{PEOPLE}/dora/permission", f"{FERRY}/customized_roles"])
@pytest.mark.parametrize("visibility", Visibility)
def test_who_belongs_to_it_is_for_those_who_do(harbour: Harbour, path: str, visibility: Visibility) -> None:
    set_visibility(harbour.forge, harbour.repository(), visibility)
    expected = {Visibility.PRIVATE: [404, 404], Visibility.INTERNAL: [404, 403], Visibility.PUBLIC: [401, 403]}

    assert [harbour.ask("GET", path, person=person).status_code for person in (None, "xiao")] == expected[visibility]
    assert harbour.ask("GET", path, person="gu").status_code == 200


def test_an_archived_repository_keeps_its_members(harbour: Harbour) -> None:
    archive_repository(harbour.forge, harbour.repository())

    codes = [
        harbour.ask("PUT", XIAO, json={}).status_code,
        harbour.ask("PUT", f"{PEOPLE}/xiao", json={}).status_code,
        harbour.ask("DELETE", f"{PEOPLE}/dora").status_code,
        harbour.ask("PUT", MODE, json={"mode": 2}).status_code,
    ]

    assert codes == [403] * 4


def test_a_token_needs_the_scope(harbour: Harbour) -> None:
    reading = harbour.token("chen", frozenset({Scope.REPOSITORY_READ}))

    assert harbour.ask("PUT", XIAO, token=reading, json={}).status_code == 403
    assert harbour.ask("GET", PEOPLE, token=reading).status_code == 200


def test_postgresql_keeps_the_same(harbour_on_postgresql: Harbour) -> None:
    harbour = harbour_on_postgresql
    role = create_role(harbour.forge, harbour.repository(), "tester", access_level=20)
    customized = {"permission": "customized", "role_id": role.id}

    codes = [
        harbour.ask("PUT", XIAO, json=customized).status_code,
        reads(harbour, "xiao"),
        harbour.ask("PUT", MODE, json={"mode": 2}).status_code,
        reads(harbour, "dora"),
        reads(harbour, "xiao"),
        harbour.ask("DELETE", f"{PEOPLE}/xiao").status_code,
        reads(harbour, "xiao"),
    ]
    add_member(harbour.forge, harbour.organization, harbour.people["xiao"], Role.OWNER)
    owner = reads(harbour, "xiao")
    remove_member(harbour.forge, harbour.organization, harbour.people["xiao"])

    assert codes == [200, 200, 200, 404, 200, 204, 404]
    assert (owner, reads(harbour, "xiao")) == (200, 404)
