"""Answers that were kept are read again as they were read from the platform."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from matou.credentials import Secret
from matou.errors import MatouError, Phrase, TryLater
from matou.http.responses import Answer
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.platform import Record
from matou.platforms.base.api_client import Answers, no_record
from matou.platforms.base.recorded_answers import NotRecorded, RecordedAnswers
from matou.platforms.gitcode.api import GitCodeApi
from matou.platforms.gitcode.wire import GitCodeNamespace
from support.paged_answers import paged
from support.recording_server import RecordingServer, json_reply
from support.steered_clock import SYSTEM_CLOCK

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ROWS = [{"id": number, "path": f"space-{number}", "name": "名", "type": "group"} for number in range(250)]


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    server = RecordingServer()
    yield server
    server.close()


@pytest.fixture
def session(server: RecordingServer) -> Iterator[Session]:
    patience = RetryPolicy(attempts=3, first_wait=timedelta(milliseconds=1))
    with Session(named=[server.url], clock=SYSTEM_CLOCK, patience=patience) as session:
        yield session


def api(session: Session, server: RecordingServer, records: list[Record], answers: Answers | None = None) -> GitCodeApi:
    keep = records.append if answers is None else no_record
    return GitCodeApi(session, server.url, Secret("a-token"), lambda: NOW, keep, answers)


def paths(client: GitCodeApi) -> list[str]:
    rows = client.list("/user/namespaces", GitCodeNamespace, Phrase("the namespaces"), lambda row: row.id)
    return [row.path for row in rows.rows()]


def test_a_list_of_several_pages_is_read_again_from_its_records(session: Session, server: RecordingServer) -> None:
    records: list[Record] = []
    server.handler = paged(ROWS)
    as_read = paths(api(session, server, records))
    requests_seen = len(server.requests)

    with RecordedAnswers(records) as answers:
        again = paths(api(session, server, [], answers))

    assert again == as_read
    assert len(again) == len(ROWS)
    assert len(server.requests) == requests_seen


def test_what_was_refused_is_refused_again(session: Session, server: RecordingServer) -> None:
    records: list[Record] = []
    server.replies = [json_reply({"error_message": "403 Forbidden"}, status=403)]
    with pytest.raises(MatouError) as first:
        api(session, server, records).request("GET", "/hooks", repeatable=True)

    with RecordedAnswers(records) as answers, pytest.raises(MatouError) as second:
        api(session, server, [], answers).request("GET", "/hooks", repeatable=True)

    assert type(second.value) is type(first.value)


def test_what_failed_for_a_while_and_was_put_again_failed_for_nobody() -> None:
    """So it is with a platform that says within a 200 that there were too many requests."""
    records = [Record(NOW, "DescribeIssue", {}, 200, body) for body in (b"too many", b"1", b"too many")]

    def check(answer: Answer) -> None:
        if answer.body == b"too many":
            raise TryLater("too many requests")

    with RecordedAnswers(records) as answers:
        assert answers("DescribeIssue", {}, check).body == b"1"
        with pytest.raises(TryLater):
            answers("DescribeIssue", {}, check)


def test_what_was_not_asked_has_no_answer() -> None:
    record = Record(NOW, "GET /labels", {"page": "1"}, 200, b"[]")

    with RecordedAnswers([record]) as answers:
        with pytest.raises(NotRecorded):
            answers("GET /labels", {"page": "2"}, lambda answer: None)
        assert answers("GET /labels", {"page": "1"}, lambda answer: None) == Answer(200, {}, b"[]")
        with pytest.raises(NotRecorded):
            answers("GET /labels", {"page": "1"}, lambda answer: None)
