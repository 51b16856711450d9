"""Platforms whose address a client has built in: its requests to them come to a server of ours, by a proxy of TLS."""

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from support.certificates import Certificate, make_certificate

LARGEST_HEAD_BYTES = 65_536
PIECE_BYTES = 65_536


@dataclass(frozen=True)
class RedirectedHosts:
    """A proxy that knows a few hosts and no others.

    Attributes:
        certificate: of those hosts, which the client has to trust.
        requested: the hosts that were requested, in order.
    """

    hosts: Sequence[str]
    server: tuple[str, int]
    certificate: Certificate
    url: str
    requested: list[str]

    @property
    def environment(self) -> Mapping[str, str]:
        """What a client of Go's, Python's or curl's is to have, so that it asks here."""
        trusted = str(self.certificate.certificate)
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
        return {"HTTPS_PROXY": self.url, "https_proxy": self.url, **dict.fromkeys(names, trusted)}


@dataclass(frozen=True)
class ClientProgram:
    """Other people's program, installed beside this Python, with a home folder and an environment of its own."""

    name: str
    home: Path
    environment: Mapping[str, str]

    def run(self, *words: str, stdin: str = "", code: int = 0) -> str:
        """What it prints; `code` is the exit code that it must have."""
        ended = subprocess.run(
            [Path(sys.executable).with_name(self.name), *words],
            input=stdin,
            env={"HOME": str(self.home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **self.environment},
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ended.returncode == code, (words, ended.stdout, ended.stderr)
        return ended.stdout


@contextmanager
def redirected(folder: Path, hosts: Sequence[str], url: str) -> Iterator[RedirectedHosts]:
    """Args: url: the server's, which gets what these hosts are asked for, their names in `Host`."""
    certificate = make_certificate(folder, *(f"DNS:{host}" for host in hosts))
    listener = socket.create_server(("127.0.0.1", 0))
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
    made = RedirectedHosts(tuple(hosts), (parts.hostname, parts.port), certificate, proxy, [])
    thread = threading.Thread(target=_accept, args=(listener, made), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _accept(listener: socket.socket, proxy: RedirectedHosts) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(proxy.certificate.certificate, proxy.certificate.key)
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, proxy, context), daemon=True).start()


def _serve(client: socket.socket, proxy: RedirectedHosts, context: ssl.SSLContext) -> None:
    # A client that leaves, or does not trust us, ends with an error of its own.
    with suppress(OSError), client:
        host = _requested_host(client)
        proxy.requested.append(host)
        if host not in proxy.hosts:
            client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with context.wrap_socket(client, server_side=True) as opened, socket.create_connection(proxy.server) as server:
            back = threading.Thread(target=_pipe, args=(server, opened), daemon=True)
            back.start()
            _pipe(opened, server)
            back.join()


def _requested_host(client: socket.socket) -> str:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < LARGEST_HEAD_BYTES:
        piece = client.recv(PIECE_BYTES)
        if not piece:
            break
        head += piece
    words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    return words[1].rpartition(":")[0] if words[0] == "CONNECT" else words[0]


def _pipe(source: socket.socket, target: socket.socket) -> None:
    """Until the source ends, which ends the target's other side as well."""
    with suppress(OSError):
        while piece := source.recv(PIECE_BYTES):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
