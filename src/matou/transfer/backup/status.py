"""How an archive's sources stand: the newest run of each, what is not done, and what has happened since."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from matou.archive.layout import Archive
from matou.archive.lock import is_written_to
from matou.archive.manifest import (
    EndLine,
    ListingState,
    NamespaceLine,
    Outcome,
    RepositoryLine,
    RunLine,
    SourceLine,
    UnseenLine,
    read_manifest,
    read_run_line,
)
from matou.archive.run_history import RunHistory, read_history, source_key
from matou.errors import Damaged, UnknownShape
from matou.git.repository import size_bytes
from matou.model.names import RepositoryPath
from matou.transfer.backup.gaps import BackupGap, gaps_of
from matou.transfer.backup.report import NOT_LOOKED_FOR
from matou.transfer.common.proofs import Damage


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source as its newest run that ended left it.

    Attributes:
        repositories: how many are in the archive, those too that the source no longer has.
        size_bytes: of their folders on this disk; LFS objects lie beside them.
        not_done: the repositories that are not saved, or not in full.
        damaged: those that the last `verify` found so, and no run has mended since.
        gaps: what else could not be had.
    """

    source: SourceLine
    run: int
    started_at: datetime
    finished_at: datetime
    listing: ListingState
    outcomes: Mapping[Outcome, int]
    received_bytes: int
    repositories: int
    size_bytes: int
    not_done: tuple[RepositoryLine, ...]
    damaged: tuple[RepositoryLine, ...] = ()
    gaps: tuple[BackupGap, ...] = ()

    @property
    def looked_for(self) -> int:
        return sum(count for outcome, count in self.outcomes.items() if outcome not in NOT_LOOKED_FOR)

    @property
    def is_done(self) -> bool:
        """As a backup says of its run that everything is saved."""
        is_whole = not self.not_done and not any(gap.is_fault for gap in self.gaps)
        return self.looked_for > 0 and self.listing is ListingState.COMPLETE and is_whole

    def age(self, now: datetime) -> timedelta:
        return now - self.finished_at


class Verdict(StrEnum):
    """Whether what a source has is saved; NOT_COMPLETE where both it and TOO_OLD hold."""

    COMPLETE = "complete"
    NOT_COMPLETE = "not complete"
    TOO_OLD = "too old"


def verdict_of(status: SourceStatus | None, *, is_too_old: bool, cut_off: int | None) -> Verdict:
    """Args:
    status: None where no run of the source ever ended.
    cut_off: the run since then that was cut off.
    """
    if status is None or not status.is_done or status.damaged or cut_off is not None:
        return Verdict.NOT_COMPLETE
    return Verdict.TOO_OLD if is_too_old else Verdict.COMPLETE


@dataclass(frozen=True, slots=True)
class UnendedRun:
    """A run that has not ended, and whose it is."""

    run: int
    source: SourceLine


@dataclass(frozen=True, slots=True)
class CutOff:
    """A run that has not ended, after the last one of its source that has; `source` is None if it did not get far.

    `fault` where it had ended, and its manifest cannot be read any more.
    """

    run: int
    source: SourceLine | None
    fault: Damaged | None = None


@dataclass(frozen=True, slots=True)
class ArchiveStatus:
    """`is_at_work` says whether somebody writes to the archive now, so that what has not ended may end yet."""

    sources: tuple[SourceStatus, ...]
    cut_off: tuple[CutOff, ...]
    is_at_work: bool

    @property
    def begun(self) -> tuple[UnendedRun, ...]:
        """Sources of which a run has begun, and none has ended; the last one of each."""
        ended = {source_key(one.source) for one in self.sources}
        begun = {
            source_key(one.source): UnendedRun(one.run, one.source) for one in self.cut_off if one.source is not None
        }
        return tuple(one for key, one in begun.items() if key not in ended)

    def cut_off_of(self, source: SourceLine) -> CutOff | None:
        """The last one that was cut off and is this source's, or may be."""
        key = source_key(source)
        matching = [one for one in self.cut_off if one.source is None or source_key(one.source) == key]
        return matching[-1] if matching else None


NOTHING_YET = ArchiveStatus((), (), is_at_work=False)


def archive_status(archive: Archive) -> ArchiveStatus:
    is_at_work = is_written_to(archive.root)
    damage = Damage.load(archive)
    history = read_history(archive)
    sources = tuple(_source_status(archive, damage, list(read_manifest(path))) for path in history.paths)
    return ArchiveStatus(sources, tuple(_cut_off(archive, history)), is_at_work)


def _cut_off(archive: Archive, history: RunHistory) -> Iterator[CutOff]:
    faults = {one.run: one.fault for one in history.unread}
    newest = {key: run for key, (run, _) in history.newest.items()}
    for run in archive.run_numbers():
        path = archive.manifest(run)
        if path.exists() and run not in faults:
            continue
        source = _source_of(path if run in faults else path.with_name(path.name + ".partial"))
        last = max(newest.values(), default=0) if source is None else newest.get(source_key(source), 0)
        if run > last:
            yield CutOff(run, source, faults.get(run))


def _source_of(partial: Path) -> SourceLine | None:
    try:
        return read_run_line(partial).source
    except (FileNotFoundError, Damaged):
        return None


def _source_status(archive: Archive, damage: Damage, lines: list[object]) -> SourceStatus:
    first, end = lines[0], lines[-1]
    if not isinstance(first, RunLine) or not isinstance(end, EndLine):
        raise UnknownShape("manifest", type(first).__name__)
    repositories = [line for line in lines if isinstance(line, RepositoryLine)]
    saved = [line for line in repositories if line.snapshot is not None]
    return SourceStatus(
        source=first.source,
        run=first.run,
        started_at=first.started_at,
        finished_at=end.finished_at,
        listing=end.listing,
        outcomes=end.outcomes,
        received_bytes=end.received_bytes,
        repositories=len(saved),
        size_bytes=sum(size_bytes(archive.repository(RepositoryPath.parse(line.path))) for line in saved),
        not_done=tuple(line for line in repositories if not line.outcome.is_done),
        damaged=tuple(line for line in saved if damage.concerns(RepositoryPath.parse(line.path), line)),
        gaps=gaps_of(
            (line for line in lines if isinstance(line, NamespaceLine | RepositoryLine)),
            (line for line in lines if isinstance(line, UnseenLine)),
            is_code_only=bool(first.options.get("code_only")),
        ),
    )
