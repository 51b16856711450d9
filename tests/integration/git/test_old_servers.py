"""Servers that do not speak version 2 are read by git itself: the same refs, the same objects, no secret in sight."""

import base64
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from matou.credentials import GitCredential, Secret
from matou.git.operations.mirror import FetchFailed, FetchSource, list_refs, update_mirror
from matou.git.process.run import GitAccess, UntrustedCertificate
from matou.model.refs import RefListing
from matou.settings import Network
from support.certificates import Certificate, make_certificate
from support.git_repositories import (
    ENVIRONMENT,
    LocalTransport,
    assert_sound,
    commit_file,
    force_push,
    git,
    listing_of,
    make_repository,
    objects_of,
    refs_of,
    tip_of,
)
from support.socks_proxy import PASSWORD, USER

TOKEN = "tok3n-nobody-may-see"
DIRECT = Network()
CREDENTIAL = GitCredential("li.lei", Secret(TOKEN))
EXPECTED = "Basic " + base64.b64encode(f"li.lei:{TOKEN}".encode()).decode()


class OldServer(BaseHTTPRequestHandler):
    """Smart HTTP of version 0 over one repository, for one user."""

    repository: Path

    def do_GET(self) -> None:
        advertised = self.upload_pack("--advertise-refs", sent=b"")
        self.answer("advertisement", b"001e# service=git-upload-pack\n0000" + advertised)

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer("result", self.upload_pack(sent=sent))

    def upload_pack(self, *options: str, sent: bytes) -> bytes:
        command = ["git", "upload-pack", "--stateless-rpc", *options, str(self.repository)]
        return subprocess.run(command, input=sent, capture_output=True, env=ENVIRONMENT).stdout

    def answer(self, kind: str, content: bytes) -> None:
        is_allowed = self.headers.get("Authorization") == EXPECTED
        self.send_response(200 if is_allowed else 401)
        self.send_header("Content-Type", f"application/x-git-upload-pack-{kind}")
        self.send_header("Content-Length", str(len(content) if is_allowed else 0))
        self.end_headers()
        self.wfile.write(content if is_allowed else b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def served(repository: Path, certificate: Certificate | None = None) -> Iterator[str]:
    handler = type("Handler", (OldServer,), {"repository": repository})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate, certificate.key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}/team/ship.git"
        server.shutdown()


@pytest.fixture
def url(source: Path) -> Iterator[str]:
    with served(source) as address:
        yield address


def back_up(
    mirror: Path,
    url: str,
    source: Path,
    *,
    run: int,
    previous: RefListing | None = None,
    credential: GitCredential | None,
    network: Network = DIRECT,
) -> RefListing:
    transport = LocalTransport({url: source}, version=0)
    listing = list_refs(transport, url)
    origin = FetchSource(transport, url, GitAccess(credential, network))
    update_mirror(mirror, origin, listing, previous=previous, run=run)
    return listing


def test_a_mirror_of_an_old_server_is_its_source_run_after_run(source: Path, mirror: Path, url: str) -> None:
    first = back_up(mirror, url, source, run=1, credential=CREDENTIAL)
    assert refs_of(mirror) == refs_of(source)
    old, _ = force_push(source, "特性/登录")
    commit_file(source, "main", "new", b"new")
    only_there = tip_of(source, "特性/登录")

    back_up(mirror, url, source, run=2, previous=first, credential=CREDENTIAL)

    assert {name: oid for name, oid in refs_of(mirror).items() if not name.startswith("refs/matou/")} == refs_of(source)
    assert objects_of(mirror) >= objects_of(source)
    assert only_there in objects_of(mirror)
    assert git(mirror, "cat-file", "-t", old) == "commit"
    assert_sound(mirror)


def test_git_fetch_itself_ends_with_the_same(source: Path, mirror: Path, url: str, tmp_path: Path) -> None:
    back_up(mirror, url, source, run=1, credential=CREDENTIAL)
    oracle = tmp_path / "oracle.git"
    git(None, "-c", f"http.extraHeader=Authorization: {EXPECTED}", "clone", "--quiet", "--mirror", url, oracle)

    assert refs_of(mirror) == refs_of(oracle)
    assert objects_of(mirror) == objects_of(oracle)


def test_no_file_of_the_mirror_holds_the_credential_or_a_fetch_s_traces(source: Path, mirror: Path, url: str) -> None:
    back_up(mirror, url, source, run=1, credential=CREDENTIAL)

    contents = [path.read_bytes() for path in mirror.rglob("*") if path.is_file()]
    assert not any(TOKEN.encode() in content or EXPECTED.encode() in content for content in contents)
    assert not (mirror / "FETCH_HEAD").exists()


def test_a_refused_credential_is_told_without_the_credential(source: Path, mirror: Path, url: str) -> None:
    wrong = GitCredential("li.lei", Secret("wr0ng-secret"))

    with pytest.raises(FetchFailed) as caught:
        back_up(mirror, url, source, run=1, credential=wrong)

    assert "wr0ng-secret" not in str(caught.value)
    assert base64.b64encode(b"li.lei:wr0ng-secret").decode() not in str(caught.value)
    assert not refs_of(mirror)


def test_the_listing_is_that_of_version_2(source: Path, url: str) -> None:
    assert list_refs(LocalTransport({url: source}, version=0), url) == listing_of(source)


def test_git_goes_through_the_proxy_of_the_environment(
    source: Path, mirror: Path, url: str, socks_address: str
) -> None:
    by_socks = Network({"all_proxy": f"socks5h://{USER}:{quote(PASSWORD, safe='')}@{socks_address}"})
    nowhere = Network({"http_proxy": "http://me:hidden-word@127.0.0.1:1"})

    with pytest.raises(FetchFailed) as raised:
        back_up(mirror, url, source, run=1, credential=CREDENTIAL, network=nowhere)
    back_up(mirror, url, source, run=2, credential=CREDENTIAL, network=by_socks)

    assert "hidden-word" not in str(raised.value)
    assert refs_of(mirror) == refs_of(source)


def test_git_trusts_the_authorities_that_a_person_named_and_no_others(
    source: Path, mirror: Path, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path, "IP:127.0.0.1")

    with served(source, certificate) as url:
        with pytest.raises(UntrustedCertificate, match="certificate"):
            back_up(mirror, url, source, run=1, credential=CREDENTIAL)
        trusting = Network(authorities=certificate.certificate)
        back_up(mirror, url, source, run=2, credential=CREDENTIAL, network=trusting)

    assert refs_of(mirror) == refs_of(source)


def test_a_shallow_source_of_an_old_server_is_asked_again_until_it_is_whole(tmp_path: Path, mirror: Path) -> None:
    whole = make_repository(tmp_path / "whole.git", commits=6)
    shallow = tmp_path / "shallow.git"
    git(None, "clone", "--quiet", "--bare", "--depth=2", whole.as_uri(), shallow)
    git(shallow, "config", "uploadpack.allowAnySHA1InWant", "true")
    with served(shallow) as url:
        back_up(mirror, url, shallow, run=1, credential=CREDENTIAL)
        first = objects_of(mirror)
        git(shallow, "fetch", "--quiet", "--unshallow", whole, "main")
        back_up(mirror, url, shallow, run=2, credential=CREDENTIAL)

    assert len(first) < len(objects_of(whole))
    assert objects_of(mirror) == objects_of(whole)
    assert_sound(mirror)
