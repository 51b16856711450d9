"""`matou copy`: an archive, or a copy of one, is copied to where a copy of it is or shall be."""

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from matou.concurrency import Batch, WorkerPool
from matou.errors import Damaged, MatouError, TryLater
from matou.fs import WriteFailed
from matou.storage.trees import key_of_path
from matou.transfer.copy.catalogue import UNFINISHED_KEY, CopiedFile
from matou.transfer.copy.check import WHOLE, fault_of_content
from matou.transfer.copy.destination import Destination
from matou.transfer.copy.mark import CopyForm, ForeignDestination
from matou.transfer.copy.paths import DATABASE, Rank, rank_of, repository_of
from matou.transfer.copy.report import CopyProblem, CopyProgress, CopyReport, CopyStage
from matou.transfer.copy.source_files import CopySource, CopyUnit, SourceFile, VanishedFile

MOST_LOOKS = 5
WRITTEN_BY_READERS = frozenset({"verified.json"})


class KeepsChanging(TryLater):
    """What was to be copied changed each time that it was read."""


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """What a copy is to do.

    Attributes:
        jobs: how many units are copied side by side.
        append_only: nothing is deleted, nor written over.
        dry_run: nothing is written at all.
        percent: of the files that are there, how many are read to their end, and written again where they are not
            what was written.
    """

    jobs: int = 4
    append_only: bool = False
    dry_run: bool = False
    percent: float = 0.0


@dataclass(slots=True)
class Copier:
    """Copies units to a destination; from several threads."""

    destination: Destination
    options: CopyOptions
    report: CopyReport
    files: dict[str, CopiedFile] = field(default_factory=dict)
    _copied_already: dict[tuple[str, str], CopiedFile] = field(default_factory=dict)
    """What was copied already: several units may have a file that says that a run began."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def copy(self, unit: CopyUnit) -> None:
        """All files of a unit; what cannot be read is noted, and stays as the last copy had it.

        Raises:
            WriteFailed: the destination cannot be written, or cannot be reached.
        """
        for _ in range(MOST_LOOKS):
            try:
                copied = [copied for file in files_of_unit(unit) if (copied := self._copied(file)) is not None]
            except VanishedFile:
                continue
            except OSError as error:
                self._failed(unit, MatouError("it cannot be read: {reason}", reason=error))
                return
            self._add(copied)
            return
        self._failed(unit, KeepsChanging("it changed each time that it was read"))

    def _copied(self, file: SourceFile) -> CopiedFile | None:
        """None where nothing of it can be had, which is noted."""
        with self._lock:
            twice = self._copied_already.get((file.path, file.sha256)) if file.sha256 else None
        if twice is not None:
            return twice
        known = self.destination.known(file)
        if known is not None and self._is_sound(known):
            return self._note(known, written=False)
        fault = file.fault()
        if known is not None and fault is None:
            return self._healed(file)
        if fault is not None and (sound := self._sound_before(file, fault)) is not None:
            return sound
        if self.options.dry_run:
            return self._note(CopiedFile(path=file.path, size=file.size, sha256=file.sha256), written=True)
        try:
            return self._note(*self.destination.put(file, damaged=fault is not None))
        except Damaged as error:
            return self._sound_before(file, error)

    def _is_sound(self, known: CopiedFile) -> bool:
        """Whether the copy has it as it was written; of most files that is taken for granted."""
        is_chosen = self.options.percent > 0 and random.SystemRandom().uniform(0, WHOLE) <= self.options.percent
        return not is_chosen or fault_of_content(self.destination, known) is None

    def _healed(self, file: SourceFile) -> CopiedFile:
        with self._lock:
            self.report.healed += 1
        if self.options.dry_run:
            return self._note(CopiedFile(path=file.path, size=file.size, sha256=file.sha256), written=True)
        return self._note(self.destination.put_again(file), written=True)

    def _sound_before(self, file: SourceFile, fault: Damaged) -> CopiedFile | None:
        """Note a fault of the source; what a last copy has sound is better."""
        with self._lock:
            self.report.damaged.append(CopyProblem(file.path, fault))
        sound = self.destination.was_sound(file)
        return None if sound is None else self._note(sound, written=False)

    def _note(self, file: CopiedFile, written: bool) -> CopiedFile:  # noqa: FBT001 - as `put` gives it
        with self._lock:
            self._copied_already[file.path, file.sha256] = file
            if written:
                self.report.sent += 1
                self.report.sent_bytes += file.size
            else:
                self.report.kept += 1
        return file

    def _add(self, copied: list[CopiedFile]) -> None:
        with self._lock:
            self.files.update((file.path, file) for file in copied)

    def _failed(self, unit: CopyUnit, error: MatouError) -> None:
        with self._lock:
            self.report.failed.append(CopyProblem(unit.name, error))


def files_of_unit(unit: CopyUnit) -> Iterator[SourceFile]:
    """What a unit consists of by now, in the order in which it may be written."""
    return unit.files()


def copy_files(
    source: Callable[[CopyReport], CopySource],
    destination: Destination,
    options: CopyOptions,
    *,
    now: datetime,
    progress: CopyProgress,
) -> CopyReport:
    """Bring a copy up to date. Cut off at any point, it is the copy that it was, and may be gone on with.

    Raises:
        ForeignDestination: somebody has written to the folder of the copy.
        WriteFailed: the destination is full, or cannot be written.
    """
    report = CopyReport()
    files = source(report)
    copier = Copier(destination, options, report)
    published = files.published()
    _require_untouched(destination, published)
    if not options.dry_run:
        _begin(destination)
    # Runs without a manifest come first: by them whoever verifies a folder knows that refs may have moved on.
    _copy_units(copier, CopyStage.RUNS, files.runs(), progress)
    _copy_units(copier, CopyStage.OBJECTS, files.objects(), progress)
    if not report.failed:
        if not options.dry_run:
            destination.store.flush()
        copier.copy(published)
    if not report.failed:
        _require_nothing_lost(copier, files)
    if report.failed:
        # Runs that refer to what could not be copied stay out, and all that the last copy had stays in.
        before = destination.catalogue.files if destination.catalogue else {}
        copier.files = {**before, **copier.files}
    _finish(copier, now=now, progress=progress)
    return report


def _begin(destination: Destination) -> None:
    if destination.form is CopyForm.FOLDER:
        destination.store.put(UNFINISHED_KEY, [b""])


def _copy_units(copier: Copier, stage: CopyStage, units: list[CopyUnit], progress: CopyProgress) -> None:
    done = 0
    lock = threading.Lock()

    def copy(unit: CopyUnit) -> None:
        nonlocal done
        copier.copy(unit)
        with lock:
            done += 1
            progress(stage, done, len(units))

    progress(stage, 0, len(units))
    WorkerPool().run(Batch(copier.options.jobs, copy, units))


def _require_nothing_lost(copier: Copier, source: CopySource) -> None:
    """A blob that went from the source, and that something there names, stays in the copy and is told."""
    before = copier.destination.catalogue.files if copier.destination.catalogue else {}
    gone = {path.rpartition("/")[2]: path for path in before.keys() - copier.files.keys() if rank_of(path) is Rank.BLOB}
    for digest in sorted(source.still_named(gone.keys()) if gone else ()):
        lost = MatouError("it is not there any more, and the archive names it; the copy keeps it")
        copier.report.failed.append(CopyProblem(gone[digest], lost))


def _finish(copier: Copier, *, now: datetime, progress: CopyProgress) -> None:
    destination, report, options = copier.destination, copier.report, copier.options
    catalogue = destination.catalogue
    report.is_current = catalogue is not None and dict(catalogue.files) == copier.files
    number = catalogue.head.number if catalogue is not None else 0
    if not options.dry_run and not report.is_current:
        number = destination.publish(copier.files, now=now)
    report.number = number
    if not options.append_only and not report.failed:
        _delete(copier, destination.superfluous(copier.files, number=number), progress)
    if not options.dry_run and destination.form is CopyForm.FOLDER:
        destination.delete(UNFINISHED_KEY)


def _delete(copier: Copier, superfluous: dict[str, int], progress: CopyProgress) -> None:
    for count, (key, size) in enumerate(superfluous.items(), start=1):
        if not copier.options.dry_run:
            copier.destination.delete(key)
        copier.report.deleted += 1
        copier.report.deleted_bytes += size
        progress(CopyStage.DELETING, count, len(superfluous))


def _require_untouched(destination: Destination, published: CopyUnit) -> None:
    """A folder that somebody has served, backed up into or pushed to since is no copy any more, but an archive.

    Raises:
        ForeignDestination: it has what a copy would overwrite.
    """
    if destination.form is not CopyForm.FOLDER:
        return
    runs = {file.path for file in published.files() if rank_of(file.path) is Rank.MANIFEST}
    before = destination.catalogue.files if destination.catalogue else {}
    for key, size in sorted(destination.present.items()):
        is_new_run = rank_of(key) is Rank.MANIFEST and key not in runs and key not in before
        is_pushed = repository_of(key)[1].startswith("refs/")
        if is_pushed or is_new_run or (key == f"{DATABASE}-wal" and size):
            raise _touched(key)
    if UNFINISHED_KEY not in destination.present:
        for path, file in before.items():
            if _is_for_writers(path) and not _is_as_copied(destination, file):
                raise _touched(path)


def _is_for_writers(path: str) -> bool:
    """Whether whoever works with an archive changes the file, and those who only read it do not."""
    rank = rank_of(path)
    return rank in (Rank.REFS, Rank.HEAD, Rank.DATABASE) or (
        rank is Rank.REST and path not in WRITTEN_BY_READERS and not path.startswith(("runs/", "damaged/"))
    )


def _is_as_copied(destination: Destination, file: CopiedFile) -> bool:
    if destination.present.get(key_of_path(file.path)) is None:
        return True
    try:
        return destination.holds(file)
    except (Damaged, WriteFailed):
        return False


def _touched(path: str) -> ForeignDestination:
    return ForeignDestination(
        "{path} was changed there since it was copied",
        path=path,
        advice="It is an archive of its own by now, and nothing was written. Copy to another folder.",
    )
