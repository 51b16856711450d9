"""F-13 for what happens to whole repositories through the API: made, forked, renamed, moved, deleted, given a file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import urllib3

from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.forge import Forge
from matou.forge.maintenance.check import check
from matou.forge.repositories.repository_lists import find_repository, find_repository_by_id
from matou.model.names import RepositoryPath
from matou.settings import Settings
from matou.wiring import open_forge
from support.deciding import open_upload
from support.git_repositories import git, make_many_refs, refs_of
from support.matou_server import MatouServer, running_server
from support.power_cut import CutDisk, Disk, disk

pytestmark = pytest.mark.soak

ROUNDS = range(4)


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path) as made:
        yield made


@pytest.fixture
def server(ours: Disk) -> Iterator[MatouServer]:
    with running_server(ours.folder / "server") as running:
        yield running


@pytest.fixture
def full(server: MatouServer, tmp_path: Path) -> Repository:
    """With some branches."""
    source = make_many_refs(tmp_path / "source.git", 5)
    repository = server.repository("acme/shop")
    git(source, "push", "--quiet", "--mirror", server.clone_url(repository, server.credential()))
    return repository


@contextmanager
def opened_again(cut: CutDisk) -> Iterator[Forge]:
    """The server's folder on the disk that lost its power; nothing in it is out of step."""
    with cut.started_again() as folder:
        with closing(sqlite3.connect(folder / "server" / "matou.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        with open_forge(folder / "server", Settings.from_environment({})) as forge:
            assert check(forge) == ()
            yield forge


def ask(server: MatouServer, method: str, place: str, **requests_seen: Any) -> Any:
    """One request over a connection of its own."""
    headers = {"Authorization": f"Bearer {server.token().reveal()}"}
    url = f"{server.url}/api/v5/{place}"
    if "file" in requests_seen:
        answer = urllib3.request(method, url, headers=headers, fields=requests_seen)
    else:
        answer = urllib3.request(method, url, headers=headers, json=requests_seen)
    assert answer.status in {200, 201, 202, 204}, answer.data
    return answer.json() if answer.data else None


def at(forge: Forge, path: str) -> Path:
    return forge.git_dir(find_repository(forge, RepositoryPath.parse(path)))


@pytest.mark.parametrize("seed", ROUNDS)
def test_what_was_made_or_forked_is_there(server: MatouServer, ours: Disk, full: Repository, seed: int) -> None:
    namespace = f"side{seed}"
    server.team(namespace)

    ask(server, "POST", f"orgs/{namespace}/repos", name="made", auto_init=True, license_template="mit")
    with_made = ours.cut()
    ask(server, "POST", "repos/acme/shop/forks", organization=namespace, path="forked")
    with_fork = ours.cut()

    with opened_again(with_made) as forge:
        assert git(at(forge, f"{namespace}/made"), "rev-list", "--count", "HEAD") == "1"
        git(at(forge, f"{namespace}/made"), "fsck", "--full", "--strict")
    with opened_again(with_fork) as forge:
        assert refs_of(at(forge, f"{namespace}/forked")) == refs_of(server.git_dir(full))
        git(at(forge, f"{namespace}/forked"), "fsck", "--full", "--strict")


@pytest.mark.parametrize("seed", ROUNDS)
def test_what_was_moved_is_where_it_was_moved(server: MatouServer, ours: Disk, full: Repository, seed: int) -> None:
    refs, namespace = refs_of(server.git_dir(full)), f"side{seed}"
    server.team(namespace)

    ask(server, "PATCH", "repos/acme/shop", path="store", name="store")
    with_name = ours.cut()
    ask(server, "POST", "org/acme/projects/store/transfer", transfer_to=namespace)
    with_transfer = ours.cut()
    ask(server, "DELETE", f"repos/{namespace}/store")
    with_deletion = ours.cut()

    with opened_again(with_name) as forge:
        assert refs_of(at(forge, "acme/store")) == refs
    with opened_again(with_transfer) as forge:
        assert refs_of(at(forge, f"{namespace}/store")) == refs
    with opened_again(with_deletion) as forge, pytest.raises(NotFound):
        find_repository_by_id(forge, full.id)


@pytest.mark.parametrize("seed", ROUNDS)
def test_what_was_set_is_set(server: MatouServer, ours: Disk, full: Repository, seed: int) -> None:
    branch = f"b{seed}"
    ask(server, "POST", "repos/acme/shop/branches", refs="main", branch_name=branch)

    ask(server, "PATCH", "repos/acme/shop", default_branch=branch)
    with_head = ours.cut()

    with opened_again(with_head) as forge:
        assert find_repository(forge, full.path).default_branch == branch
        assert git(at(forge, "acme/shop"), "symbolic-ref", "HEAD") == f"refs/heads/{branch}"


@pytest.mark.parametrize("seed", ROUNDS)
def test_a_file_that_was_sent_is_there(server: MatouServer, ours: Disk, full: Repository, seed: int) -> None:
    content = b"a log\n" * 10_000 * (seed + 1)

    said = ask(server, "POST", "repos/acme/shop/file/upload", file=("a.txt", content))
    cut = ours.cut()

    with opened_again(cut) as forge:
        *_, number, name = said["full_path"].split("/")
        assert open_upload(forge, find_repository(forge, full.path), UUID(number), name).path.read_bytes() == content
