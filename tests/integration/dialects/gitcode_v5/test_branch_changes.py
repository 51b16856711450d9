"""Branches and tags made and deleted over the API: answers, refusals, and that a refusal leaves nothing."""

from typing import Any

import httpx
import pytest

from support.gitcode_server import Harbour

FERRY = "/repos/harbour/ferry"


def refused(answer: httpx.Response) -> tuple[int, int, str]:
    body: dict[str, Any] = answer.json()
    return answer.status_code, body["error_code"], body["error_code_name"]


def state(harbour: Harbour) -> tuple[str, list[str]]:
    git_dir = harbour.forge.git_dir(harbour.repository())
    return harbour.git("for-each-ref"), sorted(str(path) for path in git_dir.rglob("*"))


@pytest.mark.parametrize("start", ["main", "v1", "refs/heads/main", "{sha}", None])
def test_a_branch_is_made_where_it_was_asked_for(harbour: Harbour, start: str | None) -> None:
    harbour.git("tag", "-a", "-m", "one", "v1", "main")
    tip = harbour.git("rev-parse", "main").strip()
    asked = {"refs": start and start.format(sha=tip), "branch_name": "feature/新"}

    answer = harbour.ask("POST", f"{FERRY}/branches", person="dora", json=asked)

    assert answer.status_code == 201
    body = answer.json()
    assert (body["name"], body["protected"], body["commit"]["sha"]) == ("feature/新", False, tip)
    assert body["commit"]["url"] == f"http://code.example.org/api/v5{FERRY}/commits/{tip}"
    assert body["commit"]["commit"]["message"] == "fix the main thing\n\nlong story"
    assert body["commit"]["commit"]["author"]["name"] == "王芳"
    assert harbour.git("rev-parse", "refs/heads/feature/新").strip() == tip


@pytest.mark.parametrize("path", ["feature/x", "feature%2Fx"])
def test_a_branch_is_deleted_however_its_slash_is_written(harbour: Harbour, path: str) -> None:
    harbour.git("branch", "feature/x", "main")

    assert harbour.ask("DELETE", f"{FERRY}/branches/{path}").status_code == 204

    assert "feature/x" not in harbour.git("for-each-ref")


def test_a_tag_is_made_bare_or_with_a_message(harbour: Harbour) -> None:
    tip = harbour.git("rev-parse", "main").strip()

    bare = harbour.ask("POST", f"{FERRY}/tags", json={"refs": "main", "tag_name": "tag2", "tag_message": ""})
    noted = harbour.ask("POST", f"{FERRY}/tags", data={"tag_name": "v/1", "tag_message": "第一版"})

    assert (bare.status_code, noted.status_code) == (201, 201)
    assert bare.json() == {
        "name": "tag2",
        "message": "",
        "commit": {"sha": tip, "date": bare.json()["commit"]["date"]},
        "tagger": None,
    }
    assert (noted.json()["message"], noted.json()["commit"]["sha"]) == ("第一版", tip)
    assert noted.json()["tagger"]["name"] == "Chen"
    assert harbour.git("cat-file", "-t", "v/1").strip() == "tag"
    assert harbour.git("rev-parse", "v/1^{commit}").strip() == tip
    assert harbour.git("fsck", "--strict", "--unreachable") == ""


def test_a_tag_is_deleted(harbour: Harbour) -> None:
    harbour.git("tag", "v/1", "main")

    assert harbour.ask("DELETE", f"{FERRY}/tags/v%2F1").status_code == 204

    assert "refs/tags" not in harbour.git("for-each-ref")


REFUSED: dict[str, tuple[str, str, dict[str, Any], tuple[int, int, str]]] = {
    "a branch that is there": ("POST", "branches", {"refs": "main", "branch_name": "main"}, (400, 400, "UN_KNOW")),
    "a branch below one": ("POST", "branches", {"refs": "main", "branch_name": "main/x"}, (400, 400, "UN_KNOW")),
    "from nowhere": ("POST", "branches", {"refs": "no", "branch_name": "x"}, (404, 404, "UN_KNOW")),
    "from an expression": ("POST", "branches", {"refs": "main~1", "branch_name": "x"}, (404, 404, "UN_KNOW")),
    "from an option": ("POST", "branches", {"refs": "--output=x", "branch_name": "x"}, (404, 404, "UN_KNOW")),
    "from a tree": ("POST", "branches", {"refs": "{tree}", "branch_name": "x"}, (404, 404, "UN_KNOW")),
    "without a name": ("POST", "branches", {"refs": "main"}, (400, 1000, "PARAMETER_ERROR")),
    "an option's name": ("POST", "branches", {"refs": "main", "branch_name": "-x"}, (400, 400, "UN_KNOW")),
    "an object id's name": ("POST", "branches", {"refs": "main", "branch_name": "a" * 40}, (400, 400, "UN_KNOW")),
    "two dots": ("POST", "branches", {"refs": "main", "branch_name": "a..b"}, (400, 400, "UN_KNOW")),
    "a hidden ref": ("POST", "branches", {"refs": "main", "branch_name": "refs/matou/x"}, (400, 400, "UN_KNOW")),
    "a tag that is there": ("POST", "tags", {"refs": "main", "tag_name": "v1"}, (400, 400, "UN_KNOW")),
    "a noted tag that is there": (
        "POST",
        "tags",
        {"refs": "main", "tag_name": "v1", "tag_message": "again"},
        (400, 400, "UN_KNOW"),
    ),
    "too long a message": (
        "POST",
        "tags",
        {"refs": "main", "tag_name": "v2", "tag_message": "x" * 65536},
        (400, 400, "BAD_REQUEST"),
    ),
    "the default branch": ("DELETE", "branches/main", {}, (403, 403, "FORBIDDEN")),
    "no branch": ("DELETE", "branches/no", {}, (404, 404, "UN_KNOW")),
    "a tag as a branch": ("DELETE", "branches/v1", {}, (404, 404, "UN_KNOW")),
    "no tag": ("DELETE", "tags/main", {}, (404, 404, "UN_KNOW")),
}


@pytest.mark.parametrize(("method", "path", "asked", "failure"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_is_refused_and_changes_nothing(
    harbour: Harbour, method: str, path: str, asked: dict[str, Any], failure: tuple[int, int, str]
) -> None:
    harbour.git("tag", "v1", "main")
    tree = harbour.git("rev-parse", "main^{tree}").strip()
    before = state(harbour)

    answer = harbour.ask(method, f"{FERRY}/{path}", json={k: v.format(tree=tree) for k, v in asked.items()})

    assert refused(answer) == failure
    assert state(harbour) == before


@pytest.mark.parametrize(("method", "path"), [("POST", "branches"), ("POST", "tags"), ("DELETE", "branches/x")])
@pytest.mark.parametrize(("person", "status"), [(None, 404), ("xiao", 404), ("gu", 403), ("rui", 403)])
def test_who_may_not_push_may_not_do_this(
    harbour: Harbour, method: str, path: str, person: str | None, status: int
) -> None:
    harbour.git("branch", "x", "main")
    before = state(harbour)

    asked = {"branch_name": "y", "tag_name": "y", "refs": "main"}
    assert harbour.ask(method, f"{FERRY}/{path}", person=person, json=asked).status_code == status

    assert state(harbour) == before
