"""Requests through a proxy, which the recording server plays."""

import base64

import pytest

from matou.credentials import Secret
from matou.http.addresses import UnsafeAddress
from matou.http.proxies import Proxies
from matou.http.responses import ConnectionFailed
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from support.recording_server import RecordingServer, Reply
from support.steered_clock import SYSTEM_CLOCK


def proxies(server: RecordingServer, user: str = "") -> Proxies:
    url = server.url.replace("://", f"://{user}@") if user else server.url
    return Proxies.from_environment({"http_proxy": url, "https_proxy": url})


def test_a_plain_request_goes_to_the_proxy_with_its_whole_url(recording_server: RecordingServer) -> None:
    recording_server.replies = [Reply(body=b"ok")]
    way_out = proxies(recording_server, "me:pass%20word")
    with Session(named=["http://platform.example"], clock=SYSTEM_CLOCK, proxies=way_out) as session:
        answer = session.request(
            "GET", "http://platform.example/a?b=c", repeatable=True, authorization=Secret("token t")
        )

    (request,) = recording_server.requests
    assert answer.body == b"ok"
    assert request.target == "http://platform.example/a?b=c"
    assert base64.b64decode(request.headers["proxy-authorization"].removeprefix("Basic ")) == b"me:pass word"


def test_an_encrypted_request_goes_through_a_tunnel_and_shows_the_proxy_nothing(
    recording_server: RecordingServer,
) -> None:
    recording_server.replies = [Reply(403)]
    way_out = proxies(recording_server, "me:hunter2")
    with (
        Session(
            named=["https://platform.example"], clock=SYSTEM_CLOCK, proxies=way_out, patience=RetryPolicy(attempts=1)
        ) as session,
        pytest.raises(ConnectionFailed) as caught,
    ):
        session.request("GET", "https://platform.example/a", repeatable=True, authorization=Secret("token secret"))

    (request,) = recording_server.requests
    assert (request.method, request.target) == ("CONNECT", "platform.example:443")
    assert "authorization" not in request.headers
    assert "proxy-authorization" in request.headers
    assert "hunter2" not in str(caught.value)


def test_a_number_that_leads_inward_is_not_asked_of_a_proxy(recording_server: RecordingServer) -> None:
    with (
        Session(named=["http://platform.example"], clock=SYSTEM_CLOCK, proxies=proxies(recording_server)) as session,
        pytest.raises(UnsafeAddress),
    ):
        session.request("GET", "http://169.254.169.254/latest", repeatable=True)

    assert recording_server.connections == 0
