"""LFS, by git-lfs itself and by requests that git-lfs would not send."""

import hashlib
import json
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from matou.db.repositories import Repository
from matou.model.platform import Visibility
from support.deciding import list_tokens, revoke_token
from support.git_repositories import ENVIRONMENT
from support.matou_server import MatouServer, memory_bytes

HTTP = urllib3.PoolManager(retries=False)
CONTENT = b"a large file\n" * 1000
OID = hashlib.sha256(CONTENT).hexdigest()


def basic(token: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'coding:{token}'.encode()).decode()}"}


class Lfs:
    """One repository as an LFS client sees it."""

    def __init__(self, server: MatouServer, repository: Repository) -> None:
        self.url = f"{server.url}/{repository.path}.git/info/lfs"
        self.headers = basic(server.token().reveal())

    def batch(self, operation: str, *objects: tuple[str, object], **more: object) -> urllib3.BaseHTTPResponse:
        wanted = [{"oid": oid, "size": size} for oid, size in objects]
        body = json.dumps({"operation": operation, "objects": wanted, **more})
        return HTTP.request("POST", f"{self.url}/objects/batch", body=body, headers=self.headers)

    def answer(self, operation: str, oid: str = OID, size: int = len(CONTENT)) -> dict[str, Any]:
        found: dict[str, Any] = self.batch(operation, (oid, size)).json()["objects"][0]
        return found

    def put(self, content: bytes = CONTENT, oid: str = OID) -> urllib3.BaseHTTPResponse:
        return HTTP.request("PUT", f"{self.url}/objects/{oid}", body=content, headers=self.headers)

    def get(self, oid: str = OID, **headers: str) -> urllib3.BaseHTTPResponse:
        return HTTP.request("GET", f"{self.url}/objects/{oid}", headers=self.headers | headers)


@pytest.fixture
def lfs(matou_server: MatouServer) -> Lfs:
    return Lfs(matou_server, matou_server.repository())


def content_of(number: int) -> tuple[bytes, str]:
    """Bytes of their own for each test: the archive keeps every blob."""
    content = hashlib.shake_128(str(number).encode()).digest(100_000)
    return content, hashlib.sha256(content).hexdigest()


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_git_lfs_pushes_clones_and_fetches(matou_server: MatouServer, tmp_path: Path) -> None:
    environment = ENVIRONMENT | {"HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": str(tmp_path / ".gitconfig")}
    url = matou_server.clone_url(matou_server.repository(), matou_server.credential())

    def run(*words: str, cwd: Path = tmp_path) -> str:
        answer = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    run("git", "lfs", "install")
    run("git", "clone", "--quiet", url, "one")
    run("git", "lfs", "track", "*.bin", cwd=tmp_path / "one")
    for number in range(3):
        (tmp_path / "one" / f"{number}.bin").write_bytes(content_of(number)[0])
    run("git", "add", ".", cwd=tmp_path / "one")
    run("git", "commit", "--quiet", "-m", "large files", cwd=tmp_path / "one")

    run("git", "push", "--quiet", "origin", "HEAD", cwd=tmp_path / "one")
    run("git", "clone", "--quiet", url, "two")

    assert [(tmp_path / "two" / f"{number}.bin").read_bytes() for number in range(3)] == [
        content_of(number)[0] for number in range(3)
    ]
    assert "OK" in run("git", "lfs", "fsck", cwd=tmp_path / "two")


def test_an_upload_goes_through_batch_put_and_verify(lfs: Lfs) -> None:
    actions = lfs.answer("upload")["actions"]

    sent = HTTP.request("PUT", actions["upload"]["href"], body=CONTENT, headers=actions["upload"]["header"])
    pointer = json.dumps({"oid": OID, "size": len(CONTENT)})
    verified = HTTP.request("POST", actions["verify"]["href"], body=pointer, headers=actions["verify"]["header"])
    download = lfs.answer("download")["actions"]["download"]
    received = HTTP.request("GET", download["href"], headers=download["header"])

    assert (sent.status, verified.status, received.status) == (200, 200, 200)
    assert received.data == CONTENT
    assert "actions" not in lfs.answer("upload")


def test_the_links_hold_no_token_and_are_good_for_one_errand(lfs: Lfs, matou_server: MatouServer) -> None:
    actions = lfs.answer("upload")["actions"]
    upload, other = actions["upload"], Lfs(matou_server, matou_server.repository())

    elsewhere = HTTP.request("PUT", f"{other.url}/objects/{OID}", body=CONTENT, headers=upload["header"])
    other_object = HTTP.request("PUT", f"{lfs.url}/objects/{'ab' * 32}", body=CONTENT, headers=upload["header"])
    other_verb = HTTP.request("GET", f"{lfs.url}/objects/{OID}", headers=upload["header"])
    other_size = HTTP.request("PUT", upload["href"], body=CONTENT + b"x", headers=upload["header"])

    assert {answer.status for answer in (elsewhere, other_object, other_verb, other_size)} == {401}
    assert lfs.headers["Authorization"] not in str(actions)


def test_a_link_dies_with_the_token_that_asked_for_it(lfs: Lfs, matou_server: MatouServer) -> None:
    lfs.put()
    download = lfs.answer("download")["actions"]["download"]
    revoke_token(matou_server.forge, matou_server.owner, list_tokens(matou_server.forge, matou_server.owner)[-1].id)

    assert HTTP.request("GET", download["href"], headers=download["header"]).status == 401


def test_a_known_object_of_another_repository_must_still_be_sent(lfs: Lfs, matou_server: MatouServer) -> None:
    lfs.put()
    other = Lfs(matou_server, matou_server.repository())

    assert other.answer("download")["error"]["code"] == 404
    assert "upload" in other.answer("upload")["actions"]
    assert other.get().status == 404
    assert other.put(b"not it").status == 422
    assert other.get().status == 404


@pytest.mark.parametrize("oid", ["../../x", "..%2f..%2fx", OID.upper(), OID[:63], OID + "a", "g" * 64, "", "a" * 3000])
def test_what_is_no_object_id_is_refused(lfs: Lfs, oid: str) -> None:
    answer = lfs.batch("download", (oid, 1))

    assert (answer.status, answer.json()["objects"][0]["error"]["code"]) == (200, 422)
    assert len(answer.data) < 1000
    assert lfs.put(oid=oid).status in (404, 405, 422)


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT + b"x", b"x" * len(CONTENT)])
def test_bytes_that_are_not_the_object_leave_nothing(lfs: Lfs, content: bytes) -> None:
    answer = lfs.put(content)

    assert answer.status == 422
    assert answer.headers["content-type"] == "application/vnd.git-lfs+json"
    assert answer.json()["message"]
    assert lfs.get().status == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"operation":"delete","objects":[]}',
        b'{"operation":"download","objects":[7]}',
        b'{"operation":"download","objects":null}',
        b'{"operation":"download","objects":[],"transfers":"basic"}',
        b'{"operation":"download","objects":[],"hash_algo":"md5"}',
        b'{"operation":"download","objects":[],"transfers":["tus"]}',
        b'{"operation":"download","objects":%b}' % (b"[" * 100_000),
    ],
    ids=range(11),
)
def test_a_batch_that_git_lfs_would_not_send_is_refused(lfs: Lfs, body: bytes) -> None:
    answer = HTTP.request("POST", f"{lfs.url}/objects/batch", body=body, headers=lfs.headers)

    assert answer.status == 422
    assert "message" in answer.json()


def test_a_body_beyond_the_limit_is_refused(lfs: Lfs) -> None:
    answer = HTTP.request("POST", f"{lfs.url}/objects/batch", body=b" " * (5 << 20), headers=lfs.headers)

    assert answer.status == 413


@pytest.mark.parametrize(
    ("oid", "size"),
    [(OID, -1), (OID, "1"), (OID, None), (OID, 1.5), (OID, True), ([OID], 1), (None, 1), (7, 1), (OID[:-1], 1)],
)
@pytest.mark.parametrize("operation", ["download", "upload"])
def test_one_object_that_cannot_be_harms_no_other(lfs: Lfs, operation: str, oid: Any, size: object) -> None:
    lfs.put()

    answer = lfs.batch(operation, (OID, len(CONTENT)), (oid, size), ("ab" * 32, 5))

    good, bad, other = answer.json()["objects"]
    assert answer.status == 200
    assert (bad["error"]["code"], "actions" in bad) == (422, False)
    assert (good["oid"], "error" in good) == (OID, False)
    assert other["error"]["code"] == 404 if operation == "download" else "upload" in other["actions"]


def test_more_objects_than_the_most_are_too_many(lfs: Lfs) -> None:
    assert lfs.batch("download", *[(OID, 1)] * 1000).status == 200
    assert lfs.batch("download", *[(OID, 1)] * 1001).status == 413


def test_transfers_of_null_are_none(lfs: Lfs) -> None:
    answer = lfs.batch("upload", (OID, len(CONTENT)), transfers=None)

    assert (answer.status, answer.json()["transfer"]) == (200, "basic")


def in_chunks(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), 1000):
        yield content[start : start + 1000]


def test_an_upload_in_chunks_is_as_long_as_its_link_says(lfs: Lfs) -> None:
    upload = lfs.answer("upload")["actions"]["upload"]

    def send(content: bytes) -> int:
        headers = upload["header"]
        return HTTP.request("PUT", upload["href"], body=in_chunks(content), headers=headers, chunked=True).status

    assert send(CONTENT[:-1]) == 422
    assert send(CONTENT + b"x") == 413
    assert lfs.get().status == 404
    assert send(CONTENT) == 200
    assert lfs.get().data == CONTENT


def test_nobody_changes_the_size_that_a_link_carries(lfs: Lfs) -> None:
    upload = lfs.answer("upload")["actions"]["upload"]
    changed = upload["header"]["Authorization"].replace(f".{len(CONTENT)}.", f".{len(CONTENT) - 1}.")

    answer = HTTP.request(
        "PUT", upload["href"], body=in_chunks(CONTENT[:-1]), headers={"Authorization": changed}, chunked=True
    )

    assert changed != upload["header"]["Authorization"]
    assert answer.status == 401


def test_an_upload_of_unknown_length_needs_one(lfs: Lfs) -> None:
    answer = HTTP.request("PUT", f"{lfs.url}/objects/{OID}", body=in_chunks(CONTENT), headers=lfs.headers, chunked=True)

    assert answer.status == 411


def test_the_head_of_an_object_says_how_long_it_is(lfs: Lfs) -> None:
    missing = HTTP.request("HEAD", f"{lfs.url}/objects/{OID}", headers=lfs.headers)
    lfs.put()

    head = HTTP.request("HEAD", f"{lfs.url}/objects/{OID}", headers=lfs.headers | {"Range": "bytes=0-9"})

    assert missing.status == 404
    assert (head.status, head.headers["content-length"], head.data) == (200, str(len(CONTENT)), b"")
    assert head.headers["accept-ranges"] == "bytes"


def test_a_download_can_go_on_where_it_broke_off(lfs: Lfs) -> None:
    lfs.put()

    part = lfs.get(Range=f"bytes=1000-{len(CONTENT) - 1}")

    assert (part.status, part.data) == (206, CONTENT[1000:])
    assert part.headers["content-range"] == f"bytes 1000-{len(CONTENT) - 1}/{len(CONTENT)}"
    assert lfs.get(Range="bytes=99999999-").status == 416


def test_an_object_that_changed_on_disk_is_not_handed_out(lfs: Lfs, matou_server: MatouServer) -> None:
    content, oid = content_of(4711)
    lfs.put(content, oid)
    assert lfs.get(oid).data == content
    path = matou_server.root / "blobs" / "objects" / oid[:2] / oid[2:4] / oid
    path.chmod(0o600)
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    for headers in ({}, {"Range": "bytes=0-9"}):
        answer = lfs.get(oid, **headers)
        assert answer.status == 500
        assert content[:10] not in answer.data


def test_the_log_of_a_fault_holds_no_credential(lfs: Lfs, matou_server: MatouServer) -> None:
    content, oid = content_of(815)
    lfs.put(content, oid)
    path = matou_server.root / "blobs" / "objects" / oid[:2] / oid[2:4] / oid
    path.chmod(0o600)
    path.write_bytes(bytes(len(content)))

    assert lfs.get(oid).status == 500

    log = matou_server.log.read_text()
    assert oid in log
    assert "locals" not in log
    assert lfs.headers["Authorization"].split()[-1] not in log
    assert b64decode(lfs.headers["Authorization"].split()[-1]).decode().partition(":")[2] not in log


def test_whoever_may_read_a_public_repository_needs_no_credential(matou_server: MatouServer) -> None:
    repository = matou_server.repository(visibility=Visibility.PUBLIC)
    writer = Lfs(matou_server, repository)
    writer.put()
    anybody = Lfs(matou_server, repository)
    anybody.headers = {}

    action = anybody.answer("download")["actions"]["download"]

    assert "header" not in action
    assert HTTP.request("GET", action["href"]).data == CONTENT
    assert anybody.batch("upload", (OID, 1)).status == 401
    assert anybody.put().status == 401


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_large_object_goes_up_and_down_without_memory(lfs: Lfs, matou_server: MatouServer, tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(300 * 1024 * 1024)
    with path.open("rb") as file:
        oid = hashlib.file_digest(file, "sha256").hexdigest()
    before = memory_bytes(matou_server.process.pid)

    with path.open("rb") as file:
        headers = lfs.headers | {"Content-Length": str(path.stat().st_size)}
        sent = HTTP.request("PUT", f"{lfs.url}/objects/{oid}", body=file, headers=headers)
    received = HTTP.request("GET", f"{lfs.url}/objects/{oid}", headers=lfs.headers, preload_content=False)
    part = HTTP.request(
        "GET", f"{lfs.url}/objects/{oid}", headers=lfs.headers | {"Range": "bytes=100-"}, preload_content=False
    )
    digest = hashlib.sha256()
    for piece in received.stream(1 << 20):
        digest.update(piece)
    counted = sum(len(piece) for piece in part.stream(1 << 20))

    assert (sent.status, received.status, part.status) == (200, 200, 206)
    assert (digest.hexdigest(), counted) == (oid, path.stat().st_size - 100)
    assert memory_bytes(matou_server.process.pid) - before < 50 * 1024 * 1024
