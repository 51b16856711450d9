"""Two servers that share a database and a bucket, each with a folder of its own, which its two workers share."""

import os
import signal
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from matou.model.names import RefName
from support.git_repositories import ENVIRONMENT, git, make_repository, refs_of
from support.program import Person, served
from support.s3_server import BUCKET, S3Server, any_server
from support.team import make_person
from support.used_servers import TEAM, UsedServer
from support.worker_relay import relay_to, workers_of


@dataclass
class SharedBucket:
    """Both servers, and who administers them."""

    one: UsedServer
    other: UsedServer
    person: Person
    roots: tuple[Path, Path]
    supervisors: tuple[int, int]

    def repository(self, name: str) -> str:
        status, answer = self.one.ask("POST", f"/orgs/{TEAM}/repos", name=name, auto_init=True, private=True)
        assert status in (200, 201), answer
        return name


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with any_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="module")
def shared(s3: S3Server, module_postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedBucket]:
    folder = tmp_path_factory.mktemp("shared")
    person = make_person(folder / "home")
    person.environment.update(s3.environment)
    person.environment["MATOU_DATABASE_URL"] = module_postgres_url
    one, other = folder / "one", folder / "other"
    for root in (one, other):
        person.matou("archive", "attach", root, f"s3://{BUCKET}/archive", "--endpoint", s3.url)
    person.matou("user", "add", "li", "--admin", "--root", one, "--no-password")
    person.matou("org", "create", TEAM, "--owner", "li", "--root", other)
    token = person.matou("token", "create", "--user", "li", "--name", "test", "--root", one).out.strip()
    with ExitStack() as ending:
        begun = [ending.enter_context(served(person, root, "--workers", "2")) for root in (one, other)]
        servers = [UsedServer(url, token) for _, url in begun]
        yield SharedBucket(servers[0], servers[1], person, (one, other), (begun[0][0].pid, begun[1][0].pid))


@pytest.fixture
def each(shared: SharedBucket) -> Iterator[list[UsedServer]]:
    """Leads to one worker each, of which the first two are of the first server."""
    with ExitStack() as relays:
        yield [
            UsedServer(relays.enter_context(relay_to(worker, server.url)), server.token)
            for server, supervisor in zip((shared.one, shared.other), shared.supervisors, strict=True)
            for worker in two_workers_of(supervisor)
        ]


def two_workers_of(supervisor: int) -> list[int]:
    """Another test may have killed one, which is replaced."""
    while len(workers := workers_of(supervisor)) < 2:
        time.sleep(0.05)
    return workers


def test_what_is_pushed_at_one_is_cloned_from_the_other_at_once(shared: SharedBucket, tmp_path: Path) -> None:
    name, clone = shared.repository("pushed"), make_repository(tmp_path / "clone.git", commits=3)

    for number in range(3):
        pushing, reading = (shared.one, shared.other) if number % 2 else (shared.other, shared.one)
        branch = f"b{number}"
        pushed = pushing.push(clone, name, f"main~{2 - number}:refs/heads/{branch}")
        assert pushed.returncode == 0, pushed.stderr
        assert (reading.refs(name) or {}).keys() >= {f"refs/heads/{branch}"}
        assert reading.ask("GET", f"/repos/{TEAM}/{name}/branches/{branch}")[0] == 200

    copied = tmp_path / "copied.git"
    words = ["git", "clone", "--quiet", "--mirror", shared.one.git_url(name), str(copied)]
    assert subprocess.run(words, env=ENVIRONMENT).returncode == 0
    assert refs_of(copied)[RefName("refs/heads/b2")] == refs_of(clone)[RefName("refs/heads/main")]


def refs_at(each: list[UsedServer], name: str) -> list[dict[str, str] | None]:
    return [server.refs(name) for server in each]


def test_nothing_was_asked_of_the_bucket_before_workers_were_forked(
    shared: SharedBucket, each: list[UsedServer]
) -> None:
    """What speaks to it has threads, and a process with threads is not to be forked."""
    name = shared.repository("asked")
    assert all(refs is not None and "refs/heads/main" in refs for refs in refs_at(each, name))

    assert [len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in shared.supervisors] == [1, 1]


def test_what_four_processes_are_pushed_at_once_is_at_each_of_them(
    shared: SharedBucket, each: list[UsedServer], tmp_path: Path
) -> None:
    name = shared.repository("filled")
    clones = [make_repository(tmp_path / f"clone{number}.git", commits=3 + number) for number in range(4)]
    pushed = threading.Event()
    seen: list[set[str]] = []

    def push(number: int) -> list[int]:
        server, clone = each[number], clones[number]
        return [
            server.push(clone, name, f"main~{2 - step}:refs/heads/b{number}-{step}").returncode for step in range(3)
        ]

    def read(server: UsedServer) -> None:
        while not pushed.is_set():
            seen.append(set(server.refs(name) or ()))

    with ThreadPoolExecutor(6) as pool:
        readers = [pool.submit(read, each[number]) for number in (1, 2)]
        codes = list(pool.map(push, range(4)))
        pushed.set()
        assert [reader.result() for reader in readers] == [None, None]

    assert codes == [[0, 0, 0]] * 4
    expected = {f"refs/heads/b{number}-{step}" for number in range(4) for step in range(3)} | {"refs/heads/main"}
    assert [set(refs or ()) for refs in refs_at(each, name)] == [expected] * 4
    assert all("refs/heads/main" in refs for refs in seen)
    copied = tmp_path / "copied.git"
    git(None, "clone", "--quiet", "--mirror", each[3].git_url(name), copied)
    assert git(copied, "fsck", "--connectivity-only") == ""


def test_of_pushes_at_once_of_one_branch_exactly_one_wins(
    shared: SharedBucket, each: list[UsedServer], tmp_path: Path
) -> None:
    name = shared.repository("raced")
    clones = [make_repository(tmp_path / f"clone{number}.git", commits=number + 2) for number in range(4)]

    def push(number: int) -> int:
        server = each[number]
        is_new = "--force-with-lease=refs/heads/won:"
        return server.push(clones[number], name, is_new, "main:refs/heads/won").returncode

    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(push, range(4)))

    assert sorted(codes) == [0, 1, 1, 1]
    won = refs_of(clones[codes.index(0)])[RefName("refs/heads/main")]
    assert [(server.refs(name) or {})["refs/heads/won"] for server in each] == [won] * 4


def test_files_written_at_both_at_once_are_all_in_the_history(shared: SharedBucket) -> None:
    name = shared.repository("written")

    def write(number: int) -> int:
        server = (shared.one, shared.other)[number % 2]
        path, content = f"/repos/{TEAM}/{name}/contents/file{number}", b64encode(b"text").decode()
        status = 503
        for _ in range(20):
            if status in (409, 503):
                status, _ = server.ask("POST", path, content=content, message=f"write {number}", branch="main")
        return status

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(write, range(8)))

    assert set(statuses) <= {200, 201}
    status, entries = shared.other.ask("GET", f"/repos/{TEAM}/{name}/contents/")
    assert status == 200
    assert {f"file{number}" for number in range(8)} <= {entry["name"] for entry in entries}


def test_commands_that_need_an_archive_in_a_folder_say_so(shared: SharedBucket) -> None:
    for command in (("verify",), ("runs",), ("restore", "--to", "elsewhere")):
        ended = shared.person.matou(command[0], shared.roots[0], *command[1:], code=2)
        assert "the folder of an archive in a bucket" in ended.err
    assert "agree" in shared.person.matou("check", shared.roots[1]).err


def test_a_folder_is_attached_to_one_bucket_only(shared: SharedBucket, s3: S3Server) -> None:
    again = shared.person.matou("archive", "attach", shared.roots[0], f"s3://{BUCKET}/archive", "--endpoint", s3.url)
    assert "serves the archive" in again.err
    ended = shared.person.matou(
        "archive", "attach", shared.roots[0], f"s3://{BUCKET}/elsewhere", "--endpoint", s3.url, code=None
    )
    assert ended.code != 0
    assert "another archive already" in ended.err


def test_what_was_acknowledged_is_there_though_workers_are_killed_all_the_while(
    shared: SharedBucket, tmp_path: Path
) -> None:
    name, servers = shared.repository("killed"), (shared.one, shared.other)
    clone = make_repository(tmp_path / "clone.git", commits=13)
    acknowledged: list[str] = []

    def push(number: int) -> None:
        branch = f"refs/heads/b{number}"
        if servers[number % 2].push(clone, name, f"main~{12 - number}:{branch}").returncode == 0:
            acknowledged.append(branch)

    with ThreadPoolExecutor(3) as pool:
        pushes = [pool.submit(push, number) for number in range(12)]
        for turn in range(4):
            pushes[turn * 2].result()
            os.kill(two_workers_of(shared.supervisors[turn % 2])[0], signal.SIGKILL)
        for each in pushes:
            each.result()

    assert acknowledged
    for server in servers:
        assert (server.refs(name) or {}).keys() >= set(acknowledged)
    again = [servers[1].push(clone, name, f"main~{12 - number}:refs/heads/b{number}") for number in range(12)]
    assert [push.returncode for push in again] == [0] * 12
