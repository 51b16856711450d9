"""A push that was held against rules is as safe as any other when the power goes, and so is a refusal."""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.repositories.repository_lists import find_repository
from matou.model.repository_settings import PushRules, RepositoryRules
from matou.settings import Settings
from matou.wiring import open_forge
from support.deciding import change_settings
from support.git_repositories import ENVIRONMENT, git, make_many_refs, refs_of
from support.matou_server import MatouServer, running_server
from support.power_cut import Disk, disk

pytestmark = pytest.mark.soak


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path) as made:
        yield made


@pytest.fixture
def server(ours: Disk) -> Iterator[MatouServer]:
    with running_server(ours.folder / "server") as running:
        yield running


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("pattern", "status"), [("^commit", 0), ("^never", 1)])
def test_what_was_said_of_a_judged_push_is_so_after_a_power_cut(
    server: MatouServer, ours: Disk, tmp_path: Path, seed: int, pattern: str, status: int
) -> None:
    source = make_many_refs(tmp_path / "source.git", 20 + seed)
    repository = server.repository()
    owner = Identity(server.owner, ALL_SCOPES)
    change_settings(server.forge, owner, repository, PushRules, commit_message_regex=pattern, max_file_size=1)
    change_settings(server.forge, owner, repository, RepositoryRules, branch_name_regex="^many/")
    url = server.clone_url(repository, server.credential())
    words = ["git", f"--git-dir={source}", "push", "--porcelain", url, "+refs/*:refs/*"]

    with subprocess.Popen(words, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as push:
        assert push.stdout is not None
        push.stdout.read(1)
        cut = ours.cut()
        push.communicate(timeout=60)

    assert push.returncode == status
    with cut.started_again() as folder:
        with closing(sqlite3.connect(folder / "server" / "matou.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        with open_forge(folder / "server", Settings.from_environment({})) as forge:
            found = forge.git_dir(find_repository(forge, repository.path))
            assert refs_of(found) == ({} if status else refs_of(source))
            git(found, "fsck", "--full", "--strict")
