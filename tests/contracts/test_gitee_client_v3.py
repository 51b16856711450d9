"""Gitee's API v3, the extensions': what the client sends, and that it reads what the document shows."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from matou import Gitee
from matou.credentials import Secret
from matou.errors import Conflict, MatouError, UnknownShape
from matou.model.platform import Record
from matou.platforms.gitee import wire_v3
from support.gitee_calls import PASSWORD, TOKEN, form, requests_seen, sample
from support.paged_answers import paged
from support.recording_server import RecordingServer, Reply, json_reply


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("v3-session", wire_v3.GiteeV3User),
        ("v3-project", wire_v3.GiteeV3Project),
        ("v3-name-taken", wire_v3.GiteeV3Outcome),
    ],
)
def test_a_sample_of_the_document_is_written_as_it_was_read(name: str, kind: type[Any]) -> None:
    read = msgspec.convert(sample(name), kind)

    assert json.dumps(json.loads(msgspec.json.encode(read))) == json.dumps(sample(name))


def test_a_list_is_written_with_the_keys_of_a_project_and_in_their_order() -> None:
    read = msgspec.convert(sample("v3-projects"), list[wire_v3.GiteeV3Project])

    written = json.loads(msgspec.json.encode(read))
    thirteen = list(sample("v3-project")["namespace"])
    for row, given in zip(written, sample("v3-projects"), strict=True):
        assert list(row) == list(given) == list(sample("v3-project"))
        assert list(row.pop("namespace")) == thirteen
        assert row == {key: value for key, value in given.items() if key != "namespace"}


def test_a_moment_is_written_with_t_and_offset_and_without_milliseconds() -> None:
    moment = datetime(2014, 8, 10, 14, 46, 22, 987654, tzinfo=UTC)

    assert wire_v3.moment_of(moment) == "2014-08-10T22:46:22+08:00"
    assert wire_v3.read_moment("2014-08-10T22:46:22.000+08:00") == moment.replace(microsecond=0)


@pytest.mark.parametrize("text", ["yesterday", "2014-08-10T22:46:22", ""])
def test_a_moment_that_is_none_is_named(text: str) -> None:
    with pytest.raises(UnknownShape, match="gitee moment"):
        wire_v3.read_moment(text)


def test_logging_in_gives_the_user_and_a_token_that_shows_nowhere(
    recording_server: RecordingServer, gitee: Gitee, records: list[Record]
) -> None:
    recording_server.replies = [json_reply(sample("v3-session"), 201)]

    logged_in = gitee.log_in("me+you@example.com", Secret(PASSWORD))

    [request] = recording_server.requests
    assert requests_seen(request) == "POST /api/v3/session"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert form(request) == {"email": "me+you@example.com", "password": PASSWORD}
    assert (logged_in.user.username, logged_in.token.reveal()) == ("example", "private_tokenXX")
    assert "private_tokenXX" not in f"{logged_in!r} {records!r}"


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"private_token": "private_tokenXX"}', b"[]"])
def test_an_odd_answer_to_a_log_in_is_not_quoted(
    recording_server: RecordingServer, gitee: Gitee, records: list[Record], body: bytes
) -> None:
    recording_server.replies = [Reply(201, body)]

    with pytest.raises(UnknownShape) as caught:
        gitee.log_in("me@example.com", Secret(PASSWORD))

    assert "private_token" not in f"{caught.value} {records!r}"


@pytest.mark.parametrize("status", [401, 400, 503])
def test_a_server_that_repeats_the_password_is_not_quoted(
    recording_server: RecordingServer, gitee: Gitee, status: int
) -> None:
    recording_server.replies = [json_reply({"message": f"401 Unauthorized: {PASSWORD} and {TOKEN}"}, status)]

    with pytest.raises(MatouError) as caught:
        gitee.log_in("me@example.com", Secret(PASSWORD))

    assert "401 Unauthorized" in str(caught.value)
    assert not any(secret in f"{caught.value!r} {caught.value}" for secret in (PASSWORD, TOKEN))
    assert len(recording_server.requests) == 1


def test_projects_are_read_to_the_first_page_without_any(recording_server: RecordingServer, gitee: Gitee) -> None:
    rows = [{**sample("v3-projects")[0], "id": number} for number in range(230)]
    recording_server.handler = paged(rows, totals=None)

    assert [project.id for project in gitee.projects()] == list(range(230))
    assert requests_seen(recording_server.requests[0]) == "GET /api/v3/projects?page=1&per_page=100"


def test_a_page_of_twenty_is_not_taken_for_the_last(recording_server: RecordingServer, gitee: Gitee) -> None:
    """Gitee's own v3 may give twenty at a time, whatever number is asked for."""
    rows = [{**sample("v3-projects")[0], "id": number} for number in range(50)]
    recording_server.handler = paged(rows, totals=None, most=20)

    assert [project.id for project in gitee.projects()] == list(range(50))


@pytest.mark.parametrize(("named", "path"), [("example/HelloWorld", "example%2FHelloWorld"), (123456, "123456")])
def test_a_project_is_named_by_its_number_or_its_path(
    recording_server: RecordingServer, gitee: Gitee, named: str | int, path: str
) -> None:
    recording_server.replies = [json_reply(sample("v3-project"))]

    project = gitee.project(named)

    assert recording_server.requests[0].target == f"/api/v3/projects/{path}"
    assert json.loads(msgspec.json.encode(project)) == sample("v3-project")


def test_a_project_is_made(recording_server: RecordingServer, gitee: Gitee) -> None:
    recording_server.replies = [json_reply(sample("v3-project"), 201)]

    assert gitee.create_project("HelloWorld", description="a + b", private=True).id == 123456

    [request] = recording_server.requests
    assert requests_seen(request) == "POST /api/v3/projects"
    assert form(request) == {"name": "HelloWorld", "description": "a + b", "private": "1"}


def test_a_name_that_is_taken_is_a_conflict_though_the_status_is_200(
    recording_server: RecordingServer, gitee: Gitee
) -> None:
    recording_server.replies = [json_reply(sample("v3-name-taken"))]

    with pytest.raises(Conflict, match="该项目名已存在!"):
        gitee.create_project("HelloWorld", private=False)


def test_v3_is_shown_its_token_in_a_header(recording_server: RecordingServer, gitee: Gitee) -> None:
    recording_server.replies = [json_reply(sample("v3-session"))]

    user = gitee.extension_user()

    [request] = recording_server.requests
    assert (requests_seen(request), request.headers["private-token"]) == ("GET /api/v3/user", TOKEN)
    assert "authorization" not in request.headers
    assert "private_tokenXX" not in repr(user)
