"""The metadata of one run: how it is reached, and what the lines of the manifest get of it."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import msgspec

from matou.archive.blobs import BlobStore
from matou.archive.manifest import MetadataState, NamespaceLine, Outcome, ReadState, RepositoryLine
from matou.concurrency import Cancelled
from matou.errors import Damaged, MatouError, NotFound, Phrase, Plural, Refused, TryLater
from matou.fs import WriteFailed
from matou.git.odb.objects import MissingObject
from matou.git.operations.fetch import FetchSource
from matou.http.rate_limit import RateLimit
from matou.http.tokens import BadCredential
from matou.model.metadata.kinds import CHANGE, MetadataKind
from matou.model.names import NamespacePath
from matou.model.platform import Inaccessible, RemoteNamespace
from matou.platforms.base.metadata import MetadataSource, QuietSource
from matou.platforms.base.source import RecordSink
from matou.transfer.backup.manifest_recorder import RunRecorder
from matou.transfer.backup.metadata.budget import least_budget
from matou.transfer.backup.metadata.change_commits import HAS_MIRROR, ChangeCommits, MirrorCommits, NoCommits
from matou.transfer.backup.metadata.file_fetcher import FileSource
from matou.transfer.backup.metadata.saver import MetadataSaver, MetadataSaving
from matou.transfer.backup.metadata.selection import OVERLAP
from matou.transfer.backup.metadata.starting_points import MetadataOwner
from matou.transfer.backup.plan import BackupTask
from matou.transfer.backup.report import KindTotal
from matou.transfer.common.proofs import Damage
from matou.transfer.common.saved_repositories import has_surely_no_tag

AS_IT_WAS = (Outcome.UNCHANGED, Outcome.EMPTY)

NOT_READ = "not all of what lies around its code was read: {what}: {fault}"


class MetadataAccess(Protocol):
    """The way to a platform's metadata, and to its files, over the session that everything else goes over."""

    @property
    def rate(self) -> RateLimit:
        """How often the platform may be asked."""

    @property
    def calls_per_hour(self) -> int | None:
        """How many requests it grants besides; None where it counts none."""

    def open(self, record: RecordSink, wants: Callable[[MetadataKind], bool], /) -> MetadataSource: ...

    def files(self, blobs: BlobStore, record: RecordSink, limit_bytes: int | None, /) -> FileSource: ...


def _is_as_before(line: RepositoryLine) -> bool:
    """Whether its refs are those of before, and nothing of its change requests was to be fetched by this run."""
    changes = line.metadata.kinds.get(CHANGE.name) if line.metadata is not None else None
    return line.proof is not None and changes is not None and changes.state is ReadState.COMPLETE


class CommitsAbsent(NotFound):
    """Commits of change requests that the source does not give any more: their forks are gone, say."""


class FilesLeftOut(Refused):
    """Files that are larger than somebody wants to have; nothing is wrong with that."""


def _left_out(names: Sequence[str]) -> Plural:
    return Plural(
        "{count} file is larger than is wanted, and is left out: {first}",
        "{count} files are larger than is wanted, and are left out, such as {first}",
        count=len(names),
        first=names[0],
    )


def _absent(numbers: Sequence[str]) -> Plural:
    return Plural(
        "the commits of {count} change request are at the source no more: {first}",
        "the commits of {count} change requests are at the source no more, such as {first}",
        count=len(numbers),
        first=numbers[0],
    )


class NotAllRead(TryLater):
    """Of what lies around the code of a repository something was not read."""


@dataclass(slots=True)
class RunMetadata:
    """Saves what belongs to each repository and each namespace, and tells the recorder. For several threads.

    Attributes:
        damage: is told of what cannot be read any more: the next run sees to it.
        access: how often the platform may be asked.
        last_run_at: when the run before this one began; None where there is none, or something came between.
        unseen: what the platform has and gives to no program, each thing once.
        totals: what was read of each kind so far.
    """

    saver: MetadataSaver
    recorder: RunRecorder
    record: RecordSink
    now: Callable[[], datetime]
    damage: Damage
    access: MetadataAccess
    last_run_at: datetime | None = None
    unseen: list[Inaccessible] = field(default_factory=list)
    totals: dict[str, KindTotal] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def announce(self, namespaces: Iterable[RemoteNamespace], tasks: Iterable[BackupTask]) -> None:
        """Ahead of a first run, tell how long it will take at least; nobody is asked for that."""
        source, access = self.saver.source, self.access
        readers = [source.of_namespace(one) for one in namespaces]
        readers += [source.of_repository(task.remote, task.namespace) for task in tasks]
        known = [reader for reader in readers if reader is not None]
        self.recorder.progress.budgeted(
            least_budget(known, self.saver.selection, access.rate, access.calls_per_hour, now=self.saver.began_at)
        )

    def is_as_before(self, task: BackupTask) -> bool:  # noqa: ARG002 - as MetadataCopies has it
        """A platform tells of no repository what was said around it before it is asked."""
        return False

    def count(self, state: MetadataState | None) -> None:
        """Add to the totals."""
        for name, kind in (state.kinds if state else {}).items():
            self.totals[name] = self.totals.get(name, KindTotal()).with_state(kind)

    def add(self, totals: Mapping[str, KindTotal], unseen: Iterable[Inaccessible]) -> None:
        """What another process has read."""
        with self._lock:
            known = {one.what for one in self.unseen}
            self.unseen += [one for one in unseen if one.what not in known]
            for name, total in totals.items():
                self.totals[name] = self.totals.get(name, KindTotal()).plus(total)

    def with_metadata_of_repository(
        self, task: BackupTask, line: RepositoryLine, source_of: Callable[[str], FetchSource]
    ) -> RepositoryLine:
        """The line with what was read. Raises Cancelled, WriteFailed, BadCredential.

        Args:
            source_of: how a repository at the source is reached, for the commits of its change requests.
        """
        commits = self._commits(task, line, source_of)
        owner = MetadataOwner(id=task.remote.id, place=task.place, called=task.source_path)
        before = line.metadata
        has_no_tag = partial(has_surely_no_tag, self.saver.archive, line)
        save = partial(
            self.saver.of_repository,
            task.remote,
            task.namespace,
            owner,
            before,
            commits,
            has_no_tag,
            partial(self._is_quiet, task, line),
        )
        saved = self._saved(owner, before, save)
        if isinstance(commits, MirrorCommits) and commits.absent:
            self.recorder.note(task.source_path, CommitsAbsent(_absent(commits.absent)))
        line = msgspec.structs.replace(line, metadata=saved.state)
        if not saved.problems or not line.outcome.is_done:
            return line
        what, fault = saved.problems[0]
        reason = NotAllRead(NOT_READ, what=what, fault=fault)
        return msgspec.structs.replace(line, outcome=Outcome.INCOMPLETE, reason=str(reason))

    def _is_quiet(self, task: BackupTask, line: RepositoryLine) -> bool:
        """Whether the last run read all of it, and nothing was pushed or said since. May ask, once for many."""
        source, previous = self.saver.source, task.previous
        if self.last_run_at is None or previous is None or not isinstance(source, QuietSource):
            return False
        if line.outcome not in AS_IT_WAS or previous.outcome not in (*AS_IT_WAS, Outcome.SAVED):
            return False
        return source.is_quiet(task.remote, self.last_run_at - OVERLAP)

    def _commits(
        self, task: BackupTask, line: RepositoryLine, source_of: Callable[[str], FetchSource]
    ) -> ChangeCommits:
        if line.outcome not in HAS_MIRROR or line.snapshot is None:
            return NoCommits()

        def git_dir() -> Path:
            path = self.saver.archive.repository(task.place)
            if not path.exists():
                self.saver.publisher.publish_all()
            return path

        return MirrorCommits(git_dir, source_of, self.record, self.now, is_as_before=_is_as_before(line))

    def with_metadata_of_namespace(
        self, namespace: RemoteNamespace, path: NamespacePath, line: NamespaceLine
    ) -> NamespaceLine:
        """The line with what was read. Raises as above."""
        before = line.metadata
        owner = MetadataOwner(id=namespace.id, place=path, called=namespace.name)
        saved = self._saved(owner, before, lambda: self.saver.of_namespace(namespace, owner, before))
        return msgspec.structs.replace(line, metadata=saved.state)

    def _saved(
        self, owner: MetadataOwner, before: MetadataState | None, save: Callable[[], MetadataSaving]
    ) -> MetadataSaving:
        try:
            saved = save()
        except (Cancelled, WriteFailed, BadCredential):
            raise
        except MatouError as fault:
            if isinstance(fault, Damaged | MissingObject):
                self.damage.add_metadata(owner.place)
            saved = MetadataSaving(before, ((Phrase("metadata of {path}", path=owner.called), fault),))
        for what, cause in saved.problems:
            self.recorder.problem(what, cause)
        with self._lock:
            # Once a source, whichever repository it was met at.
            self.unseen += [one for one in saved.unseen if one.what not in {known.what for known in self.unseen}]
            self.count(saved.state)
            for name, files in saved.left_out.items():
                self.totals[name] = self.totals.get(name, KindTotal()).with_left_out(len(files))
                self.recorder.note(owner.called, FilesLeftOut(_left_out(files)))
        return saved
