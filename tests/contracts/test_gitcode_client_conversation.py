"""What the client asks for what people said about the code, and that it reads what GitCode's own description has."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import GeneratorType
from typing import Any

import pytest

from matou import GitCode
from matou.platforms.gitcode.calls_conversation import ConversationCalls
from matou.platforms.gitcode.wire import as_received
from support.gitcode_calls import TOKEN, R, requests_seen
from support.gitcode_schemas import example_of
from support.recording_server import RecordingServer, json_reply

OPERATION = "GET /repos/{owner}/{repo}"
SINCE = datetime(2026, 11, 1, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """Attributes:
    like: the operation whose rows it answers, where the description of its own is not kept here.
    """

    call: Callable[[GitCode], Any]
    operation: str
    request: str
    like: str = ""


CASES = {
    "issues": Case(
        lambda it: it.issues(R, since=SINCE),
        f"{OPERATION}/issues",
        "state=all&order_by=created_at&sort=asc&since=2026-11-01T08:00:00+00:00&",
    ),
    "issue": Case(lambda it: it.issue(R, 3), f"{OPERATION}/issues/{{number}}", ""),
    "issue_comments": Case(
        lambda it: it.issue_comments(R), f"{OPERATION}/issues/comments", "sort=created&direction=asc&"
    ),
    "comments_of_issue": Case(
        lambda it: it.comments_of_issue(R, 3),
        f"{OPERATION}/issues/{{number}}/comments",
        "",
        f"{OPERATION}/issues/comments",
    ),
    "pull_requests": Case(
        lambda it: it.pull_requests(R), f"{OPERATION}/pulls", "state=all&order_by=created_at&direction=asc&"
    ),
    "pull_request": Case(lambda it: it.pull_request(R, 3), f"{OPERATION}/pulls/{{number}}", ""),
    "pull_request_comments": Case(
        lambda it: it.pull_request_comments(R, 3), f"{OPERATION}/pulls/{{number}}/comments", ""
    ),
    "labels": Case(lambda it: it.labels(R), f"{OPERATION}/labels", ""),
    "milestones": Case(lambda it: it.milestones(R), f"{OPERATION}/milestones", "state=all&"),
    "releases": Case(lambda it: it.releases(R), f"{OPERATION}/releases", ""),
    "hooks": Case(lambda it: it.hooks(R), f"{OPERATION}/hooks", ""),
}


def test_every_call_is_among_these() -> None:
    assert {name for name in vars(ConversationCalls) if not name.startswith("_")} == CASES.keys()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_call_asks_as_documented_and_loses_nothing_of_what_is_answered(
    recording_server: RecordingServer, gitcode: GitCode, case: Case
) -> None:
    row = example_of(case.like or case.operation)
    recording_server.handler = lambda request: (
        json_reply([row], headers={"total_count": "1"}) if "page=1" in request.target else json_reply(row)
    )

    result = case.call(gitcode)
    [read] = result if isinstance(result, GeneratorType) else [result]

    [request] = recording_server.requests
    path = case.operation.replace("{owner}/{repo}", R).replace("{number}", "3")
    pages = "page=1&per_page=100" if isinstance(result, GeneratorType) else ""
    assert requests_seen(request).rstrip("?") == f"{path}?{case.request}{pages}".rstrip("?")
    assert in_texts(as_received(read)) == in_texts(row)


def in_texts(value: Any) -> Any:
    """A bare number stands for its digits, 1 for true; null, and what is not there, are the same."""
    if isinstance(value, dict):
        return {key: in_texts(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [in_texts(each) for each in value]
    return str(value)


def test_no_record_is_kept_of_webhooks(recording_server: RecordingServer) -> None:
    records: list[object] = []
    recording_server.replies = [json_reply([example_of(f"{OPERATION}/hooks")], headers={"total_count": "1"})]

    with GitCode(TOKEN, recording_server.url, record=records.append) as gitcode:
        list(gitcode.hooks(R))

    assert records == []
