"""Repositories of Subversion, made into git's by a real git svn from a real svnserve."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matou.archive.cache import subversion_folder
from matou.archive.layout import Archive
from matou.credentials import GitCredential, Secret
from matou.errors import Invalid, NotFound, Refused, TryLater
from matou.git.operations.subversion import LedElsewhere, update_from_subversion
from matou.git.process.sandbox import DEFAULT_LIMITS
from matou.http.session import Session
from matou.model.platform import VersionControl
from matou.transfer.common.transports import HttpTransports
from matou.transfer.verify.command import verify
from support.git_repositories import git
from support.recording_server import RecordingServer, Reply
from support.scripted_source import ScriptedSource, assert_sound, back_up, outcomes, repository_lines
from support.steered_clock import SYSTEM_CLOCK
from support.svn_server import PASSWORD, USER, SvnServer, needs_svn, running_svn_server

pytestmark = needs_svn

CREDENTIAL = GitCredential(USER, Secret(PASSWORD))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SvnServer]:
    with running_svn_server(tmp_path_factory.mktemp("svn")) as server:
        yield server


@pytest.fixture(scope="module")
def url(server: SvnServer) -> str:
    url = server.create("ship")
    server.commit("ship", "mkdir", "trunk", "mkdir", "branches", message="layout")
    server.commit("ship", message="船体", files={"trunk/hull": b"oak\n", "trunk/码头.txt": b"quay\n"})
    server.commit("ship", "cp", "HEAD", "trunk", "branches/steel", message="branch")
    return url


class KeptCredential(ScriptedSource):
    def git_credential(self) -> GitCredential:
        return CREDENTIAL


def save(
    tmp_path: Path, archive: Archive, url: str, *, named: str = "http://127.0.0.1"
) -> tuple[dict[str, str], list[str]]:
    source = KeptCredential(tmp_path / "source")
    source.repository("ship", source.project("docks"), id_="7", version_control=VersionControl.SUBVERSION)
    source.depots[:] = [replace(depot, clone_url=url) for depot in source.depots]
    with Session(named=[named], clock=SYSTEM_CLOCK) as session:
        connections = HttpTransports(session, svn_folder=subversion_folder(archive))
        report = back_up(source, archive, connections=connections, reads_subversion=True)
    assert report.run is not None
    return outcomes(archive, report.run), [str(note.cause) for note in (*report.notes, *report.problems)]


def test_each_revision_is_a_commit_with_all_folders_and_what_is_lost_is_said(
    server: SvnServer, url: str, tmp_path: Path, archive: Archive
) -> None:
    first, notes = save(tmp_path, archive, url)
    again, nothing = save(tmp_path, archive, url)
    server.commit("ship", message="mast", files={"trunk/mast": b"pine\n"})
    after, _ = save(tmp_path, archive, url)

    assert (first, again, after) == ({"7": "saved"}, {"7": "unchanged"}, {"7": "saved"})
    assert "empty folders, properties and locks" in notes[0]
    assert nothing == []
    mirror = archive.repositories / f"{repository_lines(archive, 3)['7'].path}.git"
    assert git(mirror, "symbolic-ref", "HEAD").strip() == "refs/heads/svn"
    assert git(mirror, "log", "--format=%s", "svn").split() == ["mast", "branch", "船体", "layout"]
    paths = git(mirror, "-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", "svn").split()
    assert paths == ["branches/steel/hull", "branches/steel/码头.txt", "trunk/hull", "trunk/mast", "trunk/码头.txt"]
    assert git(mirror, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/svn"]
    assert_sound(archive)
    assert verify(archive, everything=True, jobs=1, now=datetime(2026, 12, 1, tzinfo=UTC)).is_whole


def test_what_git_svn_had_made_is_made_again_the_same_where_it_is_gone(
    url: str, tmp_path: Path, archive: Archive
) -> None:
    save(tmp_path, archive, url)
    [made] = subversion_folder(archive).iterdir()
    before = git(made, "rev-parse", "svn")
    made.rename(tmp_path / "gone")

    again, _ = save(tmp_path, archive, url)

    assert again == {"7": "unchanged"}
    assert git(made, "rev-parse", "svn") == before


def test_a_wrong_password_is_shown_once_and_no_file_and_no_word_holds_the_right_one(url: str, tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        update_from_subversion(tmp_path / "a.git", url, GitCredential(USER, Secret("hunter2")), limits=DEFAULT_LIMITS)
    update_from_subversion(tmp_path / "b.git", url, CREDENTIAL, limits=DEFAULT_LIMITS)

    assert "hunter2" not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in written


def test_an_address_inward_that_only_an_answer_named_is_not_asked(url: str, tmp_path: Path, archive: Archive) -> None:
    """The bug: git svn connects by itself, past the check that every request over HTTP goes through."""
    ended, notes = save(tmp_path, archive, url, named="https://forge.example")

    assert ended == {"7": "failed"}
    assert "which is not public" in notes[0]
    assert not subversion_folder(archive).exists()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_server_that_leads_on_is_not_followed(tmp_path: Path, status: int) -> None:
    with closing(RecordingServer()) as other, closing(RecordingServer()) as first:
        first.handler = lambda _: Reply(status, headers={"Location": f"{other.url}/ship"})
        with pytest.raises(LedElsewhere, match="moved"):
            update_from_subversion(tmp_path / "a.git", f"{first.url}/ship", CREDENTIAL, limits=DEFAULT_LIMITS)

    assert first.requests
    assert not other.requests


def test_what_is_not_there_and_what_is_not_reached_are_told_apart(server: SvnServer, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        update_from_subversion(
            tmp_path / "a.git", f"svn://127.0.0.1:{server.port}/none", CREDENTIAL, limits=DEFAULT_LIMITS
        )
    with pytest.raises(TryLater):
        update_from_subversion(tmp_path / "b.git", "svn://127.0.0.1:1/ship", CREDENTIAL, limits=DEFAULT_LIMITS)


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc",
        "svn+ssh://-oProxyCommand=id/ship",
        "--config-dir=/tmp",
        "https://captain:secret@svn.example/ship",
        "https://svn.example/../ship",
        "https://svn.example/$(id)",
        "https://svn.example/a b",
        "https://svn.example/a\nb",
        "",
    ],
)
def test_an_address_that_is_none_is_not_asked(tmp_path: Path, address: str) -> None:
    with pytest.raises(Invalid) as caught:
        update_from_subversion(tmp_path / "a.git", address, CREDENTIAL, limits=DEFAULT_LIMITS)

    assert not (tmp_path / "a.git").exists()
    assert "secret" not in str(caught.value)


def test_without_git_svn_it_is_listed_as_not_done_with_what_to_do(tmp_path: Path, archive: Archive) -> None:
    source = ScriptedSource(tmp_path / "source")
    source.repository("ship", source.project("docks"), version_control=VersionControl.SUBVERSION)

    [problem] = back_up(source, archive).problems

    assert problem.cause is not None
    assert "git-svn" in problem.cause.advice
