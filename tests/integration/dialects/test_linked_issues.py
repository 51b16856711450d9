"""Which pull requests an issue is linked with, and which issues a pull request, in GitCode's and Gitee's API v5."""

from typing import Any

import pytest

from matou.model.metadata import ChangeBase, ChangeHead, ChangeRequest, Issue, ItemLink
from support.gitcode_server import Harbour
from support.saved_conversation import NOON, SavedConversation, save

ROOTS = {"gitcode": "/api/v5", "gitee": "/gitee/api/v5"}
HIDDEN = {None: 404, "xiao": 404, "chen": 200}


def change(number: str, *links: str) -> ChangeRequest:
    return ChangeRequest(
        number=number,
        id=number,
        title=number,
        at=NOON.replace(day=int(number)),
        state="open",
        head=ChangeHead(branch="fix"),
        base=ChangeBase(branch="main"),
        links=tuple(ItemLink(kind="relates", to=link) for link in links),
    )


def issue(number: str, **values: Any) -> Issue:
    return Issue(number=number, id="7", title=number, at=NOON, state="open", **values)


@pytest.fixture(params=ROOTS)
def root(request: pytest.FixtureRequest) -> str:
    return ROOTS[request.param]


@pytest.fixture
def ferry(root: str, harbour: Harbour) -> Harbour:
    said = SavedConversation("gitee" if "gitee" in root else "gitcode")
    said.issues = {"1": issue("1"), "2": issue("2", confidential=True), "11": issue("11")}
    changes = (change("3", "1", "2"), change("4", "1", "https://gitee.com/a/b/issues/1"), change("5"))
    said.changes = {one.number: one for one in changes}
    save(harbour.forge, harbour.repository("ferry"), said)
    return harbour


def numbers(harbour: Harbour, path: str, person: str | None = "chen", status: int = 200) -> list[str]:
    answer = harbour.ask_site("GET", path, person=person)
    assert answer.status_code == status, answer.text
    return [str(row["number"]) for row in answer.json()] if status == 200 else []


def test_the_pull_requests_of_an_issue_are_those_that_were_saved_as_linked(ferry: Harbour, root: str) -> None:
    for path in ("/repos/harbour/ferry/issues/{}/pull_requests", "/repos/harbour/issues/{}/pull_requests?repo=ferry"):
        assert numbers(ferry, root + path.format(1)) == ["3", "4"]
        assert numbers(ferry, root + path.format(2)) == ["3"]
        assert numbers(ferry, root + path.format(11)) == []
        assert numbers(ferry, root + path.format(9), status=404) == []
        assert numbers(ferry, f"{root}{path.format(1)}{'&' if '?' in path else '?'}per_page=1&page=2") == ["4"]


def test_the_issues_of_a_pull_request_are_those_that_may_be_seen(ferry: Harbour, root: str) -> None:
    assert sorted(numbers(ferry, f"{root}/repos/harbour/ferry/pulls/3/issues")) == ["1", "2"]
    assert numbers(ferry, f"{root}/repos/harbour/ferry/pulls/4/issues") == ["1"]
    assert numbers(ferry, f"{root}/repos/harbour/ferry/pulls/5/issues") == []


@pytest.mark.parametrize("person", HIDDEN)
def test_whoever_may_not_read_the_repository_learns_nothing(ferry: Harbour, root: str, person: str | None) -> None:
    for path in ("/repos/harbour/ferry/issues/1/pull_requests", "/repos/harbour/issues/1/pull_requests?repo=ferry"):
        numbers(ferry, root + path, person, HIDDEN[person])


def test_of_a_confidential_issue_none_are_told_to_whoever_does_not_see_it(ferry: Harbour, root: str) -> None:
    save_public(ferry)

    assert numbers(ferry, f"{root}/repos/harbour/light/issues/2/pull_requests") == ["3"]
    assert numbers(ferry, f"{root}/repos/harbour/light/issues/2/pull_requests", "xiao", 404) == []
    assert numbers(ferry, f"{root}/repos/harbour/light/pulls/3/issues", "xiao") == ["1"]


def save_public(harbour: Harbour) -> None:
    said = SavedConversation("gitee")
    said.issues = {"1": issue("1"), "2": issue("2", confidential=True)}
    said.changes = {"3": change("3", "1", "2")}
    save(harbour.forge, harbour.repository("light"), said, run=2)
