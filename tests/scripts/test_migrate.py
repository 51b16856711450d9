"""An archive is moved to another server by commands alone, and moved again."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.program import Ended
from support.team import Team

CODE_REFS = ("refs/heads", "refs/tags", "refs/notes")


def back_up(team: Team, archive: Path) -> None:
    team.person.matou("backup", "coding", "--url", team.api, "--to", archive, MATOU_CODING_TOKEN=team.token)


def make_organization(team: Team, name: str) -> str:
    team.person.matou("org", "create", name, "--owner", "li", "--root", team.root)
    return name


def migrate(team: Team, archive: Path, namespace: str, *options: str | Path, code: int | None = 0) -> Ended:
    return team.person.matou(
        "migrate",
        archive,
        "--to",
        "matou",
        "--url",
        team.url,
        "--namespace",
        namespace,
        *options,
        code=code,
        MATOU_MATOU_TOKEN=team.token,
    )


def report(ended: Ended) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(ended.out)
    return read


def refs(repository: Path) -> str:
    command = ["git", "-C", str(repository), "for-each-ref", "--format=%(objectname) %(refname)", *CODE_REFS]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def archive(team: Team, tmp_path: Path) -> Path:
    back_up(team, tmp_path / "archive")
    return tmp_path / "archive"


def test_everything_is_there_afterwards_object_id_for_object_id(team: Team, archive: Path) -> None:
    namespace = make_organization(team, "harbour")

    moved = report(migrate(team, archive, namespace, "--json"))

    assert moved["outcomes"] == {"moved": 3}
    for name in ("shop", "notes"):
        there = team.root / f"repositories/harbour/{name}.git"
        assert refs(there) == refs(team.root / f"repositories/acme/web/{name}.git") != ""
    assert refs(team.root / "repositories/harbour/empty.git") == ""
