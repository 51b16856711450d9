"""TLS is always verified; the certificates are made by openssl for each run."""

import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from matou.credentials import Secret
from matou.remote.answers import ConnectionFailed, UntrustedServer
from matou.remote.session import Patience, Session
from support.certificates import Certificate, make_certificate
from support.steered_clock import SYSTEM_CLOCK

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

SECRET = Secret("token f00dfacecafe0123456789abcdef0123456789ab")


class EncryptedServer:
    """Answers each connection once, and remembers what came through encrypted."""

    def __init__(self, certificate: Certificate, greeting: bytes = b"") -> None:
        self.received: list[bytes] = []
        self._greeting = greeting
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.certificate, certificate.key)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
            except OSError:
                return
            with plain:
                self._answer(plain)

    def _answer(self, plain: socket.socket) -> None:
        if self._greeting:
            plain.sendall(self._greeting)
            return
        try:
            with self._context.wrap_socket(plain, server_side=True) as encrypted:
                self.received.append(encrypted.recv(65_536))
                encrypted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except (ssl.SSLError, OSError):
            return  # the client did not trust us


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
        Session(named=[server.url], clock=SYSTEM_CLOCK, patience=Patience(attempts=1)) as session,
        pytest.raises(ConnectionFailed),
    ):
        session.request("GET", server.url, repeatable=True)

    server.close()
