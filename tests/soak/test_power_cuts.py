"""F-13 and F-15: what was reported as done is there after a power cut in the same moment."""

import base64
import hashlib
import json
import random
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import urllib3

from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine, read_manifest
from matou.archive.snapshots import parse_snapshot
from matou.credentials import Secret
from matou.db.repositories import Repository
from matou.forge.accounts.tokens import resolve_token
from matou.forge.accounts.users import find_user
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import find_repository
from matou.fs import sync_folder
from matou.git.operations.mirror import FetchSource, list_refs, make_mirror
from matou.model.names import RepositoryPath
from matou.settings import Settings
from matou.transfer.backup.staging import MirrorPublisher, StagedMirror
from matou.wiring import open_forge
from support.deciding import open_object
from support.git_repositories import ENVIRONMENT, LocalTransport, git, make_many_refs
from support.matou_server import MatouServer, running_server
from support.power_cut import CutDisk, Disk, disk
from support.program import Person
from support.scripted_source import refs_of
from support.team import Team

pytestmark = pytest.mark.soak

ROUNDS = range(8)
REFS = 34


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path) as made:
        yield made


def add_refs(git_dir: Path, first: int) -> None:
    """Branches at commits that nobody has yet."""
    for number in range(first, first + REFS):
        made = git(git_dir, "commit-tree", "main^{tree}", "-p", "main", "-m", f"{number} of {first}")
        git(git_dir, "update-ref", f"refs/heads/b{number}", made)


def cut_after_the_first_word(running: "subprocess.Popen[str]", ours: Disk) -> CutDisk:
    """The power goes when a program says its first word on stdout; the program itself goes on to its end."""
    with running:
        assert running.stdout is not None
        first = running.stdout.read(1)
        cut = ours.cut()
        rest, error = running.communicate(timeout=60)
    assert (running.returncode, bool(first)) == (0, True), f"{rest}\n{error}"
    return cut


def back_up_and_cut(team: Team, ours: Disk) -> CutDisk:
    words = ("backup", "coding", "--url", team.api, "--to", ours.folder / "archive", "--json")
    return cut_after_the_first_word(team.person.start(*words, MATOU_CODING_TOKEN=team.token), ours)


def assert_is_whole(team: Team, root: Path, *, runs: int) -> None:
    assert json.loads(team.person.matou("verify", root, "--all", "--json").out)["ahead"] == []
    archive = Archive.open(root)
    assert list(archive.run_numbers()) == list(range(1, runs + 1))
    for line in read_manifest(archive.manifest(runs)):
        if isinstance(line, RepositoryLine) and line.snapshot is not None:
            path = RepositoryPath.parse(line.path)
            found = {name: oid for name, oid in refs_of(archive.repository(path)).items() if "/matou/" not in name}
            assert found == parse_snapshot(archive.blobs.read(line.snapshot)).refs
            assert found == refs_of(team.root / "repositories" / f"{path}.git")
            assert set(line.kept) <= set(refs_of(archive.repository(path)))


@pytest.mark.parametrize("seed", ROUNDS)
def test_every_ref_that_a_backup_reported_is_there_after_a_power_cut(team: Team, ours: Disk, seed: int) -> None:
    shop = team.root / "repositories/acme/web/shop.git"
    add_refs(shop, 0)

    first = back_up_and_cut(team, ours)
    add_refs(shop, REFS // 2 + seed)
    git(shop, "update-ref", "-d", "refs/heads/b0")
    second = back_up_and_cut(team, ours)

    with second.started_again() as folder:
        assert_is_whole(team, folder / "archive", runs=2)
        kept = [name for name in refs_of(folder / "archive/repositories/acme/web/shop.git") if "/matou/kept/" in name]
        assert len(kept) == 1 + REFS - REFS // 2 - seed
        team.person.matou(
            "backup", "coding", "--url", team.api, "--to", folder / "archive", MATOU_CODING_TOKEN=team.token
        )
        team.person.matou("verify", folder / "archive")
    with first.started_again() as folder:
        team.person.matou("verify", folder / "archive", "--all")
        assert len(refs_of(folder / "archive/repositories/acme/web/shop.git")) == 1 + REFS


def test_a_mirror_that_is_seen_in_its_place_is_whole_after_a_power_cut_in_the_middle_of_a_run(
    tmp_path: Path, ours: Disk
) -> None:
    """Its files were not synced one by one, and nobody has synced since."""
    source, url = make_many_refs(tmp_path / "source.git", 50), "http://127.0.0.1:9/s.git"
    transport = LocalTransport({url: source})
    archive = Archive.create(ours.folder / "archive", now=datetime(2026, 11, 22, tzinfo=UTC), identifier=UUID(int=1))
    publisher = MirrorPublisher(archive)
    for number in range(5):
        staged = archive.staging / f"mirror-{number}"
        update = make_mirror(
            staged, FetchSource(transport, url), list_refs(transport, url), durably=not publisher.syncs
        )
        publisher.publish_soon(StagedMirror(staged, archive.repositories / f"team/{number}.git", update.bytes, None))
    sync_folder(archive.repositories / "team")

    with ours.cut().started_again() as folder:
        seen = sorted((folder / "archive/repositories/team").iterdir())
        assert [path.name for path in seen] == ["0.git", "1.git", "2.git"]
        for path in seen:
            assert refs_of(path) == refs_of(source)
            git(path, "fsck", "--full", "--strict")


def test_plain_git_fetch_loses_its_refs_on_the_same_disk(team: Team, ours: Disk) -> None:
    """The control: this disk forgets what nobody synced."""
    shop, mirror = team.root / "repositories/acme/web/shop.git", ours.folder / "mirror.git"
    add_refs(shop, 0)
    git(None, "init", "--quiet", "--bare", mirror)
    subprocess.run(["sync"], check=True)

    git(mirror, "fetch", "--quiet", shop, "+refs/*:refs/*")

    assert len(refs_of(mirror)) == 1 + REFS
    with ours.cut().started_again() as folder:
        left = len(refs_of(folder / "mirror.git"))
        print(f"plain git: {left} of {1 + REFS} refs left")
        assert left < 1 + REFS
        git(folder / "mirror.git", "fsck", "--full", "--strict")


@pytest.fixture
def server(ours: Disk) -> Iterator[MatouServer]:
    with running_server(ours.folder / "server") as running:
        yield running


@contextmanager
def opened_again(cut: CutDisk) -> Iterator[Forge]:
    """The server's folder on the disk that lost its power."""
    with cut.started_again() as folder:
        with closing(sqlite3.connect(folder / "server" / "matou.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        with open_forge(folder / "server", Settings.from_environment({})) as forge:
            yield forge


@pytest.mark.parametrize("seed", ROUNDS)
def test_every_ref_of_an_acknowledged_push_is_there_after_a_power_cut(
    server: MatouServer, ours: Disk, tmp_path: Path, seed: int
) -> None:
    source = make_many_refs(tmp_path / "source.git", REFS + seed)
    repository = server.repository()
    url = server.clone_url(repository, server.credential())
    words = ["git", f"--git-dir={source}", "push", "--porcelain", url, "+refs/*:refs/*"]
    push = subprocess.Popen(words, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    cut = cut_after_the_first_word(push, ours)

    with opened_again(cut) as forge:
        found = forge.git_dir(find_repository(forge, repository.path))
        assert refs_of(found) == refs_of(source)
        assert len(refs_of(found)) == 1 + REFS + seed
        git(found, "fsck", "--full", "--strict")


@pytest.mark.parametrize("seed", ROUNDS)
def test_an_account_and_a_token_that_were_shown_are_there_after_a_power_cut(
    person: Person, ours: Disk, seed: int
) -> None:
    root = ours.folder / "server"
    person.matou("user", "add", "li", "--root", root, "--password-stdin", stdin="correct horse battery\n")
    with_account = ours.cut()
    with person.start("token", "create", "--user", "li", "--name", "n", "--root", root) as running:
        assert running.stdout is not None
        token = running.stdout.readline().strip()
        with_token = ours.cut()

    with opened_again(with_account) as forge:
        assert find_user(forge, "li") is not None
    with opened_again(with_token) as forge:
        identity = resolve_token(forge, Secret(token))
        assert identity is not None


@pytest.mark.parametrize("seed", ROUNDS)
def test_a_depot_and_a_branch_that_the_api_made_are_there_after_a_power_cut(
    server: MatouServer, ours: Disk, tmp_path: Path, seed: int
) -> None:
    source = make_many_refs(tmp_path / "source.git", 1)
    repository = server.repository("acme/web/shop")
    git(source, "push", "--quiet", "--mirror", server.clone_url(repository, server.credential()))

    made = ask(server, "CreateGitDepot", ProjectId=repository.namespace_id, DepotName="harbour")
    with_depot = ours.cut()
    ask(server, "CreateGitBranch", DepotId=repository.id, BranchName="later", StartPoint="main")
    with_branch = ours.cut()

    with opened_again(with_depot) as forge:
        depot = find_repository(forge, RepositoryPath.parse("acme/web/harbour"))
        assert depot.id == made["DepotId"]
        assert git(forge.git_dir(depot), "for-each-ref") == ""
    with opened_again(with_branch) as forge:
        refs = refs_of(forge.git_dir(find_repository(forge, repository.path)))
        assert refs["refs/heads/later"] == refs["refs/heads/main"]


@pytest.mark.parametrize("seed", ROUNDS)
def test_an_lfs_object_that_was_taken_is_there_after_a_power_cut(server: MatouServer, ours: Disk, seed: int) -> None:
    repository = server.repository()
    content = random.Random(seed).randbytes(3_000_000)
    oid = hashlib.sha256(content).hexdigest()

    answer = urllib3.request(
        "PUT",
        f"{server.url}/{repository.path}.git/info/lfs/objects/{oid}",
        body=content,
        headers=urllib3.make_headers(basic_auth=f"coding:{server.token().reveal()}"),
    )
    cut = ours.cut()

    assert answer.status == 200, answer.data
    with opened_again(cut) as forge:
        path, size = open_object(forge, find_repository(forge, repository.path), oid)
        assert (path.read_bytes(), size) == (content, len(content))


@pytest.mark.parametrize("seed", ROUNDS)
def test_a_file_that_the_api_wrote_is_there_after_a_power_cut(server: MatouServer, ours: Disk, seed: int) -> None:
    repository = server.repository()
    content = random.Random(seed).randbytes(1_000_000)

    made = write(server, "POST", repository, "deep/in/it", content=base64.b64encode(content).decode())
    with_file = ours.cut()
    blob = made["content"]["sha"]
    changed = write(server, "PUT", repository, "deep/in/it", content="eA==", sha=blob)
    with_change = ours.cut()
    write(server, "DELETE", repository, "deep/in/it", sha=changed["content"]["sha"])
    with_deletion = ours.cut()

    kept = [(with_file, blob), (with_change, changed["content"]["sha"]), (with_deletion, None)]
    for number, (cut, expected) in enumerate(kept, start=1):
        with opened_again(cut) as forge:
            found = find_repository(forge, repository.path)
            git_dir = forge.git_dir(found)
            assert git(git_dir, "fsck", "--full", "--strict", "--unreachable") == ""
            assert git(git_dir, "rev-list", "--count", "main") == str(number)
            assert git(git_dir, "ls-tree", "-r", "--format=%(objectname)", "main") == (expected or "")
            assert found.last_push_at is not None


def write(server: MatouServer, method: str, repository: Repository, path: str, **requests_seen: str) -> dict[str, Any]:
    """One commit by GitCode's contents API, over a connection of its own."""
    answer = urllib3.request(
        method,
        f"{server.url}/api/v5/repos/{repository.path}/contents/{path}",
        json={"message": f"{method} it", **requests_seen},
        headers={"Authorization": f"Bearer {server.token().reveal()}"},
    )
    assert answer.status in {200, 201}, answer.data
    written: dict[str, Any] = answer.json()
    return written


def ask(server: MatouServer, action: str, **requests_seen: object) -> dict[str, Any]:
    """What the API answers, over a connection of its own."""
    answer = urllib3.request(
        "POST",
        f"{server.url}/open-api",
        json={"Action": action, **requests_seen},
        headers={"Authorization": f"token {server.token().reveal()}"},
    )
    response: dict[str, Any] = answer.json()["Response"]
    assert "Error" not in response, response
    return response
