"""L-01, L-07 and L-09: many clients at once, clients that never finish asking, and one that reads slowly."""

import os
import secrets
import shutil
import socket
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3

from matou.db.repositories import Repository
from support.git_repositories import ENVIRONMENT, git, init_bare, make_repository
from support.matou_server import MatouServer, memory_bytes, running_server
from support.scripted_source import refs_of

pytestmark = [pytest.mark.soak, pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="reads memory from /proc")]

MEBIBYTE = 1024 * 1024
MEMORY_BAR_BYTES = 150 * MEBIBYTE
CLONES = 32
HALF_OPEN = 500
HALF_OPEN_SECONDS = 60
LARGE_FILES = 64
LARGE_FILE_BYTES = 16 * MEBIBYTE
SLOW_BYTES_A_SECOND = 20 * MEBIBYTE


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MatouServer]:
    with running_server(tmp_path / "server") as running:
        yield running


class MemoryWatch(threading.Thread):
    """The most that a process held while it was watched."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak_bytes = 0
        self._pid = pid
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(0.02):
            self.peak_bytes = max(self.peak_bytes, memory_bytes(self._pid))

    @classmethod
    @contextmanager
    def over(cls, server: MatouServer) -> Iterator["MemoryWatch"]:
        watch = cls(server.process.pid)
        watch.start()
        try:
            yield watch
        finally:
            watch._ended.set()
            watch.join()


def put_in_place(server: MatouServer, source: Path) -> Repository:
    """The server's own repository with the packs of another."""
    repository = server.repository()
    shutil.copytree(source / "objects", server.git_dir(repository) / "objects", dirs_exist_ok=True)
    git(server.git_dir(repository), "update-ref", "refs/heads/main", git(source, "rev-parse", "main"))
    return repository


def test_many_clones_at_once_are_all_whole_and_take_little_memory(server: MatouServer, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source.git", commits=10, file_bytes=5 * MEBIBYTE)
    repository = put_in_place(server, source)
    url = server.clone_url(repository, server.credential())

    began = time.monotonic()
    with MemoryWatch.over(server) as watch:
        clones = [
            subprocess.Popen(["git", "clone", "--quiet", "--mirror", url, tmp_path / f"clone-{n}"], env=ENVIRONMENT)
            for n in range(CLONES)
        ]
        codes = [clone.wait(300) for clone in clones]
    seconds = time.monotonic() - began

    print(f"{CLONES} clones: {seconds:.1f} s, server {watch.peak_bytes / MEBIBYTE:.0f} MiB")
    assert codes == [0] * CLONES
    assert all(refs_of(tmp_path / f"clone-{n}") == refs_of(source) for n in range(CLONES))
    git(tmp_path / f"clone-{CLONES - 1}", "fsck", "--full")
    assert watch.peak_bytes < MEMORY_BAR_BYTES


def connect(server: MatouServer) -> socket.socket:
    parts = urlsplit(server.url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=60)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    return connection


def authorization(server: MatouServer) -> str:
    return "Basic " + b64encode(f"coding:{server.token().reveal()}".encode()).decode()


def descriptors(server: MatouServer) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))  # noqa: PTH208 - counted, not opened


def test_requests_that_are_never_finished_do_not_hold_up_others(server: MatouServer, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source.git")
    repository = put_in_place(server, source)
    listing = f"{server.url}/{repository.path}.git/info/refs?service=git-upload-pack"
    headers = {"Authorization": authorization(server)}
    whole = clone_request(server, repository)
    halves_of_requests = (whole[:60], whole[:-5])
    before, held = descriptors(server), 0

    with ExitStack() as halves, MemoryWatch.over(server) as watch:
        for number in range(HALF_OPEN):
            half = halves.enter_context(connect(server))
            half.sendall(halves_of_requests[number % 2])
        requests_seen = time.monotonic()
        git(None, "clone", "--quiet", server.clone_url(repository, server.credential()), tmp_path / "clone")
        slowest = time.monotonic() - requests_seen
        until = time.monotonic() + HALF_OPEN_SECONDS
        while time.monotonic() < until:
            for url in (f"{server.url}/-/health", listing):
                requests_seen = time.monotonic()
                answer = urllib3.request("GET", url, headers=headers, retries=False, timeout=30)
                slowest = max(slowest, time.monotonic() - requests_seen)
                assert answer.status == 200
            held = max(held, descriptors(server))
            time.sleep(0.2)
    deadline = time.monotonic() + 30
    while descriptors(server) > before + 10 and time.monotonic() < deadline:
        time.sleep(0.1)

    print(f"slowest {slowest * 1000:.0f} ms, {watch.peak_bytes / MEBIBYTE:.0f} MiB, descriptors {before}, {held}, then "
          f"{descriptors(server)}")  # fmt: skip
    assert held > HALF_OPEN
    assert slowest < 1
    assert watch.peak_bytes < MEMORY_BAR_BYTES
    assert descriptors(server) <= before + 10


def make_large(path: Path) -> Path:
    """One commit with a GiB of bytes that do not compress, so that its pack is as large."""
    words = ["git", f"--git-dir={init_bare(path)}", "-c", "core.compression=0", "-c", "pack.compression=0"]
    with subprocess.Popen([*words, "fast-import", "--quiet"], stdin=subprocess.PIPE, env=ENVIRONMENT) as importing:
        assert importing.stdin is not None
        importing.stdin.write(b"commit refs/heads/main\ncommitter A <a@example.com> 1700000000 +0000\ndata 1\nx\n")
        for number in range(LARGE_FILES):
            importing.stdin.write(b"M 100644 inline file%d\ndata %d\n" % (number, LARGE_FILE_BYTES))
            importing.stdin.write(secrets.token_bytes(LARGE_FILE_BYTES) + b"\n")
    assert importing.returncode == 0
    return path


def packet(content: bytes) -> bytes:
    return b"%04x%b" % (len(content) + 4, content)


def clone_request(server: MatouServer, repository: Repository) -> bytes:
    """A whole clone in one request."""
    tip = git(server.git_dir(repository), "rev-parse", "main").encode()
    body = packet(b"want " + tip + b" side-band-64k ofs-delta\n") + b"0000" + packet(b"done\n")
    head = [
        f"POST /{repository.path}.git/git-upload-pack HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        "Content-Type: application/x-git-upload-pack-request",
        f"Authorization: {authorization(server)}",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


def test_a_gigabyte_goes_to_a_slow_reader_through_little_memory(server: MatouServer, tmp_path: Path) -> None:
    repository = put_in_place(server, make_large(tmp_path / "large.git"))
    received, tail = 0, b""

    began = time.monotonic()
    with connect(server) as connection, MemoryWatch.over(server) as watch:
        connection.sendall(clone_request(server, repository))
        while piece := connection.recv(256 * 1024):
            received, tail = received + len(piece), (tail + piece)[-32:]
            time.sleep(max(0.0, began + received / SLOW_BYTES_A_SECOND - time.monotonic()))
    seconds = time.monotonic() - began

    print(f"{received / MEBIBYTE:.0f} MiB in {seconds:.1f} s, server {watch.peak_bytes / MEBIBYTE:.0f} MiB")
    assert received > LARGE_FILES * LARGE_FILE_BYTES
    assert b"0000" in tail
    assert seconds > received / SLOW_BYTES_A_SECOND - 1
    assert watch.peak_bytes < MEMORY_BAR_BYTES
