"""A run whose repositories workers save writes what one process writes, with SQLite and with PostgreSQL."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.concurrency import Cancelled
from matou.credentials import Secret
from matou.db.engine import Database, open_database
from matou.errors import Refused, TryLater
from matou.http.tokens import BadCredential
from matou.jobs.opening import open_queue
from matou.jobs.queue import JobQueue, RunningJob
from matou.model.jobs import JobState, TaskName
from matou.transfer.backup.by_workers.handing_out import RepositoryWorkers
from matou.transfer.backup.by_workers.orders import OrderFolder
from matou.transfer.backup.by_workers.saving import OrderedWork, WorkerAccess
from matou.transfer.backup.options import BackupOptions
from matou.transfer.backup.report import BackupReport, CredentialDied
from support.scripted_metadata import ScriptedAccess, ScriptedForge
from support.scripted_source import (
    TOKEN,
    ScriptedConnections,
    ScriptedSource,
    assert_sound,
    back_up,
    commit,
    git,
    open_archive,
    outcomes,
)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    name = "sqlite_file" if request.param == "sqlite" else "fresh_postgres_url"
    opened = open_database(request.getfixturevalue(name))
    yield opened
    opened.close()


@pytest.fixture
def source(tmp_path: Path) -> ScriptedSource:
    made = ScriptedSource(tmp_path / "source")
    project = made.project("harbour")
    for number in range(6):
        folder = made.repository(f"boat-{number}", project)
        commit(folder, "refs/heads/main", {"a": f"{number}"})
    commit(made.git_dir("101"), "refs/heads/main", {"big.bin": made.keep_lfs(b"many bytes")})
    commit(made.git_dir("102"), "refs/heads/main", {"lost.bin": made.keep_lfs(b"lost bytes")})
    return made


@pytest.fixture
def forge() -> ScriptedForge:
    told = ScriptedForge()
    told.issue(1)
    told.comment(1, 1)
    return told


class Harbour:
    """One worker at one source, in threads of this process."""

    def __init__(self, source: ScriptedSource, queue: JobQueue, access: ScriptedAccess) -> None:
        self.source = source
        self.queue = queue
        self.access = access
        self.connections = ScriptedConnections.to(source)
        self.workers = RepositoryWorkers(queue, "harbour", source.url)
        self.before: Callable[[RunningJob], None] = lambda _: None

    def save(self, running: RunningJob, archive: Archive) -> None:
        self.before(running)
        folder = OrderFolder(archive, int(str(running.argument("run"))))
        options = BackupOptions(jobs=2, first_wait=timedelta())

        def open_source(sink: object) -> ScriptedSource:
            return self.source

        access = WorkerAccess(
            open_source, self.connections, options, self.access, Secret(TOKEN), lambda: datetime.now(UTC)
        )
        work = OrderedWork(archive, running, folder, int(str(running.argument("order"))))
        work.do(lambda _, save: save(access))

    @contextmanager
    def working(self, root: Path) -> Iterator[None]:
        stop = threading.Event()

        def save(running: RunningJob) -> None:
            self.save(running, Archive.open(root))

        tasks = {TaskName.SAVE_REPOSITORIES.value: save}
        worker = threading.Thread(target=self.queue.work, args=(tasks,), kwargs={"at_once": 3, "stop": stop})
        worker.start()
        try:
            yield
        finally:
            stop.set()
            worker.join()

    def back_up(self, archive: Archive) -> BackupReport:
        with self.working(archive.root):
            return back_up(self.source, archive, access=self.access, workers=self.workers)


@pytest.fixture
def harbour(source: ScriptedSource, database: Database, forge: ScriptedForge) -> Harbour:
    return Harbour(source, open_queue(database), ScriptedAccess({"100": forge}))


def manifest(archive: Archive, run: int) -> list[str]:
    """Without what is of the moment, in an order of its own: threads write it in the one in which they are done."""
    text = archive.manifest(run).read_text()
    text = re.sub(r'"(started_at|finished_at|sha256|records|commit)":"[^"]*"|"seconds":[0-9.e-]+', "", text)
    return sorted(re.sub(r",+", ",", line) for line in text.splitlines())


def told(report: BackupReport) -> object:
    problems = sorted((one.what, one.outcome, str(one.cause)) for one in report.problems)
    notes = sorted((one.what, one.outcome, str(one.cause)) for one in report.notes)
    plain = replace(report, duration=timedelta(), problems=(), notes=(), unseen=())
    return plain, problems, notes, sorted(map(str, report.unseen))


def test_the_manifest_the_report_and_the_archive_are_those_of_one_process(
    source: ScriptedSource, harbour: Harbour, forge: ScriptedForge, tmp_path: Path
) -> None:
    one, several = open_archive(tmp_path / "one"), open_archive(tmp_path / "several")

    def back_up_both() -> tuple[BackupReport, BackupReport]:
        return back_up(source, one, access=harbour.access), harbour.back_up(several)

    first = back_up_both()
    unchanged = back_up_both()
    commit(source.git_dir("103"), "refs/heads/main", {"b": "new"})
    git(source.git_dir("104"), "update-ref", "refs/heads/main", commit(source.git_dir("104"), "refs/heads/x", {}))
    source.change("103", last_push_at=datetime(2026, 1, 1, tzinfo=UTC))
    source.git_dir("105").rename(source.folder / "away")
    forge.comment(2, 1)
    del source.lfs_objects[next(iter(source.lfs_objects))]
    changed = back_up_both()

    for run, (by_one, by_several) in enumerate((first, unchanged, changed), start=1):
        assert manifest(several, run) == manifest(one, run)
        assert told(by_several) == told(by_one)
    assert outcomes(several, 3)["105"] == "refused"
    assert_sound(several)
    assert harbour.queue.counts().keys() == {JobState.DONE}


def test_one_whose_job_fails_is_told_of_and_the_others_are_saved(
    source: ScriptedSource, harbour: Harbour, tmp_path: Path
) -> None:
    archive = open_archive(tmp_path / "archive")

    def refuse(running: RunningJob) -> None:
        if str(running.argument("repository")).endswith("boat-3"):
            raise Refused("this machine may not")

    harbour.before = refuse
    report = harbour.back_up(archive)

    assert sorted(outcomes(archive, 1).values()) == ["failed", *["saved"] * 5]
    [problem] = report.problems
    assert "this machine may not" in str(problem.cause)


def test_a_credential_that_dies_ends_the_run_with_a_manifest(
    source: ScriptedSource, harbour: Harbour, tmp_path: Path
) -> None:
    archive = open_archive(tmp_path / "archive")

    def die(url: str, body: bytes) -> None:
        if url.endswith("/103.git"):
            raise BadCredential("the token is not good any more")

    harbour.connections.transport.before = die
    with pytest.raises(CredentialDied):
        harbour.back_up(archive)

    assert outcomes(archive, 1)["103"] == "failed"


def test_an_order_begun_before_is_saved_as_after_a_run_that_was_cut_off(
    source: ScriptedSource, harbour: Harbour, tmp_path: Path
) -> None:
    """Its worker died after all was saved, and before that was written down."""
    archive, seen = open_archive(tmp_path / "archive"), set[object]()
    really = OrderFolder.write_result

    def die_once(folder: OrderFolder, number: int, result: object) -> None:
        if number not in seen:
            seen.add(number)
            raise TryLater("as if it were killed", wait=timedelta(milliseconds=1))
        really(folder, number, result)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OrderFolder, "write_result", die_once)
        patch.setattr("matou.jobs.performing.FIRST_WAIT", timedelta(milliseconds=1))
        report = harbour.back_up(archive)

    assert set(outcomes(archive, 1).values()) == {"saved"}
    assert report.notes == ()
    assert_sound(archive)


def test_a_run_that_ended_is_nobodys_to_do(source: ScriptedSource, harbour: Harbour, tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "archive")
    cancelled = threading.Event()

    def give_up() -> None:
        with pytest.raises(Cancelled):
            back_up(source, archive, workers=harbour.workers, cancelled=cancelled)

    thread = threading.Thread(target=give_up)
    thread.start()
    pause = threading.Event()
    while not harbour.queue.counts():
        pause.wait(0.02)
    cancelled.set()
    thread.join()

    assert harbour.queue.counts().keys() == {JobState.CANCELLED}
