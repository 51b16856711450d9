"""4, 5 and 6 over the API: what they answer, in which forms they are asked, and what they refuse."""

from base64 import b64encode
from typing import Any

import httpx
import pytest

from matou.forge.content.file_changes import LARGEST_FILE_BYTES
from support.gitcode_server import Harbour

FERRY = "/repos/harbour/ferry/contents"


def encoded(content: bytes) -> str:
    return b64encode(content).decode()


def sha_of(harbour: Harbour, path: str) -> str:
    return harbour.git("rev-parse", f"main:{path}").strip()


def state(harbour: Harbour) -> tuple[str, list[str]]:
    """Every ref, and every file of the repository."""
    git_dir = harbour.forge.git_dir(harbour.repository())
    return harbour.git("for-each-ref"), sorted(str(path) for path in git_dir.rglob("*"))


def refused(answer: httpx.Response) -> tuple[int, int, str]:
    body: dict[str, Any] = answer.json()
    return answer.status_code, body["error_code"], body["error_code_name"]


def test_a_file_is_made_and_the_answer_has_what_the_document_shows(harbour: Harbour) -> None:
    tip = harbour.git("rev-parse", "main").strip()
    asked = {
        "content": encoded("你好\n".encode()),
        "message": "api提交",
        "author[name]": "xg1",
        "author[email]": "xg1@qq.com",
        "committer[name]": "xg2",
        "committer[email]": "xg2@qq.com",
    }

    answer = harbour.ask("POST", f"{FERRY}/新/xg8.txt", person="dora", json=asked)

    assert answer.status_code == 201
    body = answer.json()
    assert body["commit"] == {
        "sha": harbour.git("rev-parse", "main").strip(),
        "author": {"name": "xg1", "email": "xg1@qq.com", "date": body["commit"]["author"]["date"]},
        "committer": {"name": "Dora", "email": "dora@example.org", "date": body["commit"]["author"]["date"]},
        "message": "api提交",
        "tree": harbour.git("rev-parse", "main^{tree}").strip(),
        "parents": [{"sha": tip, "url": f"http://code.example.org/api/v5/repos/harbour/ferry/commits/{tip}"}],
    }
    assert body["commit"]["author"]["date"].endswith("+00:00")
    assert body["content"]["sha"] == sha_of(harbour, "新/xg8.txt")
    assert (body["content"]["name"], body["content"]["path"], body["content"]["size"]) == ("xg8.txt", "新/xg8.txt", 7)
    assert harbour.git("cat-file", "blob", "main:新/xg8.txt") == "你好\n"


@pytest.mark.parametrize(
    "form",
    [
        {"json": {"content": "eA==", "message": "m", "author": {"name": "xg1", "email": "x@example.org"}}},
        {"data": {"content": "eA==", "message": "m", "author[name]": "xg1", "author[email]": "x@example.org"}},
        {"files": {"content": (None, "eA=="), "message": (None, "m"), "author[name]": (None, "xg1")}},
        {"params": {"content": "eA==", "message": "m", "author[name]": "xg1"}},
        {"json": {"content": "eA\r\n==\n", "message": "m", "author[name]": "xg1", "branch": None}},
    ],
    ids=["json", "form", "multipart", "query", "wrapped lines"],
)
def test_a_file_is_made_in_whatever_form_it_is_asked_for(harbour: Harbour, form: dict[str, Any]) -> None:
    answer = harbour.ask("POST", f"{FERRY}/new%2Ffile", **form)

    assert answer.status_code == 201, answer.text
    assert harbour.git("cat-file", "blob", "main:new/file") == "x"
    assert harbour.git("log", "-1", "--format=%an", "main").strip() == "xg1"


def test_an_existing_path_is_refused_in_gitcodes_words(harbour: Harbour) -> None:
    before = state(harbour)

    answer = harbour.ask("POST", f"{FERRY}/README.md", json={"content": "eA==", "message": "m"})

    assert refused(answer) == (400, 400, "UN_KNOW")
    assert answer.json()["error_message"] == ("The path cannot be created: README.md ,because README.md already exist.")
    assert state(harbour) == before


def test_a_file_is_changed_and_the_answer_has_what_the_document_shows(harbour: Harbour) -> None:
    asked = {"content": encoded(b"changed\n"), "message": "change", "sha": sha_of(harbour, "src/main.c")}

    answer = harbour.ask("PUT", f"{FERRY}/src/main.c", json=asked)

    assert answer.status_code == 200
    assert answer.json()["content"] == {
        "name": "main.c",
        "path": "src/main.c",
        "url": "http://code.example.org/api/v5/repos/harbour/ferry/contents/src/main.c",
        "html_url": "http://code.example.org/harbour/ferry/blob/main/src/main.c",
        "download_url": "http://code.example.org/api/v5/repos/harbour/ferry/raw/src/main.c",
        "_links": {
            "self": "http://code.example.org/api/v5/repos/harbour/ferry/contents/src/main.c",
            "html": "http://code.example.org/harbour/ferry/blob/main/src/main.c",
        },
        "sha": sha_of(harbour, "src/main.c"),
        "size": 8,
        "type": "file",
    }
    assert answer.json()["commit"]["sha"] == harbour.git("rev-parse", "main").strip()


def test_links_to_a_file_on_another_branch_lead_there(harbour: Harbour) -> None:
    harbour.git("branch", "side", "main")

    body = harbour.ask("POST", f"{FERRY}/x", json={"content": "eA==", "message": "m", "branch": "side"}).json()

    assert body["content"]["url"].endswith("/contents/x?ref=side")
    assert body["content"]["download_url"].endswith("/raw/x?ref=side")
    assert body["content"]["html_url"].endswith("/blob/side/x")


@pytest.mark.parametrize("carrier", ["json", "params", "data"])
def test_a_file_is_deleted_and_the_answer_has_what_the_document_shows(harbour: Harbour, carrier: str) -> None:
    tip, sha = harbour.git("rev-parse", "main").strip(), sha_of(harbour, "docs/a/b.md")

    asked: dict[str, Any] = {carrier: {"sha": sha, "message": "api删除文件"}}

    answer = harbour.ask("DELETE", f"{FERRY}/docs/a/b.md", **asked)

    assert answer.status_code == 200
    commit = answer.json()["commit"]
    assert commit == {
        "sha": harbour.git("rev-parse", "main").strip(),
        "author": {"name": "Chen", "email": "chen@example.org", "date": commit["author"]["date"]},
        "committer": commit["author"],
        "message": "api删除文件",
        "tree": harbour.git("rev-parse", "main^{tree}").strip(),
        "parents": [tip],
    }
    assert commit["author"]["date"].endswith(".000Z")
    assert harbour.git("ls-tree", "-r", "--name-only", "main").split() == ["README.md", "src/main.c"]


REFUSED: dict[str, tuple[str, str, dict[str, Any], tuple[int, int, str]]] = {
    "the document's sample": ("POST", "x", {"content": "你好你好", "message": "m"}, (400, 400, "BAD_REQUEST")),
    "no padding": ("POST", "x", {"content": "eA=", "message": "m"}, (400, 400, "BAD_REQUEST")),
    "a space": ("POST", "x", {"content": "eA ==", "message": "m"}, (400, 400, "BAD_REQUEST")),
    "no content": ("POST", "x", {"message": "m"}, (400, 1000, "PARAMETER_ERROR")),
    "no message": ("POST", "x", {"content": "eA=="}, (400, 1000, "PARAMETER_ERROR")),
    "blank message": ("POST", "x", {"content": "eA==", "message": " "}, (400, 400, "BAD_REQUEST")),
    "a name without end": (
        "POST",
        "x",
        {"content": "eA==", "message": "m", "author": {"name": "x" * 1_500_000}},
        (400, 400, "BAD_REQUEST"),
    ),
    "a list": ("POST", "x", {"content": ["eA=="], "message": "m"}, (400, 400, "BAD_REQUEST")),
    "no such branch": ("POST", "x", {"content": "eA==", "message": "m", "branch": "no"}, (404, 404, "UN_KNOW")),
    "an option": ("POST", "x", {"content": "eA==", "message": "m", "branch": "--output=x"}, (404, 404, "UN_KNOW")),
    "git's folder": ("POST", ".git/config", {"content": "eA==", "message": "m"}, (400, 400, "BAD_REQUEST")),
    "up": ("POST", "%2E%2E/x", {"content": "eA==", "message": "m"}, (400, 400, "BAD_REQUEST")),
    "up encoded": ("POST", "a%2F..%2F.git%2Fconfig", {"content": "eA==", "message": "m"}, (400, 400, "BAD_REQUEST")),
    "the root": ("POST", "", {"content": "eA==", "message": "m"}, (405, 405, "METHOD_NOT_ALLOWED")),
    "below a file": ("POST", "README.md/x", {"content": "eA==", "message": "m"}, (400, 400, "UN_KNOW")),
    "a stale sha": ("PUT", "README.md", {"content": "eA==", "message": "m", "sha": "0" * 40}, (400, 400, "UN_KNOW")),
    "no sha": ("PUT", "README.md", {"content": "eA==", "message": "m"}, (400, 400, "BAD_REQUEST")),
    "no object id": ("PUT", "README.md", {"content": "eA==", "message": "m", "sha": "zz"}, (400, 400, "UN_KNOW")),
    "a sha of nothing": ("PUT", "no", {"content": "eA==", "message": "m", "sha": "0" * 40}, (400, 400, "UN_KNOW")),
    "a folder": ("PUT", "src", {"content": "eA==", "message": "m", "sha": "0" * 40}, (400, 400, "UN_KNOW")),
    "delete without sha": ("DELETE", "README.md", {"message": "m"}, (400, 1000, "PARAMETER_ERROR")),
    "delete a stale sha": ("DELETE", "README.md", {"message": "m", "sha": "0" * 40}, (400, 400, "UN_KNOW")),
    "delete nothing": ("DELETE", "no", {"message": "m", "sha": "0" * 40}, (404, 404, "UN_KNOW")),
    "delete a folder": ("DELETE", "src", {"message": "m", "sha": "0" * 40}, (404, 404, "UN_KNOW")),
}


@pytest.mark.parametrize(("method", "path", "asked", "failure"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_is_refused_and_changes_nothing(
    harbour: Harbour, method: str, path: str, asked: dict[str, Any], failure: tuple[int, int, str]
) -> None:
    before = state(harbour)

    assert refused(harbour.ask(method, f"{FERRY}/{path}", json=asked)) == failure

    assert state(harbour) == before


def test_a_file_that_is_too_large_is_refused_and_one_at_the_limit_is_not(harbour: Harbour) -> None:
    before = state(harbour)
    large = {"content": encoded(b"x" * (LARGEST_FILE_BYTES + 1)), "message": "m"}

    assert harbour.ask("POST", f"{FERRY}/x", json=large).status_code == 400
    assert state(harbour) == before
    at_the_limit = {**large, "content": encoded(b"x" * LARGEST_FILE_BYTES)}
    assert harbour.ask("POST", f"{FERRY}/x", json=at_the_limit).status_code == 201


@pytest.mark.parametrize(
    ("person", "status"), [(None, 404), ("xiao", 404), ("gu", 403), ("rui", 403), ("dora", 201), ("root", 201)]
)
def test_who_may_not_push_may_not_write_files(harbour: Harbour, person: str | None, status: int) -> None:
    answer = harbour.ask("POST", f"{FERRY}/x", person=person, json={"content": "eA==", "message": "m"})

    assert answer.status_code == status


def test_a_write_is_told_as_an_event(harbour: Harbour) -> None:
    before = harbour.git("rev-parse", "main").strip()
    harbour.ask("POST", f"{FERRY}/x", person="dora", json={"content": "eA==", "message": "make x\n\nbecause"})

    (event, *_) = harbour.ask("GET", "/repos/harbour/ferry/events").json()["events"]

    assert event["author_username"] == "dora"
    assert "make x" in event["title"]
    assert before in event["title"]
