"""The work of one run: what is listed is processed, line by line, until all that is left is to publish the manifest."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count, islice
from typing import TYPE_CHECKING, Any

import msgspec

from matou.archive.layout import Archive
from matou.archive.manifest import EndLine, ListingState, NamespaceLine, Outcome, Proof, UnseenLine
from matou.concurrency import Batch, CancellationToken, ConcurrencyLimit, WorkerPool
from matou.errors import MatouError, Phrase, Plural
from matou.fs import WriteFailed
from matou.git.process.run import GitAccess
from matou.http.tokens import BadCredential
from matou.model.metadata.kinds import KINDS
from matou.model.names import NamespacePath
from matou.model.platform import Account, Inaccessible, RemoteNamespace, RemoteRepository, VersionControl
from matou.platforms.base.source import RecordSink, Source
from matou.transfer.backup.archive_paths import ArchivePaths
from matou.transfer.backup.lfs_saver import LfsSaver
from matou.transfer.backup.listing import LISTING, SourceListing
from matou.transfer.backup.manifest_recorder import RunRecorder, left_out, line_of, line_of_absent
from matou.transfer.backup.mirror_saver import MirrorSaver
from matou.transfer.backup.namespaces import NamespaceSaver, undescribed
from matou.transfer.backup.options import BackupOptions
from matou.transfer.backup.plan import (
    BackupTask,
    Unmatched,
    absent,
    fate_of_absent,
    has_same_last_push,
    in_order,
    judge_source_listing,
    outcome_without_asking,
    source_path,
)
from matou.transfer.backup.previous_run import PreviousRun, notes_of_unread
from matou.transfer.backup.report import BackupReport, KindTotal
from matou.transfer.backup.repository_saver import RepositorySaver, is_as_listed, line_proven
from matou.transfer.backup.staging import MirrorPublisher
from matou.transfer.backup.tracked_transport import RequestCounter
from matou.transfer.common.filters import RepositoryFilter
from matou.transfer.common.proofs import Damage
from matou.transfer.common.transports import SourceTransports

if TYPE_CHECKING:
    from matou.transfer.backup.by_workers.handing_out import RepositoryWorkers
    from matou.transfer.backup.metadata.copies import MetadataCopies
    from matou.transfer.backup.metadata.run import RunMetadata

AT_REQUEST = 8
"""How many repositories are asked for their refs at the same time: enough to hide the way to the server."""

CREDENTIAL_CHECKS = 3
"""A credential that is no good is refused at the first; one that may not read this or that is good."""

DESCRIBING = 2
"""How many namespaces are read at the same time, beside the repositories."""

NOT_LISTED = "it is no longer listed"
NOT_LISTED_IN_PART = "it was not in a listing that is not to be believed"
NOT_REQUESTED = "the credential was refused before their turn came: {fault}"
NOT_GIT = "it is kept by {kind}, which is not supported"


class NotSaved(MatouError):
    """Why a repository was not asked for anything."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a run has to do with.

    Attributes:
        number: of the run.
        dead_since: when a writer began that did not let go of the archive in good order.
    """

    archive: Archive
    connections: SourceTransports
    cancellation: CancellationToken
    number: int
    began_at: datetime
    dead_since: datetime | None
    damage: Damage


@dataclass(frozen=True, slots=True)
class BackupRun:
    """Processes everything that a source lists, or once listed, into the recorder."""

    context: RunContext
    options: BackupOptions
    source: Source
    account: Account
    before: PreviousRun
    paths: ArchivePaths
    recorder: RunRecorder
    publisher: MirrorPublisher
    metadata: "RunMetadata | MetadataCopies | None" = None
    requests: RequestCounter = field(default_factory=RequestCounter)
    workers: "RepositoryWorkers | None" = None
    record: RecordSink | None = None

    def do(self, source_listing: SourceListing) -> ListingState:
        """Raises what should end the run; the manifest must not be published then."""
        listing = judge_source_listing(self.before, source_listing, is_selection=self.options.is_selection)
        described = NamespaceSaver(self.source, self.context.archive.blobs)
        namespaces = self.paths.namespaces(source_listing.namespaces.values())
        self._note_unlisted_namespaces(source_listing, listed=len(namespaces))
        tasks = in_order(task for task in self._tasks(source_listing, namespaces) if not self._is_finished(task))
        self._note_absent(source_listing, listing)
        self._note_left_out(source_listing)
        for note in notes_of_unread(self.before):
            self.recorder.note(note.what, note.cause)
        for fault in self.paths.registry.faults:
            self.recorder.note(fault.place, fault)
        self.paths.registry.sync()
        self.recorder.progress.planned(to_ask=len(tasks), finished=self.recorder.outcomes.total())
        if self.metadata is not None and not self.before.run:
            self.metadata.announce(source_listing.namespaces.values(), tasks)
        self._work_off(source_listing, namespaces, tasks, described)
        self._note_unseen(source_listing, described)
        return listing

    def report(self, end: EndLine, duration: timedelta, *, unmatched: Unmatched) -> BackupReport:
        return BackupReport(
            run=self.context.number,
            account=self.account,
            listing=end.listing,
            outcomes=end.outcomes,
            problems=tuple(self.recorder.problems),
            problem_count=self.recorder.problem_count,
            notes=tuple(self.recorder.notes),
            unseen=(*self.source.unseen, *(self.metadata.unseen if self.metadata else ())),
            kept=self.recorder.kept,
            trusted=self.recorder.trusted,
            received_bytes=end.received_bytes,
            requests=end.requests,
            duration=duration,
            unmatched=unmatched.patterns,
            paths=unmatched.paths,
            kinds=self._totals(),
        )

    def _totals(self) -> dict[str, KindTotal]:
        totals = self.metadata.totals if self.metadata else {}
        return {name: totals[name] for name in KINDS if name in totals and totals[name] != KindTotal()}

    def _work_off(
        self,
        source_listing: SourceListing,
        namespaces: dict[str, NamespacePath],
        tasks: list[BackupTask],
        described: NamespaceSaver,
    ) -> None:
        def describe(namespace: RemoteNamespace) -> None:
            before, path = self.before.namespaces.get(namespace.id), namespaces[namespace.id]
            line = described.save(namespace, path, before)
            if self.metadata is not None:
                line = self.metadata.with_metadata_of_namespace(namespace, path, line)
            self.recorder.namespace(line)

        saver = self.repository_saver()
        publish_all = self.publisher.publish_all
        # What the first answers tells whether the credential is good; only then do many ask at once.
        any(saver.check_credential(task) for task in _first_to_ask(tasks))
        try:
            WorkerPool(self.context.cancellation).run(
                Batch(DESCRIBING, describe, source_listing.namespaces.values()),
                self._saving(saver, tasks),
            )
            self.context.cancellation.check()
        except BadCredential as refusal:
            publish_all()
            self._note_rest(source_listing, namespaces, tasks, refusal)
        except BaseException:
            with contextlib.suppress(WriteFailed):
                publish_all()
            raise
        else:
            publish_all()

    def _saving(self, saver: RepositorySaver, tasks: Sequence[BackupTask]) -> Batch[Any]:
        if self.workers is None or self.record is None:
            return Batch(max(AT_REQUEST, self.options.jobs + AT_REQUEST // 2), saver.process_repository, tasks)
        from matou.transfer.backup.by_workers.handing_out import HandedOut

        return Batch(1, HandedOut(self, self.workers, saver, self.record).see_to, [tasks])

    def _note_rest(
        self,
        source_listing: SourceListing,
        namespaces: dict[str, NamespacePath],
        tasks: list[BackupTask],
        refusal: BadCredential,
    ) -> None:
        """Write down what nobody could be asked for any more, so that the manifest knows of everything."""
        self.recorder.died = refusal
        for namespace in source_listing.namespaces.values():
            if namespace.id not in self.recorder.noted_namespaces:
                before = self.before.namespaces.get(namespace.id)
                self.recorder.namespace(undescribed(namespace, namespaces[namespace.id], before))
        rest = [task for task in tasks if task.remote.id not in self.recorder.noted]
        cause = NotSaved(NOT_REQUESTED, fault=refusal)
        for task in rest:
            self.recorder.repository(line_of(task, Outcome.FAILED, reason=cause), task.source_path)
        self.recorder.problem(Plural("{count} repository", "{count} repositories", count=len(rest)), cause)

    def repository_saver(self, staged_from: int = 0) -> RepositorySaver:
        """`staged_from` numbers what is made in the staging folder: no two processes take the same."""
        context = self.context
        credential = self.source.git_credential()
        mirrors = MirrorSaver(
            context.archive,
            run=context.number,
            last_run=self.before.run,
            was_cut_off=self.before.was_cut_off,
            began_at=context.began_at,
            dead_since=context.dead_since,
            access=GitAccess(credential, self.options.network),
            limits=self.options.limits,
            publisher=self.publisher,
            _numbers=count(staged_from),
        )
        return RepositorySaver(
            context.archive,
            mirrors,
            LfsSaver(context.archive.blobs, context.connections, credential),
            context.connections.git(credential),
            self.recorder,
            context.cancellation,
            self.requests,
            saving=ConcurrencyLimit(self.options.jobs),
            damage=context.damage,
            path_beside=self.paths.beside,
            first_wait=self.options.first_wait,
            metadata=self.metadata,
            by_ssh=self.options.by_ssh is True,
        )

    def _tasks(self, source_listing: SourceListing, namespaces: dict[str, NamespacePath]) -> Iterator[BackupTask]:
        for remote in source_listing.repositories.values():
            namespace = source_listing.namespaces.get(remote.namespace_id)
            above = namespaces.get(remote.namespace_id) or self._path_of_unlisted(remote)
            path = self.paths.repository(remote, above)
            task = BackupTask(
                remote,
                namespace,
                source_path(self.account.team, namespace, remote),
                self.before.repositories.get(remote.id),
                path,
                self.context.damage.has_repository(path),
            )
            yield replace(task, proof=self._proof(task))

    def _path_of_unlisted(self, remote: RemoteRepository) -> NamespacePath:
        return self.paths.namespace(_unlisted_namespace(remote))

    def _is_finished(self, task: BackupTask) -> bool:
        """Note what is known of a repository without asking it."""
        wanted = RepositoryFilter(self.options.include, self.options.exclude)
        outcome = outcome_without_asking(task, wanted, reads_subversion=self.options.reads_subversion)
        if outcome is not None:
            cause = _why_unsupported(task) if outcome is Outcome.UNSUPPORTED else None
            self.recorder.repository(line_of(task, outcome, reason=cause), task.source_path, cause)
            return True
        if task.proof is not None and (self.metadata is None or self.metadata.is_as_before(task)):
            line = line_proven(task, task.proof)
            if self.metadata is not None:
                self.metadata.count(line.metadata)
            self.recorder.repository(line, task.source_path)
            return True
        return False

    def _proof(self, task: BackupTask) -> Proof | None:
        """By what the listing alone proves that nothing has changed."""
        is_trusted = self.options.trust_listing and has_same_last_push(task)
        is_listed_so = task.remote.peer is not None and is_as_listed(self.context.archive, task)
        if not (is_listed_so or is_trusted) or not self._is_there(task, self.context.damage):
            return None
        return Proof.LS_REFS if is_listed_so else Proof.LISTING

    def _is_there(self, task: BackupTask, damage: Damage) -> bool:
        is_damaged = task.previous is not None and damage.concerns(task.place, task.previous)
        return not is_damaged and self.context.archive.repository(task.place).is_dir()

    def _note_absent(self, source_listing: SourceListing, listing: ListingState) -> None:
        for row in absent(self.before.repositories, source_listing.repositories):
            outcome = fate_of_absent(row, listing, is_selection=self.options.is_selection)
            cause = _why_absent(outcome)
            namespace = self.before.namespaces.get(row.namespace)
            path = source_path(self.account.team, namespace, row)
            self.recorder.repository(line_of_absent(row, outcome, cause), path, cause)

    def _note_left_out(self, source_listing: SourceListing) -> None:
        for remote in source_listing.repositories.values():
            for note in left_out(remote):
                namespace = source_listing.namespaces.get(remote.namespace_id)
                self.recorder.note(source_path(self.account.team, namespace, remote), note)
        for one in source_listing.namespaces.values():
            for note in left_out(one):
                self.recorder.note(one.name, note)

    def _note_unlisted_namespaces(self, source_listing: SourceListing, *, listed: int) -> None:
        """Namespaces of before, and those that are named by a repository alone."""
        unlisted = {
            id_: _not_seen(line) for id_, line in self.before.namespaces.items() if id_ not in source_listing.namespaces
        }
        for remote in source_listing.repositories.values():
            if remote.namespace_id not in source_listing.namespaces and remote.namespace_id not in unlisted:
                path = self._path_of_unlisted(remote)
                unlisted[remote.namespace_id] = NamespaceLine(
                    id=remote.namespace_id, name=remote.namespace_id, path=str(path), archived=False, seen=False
                )
        self.recorder.expect_namespaces(listed + len(unlisted))
        for line in unlisted.values():
            self.recorder.namespace(line)

    def _note_unseen(self, source_listing: SourceListing, described: NamespaceSaver) -> None:
        unseen = [*self.source.unseen, *described.unseen, *(self.metadata.unseen if self.metadata else ())]
        for namespace in source_listing.namespaces.values():
            field_of = Phrase("a field of {namespace}", namespace=namespace.name)
            unseen += [Inaccessible(field_of, fault) for fault in namespace.left_out]
        if source_listing.broke_off is not None:
            unseen.append(Inaccessible(LISTING, source_listing.broke_off.fact))
        for subject, fault in (*source_listing.faults(), *described.faults):
            self.recorder.problem(subject, fault)
        for one in dict.fromkeys(unseen):
            self.recorder.manifest.write(UnseenLine(what=str(one.what), reason=str(one.reason)))


def _why_unsupported(task: BackupTask) -> NotSaved:
    kind = task.remote.version_control
    if kind is VersionControl.SUBVERSION and task.remote.clone_url:
        return NotSaved(
            NOT_GIT, kind=kind.value, advice="install git svn on this machine (git-svn), and it is saved by that"
        )
    return NotSaved(NOT_GIT, kind=kind.value)


def _why_absent(outcome: Outcome) -> NotSaved | None:
    if outcome is Outcome.EXCLUDED:
        return None
    return NotSaved(NOT_LISTED if outcome is Outcome.GONE else NOT_LISTED_IN_PART)


def _first_to_ask(tasks: Iterable[BackupTask]) -> Iterator[BackupTask]:
    return islice((task for task in tasks if task.proof is None), CREDENTIAL_CHECKS)


def _unlisted_namespace(remote: RemoteRepository) -> RemoteNamespace:
    """Stands for a namespace that the platform names and does not list."""
    return RemoteNamespace(remote.namespace_id, remote.namespace_id, "", "", None, None, archived=False)


def _not_seen(line: NamespaceLine) -> NamespaceLine:
    return msgspec.structs.replace(line, seen=False)
