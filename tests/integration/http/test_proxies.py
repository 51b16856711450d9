"""Requests go through the proxy that the environment names, as curl's and git's do."""

import base64
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest

from matou.http.proxies import Proxies, UnusableProxy
from matou.http.responses import ConnectionFailed, NotReached
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from support.recording_server import RecordingServer, Reply
from support.socks_proxy import PASSWORD, USER
from support.steered_clock import SYSTEM_CLOCK


@contextmanager
def session_by(named: str, **variables: str) -> Iterator[Session]:
    proxies = Proxies.from_environment(variables)
    with Session(named=[named], clock=SYSTEM_CLOCK, proxies=proxies, patience=RetryPolicy(attempts=1)) as session:
        yield session


def closed_port() -> int:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        return int(nobody.getsockname()[1])


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


@pytest.mark.parametrize("target", ["http://nobody.invalid", "https://nobody.invalid"])
@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
def test_a_proxy_that_is_not_there_is_named_at_the_first_request(scheme: str, target: str) -> None:
    proxies = Proxies.from_environment({"all_proxy": f"{scheme}://me:hidden@127.0.0.1:{closed_port()}"})
    waits: list[object] = []
    with (
        Session(
            named=[target], clock=SYSTEM_CLOCK, proxies=proxies, on_wait=lambda error, _: waits.append(error)
        ) as session,
        pytest.raises(NotReached, match="the proxy refused the connection: nothing listens there") as raised,
    ):
        session.request("GET", target, repeatable=True)

    assert waits == []
    assert "ALL_PROXY" in raised.value.advice


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_proxy_whose_name_is_not_found_is_told_as_that(scheme: str) -> None:
    with (
        session_by("http://127.0.0.1:9", all_proxy=f"{scheme}://proxy.invalid:1080") as session,
        pytest.raises(NotReached, match="the proxy's name is not found"),
    ):
        session.request("GET", "http://127.0.0.1:9", repeatable=True)


@pytest.mark.parametrize("proxy", ["http://:::", "http://", "http://host:x", "socks5://:1080", "u:p@", "http://[::1"])
def test_a_proxy_without_a_host_and_port_is_refused(recording_server: RecordingServer, proxy: str) -> None:
    with (
        session_by(recording_server.url, http_proxy=proxy) as session,
        pytest.raises(UnusableProxy, match="http_proxy names no host and port of a proxy"),
    ):
        session.request("GET", recording_server.url, repeatable=True)


def test_a_host_that_is_not_found_behind_a_socks_proxy_is_not_taken_for_the_proxy(socks_address: str) -> None:
    proxy = f"socks5://{USER}:{quote(PASSWORD, safe='')}@{socks_address}"
    with (
        session_by("http://nobody.invalid", all_proxy=proxy) as session,
        pytest.raises(NotReached, match="the host's name is not found"),
    ):
        session.request("GET", "http://nobody.invalid", repeatable=True)
