"""Each exit code of docs/guide.md, reached as a person would reach it."""

import signal
import time
from pathlib import Path

import pytest

from support.program import Person
from support.team import Team


def test_an_archive_that_is_not_there_is_a_usage_error(person: Person, tmp_path: Path) -> None:
    for command in ("verify", "runs", "show", "reindex", "check"):
        ended = person.matou(command, tmp_path / "nothing", code=2)
        assert "Traceback" not in ended.err


def test_an_option_that_is_not_there_is_a_usage_error(person: Person) -> None:
    person.matou("backup", "--no-such-option", code=2)


def test_a_platform_that_is_not_known_is_a_usage_error(person: Person, tmp_path: Path) -> None:
    ended = person.matou("backup", "sourceforge", "--url", "http://127.0.0.1:1", "--to", tmp_path / "a", code=2)
    assert "sourceforge" in ended.err


def test_no_token_is_a_usage_error_that_names_the_variable(person: Person, tmp_path: Path) -> None:
    ended = person.matou("backup", "coding", "--url", "http://127.0.0.1:1/open-api", "--to", tmp_path / "a", code=2)
    assert "MATOU_CODING_TOKEN" in ended.err


def test_a_wrong_token_is_refused_before_anything_is_made(team: Team, tmp_path: Path) -> None:
    ended = team.person.matou(
        "backup", "coding", "--url", team.api, "--to", tmp_path / "a", code=4, MATOU_CODING_TOKEN="f" * 40
    )
    assert "f" * 40 not in ended.err
    assert not list((tmp_path / "a").glob("runs/*/manifest.jsonl"))


def test_a_token_from_standard_input_will_do(team: Team, tmp_path: Path) -> None:
    arguments = ("backup", "coding", "--url", team.api, "--to", tmp_path / "a", "--token-stdin")
    team.person.matou(*arguments, stdin=team.token + "\n")


def test_a_platform_that_does_not_answer_means_try_later(person: Person, tmp_path: Path) -> None:
    ended = person.matou(
        "backup",
        "coding",
        "--url",
        "http://127.0.0.1:9/open-api",
        "--to",
        tmp_path / "a",
        code=6,
        MATOU_CODING_TOKEN="f" * 40,
    )
    assert "127.0.0.1" in ended.err


def test_a_backup_beside_another_says_who_is_at_work_and_means_try_later(team: Team, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from matou.archive.lock import lock_archive

    arguments = ("backup", "coding", "--url", team.api, "--to", tmp_path / "a")
    team.person.matou(*arguments, MATOU_CODING_TOKEN=team.token)
    with lock_archive(tmp_path / "a", now=datetime.now(UTC)):
        ended = team.person.matou(*arguments, code=6, MATOU_CODING_TOKEN=team.token)
    assert str(tmp_path / "a") in ended.err


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_server_ends_with_nought_and_an_interrupted_backup_with_130(
    team: Team, tmp_path: Path, sent: signal.Signals
) -> None:
    arguments = ("backup", "coding", "--url", team.api, "--to", tmp_path / "a")
    with team.person.start(*arguments, MATOU_CODING_TOKEN=team.token) as running:
        while not (tmp_path / "a" / "lock").exists() and running.poll() is None:
            time.sleep(0.001)
        running.send_signal(sent)
        running.communicate(timeout=30)

    assert running.returncode in {130, 0}
    team.person.matou(*arguments, MATOU_CODING_TOKEN=team.token)
    team.person.matou("verify", tmp_path / "a")
