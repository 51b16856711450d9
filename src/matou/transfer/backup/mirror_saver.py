"""Brings one mirror up to what its source advertises, if it is not there yet; a mirror is seen whole or not at all."""

import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final, TypeAlias

from matou.archive.layout import Archive
from matou.archive.manifest import Outcome, RepositoryLine
from matou.archive.snapshots import parse_snapshot
from matou.errors import Conflict, Damaged, NotFound
from matou.fs import reported_as, translate_os_errors
from matou.git.lock_files import publish_file
from matou.git.odb.shallow import fault_of_boundary, has_lost_boundary_file
from matou.git.odb.stored_objects import DamagedObject
from matou.git.operations.mirror import FetchSource, MirrorUpdate, make_mirror, storable, update_mirror
from matou.git.operations.pack_merging import merge_if_many_packs
from matou.git.process.run import GitAccess, GitFailed, GitStopped, Limits
from matou.git.refs.listing import KEPT_PREFIX, OWN_PREFIX, head_text, read_refs
from matou.git.repository import create_bare, has_objects, object_format_on_disk, remove_leftovers
from matou.model.names import ObjectId, RefName, RepositoryPath
from matou.model.refs import RefListing
from matou.transfer.backup.healing import MirrorRepairer
from matou.transfer.backup.staging import STAGED_PREFIX, MirrorPublisher, StagedMirror
from matou.transfer.backup.tracked_transport import TrackedTransport
from matou.transfer.common.derived_files import has_lost_index, rebuild_derived
from matou.transfer.common.saved_repositories import is_surely_whole, lacks_history

MARK: Final = "matou-mirror"
"""An empty file in each mirror. A repository that people push to has none, and no run writes into it."""

HAD_REFS: Final = (Outcome.SAVED, Outcome.UNCHANGED)
"""What a repository without a ref is called that once had some."""

MirrorRefs: TypeAlias = tuple[RefListing, Mapping[RefName, ObjectId]]
"""A mirror's refs without ours, and our own."""


class PathInUse(Conflict):
    """A repository of a server stands where a mirror is to be made."""


@dataclass(frozen=True, slots=True)
class SavedMirror:
    """What a mirror holds now.

    Attributes:
        git_dir: where it is now.
        kept: kept refs that no manifest names yet.
        new_packs: where objects lie that no run that ended has looked at; None where they may lie anywhere.
        was_lost: the archive should have had this state already, and had not.
        update: what git says of it.
        staged_mirror: what is still to be put into its place, with `MirrorSaver.place`.
    """

    git_dir: Path
    kept: tuple[RefName, ...]
    new_packs: Collection[Path] | None
    was_lost: bool
    update: MirrorUpdate
    staged_mirror: StagedMirror | None = None


@dataclass(frozen=True, slots=True)
class MirrorSaver:
    """Updates mirrors. May be used by several threads, each with a repository of its own.

    Attributes:
        run: the number of this run.
        last_run: the last run of this source that ended; 0 where there is none.
        was_cut_off: a run began since then and did not end.
        dead_since: when a writer began that did not let go of the archive in good order.
    """

    archive: Archive
    run: int
    last_run: int
    was_cut_off: bool
    began_at: datetime
    dead_since: datetime | None
    access: GitAccess
    limits: Limits
    publisher: MirrorPublisher
    _numbers: Iterator[int] = field(default_factory=count)

    def save(
        self,
        path: RepositoryPath,
        listing: RefListing,
        transport: TrackedTransport,
        *,
        previous: RepositoryLine | None,
        is_damaged: bool = False,
    ) -> SavedMirror:
        """Fetch what is missing, keep what the source has dropped, and make the refs those of the listing.

        Args:
            previous: what the last manifest says; None, or a line without a snapshot, where nothing was saved.
            is_damaged: what lies there is not to be relied on.

        Raises:
            PathInUse: somebody made a repository there before the first mirror was.
        """
        git_dir, source = self.archive.repository(path), self._source(transport)
        saved = previous.snapshot if previous is not None else None
        _clear_way(git_dir)
        if saved is None:
            _require_no_others(git_dir, path)
        corrupt_dir = self._set_aside(git_dir) if saved is None and self._is_wreck(git_dir) else None
        if not git_dir.exists():
            staged, update = self._build(git_dir, source, listing)
            staged_mirror = StagedMirror(staged, git_dir, update.bytes, corrupt_dir)
            return SavedMirror(staged, update.kept, update.new_packs, saved is not None, update, staged_mirror)
        is_damaged = self._has_lost_index(git_dir) or is_damaged or has_lost_boundary(previous, git_dir)
        if is_damaged:
            fetch = partial(self._fetch_anew, git_dir, source, listing)
            MirrorRepairer(self.archive, self.run, self.limits).heal(
                path,
                listing,
                fetch,
                previous=self._snapshot(saved),
                had_boundary=previous is not None and lacks_history(previous),
            )
        before, own = self._made_ready(git_dir)
        update = self._update(git_dir, source, listing, previous=self._last_saved(before, saved))
        unnamed = (name for name in own if _run_of(name) > self.last_run)
        was_looked_at = before.digest == saved and not self.was_cut_off and not is_damaged
        # Tips that were there already came with something that nobody has looked at, or are old commits.
        brought_all = bool(update.new_packs) or listing.object_ids() <= before.object_ids()
        return SavedMirror(
            git_dir,
            tuple(sorted({*update.kept, *unnamed})),
            update.new_packs if was_looked_at and brought_all else None,
            was_lost=is_damaged or (saved is not None and before.digest != saved and not self.was_cut_off),
            update=update,
        )

    def _last_saved(self, before: RefListing, saved: str | None) -> RefListing | None:
        """What the last manifest names, where that is not what lies on the disk."""
        return None if saved == before.digest else self._snapshot(saved)

    def _snapshot(self, saved: str | None) -> RefListing | None:
        if saved is None:
            return None
        try:
            return parse_snapshot(self.archive.blobs.read(saved))
        except (NotFound, Damaged):
            return None

    def place(self, mirrored: SavedMirror) -> None:
        """Put a mirror that is new into its place, once nothing more is to be read from where it is."""
        if mirrored.staged_mirror is not None:
            self.publisher.publish_soon(mirrored.staged_mirror)

    def _source(self, transport: TrackedTransport) -> FetchSource:
        return FetchSource(transport, transport.url, self.access, self.limits)

    def _fetch_anew(self, git_dir: Path, source: FetchSource, listing: RefListing) -> Path:
        staged, _ = self._build(git_dir, source, listing)
        return staged

    def _build(self, git_dir: Path, source: FetchSource, listing: RefListing) -> tuple[Path, MirrorUpdate]:
        """Build a mirror aside, and say where."""
        staged = self._staged()
        try:
            with reported_as(git_dir, instead_of=staged), translate_os_errors(git_dir):
                update = make_mirror(staged, source, listing, durably=not self.publisher.syncs)
                (staged / MARK).touch()
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise
        return staged, update

    def _has_lost_index(self, git_dir: Path) -> bool:
        """Make indexes anew that are lost, and say whether one still is: a pack without one would be of no use to git.

        What a dead process left half written has none either, and goes.
        """
        if not has_lost_index(git_dir):
            return False
        try:
            rebuild_derived(git_dir, hash_name=object_format_on_disk(git_dir), limits=self.limits)
        except GitStopped:
            raise
        except GitFailed:
            pass  # It is healed as anything else is that is damaged.
        with translate_os_errors(git_dir):
            remove_leftovers(git_dir, since=self.dead_since)
        return has_lost_index(git_dir)

    def _made_ready(self, git_dir: Path) -> MirrorRefs:
        """What is in a mirror, once what a dead process left is cleared away and our configuration is back.

        A HEAD that cannot be read, as a power cut leaves it, is replaced: what it should say comes with the listing.

        Raises:
            Damaged: the refs cannot be read, so that nothing may be concluded from them.
        """
        with translate_os_errors(git_dir), _called_damaged(git_dir):
            remove_leftovers(git_dir, since=self.dead_since, now=self.began_at)
            create_bare(git_dir, object_format=object_format_on_disk(git_dir))
            mirror = read_mirror(git_dir)
            if mirror is None:
                publish_file(git_dir / "HEAD", b"ref: refs/heads/main\n")
                mirror = read_mirror(git_dir)
            if mirror is None:
                read_refs(git_dir)
        if mirror is None:
            raise Damaged("{repository} cannot be read", repository=git_dir)
        # Each run that finds something new leaves a pack. Only now does nobody look for one by its name.
        merge_if_many_packs(git_dir, limits=self.limits)
        return mirror

    def _is_wreck(self, git_dir: Path) -> bool:
        """Whether the refs of a mirror that no manifest names cannot be read: a power cut met the run that made it."""
        return self.was_cut_off and git_dir.exists() and read_mirror(git_dir) is None

    def _set_aside(self, git_dir: Path) -> Path:
        """Into the staging folder, until it has been fetched anew or the next run clears that folder."""
        aside = self._staged()
        with translate_os_errors(git_dir):
            git_dir.rename(aside)
        return aside

    def _staged(self) -> Path:
        return self.archive.staging / f"{STAGED_PREFIX}{self.run:06d}-{next(self._numbers)}"

    def _update(
        self, git_dir: Path, source: FetchSource, listing: RefListing, *, previous: RefListing | None
    ) -> MirrorUpdate:
        with translate_os_errors(git_dir):
            return update_mirror(git_dir, source, listing, previous=previous, run=self.run)


def _clear_way(git_dir: Path) -> None:
    """An empty folder, as some copies of an archive leave it, is as good as none.

    Raises:
        Damaged: what stands there is no folder.
    """
    if git_dir.is_dir():
        with translate_os_errors(git_dir):
            if not any(git_dir.iterdir()):
                git_dir.rmdir()
    elif os.path.lexists(git_dir):
        raise Damaged("{repository} is no folder", repository=git_dir)


@contextmanager
def _called_damaged(git_dir: Path) -> Iterator[None]:
    """What is missing within a repository that is there, or is a folder instead of a file, is a fault of this one
    alone: the others go on. Raises Damaged."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        if not git_dir.is_dir():
            raise
        raise Damaged("{repository} cannot be read", repository=git_dir) from error


def has_lost_boundary(row: RepositoryLine | None, git_dir: Path) -> bool:
    """Say whether git would fail here for a line that says where the history ends, or for want of all such lines.

    Git goes through the history to tell the second, so it is asked only where the last manifest leaves that open.
    """
    try:
        if fault_of_boundary(git_dir) is not None:
            return True
    except DamagedObject:
        return True
    is_open = row is not None and row.snapshot is not None and not is_surely_whole(row)
    return is_open and git_dir.is_dir() and has_lost_boundary_file(git_dir, besides=OWN_PREFIX)


def cannot_go_on(git_dir: Path, listing: RefListing, *, is_new: bool) -> bool:
    """Whether what a source has now cannot go into a folder beside what is there.

    Its objects are named by another hash, or the folder is none of ours: a place is given long before a mirror stands
    there, and a server may give it away meanwhile.
    """
    if is_new and git_dir.exists() and not (git_dir / MARK).exists():
        return True
    is_there = (git_dir / "config").exists() and (git_dir / "objects").is_dir()
    if listing.is_empty or not is_there or not has_objects(git_dir):
        return False
    return object_format_on_disk(git_dir) != listing.object_format


def _require_no_others(git_dir: Path, path: RepositoryPath) -> None:
    """A place is given long before a mirror stands there, and a server may give it away meanwhile."""
    if git_dir.exists() and not (git_dir / MARK).exists():
        raise PathInUse(
            "a repository of the server stands at {place}",
            place=repr(str(path)),
            advice="Give that one another path, and run this again.",
        )


def _run_of(ref: RefName) -> int:
    """The run that a kept ref names; 0 for what is none."""
    number = ref.removeprefix(KEPT_PREFIX).partition("/")[0]
    return int(number) if number.isdigit() else 0


def is_as_saved(row: RepositoryLine, listing: RefListing, git_dir: Path) -> bool:
    """Say whether a listing is what the last manifest names, and whether that is what lies on the disk.

    The second is no proof that every object is sound, which is `matou verify`'s to give: it tells a repository that
    somebody moved away, or that a run which was cut off has changed since.
    """
    if row.snapshot != listing.digest:
        # What a snapshot holds can be stored, so only a listing that is not one needs looking through.
        listing, not_stored = storable(listing)
        if not not_stored or row.snapshot != listing.digest:
            return False
    return mirrors(git_dir, listing)


def mirrors(git_dir: Path, listing: RefListing) -> bool:
    """Say whether the repository on the disk has exactly these refs and this HEAD."""
    mirror = read_mirror(git_dir)
    if mirror is None or mirror[0].refs != listing.refs:
        return False
    head = head_text(listing)
    return head is None or head == head_text(mirror[0])


def read_mirror(git_dir: Path) -> MirrorRefs | None:
    """The refs of a mirror without ours, and our own; None where there is no repository that can be read."""
    try:
        listing = read_refs(git_dir)
    except (OSError, Damaged):
        return None
    own = {name: oid for name, oid in listing.refs.items() if name.startswith(OWN_PREFIX)}
    if not own:
        return listing, own
    refs = {name: oid for name, oid in listing.refs.items() if name not in own}
    peeled = {name: oid for name, oid in listing.peeled.items() if name not in own}
    return RefListing(refs, peeled, head=listing.head, detached_head=listing.detached_head), own


def unchanged_outcome(row: RepositoryLine) -> Outcome:
    """What a repository is called that was proven to be as before, and to be whole."""
    return Outcome.UNCHANGED if row.refs or row.outcome in HAD_REFS else Outcome.EMPTY
