"""Two servers that share a database and a bucket, each with a folder of its own, which its two workers share."""

import hashlib
import json
import os
import secrets
import shutil
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
from typing import Any

import pytest
import urllib3

from matou.model.names import RefName
from support.git_repositories import ENVIRONMENT, git, make_repository, refs_of
from support.program import Person, served
from support.s3_server import BUCKET, VERSITYGW, S3Server, any_server
from support.team import make_person
from support.used_servers import HTTP, TEAM, UsedServer
from support.worker_relay import relay_to, workers_of

PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


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
        # The other gives links to the bucket, under another name of its server.
        linking = Person(person.home, {**person.environment, "MATOU_BUCKET_LINKS": public_url(s3)})
        places = ((person, one), (linking, other))
        begun = [ending.enter_context(served(starting, root, "--workers", "2")) for starting, root in places]
        servers = [UsedServer(url, token) for _, url in begun]
        yield SharedBucket(servers[0], servers[1], person, (one, other), (begun[0][0].pid, begun[1][0].pid))


def public_url(s3: S3Server) -> str:
    return s3.url.replace("127.0.0.1", "localhost")


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


def lfs(server: UsedServer, method: str, path: str, token: str | None = None, **sent: Any) -> urllib3.BaseHTTPResponse:
    headers = urllib3.make_headers(basic_auth=f"x:{server.token if token is None else token}") if token != "" else {}
    return HTTP.request(method, f"{server.url}/{TEAM}/{path}", headers=headers, **sent)


def lfs_batch(server: UsedServer, name: str, oid: str, size: int, token: str | None = None) -> tuple[int, Any]:
    """What git-lfs is told of one object that it wants."""
    body = {"operation": "download", "transfers": ["basic"], "objects": [{"oid": oid, "size": size}]}
    answer = lfs(server, "POST", f"{name}.git/info/lfs/objects/batch", token, json=body)
    return answer.status, json.loads(answer.data)["objects"][0] if answer.status == 200 else None


def store_lfs_object(server: UsedServer, name: str, content: bytes) -> str:
    oid = hashlib.sha256(content).hexdigest()
    assert lfs(server, "PUT", f"{name}.git/info/lfs/objects/{oid}", body=content).status == 200
    return oid


def test_lfs_objects_come_from_the_bucket_itself_for_whoever_may_read_them(shared: SharedBucket, s3: S3Server) -> None:
    name, without, content = shared.repository("linked"), shared.repository("unlinked"), b"a large object" * 1000
    oid = store_lfs_object(shared.one, name, content)

    status, told = lfs_batch(shared.other, name, oid, len(content))
    link = told["actions"]["download"]
    here = lfs_batch(shared.one, name, oid, len(content))[1]["actions"]["download"]

    assert (status, told["authenticated"], link.get("header")) == (200, True, None)
    assert 0 < link["expires_in"] <= 300
    assert link["href"].startswith(f"{public_url(s3)}/{BUCKET}/archive/blobs/objects/")
    assert HTTP.request("GET", link["href"]).data == content
    assert here["href"].startswith(shared.one.url)
    assert lfs_batch(shared.other, without, oid, len(content))[1]["error"]["code"] == 404
    assert lfs_batch(shared.other, name, oid, len(content) + 1)[1]["error"]["code"] == 422
    assert lfs_batch(shared.other, name, oid, len(content), "no-token")[0] == 401
    assert lfs_batch(shared.other, name, oid, len(content), "")[0] == 401


@pytest.mark.skipif(VERSITYGW not in os.environ, reason=f"only a real server looks at signatures: {VERSITYGW}")
def test_a_link_to_the_bucket_is_good_for_its_object_alone(shared: SharedBucket) -> None:
    name = shared.repository("signed")
    oid, other = (store_lfs_object(shared.other, name, content) for content in (b"one", b"other"))
    href = lfs_batch(shared.other, name, oid, 3)[1]["actions"]["download"]["href"]

    assert HTTP.request("GET", href).data == b"one"
    for changed in (
        href.replace(f"{oid[:2]}/{oid[2:4]}/{oid}", f"{other[:2]}/{other[2:4]}/{other}"),
        href.replace("X-Amz-Expires=300", "X-Amz-Expires=3000"),
        href.partition("?")[0],
    ):
        assert changed != href
        assert HTTP.request("GET", changed).status == 403
    assert HTTP.request("PUT", href, body=b"worse").status == 403
    assert HTTP.request("DELETE", href).status == 403


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_git_lfs_takes_the_links(shared: SharedBucket, tmp_path: Path) -> None:
    name, work = shared.repository("lfs"), tmp_path / "work"
    person, url = shared.person, shared.one.git_url("lfs")
    person.git("lfs", "install", "--skip-repo")
    person.git("clone", "--quiet", url, work)
    person.git("-C", work, "lfs", "track", "*.bin")
    (work / "large.bin").write_bytes(os.urandom(200_000))
    person.git("-C", work, "add", "--all")
    person.git("-C", work, "-c", "user.name=Li", "-c", "user.email=li@example.com", "commit", "--quiet", "-m", "large")
    person.git("-C", work, "push", "--quiet", "origin", "HEAD:main")

    copied = tmp_path / "copied"
    person.git("clone", "--quiet", shared.other.git_url(name), copied)

    content = (copied / "large.bin").read_bytes()
    assert content == (work / "large.bin").read_bytes()
    kept = [len(list(root.rglob(hashlib.sha256(content).hexdigest()))) for root in shared.roots]
    assert kept == [1, 0], "the second server would have it, had it sent it"


@dataclass
class Readable:
    """A public repository with one of everything that is read by an address of its own."""

    name: str
    oid: str
    size: int
    upload: str

    def statuses_at(self, server: UsedServer, token: str = "") -> dict[str, int]:
        """By every way in: to whoever holds this token, or to anybody."""
        paths = {
            "page": self.name,
            "file": f"{self.name}/-/blob/main/README.md",
            "raw": f"{self.name}/-/raw/main/README.md",
            "archive": f"{self.name}/-/archive/main.zip",
            "refs": f"{self.name}.git/info/refs?service=git-upload-pack",
            "object": f"{self.name}.git/info/lfs/objects/{self.oid}",
            "upload": self.upload,
        }
        found = {way: lfs(server, "GET", path, token, redirect=False).status for way, path in paths.items()}
        for way, path in {"api": "", "contents": "/contents/README.md", "branch": "/branches/main"}.items():
            found[way] = server.ask("GET", f"/repos/{TEAM}/{self.name}{path}", token=token)[0]
        return {**found, "batch": lfs_batch(server, self.name, self.oid, self.size, token)[0]}


@pytest.fixture
def readable(shared: SharedBucket, each: list[UsedServer]) -> Readable:
    name, content = shared.repository(f"seen-{secrets.token_hex(4)}"), b"a large object"
    assert shared.one.ask("PATCH", f"/repos/{TEAM}/{name}", name=name, private=False)[0] == 200
    answer = shared.one.ask("POST", f"/repos/{TEAM}/{name}/img/upload", body=PICTURE, file_name="dot.png")[1]
    oid = store_lfs_object(shared.one, name, content)
    readable = Readable(name, oid, len(content), answer["full_path"].partition(f"/{TEAM}/")[2])
    assert [set(readable.statuses_at(server).values()) for server in each] == [{200}] * 4
    return readable


def test_what_is_made_private_at_one_is_so_at_every_other_with_the_next_request(
    shared: SharedBucket, each: list[UsedServer], readable: Readable
) -> None:
    assert shared.one.ask("PATCH", f"/repos/{TEAM}/{readable.name}", name=readable.name, private=True)[0] == 200

    for server in each:
        refused = readable.statuses_at(server)
        assert set(refused.values()) <= {302, 303, 401, 404}, refused
        assert server.refs(readable.name, "no-token") is None
        allowed = readable.statuses_at(server, server.token)
        assert {allowed[way] for way in ("refs", "object", "api", "contents", "branch", "batch")} == {200}, allowed


def test_what_is_deleted_or_renamed_at_one_is_so_at_every_other(
    shared: SharedBucket, each: list[UsedServer], readable: Readable
) -> None:
    assert shared.other.ask("DELETE", f"/repos/{TEAM}/{readable.name}")[0] in (200, 204)

    for server in each:
        for token in ("", server.token):
            gone = readable.statuses_at(server, token)
            assert set(gone.values()) <= {302, 303, 401, 404}, gone


def test_a_ref_that_moves_at_one_has_moved_at_every_other(
    shared: SharedBucket, each: list[UsedServer], readable: Readable
) -> None:
    path = f"/repos/{TEAM}/{readable.name}"
    for turn in range(3):
        writing = (shared.one, shared.other)[turn % 2]
        content = b64encode(b"turn %d" % turn).decode()
        sha = writing.ask("GET", f"{path}/contents/README.md")[1]["sha"]
        written = {"content": content, "message": f"turn {turn}", "branch": "main", "sha": sha}
        assert writing.ask("PUT", f"{path}/contents/README.md", **written)[0] == 200

        tips = {(server.refs(readable.name) or {})["refs/heads/main"] for server in each}
        assert len(tips) == 1
        for server in each:
            assert server.ask("GET", f"{path}/branches/main")[1]["commit"]["id"] in tips
            assert server.ask("GET", f"{path}/contents/README.md")[1]["content"].strip() == content
            assert lfs(server, "GET", f"{readable.name}/-/raw/main/README.md", "").data == b"turn %d" % turn
            assert f"turn {turn}" in lfs(server, "GET", readable.name, "").data.decode()


def test_commands_that_need_an_archive_in_a_folder_say_so(shared: SharedBucket) -> None:
    for command in (("verify", "--repair"), ("prune",), ("forget", "--keep-last", "1")):
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
