"""A worker saves the repositories of one order, by what saves them in a run of one process, and writes down the result.

It may be done twice, and be cut off at any moment: what is there already is found there, as a run finds what one that
was cut off has left.
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine
from matou.archive.records import RecordWriter
from matou.archive.working_lock import at_work
from matou.concurrency import Batch, CancellationToken, Cancelled, WorkerPool
from matou.credentials import Secret
from matou.errors import Conflict, MatouError, TryLater
from matou.fs import flocked
from matou.http.tokens import BadCredential
from matou.jobs.queue import LeaseLost, RunningJob
from matou.model.names import RepositoryPath
from matou.model.platform import Account, RemoteRepository
from matou.platforms.base.source import RecordSink, Source
from matou.transfer.backup.archive_paths import ArchivePaths
from matou.transfer.backup.by_workers.error_notes import note_of, text_note
from matou.transfer.backup.by_workers.orders import (
    InaccessibleNote,
    OrderFolder,
    ProblemNote,
    RepositoryNote,
    WorkOrder,
    WorkResult,
)
from matou.transfer.backup.manifest_recorder import RunRecorder
from matou.transfer.backup.metadata.opening import MetadataOpening
from matou.transfer.backup.metadata.saver import staged_metadata
from matou.transfer.backup.options import BackupOptions
from matou.transfer.backup.previous_run import PreviousRun
from matou.transfer.backup.report import SILENCE
from matou.transfer.backup.run import AT_REQUEST, BackupRun, RunContext
from matou.transfer.backup.staging import MirrorPublisher
from matou.transfer.common.proofs import Damage
from matou.transfer.common.transports import SourceTransports

if TYPE_CHECKING:
    from matou.transfer.backup.metadata.run import MetadataAccess

_GLANCE_SECONDS: Final = 0.5
_STAGED_NAMES: Final = 1_000_000
"""For each attempt at an order."""

_NOBODY: Final = Account("", "", "", "", "", "")


class NeedsAnotherPath(Conflict):
    """A repository that cannot go on where it is; the process that lists gives it another place."""


class AnotherIsAtIt(TryLater):
    """A worker that has lost the job is not at its end."""


class CollectingRecorder(RunRecorder):
    """Keeps what a worker has to tell, for the process whose run it is."""

    def __init__(self) -> None:
        super().__init__(_NoManifest(), SILENCE)
        self.saved: list[RepositoryNote] = []
        self.problem_notes: list[ProblemNote] = []
        self.other_notes: list[ProblemNote] = []
        self.left: list[str] = []

    def repository(self, line: RepositoryLine, source_path: str, cause: MatouError | None = None) -> None:  # noqa: ARG002
        if isinstance(cause, NeedsAnotherPath):
            self.left.append(line.id)
            return
        self.saved.append(RepositoryNote(line, note_of(cause) if cause is not None else None))

    def note(self, subject: str, cause: MatouError) -> None:
        self.other_notes.append(ProblemNote(text_note(subject), note_of(cause)))

    def problem(self, subject: str, cause: MatouError) -> None:
        self.problem_notes.append(ProblemNote(text_note(subject), note_of(cause)))


class _NoManifest:
    def write(self, line: object) -> None:
        raise AssertionError(line)


class _NoPlaces(ArchivePaths):
    """A worker gives no places."""

    def __init__(self) -> None:
        """It has none to give."""

    def beside(self, repository: RemoteRepository, path: RepositoryPath) -> RepositoryPath:  # noqa: ARG002
        raise NeedsAnotherPath("it cannot go on in the folder {place}", place=repr(str(path)))


@dataclass(frozen=True, slots=True)
class WorkerAccess:
    """How a worker reaches a source: its session is this order's alone, and is cut off with it.

    Attributes:
        own: what let us in, which the platform may say back.
    """

    open_source: Callable[[RecordSink], Source]
    connections: SourceTransports
    options: BackupOptions
    metadata: "MetadataAccess | None"
    own: Secret
    now: Callable[[], datetime]


@dataclass(slots=True)
class OrderedWork:
    """One attempt at an order. For one thread."""

    archive: Archive
    running: RunningJob
    folder: OrderFolder
    number: int

    def do(self, with_access: Callable[[WorkOrder, Callable[[WorkerAccess], WorkResult]], WorkResult]) -> None:
        """Raises Cancelled, LeaseLost, AnotherIsAtIt, and what the source's configuration is at fault with.

        Args:
            with_access: reaches the source, and hands over what it reaches it with; again with another token where the
                first is no longer good.
        """
        with at_work(self.archive.root):
            if not self.folder.is_alive() or self.folder.has_result(self.number):
                return
            try:
                with flocked(self.folder.lock(self.number), waits=False, creates=True):
                    self._do(with_access)
            except BlockingIOError as error:
                raise AnotherIsAtIt("another worker is at it still") from error
            except FileNotFoundError:
                if self.folder.is_alive():
                    raise

    def _do(self, with_access: Callable[[WorkOrder, Callable[[WorkerAccess], WorkResult]], WorkResult]) -> None:
        order = self._in_this_attempt(self.folder.order(self.number))
        try:
            result = with_access(order, lambda access: self._saved(order, access))
        except BadCredential as refusal:
            result = WorkResult(refused=note_of(refusal))
        except Cancelled:
            self._require_ours()
            if self.folder.is_alive():
                raise
            return
        with self.running.publishing():
            self.folder.write_result(self.number, result)

    def _require_ours(self) -> None:
        with suppress(Cancelled):
            self.running.check()

    def _in_this_attempt(self, order: WorkOrder) -> WorkOrder:
        """What a worker that died had begun is cleared away, and looked through as after a run that was cut off."""
        if not self.folder.was_begun(self.number):
            return order
        for one in order.repositories:
            shutil.rmtree(staged_metadata(self.archive, RepositoryPath.parse(one.place)), ignore_errors=True)
        dead_since = min(order.dead_since or order.began_at, order.began_at)
        return msgspec.structs.replace(order, was_cut_off=True, dead_since=dead_since)

    def _saved(self, order: WorkOrder, access: WorkerAccess) -> WorkResult:
        cancellation = CancellationToken(on_cancel=access.connections.cancel)
        attempt = self.running.lease.attempt
        with (
            RecordWriter(self.folder.records(self.number, attempt), own=access.own) as records,
            self._watched(cancellation),
        ):
            recorder, source = CollectingRecorder(), access.open_source(records)
            work = self._run(order, access, source, recorder, records, cancellation)
            before = set(work.context.damage.noted_metadata())
            staged_from = (self.number * 1000 + attempt) * _STAGED_NAMES
            saver = work.repository_saver(staged_from)
            tasks = [one.task() for one in order.repositories]
            refusal = None
            try:
                WorkerPool(cancellation).run(Batch(min(AT_REQUEST, len(tasks)), saver.process_repository, tasks))
            except BadCredential as error:
                if not recorder.saved:
                    raise
                refusal = error
            else:
                cancellation.check()
            work.publisher.publish_all()
            self.archive.blobs.flush()
            damaged = tuple(sorted(work.context.damage.noted_metadata() - before))
            return _result(work, recorder, damaged, refusal)

    def _run(
        self,
        order: WorkOrder,
        access: WorkerAccess,
        source: Source,
        recorder: CollectingRecorder,
        records: RecordWriter,
        cancellation: CancellationToken,
    ) -> BackupRun:
        context = RunContext(
            self.archive,
            access.connections,
            cancellation,
            order.run,
            order.began_at,
            order.dead_since,
            Damage.load(self.archive),
        )
        options = replace(access.options, metadata=order.selection, by_ssh=order.by_ssh, jobs=order.jobs)
        publisher = MirrorPublisher(self.archive, records.flush)
        before = PreviousRun(order.last_run, order.was_cut_off, {}, {}, frozenset(), began_at=order.last_run_at)
        opening = MetadataOpening(options, access.metadata, access.now, SILENCE)
        metadata = opening.open(context, source, before, recorder, publisher, records)
        return BackupRun(context, options, source, _NOBODY, before, _NoPlaces(), recorder, publisher, metadata)

    @contextmanager
    def _watched(self, cancellation: CancellationToken) -> Iterator[None]:
        """Given up when the job is to end, when others have it, and when the process ends whose run it is."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(_GLANCE_SECONDS):
                try:
                    self.running.check()
                except (Cancelled, LeaseLost):
                    cancellation.cancel()
                    return
                if not self.folder.is_alive():
                    cancellation.cancel()
                    return

        thread = threading.Thread(target=watch, name="order", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def _result(
    work: BackupRun, recorder: CollectingRecorder, damaged: tuple[str, ...], refusal: BadCredential | None
) -> WorkResult:
    unseen = work.metadata.unseen if work.metadata else ()
    return WorkResult(
        saved=tuple(recorder.saved),
        problems=tuple(recorder.problem_notes),
        notes=tuple(recorder.other_notes),
        unseen=tuple(InaccessibleNote(text_note(one.what), text_note(one.reason), one.may_hide) for one in unseen),
        totals=dict(work.metadata.totals) if work.metadata else {},
        requests=work.requests.count,
        damaged_metadata=damaged,
        left=tuple(recorder.left),
        refused=note_of(refusal) if refusal is not None else None,
    )
