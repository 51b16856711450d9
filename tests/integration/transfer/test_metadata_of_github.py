"""What was said at GitHub comes in, is changed at the source, comes in again, and is made from records."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import ReadState
from matou.archive.metadata import open_metadata
from matou.credentials import Secret
from matou.model.metadata import ChangeRequest, CommitComment, Issue, Milestone, SavedRelease
from matou.model.metadata.kinds import CHANGE, COMMIT_COMMENT, EVENT, ISSUE, MILESTONE, RELEASE
from support.conversation_backups import BEGAN, PLACE, ConversationBackups
from support.conversation_story import ASSET, HEAD, PICTURE
from support.github_backups import github_backups
from support.github_conversation import GitHubConversation, GitHubTalk, running_github_conversation
from support.github_source import TOKEN, failure
from support.v5_account import Answer, answer

LI, GHOST = "23", "10137"
LATER = "2026-02-01T02:00:00Z"


@pytest.fixture
def account() -> Iterator[GitHubConversation]:
    with running_github_conversation() as account:
        yield account


@pytest.fixture
def talk(account: GitHubConversation) -> GitHubTalk:
    return account.talks["harbour/crane"]


@pytest.fixture
def backups(account: GitHubConversation, tmp_path: Path) -> Iterator[ConversationBackups]:
    with github_backups(account, tmp_path / "archive") as backups:
        yield backups


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_issues_are_saved_without_the_pull_requests_in_their_list(backups: ConversationBackups) -> None:
    saved = backups.back_up()

    assert [str(fault) for _, fault in saved.problems] == []
    counts = {kind: backups.kind(kind).items for kind in ("issue", "change", "release", "label", "milestone", "member")}
    assert counts == {"issue": 3, "change": 2, "release": 2, "label": 3, "milestone": 2, "member": 2}
    assert backups.state is not None
    unread = {name for name, kind in backups.state.kinds.items() if kind.state is not ReadState.COMPLETE}
    assert unread == {"discussion", "board"}, "they are switched off"
    issue = backups.find(ISSUE, "2", Issue)
    assert (issue.title, issue.labels, issue.milestone, issue.assignees) == (
        "吊车在雨天停转",
        ("缺陷", "紧急"),
        "77",
        (LI,),
    )
    assert [(one.by, one.text.body) for one in issue.comments] == [
        (LI, "我来看看 😀"),
        (GHOST, "离职前留一句:是继电器。"),
    ]
    closed = backups.find(ISSUE, "5", Issue)
    assert (closed.state, closed.status.group if closed.status else "") == ("closed", "done")


def test_a_pull_request_has_its_reviews_its_merger_and_its_threads(backups: ConversationBackups) -> None:
    backups.back_up()

    change = backups.find(CHANGE, "3", ChangeRequest)
    assert (change.state, change.merged_by, change.merge_commit) == ("merged", LI, HEAD[::-1])
    assert [(review.by, review.state, review.commit) for review in change.reviews] == [(LI, "approved", HEAD)]
    assert [(who.by, who.state) for who in change.reviewers] == [(LI, "approved"), ("31", "requested")]
    assert [[one.id for one in thread.comments] for thread in change.threads] == [["201", "202"]]
    [position] = [thread.position for thread in change.threads]
    assert position is not None
    assert (position.path, position.side, position.line, position.commit) == ("src/吊车.c", "new", 18, HEAD)
    assert [one.id for one in change.comments] == ["203"]
    assert (change.head.repository, change.commits_ref) == ("wang-hai/crane", "refs/pull/3/head")


def test_branches_that_are_not_protected_are_none_of_the_rules(
    backups: ConversationBackups, account: GitHubConversation
) -> None:
    """A server that does not look at `protected=true` gives all of them."""
    rows = [{"name": "master", "protected": True}, {"name": "other", "protected": False}]
    account.always["/repos/harbour/crane/branches"] = answer(rows)

    backups.back_up()

    assert backups.kind("protection").items == 1


def test_a_comment_belongs_to_what_has_its_number_whatever_its_page_is_called(
    backups: ConversationBackups, talk: GitHubTalk
) -> None:
    for row in talk.comments:
        row["html_url"] = f"https://git.example/harbour/crane/-/talk/{row['id']}"

    backups.back_up()

    assert [one.id for one in backups.find(CHANGE, "3", ChangeRequest).comments] == ["203"]
    assert [one.id for one in backups.find(ISSUE, "2", Issue).comments] == ["101", "102"]


def test_a_line_that_is_there_no_more_is_told_where_it_was(backups: ConversationBackups, talk: GitHubTalk) -> None:
    old = "1" * 40
    for row in talk.review_comments:
        row |= {"line": None, "position": None, "original_commit_id": old, "original_line": 12, "side": "LEFT"}

    backups.back_up()

    [thread] = backups.find(CHANGE, "3", ChangeRequest).threads
    assert thread.position is not None
    assert (thread.outdated, thread.position.commit, thread.position.line) == (True, old, 12)
    assert thread.position.side == "old"


def test_pictures_in_texts_come_without_the_token_and_files_of_releases_with_it(
    backups: ConversationBackups, account: GitHubConversation
) -> None:
    backups.back_up()

    issue = backups.find(ISSUE, "2", Issue)
    assert [(one.sha256, one.missing) for one in issue.files] == [(digest(PICTURE), None)]
    [asset] = backups.find(RELEASE, "v1.0", SavedRelease).assets
    assert (asset.name, asset.sha256, asset.size) == ("吊车手册.zip", digest(ASSET), len(ASSET))
    assert {authorization for _, authorization in account.fetched} == {None}
    assert [authorization for _, authorization in account.downloads] == [f"Bearer {TOKEN}"]


def test_a_run_in_which_nothing_changed_asks_each_list_once_and_commits_nothing(backups: ConversationBackups) -> None:
    backups.back_up()
    first = backups.commit

    saved = backups.back_up()

    assert saved.problems == ()
    lists = [
        "labels",
        "milestones",
        "releases",
        "comments",
        "collaborators",
        "branches",
        "hooks",
        "issues",
        "issues/comments",
        "security-advisories",
    ]
    assert sorted(backups.requests) == sorted([*lists, "pulls", "pulls/comments", "issues/comments"])
    assert backups.commit == first


def test_what_changed_is_read_and_who_merged_it_is_asked_once(backups: ConversationBackups, talk: GitHubTalk) -> None:
    backups.back_up()
    talk.issues[1] |= {"title": "灯塔修好了", "updated_at": LATER}
    talk.pulls[0] |= {"title": "修好了吊车", "updated_at": LATER}

    backups.back_up()

    assert backups.find(ISSUE, "5", Issue).title == "灯塔修好了"
    change = backups.find(CHANGE, "3", ChangeRequest)
    assert (change.title, change.merged_by) == ("修好了吊车", LI)
    assert "pulls/3/reviews" in backups.requests
    assert "pulls/3" not in backups.requests


def test_what_was_deleted_stays_and_says_in_which_run_it_was_gone(
    backups: ConversationBackups, talk: GitHubTalk
) -> None:
    backups.back_up()
    del talk.issues[1], talk.comments[1], talk.releases[1]

    backups.back_up(sweep=True)

    assert backups.find(ISSUE, "5", Issue).gone_in == 2
    assert [one.gone_in for one in backups.find(ISSUE, "2", Issue).comments] == [None, 2]
    assert backups.find(RELEASE, "release/2.0", SavedRelease).gone_in == 2


def test_who_may_only_read_is_told_nothing_of_members_and_webhooks_and_that_is_no_failure(
    backups: ConversationBackups, account: GitHubConversation
) -> None:
    account.refused |= {"/collaborators"}
    account.always["/repos/harbour/crane/hooks"] = failure(404, "Not Found")

    saved = backups.back_up()

    assert saved.problems == ()
    assert {str(one.what) for one in saved.unseen} == {"members", "webhooks"}
    assert {backups.kind("member").state, backups.kind("hook").state} == {ReadState.UNSEEN}


def test_a_list_that_is_refused_is_a_failure_and_deletes_nothing(
    backups: ConversationBackups, account: GitHubConversation
) -> None:
    backups.back_up()
    account.refused |= {"/pulls"}

    saved = backups.back_up(sweep=True)

    assert len(saved.problems) == 1
    assert backups.kind("change").state is ReadState.REFUSED
    assert backups.find(CHANGE, "3", ChangeRequest).gone_in is None


def test_issues_that_are_switched_off_are_no_failure(backups: ConversationBackups, account: GitHubConversation) -> None:
    gone = failure(410, "Issues are disabled for this repo")
    account.always |= {"/repos/harbour/crane/issues": gone, "/repos/harbour/crane/issues/comments": Answer(200, b"[]")}

    saved = backups.back_up()

    assert saved.problems == ()
    assert (backups.kind("issue").state, backups.kind("change").state) == (ReadState.UNSEEN, ReadState.COMPLETE)


def test_reviews_that_are_refused_leave_those_that_were_saved(
    backups: ConversationBackups, account: GitHubConversation, talk: GitHubTalk
) -> None:
    backups.back_up()
    talk.pulls[0] |= {"title": "修好了吊车", "updated_at": LATER}
    account.refused.add("/pulls/3/reviews")

    saved = backups.back_up()

    change = backups.find(CHANGE, "3", ChangeRequest)
    assert (change.title, len(change.reviews), len(saved.problems)) == ("修好了吊车", 1, 1)


def test_drafts_of_one_tag_are_all_saved(backups: ConversationBackups, talk: GitHubTalk) -> None:
    draft = {**talk.releases[0], "draft": True, "assets": [], "published_at": None}
    talk.releases += [{**draft, "id": 71}, {**draft, "id": 72}]

    backups.back_up()

    assert backups.kind("release").items == 4
    assert backups.find(RELEASE, "untagged-72", SavedRelease).draft


def test_what_was_done_is_read_where_it_is_wanted(
    backups: ConversationBackups, account: GitHubConversation, talk: GitHubTalk
) -> None:
    labeled = {"id": 1, "event": "labeled", "actor": account.person("li-na"), "created_at": "2023-03-01T02:00:00Z"}
    talk.timelines[2] = [
        {**labeled, "label": {"name": "紧急", "color": "B60205"}},
        {"event": "commented", "id": 101, "created_at": "2023-03-02T02:00:00Z"},
        {"event": "cross-referenced", "actor": account.person("wang-hai"), "created_at": "2023-03-03T02:00:00Z"},
        {"event": "subscribed", "id": 3, "actor": None, "created_at": "2023-03-03T03:00:00Z"},
    ]
    source = backups.open(
        backups.session, account.url, Secret(TOKEN), lambda _: None, now=lambda: BEGAN, wants=lambda kind: kind is EVENT
    )
    reader = source.of_repository(*backups.listed())
    assert reader is not None

    [row] = [row for row in reader.rows(ISSUE, None) if row.key == "2"]
    read = reader.read(ISSUE, row, None, sweeping=False)

    assert read is not None
    assert isinstance(read.item, Issue)
    assert [(one.kind, one.by, one.text) for one in read.item.events] == [
        ("labeled", LI, None),
        ("referenced", "17", None),
        ("other", None, "subscribed"),
    ]
    assert read.item.events[0].data["label"] == {"name": "紧急", "color": "B60205"}


def test_a_milestone_says_who_made_it(backups: ConversationBackups) -> None:
    backups.back_up()

    table = open_metadata(backups.archive.metadata(PLACE)).table(MILESTONE)
    made: list[Any] = [one.extra["creator"] for one in table.values() if isinstance(one, Milestone) and one.extra]
    assert made == [LI, LI]


def test_nothing_of_an_issue_is_left_over_that_says_nothing(backups: ConversationBackups) -> None:
    backups.back_up()

    assert backups.find(ISSUE, "2", Issue).extra == {"author_association": "NONE"}
    assert backups.find(CHANGE, "3", ChangeRequest).extra == {"author_association": "NONE"}


def test_the_same_stands_there_when_it_is_made_again_from_what_was_answered(
    backups: ConversationBackups, tmp_path: Path
) -> None:
    backups.back_up()

    again = backups.rebuilt(Archive.open_or_create(tmp_path / "again", now=BEGAN, identifier=UUID(int=7)))

    assert again is not None
    assert again == backups.commit


def test_no_secret_of_a_webhook_is_in_what_is_saved(backups: ConversationBackups) -> None:
    backups.back_up()

    hooks = open_metadata(backups.archive.metadata(PLACE)).read("hooks.json") or b""
    assert b"withheld" in hooks
    assert b"k3y-of-robot" not in hooks


def threads_told(*threads: dict[str, Any]) -> Answer:
    return answer({"data": {"repository": {"p3": {"reviewThreads": {"nodes": list(threads)}}, "p9": None}}})


def thread(comment: int, *, resolved: bool, by: int | None = None) -> dict[str, Any]:
    resolver = None if by is None else {"databaseId": by}
    first = {"nodes": [{"fullDatabaseId": str(comment)}]}
    return {"isResolved": resolved, "resolvedBy": resolver, "comments": first}


def test_which_threads_are_settled_is_asked_by_graphql(
    backups: ConversationBackups, account: GitHubConversation, talk: GitHubTalk
) -> None:
    """Of a thread whose first comment was deleted nothing is to be seen."""
    account.graphql = threads_told(thread(201, resolved=True, by=int(LI)), thread(999, resolved=True))

    backups.back_up()

    [settled] = backups.find(CHANGE, "3", ChangeRequest).threads
    assert (settled.id, settled.resolved, settled.resolved_by) == ("201", True, LI)
    assert [one.id for one in settled.comments] == ["201", "202"]
    assert settled.position is not None


def test_what_was_settled_stays_so_until_github_tells_otherwise(
    backups: ConversationBackups, account: GitHubConversation, talk: GitHubTalk
) -> None:
    account.graphql = threads_told(thread(201, resolved=True, by=int(LI)))
    backups.back_up()
    account.graphql = failure(404, "Not Found")
    talk.pulls[0]["updated_at"] = talk.pulls[0]["created_at"] = LATER
    backups.back_up()

    [settled] = backups.find(CHANGE, "3", ChangeRequest).threads
    assert (settled.resolved, settled.resolved_by, len(settled.comments)) == (True, LI, 2)

    account.graphql = threads_told(thread(201, resolved=False))
    talk.pulls[0]["updated_at"] = "2026-02-02T02:00:00Z"
    backups.back_up()

    [settled] = backups.find(CHANGE, "3", ChangeRequest).threads
    assert (settled.resolved, settled.resolved_by) == (False, None)
    assert settled.position is not None


@pytest.mark.parametrize(
    "odd",
    [
        failure(403, "Resource not accessible by personal access token"),
        answer({"errors": [{"message": "Field 'fullDatabaseId' doesn't exist", "type": ""}]}),
        answer({"data": {"repository": None}, "errors": [{"type": "NOT_FOUND", "message": "no such repository"}]}),
        answer([]),
        Answer(200, b"<html>"),
    ],
    ids=["refused", "older", "missing", "list", "page"],
)
def test_where_graphql_does_not_tell_all_else_is_saved(
    backups: ConversationBackups, account: GitHubConversation, odd: Answer
) -> None:
    account.graphql = odd

    saved = backups.back_up()

    assert [str(fault) for _, fault in saved.problems] == []
    assert [one.resolved for one in backups.find(CHANGE, "3", ChangeRequest).threads] == [None]


def test_comments_on_commits_are_saved_with_their_places(
    backups: ConversationBackups, account: GitHubConversation, talk: GitHubTalk
) -> None:
    row = {"id": 61, "node_id": "CC_x", "body": "为什么？", "user": account.person("li-na"), "commit_id": HEAD}
    moments = {"created_at": LATER, "updated_at": LATER, "author_association": "NONE", "html_url": "https://x.example"}
    talk.commit_comments = [
        {**row, **moments, "path": None, "line": None, "position": None},
        {**row, **moments, "id": 62, "path": "src/吊车.c", "line": 18, "position": 4},
    ]

    backups.back_up()

    whole, on_line = (backups.find(COMMIT_COMMENT, id_, CommitComment) for id_ in ("61", "62"))
    assert (whole.by, whole.commit, whole.position, whole.text.body) == (LI, HEAD, None, "为什么？")
    assert on_line.position is not None
    assert (on_line.position.path, on_line.position.line, on_line.position.diff_index) == ("src/吊车.c", 18, 4)
