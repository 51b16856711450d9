"""Listing, showing and making projects: the document's shapes, pages to their end, and who may."""

import re
from datetime import timedelta

import pytest

from matou.db.memberships import Role
from matou.forge.access import Scope
from matou.forge.accounts.namespaces import find_namespace
from matou.forge.repositories.repository_lists import find_repository
from matou.git.refs.listing import read_refs
from matou.model.names import NamespacePath, RepositoryPath
from matou.model.platform import Visibility
from support.deciding import add_member
from support.gitee_server import Client, assert_like, projects_shown, sample

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00\Z")


def fill(gitee: Client, count: int) -> None:
    for number in range(count):
        gitee.harbour.clock.advance(timedelta(seconds=1))
        gitee.harbour.add_repository(f"chen/p{number:03}")


def paths(answer: object) -> list[str]:
    assert isinstance(answer, list)
    return [project["path_with_namespace"] for project in answer]


def test_a_list_has_the_keys_and_types_of_the_document(gitee: Client) -> None:
    answer = gitee.ask("GET", "/projects?page=1", person="chen")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert sorted(paths(answer.json())) == ["harbour/ferry", "harbour/light"]
    assert_like(answer.json(), projects_shown())
    ferry = next(one for one in answer.json() if one["path"] == "ferry")
    assert (ferry["stared"], ferry["watched"], ferry["relation"]) == (None, None, None)


def test_a_project_has_the_keys_and_types_of_the_document(gitee: Client) -> None:
    project = gitee.ask("GET", "/projects/harbour%2Fferry", person="chen").json()

    assert_like(project, sample("project"))
    assert (project["stared"], project["watched"], project["relation"]) == (False, False, "master")
    assert (project["fork?"], project["recomm"], project["public"]) == (False, 0, False)
    assert type(project["recomm"]) is int
    assert project["description"] == "the ferry"
    assert MOMENT.match(project["created_at"])
    assert project["namespace"]["address"] is None
    assert project["owner"]["new_portrait"].startswith("http://code.example.org/")


def test_a_project_is_found_by_its_number_too(gitee: Client) -> None:
    number = gitee.harbour.repository("ferry").id

    by_number = gitee.ask("GET", f"/projects/{number}", person="chen")

    assert by_number.json() == gitee.ask("GET", "/projects/harbour%2Fferry", person="chen").json()


def test_a_description_that_was_never_given_is_empty_and_not_null(gitee: Client) -> None:
    assert gitee.ask("POST", "/projects", person="chen", data={"name": "bare"}).json()["description"] == ""


@pytest.mark.parametrize(
    "where", ["harbour%2Fnone", "999999", "9" * 30, "-1", "none", "a%00b%2Fc", "..%2F..", "%2F", "*", "%C3%28"]
)
def test_what_is_not_there_is_a_text_and_404(gitee: Client, where: str) -> None:
    answer = gitee.ask("GET", f"/projects/{where}", person="chen")

    assert answer.status_code == 404
    assert answer.json() in ({"message": "404 Project Not Found"}, {"error": "404 Not Found"})


def test_a_private_project_of_others_and_none_at_all_answer_alike(gitee: Client) -> None:
    ferry = gitee.harbour.repository("ferry").id
    answers = [gitee.ask("GET", f"/projects/{at}", person="xiao") for at in (ferry, 999_999, "harbour%2Fferry")]

    assert {(answer.status_code, answer.text) for answer in answers} == {(404, '{"message":"404 Project Not Found"}')}


def test_an_email_is_shown_to_its_owner_alone(gitee: Client) -> None:
    own = gitee.ask("GET", "/projects/harbour%2Flight", person="chen").json()
    to_others = gitee.ask("GET", "/projects/harbour%2Flight", person="xiao").json()

    assert (own["owner"]["email"], to_others["owner"]["email"]) == ("chen@example.org", "")


@pytest.mark.parametrize(
    ("person", "relation"), [("mei", "master"), ("dora", "developer"), ("rui", "reporter"), ("gu", "guest")]
)
def test_the_relation_is_the_callers(gitee: Client, person: str, relation: str) -> None:
    assert gitee.ask("GET", "/projects/harbour%2Fferry", person=person).json()["relation"] == relation


def test_nobody_sees_anothers_projects_in_their_list(gitee: Client) -> None:
    assert gitee.ask("GET", "/projects", person="xiao").json() == []


def test_pages_come_newest_first_until_an_empty_one(gitee: Client) -> None:
    fill(gitee, 45)
    pages = [gitee.ask("GET", f"/projects?page={page}", person="chen") for page in (1, 2, 3, 4, 99)]

    assert [len(page.json()) for page in pages] == [20, 20, 7, 0, 0]
    assert {page.status_code for page in pages} == {200}
    listed = [path for page in pages for path in paths(page.json())]
    assert listed[:45] == [f"chen/p{number:03}" for number in reversed(range(45))]
    assert len(set(listed)) == 47


def test_a_page_tells_of_the_others_and_never_repeats_a_token(gitee: Client) -> None:
    fill(gitee, 45)
    token = gitee.harbour.token("chen")

    second = gitee.ask("GET", f"/projects?page=2&private_token={token}").headers
    past = gitee.ask("GET", "/projects?page=9", person="chen").headers

    at = "http://code.example.org/api/v3/projects"
    assert second["link"] == (
        f'<{at}?page=3&per_page=20>; rel="next", <{at}?page=1&per_page=20>; rel="prev", '
        f'<{at}?page=1&per_page=20>; rel="first", <{at}?page=3&per_page=20>; rel="last"'
    )
    told = {name: second[f"x-{name}"] for name in ("total", "total-pages", "page", "per-page", "next-page")}
    assert told == {"total": "47", "total-pages": "3", "page": "2", "per-page": "20", "next-page": "3"}
    assert ('rel="next"' in past["link"], past["x-next-page"]) == (False, "")


@pytest.mark.parametrize(
    ("query", "count"),
    [("per_page=1000", 100), ("per_page=7", 7), ("per_page=0", 20), ("page=0", 20), ("page=-3", 20), ("page=", 20)],
)
def test_a_page_has_at_most_a_hundred(gitee: Client, query: str, count: int) -> None:
    fill(gitee, 110)

    assert len(gitee.ask("GET", f"/projects?{query}", person="chen").json()) == count


@pytest.mark.parametrize("query", ["page=x", "per_page=1e9", "page=99999999999999999999"])
def test_a_page_that_is_no_number_is_a_bad_request(gitee: Client, query: str) -> None:
    answer = gitee.ask("GET", f"/projects?{query}", person="chen")

    assert answer.status_code == 400
    assert isinstance(answer.json()["message"], str)


@pytest.mark.parametrize("size", [1, 7, 20, 33, 60, 100])
def test_pages_of_any_size_are_parts_of_one_list(gitee: Client, size: int) -> None:
    fill(gitee, 130)
    numbers = range(1, 132 // size + 3)

    pages = [gitee.ask("GET", f"/projects?page={n}&per_page={size}", person="chen") for n in numbers]

    listed = [path for page in pages for path in paths(page.json())]
    assert listed[:130] == [f"chen/p{number:03}" for number in reversed(range(130))]
    assert (len(listed), pages[-1].json()) == (132, [])
    assert [int(page.headers["x-page"]) for page in pages] == list(numbers)


def test_a_list_that_was_remembered_shows_what_was_made_since(gitee: Client) -> None:
    before = paths(gitee.ask("GET", "/projects", person="chen").json())
    gitee.ask("POST", "/projects", person="chen", data={"name": "new"})

    assert set(paths(gitee.ask("GET", "/projects", person="chen").json())) - set(before) == {"chen/new"}


def test_a_remembered_list_is_for_nobody_else(gitee: Client) -> None:
    chens = [gitee.ask("GET", "/projects", person="chen").json() for _ in range(2)]
    dora = gitee.ask("GET", "/projects", person="dora").json()

    assert chens[0] == chens[1]
    assert {one["owner"]["email"] for one in chens[0]} == {"chen@example.org"}
    assert {one["owner"]["email"] for one in dora} == {""}


def test_a_new_project_is_empty_public_and_ready_for_a_first_push_to_master(gitee: Client) -> None:
    answer = gitee.ask("POST", "/projects", person="chen", data={"name": "CurePHP", "description": "说明"})

    assert answer.status_code == 201
    assert_like(answer.json(), sample("project"))
    made = find_repository(gitee.harbour.forge, RepositoryPath.parse("chen/CurePHP"))
    assert (made.visibility, made.description, made.default_branch) == (Visibility.PUBLIC, "说明", "master")
    project = answer.json()
    assert (project["path"], project["name"], project["path_with_namespace"]) == ("CurePHP", "CurePHP", "chen/CurePHP")
    assert (project["last_push_at"], project["default_branch"]) == (None, "master")
    listing = read_refs(gitee.harbour.forge.git_dir(made))
    assert (dict(listing.refs), listing.head) == ({}, "refs/heads/master")


@pytest.mark.parametrize(
    ("fields", "visibility"),
    [
        ({}, Visibility.PUBLIC),
        ({"private": "0"}, Visibility.PUBLIC),
        ({"private": ""}, Visibility.PUBLIC),
        ({"private": "false"}, Visibility.PUBLIC),
        ({"private": "1"}, Visibility.PRIVATE),
        ({"private": "-1"}, Visibility.PRIVATE),
        ({"private": "true"}, Visibility.PRIVATE),
        ({"private": "True"}, Visibility.PRIVATE),
        ({"private": "7"}, Visibility.PRIVATE),
        ({"public": "false"}, Visibility.PRIVATE),
        ({"public": "true", "private": "1"}, Visibility.PRIVATE),
        ({"visibility_level": "0"}, Visibility.PRIVATE),
        ({"visibility_level": "10"}, Visibility.INTERNAL),
        ({"visibility_level": "20"}, Visibility.PUBLIC),
    ],
)
def test_a_project_is_public_unless_anything_says_otherwise(
    gitee: Client, fields: dict[str, str], visibility: Visibility
) -> None:
    gitee.ask("POST", "/projects", person="chen", data={"name": "one", **fields})

    assert gitee.harbour.repository("chen/one").visibility is visibility


@pytest.mark.parametrize("value", [True, 1, "1", "true"])
def test_private_is_read_from_json_of_any_type(gitee: Client, value: object) -> None:
    gitee.ask("POST", "/projects", person="chen", json={"name": "one", "private": value})

    assert gitee.harbour.repository("chen/one").visibility is Visibility.PRIVATE


@pytest.mark.parametrize("value", ["maybe", "1.5", "[]"])
def test_a_private_that_cannot_be_read_makes_nothing(gitee: Client, value: str) -> None:
    answer = gitee.ask("POST", "/projects", person="chen", data={"name": "one", "private": value})

    assert answer.status_code == 400
    assert gitee.ask("GET", "/projects/chen%2Fone", person="chen").status_code == 404


@pytest.mark.parametrize("name", ["ferry", "FERRY"])
def test_a_name_that_is_taken_is_told_as_the_document_has_it(gitee: Client, name: str) -> None:
    gitee.harbour.add_repository("chen/ferry")

    answer = gitee.ask("POST", "/projects", person="chen", data={"name": name})

    assert (answer.status_code, answer.text) == (200, '{"status":0,"message":"该项目名已存在!"}')
    assert answer.json() == sample("name_taken")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, '400 (Bad request) "name" not given'),
        ({"name": ""}, '400 (Bad request) "name" not given'),
        ({"name": "a/b"}, "400 (Bad request) "),
        ({"name": ".."}, "400 (Bad request) "),
        ({"name": "x" * 300}, "400 (Bad request) "),
        ({"name": "one", "description": "x" * 20_000}, "400 (Bad request) "),
        ({"name": "a\0b"}, "400 (Bad request) "),
    ],
)
def test_a_name_that_cannot_be_one_is_a_bad_request_with_a_text(
    gitee: Client, fields: dict[str, str], message: str
) -> None:
    answer = gitee.ask("POST", "/projects", person="chen", data=fields)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)


def test_a_project_is_made_in_a_namespace_that_its_number_names(gitee: Client) -> None:
    number = gitee.harbour.organization.id

    made = gitee.ask("POST", "/projects", person="mei", data={"name": "buoy", "namespace_id": str(number)})
    refused = gitee.ask("POST", "/projects", person="dora", data={"name": "anchor", "namespace_id": str(number)})

    assert (made.status_code, made.json()["path_with_namespace"]) == (201, "harbour/buoy")
    assert refused.status_code == 403


def test_a_namespace_that_one_does_not_see_and_none_at_all_answer_alike(gitee: Client) -> None:
    chens = find_namespace(gitee.harbour.forge, NamespacePath(("chen",))).id
    answers = [
        gitee.ask("POST", "/projects", person="xiao", data={"name": "one", "namespace_id": str(number)})
        for number in (chens, 999_999)
    ]

    assert {(answer.status_code, answer.text) for answer in answers} == {(404, '{"message":"404 Namespace Not Found"}')}


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("GET", "/projects", Scope.REPOSITORY_READ),
        ("GET", "/projects/harbour%2Fferry", Scope.REPOSITORY_READ),
        ("POST", "/projects", Scope.REPOSITORY_WRITE),
        ("GET", "/user", Scope.USER_READ),
        ("GET", "/user/chen/stared_projects", Scope.REPOSITORY_READ),
        ("GET", "/user/chen/projects", Scope.REPOSITORY_READ),
    ],
)
def test_a_token_is_good_for_what_it_was_made_for(gitee: Client, method: str, path: str, needed: Scope) -> None:
    others = frozenset(Scope) - {needed, Scope.REPOSITORY_WRITE}
    with_it, without = (gitee.harbour.token("chen", scopes) for scopes in (frozenset({needed}), others))

    refused = gitee.ask(method, f"{path}?private_token={without}", data={"name": "one"} if method == "POST" else None)
    allowed = gitee.ask(method, f"{path}?private_token={with_it}", data={"name": "one"} if method == "POST" else None)

    assert (refused.status_code, allowed.is_success) == (403, True)


def test_who_is_made_a_member_finds_the_project_in_their_list(gitee: Client) -> None:
    gitee.ask("GET", "/projects", person="xiao")
    add_member(gitee.harbour.forge, gitee.harbour.organization, gitee.harbour.people["xiao"], Role.GUEST)

    assert sorted(paths(gitee.ask("GET", "/projects", person="xiao").json())) == ["harbour/ferry", "harbour/light"]


def test_who_administers_the_server_is_shown_what_is_theirs(gitee: Client) -> None:
    listed = gitee.ask("GET", "/projects", person="root").json()

    assert listed == []
    assert gitee.ask("GET", "/projects/harbour%2Fferry", person="root").status_code == 200
