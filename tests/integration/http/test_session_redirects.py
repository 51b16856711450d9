"""Where a request may be led, and where it is never led."""

import pytest

from matou.http.addresses import UnsafeAddress
from matou.http.responses import (
    RedirectRefused,
)
from matou.http.session import Session
from support.recording_server import RecordingServer, Reply
from support.sessions import AUTHORIZATION, OK, TOKEN, get
from support.steered_clock import SYSTEM_CLOCK


def test_a_redirect_within_the_origin_is_followed_with_the_credential(
    session: Session, recording_server: RecordingServer
) -> None:
    recording_server.replies = [
        Reply(301, headers={"Location": "/moved?page=2"}),
        Reply(302, headers={"Location": f"{recording_server.url}/again"}),
        OK,
    ]

    answer = session.request("GET", recording_server.url, repeatable=True, authorization=AUTHORIZATION)

    assert answer.body == b"ok"
    assert [request.target for request in recording_server.requests] == ["/", "/moved?page=2", "/again"]
    assert all(request.has_authorization for request in recording_server.requests)


def test_a_redirect_to_another_origin_is_not_followed_and_is_told(
    session: Session, recording_server: RecordingServer
) -> None:
    """B-15."""
    elsewhere = RecordingServer()
    recording_server.replies = [Reply(302, headers={"Location": f"{elsewhere.url}/x?access_token={TOKEN}"})]

    with pytest.raises(RedirectRefused) as caught:
        session.request("GET", recording_server.url, repeatable=True, authorization=AUTHORIZATION)

    elsewhere.close()
    assert f"redirected to {elsewhere.url}/x?…" in str(caught.value)
    assert elsewhere.connections == 0


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://127.0.0.1/",
        "//evil.example/",
        "http://user:hunter2@127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_x",
        "http://127.0.0.1\\@evil.example/",
    ],
)
def test_a_redirect_never_leads_out(session: Session, recording_server: RecordingServer, location: str) -> None:
    recording_server.replies = [Reply(307, headers={"Location": location}), OK]

    with pytest.raises((RedirectRefused, UnsafeAddress)) as caught:
        get(session, recording_server)

    assert len(recording_server.requests) == 1
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_only_a_get_is_redirected(session: Session, recording_server: RecordingServer, status: int) -> None:
    recording_server.replies = [Reply(status, headers={"Location": "/elsewhere"}), OK]

    with pytest.raises(RedirectRefused, match="/elsewhere"):
        session.request("POST", recording_server.url, repeatable=True, body=b"create")

    assert len(recording_server.requests) == 1


def test_redirects_end_after_five(session: Session, recording_server: RecordingServer) -> None:
    recording_server.replies = [Reply(302, headers={"Location": "/round"})]

    with pytest.raises(RedirectRefused):
        get(session, recording_server)

    assert len(recording_server.requests) == 6


def test_an_origin_that_the_user_did_not_name_must_be_public(
    recording_server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matou.http.transport._require_public_peer", lambda connection: None)

    with (
        Session(named=["https://e.coding.net/"], clock=SYSTEM_CLOCK) as session,
        pytest.raises(UnsafeAddress, match="not public"),
    ):
        get(session, recording_server)

    assert recording_server.requests == []


def test_a_name_that_leads_inward_only_once_it_is_connected_is_left_before_anything_is_sent(
    recording_server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS that gives another address the second time."""
    monkeypatch.setattr("matou.http.transport.require_public", lambda host, port: None)

    with Session(named=[], clock=SYSTEM_CLOCK) as session, pytest.raises(UnsafeAddress, match="not public"):
        get(session, recording_server)

    assert recording_server.requests == []
