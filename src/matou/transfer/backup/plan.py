"""What a run does about each repository: decided from the last manifest and the listing, before anything is done."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from matou.archive.manifest import ListingState, NamespaceLine, Outcome, Proof, RepositoryLine, SourceLine
from matou.model.names import RepositoryPath
from matou.model.platform import Account, RemoteNamespace, RemoteRepository, VersionControl
from matou.transfer.backup.listing import SourceListing
from matou.transfer.backup.options import BackupOptions
from matou.transfer.backup.previous_run import PreviousRun
from matou.transfer.common.filters import RepositoryFilter, nothing_matches, unmatched

SHRINKAGE = 20
"""A listing that misses more than one in so many of those that the last one had is not believed."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ListedRepository:
    """A listed repository, with its namespace if that is listed, and its line in this source's last manifest."""

    remote: RemoteRepository
    namespace: RemoteNamespace | None
    source_path: str
    previous: RepositoryLine | None


@dataclass(frozen=True, slots=True)
class BackupTask(ListedRepository):
    """A repository to be saved, with its place in the archive.

    Attributes:
        is_damaged: what lies there is to be fetched again, whatever its refs say.
        proof: by what the listing alone proves it to be unchanged; None where it does not.
    """

    place: RepositoryPath
    is_damaged: bool = False
    proof: Proof | None = None


def source_path(
    team: str, namespace: RemoteNamespace | NamespaceLine | None, repository: RemoteRepository | RepositoryLine
) -> str:
    """The path at the platform, in no way cleaned; an id stands for a namespace that nobody names."""
    id_ = repository.namespace_id if isinstance(repository, RemoteRepository) else repository.namespace
    name = id_ if namespace is None else namespace.name
    return "/".join(part for part in (team, name, repository.name) if part)


def paths_known(account: Account, before: PreviousRun, source_listing: SourceListing) -> list[str]:
    """The true path of each repository that is listed, and of each that once was."""
    listed = (
        source_path(account.team, source_listing.namespaces.get(remote.namespace_id), remote)
        for remote in source_listing.repositories.values()
    )
    once = (
        source_path(account.team, before.namespaces.get(row.namespace), row) for row in before.repositories.values()
    )
    return list(dict.fromkeys((*listed, *once)))


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Patterns that match nothing at a source and may be about another one; `paths` is what there is, if any is."""

    patterns: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


ALL_MATCHED = Unmatched()


def judge_patterns(
    options: BackupOptions, account: Account, before: PreviousRun, source_listing: SourceListing
) -> Unmatched:
    """The patterns that match nothing here and may be about another source.

    Raises:
        NothingMatches: one matches nothing that could be about this source alone, and all that there is was listed.
    """
    paths = paths_known(account, before, source_listing)
    nothing = unmatched(options.include, paths)
    mistyped = [pattern for pattern in nothing if pattern not in options.elsewhere]
    if mistyped and not any(source_listing.faults()):
        raise nothing_matches(mistyped, paths)
    elsewhere = tuple(pattern for pattern in nothing if pattern in options.elsewhere)
    return Unmatched(elsewhere, tuple(paths)) if elsewhere else ALL_MATCHED


def paths_at(lines: Iterable[tuple[SourceLine, NamespaceLine | RepositoryLine]]) -> list[str]:
    """The true path of each repository in the lines of manifests, which have namespaces first."""
    namespaces: dict[tuple[SourceLine, str], NamespaceLine] = {}
    paths: list[str] = []
    for source, line in lines:
        if isinstance(line, NamespaceLine):
            namespaces[source, line.id] = line
        else:
            paths.append(source_path(source.team, namespaces.get((source, line.namespace)), line))
    return paths


def outcome_without_asking(
    task: ListedRepository, repository_filter: RepositoryFilter, *, reads_subversion: bool = False
) -> Outcome | None:
    """None where the repository itself has to be asked."""
    if not repository_filter.wants(task.source_path):
        return Outcome.EXCLUDED
    kind = task.remote.version_control
    is_read = kind is VersionControl.GIT or (
        kind is VersionControl.SUBVERSION and reads_subversion and bool(task.remote.clone_url)
    )
    return None if is_read else Outcome.UNSUPPORTED


def has_same_last_push(task: ListedRepository) -> bool:
    """Say whether the listing gives no reason to ask: nobody has pushed since the state that was saved in full."""
    row, pushed_at = task.previous, task.remote.last_push_at
    return (
        row is not None
        and row.snapshot is not None
        and row.outcome in (Outcome.SAVED, Outcome.UNCHANGED)
        and pushed_at is not None
        and row.last_push_at == pushed_at
    )


def in_order(tasks: Iterable[BackupTask]) -> list[BackupTask]:
    """Those first that are likely to take longest, so that none of them is alone at the end.

    No platform says how big a repository is. What was pushed to last has most to fetch; then what was big before.
    """
    return sorted(tasks, key=_urgency, reverse=True)


def _urgency(task: ListedRepository) -> tuple[datetime, int]:
    before = task.previous.received_bytes if task.previous is not None else 0
    return (task.remote.last_push_at or LONG_AGO, before)


def judge_listing(
    previous: Mapping[str, RepositoryLine],
    listed: Collection[str],
    *,
    broke_off: bool,
    sees_less: bool,
    said_before: Collection[str] = (),
) -> ListingState:
    """Say whether a repository that is not listed may be taken for gone.

    Compared is with the last listing that was complete, and with all that was listed since: a complete one makes `gone`
    what is absent, so these are all rows that are not. A real deletion of many is believed when the next listing says
    the same. An empty one never is: that is what a lost permission looks like.

    Args:
        previous: the rows of the last manifest.
        sees_less: the platform says that something is not listed which it did not say at the last complete listing.
        said_before: what the last run listed, if its listing came to its end and was not believed.
    """
    if broke_off:
        return ListingState.BROKEN_OFF
    known = [row.id for row in previous.values() if row.outcome is not Outcome.GONE]
    if sees_less or (previous and not listed):
        return ListingState.SHRUNK
    if _misses_many(known, listed) and (not said_before or _misses_many(said_before, listed)):
        return ListingState.SHRUNK
    return ListingState.COMPLETE


def _misses_many(known: Collection[str], listed: Collection[str]) -> bool:
    return sum(id_ not in listed for id_ in known) * SHRINKAGE > len(known)


def judge_source_listing(
    before: PreviousRun, source_listing: SourceListing, *, is_selection: bool = False
) -> ListingState:
    """As `judge_listing`, of what was read now against what the manifests say; what a person named is all there is."""
    if is_selection and source_listing.broke_off is None:
        return ListingState.COMPLETE
    return judge_listing(
        before.repositories,
        source_listing.repositories,
        broke_off=source_listing.broke_off is not None or bool(source_listing.not_listed),
        sees_less=before.run > 0 and not {unseen.what for unseen in source_listing.unseen} <= before.unseen,
        said_before=before.not_believed,
    )


def fate_of_absent(row: RepositoryLine, listing: ListingState, *, is_selection: bool = False) -> Outcome:
    """Of a repository that is not listed. In a selection it is one that nobody wanted this time."""
    if is_selection:
        return Outcome.EXCLUDED
    if row.outcome is Outcome.GONE or listing is ListingState.COMPLETE:
        return Outcome.GONE
    return Outcome.UNLISTED


def absent(previous: Mapping[str, RepositoryLine], listed: Collection[str]) -> Sequence[RepositoryLine]:
    return [row for row in previous.values() if row.id not in listed]
