"""Clients that hold a connection and move nothing: others' fetches and pushes go on beside them."""

import contextlib
import shutil
import socket
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from matou.db.memberships import Role
from matou.db.repositories import Repository
from matou.forge.accounts.namespaces import find_namespace
from matou.model.platform import Visibility
from matou.server.state import FETCHES_AT_ONCE, PUSHES_AT_ONCE
from support.deciding import add_member
from support.git_repositories import git, make_repository, refs_of
from support.matou_server import MatouServer
from support.push_rules import person

OVER = 1.25
"""How many times all turns there are the slow clients ask for."""


def packet(content: bytes) -> bytes:
    return b"%04x%b" % (len(content) + 4, content)


@pytest.fixture(scope="module")
def large(matou_server: MatouServer, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """20 MB that do not compress, and no connection holds in its buffers."""
    repository = matou_server.repository(visibility=Visibility.PUBLIC)
    source = make_repository(tmp_path_factory.mktemp("large") / "source.git", commits=2, file_bytes=10_000_000)
    git_dir = matou_server.git_dir(repository)
    shutil.copytree(source / "objects", git_dir / "objects", dirs_exist_ok=True)
    git(git_dir, "update-ref", "refs/heads/main", git(source, "rev-parse", "main"))
    return repository


@contextlib.contextmanager
def connected(
    server: MatouServer, count: int, request: bytes, begun: Callable[[socket.socket], None]
) -> Iterator[None]:
    """So many connections that have sent this and do nothing more."""
    parts = urlsplit(server.url)
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((parts.hostname, parts.port))
            connection.settimeout(20)
            connection.sendall(request)
            begun(connection)
        yield


@contextlib.contextmanager
def dripping_on(connections: list[socket.socket]) -> Iterator[None]:
    """A byte on each, often enough to be no silence."""
    is_over = threading.Event()

    def drip() -> None:
        while not is_over.wait(20):
            for connection in connections:
                connection.sendall(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def head(path: str, kind: str, length: int, *more: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Type: {kind}", f"Content-Length: {length}", *more]
    return "\r\n".join([*lines, "", ""]).encode()


def test_forty_fetches_that_read_nothing_keep_nobody_from_a_clone(
    matou_server: MatouServer, large: Repository, tmp_path: Path
) -> None:
    tip = git(matou_server.git_dir(large), "rev-parse", "main").encode()
    # Nobody asks like this, so that no answer lies ready.
    wanted = packet(b"want " + tip + b" side-band-64k ofs-delta agent=slow\n") + packet(b"deepen 2\n") + b"0000"
    body = wanted + packet(b"done\n")
    request = head(f"/{large.path}.git/git-upload-pack", "application/x-git-upload-pack-request", len(body)) + body
    basic = b64encode(f"x:{matou_server.token().reveal()}".encode()).decode()
    # Said from the first request on: nobody is asked to log in where everybody may read.
    who = ("-c", f"http.extraHeader=Authorization: Basic {basic}", "-c", "protocol.version=0")

    with connected(matou_server, round(FETCHES_AT_ONCE * OVER), request, lambda _: None):
        git(None, *who, "clone", "--quiet", "--depth=1", matou_server.clone_url(large), tmp_path / "clone")

    assert (tmp_path / "clone/file-0").stat().st_size == 10_000_000


def test_pushes_that_drip_keep_nobody_from_a_push(matou_server: MatouServer, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source.git", commits=1)
    mine = matou_server.repository()
    slow = person(matou_server)
    command = packet(b"0" * 40 + b" " + b"a" * 40 + b" refs/heads/x\0report-status side-band-64k\n") + b"0000"
    basic = b64encode(f"x:{matou_server.token(slow).reveal()}".encode()).decode()

    dripped: list[socket.socket] = []
    with contextlib.ExitStack() as stack, dripping_on(dripped):
        for _ in range(round(PUSHES_AT_ONCE * OVER)):
            theirs = matou_server.repository()
            namespace = find_namespace(matou_server.forge, theirs.path.namespace)
            add_member(matou_server.forge, namespace, slow, Role.DEVELOPER)
            kind = "application/x-git-receive-pack-request"
            path = f"/{theirs.path}.git/git-receive-pack"
            request = head(path, kind, 9_000_000, f"Authorization: Basic {basic}") + command + b"PACK"
            stack.enter_context(connected(matou_server, 1, request, dripped.append))

        git(source, "push", "--quiet", matou_server.clone_url(mine, matou_server.credential()), "main")

    assert refs_of(matou_server.git_dir(mine)) == refs_of(source)
