"""What becomes of a push when its repository, or whoever pushes, is no longer what it was when the push began."""

import os
import socket
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import update

from matou.credentials import GitCredential, Secret
from matou.db.memberships import Role
from matou.db.repositories import Repository
from matou.db.schema import tokens
from matou.db.users import User
from matou.forge.accounts.namespaces import find_namespace
from matou.forge.repositories.repository_lists import find_repository_by_id
from support.deciding import (
    add_member,
    archive_repository,
    create_repository,
    delete_repository,
    list_tokens,
    rename_repository,
    revoke_token,
    set_active,
    set_password,
)
from support.deciding import remove_namespace_member as remove_member
from support.fault_proxy import FaultProxy, HoldBack
from support.git_repositories import ENVIRONMENT, git, git_bytes, make_repository, refs_of
from support.matou_server import PASSWORD, MatouServer


@dataclass
class Pusher:
    """Somebody who pushes by hand, and so as slowly as the test wants."""

    server: MatouServer
    repository: Repository
    clone: Path
    person: User
    by_password: bool = False

    def credential(self) -> GitCredential:
        if self.by_password:
            return GitCredential(self.person.name, Secret(PASSWORD))
        return self.server.credential(self.person)

    def commands(self) -> bytes:
        tip = git(self.clone, "rev-parse", "main")
        line = f"{'0' * 40} {tip} refs/heads/main\0 report-status side-band-64k\n".encode()
        return b"%04x%b0000" % (len(line) + 4, line)

    def pack(self) -> bytes:
        return git_bytes(self.clone, "pack-objects", "--revs", "--stdout", "-q", input=b"main\n")

    @contextmanager
    def begun(self) -> Iterator["Pushing"]:
        """The commands are sent, and all of the pack but its last bytes."""
        pack = self.pack()
        with Pushing.connected(self, len(self.commands()) + len(pack)) as pushing:
            pushing.send(self.commands() + pack[:-20])
            self.wait_until_git_reads()
            pushing.rest = pack[-20:]
            yield pushing

    def wait_until_git_reads(self) -> None:
        """Git on the server has begun to take the pack, so the push was let in."""
        objects, waiting, end = self.server.git_dir(self.repository) / "objects", threading.Event(), 20.0
        while not list(objects.glob("tmp_objdir*/pack/tmp_pack_??????")):
            assert end > 0
            waiting.wait(0.02)
            end -= 0.02


@dataclass
class Pushing:
    connection: socket.socket
    rest: bytes = b""

    @classmethod
    @contextmanager
    def connected(cls, pusher: Pusher, length: int) -> Iterator[Self]:
        credential = pusher.credential()
        basic = b64encode(f"{credential.user}:{credential.password.reveal()}".encode()).decode()
        host, port = pusher.server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            made = cls(connection)
            made.send(
                f"POST /{pusher.repository.path}.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                f"Content-Length: {length}\r\nContent-Type: application/x-git-receive-pack-request\r\n"
                f"Authorization: Basic {basic}\r\n\r\n".encode()
            )
            yield made

    def send(self, content: bytes) -> None:
        self.connection.sendall(content)

    def finish(self) -> bytes:
        """Send the rest; gives the whole answer."""
        self.send(self.rest)
        answer = b""
        while piece := self.connection.recv(65536):
            answer += piece
        return answer


@pytest.fixture
def pusher(matou_server: MatouServer, tmp_path: Path) -> Pusher:
    repository, person = matou_server.repository(), matou_server.user()
    team = find_namespace(matou_server.forge, repository.path.namespace)
    add_member(matou_server.forge, team, person, Role.DEVELOPER)
    return Pusher(matou_server, repository, make_repository(tmp_path / "clone.git", commits=2), person)


def archive(pusher: Pusher) -> None:
    archive_repository(pusher.server.forge, pusher.repository)


def remove_the_person(pusher: Pusher) -> None:
    team = find_namespace(pusher.server.forge, pusher.repository.path.namespace)
    remove_member(pusher.server.forge, team, pusher.person)


def rename(pusher: Pusher) -> None:
    rename_repository(pusher.server.forge, pusher.repository, "elsewhere")


def rename_and_replace(pusher: Pusher) -> None:
    rename(pusher)
    create_repository(pusher.server.forge, pusher.repository.path, creator=None)


def delete(pusher: Pusher) -> None:
    delete_repository(pusher.server.forge, pusher.repository)


def revoke_the_token(pusher: Pusher) -> None:
    forge = pusher.server.forge
    for token in list_tokens(forge, pusher.person):
        revoke_token(forge, pusher.person, token.id)


def let_the_token_expire(pusher: Pusher) -> None:
    with pusher.server.forge.database.begin_write() as connection:
        connection.execute(
            update(tokens).where(tokens.c.user_id == pusher.person.id).values(expires_at=datetime.now(UTC))
        )


def switch_the_person_off(pusher: Pusher) -> None:
    set_active(pusher.server.forge, pusher.person, active=False)


def change_the_password(pusher: Pusher) -> None:
    set_password(pusher.server.forge, pusher.person, Secret("another horse battery staple"))


def all_refs(pusher: Pusher) -> list[object]:
    """Of everything that stands in the team."""
    folder = pusher.server.git_dir(pusher.repository).parent
    return [refs for git_dir in folder.glob("*.git") if (refs := refs_of(git_dir))]


CHANGES: list[Callable[[Pusher], None]] = [
    archive,
    remove_the_person,
    rename,
    rename_and_replace,
    delete,
    revoke_the_token,
    let_the_token_expire,
    switch_the_person_off,
]


def test_a_slow_push_arrives_if_nothing_happens_meanwhile(pusher: Pusher) -> None:
    with pusher.begun() as pushing:
        answer = pushing.finish()

    assert b"ok refs/heads/main" in answer
    assert all_refs(pusher) == [refs_of(pusher.clone)]


@pytest.mark.parametrize("change", CHANGES)
def test_a_push_is_refused_where_it_could_not_begin_any_more(pusher: Pusher, change: Callable[[Pusher], None]) -> None:
    with pusher.begun() as pushing:
        change(pusher)
        answer = pushing.finish()

    assert b"ok refs/heads/main" not in answer
    assert all_refs(pusher) == []
    team = pusher.server.git_dir(pusher.repository).parent
    assert list(team.rglob("objects/pack/*.pack")) == []
    assert [path for path in team.glob("*.git") if not (path / "HEAD").exists()] == []


@pytest.mark.parametrize("change", CHANGES)
def test_a_push_that_waited_for_its_turn_is_looked_at_again(pusher: Pusher, change: Callable[[Pusher], None]) -> None:
    body = pusher.commands() + pusher.pack()
    with pusher.begun() as first, Pushing.connected(pusher, len(body)) as second:
        second.send(body)
        threading.Event().wait(0.3)
        change(pusher)
        first.finish()
        answer = second.finish()

    assert b"ok refs/heads/main" not in answer
    assert all_refs(pusher) == []


def test_who_pushes_reads_why_it_was_not_taken(pusher: Pusher) -> None:
    with pusher.begun() as pushing:
        archive(pusher)
        answer = pushing.finish()

    forge = pusher.server.forge
    assert b"archived" in answer
    assert find_repository_by_id(forge, pusher.repository.id).last_push_at is None


def test_a_push_by_password_is_refused_once_the_password_is_another_one(pusher: Pusher) -> None:
    pusher.by_password = True
    with pusher.begun() as pushing:
        change_the_password(pusher)
        answer = pushing.finish()

    assert b"ok refs/heads/main" not in answer
    assert all_refs(pusher) == []


def test_a_push_by_password_arrives_if_nothing_happens_meanwhile(pusher: Pusher) -> None:
    pusher.by_password = True
    with pusher.begun() as pushing:
        answer = pushing.finish()

    assert b"ok refs/heads/main" in answer


def test_git_tells_who_pushes_that_the_token_was_revoked_meanwhile(
    pusher: Pusher, fault_proxy: Callable[[str], FaultProxy]
) -> None:
    proxy = fault_proxy(pusher.server.url)

    def revoke_in_the_middle() -> None:
        pusher.wait_until_git_reads()
        revoke_the_token(pusher)

    held = proxy.add(HoldBack(20, revoke_in_the_middle), method="POST", path="git-receive-pack", body="PACK")
    url = pusher.server.clone_url(pusher.repository, pusher.credential()).replace(
        pusher.server.url.partition("://")[2], proxy.url.partition("://")[2]
    )

    words = ["git", "--git-dir", str(pusher.clone), "push", url, "main"]
    pushed = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True)

    assert (pushed.returncode, held.matched) == (1, 1)
    assert (
        "remote: Nothing of this push was taken: the password or token is not known here, or no longer" in pushed.stderr
    )
    assert all_refs(pusher) == []


def test_what_a_push_left_that_was_killed_goes_with_a_later_one(pusher: Pusher) -> None:
    objects = pusher.server.git_dir(pusher.repository) / "objects"
    old, new = objects / "tmp_objdir-incoming-old", objects / "tmp_objdir-incoming-new"
    for folder in (old, new):
        (folder / "pack").mkdir(parents=True)
        (folder / "pack" / "tmp_pack_x").write_bytes(b"PACK")
    two_days_ago = time.time() - 2 * 86400
    for path in (*old.rglob("*"), old, new):
        os.utime(path, (two_days_ago, two_days_ago))

    with pusher.begun() as pushing:
        pushing.finish()

    assert (old.exists(), new.exists()) == (False, True)
