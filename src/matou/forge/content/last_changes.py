"""The entries of a folder, each with the commit that last changed it: looked for once, then only in what is new.

What was found for a commit is remembered, in memory and, where it took long, on the disk. For a commit that came later,
only the commits in between are looked through: what they did not touch, and what is the same object still, keeps the
commit that it had. It is done in the background: who asks waits no longer than they want to, and gets what is known.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
import structlog

from matou.archive.cache import cache_folder, read_whole, write_whole
from matou.caching import SizedCache
from matou.db.repositories import Repository, RepositoryId
from matou.errors import TryLater
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.contents import MOST_IN_A_FOLDER, TreeListEntry, list_entries, object_at
from matou.forge.forge import Forge
from matou.forge.jobs import Jobs, StillComputing
from matou.forge.maintenance.commit_graphs import walking
from matou.fs import WriteFailed
from matou.git.odb.objects import MissingObject, TooLargeToRead, TreePath, find_commit, open_repository
from matou.git.operations.history import HistoryTooLong, is_ancestor
from matou.git.operations.last_changes import changes_since, last_changes
from matou.model.decodable import decodable
from matou.model.names import ObjectId

log = structlog.get_logger()

LONGEST_WAIT: Final = timedelta(seconds=20)
MOST_REMEMBERED_ENTRIES: Final = 200_000
MOST_TIPS: Final = 4
"""Of one folder: those of branches that are looked at in turn."""

MOST_BEGUN: Final = 200
KEPT_FROM: Final = timedelta(milliseconds=300)
"""What took longer to find is kept on the disk."""

_FORM: Final = "last changes, 1"


class TooManyLooking(TryLater):
    """Others look through histories, for longer than one waits."""


@dataclass(frozen=True, slots=True)
class ChangedEntry:
    """`commit` is None where the history is so long that it was not come to, or not yet."""

    entry: TreeListEntry
    commit: ObjectId | None


@dataclass(frozen=True, slots=True)
class ChangedEntries:
    """A folder's entries in git's order; `is_whole`: what is not known of them will not be known later either."""

    entries: tuple[ChangedEntry, ...]
    is_whole: bool


class _Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """What was found at a commit: by an entry's name its object and the commit that changed it last."""

    tip: str
    entries: dict[bytes, tuple[str, str]]


_Place = tuple[RepositoryId, bytes]


class LastChangesCache:
    """Snapshots by folder, the latest first; the work that finds them, and what it has found so far."""

    def __init__(self) -> None:
        self.jobs = Jobs()
        self.begun = SizedCache[tuple[_Place, ObjectId], dict[bytes, ObjectId]](MOST_BEGUN)
        self._known = SizedCache[_Place, tuple[_Snapshot, ...]](
            MOST_REMEMBERED_ENTRIES, size_of=lambda known: sum(len(each.entries) + 1 for each in known)
        )

    def snapshots(self, place: _Place) -> tuple[_Snapshot, ...]:
        return self._known.get(place) or ()

    def put(self, place: _Place, snapshot: _Snapshot) -> None:
        others = (each for each in self.snapshots(place) if each.tip != snapshot.tip)
        self._known.put(place, (snapshot, *others)[:MOST_TIPS])


@dataclass(slots=True)
class _Search:
    """One folder at one commit. `found` grows while it is looked for, and what is in it is so."""

    forge: Forge
    repository: Repository
    start: ObjectId
    folder: TreePath | None
    entries: Sequence[TreeListEntry]
    found: dict[bytes, ObjectId] = field(default_factory=dict)

    @property
    def place(self) -> _Place:
        return self.repository.id, b"" if self.folder is None else self.folder.encoded


def list_changed_entries(
    forge: Forge, granted: Authorized[Repository, MayReadCode], revision: str, folder: TreePath | None
) -> tuple[ChangedEntry, ...]:
    """A folder's entries, in git's order, after all was found of them that can be.

    Raises:
        NoSuchRevision, MissingObject: the revision stands for no commit.
        MissingPath: there is no such folder.
        TooLargeToRead: it holds more than MOST_IN_A_FOLDER.
        Unreadable: the history is broken.
        TooManyLooking.
    """
    found = browse_changed_entries(forge, granted, revision, folder, patience=LONGEST_WAIT)
    if not found.is_whole:
        raise TooManyLooking("the server is busy with others' work on this", wait=LONGEST_WAIT)
    return found.entries


def browse_changed_entries(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    revision: str,
    folder: TreePath | None,
    *,
    patience: timedelta,
) -> ChangedEntries:
    """The same, with what is known within so much time; the rest is found meanwhile, for whoever asks again.

    Raises:
        NoSuchRevision, MissingObject, MissingPath, TooLargeToRead, Unreadable: as `list_changed_entries`.
    """
    git_dir = forge.git_dir(granted.subject)
    start = find_commit(open_repository(git_dir), object_at(forge, granted, revision)).id
    entries, total = list_entries(
        forge, granted, start, below=folder, recursive=False, offset=0, limit=MOST_IN_A_FOLDER
    )
    if total > MOST_IN_A_FOLDER:
        raise TooLargeToRead("the folder holds more than {limit} entries", limit=MOST_IN_A_FOLDER)
    search = _Search(forge, granted.subject, start, folder, entries)
    changes, is_whole = _within(search, patience)
    return ChangedEntries(tuple(ChangedEntry(entry, changes.get(_name(entry))) for entry in entries), is_whole=is_whole)


def browse_last_change(
    forge: Forge, granted: Authorized[Repository, MayReadCode], revision: str, path: TreePath, *, patience: timedelta
) -> ChangedEntry | None:
    """One entry with the commit that changed it last, found with all of its folder; None where that holds too many.

    Raises:
        NoSuchRevision, MissingObject, MissingPath, Unreadable: as `list_changed_entries`.
    """
    try:
        changed = browse_changed_entries(forge, granted, revision, path.parent, patience=patience)
    except TooLargeToRead:
        return None
    name = path.encoded.rpartition(b"/")[2]
    return next((each for each in changed.entries if _name(each.entry) == name), None)


def _within(search: _Search, patience: timedelta) -> tuple[Mapping[bytes, ObjectId], bool]:
    memory = search.forge.memory(LastChangesCache)
    for snapshot in memory.snapshots(search.place):
        if snapshot.tip == search.start:
            return _commits(snapshot), True
    key = (search.place, search.start)
    search = replace(search, found=memory.begun.setdefault(key, search.found))
    try:
        return memory.jobs.begin(key, lambda: _find(search)).result(patience.total_seconds()), True
    except (NotYet, StillComputing):
        return dict(search.found), False


def _find(search: _Search) -> Mapping[bytes, ObjectId]:
    began, given_up = time.monotonic(), frozenset[bytes]()
    for older in _older(search):
        if older.tip == search.start:
            search.forge.memory(LastChangesCache).put(search.place, older)
            return _commits(older)
        carried = _carry_over(search, older)
        if carried is not None:
            given_up = carried
            break
    names = [_name(entry) for entry in search.entries if _name(entry) not in given_up]
    with walking(search.forge, search.repository):
        last_changes(_git_dir(search), search.start, search.folder, names, found=search.found)
    took = timedelta(seconds=time.monotonic() - began)
    return _remember(search, is_kept=took >= KEPT_FROM)


def _remember(search: _Search, *, is_kept: bool) -> Mapping[bytes, ObjectId]:
    found = {_name(entry): (str(entry.id), str(search.found.get(_name(entry), ""))) for entry in search.entries}
    snapshot, memory = _Snapshot(search.start, found), search.forge.memory(LastChangesCache)
    memory.put(search.place, snapshot)
    memory.begun.pop((search.place, search.start))
    if is_kept:
        try:
            content = msgspec.msgpack.encode(snapshot)
            write_whole(_file(search), content, below=search.forge.archive.root, form=_FORM)
        except WriteFailed as error:
            log.warning("last_changes_not_kept", problem=str(error))
    return _commits(snapshot)


def _older(search: _Search) -> Iterator[_Snapshot]:
    """What was found before, if the folder's history begins with it; the latest first."""
    known = search.forge.memory(LastChangesCache).snapshots(search.place)
    for snapshot in known or _kept(search):
        if snapshot.tip == search.start or _is_before(search, ObjectId(snapshot.tip)):
            yield snapshot


def _kept(search: _Search) -> tuple[_Snapshot, ...]:
    content = read_whole(_file(search), form=_FORM)
    return () if content is None else (msgspec.msgpack.decode(content, type=decodable(_Snapshot)),)


def _is_before(search: _Search, tip: ObjectId) -> bool:
    git_dir = _git_dir(search)
    try:
        find_commit(open_repository(git_dir), tip)
        return is_ancestor(git_dir, tip, search.start)
    except (MissingObject, HistoryTooLong):
        return False


def _carry_over(search: _Search, older: _Snapshot) -> frozenset[bytes] | None:
    """What no later commit touched and is the same object keeps its commit.

    Gives the names of which none was come to before, so that it is not tried again; None where looking through the
    later commits takes too long.
    """
    names = [_name(entry) for entry in search.entries]
    recent = changes_since(_git_dir(search), search.start, search.folder, names, since=ObjectId(older.tip))
    if recent is None:
        return None
    search.found.update(recent)
    same = {_name(entry) for entry in search.entries if older.entries.get(_name(entry), ("",))[0] == entry.id}
    kept = {name: older.entries[name][1] for name in same.difference(recent)}
    search.found.update({name: ObjectId(commit) for name, commit in kept.items() if commit})
    return frozenset(name for name, commit in kept.items() if not commit)


def _commits(snapshot: _Snapshot) -> Mapping[bytes, ObjectId]:
    return {name: ObjectId(commit) for name, (_object, commit) in snapshot.entries.items() if commit}


def _git_dir(search: _Search) -> Path:
    return search.forge.git_dir(search.repository)


def _file(search: _Search) -> Path:
    digest = hashlib.sha256(search.place[1]).hexdigest()[:32]
    return cache_folder(search.forge.archive, search.repository.id) / f"last-changes-{digest}"


def _name(entry: TreeListEntry) -> bytes:
    return entry.path.rpartition(b"/")[2]
