"""`matou init`: from a web address to the first backup, with a person at a terminal and without one."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from support.accounts import Account
from support.fault_proxy import FaultProxy
from support.terminal import at_terminal


def configuration(account: Account) -> Path:
    return account.person.home.parent / "matou.toml"


def words(account: Account, *more: str | Path) -> tuple[str | Path, ...]:
    to = account.person.home.parent / "archive"
    return "init", account.url, to, "--config", configuration(account), *more


def files_that_hold(folder: Path, secret: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def test_without_a_person_it_goes_from_an_address_to_a_backup(headless: Account) -> None:
    headless.make_repositories(commits={"shop": 2})

    ended = headless.person.matou(*words(headless, "--token-stdin", "--yes"), stdin=f"{headless.token}\n")

    assert f"{headless.url} is Matou; its API is at {headless.url}" in ended.err
    assert "a backup every night needs MATOU_PASSPHRASE in its environment" in ended.err
    [source] = tomllib.loads(configuration(headless).read_text(encoding="utf-8"))["source"]
    archive = headless.person.home.parent / "archive"
    assert source == {"platform": "matou", "url": headless.url, "to": str(archive)}
    assert (archive / "repositories" / headless.name / "shop.git" / "HEAD").exists()
    assert [kept["platform"] for kept in headless.status()] == ["matou"]
    assert files_that_hold(headless.person.home.parent, headless.token) == []
    again = headless.person.matou("backup", "--config", configuration(headless), "--json")
    assert json.loads(again.out)["outcomes"] == {"unchanged": 1}


def test_the_address_of_a_team_has_that_team_backed_up_alone(headless: Account) -> None:
    headless.make_repositories(commits={"shop": 1, "quay": 1})
    to = headless.person.home.parent / "archive"
    address = f"{headless.url}/{headless.name}/shop/-/issues"

    ended = headless.person.matou(
        "init", address, to, "--config", configuration(headless), "--token-stdin", "--yes", stdin=f"{headless.token}\n"
    )

    [source] = tomllib.loads(configuration(headless).read_text(encoding="utf-8"))["source"]
    assert source["include"] == [f"{headless.name}/shop"]
    assert f"it has {headless.name}/shop alone; without the line `include` all that the token sees" in ended.err
    assert [path.name for path in (to / "repositories" / headless.name).iterdir()] == ["shop.git"]


def test_a_file_that_is_there_is_never_overwritten_and_nobody_is_told_the_token(headless: Account) -> None:
    configuration(headless).write_text("# mine\n", encoding="utf-8")

    ended = headless.person.matou(*words(headless, "--token-stdin", "--yes"), stdin=f"{headless.token}\n", code=2)

    assert "is there already, and is not overwritten" in ended.err
    assert configuration(headless).read_text(encoding="utf-8") == "# mine\n"
    assert headless.status() == []


def test_a_token_that_is_refused_leaves_nothing_behind(headless: Account) -> None:
    ended = headless.person.matou(*words(headless, "--token-stdin", "--yes"), stdin=f"{'f00d' * 10}\n", code=4)

    assert "did not accept this token" in ended.err
    assert "f00d" not in ended.err
    assert not configuration(headless).exists()
    assert headless.status() == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "nobody can be asked here\nsay it all: matou init ADDRESS DIR --token-stdin --yes"),
        (("https://gitee.com/team",), "nobody can be asked here\ngive the token with --token-stdin"),
        (("https://user:pass@gitee.com/", "DIR"), "gitee.com"),
        (("https://gitee.com", "DIR", "--platform", "nonesuch"), "unknown platform"),
    ],
)
def test_what_cannot_be_done_without_a_person_is_told(headless: Account, arguments: tuple[str, ...], told: str) -> None:
    ended = headless.person.matou("init", *arguments, "--config", configuration(headless), code=2)

    assert told in ended.err
    assert not configuration(headless).exists()


def test_a_person_is_asked_step_by_step_in_their_language(
    headless: Account, fault_proxy: Callable[[str], FaultProxy]
) -> None:
    """No question about the platform carries the token, and what is typed is shown to nobody."""
    door = fault_proxy(headless.url)
    person = headless.reached_at(door.url)
    person.make_repositories(commits={"buoy": 1})
    file, folder = configuration(person), person.person.home.parent / "归档"

    with at_terminal(person.person, "init", "--config", file, LC_ALL="zh_CN.UTF-8") as terminal:
        terminal.wait_for("网址")
        terminal.press(f"{door.url}\n")
        terminal.wait_for(f"请在 {door.url}/-/account/tokens 创建令牌")
        terminal.wait_for("repository:read, project:read")
        terminal.wait_for("令牌")
        assert not terminal.shows_what_is_typed
        terminal.press(f"{person.token}\n")
        terminal.wait_for("~/matou-archive")
        terminal.press(f"{folder}\n")
        terminal.wait_for("现在就做第一次备份吗？")
        terminal.press("\n")
        code = terminal.end()

    assert code == 0, terminal.shown
    assert person.token not in terminal.shown
    assert "# `matou backup` 所备份的内容" in file.read_text(encoding="utf-8")
    assert tomllib.loads(file.read_text(encoding="utf-8"))["source"][0]["to"] == str(folder)
    assert (folder / "repositories" / person.name / "buoy.git" / "HEAD").exists()


def test_a_person_may_say_no_to_the_first_backup(headless: Account) -> None:
    folder = headless.person.home.parent / "archive"

    with at_terminal(headless.person, *words(headless)) as terminal:
        terminal.wait_for("Token")
        terminal.press(f"{headless.token}\n")
        terminal.wait_for("Make the first backup now?")
        terminal.press("n\n")
        code = terminal.end()

    assert (code, folder.exists()) == (0, False)
    assert "make it later with: matou backup --config" in terminal.shown
