"""`migrate`: the repositories of an archive, to a platform; what is there is compared, and never overwritten."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from matou.archive.layout import Archive
from matou.archive.path_registry import PathOwner
from matou.archive.run_history import read_history
from matou.concurrency import Batch, CancellationToken, WorkerPool
from matou.errors import MatouError, Phrase
from matou.git.operations.push import Pusher
from matou.git.process.run import DEFAULT_LIMITS, Limits
from matou.model.fidelity import CODE_ALONE, FidelityTable, MigrationMethod, code_alone
from matou.platforms.base.target import MaybeCodeAlone, MigrationTarget, ScopedTarget, TokenScopeMissing
from matou.transfer.common.filters import RepositoryFilter
from matou.transfer.common.saved_repositories import lines_of
from matou.transfer.common.transports import TargetTransports
from matou.transfer.migrate.assigned_paths import AssignedPaths
from matou.transfer.migrate.budget import UNHURRIED, WriteBudget, WriteRate, write_budget
from matou.transfer.migrate.carried import CarriedKind
from matou.transfer.migrate.conversation.conversations import Conversations, ConversationWriting
from matou.transfer.migrate.conversation.history_repository import HistoryRepositories
from matou.transfer.migrate.conversation.migration import ConversationOptions
from matou.transfer.migrate.conversation.mover import ConversationMover
from matou.transfer.migrate.dry_run import explained, preview
from matou.transfer.migrate.holdings import Holdings
from matou.transfer.migrate.mapping import NO_MAP, MigrationMap, TargetPath
from matou.transfer.migrate.mover import Mover
from matou.transfer.migrate.people import People
from matou.transfer.migrate.plan import (
    AssignedTargets,
    MigrationPlan,
    Move,
    SkippedRepository,
    plan_migration,
)
from matou.transfer.migrate.pull.mover import Pulling, PullMover
from matou.transfer.migrate.report import MigrationReport, Moved, Progress, Rewrite, no_progress
from matou.transfer.migrate.repository import RepositoryMover, target_key
from matou.transfer.migrate.submodules import address_key, resolved
from matou.transfer.migrate.target_state import TargetState, make_namespaces, read_target_state, require_namespaces

MOST_JOBS = 4
"""Repositories at a time: a platform is asked to index each of them."""


PlanListener: TypeAlias = Callable[[Sequence[CarriedKind], WriteBudget | None], None]
"""Told what there is, how it will be carried, and how much that is for the target."""


@dataclass(frozen=True, slots=True)
class MigrationOptions:
    """What a person chose.

    Attributes:
        namespace: where repositories go about which the map says nothing.
        mapping: where some go.
        include, exclude: patterns held against true paths; see `filters`.
        dry_run: plan, compare with what the target has, and change nothing anywhere.
        makes_namespaces: make those that the target does not have; without it they end the migration.
        jobs: how many repositories at a time.
        limits: of each git child.
        people: whom somebody is at the target.
        method: how what people said comes there, and how faithfully.
        conversation: how it is written, where that is the method.
        pace: how fast the target lets itself be written to.
    """

    namespace: str
    mapping: MigrationMap = NO_MAP
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    dry_run: bool = False
    makes_namespaces: bool = False
    jobs: int = MOST_JOBS
    limits: Limits = DEFAULT_LIMITS
    people: People = field(default_factory=dict)
    method: MigrationMethod = MigrationMethod.GIT
    fidelity: FidelityTable = field(default_factory=lambda: CODE_ALONE)
    conversation: ConversationOptions | None = None
    pace: WriteRate = UNHURRIED

    def budget(self, carried: Sequence[CarriedKind]) -> WriteBudget | None:
        return write_budget(carried, self.method, self.pace)


def migrate(
    archive: Archive,
    target: MigrationTarget,
    connections: TargetTransports,
    options: MigrationOptions,
    *,
    pulling: Pulling | None = None,
    on_plan: PlanListener = lambda _carried, _budget: None,
    writing: ConversationWriting | None = None,
    progress: Progress = no_progress,
    cancelled: threading.Event | None = None,
) -> MigrationReport:
    """Make every wanted repository at the target as the archive last saved it, and prove that it is so.

    Interrupted at any point, it is called again and goes on: what the target shows to be there is not sent again.
    One repository that fails does not stop the others.

    Args:
        pulling: where the target is to import by itself; without it, it is pushed to.
        on_plan: told what there is and how it will be carried, before anything is changed.
        writing: how what was said around the repositories is written there, after the code; None for the code alone.
        cancelled: set it from anywhere to give up.

    Raises:
        Refused: the credential is not good.
        MissingNamespace: one is not there, and cannot be made or was not asked for.
        SameTargetPath, UnusableName: what the map says cannot be.
        Cancelled: `cancelled` was set.
    """
    account = target.login()
    if writing and (reason := _fault_of_conversation(target)):
        writing, options = None, replace(options, fidelity=code_alone(reason))
    is_pulled = pulling is not None
    assigned_paths = AssignedPaths.of(archive, target.platform, target.url)
    assigned = assigned_paths.read()
    plan, there = _look(archive, target, options, assigned, pulled=is_pulled)
    missing = there.missing

    def open_mover() -> Mover:
        git = connections.git(target.git_credential())
        pusher = Pusher(git, limits=options.limits)
        mover = RepositoryMover(archive, target, connections, git, pusher, there.existing)
        if pulling:
            return PullMover(pulling, mover, account, options.people, plan.wikis)
        conversations = _conversations(mover, writing, plan, assigned, account) if writing else None
        return ConversationMover(mover, conversations) if conversations else mover

    _require_rights(target, plan, pulling, has_conversation=writing is not None)
    holdings = Holdings.of(archive, plan, options.fidelity, projects_apart=is_pulled)
    if options.dry_run:
        foreseen = preview(open_mover(), plan.moves, jobs=options.jobs)
        return _report(
            target,
            account,
            plan,
            holdings.completed(foreseen),
            holdings,
            new_namespaces=missing,
            is_dry_run=True,
            budget=options.budget(holdings.carried(())),
        )
    on_plan(foreseen_rows := holdings.carried(()), options.budget(foreseen_rows))
    make_namespaces(target, missing)
    if _chosen(plan, assigned):
        with assigned_paths.held():
            if (assigned_by_now := assigned_paths.read()) != assigned:
                plan, there = _look(archive, target, options, assigned_by_now, pulled=is_pulled)
            assigned_paths.add(_chosen(plan, assigned_by_now))
    moved = _Work(open_mover(), progress, len(plan.moves)).do(plan, options.jobs, cancelled)
    return _report(target, account, plan, holdings.completed(moved), holdings, new_namespaces=missing, is_dry_run=False)


def _require_rights(
    target: MigrationTarget, plan: MigrationPlan, pulling: Pulling | None, *, has_conversation: bool
) -> None:
    """As far as the target lets a token be asked for them."""
    if pulling:
        pulling.target.require_importer()
    if pulling or not isinstance(target, ScopedTarget):
        return
    visibilities = {move.visibility for move in plan.moves}
    if missing := target.missing_scopes(visibilities, has_conversation=has_conversation):
        raise TokenScopeMissing(
            "the token for {platform} lacks a scope that this needs: {scopes}",
            platform=target.platform,
            scopes=", ".join(missing),
            advice="make another one that has it, too: nothing was changed",
        )


def _fault_of_conversation(target: MigrationTarget) -> Phrase | None:
    return target.fault_of_conversation() if isinstance(target, MaybeCodeAlone) else None


def _conversations(
    mover: RepositoryMover,
    writing: ConversationWriting,
    plan: MigrationPlan,
    assigned: AssignedTargets,
    account: str,
) -> Conversations:
    paths = (*(move.target_path for move in plan.moves), *assigned.values())
    histories = HistoryRepositories(
        target=mover.target,
        git=mover.git,
        pusher=mover.pusher,
        existing=mover.existing,
        taken=frozenset(map(target_key, paths)),
    )
    return Conversations(mover.archive, writing, plan.moves, histories, account)


def _look(
    archive: Archive,
    target: MigrationTarget,
    options: MigrationOptions,
    assigned: AssignedTargets,
    *,
    pulled: bool,
) -> tuple[MigrationPlan, TargetState]:
    """Where everything goes, and what is there; MissingNamespace where that cannot be."""
    history = read_history(archive)
    plan = plan_migration(
        lines_of(history),
        namespace=options.namespace,
        rules=target.rules,
        mapping=options.mapping,
        assigned=assigned,
        repository_filter=RepositoryFilter(options.include, options.exclude),
        pulled=pulled,
    )
    there = read_target_state(target, _namespaces(plan, options.namespace))
    require_namespaces(target, there.missing, makes_missing=options.makes_namespaces)
    unread = tuple(SkippedRepository(one.place, one.fault.fact, is_wanted=True) for one in history.unread_now())
    return replace(plan, left_behind=(*plan.left_behind, *unread)), there


def _chosen(plan: MigrationPlan, assigned: AssignedTargets) -> Sequence[tuple[PathOwner, TargetPath]]:
    """The places that nobody has been given yet."""
    chosen = ((move.candidate.owner, move.target_path) for move in plan.moves)
    return [(owner, path) for owner, path in chosen if assigned.get((owner, path.namespace)) != path]


def _namespaces(plan: MigrationPlan, namespace: str) -> Iterable[str]:
    """Every one that anything goes to."""
    return dict.fromkeys(move.target_path.namespace for move in plan.moves) or (namespace,)


@dataclass
class _Work:
    mover: Mover
    progress: Progress
    expected: int
    done: list[Moved] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def do(self, plan: MigrationPlan, jobs: int, cancelled: threading.Event | None) -> list[Moved]:
        cancellation = CancellationToken(cancelled, on_cancel=self._cancel)
        WorkerPool(cancellation).run(Batch(jobs, lambda move: self._move(move, cancellation), plan.moves))
        cancellation.check()
        return sorted(self.done, key=lambda moved: moved.move.candidate.source_path)

    def _cancel(self) -> None:
        self.mover.cancel()

    def _move(self, move: Move, cancellation: CancellationToken) -> None:
        try:
            moved = self.mover.move(move)
        except MatouError as error:
            cancellation.check()
            moved = explained(self.mover.archive, self.mover.target.rules.capacity, move, error)
        with self._lock:
            self.done.append(moved)
            self.progress(move.candidate.source_path, len(self.done), self.expected)


def _report(
    target: MigrationTarget,
    account: str,
    plan: MigrationPlan,
    moved: Sequence[Moved],
    holdings: Holdings,
    *,
    new_namespaces: Iterable[str],
    is_dry_run: bool,
    budget: WriteBudget | None = None,
) -> MigrationReport:
    return MigrationReport(
        platform=target.platform,
        url=target.url,
        account=account,
        is_dry_run=is_dry_run,
        new_namespaces=tuple(new_namespaces),
        repositories=tuple(moved),
        left_behind=plan.left_behind,
        unmatched=plan.unmatched,
        rewrites=tuple(dict.fromkeys(_rewrites(moved))),
        carried=holdings.carried(moved),
        budget=budget,
    )


def _rewrites(moved: Iterable[Moved]) -> Iterator[Rewrite]:
    """For each submodule that is written so that it leads to a moved repository's old place."""
    moved = tuple(moved)
    new_targets = {address_key(one.move.candidate.line.clone_url): one.clone_url for one in moved if one.clone_url}
    for one in moved:
        old_target = one.move.candidate.line.clone_url
        for link in one.submodules:
            clone_url = new_targets.get(address_key(resolved(link.url, of=old_target)))
            written = resolved(link.url, of=one.clone_url)
            if clone_url is not None and address_key(written) != address_key(clone_url):
                yield Rewrite(written, clone_url)
