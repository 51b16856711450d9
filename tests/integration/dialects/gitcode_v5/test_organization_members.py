"""Who may add, change, remove and look up the members of an organization, and what one is told of oneself."""

import pytest

from matou.db.memberships import Role
from matou.forge.access import ALL_SCOPES, Identity, Scope
from matou.forge.accounts.members import own_role
from matou.forge.accounts.namespaces import create_organization
from support.deciding import add_member, create_project, create_project_token
from support.deciding import namespace_members as members
from support.gitcode_schemas import faults
from support.gitcode_server import BASE, Harbour

MEMBERSHIP, OWN = "/orgs/harbour/memberships", "/user/memberships/orgs"
EVERYBODY = (None, "xiao", "gu", "rui", "dora", "mei", "chen", "root")


def statuses(harbour: Harbour, method: str, path: str) -> dict[str | None, int]:
    return {person: harbour.ask(method, path, person=person).status_code for person in EVERYBODY}


def roles(harbour: Harbour) -> dict[str, Role]:
    return {member.user.name: member.role for member in members(harbour.forge, harbour.organization)[0]}


@pytest.mark.parametrize(
    ("permission", "role"),
    [(None, Role.DEVELOPER), ("pull", Role.REPORTER), ("push", Role.DEVELOPER), ("admin", Role.MAINTAINER)],
)
def test_an_owner_adds_a_member_at_once(harbour: Harbour, permission: str | None, role: Role) -> None:
    body = {} if permission is None else {"permission": permission}

    answer = harbour.ask("POST", f"{MEMBERSHIP}/xiao", json=body)

    assert (answer.status_code, roles(harbour)["xiao"]) == (200, role)
    assert answer.json()["permissions"]["push"] is (role >= Role.DEVELOPER)
    assert faults("POST /orgs/{org}/memberships/{username}", answer.json()) == []
    assert harbour.ask("GET", "/repos/harbour/ferry", person="xiao").status_code == 200


def test_who_is_a_member_gets_another_role_and_goes(harbour: Harbour) -> None:
    harbour.ask("POST", f"{MEMBERSHIP}/dora", json={"permission": "pull"}).raise_for_status()
    changed = roles(harbour)["dora"]

    answer = harbour.ask("DELETE", f"{MEMBERSHIP}/dora")

    assert (changed, answer.status_code, answer.json()) == (Role.REPORTER, 200, {})
    assert "dora" not in roles(harbour)
    assert harbour.ask("GET", "/repos/harbour/ferry", person="dora").status_code == 404
    assert harbour.ask("DELETE", f"{MEMBERSHIP}/dora").status_code == 404


def test_only_owners_write_members(harbour: Harbour) -> None:
    written = statuses(harbour, "POST", f"{MEMBERSHIP}/xiao")
    harbour.ask("POST", f"{MEMBERSHIP}/xiao").raise_for_status()
    removed = {person: harbour.ask("DELETE", f"{MEMBERSHIP}/xiao", person=person).status_code for person in ("mei",)}

    assert written == {None: 401, "xiao": 403, "gu": 403, "rui": 403, "dora": 403, "mei": 403, "chen": 200, "root": 200}
    assert removed == {"mei": 403}


def test_a_token_for_reading_projects_writes_no_members(harbour: Harbour) -> None:
    token = harbour.token("chen", frozenset({Scope.PROJECT_READ, Scope.TEAM_READ, Scope.REPOSITORY_WRITE}))

    assert harbour.ask("POST", f"{MEMBERSHIP}/xiao", token=token).status_code == 403
    assert harbour.ask("DELETE", f"{MEMBERSHIP}/gu", token=token).status_code == 403
    assert harbour.ask("DELETE", f"{OWN}/harbour", token=token).status_code == 403


def test_the_last_owner_stays_an_owner(harbour: Harbour) -> None:
    answers = [
        harbour.ask("DELETE", f"{MEMBERSHIP}/chen"),
        harbour.ask("POST", f"{MEMBERSHIP}/chen", json={"permission": "push"}),
        harbour.ask("DELETE", f"{OWN}/harbour"),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert roles(harbour)["chen"] is Role.OWNER


@pytest.mark.parametrize("body", [{"permission": "owner"}, {"permission": "customized"}, {"role_id": "1"}])
def test_a_role_that_no_organization_gives_is_refused(harbour: Harbour, body: dict[str, str]) -> None:
    assert harbour.ask("POST", f"{MEMBERSHIP}/xiao", json=body).status_code == 400
    assert "xiao" not in roles(harbour)


@pytest.mark.parametrize("name", ["nobody", "xiao@example.org", "%00"])
def test_who_is_nobody_becomes_no_member(harbour: Harbour, name: str) -> None:
    assert harbour.ask("POST", f"{MEMBERSHIP}/{name}").status_code == 404


def test_ones_own_namespace_is_no_organization(harbour: Harbour) -> None:
    assert harbour.ask("POST", "/orgs/chen/memberships/xiao").status_code == 404
    assert harbour.ask("GET", "/orgs/chen").status_code == 404


def test_a_hidden_organization_is_one_that_is_not_there(harbour: Harbour) -> None:
    create_organization(harbour.forge, "hidden", owner=harbour.people["mei"])

    for method, path in (
        ("GET", "/orgs/{}"),
        ("GET", "/orgs/{}/members/mei"),
        ("POST", "/orgs/{}/memberships/xiao"),
        ("DELETE", "/orgs/{}/memberships/mei"),
        ("GET", f"{OWN}/{{}}"),
        ("DELETE", f"{OWN}/{{}}"),
    ):
        found, missing = (harbour.ask(method, path.format(name)) for name in ("hidden", "absent"))
        assert (found.status_code, found.json()["message"]) == (404, missing.json()["message"]), path


def test_an_organization_is_shown_as_the_vendor_describes_it(harbour: Harbour) -> None:
    answer = harbour.ask("GET", "/orgs/harbour", person="xiao").json()

    assert (answer["login"], answer["name"], answer["enterprise"]) == ("harbour", "港口", "harbour")
    assert answer["members_url"] == f"{BASE}/api/v5/orgs/harbour/members"
    assert faults("GET /orgs/{org}", answer, without=["gitee"]) == []
    assert harbour.ask("GET", "/orgs/harbour", person=None).status_code == 401


def test_a_member_is_shown_to_members(harbour: Harbour) -> None:
    answer = harbour.ask("GET", "/orgs/harbour/members/rui", person="gu")

    assert (answer.json()["path"], answer.json()["user"]["login"]) == ("harbour", "rui")
    assert faults("GET /orgs/{org}/members/{username}", answer.json()) == []
    assert harbour.ask("GET", "/orgs/harbour/members/rui", person="xiao").status_code == 403
    assert harbour.ask("GET", "/orgs/harbour/members/xiao").status_code == 404


def test_members_are_chosen_by_role(harbour: Harbour) -> None:
    answers = {role: harbour.ask("GET", f"/orgs/harbour/members?role={role}") for role in ("all", "admin", "member")}
    names = {role: [row["login"] for row in answer.json()] for role, answer in answers.items()}

    assert names == {
        "all": ["chen", "dora", "gu", "mei", "rui"],
        "admin": ["chen", "mei"],
        "member": ["dora", "gu", "rui"],
    }
    assert answers["member"].headers["total_count"] == "3"
    assert faults("GET /orgs/{org}/members", answers["all"].json()) == []
    assert harbour.ask("GET", "/orgs/harbour/members?role=boss").status_code == 400


def test_one_is_told_ones_own_place(harbour: Harbour) -> None:
    create_project(harbour.forge, harbour.organization, "boats", creator=harbour.people["chen"])
    told = {person: harbour.ask("GET", f"{OWN}/harbour", person=person) for person in EVERYBODY}
    below = harbour.ask("GET", f"{OWN}/harbour%2Fboats", person="mei").json()

    found = {person for person, answer in told.items() if answer.status_code == 200}
    assert found == {"gu", "rui", "dora", "mei", "chen"}
    assert [told[person].status_code for person in (None, "xiao", "root")] == [401, 404, 404]
    assert [told[person].json()["role"] for person in ("gu", "dora", "mei", "chen")] == [
        "member",
        "member",
        "admin",
        "admin",
    ]
    assert (below["path"], below["role"]) == ("harbour/boats", "admin")
    assert faults("GET /user/memberships/orgs/{org}", below) == []


def test_one_leaves(harbour: Harbour) -> None:
    assert harbour.ask("DELETE", f"{OWN}/harbour", person="dora").status_code == 200
    assert own_role(harbour.forge, Identity(harbour.people["dora"], ALL_SCOPES), harbour.organization) is None
    assert harbour.ask("DELETE", f"{OWN}/harbour", person="dora").status_code == 404


def test_the_token_of_a_project_leaves_nothing(harbour: Harbour) -> None:
    token = create_project_token(harbour.forge, harbour.organization, "robot", scopes=ALL_SCOPES).password.reveal()

    assert harbour.ask("DELETE", f"{OWN}/harbour", token=token).status_code == 403


def test_organizations_of_others_are_those_that_one_belongs_to_oneself(harbour: Harbour) -> None:
    apart = create_organization(harbour.forge, "apart", owner=harbour.people["chen"])
    create_project(harbour.forge, harbour.organization, "boats", creator=harbour.people["chen"])
    add_member(harbour.forge, apart, harbour.people["rui"], Role.GUEST)
    of_chen = {
        person: [row["login"] for row in harbour.ask("GET", "/users/chen/orgs", person=person).json()]
        for person in ("xiao", "gu", "rui", "chen", "root")
    }

    assert of_chen == {
        "xiao": [],
        "gu": ["harbour", "harbour/boats"],
        "rui": ["apart", "harbour", "harbour/boats"],
        "chen": ["apart", "harbour", "harbour/boats"],
        "root": ["apart", "harbour", "harbour/boats"],
    }
    rows = harbour.ask("GET", "/users/chen/orgs").json()
    assert faults("GET /users/{username}/orgs", rows) == []
    assert harbour.ask("GET", "/users/chen/orgs", person=None).status_code == 401
    assert harbour.ask("GET", "/users/nobody/orgs").status_code == 404


def test_only_those_that_one_administers(harbour: Harbour) -> None:
    chosen = {
        person: [row["login"] for row in harbour.ask("GET", "/users/orgs?admin=true", person=person).json()]
        for person in ("chen", "mei", "dora")
    }

    assert chosen == {"chen": ["harbour"], "mei": ["harbour"], "dora": []}


def test_postgresql_says_the_same_of_others(harbour_on_postgresql: Harbour) -> None:
    harbour = harbour_on_postgresql
    harbour.ask("POST", f"{MEMBERSHIP}/xiao").raise_for_status()

    assert [row["login"] for row in harbour.ask("GET", "/users/chen/orgs", person="xiao").json()] == ["harbour"]
    assert harbour.ask("GET", "/orgs/harbour/members?role=admin").headers["total_count"] == "2"
