"""A body whose chunks cannot be read is the client's fault, and told as that: 400, whichever part was to answer."""

import socket
from base64 import b64encode

import pytest

from support.matou_server import MatouServer

KINDS = {
    "/{it}.git/git-upload-pack": "application/x-git-upload-pack-request",
    "/{it}.git/git-receive-pack": "application/x-git-receive-pack-request",
    "/{it}.git/info/lfs/objects/batch": "application/vnd.git-lfs+json",
    "/api/v5/user/repos": "application/json",
    "/api/v3/session": "application/json",
    "/open-api": "application/json",
}
BODIES = {
    "no number": b"zz\r\n0000\r\n0\r\n\r\n",
    "below nothing": b"-4\r\n0000\r\n0\r\n\r\n",
    "without end": b"FFFFFFFFFFFFFFFFFF\r\n0000\r\n0\r\n\r\n",
    "in the middle": b"2\r\n00\r\nzz\r\n\r\n",
    "longer than it said": b"2\r\n0000\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("path", KINDS)
def test_a_broken_chunk_is_a_bad_request(matou_server: MatouServer, path: str, body: str) -> None:
    it = matou_server.repository()
    basic = b64encode(f"git:{matou_server.token().reveal()}".encode()).decode()
    lines = (
        f"POST {path.format(it=it.path)} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Basic {basic}",
        f"Content-Type: {KINDS[path]}",
        "Transfer-Encoding: chunked",
    )

    said = _exchange(matou_server, "\r\n".join(lines).encode() + b"\r\n\r\n" + BODIES[body])

    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"the request's body" in said


def _exchange(server: MatouServer, request: bytes) -> bytes:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request)
        said = b""
        while block := connection.recv(4096):
            said += block
        return said
