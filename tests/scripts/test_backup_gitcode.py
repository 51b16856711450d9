"""A Matou is saved through the API that it shares with GitCode, by commands alone."""

import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from matou import GitCode
from matou.errors import TryLater
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from support.program import Ended, Person, serving
from support.steered_clock import SYSTEM_CLOCK
from support.team import Team


def back_up(team: Team, archive: Path, url: str, *options: str, code: int | None = 0) -> Ended:
    return team.person.matou(
        "backup",
        "gitcode",
        "--url",
        url,
        "--to",
        archive,
        "--json",
        *options,
        code=code,
        MATOU_GITCODE_TOKEN=team.token,
    )


def report(ended: Ended) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(ended.out)
    return read


def refs(repository: Path) -> str:
    command = ["git", "-C", str(repository), "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("below", ["", "/api/v5", "/api/v5/"])
def test_all_that_a_token_sees_is_saved(team: Team, tmp_path: Path, below: str) -> None:
    archive = tmp_path / "archive"

    saved = report(back_up(team, archive, team.url + below))

    team.person.matou("verify", archive)
    assert saved["outcomes"] == {"saved": 2, "empty": 1}
    [shop] = (archive / "repositories").glob("li/acme/web/shop.git")
    assert refs(shop) == refs(team.root / "repositories/acme/web/shop.git") != ""


def test_a_second_backup_finds_nothing_to_do(team: Team, tmp_path: Path) -> None:
    back_up(team, tmp_path / "archive", team.url)

    again = report(back_up(team, tmp_path / "archive", team.url))

    assert again["outcomes"] == {"unchanged": 2, "empty": 1}
    assert again["received_bytes"] == 0


def test_a_token_that_is_not_good_is_told_as_such_and_not_shown(team: Team, tmp_path: Path) -> None:
    ended = team.person.matou(
        "backup", "gitcode", "--url", team.url, "--to", tmp_path / "archive", code=4, MATOU_GITCODE_TOKEN="f00d" * 10
    )

    assert "did not accept the token in MATOU_GITCODE_TOKEN" in ended.err
    assert "f00d" not in ended.err


def test_a_limit_that_is_reached_is_waited_for_and_the_person_told(
    person: Person, made_team: tuple[Path, str], tmp_path: Path
) -> None:
    template, token = made_team
    root = shutil.copytree(template, tmp_path / "server")
    with serving(person, root, "--requests-per-minute", "1") as url:
        command = ("backup", "gitcode", "--url", url, "--to", tmp_path / "archive")
        with person.start(*command, MATOU_GITCODE_TOKEN=token) as backup:
            assert backup.stderr is not None
            told = next(line for line in backup.stderr if "asking again" in line)
            backup.terminate()

    assert "answered 429" in told


def test_the_wait_that_a_server_asks_for_is_given_with_the_error(
    person: Person, made_team: tuple[Path, str], tmp_path: Path
) -> None:
    template, token = made_team
    root = shutil.copytree(template, tmp_path / "server")
    with (
        serving(person, root, "--requests-per-minute", "5") as url,
        Session(named=[url], clock=SYSTEM_CLOCK, patience=RetryPolicy(attempts=1)) as session,
    ):
        gitcode = GitCode(token, url, session=session)
        with pytest.raises(TryLater) as caught:
            [gitcode.user() for _ in range(11)]

    assert caught.value.wait is not None
    assert timedelta(0) < caught.value.wait <= timedelta(minutes=1)
