"""`matou archive move` with the installed program, a server that stays up, an S3 server and both databases."""

import os
import signal
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import urllib3

from support.archive_fixture import unpack
from support.git_repositories import make_repository
from support.moved_archives import PACKED, states_of
from support.program import Person, serving
from support.s3_server import BUCKET, S3Server, any_server
from support.team import make_person
from support.used_servers import HTTP, TEAM, UsedServer

PULLS = "/repos/team%2Fshop/api/pulls?state=all"
PREFIX = f"s3://{BUCKET}/moved"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with any_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def person(s3: S3Server, tmp_path: Path) -> Person:
    person = make_person(tmp_path / "home")
    person.environment.update(s3.environment)
    return person


@pytest.fixture
def root(person: Person, tmp_path: Path) -> Path:
    root = unpack(PACKED, tmp_path)
    person.matou("user", "add", "li", "--admin", "--root", root, "--no-password")
    person.matou("org", "create", TEAM, "--owner", "li", "--root", root)
    person.matou("repo", "import", make_repository(tmp_path / "origin.git"), f"{TEAM}/ship", "--root", root)
    return root


def token_of(person: Person, root: Path) -> str:
    return person.matou("token", "create", "--user", "li", "--name", "t", "--root", root).out.strip()


def killed_while_moving(person: Person, root: Path, *words: str) -> None:
    """With -9, as soon as nobody else may write."""
    with closing(sqlite3.connect(root / "matou.db", timeout=60)) as database:
        moving = person.start("archive", "move", root, *words)
        while database.execute("SELECT state FROM archive_location").fetchone() is None:
            assert moving.poll() is None, moving.communicate()
        os.killpg(moving.pid, signal.SIGKILL)
        moving.communicate()


def test_a_served_archive_is_moved_killed_gone_on_with_and_moved_back(
    person: Person, root: Path, s3: S3Server, postgres_url: str, tmp_path: Path
) -> None:
    before, clone = states_of(root), make_repository(tmp_path / "clone.git", commits=4)
    to = (f"{PREFIX}-1", "--endpoint", s3.url)
    with serving(person, root) as url:
        server = UsedServer(url, token_of(person, root))
        titles = [pull["title"] for pull in server.ask("GET", PULLS)[1]]
        assert titles
        killed_while_moving(person, root, *to)

        pushed = server.push(clone, "ship", "main:refs/heads/late")
        assert pushed.returncode != 0
        assert "503" in pushed.stderr
        content = b64encode(b"text").decode()
        path = f"/repos/{TEAM}/ship/contents/late"
        status, answer = server.ask("POST", path, content=content, message="late", branch="main")
        assert status == 503
        assert "being moved" in str(answer)
        address = f"{url}/{TEAM}/ship.git/info/refs?service=git-receive-pack"
        headers = urllib3.make_headers(basic_auth=f"x:{server.token}")
        assert int(HTTP.request("GET", address, headers=headers).headers["retry-after"]) > 0
        assert "refs/heads/late" not in (server.refs("ship") or {})

        # From here on with PostgreSQL, which takes what matou.db has.
        person.environment["MATOU_DATABASE_URL"] = postgres_url
        moved = person.matou("archive", "move", root, *to)
        assert "accounts and all else" in moved.err
        assert server.push(clone, "ship", "main:refs/heads/late").returncode != 0

    other = tmp_path / "other"
    person.matou("archive", "attach", other, *to)
    with serving(person, other) as url:
        server = UsedServer(url, server.token)
        assert server.push(clone, "ship", "main:refs/heads/after").returncode == 0
        assert [pull["title"] for pull in server.ask("GET", PULLS)[1]] == titles
    for command in (
        ("verify", "--all"),
        ("runs",),
        ("du",),
        ("show",),
        ("restore", "--to", str(tmp_path / "restored")),
    ):
        person.matou(command[0], other, *command[1:])
    assert "whole" in person.matou("verify", other).out

    copied, back = tmp_path / "copied", tmp_path / "back"
    person.matou("copy", other, copied)
    assert "whole" in person.matou("verify", copied).out
    person.matou("archive", "move", other, back)
    after = states_of(back)
    assert states_of(copied) == after
    assert after.pop("repositories/acme/ship.git")[0].keys() >= {"refs/heads/after", "refs/heads/main"}
    del before["repositories/acme/ship.git"]
    assert after == before
    assert "whole" in person.matou("verify", back, "--all").out
    with serving(person, back) as url:
        server = UsedServer(url, server.token)
        assert server.push(clone, "ship", "main:refs/heads/home").returncode == 0
    assert person.matou("repo", "list", "--root", back).out == person.matou("repo", "list", "--root", root).out


def test_on_one_machine_the_original_goes_when_that_is_asked(person: Person, root: Path, s3: S3Server) -> None:
    to = (f"{PREFIX}-2", "--endpoint", s3.url)
    told = person.matou("archive", "move", root, *to).err
    assert "the database is still" in told
    assert (root / "repositories/team/shop/api.git/HEAD").exists()

    assert "already" in person.matou("archive", "move", root, *to, "--delete-original").err

    assert list((root / "repositories").iterdir()) == []
    assert "whole" in person.matou("verify", root).out
    ended = person.matou("archive", "move", root, f"{PREFIX}-3", "--endpoint", s3.url, code=2)
    assert "already" in ended.err


def test_what_is_given_up_is_served_from_its_folder(person: Person, root: Path, s3: S3Server) -> None:
    to = (f"{PREFIX}-4", "--endpoint", s3.url)
    killed_while_moving(person, root, *to)

    assert "can be written to again" in person.matou("archive", "move", root, "--cancel").err

    person.matou("user", "add", "eve", "--root", root, "--no-password")
    assert "is not being moved" in person.matou("archive", "move", root, "--cancel").err
