"""What a run did, repository by repository, as its manifest says."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from heapq import nlargest

from matou.archive.layout import Archive
from matou.archive.manifest import NamespaceLine, Outcome, RepositoryLine, UnseenLine
from matou.archive.run_history import NoSuchRun, checked_lines, manifest_of
from matou.transfer.backup.gaps import BackupGap, gaps_of
from matou.transfer.common.saved_repositories import RunState, RunSummary, summarize_run


class RunFilter(StrEnum):
    """Which repositories of a run are looked at; NOTABLE are all but those of which nothing is to be told."""

    NOTABLE = "notable"
    NOT_DONE = "not-done"
    KEPT = "kept"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class PartTime:
    """What the repositories of one project took together, though several are fetched at the same time."""

    path: str
    repositories: int
    seconds: float
    received_bytes: int


@dataclass(frozen=True, slots=True)
class RunReport:
    """Attributes: lines: those of repositories; none of a run that did not end, or whose manifest is damaged."""

    summary: RunSummary
    lines: Sequence[RepositoryLine] = ()
    namespaces: Sequence[NamespaceLine] = ()
    unseen: Sequence[UnseenLine] = ()

    @property
    def not_done(self) -> Sequence[RepositoryLine]:
        return [line for line in self.lines if not is_done(line)]

    @property
    def gaps(self) -> Sequence[BackupGap]:
        """What could not be had beyond single repositories."""
        first = self.summary.first
        is_code_only = first is not None and bool(first.options.get("code_only"))
        return gaps_of((*self.namespaces, *self.lines), self.unseen, is_code_only=is_code_only)

    def line(self, path: str) -> RepositoryLine | None:
        return next((line for line in self.lines if line.path == path), None)

    def times(self) -> Sequence[PartTime]:
        """How long each project's repositories took, the longest first; nothing of those that took no time."""
        found: dict[str, PartTime] = {}
        for line in self.lines:
            if line.seconds:
                path = line.path.rpartition("/")[0]
                before = found.get(path, PartTime(path, 0, 0, 0))
                seconds, received = before.seconds + line.seconds, before.received_bytes + line.received_bytes
                found[path] = PartTime(path, before.repositories + 1, seconds, received)
        return sorted(found.values(), key=lambda part: -part.seconds)

    def slowest(self, most: int) -> Sequence[RepositoryLine]:
        """Those that took longest."""
        return nlargest(most, (line for line in self.lines if line.seconds), key=lambda line: line.seconds)

    @property
    def kept(self) -> int:
        """How many tips it found overwritten or deleted."""
        return sum(len(line.kept) for line in self.lines)

    def chosen(self, which: RunFilter) -> Sequence[RepositoryLine]:
        if which is RunFilter.NOT_DONE:
            return self.not_done
        if which is RunFilter.KEPT:
            return [line for line in self.lines if line.kept]
        return [line for line in self.lines if which is RunFilter.ALL or _is_notable(line)]


def read_report(archive: Archive, run: int) -> RunReport:
    """Raises NoSuchRun: no run of that number ever began."""
    if run not in archive.run_numbers():
        raise NoSuchRun("the archive {root} has no run {run}", root=archive.root, run=run)
    summary = summarize_run(archive, run)
    if summary.state is not RunState.ENDED:
        return RunReport(summary)
    lines = list(checked_lines(manifest_of(archive, run)))
    return RunReport(
        summary,
        [line for line in lines if isinstance(line, RepositoryLine)],
        [line for line in lines if isinstance(line, NamespaceLine)],
        [line for line in lines if isinstance(line, UnseenLine)],
    )


def is_done(line: RepositoryLine) -> bool:
    """Whether its code and what was said around it are saved."""
    return line.outcome.is_done and (line.metadata is None or line.metadata.is_done)


def _is_notable(line: RepositoryLine) -> bool:
    return bool(line.kept) or line.outcome is not Outcome.UNCHANGED or not is_done(line)
