"""L-10: a team of thousands of repositories, saved by the real program from a real server."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.model.names import RepositoryPath
from matou.settings import Settings
from matou.wiring import open_forge
from support.deciding import create_project, create_repository, create_token
from support.git_repositories import git, make_repository
from support.program import MATOU, Person, serving
from support.team import make_person

pytestmark = [pytest.mark.soak, pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="reads memory from /proc")]

REPOSITORIES = 5_000
PROJECTS = 20
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Team:
    person: Person
    url: str
    token: str


@dataclass(frozen=True)
class Measured:
    report: dict[str, Any]
    seconds: float
    peak_bytes: int


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    person, root = make_person(tmp_path / "home"), tmp_path / "server"
    made = make_repository(tmp_path / "made.git", branches=["a", "b"], tags=["c"])
    git(made, "repack", "-adq")
    git(made, "pack-refs", "--all")
    with open_forge(root, Settings.from_environment({})) as forge:
        token = fill(forge, made)
    with serving(person, root) as url:
        yield Team(person, url, token)


def fill(forge: Forge, made: Path) -> str:
    """As many repositories as there are to be, each like the one that was made; gives a token that sees them all."""
    owner = create_user(forge, "li", admin=True)
    acme = create_organization(forge, "acme", owner=owner)
    for number in range(PROJECTS):
        create_project(forge, acme, f"project{number}", creator=owner)
    for number in range(REPOSITORIES):
        path = RepositoryPath.parse(f"acme/project{number % PROJECTS}/repository{number}")
        git_dir = forge.git_dir(create_repository(forge, path, creator=owner))
        for pack in (made / "objects/pack").iterdir():
            os.link(pack, git_dir / "objects/pack" / pack.name)
        shutil.copy(made / "packed-refs", git_dir / "packed-refs")
    return create_token(forge, owner, "backup").reveal()


def back_up(team: Team, archive: Path, **environment: str) -> Measured:
    words = (MATOU, "backup", "coding", "--url", f"{team.url}/open-api", "--to", archive, "--json")
    variables = team.person.variables(MATOU_CODING_TOKEN=team.token, **environment)
    out = archive.with_name("report.json")
    began = time.monotonic()
    with out.open("w") as report, subprocess.Popen(words, env=variables, stdout=report) as process:
        peak = peak_bytes(process)
    assert process.returncode == 0
    return Measured(json.loads(out.read_text()), time.monotonic() - began, peak)


def peak_bytes(process: "subprocess.Popen[bytes]") -> int:
    """What the kernel noted as the most that it ever held."""
    peak = 0
    while process.poll() is None:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        peak = max([peak, *(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))])
        time.sleep(0.02)
    return peak


def counting_git(folder: Path) -> tuple[str, Path]:
    """A PATH whose git notes each start in a file, and that file."""
    started, git_program = folder / "started", folder / "wrapper" / "git"
    git_program.parent.mkdir()
    git_program.write_text(f"#!/bin/sh\necho started >>'{started}'\nexec {shutil.which('git')} \"$@\"\n")
    git_program.chmod(0o755)
    started.touch()
    return f"{git_program.parent}{os.pathsep}{MATOU.parent}{os.pathsep}{os.environ['PATH']}", started


def test_five_thousand_repositories_are_saved_and_then_found_unchanged(team: Team, tmp_path: Path) -> None:
    path, started = counting_git(tmp_path)

    first = back_up(team, tmp_path / "archive", PATH=path)
    starts = len(started.read_text().splitlines())
    second = back_up(team, tmp_path / "archive", PATH=path)

    for name, run in (("first", first), ("second", second)):
        print(f"{name}: {run.seconds:.1f} s, {run.peak_bytes / MEBIBYTE:.0f} MiB, {run.report['requests']} requests")
    assert first.report["outcomes"] == {"saved": REPOSITORIES}
    assert second.report["outcomes"] == {"unchanged": REPOSITORIES}
    assert starts >= REPOSITORIES
    assert len(started.read_text().splitlines()) == starts
    assert max(first.peak_bytes, second.peak_bytes) < 200 * MEBIBYTE
    assert second.seconds < first.seconds / 2
    assert second.report["requests"] < REPOSITORIES * 1.01 + 10 * PROJECTS
