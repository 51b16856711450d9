"""F-02 for whole repositories: the server killed, or its disk at fault, while it makes, forks, moves or deletes."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import urllib3

from matou.credentials import Secret
from matou.forge.accounts.users import create_user, find_user
from matou.forge.maintenance.check import FindingKind, check
from matou.settings import Settings
from matou.wiring import open_forge
from support.crash_points import INPUT_OUTPUT_ERROR, KILL, Point, attached, require_strace, strikes_in
from support.git_repositories import git, make_many_refs, refs_of
from support.listed_rows import repositories_in
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

CALLS: dict[str, dict[str, int]] = {
    "create": {"fsync": 19, "rename": 9, "mkdir": 19, "pwrite64": 16, "fdatasync": 1, "unlinkat": 4, "rmdir": 2},
    "fork": {"fsync": 11, "rename": 5, "mkdir": 16, "pwrite64": 20, "fdatasync": 1, "unlinkat": 1, "rmdir": 1},
    "rename": {"fsync": 5, "rename": 2, "mkdir": 3, "pwrite64": 20, "fdatasync": 1, "unlinkat": 1, "rmdir": 1},
    "transfer": {"fsync": 6, "rename": 2, "mkdir": 3, "pwrite64": 20, "fdatasync": 1, "unlinkat": 1, "rmdir": 1},
    "delete": {"fsync": 4, "rename": 2, "mkdir": 1, "pwrite64": 14, "fdatasync": 1, "unlinkat": 16, "rmdir": 2},
}
"""How often the thread that does it makes each call; SQLite alone writes with `pwrite64` and syncs with `fdatasync`."""

_STEPS = {"mkdir": 5, "pwrite64": 4, "unlinkat": 5}
"""Of calls that are many and alike, one in so many."""

POINTS = [
    (action, call, number)
    for action, calls in CALLS.items()
    for call, most in [*calls.items(), ("syncfs", 1)]
    for number in range(most, 0, -_STEPS.get(call, 1))
]


FAILING_CHANGE = """
import os, sys
from pathlib import Path
from matou.forge.accounts.users import create_user
from matou.settings import Settings
from matou.wiring import open_forge

with open_forge(Path(sys.argv[1]), Settings.from_environment({})) as forge:
    try:
        create_user(forge, "ghost")
    finally:
        os._exit(7)
"""


def ask(server: MatouServer, token: Secret, method: str, place: str, requests_seen: dict[str, Any]) -> int:
    """The status; 0 where the server went away before it answered."""
    headers = {"Authorization": f"Bearer {token.reveal()}"}
    url = f"{server.url}/api/v5/{place}"
    try:
        return urllib3.request(method, url, json=requests_seen, headers=headers, retries=False, timeout=20).status
    except urllib3.exceptions.HTTPError:
        return 0


def struck(server: MatouServer, source: Path, traces: Path, action: str, point: Point) -> tuple[int, int]:
    """Begin with one full repository, do it, and strike; gives the status and how often it was struck."""
    method, place, requests_seen, _ = ACTIONS[action]
    repository, token = server.repository("acme/shop"), server.token()
    server.team("side")
    git(source, "push", "--quiet", "--mirror", server.clone_url(repository, server.credential()))
    with attached(server.process.pid, traces, point):
        status = ask(server, token, method, place, requests_seen)
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


@pytest.mark.parametrize(("action", "call", "number"), POINTS)
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


@pytest.mark.parametrize(("action", "call", "number"), POINTS)
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


def test_a_change_that_failed_does_not_come_back_after_a_crash(tmp_path: Path) -> None:
    """The third sync is that of the commit, behind those of the head of SQLite's log and of its name."""
    require_strace(tmp_path)
    with open_forge(tmp_path / "archive", Settings.from_environment({})) as forge:
        create_user(forge, "anna")
    point = Point("fdatasync", 3, INPUT_OUTPUT_ERROR)
    strace: list[str | Path] = ["strace", "-f", "-o", tmp_path / "trace", "-e", "trace=fdatasync", "-e", point.option]

    done = subprocess.run([*strace, sys.executable, "-c", FAILING_CHANGE, tmp_path / "archive"])

    assert (done.returncode, strikes_in(tmp_path / "trace")) == (7, 1)
    with open_forge(tmp_path / "archive", Settings.from_environment({})) as forge:
        assert find_user(forge, "ghost") is None
