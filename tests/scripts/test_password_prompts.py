"""A password that no credential manager keeps is asked for: on a terminal only, unseen, once, and then forgotten."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.accounts import Account
from support.fault_proxy import FaultProxy
from support.matou_server import PASSWORD
from support.program import MATOU
from support.secret_service import needs_secret_service
from support.terminal import at_terminal

WRONG = "wrong and long"


@pytest.fixture
def door(headless: Account, fault_proxy: Callable[[str], FaultProxy]) -> FaultProxy:
    """Stands before the server and remembers what it was asked."""
    return fault_proxy(headless.url)


@pytest.fixture
def person(headless: Account, door: FaultProxy) -> Account:
    """Logged in by password where none can be kept, and with a token that is no longer good."""
    person = headless.reached_at(door.url)
    person.make_repositories(commits={"shop": 2})
    person.log_in_with_password()
    person.revoke_tokens()
    door.requests.clear()
    return person


def log_ins(door: FaultProxy) -> int:
    return len([request for request in door.requests if request.path == "/api/v3/session"])


def backup(person: Account) -> tuple[str, ...]:
    archive = str(person.person.home.parent / "archive")
    return "backup", "gitcode", "--url", person.url, "--to", archive


def question(person: Account) -> str:
    return f"Password of {person.name} at {person.url}: "


def test_a_backup_asks_logs_in_once_and_keeps_the_token_alone(person: Account, door: FaultProxy) -> None:
    with at_terminal(person.person, *backup(person)) as terminal:
        terminal.wait_for(question(person))
        assert not terminal.shows_what_is_typed
        terminal.press(f"{PASSWORD}\n")
        code = terminal.end()

    assert code == 0, terminal.shown
    assert PASSWORD not in terminal.shown
    assert log_ins(door) == 1
    assert [one["kept_in"] for one in person.status()] == ["nowhere", "file"]
    person.person.matou(*backup(person))
    assert log_ins(door) == 1


def test_a_migration_asks_too(person: Account, door: FaultProxy, tmp_path: Path) -> None:
    token = person.server.token(person.user).reveal()
    person.person.matou(*backup(person), MATOU_GITCODE_TOKEN=token)
    person.server.team(f"{person.name}-new")
    target = person.server.user(f"{person.name}-target")
    person.revoke_tokens()
    migrate = ("migrate", tmp_path / "archive", "--to", "gitcode", "--url", person.url, "--namespace", target.name)

    with at_terminal(person.person, *migrate, "--dry-run") as terminal:
        terminal.wait_for(question(person))
        terminal.press(f"{PASSWORD}\n")
        terminal.end()

    assert log_ins(door) == 1
    assert PASSWORD not in terminal.shown
    assert "no longer valid" not in terminal.shown


def test_a_token_that_was_erased_is_asked_for_as_one_that_is_refused(person: Account, door: FaultProxy) -> None:
    assert "no longer valid" in person.person.matou(*backup(person), code=4).err

    with at_terminal(person.person, *backup(person)) as terminal:
        terminal.wait_for(question(person))
        terminal.press(f"{PASSWORD}\n")
        code = terminal.end()

    assert (code, log_ins(door)) == (0, 1)


def test_a_wrong_password_is_tried_once_and_told(person: Account, door: FaultProxy) -> None:
    with at_terminal(person.person, *backup(person)) as terminal:
        terminal.wait_for(question(person))
        terminal.press(f"{WRONG}\n")
        code = terminal.end()

    assert (code, log_ins(door)) == (4, 1)
    assert f"{person.url} refused the password" in terminal.shown
    assert WRONG not in terminal.shown


def test_without_a_terminal_nobody_is_asked_and_the_command_and_the_variable_are_told(
    person: Account, door: FaultProxy
) -> None:
    ended = person.person.matou(*backup(person), code=4)
    again = person.person.matou(*backup(person), code=4)

    way_back = (
        f"log in again with: matou login {person.url} --platform matou --user {person.name}; or set MATOU_GITCODE_TOKEN"
    )
    assert f"no longer valid, and is kept no longer\n{way_back}" in ended.err
    assert f"no token is kept for {person.url}\n{way_back}" in again.err
    assert log_ins(door) == 0


def test_a_pipeline_is_not_asked_though_a_terminal_is_there(person: Account, door: FaultProxy) -> None:
    with at_terminal(person.person, *backup(person), stdin=subprocess.DEVNULL) as terminal:
        code = terminal.end()

    assert (code, log_ins(door)) == (4, 0)
    assert "Password" not in terminal.shown


def test_asking_how_things_stand_asks_nobody_anything(person: Account, door: FaultProxy) -> None:
    with at_terminal(person.person, "auth", "status") as terminal:
        code = terminal.end()

    assert (code, log_ins(door)) == (4, 0)
    assert "Password of" not in terminal.shown


def test_whoever_logged_in_with_a_token_is_not_asked_for_a_password(headless: Account, door: FaultProxy) -> None:
    person = headless.reached_at(door.url)
    person.log_in()
    person.revoke_tokens()

    with at_terminal(person.person, *backup(person)) as terminal:
        code = terminal.end()

    assert (code, log_ins(door)) == (4, 0)
    assert "Password of" not in terminal.shown


@pytest.mark.parametrize("keys", ["\x03", "\x04"], ids=["interrupted", "ended"])
def test_whoever_gives_up_gets_their_terminal_back(person: Account, door: FaultProxy, keys: str) -> None:
    with at_terminal(person.person, *backup(person)) as terminal:
        terminal.wait_for(question(person))
        terminal.press(keys)
        terminal.wait_for("interrupted")
        shows = terminal.shows_what_is_typed
        code = terminal.end()

    assert (code, log_ins(door)) == (130, 0)
    assert shows


@needs_secret_service
def test_where_the_credential_manager_has_gone_one_run_goes_on_with_a_password(
    desktop_account: Account, fault_proxy: Callable[[str], FaultProxy]
) -> None:
    door = fault_proxy(desktop_account.url)
    person = desktop_account.reached_at(door.url)
    person.make_repositories(commits={"shop": 2})
    person.log_in_with_password()
    door.requests.clear()
    gone = person.with_environment(DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent/bus")

    with at_terminal(gone.person, *backup(person)) as terminal:
        terminal.wait_for("cannot be read")
        terminal.wait_for(question(person))
        terminal.press(f"{PASSWORD}\n")
        code = terminal.end()

    assert (code, log_ins(door)) == (0, 1)
    assert sorted(file.name for file in person.configuration.iterdir()) == [
        "logins.json",
        "logins.lock",
        "renewal.lock",
    ]
    assert [one["state"] for one in person.status()] == ["works", "works"]


def test_a_new_passphrase_is_typed_twice_and_the_same(account: Account) -> None:
    with at_terminal(account.person, "login", account.url) as terminal:
        terminal.wait_for("Token: ")
        terminal.press(f"{account.token}\n")
        terminal.wait_for("under a passphrase that you choose now")
        for typed in ("open barley", "open sesame"):
            terminal.wait_for("New passphrase for tokens: ")
            terminal.press("open sesame\n")
            terminal.wait_for("Once more: ")
            terminal.press(f"{typed}\n")
        code = terminal.end()

    assert code == 0, terminal.shown
    assert "the two entries differ" in terminal.shown
    assert [secret for secret in (account.token, "sesame", "barley") if secret in terminal.shown] == []
    kept = account.with_environment(MATOU_PASSPHRASE="open sesame").status()
    assert [one["state"] for one in kept] == ["works"]


def test_a_password_is_read_from_the_terminal_that_has_no_session_of_its_own(headless: Account) -> None:
    """As under `setsid`: there is no /dev/tty, and standard input is a terminal all the same."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [MATOU, "login", headless.url, "--user", headless.name],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=headless.person.variables(),
        start_new_session=True,
    ) as process:
        os.close(theirs)
        shown = read_until(ours, b"Password: ")
        os.write(ours, f"{PASSWORD}\n".encode())
        shown += read_until(ours, b"asked for when it is needed")
        process.wait(20)
    os.close(ours)

    assert PASSWORD.encode() not in shown
    assert process.returncode == 0


def read_until(descriptor: int, awaited: bytes) -> bytes:
    read = b""
    while awaited not in read:
        read += os.read(descriptor, 4096)
    return read
