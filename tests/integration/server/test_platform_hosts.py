"""A host that stands for one platform: its `/api/v5` is that platform's, and nobody else's host becomes one."""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from typing import Any

import httpx
import pytest

from matou.server.app import EdgeSettings, build_app
from support.gitcode_server import Harbour

HOSTS = {"gitee.example": "gitee", "gitcode.example": "gitcode"}


@contextmanager
def at(harbour: Harbour, **options: Any) -> Iterator[Harbour]:
    edge = EdgeSettings(hosts=HOSTS, proxies=options.pop("proxies", ()))
    yield Harbour(harbour.forge, harbour.clock, harbour.tokens, build_app(harbour.forge, edge=edge, **options))


@pytest.fixture
def hosts(harbour: Harbour) -> Iterator[Harbour]:
    with at(harbour) as served:
        yield served


def user_id(harbour: Harbour, host: str, path: str = "/api/v5/user", **headers: str) -> object:
    """A number by Gitee's dialect, 24 digits by GitCode's."""
    answer = harbour.ask_site("GET", path, headers={"host": host, **headers})
    return answer.raise_for_status().json()["id"]


@pytest.mark.parametrize("host", ["gitee.example", "GITEE.Example", "gitee.example:8585", "gitee.example:443"])
def test_at_a_host_of_gitee_s_the_api_is_gitee_s(hosts: Harbour, host: str) -> None:
    assert isinstance(user_id(hosts, host), int)


@pytest.mark.parametrize(
    "host",
    [
        *("code.example.org", "gitcode.example", "gitee.example.", "gitee.example.evil.org", "evil.gitee.example"),
        *(
            "evil@gitee.example",
            "gitee.example@evil.org",
            "gitee.example:x",
            "gitee.example:",
            "gitee.example#",
            "[::1]",
        ),
        *("gitee.example,code.example.org", "gitee.example/x", " gitee.example.org", "gitee.exampl\u0435", "*", ""),
    ],
)
def test_at_any_other_host_it_is_gitcode_s(hosts: Harbour, host: str) -> None:
    raw = host.encode("utf-8")
    answer = hosts.ask_site("GET", "/api/v5/user", headers=[(b"host", raw)])

    assert len(answer.raise_for_status().json()["id"]) == 24


def test_what_has_a_path_of_its_own_stays_at_every_host(hosts: Harbour) -> None:
    assert isinstance(user_id(hosts, "code.example.org", "/gitee/api/v5/user"), int)
    assert isinstance(user_id(hosts, "gitee.example", "/gitee/api/v5/user"), int)
    assert hosts.ask_site("GET", "/api/v3/user", headers={"host": "gitee.example"}).status_code == 200
    assert hosts.ask_site("GET", "/-/health", headers={"host": "gitee.example"}).text == "ok\n"
    git = hosts.ask_site(
        "GET", "/harbour/light.git/info/refs?service=git-upload-pack", headers={"host": "gitee.example"}
    )
    assert git.status_code == 200


def test_a_repository_below_a_team_called_api_is_git_s_there_too(hosts: Harbour) -> None:
    path = "/api/v5/ship.git/info/refs?service=git-upload-pack"

    assert hosts.ask_site("GET", path, headers={"host": "gitee.example"}).headers["content-type"] != "application/json"


def addresses(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (each for one in value.values() for each in addresses(one))
    elif isinstance(value, list):
        yield from (each for one in value for each in addresses(one))
    elif isinstance(value, str) and value.startswith("http"):
        yield value


@pytest.mark.parametrize("base_url", [None, "https://code.example.org", "https://code.example.org/below"])
def test_addresses_stay_at_the_host_that_was_asked(harbour: Harbour, base_url: str | None) -> None:
    with at(harbour, base_url=base_url) as served:
        row = served.ask_site("GET", "/api/v5/repos/harbour/light", headers={"host": "gitee.example:8585"}).json()
        branch = served.ask_site("GET", "/api/v5/repos/harbour/light/branches/main", headers={"host": "gitee.example"})
        elsewhere = served.ask_site("GET", "/api/v5/repos/harbour/light", headers={"host": "evil.example"}).json()

    scheme = "http" if base_url is None else "https"
    assert {httpx.URL(one).netloc for one in addresses(row)} == {b"gitee.example:8585"}
    assert {httpx.URL(one).scheme for one in addresses(row)} == {scheme}
    assert row["url"] == f"{scheme}://gitee.example:8585/api/v5/repos/harbour/light"
    assert branch.json()["commit"]["url"].startswith(f"{scheme}://gitee.example/api/v5/repos/harbour/light/commits/")
    assert all(one.startswith(base_url or "http://evil.example") for one in addresses(elsewhere))


def test_answers_of_two_hosts_are_kept_apart(hosts: Harbour) -> None:
    rows = [
        hosts.ask_site("GET", "/api/v5/user/repos", headers={"host": host}).json()
        for host in ("gitee.example", "gitcode.example", "gitee.example:99", "gitee.example")
    ]

    assert rows[0] == rows[3]
    assert [row[0]["url"].split("/")[2] for row in rows] == [
        *("gitee.example", "gitcode.example", "gitee.example:99", "gitee.example")
    ]


def test_pages_are_counted_as_the_platform_does(hosts: Harbour) -> None:
    query = "/api/v5/repos/harbour/light/commits?per_page=1&page=2"
    answer = hosts.ask_site("GET", query, headers={"host": "gitee.example"})

    assert (answer.headers["total_count"], answer.headers["total_page"]) == ("2", "2")
    assert [row["commit"]["message"] for row in answer.json()] == ["first"]


def test_a_proxy_s_word_for_the_host_counts_if_it_is_trusted(harbour: Harbour) -> None:
    said = {"x-forwarded-host": "gitee.example", "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9"}
    with at(harbour, proxies=(ip_network("127.0.0.1"),)) as trusting:
        assert isinstance(user_id(trusting, "inside", **said), int)
        assert len(str(user_id(trusting, "gitee.example", **{**said, "x-forwarded-host": "code.example.org"}))) == 24
    with at(harbour, proxies=(ip_network("10.0.0.1"),)) as wary:
        assert len(str(user_id(wary, "inside", **said))) == 24
        assert isinstance(user_id(wary, "gitee.example", **{"x-forwarded-host": "evil.example"}), int)


def test_the_description_is_that_of_the_path(hosts: Harbour) -> None:
    there = hosts.ask_site("GET", "/api/v5/openapi.json", headers={"host": "gitee.example"}).json()

    assert there["info"]["title"] == "Matou: Gitee's API v5"
    assert there["servers"] == [{"url": "/api/v5"}]
