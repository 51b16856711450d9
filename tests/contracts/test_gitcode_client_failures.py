"""How GitCode fails, and what the client may not give away: the token, and more requests than are allowed."""

import json
from datetime import timedelta
from typing import Any

import pytest

from matou import GitCode
from matou.credentials import Secret
from matou.errors import Conflict, MatouError, NotFound, Refused, TryLater, UnknownShape
from matou.http.proxies import Proxies
from matou.http.rate_limit import RateLimiter
from matou.http.session import Session
from matou.http.tokens import UnusableToken
from matou.platforms.base.errors import CredentialRefused, PlatformFailed
from matou.platforms.gitcode import PLATFORM
from matou.platforms.gitcode.client import api_address
from support.gitcode_calls import COMMIT, TOKEN, Call, R, sample
from support.recording_server import RecordingServer, Reply, json_reply
from support.steered_clock import SteeredClock


def said(code: int, name: str, message: str) -> dict[str, object]:
    return {"error_code": code, "error_code_name": name, "error_message": message}


EXISTS = said(400, "UN_KNOW", "The path cannot be created: X ,because X already exist.")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, said(401, "UNAUTHORIZED", "401, token not found"), CredentialRefused),
        (404, said(404, "error", "404, token not found"), CredentialRefused),
        (401, {"message": "401 Unauthorized"}, CredentialRefused),
        (403, said(403, "FORBIDDEN", "no scopes:read_user"), Refused),
        (400, said(400, "UN_KNOW", "403 Forbidden - You don't have the authority"), Refused),
        (404, said(404, "UN_KNOW", "Project not found"), NotFound),
        (400, said(404, "UN_KNOW", "404 Not Found Commit"), NotFound),
        (404, {"message": "404 Not Found"}, NotFound),
        (404, "<html>", NotFound),
        (400, EXISTS, Conflict),
        (400, said(409, "UN_KNOW", "it has changed"), Conflict),
        (409, {"message": "conflict"}, Conflict),
        (400, said(1000, "PARAMETER_ERROR", "must not be blank"), PlatformFailed),
        (418, "<html>no</html>", PlatformFailed),
        (200, said(404, "UN_KNOW", "Project not found"), NotFound),
    ],
)
def test_a_failure_is_of_the_kind_that_says_what_can_be_done(
    recording_server: RecordingServer, gitcode: GitCode, status: int, body: Any, kind: type[MatouError]
) -> None:
    recording_server.replies = [Reply(status, (body if isinstance(body, str) else json.dumps(body)).encode())]

    with pytest.raises(kind) as caught:
        gitcode.repository(R)

    assert type(caught.value) is not MatouError
    assert len(recording_server.requests) == 1
    assert (body if isinstance(body, str) else str(body.get("error_message", body.get("message")))) in str(caught.value)


@pytest.mark.parametrize("body", [{}, said(429, "TOO_MANY_REQUESTS", "too many")])
def test_too_many_requests_say_how_long_to_wait(
    recording_server: RecordingServer, gitcode: GitCode, body: object
) -> None:
    recording_server.replies = [json_reply(body, 429, {"Retry-After": "17"})]

    with pytest.raises(TryLater) as caught:
        gitcode.fork(R)

    assert caught.value.wait == timedelta(seconds=17)


def test_what_may_be_repeated_is_asked_again_after_the_wait(
    recording_server: RecordingServer, gitcode: GitCode, time_: SteeredClock
) -> None:
    recording_server.replies = [Reply(429, b"{}"), json_reply(sample("08.response"))]

    assert gitcode.languages(R) == {"Shell": 49.77, "Python": 50.23}
    assert time_.waits == [60]


@pytest.mark.parametrize(
    "call",
    [
        lambda it: it.fork(R),
        lambda it: it.create_repository("x"),
        lambda it: it.update_repository(R, path="y"),
        lambda it: it.update_file(R, "a", b"", sha=COMMIT, message="m"),
        lambda it: it.transfer_repository(R, new_owner="x"),
        lambda it: it.delete_repository(R),
    ],
)
def test_what_may_not_be_repeated_is_not(recording_server: RecordingServer, gitcode: GitCode, call: Call) -> None:
    recording_server.replies = [Reply(503, b"later")]

    with pytest.raises(TryLater):
        call(gitcode)

    assert len(recording_server.requests) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>please log in</html>", UnknownShape),
        (b"", TryLater),
        (b'{"Python": 5', TryLater),
        (b"[" * 100_000, UnknownShape),
        (b'{"Python": NaN}', UnknownShape),
        (b'{"Python": 1e400}', UnknownShape),
        (b'{"Python": "\xff"}', UnknownShape),
        (b'{"Python": {}}', UnknownShape),
        (b"null", UnknownShape),
    ],
)
def test_an_answer_that_is_none_is_named(
    recording_server: RecordingServer, gitcode: GitCode, body: bytes, kind: type[MatouError]
) -> None:
    recording_server.replies = [Reply(body=body)]

    with pytest.raises(kind):
        gitcode.languages(R)


@pytest.mark.parametrize("body", [b"[" * 60_000, b"\xff\xfe", b"null", b'{"error_code": {}}'])
def test_a_failure_in_no_form_keeps_its_kind(recording_server: RecordingServer, gitcode: GitCode, body: bytes) -> None:
    recording_server.replies = [Reply(404, body)]

    with pytest.raises(NotFound):
        gitcode.languages(R)


def test_the_token_goes_into_headers_and_nowhere_else(recording_server: RecordingServer, gitcode: GitCode) -> None:
    recording_server.replies = [Reply(400, f"you said {TOKEN}".encode())]

    with pytest.raises(MatouError) as caught:
        gitcode.user()

    [request] = recording_server.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["private-token"] == TOKEN
    assert request.body == b""
    assert TOKEN not in request.target
    assert TOKEN not in f"{caught.value!r} {caught.value} {caught.value.__cause__} {gitcode.__dict__!r}"


def test_without_a_token_none_is_sent(recording_server: RecordingServer, gitcode_session: Session) -> None:
    recording_server.replies = [json_reply(sample("repository.later"))]

    GitCode(None, recording_server.url, session=gitcode_session).repository(R)

    assert not {"authorization", "private-token"} & recording_server.requests[0].headers.keys()


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "码头"])
def test_what_cannot_be_a_token_is_refused_unseen(token: str) -> None:
    with pytest.raises(UnusableToken) as caught:
        GitCode(token)

    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    ("given_", "address"),
    [
        ("https://api.gitcode.com", "https://api.gitcode.com/api/v5"),
        ("https://api.gitcode.com/api/v5", "https://api.gitcode.com/api/v5"),
        ("https://api.gitcode.com/api/v5/", "https://api.gitcode.com/api/v5"),
        ("http://127.0.0.1:8585/", "http://127.0.0.1:8585/api/v5"),
        ("https://code.example/forge", "https://code.example/forge/api/v5"),
    ],
)
def test_an_address_is_good_with_the_apis_path_and_without(given_: str, address: str) -> None:
    assert api_address(given_) == address


def test_gitcode_itself_is_asked_no_more_than_it_allows_in_any_minute() -> None:
    in_a_minute = PLATFORM.rate.burst + PLATFORM.rate.per_second * 60

    assert in_a_minute <= 50
    assert in_a_minute * 60 <= 4000


@pytest.mark.parametrize(("host", "waits"), [("api.gitcode.com", [1.5] * 5), ("code.example.org", [])])
def test_only_gitcode_itself_is_paced(
    recording_server: RecordingServer, time_: SteeredClock, host: str, waits: list[float]
) -> None:
    limiter = RateLimiter(
        monotonic=time_.clock.monotonic, per_second=PLATFORM.rate.per_second, burst=PLATFORM.rate.burst
    )
    recording_server.replies = [json_reply(sample("user.later"))]
    proxies = Proxies({"http": Secret(recording_server.url)}, "")
    with Session(named=[f"http://{host}"], clock=time_.clock, limiter=limiter, proxies=proxies) as session:
        client = GitCode(TOKEN, f"http://{host}", session=session)
        for _ in range(PLATFORM.rate.burst + 5):
            client.user()

    assert [round(wait, 6) for wait in time_.waits] == waits
