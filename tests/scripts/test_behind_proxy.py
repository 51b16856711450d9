"""The server behind a proxy, and beside pages of other sites, as its options say."""

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import urllib3

from matou.forge.login_throttle import FREE_FAILURES_OF_AN_ADDRESS
from support.program import Person, serving
from support.team import make_history, make_person

BEHIND = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "code.example.org", "X-Forwarded-For": "203.0.113.7"}
HTTP = urllib3.PoolManager(retries=False)
OID = "ab" * 32
SITE = "https://app.example.org"


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Person:
    return make_person(tmp_path_factory.mktemp("person") / "home")


@pytest.fixture(scope="module")
def root(person: Person, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("proxied")
    root, made = folder / "server", make_history(folder / "made")
    person.matou("user", "add", "li", "--root", root, "--password-stdin", stdin="correct horse battery\n")
    person.matou("org", "create", "acme", "--owner", "li", "--root", root)
    person.matou("org", "create", "web", "--owner", "li", "--parent", "acme", "--root", root)
    person.matou("repo", "import", made, "acme/web/shop", "--root", root, "--public")
    person.matou("repo", "import", made, "acme/web/hidden", "--root", root)
    return root


@pytest.fixture(scope="module")
def proxied(person: Person, root: Path) -> Iterator[str]:
    """Believes this machine, and lets one site read."""
    with serving(person, root, "--trust-proxy", "127.0.0.1", "--cors-origin", SITE) as url:
        yield url


def lfs_link(url: str, headers: dict[str, str]) -> str:
    body = json.dumps({"operation": "upload", "objects": [{"oid": OID, "size": 1}]})
    basic = urllib3.make_headers(basic_auth="li:correct horse battery")
    answer = HTTP.request("POST", f"{url}/acme/web/shop.git/info/lfs/objects/batch", body=body, headers=basic | headers)
    link: str = answer.json()["objects"][0]["actions"]["upload"]["href"]
    return link


def test_links_begin_as_a_trusted_proxy_says_and_no_other(person: Person, root: Path, proxied: str) -> None:
    assert lfs_link(proxied, BEHIND).startswith("https://code.example.org/acme/web/shop.git/info/lfs/objects/")
    assert lfs_link(proxied, {}).startswith(f"{proxied}/")
    with serving(person, root, "--trust-proxy", "192.0.2.0/24") as url:
        assert lfs_link(url, BEHIND).startswith(f"{url}/")


def test_failed_log_ins_are_counted_for_the_client_and_not_for_the_proxy(proxied: str) -> None:
    def try_to_log_in(client: str, login: str) -> int:
        headers = {"X-Forwarded-For": client} | urllib3.make_headers(basic_auth=f"{login}:wrong")
        advertisement = f"{proxied}/acme/web/hidden.git/info/refs?service=git-upload-pack"
        return HTTP.request("GET", advertisement, headers=headers).status

    tries = [try_to_log_in("203.0.113.50", f"nobody{number}") for number in range(FREE_FAILURES_OF_AN_ADDRESS + 5)]

    assert tries[0] == 401
    assert tries[-1] != 401
    assert try_to_log_in("203.0.113.51", "nobody") == 401


def test_who_comes_through_a_proxy_is_not_taken_for_this_machine(person: Person, tmp_path: Path) -> None:
    """Without accounts whoever reaches a server on loopback reads what was backed up; through a proxy all do."""
    empty = tmp_path / "empty"
    with serving(person, empty, "--trust-proxy", "127.0.0.1") as url:
        seen = [HTTP.request("GET", f"{url}/api/v5/user", headers=BEHIND).status for _ in range(700)]

    assert 429 in seen


def test_what_is_no_address_and_no_site_is_refused(person: Person, root: Path) -> None:
    for option, text in (("--trust-proxy", "proxy"), ("--cors-origin", "app.example.org")):
        ended = person.matou("serve", "--root", root, option, text, code=2)

        assert repr(text) in ended.err


class Meta(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "meta" and values.get("name") == "go-import":
            self.found.append(values.get("content"))


@pytest.mark.parametrize("inside", ["", "/inner", "/inner/deeper"])
def test_go_finds_the_repository_of_a_module(proxied: str, inside: str) -> None:
    answer = HTTP.request("GET", f"{proxied}/acme/web/shop{inside}?go-get=1", headers=BEHIND)

    where = "code.example.org/acme/web/shop git https://code.example.org/acme/web/shop.git"
    assert (answer.status, Meta(answer.data.decode()).found) == (200, [where])


def test_go_learns_nothing_of_what_is_hidden(proxied: str) -> None:
    basic = urllib3.make_headers(basic_auth="li:correct horse battery")
    hidden = HTTP.request("GET", f"{proxied}/acme/web/hidden?go-get=1")
    missing = HTTP.request("GET", f"{proxied}/acme/web/missing?go-get=1")
    seen = HTTP.request("GET", f"{proxied}/acme/web/hidden?go-get=1", headers=basic)

    assert hidden.status == missing.status == 404
    assert Meta(hidden.data.decode()).found == []
    assert len(Meta(seen.data.decode()).found) == 1


def test_a_page_of_a_named_site_reads_the_api(proxied: str) -> None:
    url, asks = f"{proxied}/api/v5/repos/acme%2Fweb/shop", {"Origin": SITE}
    wants = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}

    read = HTTP.request("GET", url, headers=asks)
    before = HTTP.request("OPTIONS", url, headers=asks | wants)

    assert (read.status, read.headers["access-control-allow-origin"]) == (200, SITE)
    assert read.headers["vary"] == "origin"
    assert (before.status, before.headers["access-control-allow-origin"]) == (204, SITE)
    assert "authorization" in before.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in {*read.headers, *before.headers}


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/api/v5/repos/acme%2Fweb/shop", {"Origin": "https://evil.example.org"}),
        ("GET", "/api/v5/repos/acme%2Fweb/shop", {"Origin": "null"}),
        ("GET", "/acme/web/shop", {"Origin": SITE}),
        ("GET", "/acme/web/shop.git/info/refs?service=git-upload-pack", {"Origin": SITE}),
        ("POST", "/api/v5/user/repos", {"Origin": SITE}),
        ("OPTIONS", "/api/v5/user/repos", {"Origin": SITE, "Access-Control-Request-Method": "POST"}),
        ("OPTIONS", "/api/v5/user/repos", {"Origin": SITE}),
    ],
)
def test_nothing_else_is_opened(proxied: str, method: str, path: str, headers: dict[str, str]) -> None:
    answer = HTTP.request(method, proxied + path, headers=headers)

    assert [name for name in answer.headers if name.lower().startswith("access-control")] == []


def test_without_the_option_no_page_reads_the_api(person: Person, root: Path) -> None:
    with serving(person, root) as url:
        answer = HTTP.request("GET", f"{url}/api/v5/repos/acme%2Fweb/shop", headers={"Origin": SITE})

    assert "access-control-allow-origin" not in answer.headers


def test_no_page_reads_what_whoever_is_at_this_machine_may(person: Person, tmp_path: Path) -> None:
    with serving(person, tmp_path / "empty", "--cors-origin", "*") as url:
        answer = HTTP.request("GET", f"{url}/api/v5/users/li", headers={"Origin": SITE})

    assert "access-control-allow-origin" not in answer.headers


def test_a_host_of_matou_toml_is_that_platform_s(person: Person, root: Path, tmp_path: Path) -> None:
    """For tools that let people change the host and no path."""
    configuration = tmp_path / "matou.toml"
    configuration.write_text('[server.hosts]\ngitee.example = "gitee"\n')
    with serving(person, root, "--config", str(configuration), "--trust-proxy", "127.0.0.1") as url:
        rows = [
            HTTP.request("GET", f"{url}/api/v5/repos/acme%2Fweb/shop", headers=headers).json()
            for headers in ({"Host": "gitee.example"}, {**BEHIND, "X-Forwarded-Host": "gitee.example"}, BEHIND)
        ]

    assert [row["url"].partition("/repos/")[0] for row in rows] == [
        *("http://gitee.example/api/v5", "https://gitee.example/api/v5", "https://code.example.org/api/v5")
    ]


def test_a_host_that_can_stand_for_nothing_is_told_before_the_server_starts(
    person: Person, root: Path, tmp_path: Path
) -> None:
    configuration = tmp_path / "matou.toml"
    configuration.write_text('[server.hosts]\ngitee.example = "coding"\n')

    ended = person.matou("serve", "--root", root, "--port", "0", "--config", configuration, code=2)

    assert "'gitee.example' is given to 'coding'" in ended.err
