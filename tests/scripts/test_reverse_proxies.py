"""The examples in `deploy/` for nginx and Caddy, before the installed program and before a server that stands still."""

import json
import os
import secrets
import shutil
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import urllib3

from support.certificates import Certificate, make_certificate
from support.program import Person, serving
from support.reverse_proxies import PROXIES, Ports, Proxy, free_ports, proxy_before
from support.team import make_person

CLIENT = "127.0.0.2"
PATIENCE_SECONDS = 60
MEBIBYTE = 1 << 20
MADE_UP = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Request-Id": "made-up"}


@dataclass(frozen=True)
class Site:
    """What people reach, by the name that the certificate is for."""

    person: Person
    url: str
    plain_url: str
    certificate: Certificate
    token: str

    @property
    def http(self) -> urllib3.PoolManager:
        """From another address of this machine than the proxy has."""
        return urllib3.PoolManager(
            retries=False, ca_certs=str(self.certificate.certificate), source_address=(CLIENT, 0)
        )

    def git(self, *arguments: str | Path, **environment: str) -> str:
        return self.person.git(*arguments, GIT_SSL_CAINFO=str(self.certificate.certificate), **environment)

    def git_url(self, name: str) -> str:
        return f"{self.url.replace('://', f'://x:{self.token}@')}/acme/{name}.git"

    def last_request(self) -> dict[str, str]:
        log = (self.person.home / "serve.log").read_text().splitlines()
        requests = [json.loads(line) for line in log if line.startswith('{"method"')]
        found: dict[str, str] = requests[-1]
        return found


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"), "DNS:localhost")


@pytest.fixture(scope="module", params=PROXIES)
def start(request: pytest.FixtureRequest) -> Proxy:
    return PROXIES[request.param]


@pytest.fixture(scope="module")
def served(
    made_team: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Person, str, Ports, str]]:
    """One server for both proxies, which stand at the same ports one after the other."""
    template, token = made_team
    folder, ports, port = tmp_path_factory.mktemp("site"), free_ports(), str(free_ports().plain)
    person, root = make_person(folder / "home"), shutil.copytree(template, folder / "archive")
    person.git("lfs", "install", "--skip-repo")
    # What it prints is the address that --url says, so its port is chosen here; the last one counts.
    options = ("--trust-proxy", "127.0.0.1", "--url", ports.url, "--log-format", "json", "--port", port)
    with serving(person, root, *options):
        yield person, f"127.0.0.1:{port}", ports, token


@pytest.fixture(scope="module")
def site(
    start: Proxy,
    served: tuple[Person, str, Ports, str],
    certificate: Certificate,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    person, upstream, ports, token = served
    with proxy_before(start, tmp_path_factory.mktemp("site") / "proxy", ports, upstream, certificate):
        yield Site(person, ports.url, ports.plain_url, certificate, token)


def push_random(site: Site, folder: Path, size_bytes: int, *, version: str) -> None:
    branch, clone, again = f"random-{secrets.token_hex(4)}", folder / "clone", folder / "again"
    site.git("clone", "--quiet", site.git_url("web/shop"), clone)
    (clone / "random").write_bytes(os.urandom(size_bytes))
    site.git("-C", clone, "add", "random")
    site.git("-C", clone, "commit", "--quiet", "--message", "random")
    site.git("-C", clone, "-c", f"http.version={version}", "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")

    site.git("clone", "--quiet", "--branch", branch, site.git_url("web/shop"), again)
    assert (again / "random").read_bytes() == (clone / "random").read_bytes()


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
def test_a_push_that_git_sends_in_chunks_passes(site: Site, tmp_path: Path, version: str) -> None:
    push_random(site, tmp_path, 8 * MEBIBYTE, version=version)


@pytest.mark.soak
@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
def test_a_push_of_a_large_pack_passes(site: Site, tmp_path: Path, version: str) -> None:
    push_random(site, tmp_path, 110 * MEBIBYTE, version=version)


def test_objects_of_lfs_pass_by_the_links_that_the_server_makes(site: Site, tmp_path: Path) -> None:
    folder, branch, content = tmp_path / "clone", f"lfs-{secrets.token_hex(4)}", os.urandom(3 * MEBIBYTE)
    site.git("clone", "--quiet", site.git_url("web/shop"), folder)
    site.git("-C", folder, "lfs", "track", "*.bin")
    (folder / "large.bin").write_bytes(content)
    site.git("-C", folder, "add", ".gitattributes", "large.bin")
    site.git("-C", folder, "commit", "--quiet", "--message", "large")
    site.git("-C", folder, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")

    site.git(
        "clone", "--quiet", "--branch", branch, site.git_url("web/shop"), tmp_path / "again", GIT_LFS_SKIP_SMUDGE="1"
    )
    assert (tmp_path / "again/large.bin").stat().st_size < 200
    site.git("-C", tmp_path / "again", "lfs", "pull")
    assert (tmp_path / "again/large.bin").read_bytes() == content


def test_the_server_sees_the_client_and_not_what_it_says_of_itself(site: Site) -> None:
    answer = site.http.request("GET", f"{site.url}/api/v5/user", headers={"PRIVATE-TOKEN": site.token} | MADE_UP)

    assert answer.status == 200
    assert answer.headers["X-Request-Id"] != "made-up"
    assert {name: site.last_request()[name] for name in ("client", "user", "request_id")} == {
        "client": CLIENT,
        "user": "li",
        "request_id": answer.headers["X-Request-Id"],
    }


def test_addresses_reach_the_server_as_they_were_written_and_links_begin_as_people_see_it(site: Site) -> None:
    url = f"{site.url}/api/v5/repos/acme%2Fweb/shop"
    repository = site.http.request("GET", url, headers={"PRIVATE-TOKEN": site.token}).json()

    assert repository["url"].startswith(f"{site.url}/")


def test_whoever_comes_unencrypted_is_led_away_and_metrics_are_for_this_machine(site: Site) -> None:
    led = site.http.request("GET", f"{site.plain_url}/acme/web/shop", redirect=False)
    metrics = site.http.request("GET", f"{site.url}/-/metrics", headers={"PRIVATE-TOKEN": site.token})

    assert led.status in (301, 308)
    assert led.headers["Location"].startswith("https://localhost")
    assert metrics.status == 404


class Halting(ThreadingHTTPServer):
    """Reads and sends one half, and the other when it is told to."""

    def __init__(self) -> None:
        self.first, self.go_on = threading.Event(), threading.Event()
        super().__init__(("127.0.0.1", 0), _Half)


class _Half(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Halting

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        self._begin()
        self.wfile.write(b"5\r\nfirst\r\n")
        self.server.go_on.wait(PATIENCE_SECONDS * 2)
        self.wfile.write(b"6\r\nsecond\r\n0\r\n\r\n")

    def do_POST(self) -> None:
        assert self.headers["Transfer-Encoding"] == "chunked"
        got = b""
        while b"first" not in got:
            got += self.rfile.readline()
        self.server.first.set()
        while b"0\r\n" not in got.splitlines(keepends=True):
            got += self.rfile.readline()
        self._begin()
        self.wfile.write(b"4\r\nboth\r\n0\r\n\r\n")

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()


@pytest.fixture
def halting(start: Proxy, certificate: Certificate, tmp_path: Path) -> Iterator[tuple[Halting, HTTPSConnection]]:
    ports = free_ports()
    with Halting() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        upstream = f"127.0.0.1:{server.server_address[1]}"
        context = ssl.create_default_context(cafile=str(certificate.certificate))
        client = HTTPSConnection("localhost", ports.encrypted, context=context, timeout=PATIENCE_SECONDS)
        with proxy_before(start, tmp_path / "proxy", ports, upstream, certificate), closing(client):
            yield server, client
        server.go_on.set()
        server.shutdown()


def test_an_answer_is_passed_on_while_it_is_made(halting: tuple[Halting, HTTPSConnection]) -> None:
    server, client = halting
    client.request("GET", "/")
    answer = client.getresponse()

    assert answer.read(5) == b"first"
    server.go_on.set()
    assert answer.read() == b"second"


def test_a_body_is_passed_on_while_it_comes_in(halting: tuple[Halting, HTTPSConnection]) -> None:
    server, client = halting

    def body() -> Iterator[bytes]:
        yield b"first\n"
        assert server.first.wait(PATIENCE_SECONDS)
        yield b"second\n"

    client.request("POST", "/", body=body(), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})

    assert client.getresponse().read() == b"both"
