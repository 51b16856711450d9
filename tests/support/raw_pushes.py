"""Pushes made byte by byte: what a client may send that git would not."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1

import urllib3

from matou.db.repositories import Repository
from support.matou_server import MatouServer

# A connection that an earlier test has left may be closed at any moment: hence one more try.
HTTP = urllib3.PoolManager(retries=urllib3.Retry(1, redirect=False, status=False, other=0, allowed_methods=None))
NOTHING = "0" * 40
RECEIVE = "application/x-git-receive-pack-request"
_EMPTY = b"PACK\0\0\0\2\0\0\0\0"
EMPTY_PACK = _EMPTY + sha1(_EMPTY, usedforsecurity=False).digest()
REPORTS = "report-status side-band-64k"


@dataclass(frozen=True)
class Command:
    """One line of a push; `ref` is taken as it is."""

    old: str
    new: str
    ref: str | bytes

    @property
    def line(self) -> bytes:
        ref = self.ref.encode() if isinstance(self.ref, str) else self.ref
        return b"%b %b %b" % (self.old.encode(), self.new.encode(), ref)


def packet(content: bytes) -> bytes:
    return b"%04x%b" % (len(content) + 4, content)


def push_body(commands: Sequence[Command], pack: bytes = EMPTY_PACK, *, capabilities: str = REPORTS) -> bytes:
    first, *rest = (command.line for command in commands)
    lines = [first + b"\0 " + capabilities.encode(), *rest]
    return b"".join(map(packet, lines)) + b"0000" + pack


def push_headers(server: MatouServer, **more: str) -> dict[str, str]:
    credential = server.credential()
    basic = b64encode(f"{credential.user}:{credential.password.reveal()}".encode()).decode()
    return {"Authorization": f"Basic {basic}", "Content-Type": RECEIVE} | more


def push_bytes(server: MatouServer, repository: Repository, body: bytes, **headers: str) -> "urllib3.BaseHTTPResponse":
    url = f"{server.url}/{repository.path}.git/git-receive-pack"
    return HTTP.request("POST", url, body=body, headers=push_headers(server, **headers))


def push_raw(
    server: MatouServer, repository: Repository, *commands: Command, pack: bytes = EMPTY_PACK
) -> "urllib3.BaseHTTPResponse":
    return push_bytes(server, repository, push_body(commands, pack))
