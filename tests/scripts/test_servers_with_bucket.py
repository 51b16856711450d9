"""Two `matou serve` processes that share a database and a bucket, each with a folder of its own, on one machine."""

import subprocess
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from matou.model.names import RefName
from support.git_repositories import ENVIRONMENT, make_repository, refs_of
from support.program import Person, serving
from support.s3_server import BUCKET, S3Server, any_server
from support.team import make_person
from support.used_servers import TEAM, UsedServer


@dataclass
class SharedBucket:
    """Both servers, and who administers them."""

    one: UsedServer
    other: UsedServer
    person: Person
    roots: tuple[Path, Path]

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
        urls = [ending.enter_context(serving(person, root)) for root in (one, other)]
        yield SharedBucket(UsedServer(urls[0], token), UsedServer(urls[1], token), person, (one, other))


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


def test_of_pushes_at_once_of_one_branch_exactly_one_wins(shared: SharedBucket, tmp_path: Path) -> None:
    name = shared.repository("raced")
    clones = [make_repository(tmp_path / f"clone{number}.git", commits=number + 2) for number in range(4)]

    def push(number: int) -> int:
        server = (shared.one, shared.other)[number % 2]
        return server.push(clones[number], name, "main:refs/heads/won").returncode

    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(push, range(4)))

    assert sorted(codes) == [0, 1, 1, 1]
    won = refs_of(clones[codes.index(0)])[RefName("refs/heads/main")]
    seen = [(server.refs(name) or {})["refs/heads/won"] for server in (shared.one, shared.other)]
    assert seen == [won, won]


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
