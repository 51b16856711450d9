"""Which issues a pull request of Gitee or GitCode is linked with: asked for those that changed, and for no others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matou.archive.manifest import ReadState
from matou.model.metadata import ChangeRequest
from matou.model.metadata.kinds import CHANGE
from support.conversation_backups import PLATFORMS, ConversationBackups, backups_of

ISSUE = {"gitee": "I6D3AV", "gitcode": "2"}
ASKED = ["pulls/3/issues", "pulls/4/issues"]


@pytest.fixture(params=PLATFORMS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def account(name: str) -> Iterator[Any]:
    with PLATFORMS[name][0]() as account:
        yield account


@pytest.fixture
def backups(name: str, account: Any, tmp_path: Path) -> Iterator[ConversationBackups]:
    with backups_of(name, account, tmp_path / "archive") as backups:
        yield backups


def linked(backups: ConversationBackups, number: str = "3") -> list[str]:
    return [link.to for link in backups.find(CHANGE, number, ChangeRequest).links]


def requests_seen(backups: ConversationBackups) -> list[str]:
    return sorted(path for path in backups.requests if path.endswith("/issues"))


def talk(account: Any) -> Any:
    return account.talks["harbour/crane"]


def test_the_issues_of_each_pull_request_are_saved_and_asked_for_once(name: str, backups: ConversationBackups) -> None:
    assert backups.back_up().problems == ()
    assert (linked(backups), linked(backups, "4"), requests_seen(backups)) == ([ISSUE[name]], [], ASKED)

    backups.back_up()
    assert (linked(backups), requests_seen(backups)) == ([ISSUE[name]], [])
    backups.back_up(sweep=True)
    assert (linked(backups), requests_seen(backups)) == ([ISSUE[name]], [])


def test_of_one_that_changed_they_are_asked_for_again_and_of_an_open_one_by_a_sweep(
    name: str, backups: ConversationBackups, account: Any
) -> None:
    talk(account).pulls[1]["state"] = "open"
    backups.back_up()
    talk(account).links[3], talk(account).links[4] = [], talk(account).links[3]
    talk(account).pulls[0]["updated_at"] = "2026-01-01T10:00:00+08:00"

    backups.back_up()
    assert (linked(backups), linked(backups, "4"), requests_seen(backups)) == ([], [], ASKED[:1])
    backups.back_up(sweep=True)

    assert (linked(backups, "4"), requests_seen(backups)) == ([ISSUE[name]], ASKED[1:])


def test_an_issue_of_another_repository_is_named_by_its_address(
    name: str, backups: ConversationBackups, account: Any
) -> None:
    address = f"{account.origin}/other/place/issues/9"
    other = {**talk(account).links[3][0], "number": "9", "url": address, "html_url": address}
    talk(account).links[3] = [{**other, "repository": {"full_name": "other/place"}} if name == "gitee" else other]

    backups.back_up()

    assert linked(backups) == [address]


def test_a_refusal_keeps_what_was_saved_and_is_told(backups: ConversationBackups, account: Any) -> None:
    backups.back_up()
    before = linked(backups)
    talk(account).pulls[0]["updated_at"] = "2026-01-01T10:00:00+08:00"
    account.refused.add("pulls/3/issues")

    saved = backups.back_up()

    assert (linked(backups), backups.kind("change").state) == (before, ReadState.REFUSED)
    assert len(saved.problems) == 1
    account.refused.clear()
    assert backups.back_up().problems == ()


def test_they_are_left_out_where_a_person_says_so(backups: ConversationBackups) -> None:
    backups.back_up(without=("links",))

    assert (linked(backups), requests_seen(backups)) == ([], [])
