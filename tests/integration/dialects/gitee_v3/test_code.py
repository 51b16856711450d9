"""What apps show of a project: folders, files, branches, tags and commits; and stars and watches."""

import base64
from typing import Any

import pytest

from support.deciding import create_token
from support.gitee_server import Client

FERRY = "/projects/harbour%2Fferry"
CODE = f"{FERRY}/repository"
PATHS = ("tree", "files?file_path=README.md", "branches", "branches/main", "tags", "commits", "commits/main")


def test_a_folder_lists_its_entries(gitee: Client) -> None:
    root = gitee.ask("GET", f"{CODE}/tree", person="chen").json()
    below = gitee.ask("GET", f"{CODE}/tree?path=docs/a/&ref_name=main", person="chen").json()

    assert [(one["name"], one["type"], one["mode"]) for one in root] == [
        ("README.md", "blob", "100644"),
        ("docs", "tree", "040000"),
        ("src", "tree", "040000"),
    ]
    assert [(one["name"], one["path"]) for one in below] == [("b.md", "docs/a/b.md")]
    assert root[0]["id"] == gitee.harbour.git("rev-parse", "main:README.md").strip()


def test_a_file_comes_in_base64(gitee: Client) -> None:
    file = gitee.ask("GET", f"{CODE}/files?file_path=README.md&ref=main", person="chen").json()

    content = "# 渡船\n".encode()
    assert file == {
        "file_name": "README.md",
        "file_path": "README.md",
        "size": len(content),
        "encoding": "base64",
        "content": base64.b64encode(content).decode(),
        "ref": "main",
        "blob_id": gitee.harbour.git("rev-parse", "main:README.md").strip(),
        "commit_id": gitee.harbour.git("rev-parse", "main").strip(),
    }
    assert gitee.ask("GET", f"{CODE}/files?file_path=README.md", person="chen").json() == file


def test_branches_and_tags_name_their_commit(gitee: Client) -> None:
    tip = gitee.harbour.git("rev-parse", "main").strip()
    gitee.harbour.git("update-ref", "refs/heads/feature/渡", tip)
    gitee.harbour.git("update-ref", "refs/tags/v1", tip)

    branches = gitee.ask("GET", f"{CODE}/branches?page=1", person="chen")
    one = gitee.ask("GET", f"{CODE}/branches/feature/渡", person="chen").json()
    tags = gitee.ask("GET", f"{CODE}/tags", person="chen").json()

    assert [branch["name"] for branch in branches.json()] == ["feature/渡", "main"]
    assert branches.headers["x-total"] == "2"
    assert (one["name"], one["protected"], one["commit"]["id"]) == ("feature/渡", False, tip)
    assert [(tag["name"], tag["message"], tag["commit"]["id"]) for tag in tags] == [("v1", None, tip)]


def test_commits_come_newest_first_in_the_words_of_the_apps(gitee: Client) -> None:
    tip, first = gitee.harbour.git("rev-list", "main").split()

    commits = gitee.ask("GET", f"{CODE}/commits?page=1", person="chen").json()
    one = gitee.ask("GET", f"{CODE}/commits/{tip}", person="chen").json()

    assert [commit["id"] for commit in commits] == [tip, first]
    assert commits[0] == one
    assert (one["short_id"], one["title"], one["parent_ids"]) == (tip[:11], "fix the main thing", [first])
    assert one["message"].startswith("fix the main thing\n\nlong story")
    assert one["created_at"] == one["committed_date"] == "2023-11-16T10:00:00+08:00"


def test_a_double_slash_before_the_commits_means_nothing(gitee: Client) -> None:
    number = gitee.harbour.repository("ferry").id

    assert len(gitee.ask("GET", f"/projects/{number}//repository/commits", person="chen").json()) == 2


def test_the_links_of_a_history_keep_the_branch(gitee: Client) -> None:
    link = gitee.ask("GET", f"{CODE}/commits?ref_name=main&per_page=1", person="chen").headers["link"]

    at = "http://code.example.org/api/v3/projects/harbour%2Fferry/repository/commits"
    assert f'<{at}?ref_name=main&page=2&per_page=1>; rel="next"' in link


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("tree?ref_name=none", "404 Commit Not Found"),
        ("tree?path=none", "404 File Not Found"),
        ("tree?path=README.md", "404 File Not Found"),
        ("files?file_path=none", "404 File Not Found"),
        ("files?file_path=src", "404 File Not Found"),
        ("files?file_path=README.md&ref=--output=x", "404 Commit Not Found"),
        ("branches/none", "404 Branch Not Found"),
        ("commits/main~1", "404 Commit Not Found"),
        ("commits?ref_name=a..b", "404 Commit Not Found"),
        ("commits/" + "0" * 40, "404 Commit Not Found"),
    ],
)
def test_what_a_project_does_not_hold_is_named(gitee: Client, path: str, message: str) -> None:
    answer = gitee.ask("GET", f"{CODE}/{path}", person="chen")

    assert (answer.status_code, answer.json()) == (404, {"message": message})


@pytest.mark.parametrize("path", ["files", "files?file_path=", "files?file_path=../../x", "tree?path=.git/config"])
def test_a_path_that_no_tree_can_hold_is_a_bad_request(gitee: Client, path: str) -> None:
    answer = gitee.ask("GET", f"{CODE}/{path}", person="chen")

    assert answer.status_code in (400, 404)
    assert isinstance(answer.json()["message"], str)


@pytest.mark.parametrize(
    ("path", "expected"), [("tree", []), ("branches", []), ("tags", []), ("commits", []), ("commits?page=2", [])]
)
def test_an_empty_project_holds_nothing(gitee: Client, path: str, expected: Any) -> None:
    gitee.harbour.add_repository("harbour/empty")

    answer = gitee.ask("GET", f"/projects/harbour%2Fempty/repository/{path}", person="chen")

    assert (answer.status_code, answer.json()) == (200, expected)


def test_a_commit_at_the_end_of_the_calendar_is_shown(gitee: Client) -> None:
    gitee.harbour.commit({"a": b"a"}, "late", at=253_402_300_799)

    commits = gitee.ask("GET", f"{CODE}/commits", person="chen")

    assert commits.status_code == 200
    assert commits.json()[0]["committed_date"].startswith("9999-12-31T23:59:59")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("person", "status"),
    [(None, 401), ("xiao", 404), ("gu", 403), ("rui", 200), ("dora", 200), ("mei", 200), ("chen", 200), ("root", 200)],
)
def test_a_private_projects_code_is_for_reporters(gitee: Client, path: str, person: str | None, status: int) -> None:
    assert gitee.ask("GET", f"{CODE}/{path}", person=person).status_code == status


@pytest.mark.parametrize("path", PATHS)
def test_a_public_projects_code_is_for_whoever_has_a_token(gitee: Client, path: str) -> None:
    at = f"/projects/harbour%2Flight/repository/{path}"

    assert [gitee.ask("GET", at, person=person).status_code for person in (None, "xiao")] == [401, 200]


def test_a_star_is_counted_shown_and_taken_back(gitee: Client) -> None:
    number = gitee.harbour.repository("light").id
    token = gitee.harbour.token("xiao")
    first, again = (gitee.ask("POST", f"/projects/{number}/star?private_token={token}") for _ in range(2))
    other = gitee.ask("POST", f"/projects/{number}/star", person="chen")
    shown = gitee.ask("GET", f"/projects/{number}", person="xiao").json()
    taken = gitee.ask("POST", f"/projects/{number}/unstar", person="xiao")

    answers = [(answer.status_code, answer.json()) for answer in (first, again, other, taken)]
    assert answers == [(201, {"count": 1}), (201, {"count": 1}), (201, {"count": 2}), (201, {"count": 1})]
    assert (shown["stared"], shown["stars_count"], shown["watched"]) == (True, 2, False)
    assert gitee.ask("GET", f"/projects/{number}", person="xiao").json()["stared"] is False


def test_a_watch_is_counted_shown_and_taken_back(gitee: Client) -> None:
    put = gitee.ask("POST", f"{FERRY}/watch", person="gu")
    shown = gitee.ask("GET", FERRY, person="gu").json()
    taken = gitee.ask("POST", f"{FERRY}/unwatch", person="gu")

    assert (put.json(), taken.json()) == ({"count": 1}, {"count": 0})
    assert (shown["watched"], shown["watches_count"]) == (True, 1)


@pytest.mark.parametrize("action", ["star", "unstar", "watch", "unwatch"])
@pytest.mark.parametrize(("person", "status"), [(None, 401), ("xiao", 404), ("gu", 201)])
def test_a_mark_is_for_who_sees_the_project(gitee: Client, action: str, person: str | None, status: int) -> None:
    assert gitee.ask("POST", f"{FERRY}/{action}", person=person).status_code == status


@pytest.mark.parametrize(("mark", "listed"), [("star", "stared_projects"), ("watch", "watched_projects")])
def test_what_somebody_marked_is_listed_as_far_as_one_sees_it(gitee: Client, mark: str, listed: str) -> None:
    chen = gitee.harbour.people["chen"]
    for name in ("ferry", "light"):
        gitee.ask("POST", f"/projects/harbour%2F{name}/{mark}", person="chen")

    own = gitee.ask("GET", f"/user/{chen.id}/{listed}", person="chen")
    to_others = gitee.ask("GET", f"/user/chen/{listed}?page=1", person="xiao")

    assert {one["path"] for one in own.json()} == {"ferry", "light"}
    assert [one["path"] for one in to_others.json()] == ["light"]
    assert to_others.headers["x-total"] == "1"


def test_the_projects_of_somebody_are_listed_as_far_as_one_sees_them(gitee: Client) -> None:
    own = gitee.ask("GET", f"/user/{gitee.harbour.people['chen'].id}/projects", person="chen").json()
    to_others = gitee.ask("GET", "/user/chen/projects", person="xiao").json()

    assert {one["path"] for one in own} == {"ferry", "light"}
    assert [one["path"] for one in to_others] == ["light"]


@pytest.mark.parametrize("who", ["none", "999999", "chen@example.org", "%00"])
def test_somebody_who_is_not_there_is_404(gitee: Client, who: str) -> None:
    answer = gitee.ask("GET", f"/user/{who}/projects", person="xiao")

    assert (answer.status_code, answer.json()) == (404, {"message": "404 User Not Found"})


def test_a_repository_of_that_name_is_still_gits(gitee: Client) -> None:
    """A namespace `api` with a project `v3` would stand below this API's own path."""
    answer = gitee.ask("GET", "/some.git/info/refs?service=git-upload-pack")

    assert answer.headers["content-type"].startswith("text/plain")


def test_what_a_token_makes_is_seen_by_the_next_request_of_another(gitee: Client) -> None:
    other = create_token(gitee.harbour.forge, gitee.harbour.people["chen"], "other").reveal()
    gitee.ask("GET", "/projects", params={"private_token": other})
    gitee.ask("POST", "/projects", person="chen", data={"name": "one"})

    listed = gitee.ask("GET", "/projects", params={"private_token": other}).json()

    assert "one" in {project["name"] for project in listed}
