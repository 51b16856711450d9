"""A push ends well however any of those who take part in it ends."""

import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from matou.db.repositories import Repository
from matou.forge.access import ALL_SCOPES, Identity
from matou.model.repository_settings import PushRules, RepositoryRules
from support.deciding import change_settings
from support.git_repositories import ENVIRONMENT, git, make_repository, refs_of
from support.matou_server import MatouServer, running_server
from support.processes import descendants, kill_descendant


def slow_rules(server: MatouServer, clone: Path, *, commits: int) -> Repository:
    """A repository with a rule, and a clone with so many commits that judging them takes a while."""
    repository = server.repository()
    owner = Identity(server.owner, ALL_SCOPES)
    change_settings(server.forge, owner, repository, PushRules, commit_message_regex="^commit", max_file_size=1)
    make_repository(clone, commits=commits)
    return repository


@contextmanager
def pushing(server: MatouServer, repository: Repository, clone: Path) -> Iterator["subprocess.Popen[bytes]"]:
    url = server.clone_url(repository, server.credential())
    with subprocess.Popen(
        ["git", f"--git-dir={clone}", "push", url, "main"], stderr=subprocess.PIPE, env=ENVIRONMENT
    ) as child:
        yield child


def children_of(pid: int, name: str) -> list[int]:
    """All descendants whose command line holds a word. Linux only."""
    return [child for child, line in descendants(pid).items() if name in line]


def soon(what: Callable[[], object], *, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("victim", ["index-pack", "rev-list"])
def test_whoever_is_killed_in_the_middle_of_it_the_push_ends_and_nothing_moves(
    matou_server: MatouServer, tmp_path: Path, victim: str
) -> None:
    repository = slow_rules(matou_server, tmp_path / "clone.git", commits=6_000)

    with pushing(matou_server, repository, tmp_path / "clone.git") as child:
        soon(lambda: kill_descendant(matou_server.process.pid, victim))
        _, said = child.communicate(timeout=30)

    assert child.returncode != 0, said
    assert refs_of(matou_server.git_dir(repository)) == {}
    soon(lambda: not children_of(matou_server.process.pid, str(matou_server.git_dir(repository))))
    with pushing(matou_server, repository, tmp_path / "clone.git") as child:
        _, said = child.communicate(timeout=60)
    assert child.returncode == 0, said


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_server_that_is_killed_in_the_middle_of_it_takes_its_children_along(tmp_path: Path) -> None:
    with running_server(tmp_path / "archive") as server:
        repository = slow_rules(server, tmp_path / "clone.git", commits=6_000)
        with pushing(server, repository, tmp_path / "clone.git") as child:
            soon(lambda: children_of(server.process.pid, "rev-list"))
            walkers = children_of(server.process.pid, "rev-list")
            server.process.kill()
            child.communicate(timeout=30)

        assert child.returncode != 0
        soon(lambda: not any(Path(f"/proc/{pid}").exists() for pid in walkers))
        assert refs_of(server.git_dir(repository)) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_client_that_leaves_before_its_pack_is_there_leaves_nothing_behind(
    matou_server: MatouServer, tmp_path: Path
) -> None:
    repository = slow_rules(matou_server, tmp_path / "clone.git", commits=3)
    tip = git(tmp_path / "clone.git", "rev-parse", "main")
    command = f"{'0' * 40} {tip} refs/heads/main\0 report-status side-band-64k".encode()
    body = b"%04x%b0000PACK" % (len(command) + 4, command)
    credential = matou_server.credential()
    basic = b64encode(f"{credential.user}:{credential.password.reveal()}".encode())
    host, port = matou_server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            f"POST /{repository.path}.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n".encode()
            + b"Content-Type: application/x-git-receive-pack-request\r\nAuthorization: Basic "
            + basic
            + b"\r\n\r\n"
            + body
        )
        time.sleep(0.3)

    objects = matou_server.git_dir(repository) / "objects"
    soon(lambda: not children_of(matou_server.process.pid, str(matou_server.git_dir(repository))))
    soon(lambda: not list(objects.glob("tmp_objdir*")))
    with pushing(matou_server, repository, tmp_path / "clone.git") as child:
        assert child.wait(30) == 0


def test_pushes_at_the_same_time_get_their_own_verdicts(matou_server: MatouServer, tmp_path: Path) -> None:
    repositories = [matou_server.repository() for _ in range(6)]
    owner = Identity(matou_server.owner, ALL_SCOPES)
    for number, repository in enumerate(repositories):
        pattern = "^commit" if number % 2 else "^never"
        change_settings(matou_server.forge, owner, repository, PushRules, commit_message_regex=pattern)
    make_repository(tmp_path / "clone.git", commits=50)
    statuses: dict[int, int] = {}

    def push(number: int) -> None:
        with pushing(matou_server, repositories[number], tmp_path / "clone.git") as child:
            child.communicate(timeout=60)
            statuses[number] = child.returncode

    threads = [threading.Thread(target=push, args=(number,)) for number in range(len(repositories))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == {number: (0 if number % 2 else 1) for number in range(len(repositories))}


def test_a_signed_push_which_we_do_not_offer_is_not_taken(matou_server: MatouServer, tmp_path: Path) -> None:
    """Its commands stand in a certificate, where nobody but git would see them."""
    repository = matou_server.repository()
    owner = Identity(matou_server.owner, ALL_SCOPES)
    change_settings(matou_server.forge, owner, repository, RepositoryRules, branch_name_regex="^never$")
    lines = [b"push-cert\0 report-status\n", b"certificate version 0.1\n", b"pusher x\n", b"\n", b"push-cert-end\n"]
    body = b"".join(b"%04x%b" % (len(line) + 4, line) for line in lines) + b"0000"
    credential = matou_server.credential()

    answer = urllib3.request(
        "POST",
        f"{matou_server.url}/{repository.path}.git/git-receive-pack",
        body=body,
        headers={
            **urllib3.make_headers(basic_auth=f"{credential.user}:{credential.password.reveal()}"),
            "Content-Type": "application/x-git-receive-pack-request",
        },
    )

    assert answer.status == 400
