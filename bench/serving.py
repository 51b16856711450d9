"""Serving git: lists of 20,000 refs, and clones and archives that were made before."""

import os
import random
import socket
import statistics
import subprocess
import threading
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from matou.forge.access import MayManageAccount, granted_to_operator
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.tokens import create_token
from matou.forge.accounts.users import create_user
from matou.forge.repositories.creation import import_repository
from matou.model.names import RepositoryPath
from matou.settings import Settings
from matou.wiring import open_forge
from measuring import MATOU, Command, high_water
from rows import Row
from sample import environment_for, place_for

REFS = 20_000
CLONE_BYTES = 200 * 1024 * 1024
CONNECTIONS = 8
SECONDS = 3.0


@dataclass(frozen=True)
class Served:
    """A running server with a repository of many refs, and a large one."""

    url: str
    token: str
    many: Path
    tip: str
    environment: dict[str, str]
    pid: int

    def request(self, method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
        basic = b64encode(f"bench:{self.token}".encode()).decode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(self.url).netloc}", f"Authorization: Basic {basic}"]
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", *headers, "", ""]).encode() + body

    def ls_refs(self, *words: str, gzip: bool = False) -> bytes:
        lines = b"".join(_packet(f"{word}\n") for word in ("peel", "symrefs", *words))
        body = _packet("command=ls-refs\n") + b"0001" + lines + b"0000"
        kind = "Content-Type: application/x-git-upload-pack-request"
        more = ("Accept-Encoding: gzip",) if gzip else ()
        return self.request("POST", "/team/many.git/git-upload-pack", body, kind, "Git-Protocol: version=2", *more)


def _packet(text: str) -> bytes:
    return b"%04x%b" % (len(text) + 4, text.encode())


def bench_serving(folder: Path, scale: float, rounds: int) -> Iterator[Row]:
    """20,000 refs, and a repository of 200 MB, at 8 connections."""
    with _served(folder, round(REFS * scale), round(CLONE_BYTES * scale)) as served:
        yield from _refs(served, rounds)
        yield from _clones(served, rounds)
        yield Row("memory of the server", high_water(served.pid) / 2**20, 250, "MiB", "peak, of all the above")


@contextmanager
def _served(folder: Path, refs: int, size_bytes: int) -> Iterator[Served]:
    folder.mkdir(parents=True)
    many, large = _make_many(folder / "many.git", refs), _make_large(folder / "large.git", size_bytes)
    with open_forge(folder / "server", Settings.of_process(), loopback=True) as forge:
        owner = create_user(forge, "bench", email="bench@example.com", admin=True)
        create_organization(forge, "team", owner=owner)
        for origin in (many, large):
            path = RepositoryPath.parse(f"team/{origin.stem}")
            import_repository(forge, origin, place_for(forge, path), path.name, creator=owner, local=True)
        token = create_token(forge, granted_to_operator(MayManageAccount, owner), "bench").reveal()
    tip = subprocess.run(["git", f"--git-dir={large}", "rev-parse", "main"], capture_output=True, check=True, text=True)
    command: Command = [MATOU, "serve", "--root", folder / "server", "--port", "0", "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            yield Served(url, token, many, tip.stdout.strip(), os.environ | environment_for(token), server.pid)
        finally:
            server.terminate()


def _make_many(path: Path, count: int) -> Path:
    _run("git", "init", "--quiet", "--bare", "--initial-branch=main", path)
    stream = [_commit("refs/heads/main", "0")]
    stream += [f"reset refs/heads/feature/number-{number:05}\nfrom refs/heads/main\n\n" for number in range(count - 1)]
    _run("git", f"--git-dir={path}", "fast-import", "--quiet", given="".join(stream).encode())
    _run("git", f"--git-dir={path}", "pack-refs", "--all")
    return path


def _make_large(path: Path, size_bytes: int) -> Path:
    """20,000 files that neither compress nor resemble each other, which git finds out each time, in 400 commits."""
    _run("git", "init", "--quiet", "--bare", "--initial-branch=main", path)
    chosen, pieces = random.Random(1), []
    for number in range(400):
        pieces.append(_commit("refs/heads/main", str(number)).encode())
        for file in range(50):
            content = chosen.randbytes(size_bytes // 20_000)
            pieces.append(f"M 100644 inline file-{file}\ndata {len(content)}\n".encode() + content + b"\n")
    _run("git", f"--git-dir={path}", "fast-import", "--quiet", given=b"".join(pieces))
    return path


def _commit(ref: str, message: str) -> str:
    return f"commit {ref}\ncommitter b <b@example.com> 1700000000 +0000\ndata {len(message)}\n{message}\n"


def _run(*command: str | Path, given: bytes = b"") -> None:
    subprocess.run(command, input=given, check=True, stdout=subprocess.DEVNULL)


def _refs(served: Served, rounds: int) -> Iterator[Row]:
    one = "ref-prefix refs/heads/feature/number-07777"
    advertised = served.request("GET", "/team/many.git/info/refs?service=git-upload-pack")
    for what, request, bar in (
        ("ls-refs, 20,000 refs, all", served.ls_refs(), 600),
        ("ls-refs, 20,000 refs, all, gzip", served.ls_refs(gzip=True), 600),
        ("ls-refs, 20,000 refs, prefix of one branch", served.ls_refs(one), 900),
        ("info/refs v0, 20,000 refs", advertised, 500),
    ):
        _ask(served, request, seconds=0.5)
        rate = max(_ask(served, request, seconds=SECONDS) for _ in range(rounds))
        yield Row(what, rate, bar, "/s", f"{CONNECTIONS} connections, best of {rounds}", at_least=True)
    yield from _after_a_push(served, 3 * rounds)


def _after_a_push(served: Served, pushes: int) -> Iterator[Row]:
    times = []
    for number in range(pushes):
        tree = f"--git-dir={served.many}"
        made = ["git", tree, "commit-tree", "-m", str(number), "main^{tree}"]
        who = {f"GIT_{role}_{what}": "b@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        commit = subprocess.run(made, env=os.environ | who, capture_output=True, check=True, text=True).stdout.strip()
        ref = f"+{commit}:refs/heads/feature/number-0{number:04}"
        command = ["git", tree, "push", "--quiet", f"{served.url}/team/many.git", ref]
        subprocess.run(command, env=served.environment, check=True)
        times.append(_once(served, served.ls_refs()))
    detail = f"median of {pushes}, ls-refs of all"
    yield Row("the first one after a push to one of 20,000 refs", statistics.median(times) * 1000, 40, "ms", detail)


def _clones(served: Served, rounds: int) -> Iterator[Row]:
    """What the server sends; what a client makes of it is the same each time, and left out."""
    for depth in ((), ("deepen 1",)):
        first = _transfer(served, *depth)
        again = min(_transfer(served, *depth) for _ in range(rounds))
        name = " ".join(("clone of 200 MB", *depth))
        yield Row(f"{name}, again: to the first", again / first, 0.3, "×", f"{again:.2f} s to {first:.2f} s")
    yield from _four_at_once(served)
    for ending in ("zip", "tar.gz"):
        path = f"/api/v5/repos/team/large/archive/main.{ending}"
        first, again = _download(served, path), min(_download(served, path) for _ in range(rounds))
        yield Row(f"archive, {ending}, again: to the first", again / first, 0.3, "×", f"{again:.2f} s to {first:.2f} s")


def _four_at_once(served: Served) -> Iterator[Row]:
    """Each after a branch was made, so that nothing lies ready."""
    one, four = [], []
    for number in range(3):
        _touch(served, f"one-{number}")
        one.append(_transfer(served))
        _touch(served, f"four-{number}")
        began = time.perf_counter()
        _at_once(4, lambda _: _transfer(served))
        four.append(time.perf_counter() - began)
    detail = f"{statistics.median(four):.2f} s to {statistics.median(one):.2f} s"
    ratio = statistics.median(four) / statistics.median(one)
    yield Row("four clones of 200 MB at once: to one", ratio, 1.2, "×", detail)


def _touch(served: Served, branch: str) -> None:
    """Make a branch, so that the refs are others."""
    body = f'{{"refs":"main","branch_name":"{branch}"}}'.encode()
    request = served.request("POST", "/api/v5/repos/team/large/branches", body, "Content-Type: application/json")
    _once(served, request)


def _transfer(served: Served, *words: str) -> float:
    """Seconds until the last byte of a clone."""
    said = ("thin-pack", "no-progress", "include-tag", "ofs-delta", f"want {served.tip}", *words, "done")
    body = _packet("command=fetch") + b"0001" + b"".join(_packet(f"{word}\n") for word in said) + b"0000"
    kind = "Content-Type: application/x-git-upload-pack-request"
    more = ("Git-Protocol: version=2", "Connection: close")
    request, buffer, end = (
        served.request("POST", "/team/large.git/git-upload-pack", body, kind, *more),
        bytearray(2**20),
        b"",
    )
    with _connected(served) as connection:
        began = time.perf_counter()
        connection.sendall(request)
        while came := connection.recv_into(buffer):
            end = (end + buffer[max(came - 20, 0) : came])[-20:]
        spent = time.perf_counter() - began
    assert b"0000" in end, end
    return spent


def _download(served: Served, path: str) -> float:
    request = urllib.request.Request(served.url + path, headers={"PRIVATE-TOKEN": served.token})
    began = time.perf_counter()
    with urllib.request.urlopen(request) as answer:
        while answer.read(1024 * 1024):
            pass
    return time.perf_counter() - began


def _at_once(count: int, work: Callable[[int], object]) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _once(served: Served, request: bytes) -> float:
    with _connected(served) as connection:
        began = time.perf_counter()
        _answered(connection, request, bytearray(2**20))
        return time.perf_counter() - began


def _ask(served: Served, request: bytes, *, seconds: float) -> float:
    """Requests a second."""
    counts = [0] * CONNECTIONS
    until = time.perf_counter() + seconds

    def ask(number: int) -> None:
        buffer = bytearray(2**20)
        with _connected(served) as connection:
            while time.perf_counter() < until:
                _answered(connection, request, buffer)
                counts[number] += 1

    began = time.perf_counter()
    _at_once(CONNECTIONS, ask)
    return sum(counts) / (time.perf_counter() - began)


@contextmanager
def _connected(served: Served) -> Iterator[socket.socket]:
    parts = urlsplit(served.url)
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        yield connection


def _answered(connection: socket.socket, request: bytes, buffer: bytearray) -> None:
    """Read one answer with a length and throw it away: the client is to cost as little as can be."""
    connection.sendall(request)
    head = b""
    while b"\r\n\r\n" not in head:
        came = connection.recv_into(buffer)
        assert came, head
        head += buffer[:came]
    head, _, body = head.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")), head
    left = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]) - len(body)
    while left:
        left -= connection.recv_into(buffer, min(left, len(buffer)))
