"""What a backup would do, found out without writing a byte and without asking one repository."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from matou.archive.layout import Archive
from matou.archive.manifest import ListingState, MetadataState, Outcome
from matou.archive.run_history import read_history
from matou.concurrency import CancellationToken
from matou.model.platform import Account
from matou.platforms.base.metadata import MetadataReader, MetadataSource
from matou.platforms.base.source import RecordSink, Source
from matou.transfer.backup.listing import SourceListing, read_listing
from matou.transfer.backup.metadata.budget import call_budget
from matou.transfer.backup.metadata.run import MetadataAccess
from matou.transfer.backup.options import BackupOptions
from matou.transfer.backup.plan import (
    ListedRepository,
    absent,
    fate_of_absent,
    has_same_last_push,
    judge_patterns,
    judge_source_listing,
    outcome_without_asking,
    source_path,
)
from matou.transfer.backup.previous_run import (
    NOTHING_BEFORE,
    PreviousRun,
    load_previous_run,
    notes_of_unread,
    source_line,
)
from matou.transfer.backup.report import BackupProblem, BackupReport, Intention, Planned, ProgressListener
from matou.transfer.backup.tracked_transport import RequestCounter
from matou.transfer.common.filters import RepositoryFilter


def preview(
    open_source: Callable[[RecordSink], Source],
    archive: Archive | None,
    options: BackupOptions,
    *,
    metadata: MetadataAccess | None = None,
    progress: ProgressListener,
    cancelled: threading.Event | None = None,
) -> BackupReport:
    """Read the account and its listings, and say what a backup would do; `planned` of the report has it.

    The archive is read and not locked: what another process writes meanwhile may be missed.
    """
    began = time.monotonic()
    requests = RequestCounter()
    source = open_source(lambda _: requests.add())
    account = source.account()
    progress.connected(account)
    before = (
        load_previous_run(archive, read_history(archive), source_line(source, account)) if archive else NOTHING_BEFORE
    )
    source_listing = read_listing(source, account, check=CancellationToken(cancelled or threading.Event()).check)
    unmatched = judge_patterns(options, account, before, source_listing)
    listing = judge_source_listing(before, source_listing, is_selection=options.is_selection)
    planned = tuple(_plans(account, before, source_listing, listing, options))
    budget = None
    if metadata is not None and not options.metadata.is_code_only:
        opened = metadata.open(lambda _: requests.add(), options.metadata.wants)
        readers = list(_readers(opened, account, before, source_listing, options))
        budget = call_budget(readers, options.metadata, metadata.rate, metadata.calls_per_hour)
    duration = timedelta(seconds=time.monotonic() - began)
    return replace(
        _report(source_listing, listing, planned, requests.count, duration),
        notes=notes_of_unread(before),
        unmatched=unmatched.patterns,
        paths=unmatched.paths,
        budget=budget,
    )


def _report(
    source_listing: SourceListing,
    listing: ListingState,
    planned: tuple[Planned, ...],
    requests: int,
    duration: timedelta,
) -> BackupReport:
    problems = tuple(BackupProblem(subject, None, fault) for subject, fault in source_listing.faults())
    return BackupReport(
        run=None,
        account=source_listing.account,
        listing=listing,
        outcomes=Counter(plan.outcome for plan in planned if plan.outcome is not None),
        problems=problems,
        problem_count=len(problems),
        unseen=source_listing.unseen,
        kept=0,
        trusted=sum(plan.intention is Intention.TRUST for plan in planned),
        received_bytes=0,
        requests=requests,
        duration=duration,
        planned=planned,
    )


def _plans(
    account: Account, before: PreviousRun, source_listing: SourceListing, listing: ListingState, options: BackupOptions
) -> Iterator[Planned]:
    repository_filter = RepositoryFilter(options.include, options.exclude)
    for remote in source_listing.repositories.values():
        namespace = source_listing.namespaces.get(remote.namespace_id)
        path = source_path(account.team, namespace, remote)
        yield _plan(
            ListedRepository(remote, namespace, path, before.repositories.get(remote.id)),
            repository_filter,
            trust=options.trust_listing,
            reads_subversion=options.reads_subversion,
        )
    for row in absent(before.repositories, source_listing.repositories):
        line = before.namespaces.get(row.namespace)
        path = source_path(account.team, line, row)
        yield Planned(path, Intention.NOTHING, fate_of_absent(row, listing, is_selection=options.is_selection))


def _readers(
    opened: MetadataSource,
    account: Account,
    before: PreviousRun,
    source_listing: SourceListing,
    options: BackupOptions,
) -> Iterator[tuple[MetadataReader, MetadataState | None]]:
    """Of what a run would read, with what the last manifest says of it."""
    repository_filter = RepositoryFilter(options.include, options.exclude)
    for namespace in source_listing.namespaces.values():
        line = before.namespaces.get(namespace.id)
        reader = opened.of_namespace(namespace)
        if reader is not None:
            yield reader, line.metadata if line is not None else None
    for remote in source_listing.repositories.values():
        above = source_listing.namespaces.get(remote.namespace_id)
        row = before.repositories.get(remote.id)
        task = ListedRepository(remote, above, source_path(account.team, above, remote), row)
        reader = opened.of_repository(remote, above)
        if reader is not None and outcome_without_asking(task, repository_filter) is None:
            yield reader, row.metadata if row is not None else None


def _plan(
    task: ListedRepository, repository_filter: RepositoryFilter, *, trust: bool, reads_subversion: bool
) -> Planned:
    outcome = outcome_without_asking(task, repository_filter, reads_subversion=reads_subversion)
    if outcome is not None:
        return Planned(task.source_path, Intention.NOTHING, outcome)
    if trust and has_same_last_push(task):
        return Planned(task.source_path, Intention.TRUST, Outcome.UNCHANGED)
    if task.previous is None or task.previous.snapshot is None:
        return Planned(task.source_path, Intention.FETCH, None)
    return Planned(task.source_path, Intention.ASK, None)
