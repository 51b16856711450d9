"""What is streamed costs the server no memory, stops when the client leaves, and waits for a client that is slow."""

import hashlib
import random
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from matou.db.repositories import Repository
from matou.server.state import ARCHIVES_OF_ONE
from support.git_repositories import git, store_object
from support.matou_server import MatouServer, memory_bytes

LARGE_BYTES = 64 * 1024 * 1024
MOST_GROWTH_BYTES = 40 * 1024 * 1024


@pytest.fixture(scope="module")
def large(matou_server: MatouServer) -> tuple[Repository, bytes]:
    """A repository with one large file, and that file's content."""
    repository = matou_server.repository()
    git_dir, content = matou_server.git_dir(repository), random.Random(7).randbytes(LARGE_BYTES)
    blob = store_object(git_dir, "blob", content)
    tree = git(git_dir, "mktree", input=f"100644 blob {blob}\tlarge.bin\n".encode())
    git(git_dir, "update-ref", "refs/heads/main", git(git_dir, "commit-tree", "-m", "large", tree))
    git(git_dir, "symbolic-ref", "HEAD", "refs/heads/main")
    return repository, content


def url_of(server: MatouServer, repository: Repository, what: str) -> str:
    return f"{server.url}/api/v5/repos/{repository.path.namespace}/{repository.path.name}/{what}"


@pytest.mark.parametrize("what", ["raw/large.bin", "archive/main.tar"])
def test_a_large_download_costs_the_server_no_memory(
    matou_server: MatouServer, large: tuple[Repository, bytes], what: str
) -> None:
    repository, content = large
    headers = {"PRIVATE-TOKEN": matou_server.token().reveal()}
    url, before, most, hashed, length = url_of(matou_server, repository, what), 0, 0, hashlib.sha256(), 0
    httpx.get(url_of(matou_server, repository, "contents"), headers=headers).raise_for_status()
    before = memory_bytes(matou_server.process.pid)

    with httpx.stream("GET", url, headers=headers) as answer:
        for piece in answer.iter_bytes(1024 * 1024):
            hashed.update(piece)
            length += len(piece)
            most = max(most, memory_bytes(matou_server.process.pid))

    assert length >= LARGE_BYTES
    assert what.startswith("archive") or hashed.digest() == hashlib.sha256(content).digest()
    assert most - before < MOST_GROWTH_BYTES


@contextmanager
def begun(server: MatouServer, url: str, token: str) -> Iterator[socket.socket]:
    """A download of which only the beginning was read."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as connection:
        request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nPRIVATE-TOKEN: {token}\r\n\r\n"
        connection.sendall(request.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        yield connection


def children_of(pid: int) -> list[str]:
    """The command lines of the processes that a process started."""
    listed = subprocess.run(
        ["ps", "-ww", "--ppid", str(pid), "-o", "args="], capture_output=True, text=True, check=False
    )
    return [line for line in listed.stdout.splitlines() if " cat-file " in line or " archive " in line]


def test_a_client_that_leaves_ends_the_child(matou_server: MatouServer, large: tuple[Repository, bytes]) -> None:
    """Of what is made while it is received; an archive is made into a file first (test_response_files.py)."""
    url, pid = url_of(matou_server, large[0], "raw/large.bin"), matou_server.process.pid

    with begun(matou_server, url, matou_server.token().reveal()):
        time.sleep(0.3)
        during = children_of(pid)
        before = memory_bytes(pid)
        time.sleep(0.7)
        assert memory_bytes(pid) - before < MOST_GROWTH_BYTES, "a client that does not read must stop git"
    left = time.monotonic() + 10
    while children_of(pid) and time.monotonic() < left:
        time.sleep(0.05)

    assert during
    assert children_of(pid) == []


def test_whoever_downloads_as_much_as_one_may_leaves_turns_to_others(
    matou_server: MatouServer, large: tuple[Repository, bytes]
) -> None:
    url = url_of(matou_server, large[0], "archive/main.tar")
    greedy, other = matou_server.token().reveal(), matou_server.token(matou_server.user(admin=True)).reveal()
    same_person = matou_server.token().reveal()

    with ExitStack() as slow:
        for _ in range(ARCHIVES_OF_ONE):
            slow.enter_context(begun(matou_server, url, greedy))
        refused = [httpx.get(url, headers={"PRIVATE-TOKEN": token}) for token in (greedy, same_person)]
        with begun(matou_server, url, other):
            pass

    assert [(answer.status_code, "retry-after" in answer.headers) for answer in refused] == [(503, True)] * 2
    left = time.monotonic() + 10
    while children_of(matou_server.process.pid) and time.monotonic() < left:
        time.sleep(0.05)
    with begun(matou_server, url, greedy):
        pass
