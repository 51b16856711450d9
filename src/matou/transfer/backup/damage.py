"""What `verify` found damaged, for the next backup to fetch again: the source often still has it."""

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Self

from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine
from matou.archive.snapshots import parse_lfs_list
from matou.errors import Damaged, NotFound
from matou.model.names import RepositoryPath
from matou.transfer.common.proofs import DamageNote, read_damage, write_damage


@dataclass
class Damage:
    """What is damaged as far as anybody knows. May be used by several threads.

    Blobs that are damaged count as missing from the moment on at which this is loaded.
    """

    archive: Archive
    _repositories: set[str]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def load(cls, archive: Archive) -> Self:
        note = read_damage(archive.proofs)
        archive.blobs.distrust(note.blobs)
        return cls(archive, set(note.repositories))

    def has_repository(self, place: RepositoryPath) -> bool:
        with self._lock:
            return str(place) in self._repositories

    def concerns(self, place: RepositoryPath, row: RepositoryLine) -> bool:
        """Whether anything that a manifest says of a repository is damaged."""
        return self.has_repository(place) or self.has_lost_blob(row)

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

    def forget(self, place: RepositoryPath) -> None:
        """Once all that could be had of a repository is there again."""
        with self._lock:
            self._repositories.discard(str(place))

    def save(self) -> None:
        """Note what is left of it, once what is whole again is durable."""
        with self._lock:
            note = DamageNote(tuple(sorted(self._repositories)), tuple(sorted(self.archive.blobs.distrusted)))
        write_damage(self.archive.proofs, note)
