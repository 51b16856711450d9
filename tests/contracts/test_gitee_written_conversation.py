"""What people said arrives at a Gitee, over HTTP, by requests that its own description allows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from matou.credentials import Secret
from matou.http.request import TransferLimits
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.metadata import LabelDefinition, Milestone
from matou.model.platform import Visibility
from matou.model.targets import TargetRepository
from matou.platforms.gitee.metadata_target import GiteeMetadataTarget
from matou.platforms.gitee.target import GiteeTarget
from support.gitee_written import TOKEN, WrittenGitee
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply
from support.steered_clock import SYSTEM_CLOCK
from support.written_conversation import PATH, WrittenConversation, change, comment, issue, small_story


@pytest.fixture
def gitee(recording_server: RecordingServer) -> Iterator[WrittenGitee]:
    gitee = WrittenGitee(recording_server.url)
    recording_server.handler = gitee.answer
    yield gitee
    assert gitee.faults == []


@pytest.fixture
def session(recording_server: RecordingServer) -> Iterator[Session]:
    limits, patience = TransferLimits(idle=timedelta(seconds=5)), RetryPolicy(attempts=1)
    with Session(named=[recording_server.url], clock=SYSTEM_CLOCK, limits=limits, patience=patience) as session:
        yield session


@pytest.fixture
def empty(tmp_path: Path, recording_server: RecordingServer, session: Session) -> WrittenConversation:
    repository = TargetRepository(PATH, "harbour", "api", f"{recording_server.url}/{PATH}.git", Visibility.PRIVATE)
    target = GiteeMetadataTarget(
        session, recording_server.url, Secret(TOKEN), repository, now=lambda: datetime.now(UTC)
    )
    return WrittenConversation(tmp_path, target)


@pytest.fixture
def written(empty: WrittenConversation) -> WrittenConversation:
    small_story(empty)
    return empty


def test_everything_arrives(gitee: WrittenGitee, written: WrittenConversation) -> None:
    report = written.write()

    assert report.problems == []
    assert [row["title"] for row in gitee.issues.values()] == ["第 1 个", "第 3 个", "改动 2"]
    assert [row["state"] for row in gitee.issues.values()] == ["open", "closed", "closed"]
    assert [label["name"] for label in gitee.issues["I6D000"]["labels"]] == ["错误"]
    assert gitee.issues["I6D000"]["milestone"]["due_on"] == "2099-12-31"
    assert [(row["head"]["ref"], row["base"]["ref"]) for row in gitee.pulls.values()] == [("topic", "main")]
    first, second = gitee.comments["pulls/1"]
    assert ("a.py:3" in first["body"], "这里" in first["body"], "好" in second["body"]) == (True, True, True)
    assert [(row["tag_name"], row["prerelease"]) for row in gitee.releases] == [("v1", False)]
    assert gitee.sent_files == [("1", "a.zip", b"zip")]
    [branch] = written.history.branches
    there = f"![图](https://target.example/harbour/api-history/raw/{branch}/files/"
    assert there in gitee.issues["I6D000"]["body"]
    assert (report.verified, report.written["label"], report.written["asset"]) == (4, 1, 1)


def test_what_names_an_item_leads_to_its_word(gitee: WrittenGitee, written: WrittenConversation) -> None:
    """Also in what was written before the word was known."""
    written.write()

    assert "见 #I6D001" in gitee.issues["I6D000"]["body"]
    assert "见 #I6D000" in gitee.issues["I6D001"]["body"]
    assert "见 #I6D000，和 #I6D002" in gitee.issues["I6D002"]["body"]
    assert "见 #I6D000，和 !1" in gitee.pulls["1"]["body"]
    assert "修了 #I6D000" in gitee.releases[0]["body"]


def test_run_again_nothing_is_written_and_then_only_what_is_new(
    gitee: WrittenGitee, written: WrittenConversation
) -> None:
    written.write()
    gitee.operations.clear()

    report = written.write()

    assert not report.has_changed
    assert all(operation.startswith("GET") for operation in gitee.operations)
    assert len(gitee.operations) == 5

    written.has(issue("9"))
    assert written.write().written == {"issue": 1}


def test_what_changes_at_the_source_is_changed_there(gitee: WrittenGitee, written: WrittenConversation) -> None:
    written.write()

    written.has(issue("1", "如今另一回事", state="closed"), change("4", "closed"))
    report = written.write()

    assert report.problems == []
    assert "如今另一回事" in gitee.issues["I6D000"]["body"]
    assert (gitee.issues["I6D000"]["state"], gitee.issues["I6D000"]["labels"]) == ("closed", [])
    assert gitee.pulls["1"]["state"] == "closed"


def test_a_pull_request_that_would_have_to_open_again_is_told(
    gitee: WrittenGitee, written: WrittenConversation
) -> None:
    written.has(change("4", "closed"))
    written.write()
    assert gitee.pulls == {}
    written.has(change("6", "open"))
    written.write()
    written.has(change("6", "closed"))
    written.write()

    written.has(change("6", "open"))
    report = written.write()

    assert [str(error) for error in report.problems] == ["!6: Gitee's API opens no pull request again, so not !1"]


def test_what_was_said_on_many_items_is_read_back_by_the_lists_of_all(
    gitee: WrittenGitee, empty: WrittenConversation
) -> None:
    empty.has(*(issue(str(number), comments=(comment(f"9{number}"),)) for number in range(1, 23)))

    report = empty.write()

    assert report.verified_comments == 22
    reads = [operation for operation in gitee.operations if operation.startswith("GET") and "comments" in operation]
    assert reads == ["GET /repos/harbour/api/issues/comments", "GET /repos/harbour/api/pulls/comments"]


def test_one_person_is_responsible_for_an_issue_and_the_others_help(
    gitee: WrittenGitee, empty: WrittenConversation
) -> None:
    empty.has(issue("1", assignees=("17", "18")), change("2", "open", assignees=("17",)))
    empty.people = {"gitee:17": "zhang", "gitee:18": "li"}

    report = empty.write()

    assert report.problems == []
    assert gitee.issues["I6D000"]["assignee"]["login"] == "zhang"
    assert [one["login"] for one in gitee.issues["I6D000"]["collaborators"]] == ["li"]


def test_a_label_that_is_refused_keeps_nothing_else_away(gitee: WrittenGitee, empty: WrittenConversation) -> None:
    gitee.refused_labels = {"a/b"}
    names = ("a/b", "fine", "x", "a name that is much too long for it")
    empty.has(*(LabelDefinition(name=name, color="ff0000") for name in names), issue("1", labels=names))

    report = empty.write()

    assert [str(error) for error in report.problems] == [
        "the label 'a/b' is not there: gitee answered 400: 标签名称不合法"
    ]
    assert {label["name"] for label in gitee.issues["I6D000"]["labels"]} == {"fine", "x_", "a name that is _34e7"}


def test_a_closed_milestone_and_a_draft_stay_what_they_are(gitee: WrittenGitee, empty: WrittenConversation) -> None:
    closed = Milestone(number="1", title="一期", state="closed", kind="milestone", due="2020-02-03")
    empty.has(closed, issue("1", milestone="1"), replace(change("2", "open"), draft=True))

    empty.write()

    assert [(row["state"], row["due_on"]) for row in gitee.milestones] == [("closed", "2020-02-03")]
    assert gitee.pulls["1"]["draft"] == "true"


@pytest.mark.parametrize("status", [429, 500, 502])
def test_what_is_answered_with_trouble_is_there_once(
    recording_server: RecordingServer, gitee: WrittenGitee, written: WrittenConversation, status: int
) -> None:
    seen: set[tuple[str, bytes]] = set()

    def troubled(request: SeenRequest) -> Reply:
        """Each write is done the first time, but for 429, and answered with trouble; a second one is done again."""
        is_file = request.path.endswith("/attach_files")
        key = request.target, b"" if is_file else request.body
        if request.method == "GET" or key in seen:
            return gitee.answer(request)
        seen.add(key)
        if status != 429:
            gitee.answer(request)
        return Reply(status, b"{}", {"Content-Type": "application/json"})

    recording_server.handler = troubled
    report = written.write()

    assert report.problems == []
    assert len(gitee.issues) == 3
    assert len(gitee.pulls) == len(gitee.releases) == len(gitee.sent_files) == 1
    assert sorted(len(rows) for rows in gitee.comments.values()) == [2, 2, 2]


def test_no_text_and_no_report_has_the_token(gitee: WrittenGitee, written: WrittenConversation) -> None:
    report: Any = written.write()

    assert TOKEN not in repr(report) + repr(gitee.issues) + repr(gitee.comments)
    for file in (written.saved.archive.root / "migrations").rglob("*.jsonl"):
        assert TOKEN not in file.read_text(encoding="utf-8")


def test_an_account_of_the_older_api_takes_code_alone(recording_server: RecordingServer, session: Session) -> None:
    person = {"id": 1, "username": "captain", "name": "C", "email": "", "new_portrait": "", "created_at": ""}
    recording_server.handler = lambda _request: json_reply(person)
    older = GiteeTarget(session, f"{recording_server.url}/api/v3", Secret(TOKEN), now=lambda: datetime.now(UTC))

    assert str(older.fault_of_conversation()) == "Gitee's API v3 takes nothing but code"
