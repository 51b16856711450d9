"""F-02 for whole repositories: the server killed, or its disk at fault, while it makes, forks, moves or deletes."""

import signal
from pathlib import Path
from typing import Any

import pytest
import urllib3

from matou.credentials import Secret
from matou.forge.check import FindingKind, check
from matou.forge.repositories import repositories_in
from support.crash_points import INPUT_OUTPUT_ERROR, KILL, Point, attached, require_strace, strikes_in
from support.git_repositories import git, make_many_refs, refs_of
from support.matou_server import MatouServer, running_server

pytestmark = pytest.mark.soak

ACTIONS: dict[str, tuple[str, str, dict[str, object], set[str]]] = {
    "create": ("POST", "orgs/acme/repos", {"name": "new", "auto_init": True}, {"acme/shop", "acme/new"}),
    "fork": ("POST", "repos/acme/shop/forks", {"organization": "side"}, {"acme/shop", "side/shop"}),
    "rename": ("PATCH", "repos/acme/shop", {"name": "store", "path": "store"}, {"acme/store"}),
    "transfer": ("POST", "org/acme/projects/shop/transfer", {"transfer_to": "side"}, {"side/shop"}),
    "delete": ("DELETE", "repos/acme/shop", {}, set()),
}
"""What is asked, and which repositories there are when it is done."""


def ask(server: MatouServer, token: Secret, method: str, place: str, asked: dict[str, Any]) -> int:
    """The status; 0 where the server went away before it answered."""
    headers = {"Authorization": f"Bearer {token.reveal()}"}
    url = f"{server.url}/api/v5/{place}"
    try:
        return urllib3.request(method, url, json=asked, headers=headers, retries=False, timeout=20).status
    except urllib3.exceptions.HTTPError:
        return 0


def struck(server: MatouServer, source: Path, traces: Path, action: str, point: Point) -> tuple[int, int]:
    """Begin with one full repository, do it, and strike; gives the status and how often it was struck."""
    method, place, asked, _ = ACTIONS[action]
    repository, token = server.repository("acme/shop"), server.token()
    server.team("side")
    git(source, "push", "--quiet", "--mirror", server.clone_url(repository, server.credential()))
    with attached(server.process.pid, traces, point):
        status = ask(server, token, method, place, asked)
    return status, strikes_in(traces)


def assert_in_step(server: MatouServer, source: Path, action: str, *, is_certain: bool) -> None:
    """It was done or not; every repository that there is, is whole."""
    found = {str(one.path): one for one in repositories_in(server.forge, None)[0]}
    done = ACTIONS[action][3]
    assert set(found) in ([done] if is_certain else [done, {"acme/shop"}])
    findings = [finding for finding in check(server.forge) if finding.kind is not FindingKind.LEFTOVER]
    assert findings == []
    for path, repository in found.items():
        git_dir = server.git_dir(repository)
        git(git_dir, "fsck", "--full", "--strict")
        assert path == "acme/new" or refs_of(git_dir) == refs_of(source)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("call", ["rename", "unlink", "mkdir", "fsync", "syncfs"])
@pytest.mark.parametrize("number", range(1, 6))
def test_a_server_that_is_killed_has_done_it_or_not(tmp_path: Path, action: str, call: str, number: int) -> None:
    require_strace(tmp_path)
    source = make_many_refs(tmp_path / "source.git", 3)
    with running_server(tmp_path / "server") as server:
        status, strikes = struck(server, source, tmp_path / "trace", action, Point(call, number, KILL))
        server.process.kill()

    with running_server(tmp_path / "server") as server:
        print(f"{action} {call} {number}: {strikes} struck, status {status}")
        assert_in_step(server, source, action, is_certain=200 <= status < 300)
        assert [path.name for path in server.forge.archive.staging.glob("move-*/note.json")] == []


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("call", ["fsync", "syncfs", "rename"])
@pytest.mark.parametrize("number", range(1, 6))
def test_a_disk_that_fails_is_never_a_success(tmp_path: Path, action: str, call: str, number: int) -> None:
    require_strace(tmp_path)
    source = make_many_refs(tmp_path / "source.git", 3)
    with running_server(tmp_path / "server") as server:
        point = Point(call, number, INPUT_OUTPUT_ERROR)
        status, strikes = struck(server, source, tmp_path / "trace", action, point)
        print(f"{action} {call} {number}: {strikes} struck, status {status}")
        assert_in_step(server, source, action, is_certain=200 <= status < 300)
        server.stop(signal.SIGTERM)

    with running_server(tmp_path / "server") as server:
        assert_in_step(server, source, action, is_certain=200 <= status < 300)
