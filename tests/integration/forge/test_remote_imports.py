"""Imports by URL: whole from where one may, and not one packet to where one may not."""

import hashlib
import io
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.db.engine import Connection, Database
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import NoSuchNamespace
from matou.forge.accounts.users import NameTaken, create_user
from matou.forge.forge import Forge
from matou.forge.repositories import remote_imports
from matou.forge.repositories.remote_imports import ImportFailed, ImportNotAllowed, ImportsBusy, ImportUntrusted
from matou.forge.repositories.repository_lists import find_repository
from matou.forge.repositories.repository_metadata import RepositoryMetadata
from matou.model.names import RepositoryPath
from matou.model.platform import Visibility
from support.certificates import make_certificate
from support.clocks import Clock
from support.deciding import exists, import_from, open_object, receive, ref_listing
from support.encrypted_server import EncryptedServer
from support.git_repositories import commit_file, commit_stream, fast_import, git, lfs_pointer, refs_of, tip_of
from support.listed_rows import repositories_in
from support.matou_server import MatouServer
from support.recording_server import RecordingServer, Reply

HERE = RepositoryPath.parse("anna/ship")
PROFILE = RepositoryMetadata(name="The ship", description="a ship", visibility=Visibility.PRIVATE)

INWARD = (
    "http://127.0.0.1/x.git",
    "http://0/x.git",
    "http://0.0.0.0/x.git",
    "http://0177.0.0.1/x.git",
    "http://0x7f.1/x.git",
    "http://2130706433/x.git",
    "http://127.1/x.git",
    "http://localhost/x.git",
    "http://LOCALHOST/x.git",
    "http://[::1]/x.git",
    "http://[::]/x.git",
    "http://[::ffff:127.0.0.1]/x.git",
    "http://[::ffff:7f00:1]/x.git",
    "http://[64:ff9b::a9fe:a9fe]/x.git",
    "http://[2002:7f00:1::]/x.git",
    "http://[fe80::1]/x.git",
    "http://[fd00::1]/x.git",
    "http://169.254.169.254/latest/meta-data",
    "http://10.0.0.1/x.git",
    "http://172.16.0.1/x.git",
    "http://192.168.1.1:8080/x.git",
    "https://100.64.0.1/x.git",
    "http://224.0.0.1/x.git",
    "http://255.255.255.255/x.git",
)

UNREADABLE = (
    "file:///etc",
    "/srv/repositories/x.git",
    "../x.git",
    "ext::sh -c id",
    "-u x",
    "--upload-pack=touch /tmp/x",
    "ssh://-oProxyCommand=id/x",
    "ssh://git@example.com/x.git",
    "git@example.com:x.git",
    "git://example.com/x.git",
    "ftp://example.com/x.git",
    "gopher://example.com/x.git",
    "http://user:SECRET@example.com/x.git",
    "http://SECRET@example.com/x.git",
    "http://example.com\\@127.0.0.1/x.git",
    "http://example.com/x.git\nHost: inside",
    "http:///x.git",
    "http://exa mple.com/x.git",
    "http://example.com:0/x.git",
    "http://example.com:99999/x.git",
    "http://" + "a" * 3000 + "/x.git",
    "http::http://127.0.0.1/x.git",
    "",
)


def nothing(_connection: Connection, _repository: Repository) -> None:
    """Nothing belongs to it."""


def nothing_is_left(forge: Forge) -> bool:
    folders = [*forge.archive.repositories.rglob("HEAD"), *forge.archive.staging.iterdir()]
    return folders == [] and repositories_in(forge, None) == ((), 0)


@pytest.fixture
def plain(sqlite_database: Database, archive: Archive, clock: Clock) -> tuple[Forge, User]:
    """For what no database has a part in."""
    forge = Forge(sqlite_database, archive, clock)
    return forge, create_user(forge, "anna")


@pytest.fixture
def allowed(forge: Forge) -> Forge:
    return replace(forge, imports_may_reach_private=True)


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    server = RecordingServer()
    yield server
    server.close()


@pytest.fixture
def origin(matou_server: MatouServer) -> Repository:
    """Public, at a server over HTTP: two branches, a tag, a change request's ref, and HEAD on an unusual branch."""
    made = matou_server.repository(visibility=Visibility.PUBLIC)
    git_dir = matou_server.git_dir(made)
    fast_import(git_dir, commit_stream("trunk", {"README.md": b"# ship\n"}, "first"))
    fast_import(git_dir, commit_stream("feature/码头", {"file": b"1\n"}, "other"))
    git(git_dir, "tag", "v1", "trunk")
    git(git_dir, "update-ref", "refs/pull/1/head", "trunk")
    git(git_dir, "symbolic-ref", "HEAD", "refs/heads/trunk")
    return made


@pytest.mark.parametrize("url", INWARD)
def test_nothing_is_imported_from_inside(plain: tuple[Forge, User], url: str) -> None:
    forge, anna = plain

    with pytest.raises(ImportNotAllowed) as refusal:
        import_from(forge, url, HERE, PROFILE, creator=anna, also=nothing)

    assert "not public" not in str(refusal.value)
    assert nothing_is_left(forge)


@pytest.mark.parametrize("url", UNREADABLE)
def test_only_plain_http_and_https_is_read(plain: tuple[Forge, User], url: str) -> None:
    allowed, anna = replace(plain[0], imports_may_reach_private=True), plain[1]

    with pytest.raises(ImportNotAllowed) as refusal:
        import_from(allowed, url, HERE, PROFILE, creator=anna, also=nothing)

    assert "SECRET" not in str(refusal.value)
    assert nothing_is_left(allowed)


def test_a_name_that_stands_for_a_private_address_among_public_ones_is_refused(
    forge: Forge, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 80)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)

    with pytest.raises(ImportNotAllowed) as refusal:
        import_from(forge, "http://both.example/x.git", HERE, PROFILE, creator=anna, also=nothing)

    assert "10.1.2.3" not in str(refusal.value)


def test_the_address_is_looked_up_once_and_git_goes_there_and_nowhere_else(
    allowed: Forge, anna: User, origin: Repository, matou_server: MatouServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git itself would not find this name: that it arrives shows that it did not look."""
    really_look_up, requests_seen = socket.getaddrinfo, []

    def look_up(host: str, port: int, *, type: int) -> object:  # noqa: A002 - its name there
        requests_seen.append(host)
        return really_look_up("127.0.0.1", port, type=type)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    url = matou_server.clone_url(origin).replace("127.0.0.1", "rebinding.invalid")

    made = import_from(allowed, url, HERE, PROFILE, creator=anna, also=nothing)

    assert requests_seen == ["rebinding.invalid"]
    assert "refs/heads/trunk" in ref_listing(allowed, made).refs


def test_a_name_with_addresses_of_both_kinds_is_reached(
    allowed: Forge, anna: User, origin: Repository, matou_server: MatouServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server listens on the second one only."""
    answers = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 80, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    url = matou_server.clone_url(origin).replace("127.0.0.1", "both.invalid")

    assert import_from(allowed, url, HERE, PROFILE, creator=anna, also=nothing).default_branch == "trunk"


def test_branches_tags_and_head_come_in(
    allowed: Forge, anna: User, origin: Repository, matou_server: MatouServer
) -> None:
    told: list[str] = []

    def also(_connection: Connection, repository: Repository) -> None:
        told.append(str(repository.path))

    made = import_from(allowed, matou_server.clone_url(origin), HERE, PROFILE, creator=anna, also=also)

    there = refs_of(matou_server.git_dir(origin))
    assert ref_listing(allowed, made).refs == {
        name: oid for name, oid in there.items() if not name.startswith("refs/pull/")
    }
    assert (made.default_branch, made.true_name, made.description) == ("trunk", "The ship", "a ship")
    assert (made.visibility, made.creator_id, told) == (Visibility.PRIVATE, anna.id, ["anna/ship"])
    assert find_repository(allowed, HERE) == made


def test_a_url_that_does_not_end_in_git_will_do(
    allowed: Forge, anna: User, origin: Repository, matou_server: MatouServer
) -> None:
    url = matou_server.clone_url(origin).removesuffix(".git")

    assert import_from(allowed, url, HERE, PROFILE, creator=anna, also=nothing).default_branch == "trunk"


def test_lfs_objects_come_with_it(allowed: Forge, anna: User, origin: Repository, matou_server: MatouServer) -> None:
    content, absent = b"large\n" * 1000, b"nobody has this"
    oid = hashlib.sha256(content).hexdigest()
    receive(matou_server.forge, origin, oid, len(content), io.BytesIO(content))
    commit_file(matou_server.git_dir(origin), "trunk", "large", lfs_pointer(content))
    commit_file(matou_server.git_dir(origin), "trunk", "absent", lfs_pointer(absent))

    made = import_from(allowed, matou_server.clone_url(origin), HERE, PROFILE, creator=anna, also=nothing)

    assert open_object(allowed, made, oid)[0].read_bytes() == content
    assert not exists(allowed, made, hashlib.sha256(absent).hexdigest())


def test_an_lfs_object_that_the_archive_has_from_elsewhere_is_not_given_for_its_name(
    allowed: Forge, anna: User, repository: Repository, origin: Repository, matou_server: MatouServer
) -> None:
    """Whoever points at somebody's object would otherwise get to read it."""
    secret = b"somebody's"
    oid = hashlib.sha256(secret).hexdigest()
    receive(allowed, repository, oid, len(secret), io.BytesIO(secret))
    commit_file(matou_server.git_dir(origin), "trunk", "stolen", lfs_pointer(secret))

    made = import_from(allowed, matou_server.clone_url(origin), HERE, PROFILE, creator=anna, also=nothing)

    assert not exists(allowed, made, oid)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(allowed: Forge, anna: User, server: RecordingServer, status: int) -> None:
    elsewhere = RecordingServer()
    server.replies = [Reply(status, headers={"Location": f"{elsewhere.url}/x.git/info/refs?service=git-upload-pack"})]

    with pytest.raises(ImportFailed):
        import_from(allowed, f"{server.url}/x.git", HERE, PROFILE, creator=anna, also=nothing)

    elsewhere.close()
    assert elsewhere.requests == []
    assert nothing_is_left(allowed)


def test_lfs_is_asked_of_no_machine_inside_either(
    forge: Forge, anna: User, origin: Repository, matou_server: MatouServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the name had stood for a public address when git asked, and now for this machine."""
    content = b"large\n" * 10
    oid = hashlib.sha256(content).hexdigest()
    receive(matou_server.forge, origin, oid, len(content), io.BytesIO(content))
    commit_file(matou_server.git_dir(origin), "trunk", "large", lfs_pointer(content))
    monkeypatch.setattr(remote_imports, "_pinned", lambda forge, address: ())

    made = import_from(forge, matou_server.clone_url(origin), HERE, PROFILE, creator=anna, also=nothing)

    assert not exists(forge, made, oid)


@pytest.mark.parametrize("name", ["a" * 40, "0123456789" * 4, "f" * 64])
def test_a_branch_called_like_an_object_id_is_refused(
    allowed: Forge, anna: User, origin: Repository, matou_server: MatouServer, name: str
) -> None:
    """CVE-2022-2417."""
    git_dir = matou_server.git_dir(origin)
    git(git_dir, "update-ref", f"refs/heads/{name}", tip_of(git_dir, "refs/heads/trunk"))

    with pytest.raises(ImportFailed):
        import_from(allowed, matou_server.clone_url(origin), HERE, PROFILE, creator=anna, also=nothing)

    assert nothing_is_left(allowed)


def test_what_cannot_be_read_is_told_without_what_git_said(
    allowed: Forge, anna: User, matou_server: MatouServer
) -> None:
    private = matou_server.repository()

    with pytest.raises(ImportFailed) as failure:
        import_from(allowed, matou_server.clone_url(private), HERE, PROFILE, creator=anna, also=nothing)
    with pytest.raises(ImportFailed):
        import_from(allowed, "http://127.0.0.1:1/x.git", HERE, PROFILE, creator=anna, also=nothing)
    with pytest.raises(ImportFailed):
        import_from(allowed, "http://no-such-host.invalid/x.git", HERE, PROFILE, creator=anna, also=nothing)

    assert "fatal" not in str(failure.value)
    assert nothing_is_left(allowed)


def test_a_server_that_never_ends_is_given_up(
    allowed: Forge, anna: User, server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_imports, "LONGEST", timedelta(seconds=1))
    server.replies = [Reply(200, pieces=[b"x"] * 600, delay=0.1, chunked=True)]

    with pytest.raises(ImportFailed):
        import_from(allowed, f"{server.url}/x.git", HERE, PROFILE, creator=anna, also=nothing)

    assert nothing_is_left(allowed)


def test_a_repository_that_is_too_large_is_given_up(
    allowed: Forge, anna: User, origin: Repository, matou_server: MatouServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_imports, "MOST_PACK_BYTES", 20_000)
    commit_file(matou_server.git_dir(origin), "trunk", "noise", hashlib.shake_256(b"x").digest(200_000))

    with pytest.raises(ImportFailed):
        import_from(allowed, matou_server.clone_url(origin), HERE, PROFILE, creator=anna, also=nothing)

    assert nothing_is_left(allowed)


def test_a_few_run_at_once(allowed: Forge, anna: User, origin: Repository, matou_server: MatouServer) -> None:
    url = matou_server.clone_url(origin)
    with remote_imports._one_of_few(allowed), remote_imports._one_of_few(allowed), pytest.raises(ImportsBusy) as busy:
        import_from(allowed, url, HERE, PROFILE, creator=anna, also=nothing)

    assert busy.value.wait is not None
    assert import_from(allowed, url, HERE, PROFILE, creator=anna, also=nothing).path == HERE


def test_nothing_is_asked_for_a_name_that_is_taken(
    allowed: Forge, anna: User, repository: Repository, server: RecordingServer
) -> None:
    with pytest.raises(NameTaken):
        import_from(allowed, f"{server.url}/x.git", repository.path, PROFILE, creator=anna, also=nothing)
    with pytest.raises(NoSuchNamespace):
        import_from(
            allowed, f"{server.url}/x.git", RepositoryPath.parse("no/ship"), PROFILE, creator=anna, also=nothing
        )

    assert server.requests == []


def test_a_server_that_cannot_prove_who_it_is_is_the_askers_to_mend(allowed: Forge, anna: User, tmp_path: Path) -> None:
    server = EncryptedServer(make_certificate(tmp_path, "IP:127.0.0.1"))

    with pytest.raises(ImportUntrusted, match="is not trusted"):
        import_from(allowed, f"{server.url}/x.git", HERE, PROFILE, creator=anna, also=nothing)

    server.close()
    assert b"".join(server.received) == b""
    assert nothing_is_left(allowed)
