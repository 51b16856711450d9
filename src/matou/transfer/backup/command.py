"""`backup`: everything that an account sees at a platform, into an archive (docs/decisions/backup-order.md)."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from matou import __version__
from matou.archive.layout import FORMAT, Archive
from matou.archive.lock import ArchiveBusy, ArchiveLock, WorkersLeft, lock_archive
from matou.archive.manifest import ManifestWriter, RunLine, SourceLine, whole_seconds
from matou.archive.path_registry import PathRegistry
from matou.archive.records import RecordWriter
from matou.archive.run_history import digest_of_file, previous_run, read_history
from matou.concurrency import CancellationToken
from matou.git.process.groups import is_running
from matou.model.platform import Account, Record
from matou.platforms.base.source import RecordSink, Source
from matou.transfer.backup.archive_paths import ArchivePaths
from matou.transfer.backup.by_workers.orders import gather_leftovers
from matou.transfer.backup.listing import SourceListing, read_listing
from matou.transfer.backup.manifest_recorder import RunRecorder
from matou.transfer.backup.metadata.opening import MetadataOpening
from matou.transfer.backup.options import BackupOptions, default_jobs
from matou.transfer.backup.plan import ALL_MATCHED, judge_patterns
from matou.transfer.backup.previous_run import load_previous_run, source_line
from matou.transfer.backup.report import SILENCE, BackupReport, CredentialDied, ProgressListener
from matou.transfer.backup.run import BackupRun, RunContext
from matou.transfer.backup.staging import MirrorPublisher, clear_staging
from matou.transfer.common.proofs import Damage
from matou.transfer.common.transports import SourceTransports

if TYPE_CHECKING:
    from matou.transfer.backup.by_workers.handing_out import RepositoryWorkers
    from matou.transfer.backup.metadata.run import MetadataAccess

__all__ = ["BackupOptions", "backup", "default_jobs"]

DYING = timedelta(seconds=5)
"""How long the last child of a process that was killed may take to let go of the lock."""


def backup(
    open_source: Callable[[RecordSink], Source],
    archive: Archive | None,
    connections: SourceTransports,
    options: BackupOptions,
    *,
    now: Callable[[], datetime],
    metadata: "MetadataAccess | None" = None,
    progress: ProgressListener = SILENCE,
    cancelled: threading.Event | None = None,
    workers: "RepositoryWorkers | None" = None,
) -> BackupReport:
    """Bring the archive up to what the source shows now.

    Interrupted at any point, by a signal or by a power cut, the archive is as the last run left it, with perhaps more
    in it; the next run goes on from there. One repository that fails does not stop the others.

    Args:
        open_source: makes the client, given where to put what the platform answers.
        archive: where to; a dry run does without one where there is none yet.
        connections: the way to the source's git.
        options: see there. With `dry_run` nothing is written: see `preview`.
        now: the clock, aware and in UTC.
        metadata: the way to what lies around the code, where the platform has one.
        progress: is told what happens.
        cancelled: set it from anywhere to give up.
        workers: who saves the repositories; None for this process.

    Raises:
        ArchiveBusy: another process writes to the archive.
        NewerFormat: a later Matou has written to it.
        Refused: the credential is not good. CredentialDied: not any more; there is a manifest.
        NothingMatches: a pattern of `include` matches nothing.
        Cancelled: `cancelled` was set.
        WriteFailed: the archive cannot be written; DiskFull where there is no room.
        DamagedAssignments: what a run that was cut off noted of its places is not what was written.
    """
    if options.dry_run:
        # As below: it knows all of the metadata.
        from matou.transfer.backup.dry_run import preview

        return preview(open_source, archive, options, metadata=metadata, progress=progress, cancelled=cancelled)
    if archive is None:
        message = "only a dry run does without an archive"
        raise ValueError(message)
    with ExitStack() as stack:
        lock = _locked(stack, archive, now)
        Archive.open(archive.root)  # What it needs may have changed until now.
        dead_since = lock.previous_holder.since if lock.previous_holder else None
        cancellation = CancellationToken(cancelled, on_cancel=connections.cancel)
        run = _Run(archive, connections, options, now, metadata, progress, cancellation, dead_since, workers)
        return run.execute(open_source)


def _locked(stack: ExitStack, archive: Archive, now: Callable[[], datetime]) -> ArchiveLock:
    """Lock the archive.

    A process that is killed while it starts git leaves a child that holds the lock until it has become git, which
    takes a moment: that moment is waited for. So is the one in which workers see that their run is over.
    """
    deadline = time.monotonic() + DYING.total_seconds()
    while True:
        try:
            return stack.enter_context(lock_archive(archive.root, now=now()))
        except ArchiveBusy as busy:
            if time.monotonic() > deadline or not (isinstance(busy, WorkersLeft) or _is_dead(busy)):
                raise
        time.sleep(0.02)


def _is_dead(busy: ArchiveBusy) -> bool:
    process = busy.values.get("process")
    if busy.values.get("host") != socket.gethostname() or not isinstance(process, int) or process <= 0:
        return False
    return not is_running(process)


@dataclass(frozen=True, slots=True)
class _Run:
    archive: Archive
    connections: SourceTransports
    options: BackupOptions
    now: Callable[[], datetime]
    metadata: "MetadataAccess | None"
    progress: ProgressListener
    cancellation: CancellationToken
    dead_since: datetime | None
    workers: "RepositoryWorkers | None"

    def execute(self, open_source: Callable[[RecordSink], Source]) -> BackupReport:
        began, began_at = time.monotonic(), self.now()
        gather_leftovers(self.archive)
        clear_staging(self.archive)
        record_buffer = RecordBuffer()
        source = open_source(record_buffer)
        account = source.account()
        self.progress.connected(account)
        history = read_history(self.archive)
        before = load_previous_run(self.archive, history, source_line(source, account))
        # A pattern that is mistyped leaves no trace, so with patterns the lists come first.
        source_listing = self._survey(source, account) if self.options.include else None
        unmatched = judge_patterns(self.options, account, before, source_listing) if source_listing else ALL_MATCHED
        self.archive.in_our_format()
        number = self.archive.begin_run()
        with ExitStack() as stack:
            own = source.git_credential()
            records = RecordWriter(self.archive.records(number), own=own.password if own else None)
            record_buffer.write_to(stack.enter_context(records))
            registry = stack.enter_context(PathRegistry.load(self.archive, history, run=number))
            manifest = ManifestWriter(self.archive, self._first_line(number, began_at, source_line(source, account)))
            stack.callback(manifest.close)
            damage = Damage.load(self.archive)
            context = RunContext(
                self.archive, self.connections, self.cancellation, number, began_at, self.dead_since, damage
            )
            paths = ArchivePaths.of(registry, source_line(source, account), team_path=before.team_path())
            recorder = RunRecorder(manifest, self.progress)

            def keep_answers() -> None:
                manifest.flush()
                record_buffer.flush()

            publisher = MirrorPublisher(self.archive, keep_answers)
            opening = MetadataOpening(self.options, self.metadata, self.now, self.progress)
            metadata = opening.open(context, source, before, recorder, publisher, record_buffer)
            work = BackupRun(
                context,
                self.options,
                source,
                account,
                before,
                paths,
                recorder,
                publisher,
                metadata,
                workers=self.workers,
                record=record_buffer,
            )
            listing = work.do(source_listing or self._survey(source, account))
            record_buffer.close()
            requests = work.requests.count + record_buffer.count
            end = manifest.publish(
                finished_at=self.now(),
                requests=requests,
                listing=listing,
                records_digest=digest_of_file(self.archive.records(number)),
            )
            damage.save()
        report = work.report(end, timedelta(seconds=time.monotonic() - began), unmatched=unmatched)
        if work.recorder.died is not None:
            raise CredentialDied.of(work.recorder.died, report) from work.recorder.died
        return report

    def _survey(self, source: Source, account: Account) -> SourceListing:
        return read_listing(source, account, check=self.cancellation.check)

    def _first_line(self, number: int, began_at: datetime, source: SourceLine) -> RunLine:
        options: dict[str, object] = {
            "jobs": self.options.jobs,
            "include": list(self.options.include),
            "exclude": list(self.options.exclude),
            "trust_listing": self.options.trust_listing,
            **self.options.metadata.as_options(),
        }
        return RunLine(
            format=FORMAT,
            run=number,
            started_at=whole_seconds(began_at),
            source=source,
            previous=previous_run(self.archive),
            options=options,
            matou=__version__,
        )


class RecordBuffer:
    """Takes records from the first answer on, though there is no file for them before the run has begun."""

    def __init__(self) -> None:
        self.count = 0
        self._early: list[Record] = []
        self._writer: RecordWriter | None = None
        self._lock = threading.Lock()

    def __call__(self, record: Record) -> None:
        with self._lock:
            self.count += 1
            if self._writer is None:
                self._early.append(record)
            else:
                self._writer(record)

    def write_to(self, writer: RecordWriter) -> None:
        with self._lock:
            self._writer = writer
            for record in self._early:
                writer(record)
            self._early.clear()

    def flush(self) -> None:
        """Make what came so far durable."""
        with self._lock:
            if self._writer is not None:
                self._writer.flush()

    def close(self) -> None:
        """Make all of it durable."""
        with self._lock:
            if self._writer is not None:
                self._writer.close()
