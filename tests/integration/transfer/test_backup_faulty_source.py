"""A source that answers 429 and 500, breaks off, sends half an answer or a wrong byte, or is too slow."""

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import Outcome
from matou.errors import MatouError
from matou.forge.accounts.namespaces import create_organization
from matou.http.request import TransferLimits
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.platforms.coding.source import CodingClient
from matou.transfer.backup.command import BackupOptions, backup
from matou.transfer.backup.report import BackupReport
from matou.transfer.common.transports import HttpTransports
from support.deciding import create_project
from support.fault_proxy import (
    FaultProxy,
    FlipByte,
    LimitData,
    Redirect,
    ReplaceJson,
    ResetPeer,
    Status,
    Timeout,
    Toxic,
    TruncateBody,
)
from support.matou_server import MatouServer
from support.scripted_source import assert_sound, commit, open_archive, refs_of, repository_lines
from support.steered_clock import SYSTEM_CLOCK

NAMES = ("a", "b", "c")
FETCH = {"method": "POST", "path": r"/b\.git/git-upload-pack", "body": "command=fetch"}
LS_REFS = {"method": "POST", "path": r"/b\.git/git-upload-pack", "body": "command=ls-refs"}


def now() -> datetime:
    return datetime.now(UTC)


class Source:
    """A team at a server that is reached through a proxy."""

    def __init__(self, server: MatouServer, proxy: FaultProxy, archive: Archive) -> None:
        owner = server.user()
        team = create_organization(server.forge, f"team-of-{owner.name}", owner=owner)
        create_project(server.forge, team, "shop", display_name="", description="", icon=None, creator=owner)
        self.folders: dict[str, Path] = {}
        for name in NAMES:
            self.folders[name] = server.git_dir(server.repository(f"{team.path}/shop/{name}"))
            commit(self.folders[name], "refs/heads/main", {"content.bin": random.Random(name).randbytes(150_000)})
        self.proxy = proxy
        self.archive = archive
        self.token = server.token(owner)

    def back_up(self) -> BackupReport:
        limits = TransferLimits(idle=timedelta(seconds=0.5))
        patience = RetryPolicy(attempts=3, first_wait=timedelta(seconds=0.02), total=timedelta(seconds=20))
        url = f"{self.proxy.url}/open-api"
        with Session(named=(url,), clock=SYSTEM_CLOCK, connections=12, limits=limits, patience=patience) as session:
            return backup(
                lambda record: CodingClient(session, url, self.token, record=record, now=now),
                self.archive,
                HttpTransports(session),
                BackupOptions(jobs=2, first_wait=timedelta()),
                now=now,
                cancelled=threading.Event(),
            )

    def outcomes(self, run: int) -> dict[str, str]:
        return {line.name: line.outcome.value for line in repository_lines(self.archive, run).values()}

    def assert_is_saved(self, run: int) -> None:
        rows = {line.name: line for line in repository_lines(self.archive, run).values()}
        for name, folder in self.folders.items():
            assert rows[name].outcome in {Outcome.SAVED, Outcome.UNCHANGED}
            assert refs_of(self.archive.repositories / f"{rows[name].path}.git") == refs_of(folder)
        assert_sound(self.archive)


@pytest.fixture
def source(tmp_path: Path, matou_server: MatouServer, fault_proxy: Callable[[str], FaultProxy]) -> Source:
    return Source(matou_server, fault_proxy(matou_server.url), open_archive(tmp_path / "archive"))


@pytest.mark.parametrize(
    "toxic",
    [
        Status(429, {"Retry-After": "0"}),
        Status(500),
        Status(503),
        TruncateBody(20),
        ResetPeer(),
        LimitData(10),
    ],
    ids=repr,
)
@pytest.mark.parametrize("where", [{"path": "open-api"}, LS_REFS, {**FETCH}], ids=["api", "ls-refs", "fetch"])
def test_trouble_that_passes_is_outwaited_or_told_and_the_next_run_is_whole(
    source: Source, toxic: Toxic, where: dict[str, str]
) -> None:
    source.proxy.add(toxic, at=2 if where == {"path": "open-api"} else 1, **where)  # type: ignore[arg-type]
    source.back_up()

    assert {source.outcomes(1)[name] for name in ("a", "c")} == {"saved"}
    assert source.outcomes(1)["b"] in {"saved", "failed"}
    source.proxy.clear()
    source.back_up()
    source.assert_is_saved(2)


@pytest.mark.parametrize("toxic", [TruncateBody(100_000), TruncateBody(60), ResetPeer(100_000)], ids=repr)
@pytest.mark.parametrize("where", [LS_REFS, FETCH], ids=["ls-refs", "fetch"])
def test_an_answer_that_breaks_off_is_asked_for_again_within_the_run(
    source: Source, toxic: Toxic, where: dict[str, str]
) -> None:
    source.proxy.add(toxic, at=[1, 2], **where)  # type: ignore[arg-type]
    source.back_up()

    assert set(source.outcomes(1).values()) == {"saved"}
    source.assert_is_saved(1)


def test_a_limit_that_is_told_with_403_is_waited_for(source: Source) -> None:
    limit = Status(403, {"X-RateLimit-Remaining": "0", "Retry-After": "0.1"})
    source.proxy.add(limit, at=1, **FETCH)  # type: ignore[arg-type]
    source.proxy.add(limit, at=2, path="open-api")
    source.back_up()

    assert set(source.outcomes(1).values()) == {"saved"}


@pytest.mark.parametrize(
    "toxic",
    [
        Status(500),
        Status(403),
        Status(404),
        Status(200, {"Content-Type": "text/html"}, b"<html>come back later</html>"),
        TruncateBody(30_000),
        TruncateBody(60),
        ResetPeer(100_000),
        FlipByte(50_000),
        Timeout(0.5),
        Redirect("http://127.0.0.1:1/elsewhere"),
    ],
    ids=repr,
)
def test_one_repository_in_lasting_trouble_fails_alone(source: Source, toxic: Toxic) -> None:
    source.proxy.add(toxic, **FETCH)  # type: ignore[arg-type]
    report = source.back_up()

    assert {source.outcomes(1)[name] for name in ("a", "c")} == {"saved"}
    assert source.outcomes(1)["b"] in {"failed", "refused"}
    assert [problem.what.rpartition("/")[2] for problem in report.problems] == ["b"]
    assert_sound(source.archive)
    source.proxy.clear()
    source.back_up()
    source.assert_is_saved(2)


@pytest.mark.parametrize(
    "toxic",
    [Status(500), TruncateBody(100), ReplaceJson({"Response": {}}), Timeout(0.5)],
    ids=lambda toxic: type(toxic).__name__,
)
def test_a_listing_that_cannot_be_read_makes_nothing_gone(source: Source, toxic: Toxic) -> None:
    source.back_up()
    source.proxy.add(toxic, path="Describe.*Depot")
    report = source.back_up()

    assert set(source.outcomes(2).values()) <= {"unlisted", "unchanged"}
    assert not report.everything_is_saved
    source.proxy.clear()
    source.back_up()
    source.assert_is_saved(3)


def test_a_credential_that_git_refuses_is_sent_once(source: Source) -> None:
    source.proxy.add(Status(401), path="git-upload-pack")
    with pytest.raises(MatouError):
        source.back_up()

    assert len([request for request in source.proxy.requests if "git-upload-pack" in request.target]) == 1
