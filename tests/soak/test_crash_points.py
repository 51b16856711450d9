"""F-02 and F-51: the real program, and git below it, killed at each call that changes a name or makes one last."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import urllib3

from matou.credentials import Secret
from matou.db.repositories import Repository
from matou.git.repository import remove_leftovers
from support.crash_points import (
    INPUT_OUTPUT_ERROR,
    KILL,
    NAMING,
    SYNCING,
    Point,
    Traced,
    attached,
    leftovers,
    require_strace,
    strikes_in,
    trace,
)
from support.git_repositories import ENVIRONMENT, git, make_many_refs
from support.matou_server import MatouServer, running_server
from support.scripted_source import refs_of
from support.team import Team

pytestmark = pytest.mark.soak


@dataclass(frozen=True)
class Changed:
    """A team that was backed up and then changed: a force-push, a deletion, a new branch, a new repository."""

    team: Team
    folder: Path
    saved: Path
    old_refs: dict[str, str]
    new_refs: dict[str, str]
    dropped: str

    def trace(self, root: Path, *, point: Point | None = None, git_only: bool = False) -> Traced:
        words = ("backup", "coding", "--url", self.team.api, "--to", root, "--jobs", "1", "--json")
        traces = root.with_name(root.name + "-traces")
        return trace(
            self.team.person, traces, *words, point=point, git_only=git_only, MATOU_CODING_TOKEN=self.team.token
        )

    def copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.saved, self.folder / name))

    def refs(self, root: Path) -> dict[str, str]:
        return refs_of(root / "repositories/acme/web/shop.git")

    def assert_is_old_or_new(self, root: Path) -> None:
        """Every ref as it was, or every ref as it is at the source; nothing that the last run named is missing."""
        report = json.loads(self.team.person.matou("verify", root, "--json").out)
        found = {name: oid for name, oid in self.refs(root).items() if "/matou/" not in name}
        assert report["whole"]
        assert found in (self.old_refs, self.new_refs)
        assert set(report["ahead"]) <= {"acme/web/shop", "acme/web/notes"}

    def assert_can_be_finished(self, root: Path) -> None:
        person, team = self.team.person, self.team
        person.matou("backup", "coding", "--url", team.api, "--to", root, MATOU_CODING_TOKEN=team.token)
        report = json.loads(person.matou("verify", root, "--all", "--json").out)
        found = self.refs(root)
        assert (report["whole"], report["ahead"]) == (True, [])
        assert {name: oid for name, oid in found.items() if "/matou/" not in name} == self.new_refs
        assert self.dropped in found.values()
        assert refs_of(root / "repositories/acme/web/more.git") == refs_of(self.folder / "more.git")
        assert leftovers(root) == []


@pytest.fixture
def changed(team: Team, tmp_path: Path) -> Changed:
    require_strace(tmp_path)
    person, saved = team.person, tmp_path / "saved"
    shop = team.root / "repositories/acme/web/shop.git"
    git(shop, "update-ref", "refs/heads/going", "main~1")
    person.matou("backup", "coding", "--url", team.api, "--to", saved, MATOU_CODING_TOKEN=team.token)
    old_refs = refs_of(shop)
    git(shop, "update-ref", "refs/heads/main", git(shop, "commit-tree", "main^{tree}", "-m", "rewritten"))
    git(shop, "update-ref", "refs/heads/new", git(shop, "commit-tree", "main^{tree}", "-p", "main", "-m", "new"))
    git(shop, "update-ref", "-d", "refs/heads/going")
    more = make_many_refs(tmp_path / "more.git", 3)
    person.matou("repo", "import", more, "acme/web/more", "--private", "--root", team.root)
    return Changed(team, tmp_path, saved, old_refs, refs_of(shop), old_refs["refs/heads/main"])


@pytest.mark.parametrize("call", [*NAMING, *SYNCING])
@pytest.mark.parametrize("git_only", [False, True], ids=["matou", "git"])
def test_a_run_that_is_killed_at_any_call_can_be_finished(changed: Changed, call: str, git_only: bool) -> None:
    counted = changed.trace(changed.copy("counted"), git_only=git_only)
    assert counted.ended.code == 0, counted.ended.err

    struck = 0
    for number in range(1, counted.most(call) + 1):
        root = changed.copy(f"{call}-{number}")
        traced = changed.trace(root, point=Point(call, number, KILL), git_only=git_only)
        struck += traced.strikes > 0
        assert traced.strikes == 0 or traced.ended.code != 0
        changed.assert_is_old_or_new(root)
        changed.assert_can_be_finished(root)
        shutil.rmtree(root)

    print(f"{call}: killed at {struck} of {counted.most(call)} points")
    assert struck == counted.most(call)
    assert counted.calls


@pytest.mark.parametrize("call", SYNCING)
@pytest.mark.parametrize("git_only", [False, True], ids=["matou", "git"])
def test_a_disk_that_cannot_sync_is_never_a_success(changed: Changed, call: str, git_only: bool) -> None:
    counted = changed.trace(changed.copy("counted"), git_only=git_only)

    for number in range(1, counted.most(call) + 1):
        root = changed.copy(f"{call}-{number}")
        traced = changed.trace(root, point=Point(call, number, INPUT_OUTPUT_ERROR), git_only=git_only)
        said = traced.ended.out + traced.ended.err
        print(f"{call} {number}: {traced.strikes} struck, exit {traced.ended.code}: {traced.ended.err.strip()[-200:]}")
        assert traced.strikes > 0
        assert traced.ended.code in {1, 3}
        assert "Input/output error" in said
        assert "acme/web/" in said or str(root) in said
        changed.assert_is_old_or_new(root)
        changed.assert_can_be_finished(root)
        shutil.rmtree(root)


@pytest.mark.parametrize("call", SYNCING)
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_push_to_a_disk_that_cannot_sync_is_never_acknowledged(tmp_path: Path, call: str, number: int) -> None:
    require_strace(tmp_path)
    source = make_many_refs(tmp_path / "source.git", 10)
    with running_server(tmp_path / "server") as server:
        repository = server.repository()
        push = ["git", f"--git-dir={source}", "push", "--mirror", server.clone_url(repository, server.credential())]

        with attached(server.process.pid, tmp_path / "trace", Point(call, number, INPUT_OUTPUT_ERROR)):
            first = subprocess.run(push, env=ENVIRONMENT, capture_output=True, text=True)
        second = subprocess.run(push, env=ENVIRONMENT, capture_output=True, text=True)

        strikes = strikes_in(tmp_path / "trace")
        print(f"{call} {number}: {strikes} struck, exit {first.returncode}: {first.stderr.strip()[-200:]}")
        assert (first.returncode != 0) == (strikes > 0)
        assert second.returncode == 0, second.stderr
        assert refs_of(server.git_dir(repository)) == refs_of(source)


CONTENTS = {"content": "eA==", "message": "a change"}


def write(server: MatouServer, token: Secret, repository: Repository, path: str) -> int:
    """The status of one commit by GitCode's contents API; 0 where the server went away before it answered."""
    url = f"{server.url}/api/v5/repos/{repository.path}/contents/{path}"
    headers = {"Authorization": f"Bearer {token.reveal()}"}
    try:
        return urllib3.request("POST", url, json=CONTENTS, headers=headers, retries=False, timeout=20).status
    except urllib3.exceptions.HTTPError:
        return 0


@pytest.mark.parametrize("call", SYNCING)
@pytest.mark.parametrize("number", range(1, 9))
def test_an_api_write_to_a_disk_that_cannot_sync_is_never_acknowledged(tmp_path: Path, call: str, number: int) -> None:
    require_strace(tmp_path)
    with running_server(tmp_path / "server") as server:
        repository, token = server.repository(), server.token()
        assert write(server, token, repository, "first") == 201
        git_dir = server.git_dir(repository)
        before = refs_of(git_dir)

        with attached(server.process.pid, tmp_path / "trace", Point(call, number, INPUT_OUTPUT_ERROR)):
            status = write(server, token, repository, "deep/in/second")
        after = refs_of(git_dir)
        again = write(server, token, repository, "third")

        strikes = strikes_in(tmp_path / "trace")
        print(f"{call} {number}: {strikes} struck, status {status}, refs {'kept' if after == before else 'changed'}")
        assert (status != 201) == (strikes > 0)
        assert again == 201
        assert left_in(git_dir) == []
        git(git_dir, "fsck", "--full", "--strict")


@pytest.mark.parametrize("call", ["rename", "unlink", "mkdir", *SYNCING])
@pytest.mark.parametrize("number", range(1, 6))
def test_a_server_that_is_killed_within_an_api_write_has_made_it_or_not_and_takes_the_next_at_once(
    tmp_path: Path, call: str, number: int
) -> None:
    require_strace(tmp_path)
    with running_server(tmp_path / "server") as server:
        repository, token = server.repository(), server.token()
        assert write(server, token, repository, "first") == 201
        with attached(server.process.pid, tmp_path / "trace", Point(call, number, KILL)):
            status = write(server, token, repository, "deep/in/second")
        server.process.kill()
    strikes = strikes_in(tmp_path / "trace")

    with running_server(tmp_path / "server") as server:
        git_dir = server.git_dir(repository)
        files = git(git_dir, "ls-tree", "-r", "--name-only", "main").split()
        again = write(server, token, repository, "third")
        locks = [path for path in left_in(git_dir) if path.name.endswith(".lock")]
        for path in left_in(git_dir):
            os.utime(path, times=(0, 0))
        remove_leftovers(git_dir, now=datetime.now(UTC))

    print(f"{call} {number}: {strikes} struck, status {status}, {files}")
    assert files in (["first"], ["deep/in/second", "first"])
    assert status != 201 or len(files) == 2
    assert (again, locks) == (201, [])
    assert left_in(git_dir) == []
    git(git_dir, "fsck", "--full", "--strict")


def left_in(git_dir: Path) -> list[Path]:
    """Locks and quarantines."""
    return [path for path in git_dir.rglob("*") if path.name.endswith(".lock") or path.name.startswith("tmp_")]
