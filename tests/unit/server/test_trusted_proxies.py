"""What is believed of a proxy's headers: of the addresses that were named, and of their nearest end."""

import asyncio
import time

import pytest
from starlette.types import Receive, Scope, Send

from matou.server.trusted_proxies import NoProxyAddress, TrustedProxies, read_network

PROXY, SECOND_PROXY, CLIENT, LIAR = "10.0.0.1", "10.0.0.2", "203.0.113.7", "198.51.100.9"
Seen = tuple[str, str, str]


def seen(peer: str, *headers: tuple[str, str], trusted: tuple[str, ...] = ("10.0.0.0/24", "fd00::1")) -> Seen:
    """The client, the scheme and the host that the server takes a request to have."""
    given = [
        (b"host", b"inner:8585"),
        *((name.lower().encode(), text.encode()) for name, text in headers),
    ]
    scope: Scope = {"type": "http", "scheme": "http", "client": (peer, 1234), "headers": given}
    found: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        found.append(scope)

    async def nothing(*_: object) -> None:
        return None

    asyncio.run(TrustedProxies(app, [read_network(text) for text in trusted])(scope, nothing, nothing))  # type: ignore[arg-type]
    hosts = [value.decode() for name, value in found[0]["headers"] if name == b"host"]
    assert len(hosts) == 1
    return found[0]["client"][0], found[0]["scheme"], hosts[0]


USUAL = (
    ("X-Forwarded-For", CLIENT),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "code.example.org"),
)
STANDARD = ("Forwarded", f'for="{CLIENT}:4711";proto=https;host="code.example.org"')
BEHIND = (CLIENT, "https", "code.example.org")


@pytest.mark.parametrize("headers", [USUAL, (STANDARD,), (*USUAL, STANDARD)], ids=["usual", "standard", "both"])
def test_a_trusted_proxy_says_for_whom_it_asks(headers: tuple[tuple[str, str], ...]) -> None:
    assert seen(PROXY, *headers) == BEHIND
    assert seen("fd00::1", *headers) == BEHIND


@pytest.mark.parametrize("headers", [USUAL, (STANDARD,)], ids=["usual", "standard"])
@pytest.mark.parametrize("peer", [LIAR, "10.0.1.1", "fd00::2", "::1", ""])
def test_nobody_else_is_believed(peer: str, headers: tuple[tuple[str, str], ...]) -> None:
    assert seen(peer, *headers) == (peer, "http", "inner:8585")


@pytest.mark.parametrize(
    "headers",
    [
        (("X-Forwarded-For", f"{LIAR}, {CLIENT}"),),
        (("X-Forwarded-For", LIAR), ("X-Forwarded-For", CLIENT)),
        (("X-Forwarded-For", f"{LIAR}, {CLIENT}, {SECOND_PROXY}"),),
        (("Forwarded", f"for={LIAR}, for={CLIENT}"),),
        (("Forwarded", f'for="{LIAR},for=1.1.1.1", for={CLIENT};by={PROXY}, for="{SECOND_PROXY}"'),),
    ],
)
def test_what_a_client_wrote_before_the_proxy_is_not(headers: tuple[tuple[str, str], ...]) -> None:
    assert seen(PROXY, *headers)[0] == CLIENT


@pytest.mark.parametrize("made_up", ['"', f'"{LIAR}', f'{LIAR}, "', f'"{LIAR}", "x\\', '"\\"'])
@pytest.mark.parametrize(
    ("name", "before", "added"),
    [("X-Forwarded-For", "", CLIENT), ("Forwarded", "for=", f'for="{CLIENT}:4711";proto=https')],
    ids=["usual", "standard"],
)
def test_a_quote_that_a_client_leaves_open_hides_nobody(made_up: str, name: str, before: str, added: str) -> None:
    assert seen(PROXY, (name, f"{before}{made_up}, {added}"))[0] == CLIENT
    assert seen(PROXY, (name, f"{before}{made_up}"), (name, added))[0] == CLIENT


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For"])
@pytest.mark.parametrize(
    "text",
    ['"\\' * 30_000, "a" * 60_000, f"for={LIAR}," * 3000, f"{LIAR}," * 5000 + CLIENT, '"' * 60_001, "a=" * 30_000],
)
def test_a_header_that_is_too_long_is_worth_nothing_and_takes_no_time(name: str, text: str) -> None:
    """Two of them took 40 seconds each where regular expressions read them."""
    before = time.thread_time()

    assert seen(PROXY, (name, text))[0] == PROXY
    assert time.thread_time() - before < 1


def test_the_longest_header_that_is_read_is_read_at_once() -> None:
    for text in ('"\\' * 4000, "a" * 8000, "a=" * 4000, '"' * 8001):
        before = time.thread_time()

        seen(PROXY, ("Forwarded", text), ("X-Forwarded-Host", text))

        assert time.thread_time() - before < 1


def test_a_header_that_the_proxy_let_pass_beside_its_own_makes_both_worth_nothing() -> None:
    lie = ("Forwarded", f"for={LIAR};proto=https;host=evil.example.org")

    assert seen(PROXY, *USUAL, lie) == (PROXY, "http", "inner:8585")


@pytest.mark.parametrize("text", ["unknown", "_hidden", "", "1.2.3", "localhost", '"', "[::1", "1.2.3.4.5:80"])
def test_who_is_not_named_is_the_proxy(text: str) -> None:
    assert seen(PROXY, ("X-Forwarded-For", text), ("X-Forwarded-Proto", "https"))[:2] == (PROXY, "https")
    assert seen(PROXY, ("Forwarded", f"for={text};proto=https"))[0] == PROXY


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ("203.0.113.7:80", CLIENT),
        ("[2001:db8::1]:80", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.7", CLIENT),
    ],
)
def test_an_address_is_read_as_proxies_write_it(text: str, client: str) -> None:
    assert seen(PROXY, ("X-Forwarded-For", text))[0] == client
    assert seen(PROXY, ("Forwarded", f'For="{text}"'))[0] == client


@pytest.mark.parametrize("scheme", ["javascript", "ftp", "https://x", ""])
def test_only_the_schemes_of_the_web_are_taken(scheme: str) -> None:
    assert seen(PROXY, ("X-Forwarded-Proto", scheme))[1] == "http"


@pytest.mark.parametrize("host", ["a b", "a/b", "evil.org\r\nx: y", "@evil.org", ""])
def test_only_what_can_be_a_host_is_taken(host: str) -> None:
    assert seen(PROXY, ("X-Forwarded-Host", host))[2] == "inner:8585"


def test_of_several_proxies_the_outermost_says_how_it_was_asked() -> None:
    headers = (
        ("X-Forwarded-For", f"{CLIENT}, {SECOND_PROXY}"),
        ("X-Forwarded-Proto", "https, http"),
        ("X-Forwarded-Host", "code.example.org, middle"),
    )

    assert seen(PROXY, *headers) == BEHIND


@pytest.mark.parametrize("text", ["", "proxy.example.org", "10.0.0.0/33", "10.0.0.1/24", "*"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(NoProxyAddress):
        read_network(text)
