"""How a run comes to what saves its metadata, which is loaded only where there is any to save."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from matou.archive.run_history import host_of
from matou.git.process.run import GitAccess
from matou.platforms.base.source import RecordSink, Source
from matou.transfer.backup.manifest_recorder import RunRecorder
from matou.transfer.backup.options import BackupOptions
from matou.transfer.backup.previous_run import PreviousRun
from matou.transfer.backup.report import ProgressListener
from matou.transfer.backup.staging import MirrorPublisher

if TYPE_CHECKING:
    from matou.transfer.backup.metadata.copied import CopiedMetadata
    from matou.transfer.backup.metadata.copies import MetadataCopies
    from matou.transfer.backup.metadata.run import MetadataAccess, RunMetadata
    from matou.transfer.backup.metadata.starting_points import HealedStarts
    from matou.transfer.backup.run import RunContext


@dataclass(frozen=True, slots=True)
class MetadataOpening:
    """`access` is None where the platform is another Matou, or has none."""

    options: BackupOptions
    access: "MetadataAccess | None"
    now: Callable[[], datetime]
    progress: ProgressListener

    def open(
        self,
        context: "RunContext",
        source: Source,
        before: PreviousRun,
        recorder: RunRecorder,
        publisher: MirrorPublisher,
        record: RecordSink,
    ) -> "RunMetadata | MetadataCopies | None":
        selection = self.options.metadata
        if selection.is_code_only:
            return None
        if self.access is None:
            from matou.transfer.backup.metadata.copies import MetadataCopies

            opening = partial(self._copied, context, source, recorder, publisher, record)
            return MetadataCopies(context.archive, context.damage, opening)
        # It takes 50 ms to load, which a run for the code alone does without.
        from matou.transfer.backup.metadata.run import RunMetadata
        from matou.transfer.backup.metadata.saver import MetadataSaver

        saver = MetadataSaver(
            archive=context.archive,
            source=self.access.open(record, selection.wants),
            files=self.access.files(context.archive.blobs, record, selection.largest_file_bytes),
            selection=selection,
            platform=source.platform,
            host=host_of(source.url),
            run=context.number,
            began_at=context.began_at,
            dead_since=context.dead_since,
            cancellation=context.cancellation,
            on_progress=self.progress.reading,
            publisher=publisher,
            before_kept=publisher.before,
            starts=self._starts(context, recorder, record),
        )
        last_run_at = None if before.was_cut_off else before.began_at
        return RunMetadata(saver, recorder, record, self.now, context.damage, self.access, last_run_at)

    def _copied(
        self,
        context: "RunContext",
        source: Source,
        recorder: RunRecorder,
        publisher: MirrorPublisher,
        record: RecordSink,
    ) -> "CopiedMetadata":
        """Of another Matou, whose metadata comes by git."""
        from matou.transfer.backup.metadata.copied import CopiedMetadata

        credential = source.git_credential()
        return CopiedMetadata(
            archive=context.archive,
            connections=context.connections,
            credential=credential,
            access=GitAccess(credential, self.options.network),
            run=context.number,
            recorder=recorder,
            publisher=publisher,
            starts=self._starts(context, recorder, record),
            damage=context.damage,
            limits=self.options.limits,
        )

    def _starts(self, context: "RunContext", recorder: RunRecorder, record: RecordSink) -> "HealedStarts":
        from matou.transfer.backup.metadata.starting_points import HealedStarts

        return HealedStarts(
            context.archive, context.number, context.damage, record, self.now, recorder.note, self.options.limits
        )
