"""Logging in, by commands alone: headless with a file of tokens, and with a real Secret Service."""

import json
import os
import pty
import subprocess
import time
from pathlib import Path

import pytest

from support.accounts import Account, silent_bus
from support.matou_server import PASSWORD
from support.program import MATOU
from support.secret_service import needs_secret_service


def files_that_hold(folder: Path, secret: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def back_up(account: Account, platform: str, archive: Path) -> tuple[str, ...]:
    url = {"coding": account.api, "gitcode": account.url, "gitee": f"{account.url}/api/v3"}[platform]
    return "backup", platform, "--url", url, "--to", str(archive), "--json"


def test_a_token_is_checked_and_kept_and_a_backup_takes_it(headless: Account, tmp_path: Path) -> None:
    headless.make_repositories(commits={"shop": 5, "notes": 1, "empty": 0})

    told = headless.log_in()

    assert f"logged in at {headless.url} as {headless.name}" in told.err
    [kept] = headless.status()
    assert (kept["user"], kept["kind"], kept["kept_in"], kept["state"]) == (headless.name, "token", "file", "works")
    backup = back_up(headless, "coding", tmp_path / "archive")
    assert json.loads(headless.person.matou(*backup).out)["outcomes"] == {"saved": 2, "empty": 1}


@pytest.mark.parametrize("platform", ["coding", "gitcode", "gitee", "matou"])
def test_every_platform_proves_a_token_before_it_is_kept(headless: Account, platform: str) -> None:
    refused = headless.log_in("--platform", platform, token="f00d" * 10, code=4)

    assert "f00d" not in refused.err
    assert f"{headless.url} did not accept this token\ncheck that it is whole" in refused.err
    assert f"then log in with: matou login {headless.url}" in refused.err
    assert headless.status() == []
    headless.log_in("--platform", platform)
    assert [kept["platform"] for kept in headless.status()] == [platform]


@pytest.mark.parametrize("platform", ["gitee", "matou"])
def test_a_password_is_proven_and_turned_into_a_token_and_no_file_ever_holds_it(
    headless: Account, platform: str
) -> None:
    refused = headless.log_in_with_password("--platform", platform, password="wrong and long", code=4)
    again = f"matou login {headless.url} --platform {platform} --user {headless.name}"
    advice = f"check the name {headless.name} and its password, and log in with: {again}"
    assert f"{headless.url} did not accept this password\n{advice}" in refused.err
    assert headless.status() == []

    told = headless.log_in_with_password("--platform", platform)

    assert "the password is kept nowhere, and asked for when it is needed" in told.err
    assert "a token was made with the password, and is kept in an encrypted file" in told.err
    places = {kept["kind"]: kept["kept_in"] for kept in headless.status()}
    assert places == {"password": "nowhere", "token": "file"}
    assert files_that_hold(headless.person.home, PASSWORD) == []


def test_a_password_for_coding_is_proven_by_git_which_is_all_that_it_opens(headless: Account, tmp_path: Path) -> None:
    headless.make_repositories(commits={"shop": 1})
    given = ("login", headless.git_url("shop"), "--platform", "coding", "--user", headless.name, "--password-stdin")
    refused = headless.person.matou(*given, stdin="wrong and long\n", code=4)
    assert f"{headless.url} did not accept this password" in refused.err

    told = headless.person.matou(*given, stdin=f"{PASSWORD}\n")

    assert "it opens git alone" in told.err
    assert [(kept["kind"], kept["kept_in"]) for kept in headless.status()] == [("password", "nowhere")]
    refused = headless.person.matou(*back_up(headless, "coding", tmp_path / "archive"), code=2)
    assert "opens its git alone: coding's API asks for a token" in refused.err


@pytest.mark.parametrize(
    ("host", "platform", "told"),
    [
        ("coding", None, "opens CODING's git and not its API\ngive a token: matou login https://e.coding.net/open-api"),
        (
            "gitcode",
            None,
            "gitcode takes no password, neither for its API nor for git\nmake a token at https://gitcode",
        ),
        ("http://127.0.0.1:9", "gitcode", "gitcode takes no password"),
        ("http://127.0.0.1:9", "coding", "http://127.0.0.1:9/TEAM/PROJECT/REPOSITORY.git --user li"),
    ],
)
def test_a_password_that_would_open_nothing_is_not_taken(
    headless: Account, host: str, platform: str | None, told: str
) -> None:
    options = ("--platform", platform) if platform else ()

    refused = headless.person.matou("login", host, *options, "--user", "li", "--password-stdin", stdin="x\n", code=2)

    assert told in refused.err


def test_without_a_credential_manager_and_a_passphrase_nothing_is_kept(account: Account) -> None:
    ended = account.log_in(code=2)

    assert "set MATOU_PASSPHRASE" in ended.err
    assert account.status() == []
    assert files_that_hold(account.person.home, account.token) == []


def test_a_wrong_passphrase_is_a_refused_credential_and_damage_is_damage(headless: Account, tmp_path: Path) -> None:
    headless.log_in()
    backup = back_up(headless, "coding", tmp_path / "archive")

    assert "passphrase" in headless.person.matou(*backup, code=4, MATOU_PASSPHRASE="another").err

    file = headless.configuration / "tokens.matou"
    file.write_bytes(file.read_bytes()[:-20])
    assert "damaged" in headless.person.matou(*backup, code=5).err


def test_a_revoked_token_lies_nowhere(headless: Account) -> None:
    """The second `auth status` went on to name the file that the first one had taken the token out of."""
    headless.log_in()
    headless.revoke_tokens()

    told = [headless.status(code=4), headless.status(code=4)]

    assert [(one["kept_in"], one["state"]) for [one] in told] == [("nowhere", "refused")] * 2
    shown = headless.person.matou("auth", "status", code=4).out
    assert f"{headless.name}  token  nowhere  refused: no token is kept for {headless.url}" in shown
    headless.log_in(token=headless.server.token(headless.user).reveal())
    assert [one["kept_in"] for one in headless.status()] == ["file"]


def test_how_things_stand_is_told_in_english_to_programs_alone(headless: Account) -> None:
    headless.log_in_with_password()
    chinese = headless.with_environment(LC_ALL="zh_CN.UTF-8").by_program_itself()

    shown = chinese.person.matou("auth", "status").out

    assert [word for word in ("password", "token", "encrypted") if word in shown] == []
    assert [(one["kind"], one["kept_in"], one["state"]) for one in chinese.status()] == [
        ("password", "nowhere", "unknown"),
        ("token", "file", "works"),
    ]


def test_logging_out_forgets_the_host_and_its_secret(headless: Account) -> None:
    headless.log_in()

    headless.person.matou("logout", headless.url)

    assert headless.status() == []
    assert headless.git_credential() == ""
    assert "nobody is logged in" in headless.person.matou("logout", headless.url, code=2).err


@pytest.mark.parametrize("theirs", [(), ("cache", "!gh auth git-credential")], ids=["alone", "beside others"])
def test_logging_out_leaves_git_as_it_was_set_up_by_others(headless: Account, theirs: tuple[str, ...]) -> None:
    """The empty line that turns other helpers off stayed, so that git asked nobody for that host."""
    file, key = headless.person.home / ".gitconfig", f"credential.{headless.url}.helper"
    before = file.read_text()
    headless.log_in("--setup-git")
    for helper in theirs:
        headless.person.git("config", "--file", file, "--add", key, helper)

    told = headless.person.matou("logout", headless.url)

    assert f"git no longer asks Matou about {headless.url}" in told.err
    after = file.read_text()
    assert [line.partition("helper = ")[2] for line in after.splitlines() if "helper" in line] == list(theirs)
    assert after.startswith(before)


def test_git_asks_matou_while_an_account_is_left_at_a_host(headless: Account) -> None:
    headless.log_in("--setup-git")
    file = headless.configuration / "logins.json"
    held = json.loads(file.read_text())
    held["logins"].append(held["logins"][0] | {"origin": "http://api.example", "places": {}})
    file.write_text(json.dumps(held))

    headless.person.matou("logout", headless.url)

    assert "auth git-credential" in (headless.person.home / ".gitconfig").read_text()


def test_git_hears_of_the_hosts_that_are_known_and_of_no_other(headless: Account) -> None:
    headless.log_in()

    assert headless.git_credential() == f"username={headless.name}\npassword={headless.token}\n"
    assert headless.git_credential(username="wang") == ""
    assert headless.git_credential(protocol="https") == ""
    assert headless.git_credential(host="git.example") == ""
    assert headless.git_credential(host="127.0.0.1") == ""


def test_git_erases_what_was_refused_and_not_what_has_taken_its_place(headless: Account) -> None:
    headless.log_in()

    headless.git_credential("erase", username=headless.name, password="an older one")
    assert headless.token in headless.git_credential()
    headless.git_credential("erase", username=headless.name, password=headless.token)
    assert headless.git_credential() == ""


def test_what_git_was_given_is_not_kept(headless: Account) -> None:
    headless.log_in()

    headless.git_credential("store", username=headless.name, password=PASSWORD)

    assert files_that_hold(headless.person.home, PASSWORD) == []
    assert PASSWORD not in headless.git_credential()


@needs_secret_service
def test_a_password_that_git_was_given_is_not_kept_by_a_credential_manager_either(desktop_account: Account) -> None:
    desktop_account.log_in()
    kept = desktop_account.git_credential()

    desktop_account.git_credential("store", username=desktop_account.name, password=PASSWORD)

    assert desktop_account.git_credential() == kept
    assert [one["kind"] for one in desktop_account.status()] == ["token"]


def test_storing_for_git_opens_no_file(headless: Account) -> None:
    """Git says `store` after each success: in a container that asked for the passphrase a second time."""
    headless.log_in()

    headless.with_environment(MATOU_PASSPHRASE="").git_credential("store", username=headless.name, password=PASSWORD)


def test_an_answer_for_git_is_never_shown_on_a_terminal(headless: Account) -> None:
    headless.log_in()
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


def test_git_clones_with_what_is_kept_once_it_is_set_up(headless: Account, tmp_path: Path) -> None:
    headless.make_repositories(commits={"shop": 5})
    headless.log_in("--setup-git")
    headless.person.matou("login", "--setup-git")

    headless.person.git("clone", "-q", headless.git_url("shop"), tmp_path / "shop")

    assert len(list((tmp_path / "shop").glob("f*"))) == 5
    assert (headless.person.home / ".gitconfig").read_text().count("auth git-credential") == 1


@needs_secret_service
def test_a_secret_service_keeps_the_password_and_git_takes_it(desktop_account: Account, tmp_path: Path) -> None:
    desktop_account.make_repositories(commits={"shop": 5})
    desktop_account.log_in_with_password("--platform", "gitee", "--setup-git")

    desktop_account.person.git("clone", "-q", desktop_account.git_url("shop"), tmp_path / "shop")

    assert {kept["kind"]: kept["kept_in"] for kept in desktop_account.status()} == {
        "password": "system",
        "token": "system",
    }
    assert files_that_hold(desktop_account.person.home, PASSWORD) == []
    assert not (desktop_account.configuration / "tokens.matou").exists()
    desktop_account.person.matou("logout", desktop_account.url)
    assert desktop_account.git_credential() == ""


def test_a_bus_that_never_answers_holds_nobody_up_and_the_file_is_taken(headless: Account, tmp_path: Path) -> None:
    with silent_bus(tmp_path) as bus:
        stuck = headless.with_environment(DBUS_SESSION_BUS_ADDRESS=bus).by_program_itself()
        began = time.monotonic()

        told = stuck.log_in()

    assert "the token is kept in an encrypted file" in told.err
    assert time.monotonic() - began < 10


def test_git_is_told_where_the_program_is_whatever_its_path_says(headless: Account, tmp_path: Path) -> None:
    headless.log_in()
    folder = MATOU.parent

    subprocess.run(
        [MATOU, "login", "--setup-git"],
        cwd=folder.parent,
        env=headless.person.variables(PATH=f"{folder.name}:{os.environ['PATH']}"),
        check=True,
    )

    assert f"!{MATOU.absolute()} auth git-credential" in (headless.person.home / ".gitconfig").read_text()


def test_a_host_that_only_begins_with_a_known_one_hears_nothing(headless: Account) -> None:
    """Git decodes the host of a URL, which may stand in anybody's `.gitmodules`, before it asks its helpers."""
    headless.log_in()
    helper = f"credential.helper=!{MATOU} auth git-credential"

    ended = [
        subprocess.run(
            ["git", "-c", helper, "credential", "fill"],
            input=f"url={headless.url}{encoded}.evil.example/x\n\n",
            env=headless.person.variables(),
            capture_output=True,
            text=True,
        )
        for encoded in ("%2f", "%3f")
    ]

    assert 0 not in [one.returncode for one in ended]
    assert [one for one in ended if headless.token in one.stdout + one.stderr] == []
