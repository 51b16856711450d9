"""How Gitee fails, and what the client may not give away: the token, and more requests than are allowed."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from matou import Gitee
from matou.credentials import Secret
from matou.errors import Conflict, MatouError, NotFound, Refused, TryLater, UnknownShape
from matou.http.proxies import Proxies
from matou.http.rate_limit import RateLimiter
from matou.http.session import Session
from matou.http.tokens import UnusableToken
from matou.model.platform import Record
from matou.platforms.base.errors import CredentialRefused, PlatformFailed
from matou.platforms.gitee import PLATFORM
from matou.platforms.gitee.api import Extension
from matou.platforms.gitee.client import asks_for_v3, web_address
from support.gitee_calls import PASSWORD, TOKEN, Call, R, sample
from support.recording_server import RecordingServer, Reply, json_reply
from support.steered_clock import BEGINNING, SteeredClock


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (401, {"message": "401 Unauthorized: Access token is expired"}, CredentialRefused, "is expired"),
        (403, {"message": "Access token is required"}, CredentialRefused, "is required"),
        (404, {"message": "401 Unauthorized: Access token does not exist"}, CredentialRefused, "does not exist"),
        (403, {"message": "当前仓库因内容不适宜公开"}, Refused, "不适宜"),
        (404, {"message": "Not Found"}, NotFound, "Not Found"),
        (404, {"message": "404 Project Not Found"}, NotFound, "Project Not Found"),
        (404, "<html>", NotFound, "<html>"),
        (422, {"error": {"base": ["已存在同地址仓库（忽略大小写）"]}}, Conflict, "忽略大小写"),
        (422, {"message": "type 与 visibility 互斥"}, PlatformFailed, "互斥"),
        (400, {"messages": ["name is missing", "path is missing"]}, PlatformFailed, "name is missing; path is missing"),
        (400, {"error": "invalid_grant", "error_description": "expired"}, PlatformFailed, "invalid_grant; expired"),
        (418, "no", PlatformFailed, "418"),
        (200, None, UnknownShape, "None"),
        (200, "<html>please log in</html>", UnknownShape, "log in"),
        (200, '{"id": 1', TryLater, "broke off"),
    ],
)
def test_a_failure_is_of_the_kind_that_says_what_can_be_done(
    recording_server: RecordingServer, gitee: Gitee, status: int, body: Any, kind: type[MatouError], told: str
) -> None:
    recording_server.replies = [Reply(status, (body if isinstance(body, str) else json.dumps(body)).encode())]

    with pytest.raises(kind) as caught:
        gitee.repository(R)

    assert told in str(caught.value)
    assert len(recording_server.requests) == 1


@pytest.mark.parametrize(
    "message", ["Rate Limit Exceeded", "Application has exceeded the rate limit", "API rate limit exceeded"]
)
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"X-RateLimit-Reset": str(int(BEGINNING.timestamp()) + 90)}, 90.0),
        ({"X-RateLimit-Reset": "9999999999"}, 0.25),
        ({"X-RateLimit-Reset": "soon"}, 0.25),
        ({}, 0.25),
    ],
)
def test_a_limit_that_is_told_with_403_is_no_refusal_and_is_waited_for(
    recording_server: RecordingServer,
    gitee: Gitee,
    time_: SteeredClock,
    message: str,
    headers: dict[str, str],
    wait: float,
) -> None:
    recording_server.replies = [json_reply({"message": message}, 403, headers)]

    with pytest.raises(TryLater):
        gitee.user()

    assert time_.waits[0] == wait


def test_an_answer_that_breaks_off_in_its_json_is_asked_for_again(
    recording_server: RecordingServer, gitee: Gitee, records: list[Record]
) -> None:
    whole = json_reply({"id": 1, "login": "captain"})
    recording_server.replies = [replace(whole, body=whole.body[:-5]), whole]

    assert gitee.user().login == "captain"
    assert [record.body for record in records] == [whole.body[:-5], whole.body]


def test_too_many_requests_say_how_long_to_wait(recording_server: RecordingServer, gitee: Gitee) -> None:
    recording_server.replies = [json_reply({"message": "slow down"}, 429, {"Retry-After": "17"})]

    with pytest.raises(TryLater) as caught:
        gitee.create_project("x", private=True)

    assert caught.value.wait == timedelta(seconds=17)


def test_what_may_be_repeated_is_asked_again_after_the_wait(
    recording_server: RecordingServer, gitee: Gitee, time_: SteeredClock
) -> None:
    recording_server.replies = [json_reply({}, 429, {"Retry-After": "17"}), json_reply(sample("v5-user"))]

    assert gitee.user().login == "oschina"
    assert time_.waits == [17]


@pytest.mark.parametrize(
    "call",
    [
        lambda it: it.create_project("x", private=True),
        lambda it: it.create_repository("x", path="x", private=True),
        lambda it: it.log_in("me@example.com", Secret(PASSWORD)),
    ],
)
def test_what_may_not_be_repeated_is_not(recording_server: RecordingServer, gitee: Gitee, call: Call) -> None:
    recording_server.replies = [Reply(503, b"later")]

    with pytest.raises(TryLater):
        call(gitee)

    assert len(recording_server.requests) == 1


def test_v5_is_shown_its_token_in_a_header_and_nowhere_else(
    recording_server: RecordingServer, gitee: Gitee, records: list[Record]
) -> None:
    recording_server.replies = [Reply(400, f"you said {TOKEN}".encode())]

    with pytest.raises(MatouError) as caught:
        gitee.user()

    [request] = recording_server.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert "private-token" not in request.headers
    assert (request.body, TOKEN in request.target) == (b"", False)
    assert TOKEN not in f"{caught.value!r} {caught.value} {gitee.__dict__!r} {records!r}"


def test_without_a_token_none_is_sent(recording_server: RecordingServer, gitee_session: Session) -> None:
    recording_server.replies = [json_reply(sample("v5-repository")), json_reply(sample("v3-project"))]
    nobody = Gitee(None, recording_server.url, session=gitee_session)

    nobody.repository(R)
    nobody.project(1)

    assert not {"authorization", "private-token"} & {name for it in recording_server.requests for name in it.headers}


@pytest.mark.parametrize(
    ("extension", "agent"),
    [(Extension.VISUAL_STUDIO_15, "CC/1.0-VS.15"), (Extension.INTELLIJ, "CC/1.0-JB.Intellij"), ("EC", "CC/1.0-EC")],
)
def test_an_extension_says_what_it_is(
    recording_server: RecordingServer, gitee_session: Session, extension: str, agent: str
) -> None:
    recording_server.replies = [json_reply(sample("v5-user"))]

    Gitee(TOKEN, recording_server.url, session=gitee_session, extension=extension).user()

    assert recording_server.requests[0].headers["user-agent"] == agent


@pytest.mark.parametrize("call", [lambda it: it.user(), lambda it: it.extension_user()])
def test_the_tool_says_that_it_is_none_of_the_extensions(
    recording_server: RecordingServer, gitee: Gitee, call: Call
) -> None:
    recording_server.replies = [json_reply({**sample("v3-session"), "login": "me"})]

    call(gitee)

    assert recording_server.requests[0].headers["user-agent"].startswith("CC/1.0-Matou.")


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "码头"])
def test_what_cannot_be_a_token_is_refused_unseen(token: str) -> None:
    with pytest.raises(UnusableToken) as caught:
        Gitee(token)

    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "address", "is_v3"),
    [
        ("https://gitee.com", "https://gitee.com", False),
        ("https://gitee.com/", "https://gitee.com", False),
        ("https://gitee.com/api/v5/", "https://gitee.com", False),
        ("https://gitee.com/api/v3", "https://gitee.com", True),
        ("https://code.example/forge/api/v3/", "https://code.example/forge", True),
    ],
)
def test_an_address_is_good_with_the_apis_path_and_without(given: str, address: str, is_v3: bool) -> None:
    assert (web_address(given), asks_for_v3(given)) == (address, is_v3)


def test_gitee_itself_is_asked_no_more_than_it_allows_in_any_hour() -> None:
    assert PLATFORM.rate.burst + PLATFORM.rate.per_second * 3600 <= 5000


@pytest.mark.parametrize(("host", "waits"), [("gitee.com", [0.8] * 5), ("code.example.org", [])])
def test_only_gitee_itself_is_paced(
    recording_server: RecordingServer, time_: SteeredClock, host: str, waits: list[float]
) -> None:
    limiter = RateLimiter(monotonic=time_.clock.monotonic, per_second=PLATFORM.rate.per_second, burst=10)
    recording_server.replies = [json_reply(sample("v5-user"))]
    proxies = Proxies({"http": Secret(recording_server.url)}, "")
    with Session(named=[f"http://{host}"], clock=time_.clock, limiter=limiter, proxies=proxies) as session:
        client = Gitee(TOKEN, f"http://{host}", session=session)
        for _ in range(15):
            client.user()

    assert time_.waits == pytest.approx(waits)
