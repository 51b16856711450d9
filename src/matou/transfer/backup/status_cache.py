"""What was read of an archive's runs, for as long as nothing there has changed: a manifest stays as it is."""

from collections.abc import Hashable, Sequence
from typing import Final

from matou.archive.layout import Archive
from matou.archive.lock import is_written_to
from matou.archive.run_history import manifests
from matou.caching import SizedCache
from matou.transfer.backup.status import ArchiveStatus, archive_status
from matou.transfer.common.saved_repositories import RunState, RunSummary, summarize_run

MOST_RUNS: Final = 5_000


class StatusCache:
    """How the sources stood when it was last looked at, and the summaries of runs. Safe between threads."""

    def __init__(self) -> None:
        self._status: tuple[Hashable, ArchiveStatus] | None = None
        self._runs: SizedCache[int, RunSummary] = SizedCache(MOST_RUNS)

    def status(self, archive: Archive) -> ArchiveStatus:
        state, known = _state(archive), self._status
        if known is not None and known[0] == state:
            return known[1]
        status = archive_status(archive)
        self._status = (state, status)
        return status

    def summaries(self, archive: Archive, runs: Sequence[int]) -> list[RunSummary]:
        return [self._summary(archive, run) for run in runs]

    def _summary(self, archive: Archive, run: int) -> RunSummary:
        known = self._runs.get(run)
        if known is None:
            known = summarize_run(archive, run)
            if known.state is RunState.ENDED:
                self._runs.put(run, known)
        return known


def _state(archive: Archive) -> Hashable:
    """Another value whenever a run has begun or ended, or what is known of damage has changed."""
    proofs = archive.proofs.stat().st_mtime_ns if archive.proofs.exists() else 0
    ended = tuple((run, path.stat().st_mtime_ns) for run, path in manifests(archive))
    return tuple(archive.run_numbers()), ended, proofs, is_written_to(archive.root)
