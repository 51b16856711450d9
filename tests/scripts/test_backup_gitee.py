"""A Matou is saved through the API that it shares with Gitee's extensions, by commands alone."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.program import Ended
from support.team import Team


def back_up(team: Team, archive: Path, *, code: int | None = 0, token: str = "", below: str = "/api/v3") -> Ended:
    return team.person.matou(
        "backup",
        "gitee",
        "--url",
        f"{team.url}{below}",
        "--to",
        archive,
        "--json",
        code=code,
        MATOU_GITEE_TOKEN=token or team.token,
    )


def report(ended: Ended) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(ended.out)
    return read


def refs(repository: Path) -> str:
    command = ["git", "-C", str(repository), "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("below", ["", "/api/v3", "/api/v3/"])
def test_all_that_a_token_sees_is_saved(team: Team, tmp_path: Path, below: str) -> None:
    archive = tmp_path / "archive"

    saved = report(back_up(team, archive, below=below))

    team.person.matou("verify", archive)
    assert (saved["outcomes"], saved["unseen"]) == ({"saved": 2, "empty": 1}, [])
    [shop] = (archive / "repositories").glob("li/**/shop.git")
    assert refs(shop) == refs(team.root / "repositories/acme/web/shop.git") != ""


def test_a_second_backup_finds_nothing_to_do(team: Team, tmp_path: Path) -> None:
    back_up(team, tmp_path / "archive")

    again = report(back_up(team, tmp_path / "archive"))

    assert again["outcomes"] == {"unchanged": 2, "empty": 1}
    assert again["received_bytes"] == 0


def test_a_token_that_is_not_good_is_told_as_such_and_not_shown(team: Team, tmp_path: Path) -> None:
    ended = back_up(team, tmp_path / "archive", code=4, token="f00d" * 10)

    assert "did not accept the token in MATOU_GITEE_TOKEN" in ended.err
    assert "f00d" not in ended.err
