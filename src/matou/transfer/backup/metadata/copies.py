"""Whether what another Matou has saved beside the code is here already; what copies it is loaded where it is not.

A run that finds nothing new is as quick as its start: see `copied.py` for the work itself.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from matou.archive.layout import Archive
from matou.archive.manifest import MetadataState, NamespaceLine, RepositoryLine
from matou.errors import Damaged
from matou.git.operations.fetch import FetchSource
from matou.git.refs.listing import CHANGE_PREFIX, KEPT_PREFIX, fault_of_foreign_ref, read_refs, without_own_prefix
from matou.model.names import NamespacePath, ObjectId, RefName, RepositoryPath
from matou.model.platform import Inaccessible, PeerState, RemoteNamespace
from matou.model.refs import RefListing
from matou.transfer.backup.plan import BackupTask
from matou.transfer.backup.report import KindTotal
from matou.transfer.common.proofs import Damage

if TYPE_CHECKING:
    from matou.transfer.backup.metadata.copied import CopiedMetadata

_MAIN: Final = RefName("refs/heads/main")
_LISTED: Final = (KEPT_PREFIX, CHANGE_PREFIX)


@dataclass(slots=True)
class MetadataCopies:
    """Tells what is as it was, and hands over the rest. For several threads.

    Attributes:
        open: what copies.
        unseen, totals: as of `RunMetadata`.
    """

    archive: Archive
    damage: Damage
    open: "Callable[[], CopiedMetadata]"
    unseen: list[Inaccessible] = field(default_factory=list)
    totals: dict[str, KindTotal] = field(default_factory=dict)
    _opened: "CopiedMetadata | None" = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def announce(self, namespaces: Iterable[RemoteNamespace], tasks: Iterable[BackupTask]) -> None:
        """Git takes as long as it takes."""

    def is_as_before(self, task: BackupTask) -> bool:
        """Whether nothing of a repository is to be copied beside its code."""
        peer, row = task.remote.peer, task.previous
        if peer is None:
            return True
        before = row.metadata if row is not None else None
        return row is not None and self._has_kept(task, peer) and self._has_metadata(task.place, before, peer)

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
        """The line with what was copied. Raises Cancelled, WriteFailed, BadCredential."""
        if not self.is_as_before(task):
            line = self._copier().with_metadata_of_repository(task, line, source_of)
        self.count(line.metadata)
        return line

    def with_metadata_of_namespace(
        self, namespace: RemoteNamespace, path: NamespacePath, line: NamespaceLine
    ) -> NamespaceLine:
        """The line with what was copied. Raises as above."""
        if namespace.peer is not None and not self._has_metadata(path, line.metadata, namespace.peer):
            line = self._copier().with_metadata_of_namespace(namespace, path, line)
        self.count(line.metadata)
        return line

    def count(self, state: MetadataState | None) -> None:
        """Add to the totals."""
        if state is not None:
            with self._lock:
                for name, kind in state.kinds.items():
                    self.totals[name] = self.totals.get(name, KindTotal()).with_state(kind)

    def _copier(self) -> "CopiedMetadata":
        with self._lock:
            if self._opened is None:
                self._opened = self.open()
            return self._opened

    def _has_kept(self, task: BackupTask, peer: PeerState) -> bool:
        if peer.kept is None:
            return True
        try:
            copied = copied_refs(read_refs(self.archive.repository(task.place)).refs)
        except (Damaged, OSError):
            return False
        return digest_as_served(copied) == peer.kept

    def _has_metadata(
        self, place: RepositoryPath | NamespacePath, before: MetadataState | None, peer: PeerState
    ) -> bool:
        """In full, and as far as can be seen whole."""
        if peer.metadata is None:
            return True
        if before is None or before.commit != peer.metadata or not before.is_done:
            return False
        if self.damage.has_metadata(place) or self.archive.blobs.distrusted:
            return False
        try:
            return read_refs(self.archive.metadata(place)).refs.get(_MAIN) == peer.metadata
        except (Damaged, OSError):
            return False


def copied_refs(present: "Mapping[RefName, ObjectId]") -> dict[RefName, ObjectId]:
    """What was copied of another's kept refs, under the names that they have there."""
    copied = {name: oid for name, oid in present.items() if name.startswith(CHANGE_PREFIX)}
    for name, oid in present.items():
        _, _, rest = name.removeprefix(KEPT_PREFIX).partition("/")
        there = RefName(f"refs/{rest}")
        if name.startswith(KEPT_PREFIX) and is_of_a_run(there):
            copied[there] = oid
    return copied


def digest_as_served(copied: "Mapping[RefName, ObjectId]") -> str:
    """As the other one tells it."""
    return RefListing({without_own_prefix(name): oid for name, oid in copied.items()}).digest


def is_of_a_run(name: RefName) -> bool:
    return name.startswith(_LISTED) and fault_of_foreign_ref(name) is None
