"""What a run does about one repository, from the question for its refs to its line in the manifest."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from matou.archive.layout import Archive
from matou.archive.manifest import LfsState, Outcome, Proof, RepositoryLine
from matou.concurrency import CancellationToken, Cancelled, ConcurrencyLimit
from matou.errors import MatouError, NotFound, Plural, Refused, TryLater
from matou.fs import WriteFailed
from matou.git.odb.shallow import read_boundary
from matou.git.operations.mirror import FetchFailed, FetchSource, GitTransport, MirrorUpdate, list_refs, storable
from matou.http.tokens import BadCredential
from matou.model.names import RepositoryPath
from matou.model.platform import RemoteRepository, VersionControl
from matou.model.refs import RefListing
from matou.transfer.backup.lfs_saver import LfsResult, LfsSaver
from matou.transfer.backup.manifest_recorder import (
    RunRecorder,
    SavedState,
    line_of,
    with_default_branch,
    with_saved_state,
)
from matou.transfer.backup.mirror_saver import (
    MirrorSaver,
    SavedMirror,
    cannot_go_on,
    has_lost_boundary,
    is_as_saved,
    read_mirror,
    unchanged_outcome,
)
from matou.transfer.backup.plan import BackupTask
from matou.transfer.backup.tracked_transport import RequestCounter, TrackedTransport
from matou.transfer.common.proofs import Damage
from matou.transfer.common.saved_repositories import SHALLOW
from matou.transfer.common.svn_transport import SVN_PREFIX

if TYPE_CHECKING:
    from matou.transfer.backup.metadata.copies import MetadataCopies
    from matou.transfer.backup.metadata.run import RunMetadata

TRIES_OF_A_MOVING_SOURCE = 4
TRIES_OF_WHAT_BREAKS_OFF = 3
UNAUTHORIZED = 401

T = TypeVar("T")

ARCHIVED = "its project is archived at the source: {fault}"
CONVERTED = (
    "git svn made a commit of each Subversion revision, with all folders, on the branch svn; empty folders, properties"
    " and locks are not in it"
)
LOST = "what lay in the archive was not what was saved before; it was fetched again"
FINDINGS = "git finds fault with some objects, which are kept as they came: {first}"
BESIDE = "it cannot go on in the folder {place}, and was saved beside it; what was saved before is still there"


class NotAllStored(MatouError):
    """A repository was not saved, or not in full, for a reason that has its own words."""


class NoAddress(Refused):
    """The platform gave no address for a repository that the credential may be sent to."""


@dataclass(frozen=True, slots=True)
class RepositoryResult:
    line: RepositoryLine
    cause: MatouError | None = None


@dataclass(frozen=True, slots=True)
class RepositorySaver:
    """Saves repositories, and says what became of each. For several threads, each with repositories of its own.

    Attributes:
        first_wait: before what broke off is asked for again.
        saving: asking is cheap, fetching is not, so fewer may fetch than may ask.
        path_beside: gives another path to one that cannot go on where it is.
        damage: forgets what has been fetched again.
        metadata: saves what lies around the code; None where the platform has nothing of it.
        by_ssh: refs and objects are asked for by ssh.
        known: what `check_credential` has heard, by id.
    """

    archive: Archive
    mirrors: MirrorSaver
    lfs: LfsSaver
    transport: GitTransport
    recorder: RunRecorder
    cancellation: CancellationToken
    requests: RequestCounter
    saving: ConcurrencyLimit
    damage: Damage
    first_wait: timedelta
    metadata: "RunMetadata | MetadataCopies | None"
    path_beside: Callable[[RemoteRepository, RepositoryPath], RepositoryPath]
    by_ssh: bool = False
    known: dict[str, RefListing] = field(default_factory=dict)

    def check_credential(self, task: BackupTask) -> bool:
        """Ask for the refs, to see whether the credential is good before many ask at once.

        Returns:
            Whether the source let us in; what it said is not asked for again.

        Raises:
            Refused: the credential was refused.
            Cancelled: the run is being given up.
        """
        tracked = self._transport_to(task)
        if not tracked.url or _is_subversion(task):
            return False
        try:
            self.known[task.remote.id] = list_refs(tracked, tracked.url)
        except Cancelled:
            raise
        except MatouError as error:
            self.cancellation.check()
            if isinstance(error, BadCredential):
                raise
            # What the matter is with this one, it says again in its turn.
            return not isinstance(error, Refused | NotFound)
        return True

    def _transport_to(self, task: BackupTask) -> TrackedTransport:
        return TrackedTransport(
            self.transport,
            self._address_of(task),
            task.source_path,
            self.cancellation,
            self.requests,
            self.recorder.progress,
            task.remote.clone_url,
        )

    def _address_of(self, task: BackupTask) -> str:
        if _is_subversion(task):
            return f"{SVN_PREFIX}{task.remote.clone_url}"
        return task.remote.ssh_url if self.by_ssh else task.remote.clone_url

    def process_repository(self, task: BackupTask) -> None:
        """Ask the source for the refs, save what is new, and note what became of it.

        Raises:
            Refused: the credential was refused: whoever asks on may shut a repository for an hour.
            WriteFailed: the archive cannot be written.
            Cancelled: the run is being given up.
        """
        began = time.monotonic()
        tracked = self._transport_to(task)
        try:
            result = _proven(task, task.proof) if task.proof else self._finish(task, tracked)
        except (Cancelled, WriteFailed):
            raise
        except MatouError as error:
            self.cancellation.check()
            if isinstance(error, BadCredential):
                raise
            result = _not_saved(task, error)
        line = result.line
        try:
            if self.metadata is not None and not _is_subversion(task):
                line = self.metadata.with_metadata_of_repository(task, line, self._source_at)
        finally:
            # Where nothing more can be had, what was saved of the code is saved all the same.
            line = msgspec.structs.replace(line, seconds=round(time.monotonic() - began, 3))
            self.recorder.repository(line, task.source_path, result.cause)

    def _source_at(self, url: str) -> FetchSource:
        return FetchSource(self.transport, url, self.mirrors.access, self.mirrors.limits)

    def _finish(self, task: BackupTask, tracked: TrackedTransport) -> RepositoryResult:
        if not tracked.url and self.by_ssh:
            raise NoAddress("the platform gave no address by ssh that is its own")
        if not tracked.url:
            raise NoAddress("the platform gave no address that the credential may be sent to")
        listing = self.known.pop(task.remote.id, None) or self._list(tracked)
        row = task.previous
        is_new = row is None or row.snapshot is None
        if cannot_go_on(self._git_dir(task), storable(listing)[0], is_new=is_new):
            return self._saved_beside(task, listing, tracked)
        is_as_before = (
            row is not None
            and not self._is_damaged(task, row)
            and is_as_saved(row, listing, self._git_dir(task))
            and not has_lost_boundary(row, self._git_dir(task))
        )
        if row is not None and is_as_before and not _is_shallow(self._git_dir(task)):
            return self._unchanged(task, row, listing, tracked)
        with self.saving.taken():
            self.cancellation.check()
            self.recorder.progress.saving(task.source_path)
            return self._saved(task, listing, tracked, unless_as=row if is_as_before else None)

    def _saved_beside(self, task: BackupTask, listing: RefListing, tracked: TrackedTransport) -> RepositoryResult:
        """Save what the source has now as if it were new; what was saved before stays, and old manifests name it."""
        beside = replace(task, place=self.path_beside(task.remote, task.place), previous=None, is_damaged=False)
        with self.saving.taken():
            self.cancellation.check()
            self.recorder.progress.saving(task.source_path)
            result = self._saved(beside, listing, tracked)
        if result.cause is not None:
            return result
        note = NotAllStored(BESIDE, place=repr(str(task.place)))
        return RepositoryResult(msgspec.structs.replace(result.line, reason=str(note)), note)

    def _is_damaged(self, task: BackupTask, row: RepositoryLine) -> bool:
        """Whether more than some LFS objects is to be fetched again."""
        has_lost_list = row.lfs is not None and row.lfs.list in self.archive.blobs.distrusted
        return has_lost_list or task.is_damaged

    def _persist(self, ask: Callable[[], T], tracked: TrackedTransport) -> T:
        """Ask again for an answer that broke off; what fails before it begins, the session has repeated already."""
        wait = self.first_wait
        for _ in range(TRIES_OF_WHAT_BREAKS_OFF - 1):
            try:
                return ask()
            except (Cancelled, WriteFailed):
                raise
            except TryLater as error:
                is_gits_own = isinstance(error, FetchFailed) and not (tracked.said_why or tracked.was_repeated)
                if not (tracked.broke_off or is_gits_own):
                    raise
                self.cancellation.pause(max(wait, error.wait or wait))
            wait *= 2
        return ask()

    def _list(self, tracked: TrackedTransport) -> RefListing:
        return self._persist(lambda: list_refs(tracked, tracked.url), tracked)

    def _git_dir(self, task: BackupTask) -> Path:
        return self.archive.repository(task.place)

    def _unchanged(
        self, task: BackupTask, row: RepositoryLine, listing: RefListing, tracked: TrackedTransport
    ) -> RepositoryResult:
        had_damage = self.damage.has_lost_blob(row)
        if row.snapshot is not None and not self.archive.blobs.has(row.snapshot):
            self.archive.blobs.put_soon(storable(listing)[0].text)
        result = LfsResult(row.lfs, None, 0)
        if row.lfs is not None and (row.lfs.missing or had_damage):
            result = self.lfs.retry(self._git_dir(task), tracked, before=row.lfs)
        if result.state != row.lfs or had_damage:
            is_shallow = _is_shallow(self._git_dir(task))
            note = NotAllStored(LOST) if had_damage else None
            state = _with_lfs(row, result)
            return self._state_read(task, listing, state, result.fault, is_shallow=is_shallow, note=note)
        shortcoming = _shortcoming(row.not_stored, row.lfs, is_shallow=_is_shallow(self._git_dir(task)))
        outcome = Outcome.INCOMPLETE if shortcoming else unchanged_outcome(row)
        return RepositoryResult(line_of(task, outcome, proof=Proof.LS_REFS, reason=shortcoming), shortcoming)

    def _saved(
        self,
        task: BackupTask,
        listing: RefListing,
        tracked: TrackedTransport,
        *,
        unless_as: RepositoryLine | None = None,
    ) -> RepositoryResult:
        """Bring the mirror up to date, and say what became of it.

        Args:
            unless_as: what was saved before, where the refs are the same: a source that lacked a part of its history
                is asked each time whether it has come by it, and that it has not is nothing new.
        """
        boundary = read_boundary(self._git_dir(task)) if unless_as is not None else None
        listing, mirrored = self._mirrored(task, listing, tracked)
        if unless_as is not None and not mirrored.update.new_packs:
            is_as_before = read_boundary(mirrored.git_dir) == boundary
            if is_as_before and is_as_saved(unless_as, listing, mirrored.git_dir):
                return self._unchanged(task, unless_as, listing, tracked)
        try:
            result = self.lfs.save(
                mirrored.git_dir,
                tracked,
                before=task.previous.lfs if task.previous else None,
                new_packs=mirrored.new_packs,
            )
        finally:
            self.mirrors.place(mirrored)
        stored, not_stored = storable(listing)
        state = SavedState(
            snapshot=self.archive.blobs.put_soon(stored.text),
            refs=len(stored.refs),
            kept=mirrored.kept,
            not_stored=not_stored,
            lfs=result.state,
            received_bytes=mirrored.update.bytes + result.received_bytes,
        )
        tracked.report_remaining()
        if task.is_damaged:
            self.damage.forget(task.place)
        return self._state_read(
            task, stored, state, result.fault, is_shallow=mirrored.update.is_shallow, note=_note_on(mirrored, task)
        )

    def _mirrored(
        self, task: BackupTask, listing: RefListing, tracked: TrackedTransport
    ) -> tuple[RefListing, SavedMirror]:
        """Save what is listed; where that fails since the source has moved on meanwhile, what is listed then.

        So the snapshot is always one that the source gave as a whole.
        """
        tries_left = TRIES_OF_A_MOVING_SOURCE
        while True:
            tries_left -= 1
            try:
                return listing, self._persist(partial(self._save_mirror, task, listing, tracked), tracked)
            except (Cancelled, WriteFailed):
                raise
            except MatouError:
                self.cancellation.check()
                newer = self._list(tracked) if tries_left else listing
                if newer.digest == listing.digest:
                    raise
                listing = newer

    def _save_mirror(self, task: BackupTask, listing: RefListing, tracked: TrackedTransport) -> SavedMirror:
        return self.mirrors.save(
            task.place,
            listing,
            tracked,
            previous=task.previous,
            is_damaged=task.is_damaged,
        )

    def _state_read(
        self,
        task: BackupTask,
        listing: RefListing,
        state: SavedState,
        lfs_fault: MatouError | None,
        *,
        is_shallow: bool,
        note: MatouError | None = None,
    ) -> RepositoryResult:
        """The line of a repository whose state in the archive is not that of the last manifest."""
        shortcoming = _shortcoming(state.not_stored, state.lfs, lfs_fault, is_shallow=is_shallow)
        reason = shortcoming or note
        line = line_of(task, _outcome_of_state(task, state, shortcoming), reason=reason)
        line = with_saved_state(line, state, run=self.mirrors.run)
        return RepositoryResult(with_default_branch(line, task, listing), reason)


def _shortcoming(
    not_stored: Sequence[str], lfs: LfsState | None, lfs_fault: MatouError | None = None, *, is_shallow: bool
) -> MatouError | None:
    """Why a repository that was saved is not there in full."""
    if lfs is not None and lfs.missing:
        return NotAllStored(_lfs_missing(len(lfs.missing), lfs_fault))
    if not_stored:
        return NotAllStored(
            Plural(
                "{count} ref has a name that a repository cannot hold: {first}",
                "{count} refs have names that a repository cannot hold, such as {first}",
                count=len(not_stored),
                first=repr(not_stored[0])[:200],
            )
        )
    return NotAllStored(SHALLOW) if is_shallow else None


def _lfs_missing(count: int, fault: MatouError | None) -> Plural:
    if fault is None:
        return Plural(
            "{count} LFS object is missing at the source", "{count} LFS objects are missing at the source", count=count
        )
    return Plural(
        "{count} LFS object is missing: {fault}", "{count} LFS objects are missing: {fault}", count=count, fault=fault
    )


def _is_shallow(git_dir: Path) -> bool:
    return bool(read_boundary(git_dir))


def _proven(task: BackupTask, proof: Proof) -> RepositoryResult:
    return RepositoryResult(line_proven(task, proof))


def line_proven(task: BackupTask, proof: Proof) -> RepositoryLine:
    """That of a repository which the listing alone says to be as it was."""
    return line_of(task, unchanged_outcome(task.previous) if task.previous else Outcome.UNCHANGED, proof=proof)


def is_as_listed(archive: Archive, task: BackupTask) -> bool:
    """Whether the digest of all refs that the source lists is what was saved, in full, and what lies on the disk."""
    row, refs = task.previous, task.remote.peer.refs if task.remote.peer else None
    if row is None or refs is None or row.snapshot != refs or row.not_stored or (row.lfs and row.lfs.missing):
        return False
    git_dir = archive.repository(task.place)
    mirror = read_mirror(git_dir)
    is_there = mirror is not None and mirror[0].digest == refs and not (git_dir / "shallow").exists()
    return is_there and archive.blobs.has(refs)


def _not_saved(task: BackupTask, error: MatouError) -> RepositoryResult:
    """What is archived at the source answers as if it were not there, or might not be read."""
    if not isinstance(error, Refused | NotFound):
        return RepositoryResult(line_of(task, Outcome.FAILED, reason=error), error)
    if task.namespace is not None and task.namespace.archived:
        error = NotAllStored(ARCHIVED, fault=error)
    return RepositoryResult(line_of(task, Outcome.REFUSED, reason=error), error)


def _outcome_of_state(task: BackupTask, state: SavedState, shortcoming: MatouError | None) -> Outcome:
    if shortcoming is not None:
        return Outcome.INCOMPLETE
    had_refs = state.refs or state.kept or (task.previous is not None and task.previous.refs)
    return Outcome.SAVED if had_refs else Outcome.EMPTY


def _with_lfs(row: RepositoryLine, result: LfsResult) -> SavedState:
    return SavedState(
        snapshot=row.snapshot or "",
        refs=row.refs or 0,
        not_stored=row.not_stored,
        lfs=result.state,
        received_bytes=result.received_bytes,
    )


def _is_subversion(task: BackupTask) -> bool:
    return task.remote.version_control is VersionControl.SUBVERSION


def _note_on(mirrored: SavedMirror, task: BackupTask) -> MatouError | None:
    """What there is to say of a repository that is whole now."""
    update: MirrorUpdate = mirrored.update
    if update.lost:
        return NotAllStored(
            Plural(
                "{count} ref that the source has dropped could not be kept, since the archive had lost it: {first}",
                "{count} refs that the source has dropped could not be kept, since the archive had lost them, such as"
                " {first}",
                count=len(update.lost),
                first=repr(update.lost[0])[:200],
            )
        )
    if mirrored.was_lost:
        return NotAllStored(LOST)
    if update.findings:
        return NotAllStored(FINDINGS, first=update.findings[0][:200])
    return NotAllStored(CONVERTED) if _is_subversion(task) else None
