"""When a list of GitCode's is whole: pages, histories, trees, events."""

from typing import Any

import pytest

from matou import GitCode
from matou.errors import UnknownShape
from support.gitcode_calls import COMMIT, R, requests_seen, sample
from support.paged_answers import V5_TOTALS, paged
from support.recording_server import RecordingServer, json_reply


def test_a_list_that_holds_less_than_it_announces_is_given_and_then_an_error(
    recording_server: RecordingServer, gitcode: GitCode
) -> None:
    recording_server.replies = [json_reply([sample("branches.later")], headers={"total_count": "2"})]
    given_: list[str] = []

    with pytest.raises(UnknownShape, match="does not add up"):
        given_.extend(branch.name for branch in gitcode.branches(R))

    assert given_ == ["main"]


def test_one_row_that_cannot_be_read_does_not_hide_the_others(
    recording_server: RecordingServer, gitcode: GitCode
) -> None:
    rows = [{"name": "odd"}, sample("branches.later")]
    recording_server.replies = [json_reply(rows, headers={"total_count": "2"})]
    given_: list[str] = []

    with pytest.raises(UnknownShape, match=r"Branch\.commit"):
        given_.extend(branch.name for branch in gitcode.branches(R))

    assert given_ == ["main"]


def commits(count: int) -> list[dict[str, Any]]:
    return [{**sample("commits.later"), "sha": f"{number:040x}"} for number in range(count)]


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_a_history_is_that_of_the_commit_that_the_branch_was_at(
    recording_server: RecordingServer, gitcode: GitCode, count: int, counts: bool
) -> None:
    recording_server.handler = paged(commits(count), totals=V5_TOTALS if counts else None)

    read = [commit.sha for commit in gitcode.commits(R, ref="main")]

    first, *rest = recording_server.requests
    assert read == [row["sha"] for row in commits(count)]
    assert requests_seen(first) == "GET /repos/docks/ship/commits?sha=main&per_page=1"
    assert all(f"sha={0:040x}&" in request.target for request in rest)


def test_a_history_that_ends_before_what_was_announced_is_an_error(
    recording_server: RecordingServer, gitcode: GitCode
) -> None:
    recording_server.replies = [
        json_reply(commits(2), headers={"total_count": "3"}),
        json_reply([], headers={"total_count": "3"}),
    ]

    with pytest.raises(UnknownShape, match="3 rows were announced and 2 came"):
        list(gitcode.commits(R, ref=COMMIT))


def test_a_tree_of_a_branch_is_that_of_one_commit(recording_server: RecordingServer, gitcode: GitCode) -> None:
    recording_server.replies = [
        json_reply(commits(1)),
        json_reply(sample("01.response"), headers={"total_count": "1"}),
    ]

    assert [entry.path for entry in gitcode.tree(R, "fix/7")] == ["a/b"]
    assert recording_server.requests[1].target.startswith(f"/api/v5/repos/docks/ship/git/trees/{0:040x}?")


def test_events_that_move_to_the_next_page_meanwhile_come_once(
    recording_server: RecordingServer, gitcode: GitCode
) -> None:
    one, two, three = ({**sample("38.response")["events"][0], "action": number} for number in (1, 2, 3))
    recording_server.replies = [
        json_reply({"events": [one, two], "has_next_page": True}),
        json_reply({"events": [two, three], "has_next_page": False}),
    ]

    assert [event.action for event in gitcode.events(R)] == [1, 2, 3]
