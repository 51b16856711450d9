"""Each exit code of docs/guide/index.md, reached as a person would reach it."""

import signal
import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from support.fault_proxy import FaultProxy, Status
from support.program import MATOU, Person
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
    assert "did not accept the token in MATOU_CODING_TOKEN" in ended.err
    assert not list((tmp_path / "a").glob("runs/*/manifest.jsonl"))


def test_a_token_that_is_refused_half_way_leaves_what_was_saved_and_says_how_to_go_on(
    team: Team, tmp_path: Path
) -> None:
    with closing(FaultProxy(team.url)) as proxy:
        proxy.add(Status(401), path="git-upload-pack", at=range(2, 100))
        words = ("backup", "coding", "--url", f"{proxy.url}/open-api", "--to", tmp_path / "a", "--jobs", "1")
        ended = team.person.matou(*words, code=4, MATOU_CODING_TOKEN=team.token)
        proxy.clear()
        again = team.person.matou(*words, MATOU_CODING_TOKEN=team.token)

    assert "failed" in ended.out
    assert "goes on from there" in ended.err
    assert (tmp_path / "a/runs/000001/manifest.jsonl").is_file()
    assert "run 2" in again.out


def test_so_is_one_that_a_migration_was_given(team: Team, tmp_path: Path) -> None:
    team.person.matou("backup", "coding", "--url", team.api, "--to", tmp_path / "a", MATOU_CODING_TOKEN=team.token)
    words = ("migrate", tmp_path / "a", "--to", "coding", "--url", team.api, "--namespace", "x", "--token-stdin")

    ended = team.person.matou(*words, stdin="f" * 40 + "\n", code=4)

    assert "f" * 40 not in ended.err
    assert "did not accept the token from standard input" in ended.err


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
    assert "the connection was refused" in ended.err
    assert "check the address" in ended.err
    assert "request_repeated" not in ended.err


def test_an_address_that_is_not_this_machines_is_a_usage_error(person: Person, tmp_path: Path) -> None:
    ended = person.matou("serve", "--root", tmp_path / "a", "--host", "192.0.2.1", "--port", "0", code=2)
    assert "cannot listen on '192.0.2.1'" in ended.err
    assert "taken" not in ended.err


def test_a_folder_that_is_no_repository_cannot_be_imported(person: Person, tmp_path: Path) -> None:
    ended = person.matou("repo", "import", tmp_path, "team/name", "--root", tmp_path / "a", code=2)
    assert "is no git repository" in ended.err


def test_a_text_that_cannot_be_a_token_is_a_refused_credential(person: Person, tmp_path: Path) -> None:
    arguments = ("backup", "coding", "--url", "http://127.0.0.1:1/open-api", "--to", tmp_path / "a")
    ended = person.matou(*arguments, code=4, MATOU_CODING_TOKEN="two words")
    assert "two words" not in ended.err


@pytest.mark.parametrize("version", [None, "2.30.1"])
def test_a_machine_without_a_git_that_will_do_is_told_which_it_takes(
    person: Person, tmp_path: Path, version: str | None
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    if version is not None:
        (programs / "git").write_text(f"#!/bin/sh\necho git version {version}\n")
        (programs / "git").chmod(0o755)

    backup = ("backup", "coding", "--url", "http://127.0.0.1:1/open-api", "--to", tmp_path / "a")
    for command in (backup, ("serve", "--root", tmp_path / "a"), ("doctor",)):
        ended = person.matou(*command, code=1, PATH=str(programs), MATOU_CODING_TOKEN="f" * 40)
        assert "install git 2.37 or newer" in ended.err
        assert "Traceback" not in ended.err


def test_a_file_of_certificates_that_is_none_is_a_usage_error(person: Person, tmp_path: Path) -> None:
    arguments = ("backup", "coding", "--url", "https://127.0.0.1:1/open-api", "--to", tmp_path / "a")
    ended = person.matou(*arguments, code=2, MATOU_CODING_TOKEN="f" * 40, MATOU_CA_FILE=str(tmp_path / "none.pem"))
    assert "MATOU_CA_FILE" in ended.err


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


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_who_interrupts_is_told_that_what_was_saved_stays_saved(
    person: Person, tmp_path: Path, sent: signal.Signals
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        arguments = ("backup", "gitcode", "--url", url, "--to", tmp_path / "a")
        with person.start(*arguments, MATOU_GITCODE_TOKEN="f" * 40) as running:
            connection, _ = server.accept()
            running.send_signal(sent)
            _, err = running.communicate(timeout=30)
            connection.close()

    assert running.returncode == 130
    assert "stays saved" in err


@pytest.mark.parametrize("url", ["/api/v5", "ssh://api.gitcode.com", "https://me:secret@api.gitcode.com"])
def test_an_address_that_is_none_exits_with_2(person: Person, tmp_path: Path, url: str) -> None:
    person.matou("backup", "gitcode", "--url", url, "--to", tmp_path / "a", code=2, MATOU_GITCODE_TOKEN="f" * 40)


def test_a_password_that_is_too_short_exits_with_2(person: Person, tmp_path: Path) -> None:
    person.matou("user", "add", "li", "--root", tmp_path / "a", "--password-stdin", stdin="short\n", code=2)


@pytest.mark.parametrize("place", ["file", "file/below", "/dev/full", "/proc/nothing"])
@pytest.mark.parametrize("command", ["backup", "serve", "user"])
def test_a_place_where_no_archive_can_be_is_a_usage_error_that_names_it(
    person: Person, tmp_path: Path, command: str, place: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    words = {
        "backup": ("backup", "coding", "--url", "http://127.0.0.1:1/open-api", "--to", tmp_path / place),
        "serve": ("serve", "--port", "0", "--root", tmp_path / place),
        "user": ("user", "add", "li", "--password-stdin", "--root", tmp_path / place),
    }[command]

    ended = person.matou(*words, stdin="a long password\n", code=2, MATOU_CODING_TOKEN="f" * 40)

    assert str(tmp_path / place) in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("place", ["file", "file/below", "/dev/full", "/proc/nothing"])
def test_a_place_where_nothing_can_be_restored_to_is_a_usage_error_that_names_it(
    team: Team, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    team.person.matou("backup", "coding", "--url", team.api, "--to", tmp_path / "a", MATOU_CODING_TOKEN=team.token)

    ended = team.person.matou("restore", tmp_path / "a", "--to", tmp_path / place, code=2)

    assert str(tmp_path / place) in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("command", ["--help", "runs"])
def test_an_output_without_room_is_told(team: Team, tmp_path: Path, command: str) -> None:
    arguments = ("backup", "coding", "--url", team.api, "--to", tmp_path / "a")
    team.person.matou(*arguments, MATOU_CODING_TOKEN=team.token)
    words = [command] if command == "--help" else [command, str(tmp_path / "a")]

    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [MATOU, *words], env=team.person.variables(), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )

    assert ended.returncode == 1
    assert "no space left on device" in ended.stderr
    assert "Exception ignored" not in ended.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://root:hidden@127.0.0.1/x", "mysql is no database"),
        ("nonsense hidden", "cannot be read"),
        ("postgresql://me:hidden@host:port/x", "cannot be read"),
    ],
)
def test_a_database_that_cannot_be_one_is_a_usage_error_without_its_password(
    person: Person, tmp_path: Path, url: str, said: str
) -> None:
    ended = person.matou("serve", "--port", "0", "--root", tmp_path / "a", code=2, MATOU_DATABASE_URL=url)

    assert said in ended.err
    assert "MATOU_DATABASE_URL" in ended.err
    assert "hidden" not in ended.err


def test_a_database_server_that_is_not_there_is_not_called_busy(person: Person, tmp_path: Path) -> None:
    url = "postgresql://me:hidden@127.0.0.1:1/x"

    ended = person.matou("serve", "--port", "0", "--root", tmp_path / "a", code=6, MATOU_DATABASE_URL=url)

    assert "does not answer" in ended.err
    assert "hidden" not in ended.err


def test_a_database_that_its_server_does_not_know_is_a_usage_error(
    person: Person, postgres_url: str, tmp_path: Path
) -> None:
    url = make_url(postgres_url).set(database="nobody_made_this").render_as_string(hide_password=False)

    ended = person.matou("serve", "--port", "0", "--root", tmp_path / "a", code=2, MATOU_DATABASE_URL=url)

    assert "does not let us in" in ended.err


@pytest.mark.parametrize(
    "command", ["serve --root", "backup git --to", "verify", "archive attach", "token list --root"]
)
def test_an_address_is_no_folder_and_is_not_made_one(person: Person, tmp_path: Path, command: str) -> None:
    refused = person.matou(*command.split(), "s3://KEY:SECRET@bucket/archive", code=2)

    assert "matou archive attach DIR s3://BUCKET/PREFIX" in " ".join(refused.err.split())
    assert "SECRET" not in refused.err
    assert not (person.home / "s3:").exists()


def test_a_port_that_is_taken_is_told_before_anything_else(person: Person, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = person.matou("serve", "--root", tmp_path / "archive", "--port", str(port), code=2)

    assert f"'127.0.0.1' port {port} is taken" in refused.err
    assert "first-start" not in refused.err + refused.out
