"""The namespaces that one belongs to, and who belongs to an organization."""

from matou.forge.access import Scope
from support.deciding import remove_namespace_member as remove_member
from support.gitcode_server import BASE, Harbour


def test_ones_namespaces_are_those_with_a_role(harbour: Harbour) -> None:
    answers = {
        person: [
            row["path"] for row in harbour.ask("GET", "/user/namespaces?mode=all&perPage=100", person=person).json()
        ]
        for person in ("chen", "dora", "xiao", "root")
    }

    assert answers == {"chen": ["chen", "harbour"], "dora": ["dora", "harbour"], "xiao": ["xiao"], "root": ["root"]}


def test_namespaces_come_in_pages_of_the_size_that_is_spelled_so(harbour: Harbour) -> None:
    answer = harbour.ask("GET", "/user/namespaces?perPage=1&page=2")

    assert [row["path"] for row in answer.json()] == ["harbour"]
    assert (answer.headers["total_count"], answer.headers["total_page"]) == ("2", "2")


def test_an_organization_is_told_with_where_to_ask_on(harbour: Harbour) -> None:
    (row,) = harbour.ask("GET", "/users/orgs", person="gu").json()

    assert (row["login"], row["name"], row["repos_url"]) == ("harbour", "港口", f"{BASE}/api/v5/orgs/harbour/repos")


def test_members_see_members_and_nobody_else_does(harbour: Harbour) -> None:
    statuses = {
        person: harbour.ask("GET", "/orgs/harbour/members", person=person).status_code
        for person in (None, "xiao", "gu", "chen", "root")
    }
    roles = {row["login"]: row["member_role"] for row in harbour.ask("GET", "/orgs/harbour/members").json()}

    assert statuses == {None: 401, "xiao": 403, "gu": 200, "chen": 200, "root": 200}
    assert roles == {"chen": "admin", "dora": "member", "gu": "member", "mei": "admin", "rui": "member"}


def test_who_was_removed_is_told_nothing_more(harbour: Harbour) -> None:
    remove_member(harbour.forge, harbour.organization, harbour.people["gu"])

    assert harbour.ask("GET", "/users/orgs", person="gu").json() == []
    assert harbour.ask("GET", "/orgs/harbour/members", person="gu").status_code == 403


def test_an_organization_that_is_not_there_and_a_name_that_cannot_be_are_404(harbour: Harbour) -> None:
    for name in ("nothing", "%2e%2e", "a%2F%2Fb", "CON"):
        assert harbour.ask("GET", f"/orgs/{name}/members").status_code == 404


def test_a_token_for_code_alone_does_not_tell_of_teams(harbour: Harbour) -> None:
    token = harbour.token("chen", frozenset({Scope.REPOSITORY_READ}))

    for path in ("/user/namespaces", "/users/orgs", "/orgs/harbour/members"):
        assert harbour.ask("GET", path, token=token).status_code == 403


def test_postgresql_says_the_same(harbour_on_postgresql: Harbour) -> None:
    assert [row["path"] for row in harbour_on_postgresql.ask("GET", "/user/namespaces").json()] == ["chen", "harbour"]
