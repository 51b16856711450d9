"""Locks, by git-lfs itself and by requests that git-lfs would not send."""

import json
import shutil
import subprocess
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

from matou.db.memberships import Role
from matou.db.repositories import Repository
from matou.db.users import User
from matou.model.platform import Visibility
from support.deciding import add_member, archive_repository, rename_repository
from support.git_repositories import ENVIRONMENT
from support.matou_server import MatouServer

HTTP = urllib3.PoolManager(retries=False)
PATH = "design/ship.psd"


@dataclass(frozen=True)
class Locks:
    """The locks of one repository as one person sees them."""

    server: MatouServer
    repository: Repository
    user: User | None

    def ask(self, method: str, ending: str = "", body: object = None, **fields: Any) -> urllib3.BaseHTTPResponse:
        url = f"{self.server.url}/{self.repository.path}.git/info/lfs/locks{ending}"
        headers = {"Accept": "application/vnd.git-lfs+json"}
        if self.user is not None:
            token = self.server.token(self.user).reveal()
            headers["Authorization"] = f"Basic {b64encode(f'{self.user.name}:{token}'.encode()).decode()}"
        if body is None:
            return HTTP.request(method, url, headers=headers, fields=fields or None)
        return HTTP.request(method, url, headers=headers, body=body if isinstance(body, bytes) else json.dumps(body))

    def lock(self, path: object = PATH, **more: object) -> urllib3.BaseHTTPResponse:
        return self.ask("POST", body={"path": path, **more})

    def unlock(self, lock_id: object, **body: object) -> urllib3.BaseHTTPResponse:
        return self.ask("POST", f"/{lock_id}/unlock", body=body)

    def verify(self, **body: object) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask("POST", "/verify", body=body).json()
        return answer


@dataclass(frozen=True)
class Cast:
    owner: Locks
    writer: Locks
    other_writer: Locks
    reader: Locks
    stranger: Locks
    nobody: Locks


@pytest.fixture
def cast(matou_server: MatouServer) -> Cast:
    server, repository = matou_server, matou_server.repository()
    team = server.namespace(repository.path.namespace)

    def member(role: Role | None) -> Locks:
        user = server.user()
        if role is not None:
            add_member(server.forge, team, user, role)
        return Locks(server, repository, user)

    return Cast(
        owner=Locks(server, repository, server.owner),
        writer=member(Role.DEVELOPER),
        other_writer=member(Role.DEVELOPER),
        reader=member(Role.REPORTER),
        stranger=member(None),
        nobody=Locks(server, repository, None),
    )


def test_a_path_is_locked_once_and_said_by_whom(cast: Cast) -> None:
    made = cast.writer.lock(ref={"name": "refs/heads/main"})
    again, others = cast.writer.lock(), cast.other_writer.lock()

    lock = made.json()["lock"]
    assert cast.writer.user is not None
    assert made.status == 201
    assert (lock["path"], lock["owner"]) == (PATH, {"name": cast.writer.user.name})
    assert (again.status, others.status) == (409, 409)
    assert again.json()["lock"] == others.json()["lock"] == lock
    assert cast.other_writer.lock("design/boat.psd").status == 201


def test_before_a_push_everybody_learns_which_locks_are_in_their_way(cast: Cast) -> None:
    mine = cast.writer.lock().json()["lock"]
    theirs = cast.other_writer.lock("other.psd").json()["lock"]

    assert cast.writer.verify(ref={"name": "refs/heads/main"}) == {"ours": [mine], "theirs": [theirs]}
    assert cast.owner.verify() == {"ours": [], "theirs": [mine, theirs]}


def test_locks_are_listed_by_pages_by_path_and_by_id(cast: Cast) -> None:
    made = [cast.writer.lock(f"f{number}").json()["lock"] for number in range(5)]

    first = cast.reader.ask("GET", limit="2").json()
    second = cast.reader.ask("GET", limit="3", cursor=first["next_cursor"]).json()

    assert first["locks"] + second["locks"] == made
    assert "next_cursor" not in second
    assert cast.reader.ask("GET").json() == {"locks": made}
    assert cast.reader.ask("GET", path="f3").json()["locks"] == [made[3]]
    assert cast.reader.ask("GET", id=made[4]["id"]).json()["locks"] == [made[4]]
    assert cast.reader.ask("GET", id=made[4]["id"], path="f3").json()["locks"] == []
    assert cast.reader.ask("GET", path="none").json()["locks"] == []
    verified = cast.writer.verify(limit=4)
    assert verified["ours"] == made[:4]
    assert cast.writer.verify(cursor=verified["next_cursor"])["ours"] == made[4:]


def test_who_locked_unlocks_and_others_only_by_force_and_right(cast: Cast) -> None:
    lock = cast.writer.lock().json()["lock"]

    assert cast.other_writer.unlock(lock["id"]).status == 403
    assert cast.other_writer.unlock(lock["id"], force=True).status == 403
    assert cast.owner.unlock(lock["id"]).status == 403
    assert cast.owner.verify()["theirs"] == [lock]
    forced = cast.owner.unlock(lock["id"], force=True, ref={"name": "refs/heads/main"})
    assert (forced.status, forced.json()["lock"]) == (200, lock)
    assert cast.owner.unlock(lock["id"], force=True).status == 404
    own = cast.writer.lock().json()["lock"]
    assert cast.writer.unlock(own["id"]).json()["lock"] == own
    assert cast.reader.ask("GET").json()["locks"] == []


def test_who_may_not_push_locks_nothing(cast: Cast) -> None:
    lock = cast.writer.lock().json()["lock"]

    for person, status in ((cast.reader, 403), (cast.stranger, 404), (cast.nobody, 401)):
        assert person.lock("other").status == status
        assert person.unlock(lock["id"]).status == status
        assert person.ask("POST", "/verify", body={}).status == status
    assert cast.reader.ask("GET").status == 200
    assert cast.stranger.ask("GET").status == 404
    assert cast.nobody.ask("GET").status == 401


def test_anybody_sees_the_locks_of_a_public_repository(matou_server: MatouServer) -> None:
    repository = matou_server.repository(visibility=Visibility.PUBLIC)
    lock = Locks(matou_server, repository, matou_server.owner).lock().json()["lock"]
    nobody = Locks(matou_server, repository, None)

    assert nobody.ask("GET").json()["locks"] == [lock]
    assert nobody.ask("POST", "/verify", body={}).status == 401


def test_a_lock_of_another_repository_is_none_of_this_one(cast: Cast, matou_server: MatouServer) -> None:
    lock = cast.owner.lock().json()["lock"]
    elsewhere = Locks(matou_server, matou_server.repository(), matou_server.owner)

    assert elsewhere.ask("GET", id=lock["id"]).json()["locks"] == []
    assert elsewhere.unlock(lock["id"], force=True).status == 404
    assert elsewhere.lock().status == 201


def test_locks_stay_with_a_repository_that_is_renamed_and_archived(cast: Cast, matou_server: MatouServer) -> None:
    lock = cast.owner.lock().json()["lock"]
    renamed = rename_repository(matou_server.forge, cast.owner.repository, "renamed")
    archive_repository(matou_server.forge, renamed)
    it = Locks(matou_server, renamed, matou_server.owner)

    assert it.ask("GET").json()["locks"] == [lock]
    assert it.unlock(lock["id"]).status == 403


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/", "a\0b", "x" * 5000, None, 7, ["a"], "\ud800"]
)
def test_what_is_no_path_of_a_file_is_not_locked(cast: Cast, path: object) -> None:
    assert cast.writer.lock(path).status == 422
    assert cast.writer.ask("GET").json()["locks"] == []


@pytest.mark.parametrize("path", ["a b", "设计/船.psd", "x" * 4096, "a\nb", "'; DROP TABLE lfs_locks; --"])
def test_what_a_file_may_be_called_is_locked(cast: Cast, path: str) -> None:
    made = cast.writer.lock(path)

    assert (made.status, made.json()["lock"]["path"]) == (201, path)
    assert cast.writer.lock(path).status == 409


@pytest.mark.parametrize(
    ("ending", "body"),
    [
        ("", b""),
        ("", b"[]"),
        ("", b"{}"),
        ("/verify", b"{"),
        ("/verify", b'{"limit":"2"}'),
        ("/verify", b'{"limit":-1}'),
        ("/verify", b'{"cursor":"x"}'),
        ("/x/unlock", b"{}"),
        ("/-1/unlock", b"{}"),
        ("/9999999999999999999999/unlock", b"{}"),
        ("/1/unlock", b'{"force":"yes"}'),
    ],
)
def test_what_git_lfs_would_not_ask_is_refused(cast: Cast, ending: str, body: bytes) -> None:
    answer = cast.writer.ask("POST", ending, body=body)

    assert answer.status == 422
    assert answer.json()["message"]


@pytest.mark.parametrize("field", ["limit", "cursor", "id"])
def test_what_is_no_number_lists_nothing(cast: Cast, field: str) -> None:
    assert cast.writer.ask("GET", **{field: "x"}).status == 422


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_git_lfs_locks_lists_heeds_and_unlocks(cast: Cast, tmp_path: Path) -> None:
    """`lfs.locksverify` has git-lfs ask before each push, and stop where somebody else's file would go."""
    server, repository = cast.owner.server, cast.owner.repository
    environment = ENVIRONMENT | {"HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": str(tmp_path / ".gitconfig")}

    def run(*words: str, cwd: Path = tmp_path, fails: bool = False) -> str:
        ended = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True)
        assert (ended.returncode != 0) is fails, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    def clone(person: Locks, name: str) -> Path:
        assert person.user is not None
        url = server.clone_url(repository, server.credential(person.user))
        run("git", "clone", "--quiet", url, name)
        run("git", "config", "lfs.locksverify", "true", cwd=tmp_path / name)
        return tmp_path / name

    def change(folder: Path, content: bytes) -> None:
        (folder / "ship.psd").write_bytes(content)
        run("git", "add", ".", cwd=folder)
        run("git", "commit", "--quiet", "-m", "more", cwd=folder)

    run("git", "lfs", "install")
    mine = clone(cast.writer, "mine")
    run("git", "lfs", "track", "--lockable", "*.psd", cwd=mine)
    change(mine, b"one")
    run("git", "push", "--quiet", "origin", "HEAD:main", cwd=mine)
    theirs = clone(cast.other_writer, "theirs")
    run("git", "checkout", "--quiet", "-B", "main", "origin/main", cwd=theirs)

    assert "Locked ship.psd" in run("git", "lfs", "lock", "ship.psd", cwd=mine)
    assert cast.writer.user is not None
    assert cast.writer.user.name in run("git", "lfs", "locks", cwd=theirs)
    run("git", "lfs", "lock", "ship.psd", cwd=theirs, fails=True)
    (theirs / "ship.psd").chmod(0o644)
    change(theirs, b"two")
    refused = run("git", "push", "origin", "HEAD:main", cwd=theirs, fails=True)
    assert "Unable to push locked files" in refused
    assert "ship.psd" in refused
    change(mine, b"three")
    run("git", "push", "--quiet", "origin", "HEAD:main", cwd=mine)
    run("git", "lfs", "unlock", "ship.psd", cwd=theirs, fails=True)
    run("git", "lfs", "unlock", "ship.psd", cwd=mine)
    assert run("git", "lfs", "locks", cwd=mine) == ""
