"""Gitee's API v5: what every call of the client sends, what it reads, and when a list is whole."""

from types import GeneratorType

import msgspec
import pytest

from matou import Gitee
from matou.errors import NotFound, UnknownShape
from support.gitee_calls import CASES, Call, Case, R, form, requests_seen, sample, shown_of
from support.paged_answers import paged
from support.recording_server import RecordingServer, json_reply


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_call_asks_as_documented_and_reads_what_is_answered(
    recording_server: RecordingServer, gitee: Gitee, case: Case
) -> None:
    recording_server.replies = [
        json_reply([sample(case.answer)] if case.answers_many else sample(case.answer), headers={"total_count": "1"})
    ]

    result = case.call(gitee)
    read = list(result) if isinstance(result, GeneratorType | list) else [result]

    [request] = recording_server.requests
    assert requests_seen(request) == case.request.replace(" /", " /api/v5/", 1)
    assert (form(request) if request.body else None) == case.sends
    assert [msgspec.to_builtins(row) for row in read] == [shown_of(sample(case.answer), msgspec.to_builtins(read[0]))]


def test_the_files_of_a_release_are_listed_with_their_sizes(recording_server: RecordingServer, gitee: Gitee) -> None:
    """By what only later descriptions have."""
    recording_server.replies = [json_reply([sample("v5-release-file")], headers={"total_count": "1"})]

    [file] = gitee.release_files(R, 330001)

    [request] = recording_server.requests
    assert requests_seen(request) == f"GET /api/v5/repos/{R}/releases/330001/attach_files?page=1&per_page=100"
    assert (file.name, file.size) == ("吊车.zip", 1234)


def test_no_record_is_kept_of_webhooks(recording_server: RecordingServer) -> None:
    records: list[object] = []
    recording_server.replies = [json_reply([sample("v5-hook")], headers={"total_count": "1"})]

    with Gitee("t" * 20, recording_server.url, record=records.append) as gitee:
        [hook] = gitee.hooks(R)

    assert hook.password == "s3cr3t"
    assert records == []


def test_a_change_that_leaves_the_name_repeats_the_one_that_there_is(
    recording_server: RecordingServer, gitee: Gitee
) -> None:
    recording_server.replies = [json_reply({**sample("v5-repository"), "name": "码头"})]

    gitee.update_repository(R, default_branch="dev")

    assert [requests_seen(request) for request in recording_server.requests] == [
        f"GET /api/v5/repos/{R}",
        f"PATCH /api/v5/repos/{R}",
    ]
    assert form(recording_server.requests[1]) == {"name": "码头", "default_branch": "dev"}


UNCOUNTED, COUNTED = None, ("total_count", "total_page")


@pytest.mark.parametrize(
    ("totals", "count"),
    [(COUNTED, 0), *((totals, n) for totals in (UNCOUNTED, COUNTED) for n in (1, 99, 100, 101, 250))],
)
def test_a_list_is_read_to_its_end_with_totals_and_without(
    recording_server: RecordingServer, gitee: Gitee, count: int, totals: tuple[str, str] | None
) -> None:
    rows = [{**sample("v5-repository"), "id": number} for number in range(count)]
    recording_server.handler = paged(rows, totals=totals)

    assert [row.id for row in gitee.repositories()] == list(range(count))


def test_a_list_of_repositories_that_is_empty_and_not_counted_has_not_said_that_there_are_none(
    recording_server: RecordingServer, gitee: Gitee
) -> None:
    recording_server.replies = [json_reply([])]

    for empty in (gitee.repositories(), gitee.repositories_of_organization("docks"), gitee.projects()):
        with pytest.raises(UnknownShape, match="neither rows nor a count"):
            list(empty)


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
@pytest.mark.parametrize("page_size", [20, 100, 1000])
def test_a_list_that_is_not_documented_as_paged_is_whole_either_way(
    recording_server: RecordingServer, gitee: Gitee, count: int, page_size: int
) -> None:
    rows = [{**sample("v5-branch"), "name": f"b{number}"} for number in range(count)]
    by_page = paged(rows, totals=None, most=page_size)
    recording_server.handler = by_page if page_size < 1000 else lambda _: json_reply(rows)

    assert [row.name for row in gitee.branches(R)] == [row["name"] for row in rows]


def test_a_list_that_holds_less_than_it_announces_is_given_and_then_an_error(
    recording_server: RecordingServer, gitee: Gitee
) -> None:
    recording_server.replies = [json_reply([sample("v5-organization")], headers={"total_count": "2"})]
    given: list[str] = []

    with pytest.raises(UnknownShape, match="does not add up"):
        given.extend(row.login for row in gitee.organizations())

    assert given == ["oschina"]


@pytest.mark.parametrize("call", [lambda it: it.organizations(), lambda it: it.namespaces()])
def test_one_row_that_cannot_be_read_does_not_hide_the_others(
    recording_server: RecordingServer, gitee: Gitee, call: Call
) -> None:
    rows = [{"id": "odd"}, {**sample("v5-organization"), "path": "oschina"}]
    recording_server.replies = [json_reply(rows, headers={"total_count": "2"})]
    given: list[int] = []

    with pytest.raises(UnknownShape, match=r"\.id "):
        given.extend(row.id for row in call(gitee))

    assert given == [41]


def test_numbers_and_truths_in_quotes_are_read(recording_server: RecordingServer, gitee: Gitee) -> None:
    recording_server.replies = [json_reply({**sample("v5-repository"), "id": "1001", "private": "false"})]

    repository = gitee.repository(R)

    assert (repository.id, repository.private) == (1001, False)


@pytest.mark.parametrize("repository", ["ship", "/ship", "docks/", ""])
def test_a_repository_without_an_owner_is_a_mistake_of_the_caller(gitee: Gitee, repository: str) -> None:
    with pytest.raises(ValueError, match="owner/name"):
        gitee.repository(repository)


@pytest.mark.parametrize("name", ["..", ".", ""])
def test_a_name_that_leads_elsewhere_is_not_asked(recording_server: RecordingServer, gitee: Gitee, name: str) -> None:
    with pytest.raises(NotFound):
        list(gitee.repositories_of_organization(name))

    assert recording_server.requests == []
