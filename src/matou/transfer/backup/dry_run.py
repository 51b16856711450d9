"""What a backup would do, found out without writing a byte and without asking one repository."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from matou.archive.layout import Archive
from matou.archive.manifest import ListingState, Outcome
from matou.archive.run_history import read_history
from matou.concurrency import CancellationToken
from matou.model.platform import Account
from matou.platforms.base.source import RecordSink, Source
from matou.transfer.backup.listing import SourceListing, read_listing
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
    listing = judge_source_listing(before, source_listing)
    planned = tuple(_plans(account, before, source_listing, listing, options))
    duration = timedelta(seconds=time.monotonic() - began)
    return replace(
        _report(source_listing, listing, planned, requests.count, duration),
        notes=notes_of_unread(before),
        unmatched=unmatched.patterns,
        paths=unmatched.paths,
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
        )
    for row in absent(before.repositories, source_listing.repositories):
        line = before.namespaces.get(row.namespace)
        path = source_path(account.team, line, row)
        yield Planned(path, Intention.NOTHING, fate_of_absent(row, listing))


def _plan(task: ListedRepository, repository_filter: RepositoryFilter, *, trust: bool) -> Planned:
    outcome = outcome_without_asking(task, repository_filter)
    if outcome is not None:
        return Planned(task.source_path, Intention.NOTHING, outcome)
    if trust and has_same_last_push(task):
        return Planned(task.source_path, Intention.TRUST, Outcome.UNCHANGED)
    if task.previous is None or task.previous.snapshot is None:
        return Planned(task.source_path, Intention.FETCH, None)
    return Planned(task.source_path, Intention.ASK, None)
