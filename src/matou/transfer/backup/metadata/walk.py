"""One repository's, or one namespace's, metadata walked kind by kind, into its metadata repository."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from matou.archive.manifest import MetadataState, ReadState
from matou.archive.metadata import MetadataWriter, key_of
from matou.concurrency import CancellationToken, Cancelled
from matou.errors import Damaged, MatouError, NotFound, Refused, TryLater
from matou.fs import WriteFailed
from matou.git.odb.objects import MissingObject
from matou.http.tokens import is_dead
from matou.model.metadata import ChangeRequest, MetadataValue, SavedRelease
from matou.model.metadata.kinds import ASSET, ATTACHMENT, KINDS, PERSON, SETTING, MetadataKind, TreeLayout
from matou.platforms.base.errors import KindSwitchedOff, NotOffered
from matou.platforms.base.metadata import (
    CommentListing,
    CommentRow,
    ItemRead,
    ItemRow,
    MetadataReader,
    ReadableKind,
)
from matou.transfer.backup.metadata.attachments import FileKeeper, comments_in
from matou.transfer.backup.metadata.change_commits import ChangeCommits, NoCommits
from matou.transfer.backup.metadata.comment_spool import CommentSpool
from matou.transfer.backup.metadata.kind_result import Checkpoint, KindResult
from matou.transfer.backup.metadata.merging import Listed, merged, unfinished, unread
from matou.transfer.backup.metadata.selection import OVERLAP, KindSelection

READING: Final = 6
"""How many items of one list are read at the same time; the platform's pace holds all the same."""

MOST_FAILURES: Final = 10
"""So many items that could not be read, one after another, and the rest of the kind is left for another run."""

KEEP_EVERY: Final = timedelta(minutes=1)
"""How much reading a run loses that is killed: a platform may take an hour over it."""

TOO_MANY_FAILED = "{count} could not be read, one after another: {fault}"

OnProgress = Callable[[MetadataKind, int], None]
"""Called with a kind, and how many items of it have come so far."""


class NothingMore(TryLater):
    """So much of a kind could not be read that the rest was not asked for."""


class NothingGranted(Refused):
    """So much of a kind was refused that the rest was not asked for."""


class KindUnseen(NotFound):
    """What a platform has and gives to no program."""


@dataclass(slots=True)
class MetadataWalk:
    """Reads what has changed, and puts it into the writer. For one thread.

    Attributes:
        before: what the last manifest says of it.
        run: the number of this run, which began at `began_at`.
        commits: sees to it that the commits of change requests are saved.
        has_no_tag: whether it is known that the repository has none; asked where it matters.
    """

    reader: MetadataReader
    writer: MetadataWriter
    files: FileKeeper
    selection: KindSelection
    before: MetadataState | None
    run: int
    began_at: datetime
    cancellation: CancellationToken
    on_progress: OnProgress
    commits: ChangeCommits = field(default_factory=NoCommits)
    has_no_tag: Callable[[], bool] = lambda: False
    keep_every: timedelta = KEEP_EVERY
    kept_at: float = field(default_factory=time.monotonic)
    results: dict[str, KindResult] = field(default_factory=dict)

    @property
    def is_sweep(self) -> bool:
        return self.files.is_sweep

    def walk(self) -> None:
        """Read every kind that is wanted; what fails of one stops no other.

        Raises:
            Cancelled, WriteFailed, BadCredential: nothing more can be had of anything.
            Damaged, MissingObject: what was saved before cannot be read.
        """
        for readable in self.reader.kinds:
            result = self._result(readable.kind)
            result.is_off = not self.selection.wants(readable.kind)
            if readable.unseen is not None:
                result.unseen = KindUnseen(readable.unseen)
            elif not result.is_off and not self._can_wait(readable):
                self._walk_kind(readable, result)
        for kind in (ATTACHMENT, ASSET):
            if self.results and not self.selection.wants(kind):
                self._result(kind).is_off = True
        self._note_files()

    def _result(self, kind: MetadataKind) -> KindResult:
        if kind.name not in self.results:
            before = self.before.kinds.get(kind.name) if self.before else None
            self.results[kind.name] = KindResult.of(kind, before, self.began_at)
        return self.results[kind.name]

    def _can_wait(self, readable: ReadableKind) -> bool:
        """Whether a kind is for sweeps, or there can be nothing of it, so that nobody need be asked now."""
        saved = self.before.kinds.get(readable.kind.name) if self.before else None
        if self.is_sweep or saved is None or saved.state is not ReadState.COMPLETE:
            return False
        has_none = not saved.items and (readable.is_rare or (readable.needs_tag and self.has_no_tag()))
        return readable.is_for_sweeps or has_none

    def _walk_kind(self, readable: ReadableKind, result: KindResult) -> None:
        try:
            if readable.kind.layout is TreeLayout.TABLE:
                self._walk_table(readable.kind)
            else:
                _ItemWalk(self, readable, result).walk()
        except NotOffered as fault:
            result.unseen = KindUnseen(fault.fact)
            result.is_switched_off = isinstance(fault, KindSwitchedOff)
        except MatouError as fault:
            _raise_if_final(fault)
            result.failed(fault)

    def _walk_table(self, kind: MetadataKind) -> None:
        table = self.reader.table(kind)
        keys = set()
        for row in table.rows:
            if not isinstance(row, MetadataValue):
                self.writer.put_settings(row)
                continue
            key = key_of(kind, row)
            self.writer.put(kind, self.files.with_files(row, self.writer.find(kind, key), {}))
            keys.add(key)
        self.put_people(table.people)
        if kind is not SETTING:
            self.writer.mark_gone(kind, keys)
        self.on_progress(kind, len(keys))

    def keep_draft_if_due(self) -> None:
        """Now and then what came is made durable: a run that is killed has not read in vain."""
        now = time.monotonic()
        if now - self.kept_at >= self.keep_every.total_seconds():
            self.writer.keep_draft()
            self.kept_at = time.monotonic()

    def put_people(self, people: Iterable[MetadataValue]) -> None:
        for person in people:
            self.writer.put(PERSON, person)

    def _note_files(self) -> None:
        if self.files.faults:
            self._result(ATTACHMENT).failed(self.files.faults[0])


@dataclass(frozen=True, slots=True)
class _Changed:
    """A row that is to be read, and the item as it is saved."""

    row: ItemRow
    before: MetadataValue | None


@dataclass(slots=True)
class _ItemWalk:
    """A kind whose items have files of their own."""

    walk_: MetadataWalk
    readable: ReadableKind
    result: KindResult
    is_whole: bool = False
    listed: set[str] = field(default_factory=set)
    failures: int = 0
    count: int = 0

    @property
    def kind(self) -> MetadataKind:
        return self.readable.kind

    @property
    def _comments_are_listed(self) -> bool:
        return self.readable.comments is CommentListing.REPOSITORY_WIDE

    def walk(self) -> None:
        with CommentSpool() as spool:
            # Before the items are: each comment's item is in the list that is read after it, if it is not deleted.
            fault = self._spool_comments(spool)
            self.is_whole = self.walk_.is_sweep and fault is None
            self._walk_rows(spool)
            if fault is not None:
                self.result.failed(fault)
            self._put_comments_of_others(spool)

    def _since(self, checkpoint: Checkpoint) -> datetime | None:
        if self.walk_.is_sweep or checkpoint.before is None:
            return None
        return checkpoint.before - OVERLAP

    def _spool_comments(self, spool: CommentSpool) -> MatouError | None:
        """Why not all comments came; where they did, what a saved item's comments are not among is gone."""
        if not self._comments_are_listed:
            return None
        reader, checkpoint = self.walk_.reader, self.result.comments
        since = self._since(checkpoint)
        checkpoint.covers_all = since is None
        try:
            for row in reader.comments(self.kind, since):
                self.walk_.cancellation.check()
                checkpoint.saw(row.updated_at)
                spool.add(row)
        except MatouError as fault:
            _raise_if_final(fault)
            if isinstance(fault, NotOffered) and checkpoint.latest is None:
                raise
            checkpoint.hold()
            return fault
        return None

    def _walk_rows(self, spool: CommentSpool) -> None:
        since = self._since(self.result.items) if self.readable.has_since else None
        self.result.items.covers_all = since is None
        try:
            for changed, reading in self._read_all(self._changed_rows(since)):
                self._take(changed, reading, spool)
        except MatouError as fault:
            _raise_if_final(fault)
            if isinstance(fault, KindSwitchedOff) or (isinstance(fault, NotOffered) and not self.listed):
                raise
            self.result.failed(fault)
            return
        if since is None:
            self.walk_.writer.mark_gone(self.kind, self.listed)

    def _changed_rows(self, since: datetime | None) -> Iterator[_Changed]:
        for row in self.walk_.reader.rows(self.kind, since):
            self.walk_.cancellation.check()
            self.result.items.saw(row.updated_at)
            if row.key in self.listed:
                continue
            self.listed.add(row.key)
            self.count += 1
            if self.count % 100 == 0:
                self.walk_.on_progress(self.kind, self.count)
            before = self.walk_.writer.find(self.kind, row.key)
            if self.walk_.is_sweep or before is None or self._has_changed(row, before):
                yield _Changed(row, before)
        self.walk_.on_progress(self.kind, self.count)

    def _has_changed(self, row: ItemRow, before: MetadataValue) -> bool:
        """Whether there is a reason to look at it, other than comments from a list of their own."""
        if row.updated_at is None or getattr(before, "gone_in", None) is not None:
            return True
        if row.comments is not None and row.comments != sum(one.gone_in is None for one in comments_in(before)):
            return True
        return getattr(before, "updated_at", None) != row.updated_at or self.walk_.files.lacks(before)

    def _read_all(self, rows: Iterator[_Changed]) -> Iterator[tuple[_Changed, "Future[ItemRead | None]"]]:
        """Each with what was read of it, in the order of the list, some of them at the same time.

        Raises:
            MatouError: what `rows` raised, after all that came before.
        """
        waiting: deque[tuple[_Changed, Future[ItemRead | None]]] = deque()
        broken_off: MatouError | None = None
        with ThreadPoolExecutor(READING) as pool:
            try:
                for changed in rows:
                    waiting.append((changed, pool.submit(self._read, changed)))
                    if len(waiting) >= READING:
                        yield waiting.popleft()
            except MatouError as fault:
                broken_off = fault
            while waiting:
                yield waiting.popleft()
        if broken_off is not None:
            raise broken_off

    def _read(self, changed: _Changed) -> ItemRead | None:
        self.walk_.cancellation.check()
        before = changed.before
        if isinstance(before, SavedRelease) and self.walk_.files.lacks(before):
            # Its reader alone knows where the files are, and tells nothing of what it takes for unchanged.
            before = None
        must_ask = self.walk_.is_sweep or self._was_left_unfinished
        return self.walk_.reader.read(self.kind, changed.row, before, sweeping=must_ask)

    @property
    def _was_left_unfinished(self) -> bool:
        """Of items that tell no time of change, nothing but the kind's state says that a part of one is to be read."""
        saved = self.walk_.before.kinds.get(self.kind.name) if self.walk_.before else None
        return not self.readable.has_since and saved is not None and not saved.state.is_done

    def _take(self, changed: _Changed, reading: "Future[ItemRead | None]", spool: CommentSpool) -> None:
        try:
            read = reading.result()
        except MatouError as fault:
            _raise_if_final(fault)
            self._note_failure(fault)
            return
        self.failures = 0
        if read is not None:
            for part in read.faults:
                _raise_if_final(part)
                self.result.failed(part)
            self._put(changed.before, unfinished(read) if read.faults else read, spool.take(changed.row.key))
        elif changed.before is not None and (again := self._as_before(changed.before)):
            self._put(changed.before, again, spool.take(changed.row.key))

    def _as_before(self, before: MetadataValue) -> ItemRead | None:
        """What is to be put again of an item that has not changed: its comments or its files may have."""
        if self._comments_are_listed and self.is_whole:
            return unread(before)
        lacks = self.walk_.files.lacks(before) or self.walk_.commits.lacks(before)
        return ItemRead(item=before) if lacks else None

    def _note_failure(self, fault: MatouError) -> None:
        self.result.failed(fault)
        self.failures += 1
        if self.failures >= MOST_FAILURES:
            if isinstance(fault, Refused):
                raise NothingGranted(TOO_MANY_FAILED, count=self.failures, fault=fault)
            raise NothingMore(TOO_MANY_FAILED, count=self.failures, fault=fault)

    def _put(self, before: MetadataValue | None, read: ItemRead, comments: tuple[CommentRow, ...]) -> None:
        walk = self.walk_
        is_whole = self.is_whole if self._comments_are_listed else read.has_all_comments
        item = merged(before, read.item, Listed(rows=comments, is_whole=is_whole, run=walk.run))
        faults = len(walk.files.faults)
        of_comments = {url: address for row in comments for url, address in row.addresses.items()}
        item = walk.files.with_files(item, before, {**read.addresses, **of_comments})
        if len(walk.files.faults) > faults:
            self._hold(item)
        if isinstance(item, ChangeRequest):
            item = self._with_commits(item)
        walk.writer.put(self.kind, item)
        for other in read.beside:
            self._put_beside(other, read)
        walk.put_people(read.people)
        for row in comments:
            walk.put_people(row.people)
        walk.keep_draft_if_due()

    def _with_commits(self, change: ChangeRequest) -> ChangeRequest:
        try:
            return self.walk_.commits.with_commits(change, self.walk_.reader)
        except MatouError as fault:
            _raise_if_final(fault)
            self.result.failed(fault)
            self._hold(change)
            return replace(change, updated_at=None)

    def _hold(self, item: MetadataValue) -> None:
        """Not all of an item is saved: the next run is to come by it again, though it has not changed for long."""
        if key_of(self.kind, item) in self.listed:
            self.result.items.hold()
        else:
            self.result.items.hold_all()

    def _put_beside(self, value: MetadataValue, read: ItemRead) -> None:
        kind = kind_of(value)
        before = self.walk_.writer.find(kind, key_of(kind, value))
        self.walk_.writer.put(kind, self.walk_.files.with_files(value, before, read.addresses))

    def _put_comments_of_others(self, spool: CommentSpool) -> None:
        """Comments on items that are not on the list of what has changed."""
        for key in spool.items_left():
            before = self.walk_.writer.find(self.kind, key)
            if before is not None:
                self._put(before, unread(before), spool.take(key))
            elif self.result.faults:
                # Its item may come with a later list; where that is whole, it was deleted.
                self.result.comments.hold()


def kind_of(value: MetadataValue) -> MetadataKind:
    return next(kind for kind in KINDS.values() if kind.value is type(value))


def _raise_if_final(fault: MatouError) -> None:
    """What ends the run, or means that what was saved cannot be relied on, is no fault of one list."""
    if isinstance(fault, Cancelled | WriteFailed | Damaged | MissingObject) or is_dead(fault):
        raise fault
