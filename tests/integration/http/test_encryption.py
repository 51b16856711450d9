"""TLS is always verified; the certificates are made by openssl for each run."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from matou.credentials import Secret
from matou.http.responses import ConnectionFailed, UntrustedServer
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from support.certificates import Certificate, make_certificate
from support.encrypted_server import EncryptedServer
from support.steered_clock import SYSTEM_CLOCK

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

SECRET = Secret("token f00dfacecafe0123456789abcdef0123456789ab")


@pytest.fixture
def own_certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path, "IP:127.0.0.1")


@pytest.fixture
def server(own_certificate: Certificate) -> Iterator[EncryptedServer]:
    server = EncryptedServer(own_certificate)
    yield server
    server.close()


def test_a_server_that_cannot_prove_who_it_is_gets_no_token(server: EncryptedServer) -> None:
    """A-29."""
    with (
        Session(named=[server.url], clock=SYSTEM_CLOCK) as session,
        pytest.raises(UntrustedServer, match="self-signed"),
    ):
        session.request("GET", server.url, repeatable=True, authorization=SECRET)

    assert server.received == []


def test_an_authority_that_the_user_named_is_trusted_too(server: EncryptedServer, own_certificate: Certificate) -> None:
    with Session(named=[server.url], clock=SYSTEM_CLOCK, authorities=own_certificate.certificate) as session:
        assert session.request("GET", server.url, repeatable=True).body == b"ok"


def test_a_certificate_for_another_name_is_not_trusted(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, "DNS:e.coding.net")
    server = EncryptedServer(certificate)
    with (
        Session(named=[server.url], clock=SYSTEM_CLOCK, authorities=certificate.certificate) as session,
        pytest.raises(UntrustedServer, match=r"IP address mismatch"),
    ):
        session.request("GET", server.url, repeatable=True, authorization=SECRET)

    server.close()
    assert server.received == []


def test_a_server_that_speaks_no_tls_is_worth_another_try(own_certificate: Certificate) -> None:
    server = EncryptedServer(own_certificate, greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with (
        Session(named=[server.url], clock=SYSTEM_CLOCK, patience=RetryPolicy(attempts=1)) as session,
        pytest.raises(ConnectionFailed),
    ):
        session.request("GET", server.url, repeatable=True)

    server.close()
