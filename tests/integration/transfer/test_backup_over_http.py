"""A backup of a real server, over real sockets: its API, git's smart HTTP and LFS."""

import hashlib
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import NamespaceLine, Outcome, RepositoryLine
from matou.archive.records import read_records
from matou.credentials import Secret
from matou.errors import Refused
from matou.forge.accounts.namespaces import create_organization
from matou.git.process import limits
from matou.http.session import Session
from matou.platforms.coding.source import CodingClient
from matou.transfer.backup.command import BackupOptions, backup
from matou.transfer.backup.report import BackupReport
from matou.transfer.common.transports import HttpTransports
from support.deciding import create_label, create_project, receive
from support.matou_server import MatouServer
from support.scripted_source import assert_sound, commit, git, lfs_pointer, lines, open_archive, outcomes, refs_of
from support.steered_clock import SYSTEM_CLOCK

CONTENT = b"an object of LFS" * 100


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(tmp_path / "backup")


@dataclass(frozen=True)
class Team:
    """What its owner's token sees at the server."""

    path: str
    owner: str
    token: Secret


@pytest.fixture
def team(matou_server: MatouServer) -> Team:
    """A team with a project and three repositories: one with LFS, one with many branches, one empty."""
    server = matou_server
    owner = server.user()
    team = create_organization(server.forge, f"team-of-{owner.name}", owner=owner)
    project = create_project(
        server.forge, team, "shop", display_name="商店", description="Was", icon=None, creator=owner
    )
    create_label(server.forge, project, "bug", color="#ff0000")
    big = server.repository(f"{team.path}/shop/big")
    commit(server.git_dir(big), "refs/heads/main", {"big.bin": lfs_pointer(CONTENT)})
    receive(server.forge, big, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), io.BytesIO(CONTENT))
    many = server.repository(f"{team.path}/shop/many")
    for number in range(20):
        commit(server.git_dir(many), f"refs/heads/branch-{number}", {"n": str(number)})
    server.repository(f"{team.path}/shop/empty")
    return Team(str(team.path), owner.name, server.token(owner))


@pytest.fixture
def session(matou_server: MatouServer) -> Iterator[Session]:
    with Session(named=(matou_server.url,), clock=SYSTEM_CLOCK, connections=12) as session:
        yield session


def back_up(server: MatouServer, session: Session, archive: Archive, token: Secret) -> BackupReport:
    url = f"{server.url}/open-api"
    return backup(
        lambda record: CodingClient(session, url, token, record=record, now=now),
        archive,
        HttpTransports(session),
        BackupOptions(jobs=2),
        now=now,
        cancelled=threading.Event(),
    )


def test_a_team_is_saved_and_then_proven_unchanged_without_a_process(
    matou_server: MatouServer, session: Session, archive: Archive, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = back_up(matou_server, session, archive, team.token)
    monkeypatch.setattr(limits, "git_program", lambda: pytest.fail("a git process was started"))
    second = back_up(matou_server, session, archive, team.token)
    monkeypatch.undo()

    rows = {line.name: line for line in lines(archive, 2) if isinstance(line, RepositoryLine)}
    assert {name: line.outcome.value for name, line in rows.items() if line.path.startswith(team.path)} == {
        "big": "unchanged",
        "many": "unchanged",
        "empty": "empty",
    }
    assert first.everything_is_saved
    assert second.everything_is_saved
    assert archive.blobs.read(hashlib.sha256(CONTENT).hexdigest()) == CONTENT
    many = matou_server.root / "repositories" / team.path / "shop" / "many.git"
    assert refs_of(archive.root / "repositories" / team.path / "shop" / "many.git") == refs_of(many)
    assert_sound(archive)


def test_what_a_project_has_beside_repositories_is_saved(
    matou_server: MatouServer, session: Session, archive: Archive, team: Team
) -> None:
    back_up(matou_server, session, archive, team.token)

    line = next(
        line for line in lines(archive, 1) if isinstance(line, NamespaceLine) and line.path == f"{team.path}/shop"
    )
    assert (line.name, line.display_name, line.description) == ("shop", "商店", "Was")
    assert b"bug" in archive.blobs.read(line.documents["labels"])
    assert team.owner.encode() in archive.blobs.read(line.documents["members"])
    requests_seen = {record.request for record in read_records(archive.records(1))}
    assert {"DescribeCodingCurrentUser", "DescribeTeam", "DescribeCodingProjects"} <= requests_seen


def test_a_push_at_the_source_is_fetched_and_the_overwritten_tip_is_kept(
    matou_server: MatouServer, session: Session, archive: Archive, team: Team
) -> None:
    source = matou_server.root / "repositories" / team.path / "shop" / "many.git"
    back_up(matou_server, session, archive, team.token)
    old = refs_of(source)["refs/heads/branch-3"]
    git(source, "update-ref", "-d", "refs/heads/branch-3")
    commit(source, "refs/heads/branch-3", {"n": "rewritten"}, message="rewritten")
    back_up(matou_server, session, archive, team.token)

    saved = refs_of(archive.root / "repositories" / team.path / "shop" / "many.git")
    assert saved["refs/matou/kept/000002/heads/branch-3"] == old
    assert saved["refs/heads/branch-3"] == refs_of(source)["refs/heads/branch-3"]
    assert_sound(archive)


def test_whoever_names_somebody_else_s_lfs_object_does_not_get_it(
    matou_server: MatouServer, session: Session, archive: Archive, team: Team
) -> None:
    """A pointer is a text that anybody may commit; the archive has the object, but the source gives it to one only."""
    back_up(matou_server, session, archive, team.token)
    thief = matou_server.repository(f"{team.path}/shop/thief")
    commit(matou_server.git_dir(thief), "refs/heads/main", {"big.bin": lfs_pointer(CONTENT)})

    reports = [back_up(matou_server, session, archive, team.token) for _ in range(2)]

    saved = {line.name: line for line in lines(archive, 3) if isinstance(line, RepositoryLine)}
    missing = {name: line.lfs.missing for name, line in saved.items() if line.lfs is not None}
    assert missing == {"big": (), "thief": (hashlib.sha256(CONTENT).hexdigest(),)}
    assert saved["thief"].outcome is Outcome.INCOMPLETE
    assert [report.everything_is_saved for report in reports] == [False, False]

    receive(matou_server.forge, thief, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), io.BytesIO(CONTENT))
    assert back_up(matou_server, session, archive, team.token).everything_is_saved


def test_a_token_that_is_no_good_is_refused_before_a_run_begins(
    matou_server: MatouServer, session: Session, archive: Archive, team: Team
) -> None:
    with pytest.raises(Refused):
        back_up(matou_server, session, archive, Secret("0" * 40))

    assert list(archive.run_numbers()) == []


def test_neither_token_nor_credential_is_in_the_archive(
    matou_server: MatouServer, session: Session, archive: Archive, team: Team
) -> None:
    back_up(matou_server, session, archive, team.token)

    contents = [path.read_bytes() for path in archive.root.rglob("*") if path.is_file()]
    bodies = [record.body for record in read_records(archive.records(1))]
    assert [content for content in (*contents, *bodies) if team.token.reveal().encode() in content] == []


def test_the_outcomes_of_a_team_are_told_in_the_report(
    matou_server: MatouServer, session: Session, archive: Archive, team: Team
) -> None:
    report = back_up(matou_server, session, archive, team.token)

    assert sum(report.outcomes.values()) == len(outcomes(archive, 1))
    assert report.received_bytes > len(CONTENT)
    assert report.run == 1
