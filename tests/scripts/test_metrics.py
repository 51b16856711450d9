"""What `/-/metrics` tells, and whom, with the installed program and a real backup."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
import yaml  # type: ignore[import-untyped]
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from support.git_repositories import make_source
from support.plain_git_server import running_plain_git_server
from support.program import Person, serving
from support.reverse_proxies import DEPLOY, program
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


def test_a_token_for_metrics_opens_them_and_nothing_else(person: Person, server: str) -> None:
    def status(path: str, token: str) -> int:
        return HTTP.request("GET", server + path, headers={"PRIVATE-TOKEN": token}).status

    def token_of(user: str, *scopes: str) -> str:
        words = ("token", "create", "--user", user, "--name", "prometheus", "--root", person.home / "server")
        return person.matou(*words, *scopes).out.strip()

    watching = token_of("root", "--scope", "metrics:read")

    assert status("/-/metrics", watching) == 200
    assert status("/api/v5/user", watching) == 403
    assert status("/api/private/account", watching) in (403, 404)
    assert status("/-/metrics", token_of("root", "--scope", "repository:read")) == 404
    assert status("/-/metrics", token_of("li", "--scope", "metrics:read")) == 404
    assert status("/-/metrics", token_of("root")) == 200


def names_in(text: str) -> set[str]:
    return set(re.findall(r"\b(?:matou|process)_[a-z_]+", text))


def test_what_is_in_the_dashboard_and_the_alerts_is_what_a_server_tells(server: str) -> None:
    samples(server)  # of a request there is a number once it has ended
    told = {one.name for one in samples(server)}
    alerts, dashboard = (DEPLOY / "prometheus/alerts.yml").read_text(), (DEPLOY / "grafana/matou.json").read_text()
    expressions = [rule["expr"] for group in yaml.safe_load(alerts)["groups"] for rule in group["rules"]]
    queries = [one["expr"] for panel in json.loads(dashboard)["panels"] for one in panel["targets"]]

    named = names_in(" ".join([*expressions, *queries]))
    # Of a source and of a child there is a line once there is one; their names stand in what describes them.
    described = {name for name in named if name.startswith(("matou_backup_", "matou_git_children_", "matou_turns_"))}

    assert len(named) > 12
    assert named - described <= told
    assert {name.removesuffix("_total") for name in described} <= families(server)


def families(url: str) -> set[str]:
    answer = HTTP.request("GET", f"{url}/-/metrics", headers=urllib3.make_headers(basic_auth=f"root:{PASSWORD}"))
    return {family.name for family in text_string_to_metric_families(answer.data.decode())}


def test_promtool_takes_the_alerts() -> None:
    command: list[str | Path] = [program("promtool"), "check", "rules", DEPLOY / "prometheus/alerts.yml"]
    ended = subprocess.run(command, capture_output=True, text=True)

    assert ended.returncode == 0, ended.stderr


def test_it_tells_of_git_children_turns_and_caches(person: Person, tmp_path: Path) -> None:
    root, clone = tmp_path / "archive", tmp_path / "clone"
    person.matou("user", "add", "root", "--admin", "--root", root, "--password-stdin", stdin=f"{PASSWORD}\n")
    person.matou("repo", "import", make_source(tmp_path / "ship.git"), "root/ship", "--root", root)
    token = person.matou("token", "create", "--user", "root", "--name", "t", "--root", root).out.strip()
    with serving(person, root) as url:
        person.git("clone", "--quiet", f"{url.replace('://', f'://x:{token}@')}/root/ship.git", clone)
        person.git("-C", clone, "commit", "--quiet", "--allow-empty", "--message", "m")
        person.git("-C", clone, "push", "--quiet", "origin", "HEAD")
        # Another worker than the one that is asked may have had the push; each says how it stands once a second.
        told: dict[tuple[str, ...], float] = {}
        while ("matou_git_children_ended_total", "index-pack") not in told:
            told = {(one.name, *one.labels.values()): one.value for one in samples(url)}

    assert told["matou_git_children_ended_total", "index-pack"] >= 1
    assert told["matou_git_children_seconds_total", "index-pack"] > 0
    assert told["matou_git_children_running", "index-pack"] == 0
    assert told["matou_turns_running", "push"] == told["matou_turns_waiting", "push"] == 0
    assert told["matou_cache_hits_total", "query"] > 0
    assert told["matou_ssh_sessions_total",] == 0
