"""LFS of repositories that are reached by SSH: a link stands for the key, and is judged whenever it is used."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import urllib3

from matou.db.repositories import Repository
from support.deciding import deploy_keys, remove_deploy_key
from support.git_repositories import ENVIRONMENT
from support.matou_server import MatouServer
from support.ssh_people import NEEDS_SSH, SshPerson, with_account, with_deploy_key

pytestmark = NEEDS_SSH
HTTP = urllib3.PoolManager(retries=False)
OBJECT = {"oid": hashlib.sha256(b"none").hexdigest(), "size": 4}


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_git_lfs_pushes_locks_and_clones(ssh_server: MatouServer, tmp_path: Path) -> None:
    person = with_account(ssh_server, ssh_server.owner, tmp_path)
    environment = {**person.environment, "HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": str(tmp_path / ".gitconfig")}
    url, one, content = person.url(ssh_server.repository()), tmp_path / "one", tmp_path.name.encode() * 5000

    def run(*words: str | Path, cwd: Path = tmp_path) -> str:
        ended = subprocess.run(words, cwd=cwd, env={**ENVIRONMENT, **environment}, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    run("git", "lfs", "install")
    run("git", "clone", "--quiet", url, one)
    run("git", "lfs", "track", "--lockable", "*.bin", cwd=one)
    (one / "large.bin").write_bytes(content)
    run("git", "add", ".", cwd=one)
    run("git", "commit", "--quiet", "-m", "large", cwd=one)
    run("git", "push", "--quiet", "origin", "HEAD", cwd=one)
    run("git", "lfs", "lock", "large.bin", cwd=one)
    locks = run("git", "lfs", "locks", "--verify", cwd=one)
    run("git", "lfs", "unlock", "large.bin", cwd=one)
    run("git", "clone", "--quiet", url, tmp_path / "two")

    assert "large.bin" in locks
    assert (tmp_path / "two" / "large.bin").read_bytes() == content


def link(person: SshPerson, repository: Repository, operation: str) -> dict[str, Any]:
    ended = person.ssh(f"git-lfs-authenticate '{repository.path}.git' {operation}")
    assert ended.returncode == 0, ended.stderr
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


def batch(told: dict[str, Any], operation: str, href: str | None = None) -> int:
    body = json.dumps({"operation": operation, "objects": [OBJECT]})
    answer = HTTP.request("POST", f"{href or told['href']}/objects/batch", body=body, headers=told["header"])
    return answer.status


def test_a_link_is_good_for_one_repository_and_one_operation(ssh_server: MatouServer, tmp_path: Path) -> None:
    person = with_account(ssh_server, ssh_server.owner, tmp_path)
    repository, other = ssh_server.repository(), ssh_server.repository()
    reading, writing = (link(person, repository, word) for word in ("download", "upload"))

    assert reading["href"] == f"{ssh_server.url}/{repository.path}.git/info/lfs"
    assert batch(reading, "download") == batch(writing, "upload") == 200
    assert batch(reading, "upload") == batch(writing, "download") == 401
    assert batch(writing, "upload", f"{ssh_server.url}/{other.path}.git/info/lfs") == 401
    # It is a credential of LFS, and of nothing else.
    for path in (f"/{repository.path}.git/info/refs?service=git-upload-pack", "/api/v5/user"):
        assert HTTP.request("GET", ssh_server.url + path, headers=reading["header"]).status == 401


def test_a_link_ends_with_its_key(ssh_server: MatouServer, tmp_path: Path) -> None:
    repository = ssh_server.repository()
    machine = with_deploy_key(ssh_server, repository, tmp_path, writes=True)
    told = link(machine, repository, "upload")
    assert batch(told, "upload") == 200

    (key,) = deploy_keys(ssh_server.forge, repository)
    remove_deploy_key(ssh_server.forge, repository, key.id)

    assert batch(told, "upload") == 401


def test_a_deploy_key_that_reads_is_given_no_upload(ssh_server: MatouServer, tmp_path: Path) -> None:
    repository = ssh_server.repository()
    machine = with_deploy_key(ssh_server, repository, tmp_path, writes=False)

    refused = machine.ssh(f"git-lfs-authenticate {repository.path}.git upload")

    assert batch(link(machine, repository, "download"), "download") == 200
    assert refused.returncode == 1
    assert refused.stdout == b""
