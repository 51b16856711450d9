"""What supervisors and logs are told of a server, with the installed program."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
import urllib3

from support.databases import run_statement, url_of
from support.page_browser import PageBrowser
from support.program import Person, serving
from support.team import make_person

HTTP = urllib3.PoolManager(retries=False)
PASSWORD = "correct horse battery"
PATIENCE_SECONDS = 60
Found = TypeVar("Found")


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Person:
    return make_person(tmp_path_factory.mktemp("person") / "home")


@pytest.fixture(scope="module")
def root(person: Person) -> Path:
    person.matou("user", "add", "li", "--root", person.home / "server", "--password-stdin", stdin=f"{PASSWORD}\n")
    return person.home / "server"


@pytest.fixture
def other(tmp_path: Path) -> Person:
    """Whose log is another one."""
    return make_person(tmp_path / "home")


@pytest.fixture(scope="module")
def logged(person: Person, root: Path) -> Iterator[str]:
    with serving(person, root, "--log-format", "json") as url:
        yield url


def lines(person: Person) -> list[dict[str, Any]]:
    text = (person.home / "serve.log").read_text()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def line_of(person: Person, answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    """It is written after the answer was sent."""
    number = answer.headers["X-Request-Id"]

    def written() -> list[dict[str, Any]]:
        return [line for line in lines(person) if line["event"] == "request" and line["request_id"] == number]

    return wait_for(written)[0]


def wait_for(look: Callable[[], Found]) -> Found:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def ready(url: str) -> tuple[int, str]:
    answer = HTTP.request("GET", f"{url}/-/ready")
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status, answer.data.decode()


def test_a_request_is_a_line_that_says_who_asked_what(person: Person, logged: str) -> None:
    basic = urllib3.make_headers(basic_auth=f"li:{PASSWORD}")
    mine = HTTP.request("GET", f"{logged}/api/v5/user?page=1", headers=basic)
    strangers = HTTP.request("GET", f"{logged}/-/overview")

    line = line_of(person, mine)
    assert line["milliseconds"] >= 0
    assert {name: line[name] for name in ("method", "path", "status", "bytes", "user", "client")} == {
        "method": "GET",
        "path": "/api/v5/user",
        "status": 200,
        "bytes": len(mine.data),
        "user": "li",
        "client": "127.0.0.1",
    }
    assert line_of(person, strangers)["user"] is None


def test_no_secret_and_no_query_is_logged(person: Person, logged: str) -> None:
    wrong = urllib3.make_headers(basic_auth="li:wrong-secret-1")
    answers = [
        HTTP.request("GET", f"{logged}/api/v5/user?access_token=secret-2&q=secret-3"),
        HTTP.request("GET", f"{logged}/api/v5/user", headers={"PRIVATE-TOKEN": "secret-4"}),
        HTTP.request("GET", f"{logged}/acme/shop.git/info/refs?service=git-upload-pack", headers=wrong),
        HTTP.request("GET", f"{logged}/", headers={"Cookie": "matou_session=secret-5"}),
    ]

    assert [line_of(person, answer)["user"] for answer in answers] == [None] * 4
    log = (person.home / "serve.log").read_text()
    assert "secret" not in log
    assert "service=" not in log


@pytest.mark.parametrize("path", ["/a%0A%22%1B[31m", "/" + "x" * 5000, "/%FF", "/a.git/info/refs"])
def test_a_hostile_path_stays_within_its_line(person: Person, logged: str, path: str) -> None:
    answer = HTTP.request("GET", logged + path)

    assert len(line_of(person, answer)["path"]) <= 1025
    assert "\x1b" not in (person.home / "serve.log").read_text()


def test_each_answer_has_a_number_of_its_own_that_no_client_chooses(logged: str) -> None:
    chosen = {"X-Request-Id": "chosen"}
    paths = ("/", "/-/health", "/-/nothing", "/api/v5/user", "/api/v5/nothing", "/a.git/info/refs", "/open-api")

    numbers = [HTTP.request("GET", logged + path, headers=chosen).headers.getlist("X-Request-Id") for path in paths]

    assert len({number for (number,) in numbers} - {"chosen"}) == len(paths)


def test_what_an_api_says_of_a_failure_has_the_number_of_the_answer(logged: str) -> None:
    answer = HTTP.request("GET", f"{logged}/api/v5/repos/acme/nothing")

    assert answer.json()["trace_id"] == answer.headers["X-Request-Id"].replace("-", "")


def test_a_trusted_proxy_chooses_the_number_if_a_log_can_hold_it(other: Person, root: Path) -> None:
    def number(given: str) -> str:
        return HTTP.request("GET", f"{url}/-/health", headers={"X-Request-Id": given}).headers["X-Request-Id"]

    with serving(other, root, "--trust-proxy", "127.0.0.1") as url:
        assert number("edge-1.2_3") == "edge-1.2_3"
        assert number("a" * 64) == "a" * 64
        assert all(number(given) != given for given in ("a" * 65, "a b", 'a"', "-a", "a;b"))


def test_without_the_option_a_request_is_no_line(other: Person, root: Path) -> None:
    with serving(other, root) as url:
        HTTP.request("GET", f"{url}/")

    assert "path" not in (other.home / "serve.log").read_text()


def test_a_server_is_not_ready_while_its_archive_is_away(person: Person, root: Path, logged: str) -> None:
    assert ready(logged) == (200, "ready\n")
    (root / "archive.json").rename(root / "away")

    wait_for(lambda: ready(logged) == (503, "not ready: archive\n"))

    assert HTTP.request("GET", f"{logged}/-/health").status == 200
    reason = wait_for(lambda: [line for line in lines(person) if line["event"] == "not_ready"])[0]
    assert reason["part"] == "archive"
    assert reason["request_id"]
    (root / "away").rename(root / "archive.json")
    wait_for(lambda: ready(logged) == (200, "ready\n"))


def test_a_server_is_not_ready_while_postgresql_is_away(
    other: Person, tmp_path: Path, fresh_postgres_url: str, postgres_cluster: str
) -> None:
    name, others = urlsplit(fresh_postgres_url).path[1:], url_of(postgres_cluster, "postgres")
    other.environment["MATOU_DATABASE_URL"] = fresh_postgres_url
    with serving(other, tmp_path / "server") as url:
        assert ready(url) == (200, "ready\n")

        run_statement(others, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        run_statement(others, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        wait_for(lambda: ready(url) == (503, "not ready: database\n"))
        assert HTTP.request("GET", f"{url}/-/health").status == 200

        run_statement(others, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        wait_for(lambda: ready(url) == (200, "ready\n"))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_administrator_sees_who_came_in_and_who_was_refused(other: Person, tmp_path: Path, workers: str) -> None:
    root = tmp_path / "archive"
    other.matou("user", "add", "root", "--admin", "--root", root, "--password-stdin", stdin=f"{PASSWORD}\n")
    with serving(other, root, "--workers", workers) as url:
        wrong = urllib3.make_headers(basic_auth="root:wrong-secret")
        HTTP.request("GET", f"{url}/api/v5/user", headers=wrong)
        browser = PageBrowser(url)
        browser.sign_in("root", PASSWORD)

        def log_ins() -> str:
            shown = browser.open("/-/admin/log-ins").text
            return shown if "Came in by a password" in shown and "Somebody was refused" in shown else ""

        shown = wait_for(log_ins)
        refused = browser.open("/-/admin/log-ins?show=refused&who=root").text

    assert "127.0.0.1" in shown
    assert "wrong-secret" not in shown
    assert "Somebody was refused" in refused
    assert "Came in by a password" not in refused
