"""A repository whose settings say "no LFS" neither takes nor gives an object, and says so."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
import urllib3

from matou.forge.access import ALL_SCOPES, Identity
from matou.model.platform import Visibility
from matou.model.repository_settings import Features
from support.deciding import change_settings
from support.git_repositories import ENVIRONMENT
from support.matou_server import MatouServer

HTTP = urllib3.PoolManager(retries=False)
CONTENT = b"a large file\n" * 1000
OID = hashlib.sha256(CONTENT).hexdigest()
SAID = "git lfs is switched off"


@pytest.mark.parametrize("visibility", [Visibility.PRIVATE, Visibility.PUBLIC])
def test_every_request_is_refused_with_the_reason_and_taken_again_later(
    matou_server: MatouServer, visibility: Visibility
) -> None:
    repository = matou_server.repository(visibility=visibility)
    owner = Identity(matou_server.owner, ALL_SCOPES)
    url = f"{matou_server.url}/{repository.path}.git/info/lfs"
    headers = {"Private-Token": matou_server.token().reveal()}
    batches = [
        json.dumps({"operation": verb, "objects": [{"oid": OID, "size": len(CONTENT)}]})
        for verb in ("upload", "download")
    ]
    requests_seen: list[tuple[str, str, str | bytes | None]] = [
        *(("POST", f"{url}/objects/batch", batch) for batch in batches),
        ("PUT", f"{url}/objects/{OID}", CONTENT),
        ("POST", f"{url}/verify", json.dumps({"oid": OID, "size": len(CONTENT)})),
        ("GET", f"{url}/objects/{OID}", None),
    ]

    change_settings(matou_server.forge, owner, repository, Features, lfs_enabled=False)
    refused = [HTTP.request(method, to, body=body, headers=headers) for method, to, body in requests_seen]
    change_settings(matou_server.forge, owner, repository, Features, lfs_enabled=True)
    taken = [HTTP.request(method, to, body=body, headers=headers) for method, to, body in requests_seen]

    assert [answer.status for answer in refused] == [403] * 5
    assert all(SAID in answer.json()["message"] for answer in refused)
    assert [answer.status for answer in taken] == [200] * 5
    assert taken[4].data == CONTENT


def test_who_may_not_see_a_repository_learns_nothing_of_its_settings(matou_server: MatouServer) -> None:
    repository = matou_server.repository()
    change_settings(
        matou_server.forge, Identity(matou_server.owner, ALL_SCOPES), repository, Features, lfs_enabled=False
    )
    body = json.dumps({"operation": "download", "objects": [{"oid": OID, "size": 1}]})

    answer = HTTP.request("POST", f"{matou_server.url}/{repository.path}.git/info/lfs/objects/batch", body=body)

    assert answer.status == 401
    assert SAID not in answer.data.decode()


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_git_lfs_shows_the_reason_to_who_pushes(matou_server: MatouServer, tmp_path: Path) -> None:
    environment = ENVIRONMENT | {"HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": str(tmp_path / ".gitconfig")}
    repository = matou_server.repository()
    url = matou_server.clone_url(repository, matou_server.credential())
    owner = Identity(matou_server.owner, ALL_SCOPES)
    change_settings(matou_server.forge, owner, repository, Features, lfs_enabled=False)

    def run(*words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        where = tmp_path / "work"
        return subprocess.run(words, cwd=where, env=environment, capture_output=True, text=True, check=check)

    (tmp_path / "work").mkdir()
    run("git", "init", "-q", "-b", "main")
    run("git", "lfs", "install", "--local")
    run("git", "lfs", "track", "*.bin")
    (tmp_path / "work" / "a.bin").write_bytes(CONTENT)
    run("git", "add", ".")
    run("git", "commit", "-q", "-m", "a large file")

    pushed = run("git", "push", url, "main", check=False)

    assert pushed.returncode != 0
    assert SAID in pushed.stderr
