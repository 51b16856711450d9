"""Who one is, organizations, repositories, their branches, tags and commits, in the shapes of GitHub's API v3."""

from typing import Any

import pytest

from matou.forge.accounts.namespaces import create_organization
from support.gitcode_server import BASE, Harbour
from support.github_openapi import faults_of

API = "/github/api/v3"


def get(harbour: Harbour, path: str, *, person: str | None = "chen", status: int = 200, **options: Any) -> Any:
    answer = harbour.ask_site("GET", f"{API}{path}", person=person, **options)
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("path", "described"),
    [
        ("/rate_limit", "/rate_limit"),
        ("/meta", "/meta"),
        ("/user", "/user"),
        ("/users/dora", "/users/{username}"),
        ("/users/harbour", "/users/{username}"),
        ("/user/orgs", "/user/orgs"),
        ("/users/chen/orgs", "/users/{username}/orgs"),
        ("/orgs/harbour", "/orgs/{org}"),
        ("/orgs/harbour/members", "/orgs/{org}/members"),
        ("/user/repos", "/user/repos"),
        ("/users/chen/repos", "/users/{username}/repos"),
        ("/users/harbour/repos", "/users/{username}/repos"),
        ("/orgs/harbour/repos", "/orgs/{org}/repos"),
        ("/repos/harbour/ferry", "/repos/{owner}/{repo}"),
        ("/repos/harbour/ferry/branches", "/repos/{owner}/{repo}/branches"),
        ("/repos/harbour/ferry/branches/main", "/repos/{owner}/{repo}/branches/{branch}"),
        ("/repos/harbour/ferry/tags", "/repos/{owner}/{repo}/tags"),
        ("/repos/harbour/ferry/commits", "/repos/{owner}/{repo}/commits"),
        ("/repos/harbour/ferry/commits/main", "/repos/{owner}/{repo}/commits/{ref}"),
        ("/repos/harbour/ferry/contents/src", "/repos/{owner}/{repo}/contents/{path}"),
        ("/repos/harbour/ferry/contents/README.md", "/repos/{owner}/{repo}/contents/{path}"),
    ],
)
def test_an_answer_is_what_github_describes(harbour: Harbour, path: str, described: str) -> None:
    harbour.git("tag", "v1")

    answer = get(harbour, path)

    assert answer
    assert faults_of(described, answer) == []


def test_an_organization_has_the_repositories_that_one_may_see(harbour: Harbour) -> None:
    def names(person: str | None) -> set[str]:
        return {row["full_name"] for row in get(harbour, "/orgs/harbour/repos", person=person)}

    assert names("rui") == {"harbour/ferry", "harbour/light"}
    assert names(None) == {"harbour/light"}


def test_a_nested_owner_is_one_word_with_colons(harbour: Harbour) -> None:
    create_organization(harbour.forge, "north", owner=harbour.people["chen"], parent=harbour.organization)
    harbour.add_repository("harbour/north/crane")

    row = get(harbour, "/repos/harbour:north/crane")

    assert (row["full_name"], row["owner"]["login"]) == ("harbour:north/crane", "harbour:north")
    assert row["url"] == f"{BASE}{API}/repos/harbour:north/crane"
    assert row["clone_url"] == f"{BASE}/harbour/north/crane.git"
    assert get(harbour, "/repos/harbour%2Fnorth/crane") == row
    assert get(harbour, "/orgs/harbour:north")["login"] == "harbour:north"
    assert [one["full_name"] for one in get(harbour, "/users/harbour:north/repos")] == ["harbour:north/crane"]


def test_what_may_not_be_seen_is_as_if_it_were_not_there(harbour: Harbour) -> None:
    hidden, missing = (get(harbour, f"/repos/harbour/{name}", person="xiao", status=404) for name in ("ferry", "x"))

    assert hidden == missing
    assert hidden == {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}


@pytest.mark.parametrize("header", ["Bearer {}", "token {}"])
def test_a_token_is_taken_as_github_s_clients_send_it(harbour: Harbour, header: str) -> None:
    headers = {"Authorization": header.format(harbour.token("rui"))}

    assert get(harbour, "/repos/harbour/ferry", person=None, headers=headers)["private"] is True


def test_a_credential_without_a_character_is_none(harbour: Harbour) -> None:
    """As Gitea's importer sends it that was given neither token nor password."""
    assert get(harbour, "/repos/harbour/light", person=None, headers={"Authorization": "Basic Og=="})["id"]
    assert get(harbour, "/user", person=None, status=401)["message"] == "Bad credentials"
    assert get(harbour, "/user", person=None, headers={"Authorization": "token x"}, status=401)["status"] == "401"


def test_pages_are_linked_and_what_was_asked_stays_in_the_links(harbour: Harbour) -> None:
    path = f"{API}/orgs/harbour/repos"
    first = harbour.ask_site("GET", path, params={"per_page": 1, "type": "all", "sort": "created"})
    last = harbour.ask_site("GET", path, params={"per_page": 1, "page": 2})

    assert first.headers["link"] == (
        f'<{BASE}{path}?sort=created&per_page=1&page=2>; rel="next", '
        f'<{BASE}{path}?sort=created&per_page=1&page=2>; rel="last"'
    )
    assert 'rel="prev"' in last.headers["link"]
    assert 'rel="next"' not in last.headers["link"]
    assert "link" not in harbour.ask_site("GET", path).headers
    assert len(last.json()) == 1


def test_what_a_client_has_already_is_not_sent_again(harbour: Harbour) -> None:
    path = f"{API}/repos/harbour/ferry/branches"
    tag = harbour.ask_site("GET", path).headers["etag"]

    assert harbour.ask_site("GET", path, headers={"If-None-Match": tag}).status_code == 304
    harbour.git("branch", "next", "main")
    assert harbour.ask_site("GET", path, headers={"If-None-Match": tag}).status_code == 200


def test_files_are_given_as_they_are_to_whoever_wants_them_so(harbour: Harbour) -> None:
    path = f"{API}/repos/harbour/ferry/contents/src/main.c"
    raw = harbour.ask_site("GET", path, headers={"Accept": "application/vnd.github.raw+json"})

    assert raw.content == b"int main(void);\n"
    assert harbour.ask_site("GET", path).json()["content"] == "aW50IG1haW4odm9pZCk7Cg=="


def test_a_parameter_that_cannot_be_used_is_told_as_github_does(harbour: Harbour) -> None:
    answer = get(harbour, "/user/repos", params={"sort": "size"}, status=422)

    assert (answer["message"], answer["errors"][0]["code"]) == ("Validation Failed", "custom")
    assert get(harbour, "/repos/harbour/ferry/nothing", status=404)["message"] == "Not Found"
    assert harbour.ask_site("POST", f"{API}/user/repos", json={"name": "x"}).status_code == 405


def test_how_often_one_may_ask_is_told_with_each_answer(harbour: Harbour) -> None:
    headers = harbour.ask_site("GET", f"{API}/user").headers

    assert int(headers["x-ratelimit-remaining"]) > 0
    assert int(headers["x-ratelimit-reset"]) > harbour.forge.now().timestamp()
