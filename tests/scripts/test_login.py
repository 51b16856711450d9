"""Logging in, by commands alone: headless with a file of tokens, and with a real Secret Service."""

import json
import os
import pty
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.program import MATOU, Ended
from support.secret_service import needs_secret_service, secret_service
from support.team import Team

PASSWORD = "correct horse battery"
PASSPHRASE = "staple-staple-staple"


class ProcessWatch(threading.Thread):
    """Reads the arguments of every process, as anybody may, and the environment of those below the one watched."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__(daemon=True)
        self.secrets = [secret.encode() for secret in secrets]
        self.seen: set[bytes] = set()
        self.looks = 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.001):
            for name in ("cmdline", "environ"):
                for file in Path("/proc").glob(f"[0-9]*/{name}"):
                    self._look(file)
            self.looks += 1

    def _look(self, file: Path) -> None:
        try:
            content = file.read_bytes()
        except OSError:
            return
        if any(secret in content for secret in self.secrets):
            self.seen.add(content)


@pytest.fixture
def headless(team: Team) -> Team:
    return replace(team, person=replace(team.person, environment={"MATOU_PASSPHRASE": PASSPHRASE}))


@pytest.fixture
def at_desk(team: Team, tmp_path: Path) -> Iterator[Team]:
    with secret_service(tmp_path) as bus:
        yield replace(team, person=replace(team.person, environment={"DBUS_SESSION_BUS_ADDRESS": bus}))


def log_in(team: Team, *options: str, code: int | None = 0) -> Ended:
    return team.person.matou("login", team.url, "--token-stdin", *options, stdin=f"{team.token}\n", code=code)


def log_in_with_password(team: Team, *options: str, password: str = PASSWORD, code: int | None = 0) -> Ended:
    given = ("login", team.url, "--user", "li", "--password-stdin", *options)
    return team.person.matou(*given, stdin=f"{password}\n", code=code)


def status(team: Team, code: int = 0) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads(team.person.matou("auth", "status", "--json", code=code).out)
    return read


def asked_by_git(team: Team, verb: str = "get", code: int = 0, **values: str) -> str:
    scheme, _, host = team.url.partition("://")
    lines = {"protocol": scheme, "host": host, **values}
    text = "".join(f"{key}={value}\n" for key, value in lines.items())
    return team.person.matou("auth", "git-credential", verb, stdin=f"{text}\n", code=code).out


def files_that_hold(folder: Path, secret: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def revoke(team: Team) -> None:
    from matou.forge.tokens import list_tokens, revoke_token
    from matou.forge.users import find_user
    from matou.settings import Settings
    from matou.wiring import open_forge

    with open_forge(team.root, Settings.from_environment({})) as forge:
        user = find_user(forge, "li")
        assert user is not None
        for token in list_tokens(forge, user):
            revoke_token(forge, token.id, user=user)


def test_a_token_is_checked_and_kept_and_a_backup_takes_it(headless: Team, tmp_path: Path) -> None:
    told = log_in(headless)

    assert f"logged in at {headless.url} as li" in told.err
    [kept] = status(headless)
    assert (kept["user"], kept["kind"], kept["kept_in"], kept["state"]) == ("li", "token", "file", "works")
    backup = ("backup", "coding", "--url", headless.api, "--to", tmp_path / "archive", "--json")
    assert json.loads(headless.person.matou(*backup).out)["outcomes"] == {"saved": 2, "empty": 1}


@pytest.mark.parametrize("platform", ["coding", "gitcode", "gitee", "matou"])
def test_every_platform_proves_a_token_before_it_is_kept(headless: Team, platform: str) -> None:
    refused = headless.person.matou(
        "login", headless.url, "--platform", platform, "--token-stdin", stdin="f00d" * 10, code=4
    )

    assert "f00d" not in refused.err
    assert status(headless) == []
    log_in(headless, "--platform", platform)
    assert [kept["platform"] for kept in status(headless)] == [platform]


@pytest.mark.parametrize("platform", ["coding", "gitcode", "gitee", "matou"])
def test_every_platform_proves_a_password_which_no_file_ever_holds(headless: Team, platform: str) -> None:
    log_in_with_password(headless, "--platform", platform, password="wrong and long", code=4)
    assert status(headless) == []

    told = log_in_with_password(headless, "--platform", platform)

    assert "password: nowhere; it is asked for each time" in told.err
    places = {kept["kind"]: kept["kept_in"] for kept in status(headless)}
    assert places == {"password": "nowhere"} | ({"token": "file"} if platform == "gitee" else {})
    assert files_that_hold(headless.person.home, PASSWORD) == []


def test_without_a_credential_manager_and_a_passphrase_nothing_is_kept(team: Team) -> None:
    ended = log_in(team, code=2)

    assert "set MATOU_PASSPHRASE" in ended.err
    assert status(team) == []
    assert files_that_hold(team.person.home, team.token) == []


def test_a_wrong_passphrase_is_a_refused_credential_and_damage_is_damage(headless: Team) -> None:
    log_in(headless)
    backup = ("backup", "coding", "--url", headless.api, "--to", headless.root.with_name("archive"))

    assert "passphrase" in headless.person.matou(*backup, code=4, MATOU_PASSPHRASE="another").err

    file = headless.person.home / ".config" / "matou" / "tokens.matou"
    file.write_bytes(file.read_bytes()[:-20])
    assert "damaged" in headless.person.matou(*backup, code=5).err


def test_a_token_that_was_revoked_is_erased_and_the_command_to_run_told(headless: Team, tmp_path: Path) -> None:
    log_in(headless)
    revoke(headless)
    backup = ("backup", "gitcode", "--url", headless.url, "--to", tmp_path / "archive")

    ended = headless.person.matou(*backup, code=4)

    assert f"log in again with: matou login {headless.url} --platform matou" in ended.err
    assert [kept["state"] for kept in status(headless, code=4)] == ["refused"]
    assert asked_by_git(headless) == ""


def test_logging_out_forgets_the_host_and_its_secret(headless: Team) -> None:
    log_in(headless)

    headless.person.matou("logout", headless.url)

    assert status(headless) == []
    assert asked_by_git(headless) == ""
    assert "nobody is logged in" in headless.person.matou("logout", headless.url, code=2).err


def test_git_hears_of_the_hosts_that_are_known_and_of_no_other(headless: Team) -> None:
    log_in(headless)

    assert asked_by_git(headless) == f"username=li\npassword={headless.token}\n"
    assert asked_by_git(headless, username="wang") == ""
    assert asked_by_git(headless, protocol="https") == ""
    assert asked_by_git(headless, host="git.example") == ""


def test_git_erases_what_was_refused_and_not_what_has_taken_its_place(headless: Team) -> None:
    log_in(headless)

    asked_by_git(headless, "erase", username="li", password="an older one")
    assert headless.token in asked_by_git(headless)
    asked_by_git(headless, "erase", username="li", password=headless.token)
    assert asked_by_git(headless) == ""


def test_what_git_was_given_is_kept_by_no_file(headless: Team) -> None:
    log_in(headless)

    asked_by_git(headless, "store", username="li", password=PASSWORD)

    assert files_that_hold(headless.person.home, PASSWORD) == []
    assert PASSWORD not in asked_by_git(headless)


def test_an_answer_for_git_is_never_shown_on_a_terminal(headless: Team) -> None:
    log_in(headless)
    ours, theirs = pty.openpty()

    ended = subprocess.run(
        [MATOU, "auth", "git-credential", "get"],
        input=b"protocol=http\nhost=127.0.0.1\n\n",
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=headless.person.variables(),
    )

    os.close(theirs)
    os.close(ours)
    assert ended.returncode == 2
    assert b"not for a terminal" in ended.stderr


def test_git_clones_with_what_is_kept_once_it_is_set_up(headless: Team, tmp_path: Path) -> None:
    log_in(headless, "--setup-git")
    headless.person.matou("login", "--setup-git")

    headless.person.git("clone", "-q", headless.git_url("shop"), tmp_path / "shop")

    assert len(list((tmp_path / "shop").glob("f*"))) == 5
    assert (headless.person.home / ".gitconfig").read_text().count("auth git-credential") == 1


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_no_command_shows_a_secret_anywhere(headless: Team, tmp_path: Path) -> None:
    archive, person = tmp_path / "archive", headless.person
    watch = ProcessWatch((headless.token, PASSWORD))
    watch.start()
    ended = [
        log_in(headless, "--setup-git"),
        person.matou("auth", "status"),
        person.matou("backup", "gitcode", "--url", headless.url, "--to", archive),
        person.matou("backup", "gitcode", "--url", headless.url, "--to", archive, "--json"),
        person.matou("verify", archive),
        log_in_with_password(headless),
        person.matou("auth", "status", "--json"),
        person.matou("logout", headless.url),
    ]
    watch.ended.set()
    watch.join()

    assert watch.looks > 10
    assert watch.seen == set()
    for secret in (headless.token, PASSWORD, PASSPHRASE):
        assert secret not in "".join(one.out + one.err for one in ended)
        assert files_that_hold(person.home, secret) == files_that_hold(archive, secret) == []


@needs_secret_service
def test_a_secret_service_keeps_the_password_and_renews_the_token_with_it(at_desk: Team, tmp_path: Path) -> None:
    log_in_with_password(at_desk, "--platform", "gitee", "--setup-git")
    assert {kept["kind"]: kept["kept_in"] for kept in status(at_desk)} == {"password": "system", "token": "system"}
    revoke(at_desk)

    backup = ("backup", "gitee", "--url", f"{at_desk.url}/api/v3", "--to", tmp_path / "archive", "--json")
    saved = json.loads(at_desk.person.matou(*backup).out)

    assert saved["outcomes"].get("saved") == 2
    at_desk.person.git("clone", "-q", at_desk.git_url("shop"), tmp_path / "shop")
    assert files_that_hold(at_desk.person.home, PASSWORD) == []
    assert not (at_desk.person.home / ".config" / "matou" / "tokens.matou").exists()
    at_desk.person.matou("logout", at_desk.url)
    assert asked_by_git(at_desk) == ""


@needs_secret_service
def test_a_password_that_was_changed_ends_in_the_command_to_run(at_desk: Team, tmp_path: Path) -> None:
    from matou.credentials import Secret
    from matou.forge.users import find_user, set_password
    from matou.settings import Settings
    from matou.wiring import open_forge

    log_in_with_password(at_desk, "--platform", "gitee")
    revoke(at_desk)
    with open_forge(at_desk.root, Settings.from_environment({})) as forge:
        user = find_user(forge, "li")
        assert user is not None
        set_password(forge, user, Secret("a new one and long"))
    backup = ("backup", "gitee", "--url", f"{at_desk.url}/api/v3", "--to", tmp_path / "archive")

    ended = at_desk.person.matou(*backup, code=4)

    assert f"matou login {at_desk.url} --platform gitee --user li" in ended.err
    assert asked_by_git(at_desk) == ""


def test_a_bus_that_never_answers_holds_nobody_up_and_the_file_is_taken(headless: Team, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "bus"))
        silent.listen()
        bus = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/bus"}
        stuck = replace(headless, person=replace(headless.person, environment=headless.person.environment | bus))
        began = time.monotonic()

        told = log_in(stuck)

    assert "token: an encrypted file" in told.err
    assert time.monotonic() - began < 10


def test_a_person_at_a_terminal_is_asked_and_what_they_type_is_not_shown(headless: Team) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [MATOU, "login", headless.url, "--user", "li"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=headless.person.variables(),
        start_new_session=True,
    ) as process:
        os.close(theirs)
        shown = read_until(ours, b"Password: ")
        time.sleep(0.3)  # between the question and the moment when the terminal no longer shows what is typed
        os.write(ours, f"{PASSWORD}\n".encode())
        shown += read_until(ours, b"asked for each time")
        process.wait(20)
    os.close(ours)

    assert PASSWORD.encode() not in shown
    assert process.returncode == 0


def read_until(descriptor: int, awaited: bytes) -> bytes:
    read = b""
    while awaited not in read:
        read += os.read(descriptor, 4096)
    return read


@needs_secret_service
def test_a_secret_service_that_vanished_is_told(at_desk: Team, tmp_path: Path) -> None:
    log_in(at_desk)
    gone = replace(
        at_desk, person=replace(at_desk.person, environment={"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/gone"})
    )

    assert [kept["state"] for kept in status(gone, code=6)] == ["unknown"]
    assert asked_by_git(gone) == ""
    assert [kept["state"] for kept in status(at_desk)] == ["works"]
