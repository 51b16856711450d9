"""What was said at a Gitea comes in, is changed at the source, comes in again, and is made from records."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import ReadState
from matou.archive.metadata import open_metadata
from matou.credentials import Secret
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.metadata import ChangeRequest, Issue, SavedRelease
from matou.model.metadata.kinds import CHANGE, EVENT, ISSUE, MILESTONE, PERSON, RELEASE
from matou.model.platform import RemoteNamespace, RemoteRepository
from matou.platforms.gitea.metadata_source import GiteaMetadataSource
from matou.platforms.gitea.source import GiteaSource
from support.carried_page import assert_as_the_guide_says
from support.conversation_backups import BEGAN, PLACE, ConversationBackups
from support.gitea_recording import FILE, TOKEN, GiteaRecording, running_gitea_recording
from support.steered_clock import SYSTEM_CLOCK

WANG, LI = "1", "2"
LATER = "2026-12-02T02:00:00Z"
DIGEST = hashlib.sha256(FILE).hexdigest()


@pytest.fixture
def gitea() -> Iterator[GiteaRecording]:
    with running_gitea_recording() as gitea:
        yield gitea


@pytest.fixture
def session(gitea: GiteaRecording) -> Iterator[Session]:
    patience = RetryPolicy(attempts=2, first_wait=timedelta(milliseconds=1))
    with Session(named=[gitea.url], clock=SYSTEM_CLOCK, patience=patience) as session:
        yield session


@pytest.fixture
def backups(gitea: GiteaRecording, session: Session, tmp_path: Path) -> ConversationBackups:
    archive = Archive.open_or_create(tmp_path / "archive", now=BEGAN, identifier=UUID(int=7))

    def listed() -> tuple[RemoteRepository, RemoteNamespace]:
        source = GiteaSource(session, gitea.url, Secret(TOKEN), record=lambda _: None, now=lambda: BEGAN)
        [repository] = [one for one in source.repositories() if one.name == "crane"]
        [namespace] = [one for one in source.namespaces() if one.name == "harbour"]
        return repository, namespace

    opening: Any = GiteaMetadataSource
    account: Any = gitea
    return ConversationBackups(archive, account, session, opening, TOKEN, listed)


def test_all_that_was_said_is_saved(backups: ConversationBackups) -> None:
    saved = backups.back_up()

    assert [str(fault) for _, fault in saved.problems] == []
    kinds = ("issue", "change", "release", "label", "milestone", "member", "protection", "hook")
    assert [backups.kind(kind).items for kind in kinds] == [2, 2, 2, 2, 1, 1, 1, 1]
    assert {backups.kind(kind).state for kind in backups.state.kinds} == {ReadState.COMPLETE}  # type: ignore[union-attr]
    issue = backups.find(ISSUE, "1", Issue)
    assert (issue.title, set(issue.labels), issue.assignees, issue.extra) == (
        "吊车在雨天停转",
        {"缺陷", "紧急"},
        (LI,),
        None,
    )
    assert [(one.by, one.text.body) for one in issue.comments] == [(LI, "我来看看 😀"), (WANG, "是继电器")]


def test_what_the_guide_says_of_it_is_what_is_saved_of_it(backups: ConversationBackups) -> None:
    backups.back_up()

    assert_as_the_guide_says("gitea", backups.tree)


def test_a_pull_request_has_its_review_its_thread_and_its_talk(backups: ConversationBackups) -> None:
    backups.back_up()

    change = backups.find(CHANGE, "3", ChangeRequest)
    assert (change.state, change.by, change.merged_by) == ("merged", LI, WANG)
    assert change.merge_base
    assert [(review.by, review.state) for review in change.reviews] == [(WANG, "approved")]
    assert [(one.by, one.state) for one in change.reviewers] == [(WANG, "approved")], (
        "who has written one is asked no more"
    )
    [thread] = change.threads
    assert thread.position is not None
    assert (thread.path, thread.position.side, thread.position.line) == ("fix-crane.c", "new", 2)
    assert [one.text.body for one in change.comments] == ["看起来不错"]
    open_one = backups.find(CHANGE, "4", ChangeRequest)
    assert [(one.by, one.state) for one in open_one.reviewers] == [(WANG, "requested")]


def test_files_that_the_api_names_come_with_the_token_and_others_that_texts_name_without(
    backups: ConversationBackups, gitea: GiteaRecording
) -> None:
    """Else whoever writes on a public issue could have fetched for him what he may not see himself."""
    secret = "/attachments/00000000-0000-4000-8000-000000000000"
    gitea.rows("issues/comments")[0]["body"] = f"![]({secret})"

    backups.back_up()

    issue = backups.find(ISSUE, "1", Issue)
    assert {one.sha256 for one in issue.files} == {DIGEST}
    assert [one.name for comment in issue.comments for one in comment.files if one.name == "log.txt"] == ["log.txt"]
    [asset] = backups.find(RELEASE, "v1.0", SavedRelease).assets
    assert (asset.name, asset.sha256) == ("manual.zip", DIGEST)
    shown = dict(gitea.fetched)
    assert shown.pop(secret) is None
    assert {value for path, value in shown.items() if "/attachments/" in path} == {f"token {TOKEN}"}


def test_a_run_in_which_nothing_changed_asks_each_list_once_and_commits_nothing(backups: ConversationBackups) -> None:
    backups.back_up()
    first = backups.commit

    saved = backups.back_up()

    assert saved.problems == ()
    assert sorted(backups.requests) == sorted(
        ["labels", "milestones", "releases", "issues", "issues/comments", "pulls"]
    )
    assert backups.commit == first


@pytest.mark.parametrize(
    ("version", "asked"),
    [("1.26.0", False), ("1.23.0+dev-3-gabc", True), ("1.22.6", True), ("11.0.1+gitea-1.22.0", True), ("", True)],
)
def test_issues_are_asked_for_by_themselves_where_their_list_tells_no_files(
    backups: ConversationBackups, gitea: GiteaRecording, version: str, asked: bool
) -> None:
    gitea.answers["/version"] = {"total": None, "answer": {"version": version}}
    if not asked:
        for row in gitea.rows("issues"):
            row |= {"assets": gitea.answers[f"/repos/harbour/crane/issues/{row['number']}"]["answer"]["assets"]}

    backups.back_up()

    assert ("issues/1" in backups.requests) is asked
    assert "crane.png" in {one.name for one in backups.find(ISSUE, "1", Issue).files}


def test_a_repository_without_a_commit_has_no_change_requests(
    backups: ConversationBackups, gitea: GiteaRecording
) -> None:
    """As of Gitea 1.26, which answers 404 there."""
    del gitea.answers["/repos/harbour/crane/pulls"]
    [row] = [one for one in gitea.answers["/user/repos"]["answer"] if one["full_name"] == "harbour/crane"]
    gitea.answers["/repos/harbour/crane"] = {"total": None, "answer": {**row, "empty": True}}

    empty = backups.back_up()
    gitea.answers["/repos/harbour/crane"]["answer"]["empty"] = False
    filled = backups.back_up()

    assert (empty.problems, empty.unseen) == ((), ())
    assert [str(one.what) for one in filled.unseen] == ["change requests"]


def test_a_milestone_that_is_due_in_the_year_9999_is_due_on_no_day(
    backups: ConversationBackups, gitea: GiteaRecording
) -> None:
    """Gitea's importer writes that, by the clock of its machine."""
    [row, *_] = gitea.rows("milestones")
    for written in ("9999-01-01T00:00:00Z", "9998-12-31T16:00:00Z"):
        row["due_on"] = written

        backups.back_up()

        table = open_metadata(backups.archive.metadata(PLACE)).table(MILESTONE)
        assert [one.due for one in table.values() if one.title == row["title"]] == [None]


def test_what_changed_is_read_and_nothing_else(backups: ConversationBackups, gitea: GiteaRecording) -> None:
    backups.back_up()
    for row in (gitea.rows("issues")[0], gitea.answers["/repos/harbour/crane/issues/2"]["answer"]):
        row |= {"title": "灯塔修好了", "updated_at": LATER}
    [row] = [row for row in gitea.rows("pulls") if row["number"] == 4]
    row |= {"title": "不重写了", "updated_at": LATER}

    backups.back_up()

    assert backups.find(ISSUE, "2", Issue).title == "灯塔修好了"
    assert backups.find(CHANGE, "4", ChangeRequest).title == "不重写了"
    assert {"issues/2", "issues/4", "issues/4/comments", "pulls/4/reviews"} <= set(backups.requests)
    assert not {"issues/1", "pulls/3/reviews"} & set(backups.requests)


def test_who_wrote_what_was_brought_from_elsewhere_stands_as_its_author(
    backups: ConversationBackups, gitea: GiteaRecording
) -> None:
    elsewhere = {"original_author": "zhang-san", "original_author_id": 17}
    for below in ("issues/1", "issues/3"):
        gitea.answers[f"/repos/harbour/crane/{below}"]["answer"] |= elsewhere

    backups.back_up()

    issue, change = backups.find(ISSUE, "1", Issue), backups.find(CHANGE, "3", ChangeRequest)
    assert (issue.by, change.by) == ("zhang-san", "zhang-san")
    assert issue.extra == {"original_author_id": 17, "user": WANG}
    people = open_metadata(backups.archive.metadata(PLACE)).table(PERSON)
    assert people["zhang-san"].name == "zhang-san"


def test_what_is_refused_of_a_pull_request_leaves_what_was_saved(
    backups: ConversationBackups, gitea: GiteaRecording
) -> None:
    backups.back_up()
    [row] = [row for row in gitea.rows("pulls") if row["number"] == 3]
    row |= {"title": "修好了吊车", "updated_at": LATER}
    gitea.refused |= {"/pulls/3/reviews", "/issues/3/comments"}

    saved = backups.back_up()

    change = backups.find(CHANGE, "3", ChangeRequest)
    assert (change.title, len(change.reviews), len(change.threads)) == ("修好了吊车", 1, 1)
    assert [one.gone_in for one in change.comments] == [None]
    assert len(saved.problems) >= 1
    assert backups.kind("change").state is not ReadState.COMPLETE


def test_what_was_deleted_stays_and_says_in_which_run_it_was_gone(
    backups: ConversationBackups, gitea: GiteaRecording
) -> None:
    backups.back_up()
    del gitea.rows("issues")[0], gitea.rows("issues/comments")[0], gitea.rows("releases")[1]

    backups.back_up(sweep=True)

    assert backups.find(ISSUE, "2", Issue).gone_in == 2
    assert [one.gone_in for one in backups.find(ISSUE, "1", Issue).comments] == [2, None]


def test_who_may_only_read_is_told_nothing_of_members_webhooks_and_protections(
    backups: ConversationBackups, gitea: GiteaRecording
) -> None:
    gitea.refused |= {"/hooks", "/branch_protections", "/collaborators"}

    saved = backups.back_up()

    assert saved.problems == ()
    assert {backups.kind(kind).state for kind in ("hook", "protection", "member")} == {ReadState.UNSEEN}


def test_what_was_done_is_read_where_it_is_wanted(backups: ConversationBackups, gitea: GiteaRecording) -> None:
    source = backups.open(
        backups.session, gitea.url, Secret(TOKEN), lambda _: None, now=lambda: BEGAN, wants=lambda kind: kind is EVENT
    )
    reader = source.of_repository(*backups.listed())
    assert reader is not None

    [row] = [row for row in reader.rows(ISSUE, None) if row.key == "1"]
    read = reader.read(ISSUE, row, None, sweeping=False)

    assert read is not None
    assert isinstance(read.item, Issue)
    assert {"labeled", "assigned", "milestoned"} <= {one.kind for one in read.item.events}
    assert not {"comment", "review"} & {one.text for one in read.item.events}


def test_the_labels_of_an_organization_are_its_own(backups: ConversationBackups, gitea: GiteaRecording) -> None:
    source = backups.open(backups.session, gitea.url, Secret(TOKEN), lambda _: None, now=lambda: BEGAN)
    _, namespace = backups.listed()

    reader = source.of_namespace(namespace)

    assert reader is not None
    [kind] = reader.kinds
    [label] = reader.table(kind.kind).rows
    assert label.name == "全局"  # type: ignore[union-attr]


def test_the_same_stands_there_when_it_is_made_again_from_what_was_answered(
    backups: ConversationBackups, tmp_path: Path
) -> None:
    backups.back_up()

    again = backups.rebuilt(Archive.open_or_create(tmp_path / "again", now=BEGAN, identifier=UUID(int=7)))

    assert again is not None
    assert again == backups.commit
