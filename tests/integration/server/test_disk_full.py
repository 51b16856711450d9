"""F-11: a server whose disk fills up refuses what does not fit, and goes on."""

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from matou.db.repositories import Repository
from matou.fs import free_bytes
from support.git_repositories import ENVIRONMENT, git, make_repository
from support.matou_server import MatouServer, running_server
from support.private_mounts import mount_memory, private_mounts, resize_memory
from support.scripted_source import refs_of

MEBIBYTE = 1024 * 1024
DISK_MEBIBYTES = 12


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with private_mounts():
        yield mount_memory(tmp_path / "disk", mebibytes=DISK_MEBIBYTES)


@pytest.fixture
def server(disk: Path) -> Iterator[MatouServer]:
    with running_server(disk / "server") as running:
        yield running


@pytest.fixture
def repository(server: MatouServer, tmp_path: Path) -> Repository:
    """Has one small branch."""
    made = server.repository()
    small = make_repository(tmp_path / "small.git")
    git(small, "push", "--quiet", server.clone_url(made, server.credential()), "main:refs/heads/small")
    return made


def push(source: Path, url: str) -> "subprocess.CompletedProcess[str]":
    words = ["git", f"--git-dir={source}", "push", "--porcelain", url, "main"]
    return subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True)


def test_a_push_that_does_not_fit_is_refused_and_succeeds_once_there_is_room(
    server: MatouServer, repository: Repository, disk: Path, tmp_path: Path
) -> None:
    large = make_repository(tmp_path / "large.git", commits=7, file_bytes=2 * MEBIBYTE)
    url, git_dir = server.clone_url(repository, server.credential()), server.git_dir(repository)
    refs, free = refs_of(git_dir), free_bytes(disk)

    refused = push(large, url)

    assert refused.returncode != 0
    assert "No space left on device" in refused.stderr
    assert "[remote rejected]" in refused.stdout
    assert refs_of(git_dir) == refs
    assert list((git_dir / "objects").glob("tmp_objdir*")) == []
    assert abs(free_bytes(disk) - free) < MEBIBYTE
    git(None, "clone", "--quiet", "--mirror", url, tmp_path / "clone.git")
    assert refs_of(tmp_path / "clone.git") == refs

    resize_memory(disk, mebibytes=64)
    assert push(large, url).returncode == 0
    assert refs_of(git_dir) == {**refs, "refs/heads/main": git(large, "rev-parse", "main")}
    git(git_dir, "fsck", "--full", "--strict")


def test_an_lfs_object_that_does_not_fit_is_refused_and_leaves_nothing(
    server: MatouServer, repository: Repository, disk: Path
) -> None:
    content = bytes(2 * DISK_MEBIBYTES * MEBIBYTE)
    free = free_bytes(disk)

    refused = upload(server, repository, content)

    assert refused.status == 507
    assert abs(free_bytes(disk) - free) < MEBIBYTE
    assert list((server.root / "staging").iterdir()) == []
    resize_memory(disk, mebibytes=64)
    assert upload(server, repository, content).status == 200


def upload(server: MatouServer, repository: Repository, content: bytes) -> urllib3.BaseHTTPResponse:
    """Asks where to put an object and puts it there."""
    oid = hashlib.sha256(content).hexdigest()
    requests_seen = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": oid, "size": len(content)}]}
    kind = "application/vnd.git-lfs+json"
    basic = urllib3.make_headers(basic_auth=f"git:{server.token().reveal()}")
    answer = urllib3.request(
        "POST",
        f"{server.url}/{repository.path}.git/info/lfs/objects/batch",
        json=requests_seen,
        headers={**basic, "Accept": kind, "Content-Type": kind},
    )
    action = answer.json()["objects"][0]["actions"]["upload"]
    return urllib3.request("PUT", action["href"], body=content, headers=action.get("header", {}), retries=False)
