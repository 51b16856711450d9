"""What the API writes, git fetches, and what git pushes, the API goes on from: over HTTP, with the real git."""

import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any

import urllib3

from matou.db.repositories import Repository
from support.git_repositories import ENVIRONMENT
from support.matou_server import MatouServer


def ask(
    server: MatouServer, method: str, repository: Repository, path: str, **requests_seen: str
) -> urllib3.BaseHTTPResponse:
    headers = {"PRIVATE-TOKEN": server.token().reveal()}
    url = f"{server.url}/api/v5/repos/{repository.path}/{path}"
    return urllib3.request(method, url, json=requests_seen, headers=headers)


def git(clone: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(clone), *words], env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def encoded(content: bytes) -> str:
    return b64encode(content).decode()


def test_the_api_and_git_go_on_from_one_another(matou_server: MatouServer, tmp_path: Path) -> None:
    repository, clone = matou_server.repository(), tmp_path / "clone"
    url = matou_server.clone_url(repository, matou_server.credential())

    first = ask(matou_server, "POST", repository, "contents/a.txt", message="by api", content=encoded(b"one\n"))
    subprocess.run(["git", "clone", "--quiet", url, clone], env=ENVIRONMENT, check=True)
    assert (clone / "a.txt").read_bytes() == b"one\n"
    (clone / "a.txt").write_bytes(b"two\n")
    git(clone, "commit", "--quiet", "-a", "-m", "by git")
    git(clone, "push", "--quiet")

    written: dict[str, Any] = first.json()
    requests_seen = {"message": "again", "content": encoded(b"three\n")}
    stale = ask(matou_server, "PUT", repository, "contents/a.txt", sha=written["content"]["sha"], **requests_seen)
    known = git(clone, "rev-parse", "main:a.txt")
    fresh = ask(matou_server, "PUT", repository, "contents/a.txt", sha=known, **requests_seen)
    branch = ask(matou_server, "POST", repository, "branches", refs="main", branch_name="side")
    git(clone, "pull", "--quiet")

    assert (first.status, stale.status, fresh.status, branch.status) == (201, 400, 200, 201)
    assert (clone / "a.txt").read_bytes() == b"three\n"
    assert git(clone, "log", "--format=%s").splitlines() == ["again", "by git", "by api"]
    assert git(clone, "rev-parse", "origin/side") == git(clone, "rev-parse", "main")


def test_a_push_of_what_the_api_has_changed_meanwhile_is_refused_by_git_itself(
    matou_server: MatouServer, tmp_path: Path
) -> None:
    repository, clone = matou_server.repository(), tmp_path / "clone"
    ask(matou_server, "POST", repository, "contents/a", message="m", content=encoded(b"x"))
    url = matou_server.clone_url(repository, matou_server.credential())
    subprocess.run(["git", "clone", "--quiet", url, clone], env=ENVIRONMENT, check=True)
    git(clone, "commit", "--quiet", "--allow-empty", "-m", "mine")
    ask(matou_server, "POST", repository, "contents/b", message="m", content=encoded(b"x"))

    push = subprocess.run(["git", "-C", str(clone), "push"], env=ENVIRONMENT, capture_output=True, text=True)

    assert push.returncode != 0
    assert "fetch first" in push.stderr or "non-fast-forward" in push.stderr
