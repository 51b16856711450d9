"""Runs are forgotten by a policy: what would go is worked out, then it is written down. Nothing is deleted here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from matou.archive.forgotten import ForgottenRun, read_forgotten, write_forgotten
from matou.archive.layout import Archive
from matou.archive.lock import lock_archive
from matou.archive.manifest import ListingState, Outcome, RepositoryLine, SourceLine, read_manifest
from matou.archive.manifest.lines import whole_seconds
from matou.archive.run_history import SourceKey, digest_of_file, manifests, source_key
from matou.errors import MatouError, NotFound, Phrase
from matou.git.process.run import DEFAULT_LIMITS, Limits
from matou.transfer.common.saved_repositories import RunState, RunSummary, summarize_run
from matou.transfer.room.policy import CountedRun, Policy, kept_runs
from matou.transfer.room.reach import KeptStates, RefsOfRepository, refs_to_drop


class NoSuchSource(NotFound):
    """Nothing in the archive is of a source that is named so."""


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """What becomes of the runs of one source.

    Attributes:
        kept: those that stay, each with the reasons.
        forgotten: those that go, oldest first.
        gone: repositories that the source no longer has; all that was saved of them stays.
    """

    source: SourceLine
    kept: Mapping[int, Sequence[Phrase]]
    forgotten: tuple[int, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForgetPlan:
    """What a policy would forget.

    Attributes:
        unread: runs whose manifests cannot be read; they stay.
        repositories: kept refs that no kept run needs then, which `prune` takes away.
        faults: why of a repository nothing goes, by path.
    """

    policy: Policy
    sources: tuple[SourcePlan, ...]
    unread: tuple[int, ...]
    repositories: tuple[RefsOfRepository, ...]
    faults: Mapping[str, MatouError]

    @property
    def forgotten(self) -> tuple[int, ...]:
        return tuple(sorted(run for source in self.sources for run in source.forgotten))


def forget(
    archive: Archive,
    policy: Policy,
    *,
    now: datetime,
    sources: Sequence[str] = (),
    is_dry: bool,
    limits: Limits = DEFAULT_LIMITS,
    in_zone: Callable[[datetime], datetime] = lambda moment: moment.astimezone(),
) -> ForgetPlan:
    """Forget the runs that a policy does not keep, of each source by itself. What they saved stays until `prune`.

    Args:
        archive: whose runs.
        policy: what is kept.
        now: the time that is written down.
        sources: platforms, hosts, addresses, teams or accounts; without any, every source.
        is_dry: only say what would be forgotten.
        limits: of each git child.
        in_zone: gives a time in the zone whose days, weeks and months count.

    Raises:
        NoSuchSource: nothing is of a source that is named so.
        DamagedManifest: a manifest cannot be read, so that nobody knows what its run needs.
        ArchiveBusy: another process writes to the archive.
    """

    def began(moment: datetime) -> datetime:
        """No run began later than now, whatever the clock said then."""
        return in_zone(min(moment, now))

    if is_dry:
        return _plan(archive, policy, sources, limits, began)
    with lock_archive(archive.root, now=now):
        plan = _plan(Archive.open(archive.root), policy, sources, limits, began)
        write_forgotten(archive, _lines(archive, plan, now))
    return plan


def _lines(archive: Archive, plan: ForgetPlan, now: datetime) -> Iterator[ForgottenRun]:
    at = whole_seconds(now)
    for run in plan.forgotten:
        yield ForgottenRun(at=at, run=run, sha256=digest_of_file(archive.manifest(run)), policy=str(plan.policy))


def _plan(
    archive: Archive,
    policy: Policy,
    wanted: Sequence[str],
    limits: Limits,
    in_zone: Callable[[datetime], datetime],
) -> ForgetPlan:
    summaries = [summarize_run(archive, run) for run, _ in manifests(archive)]
    by_source = _by_source(summaries)
    chosen = _chosen(by_source, wanted)
    sources = tuple(_plan_of(archive, by_source[key], policy, in_zone) for key in chosen)
    going = {run for source in sources for run in source.forgotten} | read_forgotten(archive).runs.keys()
    faults: dict[str, MatouError] = {}
    states = KeptStates.read(archive, going)
    repositories = tuple(refs_to_drop(archive, states, going, faults, limits=limits))
    unread = tuple(one.run for one in summaries if one.state is RunState.DAMAGED)
    return ForgetPlan(policy, sources, unread, repositories, faults)


def _by_source(summaries: Iterable[RunSummary]) -> dict[SourceKey, list[RunSummary]]:
    """Those that ended and can be read."""
    found: dict[SourceKey, list[RunSummary]] = {}
    for one in summaries:
        if one.first is not None and one.state is RunState.ENDED:
            found.setdefault(source_key(one.first.source), []).append(one)
    return found


def _chosen(by_source: Mapping[SourceKey, Sequence[RunSummary]], wanted: Sequence[str]) -> list[SourceKey]:
    names = {key: _names_of(key, runs) for key, runs in by_source.items()}
    for one in wanted:
        if not any(one.lower() in found for found in names.values()):
            raise NoSuchSource(
                "the archive has no run of a source {name}",
                name=repr(one),
                known=", ".join(sorted(key.text for key in names)),
                advice="It has runs of: {known}.",
            )
    return [key for key, found in names.items() if not wanted or any(one.lower() in found for one in wanted)]


def _names_of(key: SourceKey, runs: Sequence[RunSummary]) -> frozenset[str]:
    """All that a person may call a source."""
    sources = [one.first.source for one in runs if one.first is not None]
    names = {key.platform, key.host, key.owner, key.text}
    names.update(name for source in sources for name in (source.url, source.team, source.account))
    return frozenset(name.lower() for name in names if name)


def _plan_of(
    archive: Archive, runs: Sequence[RunSummary], policy: Policy, in_zone: Callable[[datetime], datetime]
) -> SourcePlan:
    counted = [_counted(one, in_zone) for one in runs]
    kept = kept_runs(counted, policy)
    newest = runs[-1].first
    if newest is None:
        raise NoSuchSource("run {run} has no source", run=runs[-1].run)
    lines = read_manifest(archive.manifest(runs[-1].run))
    gone = (line.path for line in lines if isinstance(line, RepositoryLine) and line.outcome is Outcome.GONE)
    forgotten = tuple(one.run for one in runs if one.run not in kept)
    return SourcePlan(newest.source, dict(sorted(kept.items())), forgotten, tuple(sorted(gone)))


def _counted(summary: RunSummary, in_zone: Callable[[datetime], datetime]) -> CountedRun:
    if summary.first is None or summary.end is None:
        raise NoSuchSource("run {run} has no source", run=summary.run)
    return CountedRun(
        run=summary.run,
        began_at=in_zone(summary.first.started_at),
        is_whole=summary.is_whole,
        has_whole_listing=summary.end.listing is ListingState.COMPLETE,
    )
