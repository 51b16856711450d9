"""Requests go through the proxy that the environment names, as curl's and git's do."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest

from matou.remote.answers import ConnectionFailed
from matou.remote.proxies import Proxies, UnusableProxy
from matou.remote.session import Patience, Session
from support.recording_server import RecordingServer, Reply
from support.socks_proxy import PASSWORD, USER
from support.steered_clock import SYSTEM_CLOCK


@contextmanager
def session_by(named: str, **variables: str) -> Iterator[Session]:
    proxies = Proxies.from_environment(variables)
    with Session(named=[named], clock=SYSTEM_CLOCK, proxies=proxies, patience=Patience(attempts=1)) as session:
        yield session


def authority(server: RecordingServer) -> str:
    return server.url.removeprefix("http://")


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("scheme", ["", "http://", "HTTP://"])
def test_a_proxy_may_be_named_without_a_scheme_and_for_all(
    recording_server: RecordingServer, variable: str, scheme: str
) -> None:
    recording_server.replies = [Reply(body=b"there")]

    with session_by("http://nobody.invalid", **{variable: scheme + authority(recording_server)}) as session:
        answer = session.request("GET", "http://nobody.invalid/a", repeatable=True)

    assert answer.body == b"there"
    assert recording_server.requests[0].target == "http://nobody.invalid/a"


@pytest.mark.parametrize("password", ["密", quote("密"), "plain"])
def test_a_proxys_password_goes_out_in_utf_8(recording_server: RecordingServer, password: str) -> None:
    recording_server.replies = [Reply(body=b"there")]

    with session_by("http://nobody.invalid", http_proxy=f"u:{password}@{authority(recording_server)}") as session:
        session.request("GET", "http://nobody.invalid/a", repeatable=True)

    expected = "plain" if password == "plain" else "密"
    sent = recording_server.requests[0].headers["proxy-authorization"]
    assert base64.b64decode(sent.removeprefix("Basic ")).decode() == f"u:{expected}"


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_socks_proxy_carries_what_is_asked(
    recording_server: RecordingServer, socks_address: str, scheme: str
) -> None:
    recording_server.replies = [Reply(body=b"there"), Reply(body=b"again")]
    url = recording_server.url.replace("127.0.0.1", "localhost")

    with session_by(url, all_proxy=f"{scheme}://{USER}:{quote(PASSWORD, safe='')}@{socks_address}") as session:
        bodies = [session.request("GET", f"{url}/{name}", repeatable=True).body for name in "ab"]

    assert bodies == [b"there", b"again"]
    assert [(one.target, one.connection) for one in recording_server.requests] == [("/a", 1), ("/b", 1)]


def test_a_socks_proxy_that_does_not_let_in_is_not_walked_round(
    recording_server: RecordingServer, socks_address: str
) -> None:
    with (
        session_by(recording_server.url, all_proxy=f"socks5://{USER}:wrong@{socks_address}") as session,
        pytest.raises(ConnectionFailed) as raised,
    ):
        session.request("GET", recording_server.url, repeatable=True)

    assert "wrong" not in str(raised.value)
    assert recording_server.requests == []


def test_a_proxy_of_a_kind_that_nobody_knows_is_refused_by_its_name(recording_server: RecordingServer) -> None:
    with (
        session_by(recording_server.url, http_proxy="ftp://me:hidden@127.0.0.1:1") as session,
        pytest.raises(UnusableProxy, match="http_proxy names a proxy of the scheme ftp") as raised,
    ):
        session.request("GET", recording_server.url, repeatable=True)

    assert "hidden" not in str(raised.value)
