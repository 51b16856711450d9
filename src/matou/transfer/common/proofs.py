"""What `git fsck` has found whole, so that it is asked again only where something changed since, and what was damaged.

The file is a note, not part of what was saved: without it, or where it cannot be read, everything is proven again.
"""

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import msgspec

from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine
from matou.archive.snapshots import parse_lfs_list
from matou.errors import Damaged, NotFound
from matou.fs import write_atomically
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED
from matou.model.names import NamespacePath, RepositoryPath

FORMAT = 1
LONGEST_FAULT = 200

METADATA_PREFIX: Final = "metadata:"
"""Of the name under which a metadata repository is noted: no path of a repository begins so."""


class ProofNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """`state` stands for all objects and refs of the repository as they were at that time.

    `faults` counts what git has against objects that came so from the source, `first` is one of these.
    """

    state: str
    at: datetime
    faults: int = 0
    first: str = ""


class DamageNote(msgspec.Struct, frozen=True, kw_only=True):
    """What was found damaged or missing: repositories by their paths, blobs by their digests.

    `metadata` are the paths of what damaged metadata repositories belong to.
    """

    repositories: tuple[str, ...] = ()
    blobs: tuple[str, ...] = ()
    metadata: tuple[str, ...] = ()


NO_DAMAGE = DamageNote()


class _File(msgspec.Struct, frozen=True):
    format: int
    repositories: dict[str, ProofNote]
    damaged: DamageNote = NO_DAMAGE


class Proofs:
    """The notes of an archive. May be used from several threads.

    Args:
        notes: by the path of a repository, what was proven before.
        now: when this verification began.
    """

    def __init__(self, notes: Mapping[str, ProofNote], *, now: datetime) -> None:
        self._before = notes
        self._now = now.astimezone(UTC).replace(microsecond=0)
        self._lock = threading.Lock()
        self._notes: dict[str, ProofNote] = {}

    @classmethod
    def load(cls, path: Path, *, now: datetime) -> "Proofs":
        return cls(_read(path).repositories, now=now)

    def of(self, repository: str, state: str) -> ProofNote | None:
        """The note of this very state, which is kept; None where it was not proven."""
        note = self._before.get(repository)
        if note is None or note.state != state:
            return None
        with self._lock:
            self._notes[repository] = note
        return note

    def add(self, repository: str, state: str, *, faults: Sequence[str]) -> ProofNote:
        """Note that a state is whole but for what the source itself has; `faults` are git's own words of that."""
        note = ProofNote(state, self._now, len(faults), faults[0][:LONGEST_FAULT] if faults else "")
        with self._lock:
            self._notes[repository] = note
        return note

    def save(self, path: Path, *, damage: DamageNote) -> None:
        """Replace the file by the notes that hold now; one who is not in it is proven next time."""
        with self._lock:
            content = _File(FORMAT, dict(sorted(self._notes.items())), damage)
        _write(path, content)


@dataclass(frozen=True, slots=True)
class ProofSummary:
    """How many repositories of code `git fsck` found whole in the state that they had then.

    Attributes:
        oldest, newest: when, of those of metadata too.
    """

    repositories: int
    oldest: datetime | None
    newest: datetime | None


def summarize_proofs(path: Path) -> ProofSummary:
    """Of nothing where there is no note that can be read."""
    notes = _read(path).repositories
    times = [note.at for note in notes.values()]
    count = sum(not name.startswith(METADATA_PREFIX) for name in notes)
    return ProofSummary(count, min(times, default=None), max(times, default=None))


def read_damage(path: Path) -> DamageNote:
    """What the last verification found damaged; nothing where there is no note that can be read."""
    return _read(path).damaged


def write_damage(path: Path, damage: DamageNote) -> None:
    """Note what is still damaged, beside what was proven."""
    content = _read(path)
    if content.damaged != damage:
        _write(path, msgspec.structs.replace(content, damaged=damage))


def _read(path: Path) -> _File:
    nothing = _File(FORMAT, {})
    try:
        content = msgspec.json.decode(path.read_bytes(), type=decodable(_File))
    except (FileNotFoundError, *NOT_DECODED):
        return nothing
    return content if content.format == FORMAT else nothing


def _write(path: Path, content: _File) -> None:
    write_atomically(path, msgspec.json.encode(content) + b"\n")


@dataclass
class Damage:
    """What is damaged as far as anybody knows. May be used by several threads.

    Blobs that are damaged count as missing from the moment on at which this is loaded.
    """

    archive: Archive
    _repositories: set[str]
    _metadata: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def load(cls, archive: Archive) -> Self:
        note = read_damage(archive.proofs)
        archive.blobs.distrust(note.blobs)
        return cls(archive, set(note.repositories), set(note.metadata))

    def has_repository(self, path: RepositoryPath) -> bool:
        with self._lock:
            return str(path) in self._repositories

    def has_metadata(self, path: RepositoryPath | NamespacePath) -> bool:
        """Whether the metadata repository of a repository or a namespace is damaged."""
        with self._lock:
            return str(path) in self._metadata

    def noted_metadata(self) -> set[str]:
        with self._lock:
            return set(self._metadata)

    def add_metadata(self, path: RepositoryPath | NamespacePath) -> None:
        """Once something of it cannot be read: the next run sees to it."""
        with self._lock:
            self._metadata.add(str(path))

    def forget_metadata(self, path: RepositoryPath | NamespacePath) -> None:
        """Once it has been made again."""
        with self._lock:
            self._metadata.discard(str(path))

    def concerns(self, path: RepositoryPath, row: RepositoryLine) -> bool:
        """Whether anything that a manifest says of a repository is damaged."""
        return self.has_repository(path) or self.has_lost_blob(row)

    def has_lost_blob(self, row: RepositoryLine) -> bool:
        """Whether its snapshot, its list of LFS objects or one of these is damaged."""
        distrusted = self.archive.blobs.distrusted
        if not distrusted:
            return False
        named = {row.snapshot, row.lfs.list if row.lfs else None}
        return not distrusted.isdisjoint(named) or not distrusted.isdisjoint(self._lfs_objects(row))

    def _lfs_objects(self, row: RepositoryLine) -> Collection[str]:
        try:
            return parse_lfs_list(self.archive.blobs.read(row.lfs.list)) if row.lfs else ()
        except (Damaged, NotFound):
            return ()

    def forget(self, path: RepositoryPath) -> None:
        """Once all that could be had of a repository is there again."""
        with self._lock:
            self._repositories.discard(str(path))

    def save(self) -> None:
        """Note what is left of it, once what is whole again is durable."""
        with self._lock:
            note = DamageNote(
                repositories=tuple(sorted(self._repositories)),
                blobs=tuple(sorted(self.archive.blobs.distrusted)),
                metadata=tuple(sorted(self._metadata)),
            )
        write_damage(self.archive.proofs, note)
