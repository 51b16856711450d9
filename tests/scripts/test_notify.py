"""Who is told when a backup fails, with the installed program: run by cron, once or by a worker, in both languages."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from support.git_repositories import make_source
from support.plain_git_server import PlainGitServer, running_plain_git_server
from support.program import Person
from support.recording_server import RecordingServer, Reply

KEY = "kee-p-it-secret"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PlainGitServer]:
    with running_plain_git_server() as server:
        server.repositories["/ship.git"] = make_source(tmp_path / "ship.git")
        yield server


@pytest.fixture
def hooks() -> Iterator[RecordingServer]:
    with closing(RecordingServer()) as server:
        server.handler = lambda _request: Reply(200, b"ok")
        yield server


def configured(folder: Path, server: PlainGitServer, hooks: RecordingServer, *paths: str) -> Path:
    sources = "".join(
        f'[[source]]\nplatform = "git"\nname = "{path.strip("/")}"\nurl = "{server.url}{path}"\n'
        f'to = "{folder / "archive"}"\n'
        for path in paths
    )
    path = folder / "matou.toml"
    path.write_text(
        f'{sources}[[notify]]\nkind = "webhook"\nname = "ops"\nurl = "{hooks.url}/hook"\n'
        '[[notify]]\nkind = "healthchecks"\nname = "dead-man"\n',
        encoding="utf-8",
    )
    return path


def with_secrets(person: Person, hooks: RecordingServer) -> Person:
    address = f"{hooks.url}/ping/s3cret"
    return Person(person.home, {"MATOU_NOTIFY_OPS_KEY": KEY, "MATOU_NOTIFY_DEAD_MAN_ADDRESS": address})


def told(hooks: RecordingServer) -> list[Any]:
    return [request.json() for request in hooks.requests if request.path == "/hook"]


def pings(hooks: RecordingServer) -> list[str]:
    return [request.path for request in hooks.requests if request.path.startswith("/ping")]


def test_failure_and_recovery_are_told_and_a_success_is_pinged_when_all_is_whole(
    server: PlainGitServer, hooks: RecordingServer, person: Person, tmp_path: Path
) -> None:
    config = configured(tmp_path, server, hooks, "/ship.git", "/boat.git")
    words = ("backup", "--config", config, "--quiet")

    failed = with_secrets(person, hooks).matou(*words, code=3)
    again = with_secrets(person, hooks).matou(*words, code=3)
    first = pings(hooks)
    server.repositories["/boat.git"] = make_source(tmp_path / "boat.git")
    with_secrets(person, hooks).matou(*words)

    start, success, fail = "/ping/s3cret/start", "/ping/s3cret", "/ping/s3cret/fail"
    assert [(one["event"], one["source"]) for one in told(hooks)] == [("failure", "boat.git"), ("recovery", "boat.git")]
    assert first == [start, start, fail] * 2
    assert pings(hooks)[6:] == [start, start, success]
    assert "s3cret" not in failed.err + again.err + (tmp_path / "archive/notices.json").read_text(encoding="utf-8")


def test_a_run_of_less_than_the_file_says_tells_and_pings_nothing(
    server: PlainGitServer, hooks: RecordingServer, person: Person, tmp_path: Path
) -> None:
    config = configured(tmp_path, server, hooks, "/ship.git")

    for option in (("--dry-run",), ("--include", "ship"), ("--code-only",)):
        with_secrets(person, hooks).matou("backup", "--config", config, *option)

    assert hooks.requests == []


def test_notices_that_cannot_be_sent_are_told_and_make_nothing_fail(
    server: PlainGitServer, hooks: RecordingServer, person: Person, tmp_path: Path
) -> None:
    hooks.handler = lambda _request: Reply(403, b"s3cret")
    config = configured(tmp_path, server, hooks, "/ship.git")

    saved = with_secrets(person, hooks).matou("backup", "--config", config, "--quiet")
    broken = config.read_text(encoding="utf-8").replace('kind = "webhook"', 'kind = "telegraph"')
    config.write_text(broken, encoding="utf-8")
    still_saved = with_secrets(person, hooks).matou("backup", "--config", config, "--quiet")

    assert saved.err.count("dead-man could not be told: answered with the status 403") == 2
    assert "s3cret" not in saved.err
    assert "'telegraph' is none of those that it may be" in still_saved.err


def test_a_test_is_sent_to_everybody_and_a_refusal_ends_with_3(
    server: PlainGitServer, hooks: RecordingServer, person: Person, tmp_path: Path
) -> None:
    config = configured(tmp_path, server, hooks, "/ship.git")

    sent = with_secrets(person, hooks).matou("notify", "test", "--config", config)
    missing = person.matou("notify", "test", "ops", "--config", config, code=3)
    unknown = person.matou("notify", "test", "nobody", "--config", config, code=2)

    assert sent.err == "ops was told\ndead-man was told\n"
    assert [one["event"] for one in told(hooks)] == ["test"]
    assert pings(hooks) == ["/ping/s3cret/log"]
    assert "keep it with: matou notify login ops" in missing.err
    assert "there is no [[notify]] 'nobody'" in unknown.err


def test_secrets_are_kept_as_tokens_are_and_stand_nowhere_in_clear(
    server: PlainGitServer, hooks: RecordingServer, person: Person, tmp_path: Path
) -> None:
    config = configured(tmp_path, server, hooks, "/ship.git")
    keeper = Person(person.home, {"MATOU_PASSPHRASE": "staple-staple-staple"})

    keeper.matou("notify", "login", "ops", "--secret-stdin", "--config", config, stdin=f"{KEY}\n")
    keeper.matou("notify", "test", "ops", "--config", config)
    keeper.matou("notify", "logout", "ops")
    keeper.matou("notify", "test", "ops", "--config", config, code=3)

    assert len(told(hooks)) == 1
    files = [path for path in person.home.rglob("*") if path.is_file()]
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


def test_an_address_that_is_a_secret_is_refused_in_the_file(person: Person, tmp_path: Path) -> None:
    config = tmp_path / "matou.toml"
    config.write_text('[[notify]]\nkind = "slack"\nurl = "https://hooks.slack.com/services/s3cret"\n', encoding="utf-8")

    ended = person.matou("notify", "list", "--config", config, code=2)

    assert "is a secret, and does not belong into the file" in ended.err
    assert "s3cret" not in ended.err


def test_what_was_killed_and_what_became_too_old_is_told_by_a_check(
    server: PlainGitServer, hooks: RecordingServer, person: Person, tmp_path: Path
) -> None:
    config = configured(tmp_path, server, hooks, "/ship.git")
    text = config.read_text(encoding="utf-8").replace('name = "ops"', 'name = "ops"\nmax_age = "1h"\nlanguage = "zh"')
    config.write_text(text, encoding="utf-8")
    with_secrets(person, hooks).matou("backup", "--config", config, "--quiet")
    notices = tmp_path / "archive/notices.json"
    state = json.loads(notices.read_text(encoding="utf-8"))
    state["results"]["ship.git"]["complete_at"] = "2020-01-01T00:00:00Z"
    notices.write_text(json.dumps(state), encoding="utf-8")

    with_secrets(person, hooks).matou("notify", "check", "--config", config)
    with_secrets(person, hooks).matou("notify", "check", "--config", config)

    assert [one["event"] for one in told(hooks)] == ["old"]
    assert "太久没有备份" in told(hooks)[0]["title"]
