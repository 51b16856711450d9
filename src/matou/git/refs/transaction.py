"""Refs changed together, each only if it still is what the caller saw: by git's own files and locks, in process.

Refs are locked as git locks them, so any git may work beside us. Of many refs those that have no file of their own are
locked against ourselves only, and by packed-refs.lock: who changes one by hand in the folder at that moment wins.
What the refs are to be is written before they change, into files of their own or, of many, the next packed-refs. So one
sync of the file system makes all of it durable, and what follows is renames only: after a power cut each ref is what
it was or what it was to be.
"""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from matou.errors import Conflict, MatouError, Phrase
from matou.fs import sync_folder
from matou.git.lock_files import LockOwner, RepositoryBusy
from matou.git.odb.stored_objects import StoredObject, describe_objects
from matou.git.refs.listing import fault_of_foreign_ref
from matou.git.refs.locks import RefLock, holding_refs, lock_packed_refs
from matou.git.refs.packed_refs import PackedRefsFile, entry_of, parents, read_packed_refs
from matou.git.repository import LEFTOVER_AGE
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefChange

__all__ = [
    "RefChanged",
    "RefTaken",
    "RefTransaction",
    "RepositoryBusy",
    "UnusableTarget",
    "fault_of_target",
    "remove_abandoned_locks",
]

MOST_LOOSE: Final = 64
"""So many refs may become files of their own at once; more are written into packed-refs."""

PATIENCE_SECONDS: Final = 1.0
"""How long locks of others are waited for, all together: git's own core.filesRefLockTimeout in our jail."""


class RefTaken(Conflict):
    """There is such a branch or tag already, or one that it would stand in or above."""


class RefChanged(Conflict):
    """Somebody changed the branch or tag meanwhile."""


class UnusableTarget(Conflict):
    """A ref would name what is not there, or a branch what is no commit."""


class RefTransaction:
    """Changes that are certain to succeed, and not made yet: entering locks every ref and compares its old value.

    Leaving without `commit` changes nothing. So what the refs are to name can be put into the repository between the
    two, and a lost race leaves nothing behind.

    Args:
        git_dir: a bare repository.
        changes: at least one, each ref once; every name one that `refs.fault_of_foreign_ref` finds no fault with.
        quarantine: the folder under its `objects` that holds new objects; None where there is none.
        each: leave out what cannot be changed, and tell of it in `faults`, instead of raising.
        syncs_files: each by itself, where the caller cannot sync the file system as a whole.
        in_packed_refs: few become no files of their own either.

    Attributes:
        changes: what `commit` will change.
        faults: why the others cannot be changed.

    Raises:
        RefTaken, RefChanged: on entering, where a ref is not what its change says.
        UnusableTarget: on entering, where an object is missing, or would be no commit on a branch.
        RepositoryBusy: on entering, where another process holds a ref's lock for longer than we wait.
    """

    def __init__(
        self,
        git_dir: Path,
        changes: Sequence[RefChange],
        *,
        quarantine: Path | None = None,
        each: bool = False,
        syncs_files: bool = False,
        in_packed_refs: bool = False,
    ) -> None:
        self.changes: Sequence[RefChange] = changes
        self.faults: dict[RefName, MatouError] = {}
        self._git_dir = git_dir
        self._quarantine = quarantine
        self._each = each
        self._syncs_files = syncs_files
        self._locks: dict[RefName, RefLock] = {}
        self._packed_lock: RefLock | None = None
        self._rewrites_packed = False
        self._is_many = in_packed_refs or len(changes) > MOST_LOOSE
        self._owner = LockOwner(git_dir)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opened:
            opened.enter_context(holding_refs(self._git_dir, alone=self._is_many))
            opened.enter_context(self._owner)
            opened.callback(self._release)
            self._prepare()
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def commit(self) -> None:
        """Make the changes. What was written until now must have been synced; what this does must be synced then."""
        going = [self._locks[change.ref] for change in self.changes if change.new is None]
        if self._packed_lock is not None and self._rewrites_packed:
            self._packed_lock.publish()
            if any(lock.is_loose for lock in going):
                # Else a power cut might keep the removal of a ref's file, and not the packed-refs it was replaced by.
                sync_folder(self._git_dir)
        for lock in going:
            lock.remove_ref()
        for lock in self._locks.values():
            if lock.has_content:
                lock.publish()

    def _prepare(self) -> None:
        described = describe_objects(
            self._git_dir, {change.new for change in self.changes if change.new}, quarantine=self._quarantine
        )
        deadline = time.monotonic() + PATIENCE_SECONDS
        for change in self._passing(self.changes):
            fault = fault_of_target(change, described)
            if fault is not None:
                self._fault(change, UnusableTarget("{ref} cannot be changed: {fault}", ref=change.ref, fault=fault))
            else:
                self._lock(change, deadline)
        if self._is_many or any(change.new is None for change in self.changes):
            self._packed_lock = lock_packed_refs(self._git_dir, self._owner)
        packed = read_packed_refs(self._git_dir)
        if self._is_many:
            packed.index()
        self._compare(packed)
        self._write(packed, described)

    def _passing(self, changes: Sequence[RefChange]) -> Iterator[RefChange]:
        yield from changes
        self.changes = [change for change in changes if change.ref not in self.faults]

    def _fault(self, change: RefChange, error: MatouError) -> None:
        if not self._each:
            raise error
        self.faults[change.ref] = error
        lock = self._locks.pop(change.ref, None)
        if lock is not None:
            lock.release()

    def _lock(self, change: RefChange, deadline: float) -> None:
        lock = RefLock(self._git_dir, change.ref, self._owner)
        try:
            if self._is_many:
                lock.read()
            if lock.is_loose or not self._is_many:
                lock.take(deadline)
        except RepositoryBusy:
            self._fault(change, RepositoryBusy("{refs} is being changed by somebody else", refs=change.ref))
        except (NotADirectoryError, IsADirectoryError, FileExistsError):
            self._fault(change, _taken(change))
        else:
            self._locks[change.ref] = lock

    def _compare(self, packed: PackedRefsFile) -> None:
        made = {change.ref.encode("utf-8", "surrogateescape") for change in self.changes if change.old is None}
        for change in self._passing(self.changes):
            name, lock = self._locks[change.ref].name, self._locks[change.ref]
            current = lock.loose_value or packed.value(name)
            if change.old != current:
                is_taken = change.old is None
                self._fault(change, _taken(change) if is_taken else RefChanged(_CHANGED, ref=change.ref))
            elif change.old is None and self._is_occupied(name, made, packed):
                made.discard(name)
                self._fault(change, _taken(change))

    def _is_occupied(self, name: bytes, made: set[bytes], packed: PackedRefsFile) -> bool:
        """Whether another ref stands where this one's folder would be, or in the folder that it would be."""
        above = any(parent in made or packed.value(parent) is not None for parent in parents(name))
        return above or packed.has_below(name) or _holds_refs(os.fsencode(self._git_dir) + b"/" + name)

    def _write(self, packed: PackedRefsFile, described: dict[ObjectId, StoredObject]) -> None:
        into_packed: dict[bytes, bytes | None] = {}
        for change in self.changes:
            lock = self._locks[change.ref]
            if change.new is None:
                if packed.value(lock.name) is not None:
                    into_packed[lock.name] = None
            elif self._is_many and not lock.is_loose:
                into_packed[lock.name] = entry_of(lock.name, change.new, described[change.new].peeled)
            else:
                lock.write(change.new.encode() + b"\n", sync=self._syncs_files)
        if into_packed and self._packed_lock is not None:
            self._packed_lock.write(packed.rewritten(into_packed), sync=self._syncs_files)
            self._rewrites_packed = True

    def _release(self) -> None:
        folders = {folder for lock in self._locks.values() for folder in lock.release()}
        if self._packed_lock is not None:
            self._packed_lock.release()
        root = os.fsencode(self._git_dir)
        _remove_empty(folders, keep={root + name for name in (b"", b"/refs", b"/refs/heads", b"/refs/tags")})


_CHANGED: Final = "{ref} was changed meanwhile"


def _taken(change: RefChange) -> RefTaken:
    return RefTaken("{ref} is there already, or another name stands in its way", ref=change.ref)


def fault_of_target(change: RefChange, described: dict[ObjectId, StoredObject]) -> Phrase | None:
    """Say why a ref may not name its new object; None where it may, and for a deletion."""
    if change.new is None:
        return None
    stored = described.get(change.new)
    if stored is None:
        return Phrase("the object that it is to name is missing")
    if change.ref.startswith("refs/heads/") and stored.type != "commit":
        return Phrase("a branch names a commit and nothing else")
    return None


def _holds_refs(path: bytes) -> bool:
    """Whether there is a folder of this name with refs in it, or with somebody's lock of one; git leaves empty ones."""
    return any(files for _, _, files in os.walk(path))


def _remove_empty(folders: set[bytes], *, keep: set[bytes]) -> None:
    """Folders of refs that nothing is in any more, and what stands above them, as git does."""
    for folder in sorted(folders, reverse=True):
        parent = folder
        with contextlib.suppress(OSError):
            while parent not in keep:
                os.rmdir(parent)  # noqa: PTH106
                parent = parent.rpartition(b"/")[0]


def remove_abandoned_locks(git_dir: Path, changes: Sequence[RefChange], *, now: datetime) -> None:
    """Take away what a git that was killed an hour ago, or before, has left: nobody holds a ref's lock for so long.

    Without this a branch could not be changed again before somebody removed its lock by hand. A name that is no ref's,
    wherever it comes from, is no path either.
    """
    names = (change.ref for change in changes if fault_of_foreign_ref(change.ref) is None)
    for name in ("HEAD", "packed-refs", *names):
        lock = f"{git_dir}/{name}.lock"  # a Path for each of ten thousand costs as much as all the rest
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if datetime.fromtimestamp(os.lstat(lock).st_mtime, UTC) < now - LEFTOVER_AGE:
                os.unlink(lock)  # noqa: PTH108
