"""What GitHub has beside issues and pull requests: discussions, projects, advisories, and what belongs together."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import ReadState
from matou.archive.metadata import open_metadata
from matou.model.metadata import Advisory, Board, Discussion, Issue, ItemLink
from matou.model.metadata.kinds import ADVISORY, BOARD, DISCUSSION, ISSUE
from support.conversation_backups import BEGAN, PLACE, ConversationBackups
from support.github_backups import github_backups
from support.github_conversation import GitHubConversation, GitHubTalk, running_github_conversation
from support.github_source import failure
from support.v5_account import answer

LATER = "2026-02-01T02:00:00Z"
ONE_PAGE = {"hasNextPage": False, "endCursor": None}


@pytest.fixture
def account() -> Iterator[GitHubConversation]:
    with running_github_conversation() as account:
        [repository] = account.repositories.values()
        repository |= {"has_discussions": True, "has_projects": True}
        account.queries |= {"projectsV2": lambda _: no_projects()}
        yield account


@pytest.fixture
def talk(account: GitHubConversation) -> GitHubTalk:
    return account.talks["harbour/crane"]


@pytest.fixture
def backups(account: GitHubConversation, tmp_path: Path) -> Iterator[ConversationBackups]:
    with github_backups(account, tmp_path / "archive") as backups:
        yield backups


def no_projects() -> dict[str, Any]:
    return {"data": {"repository": {"projectsV2": {"nodes": [], "pageInfo": ONE_PAGE}}}}


class ToldDiscussions:
    """A repository's discussions as GraphQL tells of them, two on a page, and what was said one on a page."""

    def __init__(self, account: GitHubConversation) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        account.queries = {
            "discussions(first": self._list,
            "discussion(number": self._one,
            "node(id": self._replies,
            **account.queries,
        }
        self.asked = account.queried

    def add(self, number: int, *comments: dict[str, Any], updated_at: str = "2024-03-01T02:00:00Z") -> None:
        said = {"number": number, "id": 70 + number, "title": f"第{number}个", "body": "大家怎么看？", "closed": False}
        times = {"created_at": f"2024-01-0{number}T00:00:00Z", "updated_at": updated_at}
        self.rows[number] = {**said, **times, "locked": False, "said": list(comments)}

    def _list(self, variables: dict[str, Any]) -> object:
        key = "created_at" if variables["field"] == "CREATED_AT" else "updated_at"
        rows = sorted(self.rows.values(), key=lambda row: row[key], reverse=variables["direction"] == "DESC")
        shown = [{"number": row["number"], "updated_at": row["updated_at"]} for row in rows]
        return {"data": {"repository": {"discussions": _page(shown, variables["after"], 2)}}}

    def _one(self, variables: dict[str, Any]) -> object:
        row = dict(self.rows[variables["number"]])
        row["comments"] = _page(row.pop("said"), variables["after"], 1)
        return {"data": {"repository": {"discussion": row}}}

    def _replies(self, variables: dict[str, Any]) -> object:
        assert variables["node"] == "DC_1"
        return {"data": {"node": {"replies": {"nodes": [comment(3)], "pageInfo": ONE_PAGE}}}}


def _page(rows: list[dict[str, Any]], after: str | None, size: int) -> dict[str, Any]:
    begin = int(after or 0)
    page = {"hasNextPage": begin + size < len(rows), "endCursor": str(begin + size)}
    return {"nodes": rows[begin : begin + size], "pageInfo": page}


def comment(id_: int, *replies: dict[str, Any], more: bool = False) -> dict[str, Any]:
    page = {"hasNextPage": more, "endCursor": "1"}
    said = {"id": id_, "node": f"DC_{id_}", "body": f"第{id_}句", "user": {"id": 17, "login": "wang-hai"}}
    return {**said, "created_at": f"2024-01-01T0{id_}:00:00Z", "replies": {"nodes": list(replies), "pageInfo": page}}


def test_discussions_come_with_all_that_was_said_in_them(
    backups: ConversationBackups, account: GitHubConversation
) -> None:
    told = ToldDiscussions(account)
    told.add(1, comment(1, comment(2), more=True), comment(4))
    told.add(2)
    told.add(3)

    saved = backups.back_up()

    assert [str(fault) for _, fault in saved.problems] == []
    assert (backups.kind("discussion").items, backups.kind("discussion").state) == (3, ReadState.COMPLETE)
    first = backups.find(DISCUSSION, "1", Discussion)
    assert [(one.id, one.reply_to, one.by) for one in first.comments] == [
        ("1", None, "17"),
        ("2", "1", "17"),
        ("3", "1", "17"),
        ("4", None, "17"),
    ]


def test_of_discussions_those_that_changed_are_read_again(
    backups: ConversationBackups, account: GitHubConversation
) -> None:
    told = ToldDiscussions(account)
    for number in (1, 2, 3):
        told.add(number)
    backups.back_up()
    told.add(2, comment(1), updated_at=LATER)
    told.asked.clear()

    backups.back_up()

    assert [one["number"] for one in told.asked if "number" in one] == [2]
    assert len(backups.find(DISCUSSION, "2", Discussion).comments) == 1


def test_a_discussion_that_was_deleted_stays_and_says_so(
    backups: ConversationBackups, account: GitHubConversation
) -> None:
    told = ToldDiscussions(account)
    told.add(1, comment(1))
    told.add(2)
    backups.back_up()
    del told.rows[2]
    told.rows[1]["said"] = []

    backups.back_up(sweep=True)

    assert backups.find(DISCUSSION, "2", Discussion).gone_in == 2
    assert [one.gone_in for one in backups.find(DISCUSSION, "1", Discussion).comments] == [2]


REFUSALS = {
    "scope": answer({"data": None, "errors": [{"type": "INSUFFICIENT_SCOPES", "message": "needs read:project"}]}),
    "forbidden": answer({"data": {"repository": None}, "errors": [{"type": "FORBIDDEN", "message": "no"}]}),
    "status": failure(403, "Resource not accessible by personal access token"),
    "no graphql": failure(404, "Not Found"),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_what_the_token_is_not_told_is_not_to_be_seen_and_nothing_is_given_up(
    backups: ConversationBackups, account: GitHubConversation, refusal: Any
) -> None:
    ToldDiscussions(account).add(1)
    backups.back_up()
    account.queries, account.graphql = {}, refusal
    account.refused.add("/security-advisories")

    saved = backups.back_up(sweep=True)

    assert saved.problems == ()
    assert {str(one.what) for one in saved.unseen} == {"discussions", "boards", "security advisories"}
    assert backups.find(DISCUSSION, "1", Discussion).gone_in is None


def test_a_query_that_failed_at_github_is_a_failure(backups: ConversationBackups, account: GitHubConversation) -> None:
    account.graphql = answer({"data": None, "errors": [{"message": "Something went wrong while executing your query"}]})
    account.queries = {}

    saved = backups.back_up()

    assert {str(what) for what, _ in saved.problems} == {"discussions of harbour/crane", "boards of harbour/crane"}


def test_advisories_are_saved_from_every_page(
    backups: ConversationBackups, account: GitHubConversation, talk: GitHubTalk
) -> None:
    row = {"cve_id": None, "summary": "吊钩会松", "description": "……", "severity": "high", "state": "draft"}
    talk.advisories = [
        {**row, "ghsa_id": f"GHSA-0000-0000-{number:04}", "author": account.person("li-na"), "updated_at": LATER}
        for number in range(3)
    ]

    backups.back_up()

    advisory = backups.find(ADVISORY, "GHSA-0000-0000-0002", Advisory)
    assert (advisory.title, advisory.state, advisory.severity, advisory.by) == ("吊钩会松", "draft", "high", "23")
    assert backups.kind("advisory").items == 3


def test_an_issue_has_its_sub_issues_and_what_it_waits_for(
    backups: ConversationBackups, account: GitHubConversation, talk: GitHubTalk
) -> None:
    own, other = talk.issues[0], {**talk.issues[1], "repository_url": "x", "html_url": "https://x.example/o/r/issues/5"}
    own |= {
        "sub_issues_summary": {"total": 2, "completed": 0, "percent_completed": 0},
        "issue_dependencies_summary": {"total_blocked_by": 1, "total_blocking": 1, "blocked_by": 1, "blocking": 1},
    }
    talk.related = {
        "2/sub_issues": [talk.issues[1], other | {"id": 99}],
        "2/dependencies/blocked_by": [talk.issues[2]],
        "2/dependencies/blocking": [other],
    }

    backups.back_up()

    issue = backups.find(ISSUE, "2", Issue)
    assert issue.children == ("5",)
    assert issue.links == (
        ItemLink(kind="blocked_by", to=str(talk.issues[2]["number"])),
        ItemLink(kind="blocks", to="https://x.example/o/r/issues/5"),
    )
    assert (issue.extra or {})["sub_issues_elsewhere"] == ["https://x.example/o/r/issues/5"]


def test_sub_issues_that_are_refused_leave_those_that_were_saved(
    backups: ConversationBackups, account: GitHubConversation, talk: GitHubTalk
) -> None:
    talk.issues[0]["sub_issues_summary"] = {"total": 1, "completed": 0, "percent_completed": 0}
    talk.related = {"2/sub_issues": [talk.issues[1]]}
    backups.back_up()
    talk.issues[0] |= {"title": "别的", "updated_at": LATER}
    account.refused.add("/2/sub_issues")

    saved = backups.back_up()

    issue = backups.find(ISSUE, "2", Issue)
    assert (issue.title, issue.children, len(saved.problems)) == ("别的", ("5",), 1)


def test_projects_are_boards(backups: ConversationBackups, account: GitHubConversation) -> None:
    options = [{"id": "o1", "name": "Doing", "color": "RED", "description": ""}]
    project = {"node": "PVT_1", "id": "41", "title": "码头二期", "url": "https://x.example/p", "public": False}
    fields = {"nodes": [{"id": "F", "name": "Status", "type": "SINGLE_SELECT", "options": options}]}
    status = {"option": "Doing", "option_id": "o1", "field": {"id": "F", "name": "Status"}}
    content = {"number": 2, "repository": {"path": "harbour/crane"}}
    items = [{"id": "1", "type": "ISSUE", "archived": False, "content": content, "values": {"nodes": [status]}}]
    listed = {"nodes": [{**project, "fields": fields}], "pageInfo": ONE_PAGE}
    account.queries = {
        "projectsV2": lambda _: {"data": {"repository": {"projectsV2": listed}}},
        "... on ProjectV2 ": lambda _: {"data": {"node": {"items": {"nodes": items, "pageInfo": ONE_PAGE}}}},
    }

    backups.back_up()

    board = open_metadata(backups.archive.metadata(PLACE)).table(BOARD)["41"]
    assert isinstance(board, Board)
    assert [(column.name, column.items) for column in board.columns] == [("Doing", ("2",))]
    assert board.confidential


def test_a_repository_without_projects_is_asked_for_them_again_by_a_sweep_alone(
    backups: ConversationBackups, account: GitHubConversation
) -> None:
    """The question costs something where nothing has changed as well."""
    asked: list[str] = []

    def answer_asked(variables: dict[str, Any]) -> object:
        asked.append(variables["name"])
        return no_projects()

    account.queries = {"projectsV2": answer_asked}

    backups.back_up()
    backups.back_up()
    assert asked == ["crane"]
    backups.back_up(sweep=True)

    assert asked == ["crane", "crane"]


def test_the_same_is_made_again_from_the_records(
    backups: ConversationBackups, account: GitHubConversation, talk: GitHubTalk, tmp_path: Path
) -> None:
    told = ToldDiscussions(account)
    told.add(1, comment(1, comment(2), more=True))
    talk.issues[0]["sub_issues_summary"] = {"total": 1, "completed": 0, "percent_completed": 0}
    talk.related = {"2/sub_issues": [talk.issues[1]]}
    backups.back_up()

    again = backups.rebuilt(Archive.open_or_create(tmp_path / "again", now=BEGAN, identifier=UUID(int=7)))

    assert again is not None
    assert again == backups.commit
