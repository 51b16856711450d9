"""`docs/guide/disaster.md` and `docs/guide/upgrade.md`, followed word for word while people push."""

import os
import secrets
import shutil
import signal
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3

from support.databases import postgres_binaries, run_statement, url_of
from support.guide_commands import commands_of, follow
from support.program import Person
from support.team import make_history

HTTP = urllib3.PoolManager(retries=False)
PASSWORD = "correct horse battery"
NAME = "disaster.md"


@dataclass
class People:
    """Who push without an end, each to a branch of a repository of their own, and remember what was acknowledged."""

    person: Person
    folder: Path
    url: str
    token: str
    acknowledged: dict[str, str] = field(default_factory=dict)
    pushed: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)

    def git_url(self, name: str) -> str:
        return f"{self.url.replace('://', f'://x:{self.token}@')}/acme/{name}.git"

    def ask(self, method: str, path: str, **body: str | bool) -> int:
        headers = {"PRIVATE-TOKEN": self.token}
        return HTTP.request(method, f"{self.url}/api/v5{path}", headers=headers, json=body or None).status

    def work(self) -> None:
        while not self.stopped.is_set():
            name = f"made-{secrets.token_hex(4)}"
            if self.ask("POST", "/orgs/acme/repos", name=name, auto_init=True) in (200, 201):
                self.acknowledged[name] = self.push(name)
                self.pushed.set()

    def push(self, name: str, content: bytes = b"x", file: str = "file") -> str:
        clone = self.folder / name
        self.person.git("clone", "--quiet", self.git_url(name), clone)
        (clone / file).write_bytes(content)
        self.person.git("-C", clone, "add", ".")
        self.person.git("-C", clone, "commit", "--quiet", "--message", "m")
        self.person.git("-C", clone, "push", "--quiet", "origin", "HEAD")
        return self.person.git("-C", clone, "rev-parse", "HEAD")

    def tip(self, name: str) -> str:
        return self.person.git("ls-remote", self.git_url(name), "HEAD").partition("\t")[0]


@contextmanager
def working(people: People) -> Iterator[None]:
    thread = threading.Thread(target=people.work)
    thread.start()
    try:
        yield
    finally:
        people.stopped.set()
        thread.join()


@contextmanager
def served(person: Person, root: Path) -> Iterator[str]:
    """It ends as by a power cut."""
    with (
        (person.home / "serve.log").open("ab") as log,
        person.start_logging(log, "serve", "--root", root, "--port", "0") as server,
    ):
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            os.killpg(server.pid, signal.SIGKILL)


def begin(person: Person, root: Path) -> str:
    person.matou("user", "add", "li", "--admin", "--root", root, "--password-stdin", stdin=f"{PASSWORD}\n")
    person.matou("org", "create", "acme", "--owner", "li", "--root", root)
    person.matou("repo", "import", make_history(root.parent / "made", commits=0), "acme/large", "--root", root)
    return person.matou("token", "create", "--user", "li", "--name", "t", "--root", root).out.strip()


def live_and_lose(person: Person, root: Path, saves: str, paths: Mapping[str, str]) -> People:
    """Save a server at which people work, by the page's commands; then all of it is gone."""
    token = begin(person, root)
    with served(person, root) as url:
        people = People(person, root.parent / "clones", url, token)
        person.git("lfs", "install", "--skip-repo")
        person.git("config", "--global", "lfs.locksverify", "false")
        people.acknowledged["large"] = people.push("large", b"*.bin filter=lfs diff=lfs merge=lfs\n", ".gitattributes")
        shutil.rmtree(people.folder / "large")
        people.acknowledged["large"] = people.push("large", secrets.token_bytes(200_000), "large.bin")
        with working(people):
            people.pushed.wait(60)
            before = dict(people.acknowledged)
            follow(person, saves, paths)
    shutil.rmtree(root)
    people.acknowledged = before
    return people


def assert_all_is_there(people: People, root: Path) -> None:
    with served(people.person, root) as url:
        people.url = url
        assert {name: people.tip(name) for name in people.acknowledged} == people.acknowledged
        again = people.folder / "again"
        people.person.git("clone", "--quiet", people.git_url("large"), again)
        assert (again / "large.bin").read_bytes() == (people.folder / "large/large.bin").read_bytes()
        basic = urllib3.make_headers(basic_auth=f"li:{PASSWORD}")
        assert HTTP.request("GET", f"{url}/api/v5/user", headers=basic).status == 200


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "copy").mkdir()
    return tmp_path / "archive"


@pytest.fixture
def paths(root: Path) -> dict[str, str]:
    return {"/var/lib/matou/archive": str(root), "/srv/matou-copy": str(root.with_name("copy"))}


def test_a_server_on_sqlite_is_back_with_all_that_was_acknowledged(
    person: Person, root: Path, paths: dict[str, str]
) -> None:
    people = live_and_lose(person, root, commands_of(NAME, "Save it while it runs")[0], paths)

    restore, _, prove = commands_of(NAME, "Bring it back")
    follow(person, restore, paths)
    follow(person, prove.replace("matou check", "matou check || true #"), paths)

    assert_all_is_there(people, root)


def test_a_server_on_postgresql_is_back_with_all_that_was_acknowledged(
    person: Person, root: Path, paths: dict[str, str], fresh_postgres_url: str, postgres_cluster: str
) -> None:
    lost, found, binaries = urlsplit(fresh_postgres_url).path[1:], f"found_{secrets.token_hex(4)}", postgres_binaries()
    person.environment.update(
        MATOU_DATABASE_URL=fresh_postgres_url,
        PGHOST=postgres_cluster,
        PGUSER="postgres",
        PATH=f"{binaries}{os.pathsep}{person.variables()['PATH']}",
    )
    saving = {**paths, "--dbname=matou": f"--dbname={lost}"}
    people = live_and_lose(person, root, commands_of(NAME, "Save it while it runs")[1], saving)

    restore, prove = commands_of(NAME, "Bring it back")[1:]
    other = {"--owner=matou matou": f"--owner=postgres {found}", "--dbname=matou": f"--dbname={found}"}
    person.environment["MATOU_DATABASE_URL"] = url_of(postgres_cluster, found)
    try:
        follow(person, restore, {**paths, **other})
        follow(person, prove.replace("matou check", "matou check || true #"), paths)
        assert_all_is_there(people, root)
    finally:
        run_statement(url_of(postgres_cluster, "postgres"), f'DROP DATABASE IF EXISTS "{found}" WITH (FORCE)')


def test_a_server_moves_to_another_machine(person: Person, root: Path, paths: dict[str, str]) -> None:
    token = begin(person, root)
    with served(person, root) as url:
        people = People(person, root.parent / "clones", url, token)
        people.push("large")
        follow(person, commands_of(NAME, "Save it while it runs")[0], paths)
        shutil.rmtree(people.folder / "large")
        last = people.push("large", b"later")
    (again,) = commands_of(NAME, "Move it to another machine")
    follow(person, again, paths)
    root.rename(root.with_name("old-machine"))

    restore, _, prove = commands_of(NAME, "Bring it back")
    follow(person, restore, paths)
    follow(person, prove, paths)

    with served(person, root) as people.url:
        assert people.tip("large") == last


def test_an_older_version_goes_on_with_the_database_of_the_copy(
    person: Person, root: Path, paths: dict[str, str]
) -> None:
    """A newer one is one whose tables this one does not know."""
    begin(person, root)
    save, *_ = commands_of("upgrade.md", "One step at a time")
    (back,) = commands_of("upgrade.md", "Back again")
    follow(person, save, paths)
    with closing(sqlite3.connect(root / "matou.db")) as newer, newer:
        newer.execute("UPDATE alembic_version SET version_num = 'r9999'")
        newer.execute("UPDATE schema_compatibility SET oldest_revision = 'r9999'")
    assert "r9999" in person.matou("check", root, code=2).err

    follow(person, back.replace("ln -sfn matou-1 /opt/matou", ""), paths)

    person.matou("check", root)
    assert "acme/large" in person.matou("repo", "list", "--root", root).out
