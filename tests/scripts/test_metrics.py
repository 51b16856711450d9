"""What `/-/metrics` tells, and whom, with the installed program and a real backup."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from support.git_repositories import make_source
from support.plain_git_server import running_plain_git_server
from support.program import Person, serving
from support.team import make_person

HTTP = urllib3.PoolManager(retries=False)
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Person:
    return make_person(tmp_path_factory.mktemp("person") / "home")


@pytest.fixture(scope="module")
def server(person: Person) -> Iterator[str]:
    root = person.home / "server"
    for name, options in (("li", ()), ("root", ("--admin",))):
        person.matou("user", "add", name, *options, "--root", root, "--password-stdin", stdin=f"{PASSWORD}\n")
    with serving(person, root) as url:
        yield url


def samples(url: str) -> list[Sample]:
    headers = urllib3.make_headers(basic_auth=f"root:{PASSWORD}")
    answer = HTTP.request("GET", f"{url}/-/metrics", headers=headers)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return [one for family in text_string_to_metric_families(answer.data.decode()) for one in family.samples]


def routes(url: str) -> dict[tuple[str, str, str], float]:
    name = "matou_request_duration_seconds_count"
    return {
        (one.labels["route"], one.labels["method"], one.labels["status"]): one.value
        for one in samples(url)
        if one.name == name
    }


def test_only_administrators_see_them(server: str) -> None:
    def status(**headers: str) -> int:
        return HTTP.request("GET", f"{server}/-/metrics", headers=headers).status

    assert status() == 401
    assert status(**urllib3.make_headers(basic_auth=f"li:{PASSWORD}")) == 404
    assert status(**urllib3.make_headers(basic_auth="root:wrong")) == 401


def test_requests_are_counted_by_the_names_of_routes(server: str) -> None:
    for path in ("/api/v5/repos/a/b", "/a/b.git/info/refs", "/-/ready", "/-/sign-in"):
        HTTP.request("GET", server + path)

    counted = routes(server)

    assert counted["/api/v5/repos/{owner}/{repo}", "GET", "4xx"] >= 1
    assert counted["git info/refs", "GET", "4xx"] >= 1
    assert counted["/-/ready", "GET", "2xx"] >= 1
    assert counted["page /-/sign-in", "GET", "2xx"] >= 1


def test_paths_that_somebody_makes_up_add_no_series(server: str) -> None:
    def ask(number: int) -> None:
        for path in (f"/x{number}", f"/x{number}/-/y{number}", f"/-/z{number}", f"/api/v5/w{number}", f"/a%0A{number}"):
            HTTP.request("GET", server + path)
        HTTP.request(f"M{number}", f"{server}/")

    ask(0)
    routes(server)
    before = set(routes(server))
    for number in range(1, 20):
        ask(number)

    assert set(routes(server)) == before


def test_it_tells_how_the_backups_stand(person: Person, tmp_path: Path) -> None:
    root = tmp_path / "archive"
    with running_plain_git_server() as origin:
        origin.repositories["/ship.git"] = make_source(tmp_path / "ship.git")
        person.matou("backup", "git", "--url", f"{origin.url}/ship.git", "--to", root)
    person.matou("user", "add", "root", "--admin", "--root", root, "--password-stdin", stdin=f"{PASSWORD}\n")

    with serving(person, root) as url:
        told = {one.name: one for one in samples(url)}

    assert told["matou_backup_complete"].labels["platform"] == "git"
    assert told["matou_backup_finished_timestamp_seconds"].value > 1_700_000_000
    assert told["matou_backup_running"].value == 0
    assert told["process_open_fds"].value > 0


def test_what_is_to_be_done_is_counted_by_state(server: str) -> None:
    states = {one.labels["state"] for one in samples(server) if one.name == "matou_jobs"}

    assert states == {"waiting", "running", "done", "failed", "cancelled"}
