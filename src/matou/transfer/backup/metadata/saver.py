"""Saves what lies around the code of a repository, or of a namespace, and says what the manifest is to have of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from matou.archive.layout import Archive
from matou.archive.manifest import MetadataState, ReadState
from matou.archive.metadata import About, MetadataCommit, MetadataWriter, open_metadata
from matou.concurrency import CancellationToken
from matou.errors import MatouError, NotFound, Phrase, Plural
from matou.model.metadata.kinds import ASSET, ATTACHMENT, CHANGE, KINDS, MetadataKind
from matou.model.names import NamespacePath, ObjectId, RepositoryPath
from matou.model.platform import Inaccessible, RemoteNamespace, RemoteRepository
from matou.platforms.base.metadata import MetadataReader, MetadataSource
from matou.transfer.backup.metadata.attachments import FileKeeper
from matou.transfer.backup.metadata.change_commits import ChangeCommits, NoCommits
from matou.transfer.backup.metadata.file_fetcher import FileSource
from matou.transfer.backup.metadata.kind_names import name_of
from matou.transfer.backup.metadata.kind_result import KindResult
from matou.transfer.backup.metadata.selection import KindSelection
from matou.transfer.backup.metadata.starting_points import AsSaved, MetadataOwner, StartingPoint, StartingPoints
from matou.transfer.backup.metadata.walk import KEEP_EVERY, MetadataWalk
from matou.transfer.backup.staging import STAGED_PREFIX, MirrorPublisher, StagedMirror


class FilesMissing(NotFound):
    """Files that somebody attached, and that the platform gives no more."""


NO_COMMITS: Final = NoCommits()

OnProgress = Callable[[str, MetadataKind, int], None]
"""Called with what is read, a kind, and how many of it have come so far."""


@dataclass(frozen=True, slots=True)
class MetadataSaving:
    """What became of it.

    Attributes:
        state: for the manifest; None where there is nothing of it, and never was.
        problems: what was not read, and why; what was saved of it before stays.
        unseen: what the platform has and gives to no program, or does not have.
        left_out: by kind, the names of files that this run came upon and that are larger than is wanted.
    """

    state: MetadataState | None
    problems: tuple[tuple[Phrase, MatouError], ...] = ()
    unseen: tuple[Inaccessible, ...] = ()
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataSaver:
    """Saves metadata. May be used by several threads, each with a repository or a namespace of its own.

    Attributes:
        platform, host: whose it is.
        run: the number of this run, which began at `began_at`.
        dead_since: when a writer began that did not let go of the archive in good order.
        publisher: puts new metadata repositories to their places, many for the price of few.
        keep_every: how often what came is made durable, before all has come.
        before_kept: called ahead of that, so that what the platform answered is durable first.
        language: of the lists that stand in each metadata repository; None for that of before.
        starts: says from where to go on, where something is damaged.
    """

    archive: Archive
    source: MetadataSource
    files: FileSource
    selection: KindSelection
    platform: str
    host: str
    run: int
    began_at: datetime
    dead_since: datetime | None
    cancellation: CancellationToken
    on_progress: OnProgress
    publisher: MirrorPublisher
    keep_every: timedelta = KEEP_EVERY
    before_kept: Callable[[], None] = lambda: None
    language: str | None = None
    starts: StartingPoints = field(default_factory=AsSaved)

    def of_repository(
        self,
        repository: RemoteRepository,
        namespace: RemoteNamespace | None,
        owner: MetadataOwner,
        before: MetadataState | None,
        commits: ChangeCommits = NO_COMMITS,
        has_no_tag: Callable[[], bool] = lambda: False,
        is_quiet: Callable[[], bool] = lambda: False,
    ) -> MetadataSaving:
        """Raises as `save` does."""
        reader = None if self.selection.is_code_only else self.source.of_repository(repository, namespace)
        return self.save(reader, owner, before, commits, has_no_tag, is_quiet)

    def of_namespace(
        self, namespace: RemoteNamespace, owner: MetadataOwner, before: MetadataState | None
    ) -> MetadataSaving:
        """Raises as `save` does."""
        reader = None if self.selection.is_code_only else self.source.of_namespace(namespace)
        return self.save(reader, owner, before)

    def save(
        self,
        reader: MetadataReader | None,
        owner: MetadataOwner,
        before: MetadataState | None,
        commits: ChangeCommits = NO_COMMITS,
        has_no_tag: Callable[[], bool] = lambda: False,
        is_quiet: Callable[[], bool] = lambda: False,
    ) -> MetadataSaving:
        """Read what has changed since the last run, and commit it. What was read before something broke off counts.

        Args:
            is_quiet: whether the platform says that nothing has, where all was read before: asked if that is enough.

        Raises:
            Cancelled: the run is being given up; what came until then is committed, and the next run goes on from it.
            WriteFailed: the archive cannot be written.
            BadCredential: it was refused.
        """
        if reader is None or not reader.kinds:
            return MetadataSaving(before)
        start = self.starts.of(owner, before)
        was_before, before = before, start.before
        start = replace(start, lacks_commits=self._lacks_commits(owner, before, commits))
        if before is not None and before is was_before and self._may_be_passed_over(reader, start) and is_quiet():
            return MetadataSaving(_passed_over(before))
        staged = staged_metadata(self.archive, owner.place)
        about = About(platform=self.platform, host=self.host, id=owner.id, path=owner.called)
        with MetadataWriter(
            self.archive.metadata(owner.place),
            about,
            run=self.run,
            at=self.began_at,
            staged=staged,
            language=self.language,
            publish=self._publish,
            before_kept=self.before_kept,
            dead_since=self.dead_since,
        ) as writer:
            walk = self._walk(reader, writer, owner, start)
            walk.commits, walk.keep_every = commits, self.keep_every
            walk.has_no_tag = has_no_tag
            try:
                walk.walk()
            finally:
                # A run that is given up has not read in vain: the manifest's checkpoints tell where to go on.
                commit = writer.commit()
        state = self._state(walk, commit, before)
        return MetadataSaving(
            state, (*_problems(walk, owner), *_missing(state, owner)), tuple(_unseen(walk)), walk.files.left_out()
        )

    def _may_be_passed_over(self, reader: MetadataReader, start: StartingPoint) -> bool:
        """Whether all that is wanted was read whole, and there is no other reason to look at it."""
        before = start.before
        if before is None or start.must_look_at_all or self.selection.is_sweep(before):
            return False
        wanted = (one.kind.name for one in reader.kinds if self.selection.wants(one.kind))
        states = [before.kinds[name].state if name in before.kinds else None for name in wanted]
        return all(state in (ReadState.COMPLETE, ReadState.UNSEEN) for state in states)

    def _lacks_commits(self, owner: MetadataOwner, before: MetadataState | None, commits: ChangeCommits) -> bool:
        if before is None or before.commit is None or not self.selection.wants(CHANGE):
            return False
        commit = ObjectId(before.commit)
        return commits.are_lost(
            str(owner.place), lambda: open_metadata(self.archive.metadata(owner.place), commit=commit)
        )

    def _publish(self, staged: Path, git_dir: Path, size_bytes: int) -> None:
        self.publisher.publish_soon(StagedMirror(staged, git_dir, size_bytes, None))

    def _walk(
        self, reader: MetadataReader, writer: MetadataWriter, owner: MetadataOwner, start: StartingPoint
    ) -> MetadataWalk:
        keeper = FileKeeper(
            reader,
            self.files,
            wants_attachments=self.selection.wants(ATTACHMENT),
            wants_assets=self.selection.wants(ASSET),
            is_sweep=self.selection.is_sweep(start.before) or start.must_look_at_all,
            largest_bytes=self.selection.largest_file_bytes,
            lost=start.lost,
        )
        return MetadataWalk(
            reader,
            writer,
            keeper,
            self.selection,
            start.before,
            self.run,
            self.began_at,
            self.cancellation,
            lambda kind, count: self.on_progress(owner.called, kind, count),
        )

    def _state(self, walk: MetadataWalk, commit: MetadataCommit | None, before: MetadataState | None) -> MetadataState:
        states = {name: result.line(commit) for name, result in walk.results.items()}
        for name in commit.counts if commit is not None else ():
            states.setdefault(name, KindResult.of(KINDS[name], None, self.began_at).line(commit))
        is_swept = walk.is_sweep and all(state.state is not ReadState.BROKEN_OFF for state in states.values())
        saved_before = before.saved_in if before is not None else None
        return msgspec.structs.replace(
            before or MetadataState(),
            commit=commit.commit if commit is not None else None,
            saved_in=self.run if commit is not None and commit.is_new else saved_before,
            unswept=0 if is_swept else (before.unswept + 1 if before is not None else 0),
            kinds={name: states[name] for name in KINDS if name in states},
        )


def staged_metadata(archive: Archive, place: RepositoryPath | NamespacePath) -> Path:
    """Where a new metadata repository is made; what a dead process left there is in the way."""
    return archive.staging / f"{STAGED_PREFIX}metadata-{sha256(f'{place}.git'.encode()).hexdigest()[:32]}"


def _passed_over(before: MetadataState) -> MetadataState:
    """Of a run that did not ask."""
    kinds = {name: msgspec.structs.replace(kind, changed=0, gone=0) for name, kind in before.kinds.items()}
    return msgspec.structs.replace(before, unswept=before.unswept + 1, kinds=kinds)


def _missing(state: MetadataState, owner: MetadataOwner) -> Iterator[tuple[Phrase, MatouError]]:
    """Files that the platform names and does not give: those of before count as well, as they are not there yet."""
    for name, kind in state.kinds.items():
        if kind.missing:
            counted = Plural(
                "{count} is missing at the source", "{count} are missing at the source", count=kind.missing
            )
            yield Phrase("{kind} of {path}", kind=name_of(name), path=owner.called), FilesMissing(counted)


def _unseen(walk: MetadataWalk) -> Iterator[Inaccessible]:
    """Whoever looks for it in the archive is to know why it is not there."""
    for result in walk.results.values():
        if result.unseen is not None and not result.is_switched_off:
            yield Inaccessible(name_of(result.kind.name), result.unseen.fact)


def _problems(walk: MetadataWalk, owner: MetadataOwner) -> Iterator[tuple[Phrase, MatouError]]:
    for result in walk.results.values():
        if result.faults:
            yield Phrase("{kind} of {path}", kind=name_of(result.kind.name), path=owner.called), result.faults[0]
