"""Clients that send what git would not, send it slowly, or leave: none takes more than its share or breaks anything."""

import gzip
import os
import shutil
import socket
import subprocess
import time
import zlib
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3

from matou.db.repositories import Repository
from support.git_repositories import ENVIRONMENT, git, make_repository
from support.matou_server import MatouServer, memory_bytes
from support.processes import descendants, kill_group, left_behind
from support.raw_pushes import NOTHING, Command, push_raw

# A connection that an earlier test has left may be closed at any moment: hence one more try.
HTTP = urllib3.PoolManager(retries=urllib3.Retry(1, redirect=False, status=False, other=0, allowed_methods=None))
UPLOAD = "application/x-git-upload-pack-request"
RECEIVE = "application/x-git-receive-pack-request"
MEBIBYTE = 1024 * 1024

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts descriptors and processes in /proc")


def packet(content: bytes) -> bytes:
    return b"%04x%b" % (len(content) + 4, content)


def headers_of(server: MatouServer, kind: str = UPLOAD, **more: str) -> dict[str, str]:
    basic = b64encode(f"coding:{server.token().reveal()}".encode()).decode()
    return {"Authorization": f"Basic {basic}", "Content-Type": kind} | more


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def eventually(condition: Callable[[], bool], *, within_seconds: float) -> bool:
    deadline = time.monotonic() + within_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture(scope="module")
def filled(matou_server: MatouServer, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repository = matou_server.repository()
    source = make_repository(tmp_path_factory.mktemp("filled") / "source.git", commits=5)
    git(source, "push", "--quiet", "--mirror", matou_server.git_dir(repository))
    return repository


WANT = packet(b"want " + b"a" * 40 + b" side-band-64k\n")
MALFORMED_FETCHES = {
    "empty": b"",
    "negative length": b"-001",
    "no length": b"zzzz",
    "length below four": b"0003",
    "cut in a length": b"00",
    "cut in a line": b"0032want ",
    "no flush": WANT,
    "bytes behind the end": b"0000PACK",
    "unknown command": packet(b"command=delete\n") + b"0000",
    "command without end": packet(b"command=fetch") + b"0001",
    "no want": packet(b"have " + b"a" * 40 + b"\n") + b"0000",
    "nonsense": packet(b"nonsense") + b"0000",
}


@pytest.mark.parametrize("body", MALFORMED_FETCHES.values(), ids=MALFORMED_FETCHES)
@pytest.mark.parametrize("version", ["", "version=2"])
def test_a_malformed_fetch_is_the_clients_fault_and_leaves_nothing(
    matou_server: MatouServer, filled: Repository, body: bytes, version: str
) -> None:
    headers = headers_of(matou_server, **{"Git-Protocol": version} if version else {})

    answer = HTTP.request("POST", f"{matou_server.url}/{filled.path}.git/git-upload-pack", body=body, headers=headers)

    # Where git itself says what is wrong it does so in the answer, as over any transport.
    assert answer.status == 400 or b"ERR " in answer.data
    assert b"Traceback" not in answer.data
    assert str(matou_server.root).encode() not in answer.data
    assert eventually(lambda: left_behind(matou_server.process.pid) == {}, within_seconds=2)


COMMAND = packet(b"0" * 40 + b" " + b"a" * 40 + b" refs/heads/x\0report-status side-band-64k\n")
MALFORMED_PUSHES = {
    "empty": b"",
    "negative length": b"-001",
    "length below four": b"0002",
    "cut in a line": b"0080aaaa",
    "no flush": COMMAND,
    "no pack": COMMAND + b"0000",
    "not a pack": COMMAND + b"0000" + b"zzzz" * 100,
    "cut pack": COMMAND + b"0000" + b"PACK\0\0\0\2\0\0\0\1",
    "no command": packet(b"nonsense") + b"0000",
}


@pytest.mark.parametrize("body", MALFORMED_PUSHES.values(), ids=MALFORMED_PUSHES)
def test_a_malformed_push_changes_nothing(matou_server: MatouServer, filled: Repository, body: bytes) -> None:
    git_dir = matou_server.git_dir(filled)
    before = git(git_dir, "for-each-ref")

    answer = HTTP.request(
        "POST",
        f"{matou_server.url}/{filled.path}.git/git-receive-pack",
        body=body,
        headers=headers_of(matou_server, RECEIVE),
    )

    assert answer.status == 400 or b"unpack " in answer.data or b"ERR " in answer.data
    assert b"unpack ok" not in answer.data
    assert git(git_dir, "for-each-ref") == before
    assert eventually(lambda: not list((git_dir / "objects").glob("tmp_objdir*")), within_seconds=5)
    assert eventually(lambda: left_behind(matou_server.process.pid) == {}, within_seconds=2)


def push_command(server: MatouServer, repository: Repository, ref: str) -> "urllib3.BaseHTTPResponse":
    tip = git(server.git_dir(repository), "rev-parse", "HEAD")
    return push_raw(server, repository, Command(NOTHING, tip, ref))


@pytest.mark.parametrize("ref", ["{outside}", "../../../../outside", "refs/heads/../../../../../../outside"])
def test_a_ref_name_is_never_a_path_to_somewhere_else(
    matou_server: MatouServer, filled: Repository, tmp_path: Path, ref: str
) -> None:
    """A push of `/home/u/project/uv` deleted /home/u/project/uv.lock."""
    absolute, relative = tmp_path / "outside.lock", matou_server.root / "outside.lock"
    for lock in (absolute, relative):
        lock.touch()
        os.utime(lock, (1, 1))

    answer = push_command(matou_server, filled, ref.format(outside=absolute.with_suffix("")))

    assert answer.status == 200
    assert b"ng " in answer.data
    assert b"funny refname" in answer.data
    assert absolute.exists()
    assert relative.exists()


def test_a_part_of_a_ref_name_that_no_file_system_takes_is_a_refusal(
    matou_server: MatouServer, filled: Repository
) -> None:
    answer = push_command(matou_server, filled, "refs/heads/" + "a" * 3000)

    assert b"funny refname: it is too long" in answer.data


def test_a_ref_name_too_long_to_be_told_is_a_refusal(matou_server: MatouServer, filled: Repository) -> None:
    assert push_command(matou_server, filled, "refs/heads/" + "a/" * 3000 + "a").status == 422


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": RECEIVE},
        {"Content-Encoding": "br"},
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "deflate"},
    ],
    ids=str,
)
def test_another_content_type_or_encoding_is_refused(
    matou_server: MatouServer, filled: Repository, headers: dict[str, str]
) -> None:
    url = f"{matou_server.url}/{filled.path}.git/git-upload-pack"

    answer = HTTP.request("POST", url, body=b"0000", headers=headers_of(matou_server) | headers)

    assert answer.status == 400


@pytest.mark.parametrize(
    "query", ["", "?service=", "?service=git-annex", "?service=git-upload-pack&service=git-receive-pack"]
)
def test_an_advertisement_of_anything_else_is_refused(
    matou_server: MatouServer, filled: Repository, query: str
) -> None:
    answer = HTTP.request(
        "GET", f"{matou_server.url}/{filled.path}.git/info/refs{query}", headers=headers_of(matou_server)
    )

    assert answer.status == 400


@pytest.mark.parametrize("service", ["upload-pack", "receive-pack"])
def test_a_probe_is_answered_without_a_process(matou_server: MatouServer, filled: Repository, service: str) -> None:
    url = f"{matou_server.url}/{filled.path}.git/git-{service}"

    answer = HTTP.request(
        "POST", url, body=b"0000", headers=headers_of(matou_server, f"application/x-git-{service}-request")
    )

    assert (answer.status, answer.data) == (200, b"")


@pytest.mark.parametrize("ending", ["info/refs", "info/lfs/locks"])
def test_a_query_of_many_fields_is_the_client_s_fault(
    matou_server: MatouServer, filled: Repository, ending: str
) -> None:
    fields = "&".join(f"field{number}=1" for number in range(40))

    answer = HTTP.request(
        "GET", f"{matou_server.url}/{filled.path}.git/{ending}?{fields}", headers=headers_of(matou_server, "text/plain")
    )

    assert answer.status in (400, 422)
    assert b"query" in answer.data


@pytest.mark.parametrize("service", ["upload-pack", "receive-pack"])
def test_a_gzip_bomb_costs_no_memory(matou_server: MatouServer, filled: Repository, service: str) -> None:
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    line = packet(b"shallow " + b"a" * 40 + b"\n")
    bomb = b"".join(compressor.compress(line * 20_000) for _ in range(300)) + compressor.flush()
    before = memory_bytes(matou_server.process.pid)

    answer = HTTP.request(
        "POST",
        f"{matou_server.url}/{filled.path}.git/git-{service}",
        body=bomb,
        headers=headers_of(matou_server, f"application/x-git-{service}-request", **{"Content-Encoding": "gzip"}),
    )

    assert answer.status == 413
    assert memory_bytes(matou_server.process.pid) - before < 60 * MEBIBYTE


def test_a_gzip_body_is_understood(matou_server: MatouServer, filled: Repository) -> None:
    body = gzip.compress(packet(b"command=ls-refs\n") + b"0001" + packet(b"peel\n") + b"0000")
    headers = headers_of(matou_server, **{"Content-Encoding": "gzip", "Git-Protocol": "version=2"})

    answer = HTTP.request("POST", f"{matou_server.url}/{filled.path}.git/git-upload-pack", body=body, headers=headers)

    assert b"refs/heads/main" in answer.data


def test_a_question_too_long_for_memory_is_answered_by_git_and_shows_no_hidden_ref(
    matou_server: MatouServer, filled: Repository
) -> None:
    git_dir = matou_server.git_dir(filled)
    git(git_dir, "update-ref", "refs/matou/kept/000001/heads/main", git(git_dir, "rev-parse", "main~1"))
    (git_dir / "config").write_text("[core]\n\tbare = true\n")
    prefixes = b"".join(packet(b"ref-prefix refs/%05d" % number) for number in range(70_000))
    body = packet(b"command=ls-refs\n") + b"0001" + prefixes + b"0000"
    headers = headers_of(matou_server, **{"Git-Protocol": "version=2"})

    answer = HTTP.request("POST", f"{matou_server.url}/{filled.path}.git/git-upload-pack", body=body, headers=headers)

    assert b"refs/heads/main" in answer.data
    assert b"refs/matou" not in answer.data


@pytest.mark.parametrize("version", ["", "version=1"])
def test_before_version_2_only_what_is_advertised_is_served(
    matou_server: MatouServer, filled: Repository, version: str
) -> None:
    git_dir = matou_server.git_dir(filled)
    secret = git(git_dir, "commit-tree", "main^{tree}", "-m", "force-pushed away")
    git(git_dir, "update-ref", "refs/matou/kept/000002/heads/main", secret)
    headers = headers_of(matou_server, **{"Git-Protocol": version} if version else {})
    body = packet(b"want " + secret.encode() + b" side-band-64k\n") + b"0000" + packet(b"done\n")

    answer = HTTP.request("POST", f"{matou_server.url}/{filled.path}.git/git-upload-pack", body=body, headers=headers)

    assert b"ERR upload-pack: not our ref" in answer.data
    assert b"PACK" not in answer.data


@pytest.fixture(scope="module")
def large(matou_server: MatouServer, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """40 MB that do not compress."""
    repository = matou_server.repository()
    source = make_repository(tmp_path_factory.mktemp("large") / "source.git", commits=1, file_bytes=40_000_000)
    git_dir = matou_server.git_dir(repository)
    shutil.copytree(source / "objects", git_dir / "objects", dirs_exist_ok=True)
    git(git_dir, "update-ref", "refs/heads/main", git(source, "rev-parse", "main"))
    return repository


def fetch_request(server: MatouServer, repository: Repository) -> bytes:
    """A whole clone in one request, as bytes for a socket of our own."""
    tip = git(server.git_dir(repository), "rev-parse", "main").encode()
    body = packet(b"want " + tip + b" side-band-64k ofs-delta\n") + b"0000" + packet(b"done\n")
    head = [f"POST /{repository.path}.git/git-upload-pack HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    head += [f"{name}: {value}" for name, value in headers_of(server).items()]
    return "\r\n".join([*head, "", ""]).encode() + body


def connect(server: MatouServer) -> socket.socket:
    parts = urlsplit(server.url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    connection.connect((parts.hostname, parts.port))
    connection.settimeout(30)
    return connection


def test_a_slow_reader_holds_git_up_and_not_the_servers_memory(matou_server: MatouServer, large: Repository) -> None:
    pid = matou_server.process.pid
    received, most = 0, 0
    with connect(matou_server) as connection:
        connection.sendall(fetch_request(matou_server, large))
        connection.recv(MEBIBYTE)
        before = memory_bytes(pid)
        while piece := connection.recv(512 * 1024):
            received += len(piece)
            most = max(most, memory_bytes(pid))
            if received > 20 * MEBIBYTE:
                break
            time.sleep(0.01)

    assert received > 20 * MEBIBYTE
    # How much the server holds in all depends on the tests that it served before; tests/soak/test_load.py bounds that.
    assert most - before < 40 * MEBIBYTE


def test_git_ends_when_its_client_leaves(matou_server: MatouServer, large: Repository) -> None:
    pid = matou_server.process.pid
    open_before = descriptors(pid)
    with connect(matou_server) as connection:
        connection.sendall(fetch_request(matou_server, large))
        connection.recv(100_000)
        assert any("upload-pack" in line for line in descendants(pid).values())

    assert eventually(lambda: left_behind(pid) == {}, within_seconds=2)
    assert eventually(lambda: descriptors(pid) <= open_before, within_seconds=5)


def test_a_real_clone_that_is_killed_leaves_no_git_behind(
    matou_server: MatouServer, large: Repository, tmp_path: Path
) -> None:
    url = matou_server.clone_url(large, matou_server.credential())
    pid = matou_server.process.pid
    clone = subprocess.Popen(["git", "clone", "--quiet", url, tmp_path / "clone"], env=ENVIRONMENT, process_group=0)
    assert eventually(lambda: any("upload-pack" in line for line in descendants(pid).values()), within_seconds=10)

    kill_group(clone)
    clone.wait()

    assert eventually(lambda: left_behind(pid) == {}, within_seconds=2)


def test_a_push_that_breaks_off_leaves_nothing(matou_server: MatouServer, filled: Repository) -> None:
    git_dir = matou_server.git_dir(filled)
    head = [f"POST /{filled.path}.git/git-receive-pack HTTP/1.1", "Host: localhost", "Content-Length: 9000000"]
    head += [f"{name}: {value}" for name, value in headers_of(matou_server, RECEIVE).items()]
    with connect(matou_server) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode() + COMMAND + b"0000PACK\0\0\0\2\0\0\1\0")
        assert eventually(
            lambda: any("index-pack" in line for line in descendants(matou_server.process.pid).values()),
            within_seconds=5,
        )

    assert eventually(lambda: left_behind(matou_server.process.pid) == {}, within_seconds=5)
    assert eventually(lambda: not list((git_dir / "objects").glob("tmp_objdir*")), within_seconds=5)
    assert "refs/heads/x" not in git(git_dir, "for-each-ref")


def test_half_open_requests_do_not_keep_others_waiting(matou_server: MatouServer, filled: Repository) -> None:
    halves = [connect(matou_server) for _ in range(200)]
    try:
        for number, connection in enumerate(halves):
            text = "POST /a/b.git/git-upload-pack HTTP/1.1\r\nHost: x\r\n"
            connection.sendall((text if number % 2 else text + "Content-Length: 100\r\n\r\n0").encode())
        begun = time.monotonic()

        health = HTTP.request("GET", f"{matou_server.url}/-/health")
        listed = HTTP.request(
            "GET",
            f"{matou_server.url}/{filled.path}.git/info/refs?service=git-upload-pack",
            headers=headers_of(matou_server),
        )

        assert (health.status, listed.status) == (200, 200)
        assert time.monotonic() - begun < 1
    finally:
        for connection in halves:
            connection.close()
