"""`matou serve --workers 2`: one server to whoever asks it, whatever happens to one of its processes."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3
from prometheus_client.parser import text_string_to_metric_families

from matou.credentials import Secret
from matou.forge.accounts.users import create_user
from matou.settings import Settings
from matou.wiring import open_forge
from support.git_repositories import make_source
from support.page_browser import PageBrowser
from support.plain_git_server import running_plain_git_server
from support.program import Person, served
from support.team import make_person
from support.worker_relay import relay_to, workers_of

HTTP = urllib3.PoolManager(maxsize=4, retries=False, timeout=60)
PASSWORD = "correct horse battery"


@dataclass
class Workers:
    """A server with two workers; `urls` leads to each of the two that it began with."""

    process: int
    url: str
    urls: list[str] = field(default_factory=list)
    begun: list[int] = field(default_factory=list)

    def wait_for(self, reached: Callable[[], bool]) -> None:
        """Whatever it waits for happens within the time that a test has."""
        while not reached():
            time.sleep(0.01)


@pytest.fixture
def person(tmp_path: Path) -> Person:
    with open_forge(tmp_path / "archive", Settings.from_environment({})) as forge:
        create_user(forge, "li", password=Secret(PASSWORD), admin=True)
    return make_person(tmp_path / "home")


@contextmanager
def two_workers(person: Person, root: Path, *options: str) -> Iterator[Workers]:
    with served(person, root, *options, workers=2) as (process, url), ExitStack() as relays:
        begun = workers_of(process.pid)
        yield Workers(process.pid, url, [relays.enter_context(relay_to(worker, url)) for worker in begun], begun)


@pytest.fixture
def workers(person: Person, tmp_path: Path) -> Iterator[Workers]:
    with two_workers(person, tmp_path / "archive") as workers:
        yield workers


def status(url: str, path: str = "/-/health", **headers: str) -> int:
    return HTTP.request("GET", f"{url}{path}", headers=headers).status


def is_running(pid: int) -> bool:
    """A process that has ended and was not waited for does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_one_that_is_killed_is_replaced_and_no_request_to_another_fails(workers: Workers) -> None:
    killed, other = workers.begun
    answers: list[int] = []
    asking = threading.Event()

    def ask() -> None:
        while not asking.is_set():
            answers.append(status(workers.urls[1]))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        workers.wait_for(lambda: len(answers) > 3)
        os.kill(killed, signal.SIGKILL)
        workers.wait_for(lambda: len(set(workers_of(workers.process)) - {killed}) == 2)
        replacement = max(workers_of(workers.process))
        with relay_to(replacement, workers.url) as url:
            answer = status(url)
    finally:
        asking.set()
        thread.join()

    assert answer == 200
    assert {*answers} == {200}
    assert other in workers_of(workers.process)


def test_they_end_with_whoever_supervises_them(workers: Workers) -> None:
    assert [status(url) for url in workers.urls] == [200, 200]

    os.kill(workers.process, signal.SIGKILL)
    workers.wait_for(lambda: not any(map(is_running, workers.begun)))

    parts = urlsplit(workers.url)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((parts.hostname or "", parts.port or 0))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_under_way_may_finish_though_all_are_told_to_end(
    person: Person, tmp_path: Path, number: signal.Signals
) -> None:
    """As a terminal tells them, and a service manager: the server and each of its workers by itself."""
    with served(person, tmp_path / "archive", workers=2) as (process, url):
        parts = urlsplit(url)
        body = b'{"name": "demo"}'
        head = f"POST /api/v5/user/repos HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {len(body)}\r\n"
        head += "Content-Type: application/json\r\nExpect: 100-continue\r\n"
        basic = urllib3.make_headers(basic_auth=f"li:{PASSWORD}")["authorization"]
        with closing(socket.create_connection((parts.hostname or "", parts.port or 0))) as connection:
            connection.sendall(f"{head}Authorization: {basic}\r\nConnection: close\r\n\r\n".encode())
            assert b"100" in connection.recv(1024)  # it is being answered
            os.killpg(process.pid, number)
            workers_end = [pid for pid in workers_of(process.pid) if is_running(pid)]
            connection.sendall(body)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        code = process.wait(40)

    assert answer.split(b" ")[1] in (b"200", b"201"), answer
    assert code == 0
    assert not any(map(is_running, workers_end))


def test_metrics_are_sums_and_keep_what_one_counted_that_has_died(workers: Workers) -> None:
    def counted(url: str) -> float:
        answer = HTTP.request("GET", f"{url}/-/metrics", headers=urllib3.make_headers(basic_auth=f"li:{PASSWORD}"))
        families = text_string_to_metric_families(answer.data.decode())
        wanted = {"route": "/-/health", "method": "GET", "status": "2xx"}
        name = "matou_request_duration_seconds_count"
        return sum(
            one.value for family in families for one in family.samples if one.name == name and one.labels == wanted
        )

    for number, url in enumerate(workers.urls):
        for _ in range(3 + number):
            status(url)
    before = [counted(url) for url in workers.urls]
    os.kill(workers.begun[0], signal.SIGKILL)
    workers.wait_for(lambda: len(set(workers_of(workers.process)) - {workers.begun[0]}) == 2)
    with relay_to(max(workers_of(workers.process)), workers.url) as url:
        status(url)

    assert before == [7, 7]
    assert counted(workers.urls[1]) == 8


def test_requests_are_limited_over_all_of_them(person: Person, tmp_path: Path) -> None:
    with two_workers(person, tmp_path / "archive", "--requests-per-minute", "3") as workers:
        answers = [status(url, "/api/v5/openapi.json") for _ in range(4) for url in workers.urls]

    assert answers.count(200) in (3, 6)  # A minute may begin in between.
    assert {*answers} == {200, 429}


def test_the_code_of_the_first_start_is_good_at_each_of_them(tmp_path: Path) -> None:
    person = make_person(tmp_path / "home")
    with two_workers(person, tmp_path / "archive") as workers:
        log = (person.home / "serve.log").read_text()
        code = log.partition("with the code ")[2].split()[0]
        shown = [PageBrowser(url).open("/-/first-start").status for url in workers.urls]
        browser = PageBrowser(workers.urls[1])
        typed = {"code": code, "name": "chen", "password": PASSWORD, "again": PASSWORD}
        browser.send(browser.open("/-/first-start"), "/-/first-start", **typed)
        administration = [browser.open("/-/admin").status, status(workers.urls[0], "/-/first-start")]

    assert shown == [200, 200]
    assert administration == [200, 303]
    assert log.count("with the code") == 1


def test_one_of_them_goes_by_the_schedule_and_the_url_is_printed_once(person: Person, tmp_path: Path) -> None:
    root = tmp_path / "archive"
    with running_plain_git_server() as server:
        server.repositories["/ship.git"] = make_source(tmp_path / "ship.git")
        configuration = tmp_path / "matou.toml"
        configuration.write_text(
            f'[[source]]\nplatform = "git"\nurl = "{server.url}/ship.git"\nto = "{root}"\nname = "ship"\n'
            '[schedule]\nevery = "1h"\n',
            encoding="utf-8",
        )
        with served(person, root, "--config", str(configuration), workers=2) as (process, _):
            log = person.home / "serve.log"
            while "scheduled_run_ended" not in log.read_text():
                time.sleep(0.01)
            process.terminate()
            rest = process.communicate(timeout=40)[0]

    said = log.read_text()
    assert rest == ""
    assert (said.count("scheduled_run_began"), said.count("scheduled_run_ended")) == (1, 1)
    assert said.count("going by the schedule") == 1
    assert "schedule_troubled" not in said
    assert len(list((root / "runs").glob("*"))) == 1


def test_there_are_as_many_as_processors_unless_it_is_said(person: Person, tmp_path: Path) -> None:
    with served(person, tmp_path / "archive", workers=None) as (process, _):
        begun = len(workers_of(process.pid))
    with served(person, tmp_path / "archive", workers=1) as (process, _):
        alone = len(workers_of(process.pid))

    processors = len(os.sched_getaffinity(0))
    assert begun == (0 if processors == 1 else min(processors, 4))
    assert alone == 0
