"""What people said arrives at a GitCode, over HTTP, by requests that its own description allows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from matou.credentials import Secret
from matou.http.request import TransferLimits
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.platform import Visibility
from matou.model.targets import TargetRepository
from matou.platforms.gitcode.metadata_target import GitCodeMetadataTarget
from support.gitcode_written import WrittenGitCode
from support.recording_server import RecordingServer, Reply, SeenRequest
from support.steered_clock import SYSTEM_CLOCK
from support.written_conversation import PATH, WrittenConversation, change, small_story

TOKEN = "s3cr3tGitCodeT0ken0123456789"


@pytest.fixture
def gitcode(recording_server: RecordingServer) -> Iterator[WrittenGitCode]:
    gitcode = WrittenGitCode(recording_server.url)
    recording_server.handler = gitcode.answer
    yield gitcode
    assert gitcode.faults == []


@pytest.fixture
def written(tmp_path: Path, recording_server: RecordingServer) -> Iterator[WrittenConversation]:
    repository = TargetRepository(PATH, "harbour", "api", f"{recording_server.url}/{PATH}.git", Visibility.PRIVATE)
    limits, patience = TransferLimits(idle=timedelta(seconds=5)), RetryPolicy(attempts=1)
    named = [recording_server.url]
    with Session(named=named, clock=SYSTEM_CLOCK, limits=limits, patience=patience) as session:
        target = GitCodeMetadataTarget(
            session, recording_server.url, Secret(TOKEN), repository, now=lambda: datetime.now(UTC)
        )
        conversation = WrittenConversation(tmp_path, target)
        small_story(conversation)
        yield conversation


def test_everything_arrives(gitcode: WrittenGitCode, written: WrittenConversation) -> None:
    report = written.write()

    assert report.problems == []
    assert [row["title"] for row in gitcode.issues] == ["第 1 个", "（来源处已删除）2", "第 3 个", "改动 2"]
    assert [row["state"] for row in gitcode.issues] == ["open", "closed", "closed", "closed"]
    assert [(row["head"]["ref"], row["base"]["ref"]) for row in gitcode.pulls] == [("topic", "main")]
    [line] = gitcode.comments["pulls/1"]
    assert "这里" in line["body"]
    assert "好" in line["reply"][0]["body"]
    assert f"![图]({gitcode.origin}/uploads/t.png)" in gitcode.issues[0]["body"]
    assert gitcode.milestones[0]["due_on"] == "2099-12-31"
    assert [row["tag_name"] for row in gitcode.releases] == ["v1"]
    [(path, content, headers)] = gitcode.sent_files
    assert (path, content, headers["x-obs-acl"]) == ("/storage/a.zip", b"zip", "private")
    assert "authorization" not in headers or TOKEN not in headers["authorization"]


@pytest.mark.usefixtures("gitcode")
def test_people_who_are_named_later_are_assigned_to_what_is_there(
    written: WrittenConversation, recording_server: RecordingServer
) -> None:
    written.has(change("9", "open", assignees=("17", "18")))
    written.write()

    written.people = {"gitee:17": "zhang", "gitee:18": "li"}
    report = written.write()

    assert (report.problems, report.edited) == ([], {"change": 1})
    sent = [one.json() for one in recording_server.requests if one.path.endswith("/assignees")]
    assert sent == [{"assignees": "zhang,li"}]


def test_run_again_nothing_is_written(gitcode: WrittenGitCode, written: WrittenConversation) -> None:
    written.write()
    gitcode.operations.clear()

    report = written.write()

    assert not report.has_changed
    assert all(operation.startswith("GET") for operation in gitcode.operations)
    assert len(gitcode.operations) == 5


@pytest.mark.parametrize("status", [429, 500, 502])
def test_what_is_answered_with_trouble_is_there_once(
    recording_server: RecordingServer, gitcode: WrittenGitCode, written: WrittenConversation, status: int
) -> None:
    seen: set[tuple[str, bytes]] = set()

    def troubled(request: SeenRequest) -> Reply:
        """Each write is done the first time, but for 429, and answered with trouble; a second one is done again."""
        key = request.target, request.body
        if request.method == "GET" or key in seen or "/storage/" in request.target or "/upload" in request.target:
            return gitcode.answer(request)
        seen.add(key)
        if status != 429:
            gitcode.answer(request)
        return Reply(status, b"{}", {"Content-Type": "application/json"})

    recording_server.handler = troubled
    report = written.write()

    assert report.problems == []
    assert [row["number"] for row in gitcode.issues] == ["1", "2", "3", "4"]
    assert len(gitcode.pulls) == len(gitcode.releases) == 1
    assert [len(rows) for rows in gitcode.comments.values()] == [2, 2, 1]
    assert written.waited


def test_half_an_answer_is_looked_into(
    recording_server: RecordingServer, gitcode: WrittenGitCode, written: WrittenConversation
) -> None:
    def halved(request: SeenRequest) -> Reply:
        whole = gitcode.answer(request)
        is_write = request.method == "POST" and "/upload" not in request.target
        return Reply(whole.status, whole.body[:-3], whole.headers) if is_write else whole

    recording_server.handler = halved
    report = written.write()

    assert report.problems == []
    assert len(gitcode.issues) == 4
    assert [len(rows) for rows in gitcode.comments.values()] == [2, 2, 1]


def test_no_text_and_no_report_has_the_token(gitcode: WrittenGitCode, written: WrittenConversation) -> None:
    report: Any = written.write()

    assert TOKEN not in repr(report)
    assert TOKEN not in repr(gitcode.issues) + repr(gitcode.comments)
    for file in (written.saved.archive.root / "migrations").rglob("*.jsonl"):
        assert TOKEN not in file.read_text(encoding="utf-8")
