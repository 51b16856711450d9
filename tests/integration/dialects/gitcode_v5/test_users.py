"""Who one is, who others are, and whose repositories are listed to whom."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from matou.db.memberships import Role
from matou.forge.access import ALL_SCOPES, Identity, Scope
from matou.forge.accounts.namespaces import create_organization
from matou.forge.repositories.repository_members import MemberPermission
from matou.model.names import NamespacePath, RepositoryPath
from matou.model.platform import Visibility
from support.deciding import add_member, create_project, create_repository, fork_repository, set_active, set_member
from support.gitcode_server import Harbour


@pytest.fixture(params=["harbour", "harbour_on_postgresql"], ids=["sqlite", "postgres"])
def port(request: pytest.FixtureRequest) -> Harbour:
    """The harbour with some more: of chen's own one private, one public; an organization that only xiao has."""
    harbour: Harbour = request.getfixturevalue(request.param)
    harbour.add_repository("chen/diary", visibility=Visibility.PRIVATE)
    harbour.add_repository("chen/blog", visibility=Visibility.PUBLIC)
    yard = create_organization(harbour.forge, "yard", owner=harbour.people["xiao"])
    create_project(harbour.forge, yard, "dock", creator=harbour.people["xiao"])
    harbour.add_repository("yard/dock/hull", visibility=Visibility.PRIVATE, creator="xiao")
    harbour.add_repository("yard/mast", visibility=Visibility.PUBLIC, creator="xiao")
    return harbour


def names(harbour: Harbour, path: str, *, person: str | None = "chen", **query: Any) -> list[str]:
    answer = harbour.ask("GET", path, person=person, params=query)
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["total_count"]) >= len(answer.json())
    return [each["full_name"] for each in answer.json()]


def test_user_is_who_one_is(harbour: Harbour) -> None:
    body = harbour.ask("GET", "/user").json()

    assert (body["login"], body["name"], body["email"], body["type"]) == ("chen", "Chen", "chen@example.org", "User")
    assert body["id"] == f"{harbour.people['chen'].id:024x}"
    assert len(body["id"]) == 24
    assert body["html_url"] == "http://code.example.org/chen"


@pytest.mark.parametrize("carrier", ["header", "bearer", "query"])
def test_user_takes_a_token_however_it_comes(harbour: Harbour, carrier: str) -> None:
    token = harbour.token("mei")
    sent: dict[str, Any] = {
        "header": {"headers": {"private-token": token}},
        "bearer": {"headers": {"Authorization": f"Bearer {token}"}},
        "query": {"params": {"access_token": token}},
    }[carrier]

    assert harbour.ask("GET", "/user", person=None, **sent).json()["login"] == "mei"


def test_user_needs_a_token(harbour: Harbour) -> None:
    assert harbour.ask("GET", "/user", person=None).status_code == 401
    assert harbour.ask("GET", "/user", person=None, token="0" * 40).status_code == 401


def test_somebody_else_is_shown_without_their_e_mail(harbour: Harbour) -> None:
    body = harbour.ask("GET", "/users/MEI").json()

    assert (body["login"], body["email"]) == ("mei", "")
    assert "mei@example.org" not in harbour.ask("GET", "/users/mei").text
    assert harbour.ask("GET", "/users/chen").json()["email"] == "chen@example.org"


def test_anybody_is_shown_to_anybody_without_their_e_mail(harbour: Harbour) -> None:
    """The document asks for no token, and `ag-cli` brings none."""
    answers = [
        harbour.ask("GET", "/users/chen", person=None),
        harbour.ask("GET", "/users/chen", token=harbour.token("chen", frozenset({Scope.REPOSITORY_READ}))),
    ]

    assert [(answer.status_code, answer.json()["login"], answer.json()["email"]) for answer in answers] == [
        (200, "chen", ""),
        (200, "chen", ""),
    ]
    assert "chen@example.org" not in answers[0].text
    assert harbour.ask("GET", "/users/nobody", person=None).status_code == 404
    assert harbour.ask("GET", "/users/chen", person=None, token="0" * 40).status_code == 401


@pytest.mark.parametrize("name", ["nobody", "mei@example.org", "harbour", "..", "%00", "a" * 5000])
def test_who_is_not_there_is_404(harbour: Harbour, name: str) -> None:
    assert harbour.ask("GET", f"/users/{name}").status_code in (400, 404, 414)


def test_an_account_that_is_out_of_use_is_not_shown(harbour: Harbour) -> None:
    set_active(harbour.forge, harbour.people["gu"], active=False)

    assert harbour.ask("GET", "/users/gu").status_code == 404


def test_one_s_own_list_has_all_that_one_has_a_part_in(port: Harbour) -> None:
    assert names(port, "/user/repos") == ["chen/blog", "chen/diary", "harbour/ferry", "harbour/light"]
    assert names(port, "/user/repos", person="dora") == ["harbour/ferry", "harbour/light"]
    assert names(port, "/user/repos", person="xiao") == ["yard/dock/hull", "yard/mast"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"visibility": "public"}, ["chen/blog", "harbour/light"]),
        ({"visibility": "private"}, ["chen/diary", "harbour/ferry"]),
        ({"affiliation": "owner"}, ["chen/blog", "chen/diary"]),
        ({"affiliation": "organization_member"}, ["harbour/ferry", "harbour/light"]),
        ({"affiliation": "collaborator"}, []),
        ({"affiliation": "owner, collaborator"}, ["chen/blog", "chen/diary"]),
        ({"affiliation": "owner", "visibility": "public"}, ["chen/blog"]),
        ({"type": "personal"}, ["chen/blog", "chen/diary"]),
        ({"type": "created"}, ["chen/blog", "chen/diary", "harbour/ferry", "harbour/light"]),
        ({"type": "member"}, ["harbour/ferry", "harbour/light"]),
        ({"type": "public"}, ["chen/blog", "harbour/light"]),
        ({"type": "private"}, ["chen/diary", "harbour/ferry"]),
        ({"q": "IGHT"}, ["harbour/light"]),
        ({"q": "100%_"}, []),
        ({"q": "a" * 60_000}, []),
        ({"direction": "desc"}, ["harbour/light", "harbour/ferry", "chen/diary", "chen/blog"]),
        ({"repo_type": "model"}, []),
        ({"repo_type": "all"}, ["chen/blog", "chen/diary", "harbour/ferry", "harbour/light"]),
        ({"per_page": 2, "page": 2}, ["harbour/ferry", "harbour/light"]),
        ({"per_page": 3, "page": 2}, ["harbour/light"]),
        ({"page": 9}, []),
    ],
)
def test_one_s_own_list_can_be_narrowed(port: Harbour, query: dict[str, Any], expected: list[str]) -> None:
    assert names(port, "/user/repos", **query) == expected


@pytest.mark.parametrize("sort", ["created", "updated", "pushed", "full_name"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_every_order_is_whole_and_pages_fit_together(port: Harbour, sort: str, direction: str) -> None:
    whole = names(port, "/user/repos", sort=sort, direction=direction)

    pages = [
        name
        for page in (1, 2, 3, 4)
        for name in names(port, "/user/repos", sort=sort, direction=direction, per_page=1, page=page)
    ]
    assert pages == whole
    assert sorted(whole) == ["chen/blog", "chen/diary", "harbour/ferry", "harbour/light"]


def test_the_totals_stand_in_the_headers(port: Harbour) -> None:
    answer = port.ask("GET", "/user/repos", params={"per_page": 3})

    assert (answer.headers["total_count"], answer.headers["total_page"]) == ("4", "2")


@pytest.mark.parametrize(
    "query",
    [
        {"type": "public", "affiliation": "owner"},
        {"type": "public", "visibility": "private"},
        {"visibility": "hidden"},
        {"affiliation": "everything"},
        {"sort": "size"},
        {"direction": "up"},
        {"page": "x"},
        {"per_page": -1},
    ],
)
def test_what_a_list_cannot_be_asked_is_refused(harbour: Harbour, query: dict[str, Any]) -> None:
    assert harbour.ask("GET", "/user/repos", params=query).status_code in (400, 422)


def test_a_member_of_one_repository_has_it_in_the_list(port: Harbour) -> None:
    diary = port.repository("chen/diary")
    set_member(port.forge, _identity(port, "chen"), diary, port.people["xiao"], MemberPermission.PULL)

    assert names(port, "/user/repos", person="xiao", affiliation="collaborator") == ["chen/diary"]
    assert names(port, "/user/repos", person="xiao", type="member") == ["chen/diary", "yard/dock/hull", "yard/mast"]
    assert names(port, "/users/xiao/repos", type="member") == []


def test_others_see_of_somebody_what_they_may_see(port: Harbour) -> None:
    assert names(port, "/users/chen/repos", person=None) == ["chen/blog", "harbour/light"]
    assert names(port, "/users/chen/repos", person="xiao") == ["chen/blog", "harbour/light"]
    assert names(port, "/users/chen/repos", person="rui") == ["chen/blog", "harbour/ferry", "harbour/light"]
    assert names(port, "/users/chen/repos", person="xiao", type="personal") == ["chen/blog"]
    assert names(port, "/users/chen/repos") == ["chen/blog", "chen/diary", "harbour/ferry", "harbour/light"]
    assert names(port, "/users/dora/repos", type="member") == []
    assert names(port, "/users/dora/repos", person="dora", type="member") == ["harbour/ferry", "harbour/light"]


def test_nobody_learns_who_has_an_account_without_one(port: Harbour) -> None:
    there, missing = (port.ask("GET", f"/users/{name}/repos", person=None) for name in ("dora", "dore"))

    assert there.status_code == missing.status_code == 404
    assert there.json()["error_message"].replace("dora", "dore") == missing.json()["error_message"]


def test_an_organization_lists_what_stands_in_it_and_below(port: Harbour) -> None:
    assert names(port, "/orgs/harbour/repos", person=None) == ["harbour/light"]
    assert names(port, "/orgs/harbour/repos", person="gu") == ["harbour/ferry", "harbour/light"]
    assert names(port, "/orgs/harbour/repos", person="gu", type="private") == ["harbour/ferry"]
    assert names(port, "/orgs/yard/repos", person="xiao") == ["yard/dock/hull", "yard/mast"]
    assert names(port, "/orgs/yard/repos") == ["yard/mast"]
    assert names(port, "/orgs/yard%2Fdock/repos", person="xiao") == ["yard/dock/hull"]


def test_an_organization_that_one_may_not_see_looks_like_none(port: Harbour) -> None:
    hidden, missing = (port.ask("GET", f"/orgs/yard%2F{name}/repos") for name in ("dock", "duck"))

    assert hidden.status_code == missing.status_code == 404
    assert hidden.json()["error_message"].replace("dock", "duck") == missing.json()["error_message"]
    assert port.ask("GET", "/orgs/../repos").status_code == 404


@pytest.mark.parametrize("route", ["/user/repos", "/users/chen/repos", "/orgs/harbour/repos"])
def test_a_token_without_the_scope_lists_nothing(harbour: Harbour, route: str) -> None:
    token = harbour.token("chen", frozenset({Scope.USER_READ, Scope.PROJECT_READ}))

    assert harbour.ask("GET", route, token=token).status_code == 403


def test_a_list_of_a_hundred_asks_the_database_no_more_than_a_list_of_three(harbour: Harbour) -> None:
    people = [harbour.people[name] for name in ("chen", "mei", "dora")]
    for number in range(100):
        creator = people[number % 3]
        path = RepositoryPath(harbour.organization.path, f"boat-{number:03}")
        made = create_repository(harbour.forge, path, creator=creator, visibility=Visibility.PUBLIC)
        if number % 10 == 0:
            fork_repository(harbour.forge, _identity(harbour, "rui"), made, namespace=NamespacePath(("rui",)))

    _questions(harbour, per_page=1)
    few = _questions(harbour, per_page=3)
    many = _questions(harbour, per_page=100)

    assert len(names(harbour, "/orgs/harbour/repos", per_page=100)) == 100
    assert many == few
    assert many < 40


def _identity(harbour: Harbour, name: str) -> Identity:
    return Identity(harbour.people[name], ALL_SCOPES)


def _questions(harbour: Harbour, per_page: int) -> int:
    with _counting(harbour) as statements:
        harbour.ask("GET", "/orgs/harbour/repos", person="dora", params={"per_page": per_page, "sort": "created"})
    return len(statements)


@contextmanager
def _counting(harbour: Harbour) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)

    engine = harbour.forge.database.engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def test_members_do_not_show_who_else_is_in_an_organization(harbour: Harbour) -> None:
    add_member(harbour.forge, harbour.organization, harbour.people["xiao"], Role.GUEST)

    body = harbour.ask("GET", "/repos/harbour/light", person=None)

    assert "xiao" not in body.text
