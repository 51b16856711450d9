"""Credentials in every form; ranges; what links begin with."""

from base64 import b64encode

import pytest

from matou.credentials import Secret
from matou.server.authentication import Credential, UnreadableCredential, read_credential
from matou.server.byte_ranges import Part, UnsatisfiableRange, read_range
from matou.server.origin import base_url

TOKEN = "0123456789abcdef0123456789abcdef01234567"


def basic(text: str) -> bytes:
    return b"Basic " + b64encode(text.encode())


@pytest.mark.parametrize(
    ("name", "value", "login", "secret"),
    [
        (b"authorization", basic("li:a:b"), "li", "a:b"),
        (b"authorization", basic("李:密码"), "李", "密码"),
        (b"authorization", b"basic  " + b64encode(b"li:x"), "li", "x"),
        (b"authorization", f"Bearer {TOKEN}".encode(), "", TOKEN),
        (b"authorization", f"token {TOKEN}".encode(), "", TOKEN),
        (b"authorization", f"Token {TOKEN}".encode(), "", TOKEN),
        (b"private-token", TOKEN.encode(), "", TOKEN),
        (b"authorization", basic(f"{TOKEN}:"), "", TOKEN),
        (b"authorization", basic(f"{TOKEN}:x-oauth-basic"), "", TOKEN),
        (b"authorization", basic(f"{TOKEN}:other"), TOKEN, "other"),
        (b"authorization", basic("li:"), "li", ""),
    ],
)
def test_a_credential_is_read_in_every_form(name: bytes, value: bytes, login: str, secret: str) -> None:
    assert read_credential([(b"host", b"x"), (name, value)]) == Credential(login, Secret(secret))


def test_a_request_without_one_is_anonymous() -> None:
    assert read_credential([(b"cookie", b"token=" + TOKEN.encode())]) is None


@pytest.mark.parametrize(
    "value",
    [
        b"Basic",
        b"Basic %%%",
        b"Basic " + b64encode(b"no colon"),
        b"Basic " + b64encode(b"\xff:x"),
        b"Digest a",
        b"Bearer",
        b"Basic " + b"a" * 5000,
    ],
    ids=repr,
)
def test_what_is_no_credential_is_refused_and_not_taken_for_anonymous(value: bytes) -> None:
    with pytest.raises(UnreadableCredential):
        read_credential([(b"authorization", value)])


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (b"", Part(0, 10, is_whole=True)),
        (b"bytes=2-", Part(2, 10, is_whole=False)),
        (b"bytes=2-3", Part(2, 4, is_whole=False)),
        (b"bytes=0-99", Part(0, 10, is_whole=False)),
        (b"bytes=-3", Part(7, 10, is_whole=False)),
        (b"bytes=-99", Part(0, 10, is_whole=False)),
        (b"bytes=0-1,4-5", Part(0, 10, is_whole=True)),
        (b"bytes=-", Part(0, 10, is_whole=True)),
        (b"lines=1-2", Part(0, 10, is_whole=True)),
    ],
)
def test_a_range_is_read_as_rfc_9110_says(text: bytes, part: Part) -> None:
    assert read_range(text, 10) == part


@pytest.mark.parametrize("text", [b"bytes=10-", b"bytes=5-4", b"bytes=-0"])
def test_a_range_outside_the_object_is_refused(text: bytes) -> None:
    with pytest.raises(UnsatisfiableRange):
        read_range(text, 10)


@pytest.mark.parametrize(
    ("configured", "host", "url"),
    [
        ("https://git.example.cn/", b"evil.example", "https://git.example.cn"),
        (None, b"git.example.cn:8585", "http://git.example.cn:8585"),
        (None, b"[::1]:8585", "http://[::1]:8585"),
        (None, b"evil/path", "http://10.0.0.1:8585"),
        (None, b"evil@host", "http://10.0.0.1:8585"),
        (None, b"a b", "http://10.0.0.1:8585"),
        (None, b"", "http://10.0.0.1:8585"),
    ],
)
def test_links_begin_with_what_is_configured_or_with_a_host_that_can_be_one(
    configured: str | None, host: bytes, url: str
) -> None:
    headers = [(b"host", host), (b"x-forwarded-host", b"evil.example"), (b"x-forwarded-proto", b"https")]
    scope = {"scheme": "http", "server": ("10.0.0.1", 8585), "headers": headers}

    assert base_url(configured, scope) == url
