"""How an archive's sources stand: the newest run of each, what is not done, and what has happened since."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from matou.archive.chain import checked_lines, newest_manifests
from matou.archive.layout import Archive
from matou.archive.manifest import EndLine, Listing, Outcome, RepositoryLine, RunLine, SourceLine
from matou.errors import UnknownShape
from matou.git.repository import size_bytes
from matou.model.names import RepositoryPath
from matou.transfer.report import NOT_LOOKED_FOR


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source as its newest run that ended left it.

    Attributes:
        repositories: how many are in the archive, those too that the source no longer has.
        size_bytes: of their folders on this disk; LFS objects lie beside them.
        not_done: the repositories that are not saved, or not in full.
    """

    source: SourceLine
    run: int
    started_at: datetime
    finished_at: datetime
    listing: Listing
    outcomes: Mapping[Outcome, int]
    received_bytes: int
    repositories: int
    size_bytes: int
    not_done: tuple[RepositoryLine, ...]

    @property
    def looked_for(self) -> int:
        return sum(count for outcome, count in self.outcomes.items() if outcome not in NOT_LOOKED_FOR)

    @property
    def is_done(self) -> bool:
        """As a backup says of its run that everything is saved."""
        return self.looked_for > 0 and self.listing is Listing.COMPLETE and not self.not_done

    def age(self, now: datetime) -> timedelta:
        return now - self.finished_at


@dataclass(frozen=True, slots=True)
class ArchiveStatus:
    """`cut_off` are the runs that began after the last one that ended and have not ended, or not yet."""

    sources: tuple[SourceStatus, ...]
    cut_off: tuple[int, ...]


NOTHING_YET = ArchiveStatus((), ())


def archive_status(archive: Archive) -> ArchiveStatus:
    """Raises DamagedManifest."""
    sources = tuple(_source_status(archive, list(checked_lines(path))) for path in newest_manifests(archive))
    newest = max((one.run for one in sources), default=0)
    cut_off = tuple(run for run in archive.run_numbers() if run > newest and not archive.manifest(run).exists())
    return ArchiveStatus(sources, cut_off)


def _source_status(archive: Archive, lines: list[object]) -> SourceStatus:
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
    )
