"""21: forks over the API, and what git gives of one to whoever knows an object's id."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from matou.db.repositories import Repository
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.repositories.repository_lists import find_repository
from matou.model.names import NamespacePath
from matou.model.platform import Visibility
from support.deciding import delete_repository, fork_repository, transfer_repository
from support.git_repositories import commit_file, commit_stream, fast_import, git
from support.gitcode_server import Harbour
from support.matou_server import MatouServer


def test_21_forks_into_one_s_own_namespace(harbour: Harbour) -> None:
    answer = harbour.ask("POST", "/repos/harbour/light/forks", person="xiao", json={})

    body = answer.json()
    assert (answer.status_code, body["full_name"], body["fork"]) == (201, "xiao/light", True)
    assert (body["parent"]["full_name"], body["forked_from_project"]["full_name"]) == ("harbour/light", "harbour/light")
    assert (body["private"], body["public"], body["path"], body["name"]) == (False, True, "light", "light")
    assert harbour.ask("GET", "/repos/xiao/light/contents/README.md", person=None).status_code == 200
    assert harbour.ask("GET", "/repos/harbour/light").json()["forks_count"] == 1


@pytest.mark.parametrize(
    ("sent", "full_name", "name"),
    [
        ({"json": {"name": "fork2", "path": "fork2", "organization": "harbour"}}, "harbour/fork2", "fork2"),
        ({"json": {"namespace": "harbour", "path": "fork2"}}, "harbour/fork2", "fork2"),
        ({"data": {"organization": "harbour", "path": "fork2"}}, "harbour/fork2", "fork2"),
        ({"json": {"name": "The fork 叉"}}, "chen/light", "The fork 叉"),
        ({"content": b"", "headers": {"Content-Type": "application/json"}}, "chen/light", "light"),
        ({}, "chen/light", "light"),
        ({"json": {"organization": None, "name": None, "path": ""}}, "chen/light", "light"),
    ],
)
def test_21_takes_what_clients_send(harbour: Harbour, sent: dict[str, Any], full_name: str, name: str) -> None:
    answer = harbour.ask("POST", "/repos/harbour/light/forks", **sent)

    assert answer.status_code == 201, answer.text
    assert (answer.json()["full_name"], answer.json()["name"]) == (full_name, name)


def test_21_a_second_time_is_400(harbour: Harbour) -> None:
    harbour.ask("POST", "/repos/harbour/light/forks", person="xiao")

    answer = harbour.ask("POST", "/repos/harbour/light/forks", person="xiao", json={"path": "another"})

    assert (answer.status_code, answer.json()["error_code_name"]) == (400, "UN_KNOW")


@pytest.mark.parametrize(
    ("person", "name", "status"),
    [(None, "light", 401), ("xiao", "ferry", 404), ("gu", "ferry", 403), ("rui", "ferry", 201), ("xiao", "light", 201)],
)
def test_21_is_for_those_who_may_read_the_code(harbour: Harbour, person: str | None, name: str, status: int) -> None:
    assert harbour.ask("POST", f"/repos/harbour/{name}/forks", person=person).status_code == status


@pytest.mark.parametrize(
    "setting", [("repo_settings", {"disable_fork": True}), ("module/setting", {"has_fork": False})]
)
def test_21_is_refused_where_forks_are_switched_off(harbour: Harbour, setting: tuple[str, dict[str, bool]]) -> None:
    route, sent = setting
    assert harbour.ask("PUT", f"/repos/harbour/light/{route}", json=sent).status_code == 200

    assert harbour.ask("POST", "/repos/harbour/light/forks", person="xiao").status_code == 403


@pytest.mark.parametrize("organization", ["nowhere", "..", "mei", "x.git"])
def test_21_into_what_is_not_the_caller_s_makes_nothing(harbour: Harbour, organization: str) -> None:
    answer = harbour.ask("POST", "/repos/harbour/light/forks", person="xiao", json={"organization": organization})

    assert answer.status_code in (400, 404)
    assert harbour.ask("GET", "/repos/harbour/light").json()["forks_count"] == 0


def test_a_fork_names_its_parent_only_to_those_who_may_see_it(harbour: Harbour) -> None:
    harbour.ask("POST", "/repos/harbour/light/forks", person="xiao")
    harbour.ask("PATCH", "/repos/harbour/light", json={"private": True})

    hers = harbour.ask("GET", "/repos/xiao/light", person="xiao")
    theirs = harbour.ask("GET", "/repos/xiao/light", person="rui")

    assert (hers.json()["fork"], hers.json()["parent"], hers.json()["forked_from_project"]) == (True, None, None)
    assert "harbour" not in hers.text
    assert theirs.json()["parent"]["full_name"] == "harbour/light"


def test_21_on_postgresql(harbour_on_postgresql: Harbour) -> None:
    answer = harbour_on_postgresql.ask("POST", "/repos/harbour/light/forks", person="xiao")

    assert (answer.status_code, answer.json()["parent"]["full_name"]) == (201, "harbour/light")


# Over real HTTP: protocol v2 gives any object that lies in a repository to whoever knows its id.


@pytest.fixture
def secret(matou_server: MatouServer) -> tuple[Repository, Repository, str]:
    """A repository whose secret was force-pushed away, a fork of it, and the commit with the secret."""
    parent = matou_server.repository(visibility=Visibility.PUBLIC)
    git_dir = matou_server.git_dir(parent)
    fast_import(git_dir, commit_stream("main", {"file": b"1\n"}, "first"))
    first = git(git_dir, "rev-parse", "main")
    hidden = commit_file(git_dir, "main", "password", b"hunter2\n")
    git(git_dir, "update-ref", "refs/heads/main", first)
    git(git_dir, "repack", "-adk", "-q")
    maker = matou_server.user()
    fork = fork_repository(
        matou_server.forge, Identity(maker, ALL_SCOPES), parent, namespace=NamespacePath((maker.name,))
    )
    return parent, fork, hidden


@pytest.mark.parametrize("version", [0, 2])
def test_what_was_force_pushed_away_is_not_given_through_a_fork(
    matou_server: MatouServer, secret: tuple[Repository, Repository, str], tmp_path: Path, version: int
) -> None:
    _, fork, hidden = secret
    clone = ["git", "-c", f"protocol.version={version}"]
    url = matou_server.clone_url(fork)
    subprocess.run([*clone, "clone", "-q", "--bare", url, tmp_path / "clone"], check=True)

    fetched = subprocess.run([*clone, "-C", tmp_path / "clone", "fetch", "-q", url, hidden], capture_output=True)

    assert fetched.returncode != 0
    there = subprocess.run(["git", "-C", tmp_path / "clone", "cat-file", "-e", hidden], capture_output=True)
    assert there.returncode != 0


def test_a_fork_is_cloned_after_its_parent_is_gone(
    matou_server: MatouServer, secret: tuple[Repository, Repository, str], tmp_path: Path
) -> None:
    parent, fork, _ = secret

    delete_repository(matou_server.forge, parent)

    subprocess.run(["git", "clone", "-q", matou_server.clone_url(fork), tmp_path / "clone"], check=True)
    assert (tmp_path / "clone" / "file").read_text() == "1\n"


@pytest.mark.parametrize("version", [0, 2])
def test_git_finds_a_repository_by_the_path_that_it_had_before(
    matou_server: MatouServer, tmp_path: Path, version: int
) -> None:
    repository = matou_server.repository()
    fast_import(matou_server.git_dir(repository), commit_stream("main", {"file": b"1\n"}, "first"))
    credential, owner = matou_server.credential(), Identity(matou_server.owner, ALL_SCOPES)
    transfer_repository(matou_server.forge, owner, repository, matou_server.team().path, new_path="elsewhere")
    old = matou_server.clone_url(repository, credential)

    words = ["git", "-c", f"protocol.version={version}", "clone", "-q", old, str(tmp_path / "clone")]
    subprocess.run(words, check=True)

    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    subprocess.run(["git", "-C", tmp_path / "clone", *identity, "commit", "-qm", "x", "--allow-empty"], check=True)
    subprocess.run(["git", "-C", tmp_path / "clone", "push", "-q"], check=True)
    moved = find_repository(matou_server.forge, repository.path)
    assert git(matou_server.git_dir(moved), "log", "-1", "--format=%s", "main") == "x"
