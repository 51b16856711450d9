"""The LFS objects of one repository: which there are, and those that the archive does not have yet."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matou.archive.blobs import BlobStore
from matou.archive.manifest import LfsState
from matou.archive.snapshots import lfs_list_text, parse_lfs_list
from matou.credentials import GitCredential
from matou.errors import Damaged, MatouError, NotFound
from matou.git.lfs_pointers import find_pointers
from matou.storage.files import CHUNK_BYTES, WriteFailed
from matou.transfer.channel import Channel
from matou.transfer.source import Connections, MissingObject, Readable

NOT_GIVEN = "LFS object {oid}: {said}"


class LfsObjectMissing(NotFound):
    """An LFS object that the source does not give."""


@dataclass(frozen=True, slots=True)
class LfsResult:
    """`state` is None where no object points at LFS; `fault` is why something is missing, one for all."""

    state: LfsState | None
    fault: MatouError | None
    received_bytes: int


@dataclass(frozen=True, slots=True)
class LfsSaver:
    """Fetches LFS objects into the archive. May be used by several threads."""

    blobs: BlobStore
    connections: Connections
    credential: GitCredential | None

    def save(
        self,
        git_dir: Path,
        clone_url: str,
        channel: Channel,
        *,
        before: LfsState | None,
        new_packs: Collection[Path] | None,
    ) -> LfsResult:
        """Find what the repository points at, and fetch what is not here.

        The refs have moved already: where the run is being given up, what was not fetched is missing, so that the
        repository's line says what lies on the disk.

        Args:
            before: what the last manifest says; its list goes on.
            new_packs: where new pointers may be; None where any object may be new.
        """
        sizes_bytes = self._list(before)
        if sizes_bytes is None:
            sizes_bytes, new_packs = {}, None
        given = _given(before, sizes_bytes)
        sizes_bytes.update((pointer.oid, pointer.size_bytes) for pointer in find_pointers(git_dir, new_packs=new_packs))
        return self._fetch(clone_url, channel, sizes_bytes, given=given)

    def retry(self, clone_url: str, channel: Channel, *, before: LfsState) -> LfsResult:
        """Fetch what was missing the last time, of a repository that has not changed."""
        sizes_bytes = self._list(before)
        if sizes_bytes is None:
            return LfsResult(before, None, 0)
        return self._fetch(clone_url, channel, sizes_bytes, given=_given(before, sizes_bytes))

    def _list(self, state: LfsState | None) -> dict[str, int] | None:
        """None where the list is lost."""
        if state is None:
            return {}
        try:
            return parse_lfs_list(self.blobs.read(state.list))
        except (NotFound, Damaged):
            return None

    def _fetch(
        self, clone_url: str, channel: Channel, sizes_bytes: Mapping[str, int], *, given: frozenset[str]
    ) -> LfsResult:
        """Anybody may commit a pointer with the id of somebody else's object, so the source decides whose it is."""
        if not sizes_bytes:
            return LfsResult(None, None, 0)
        absent = {oid: size for oid, size in sizes_bytes.items() if not self.blobs.has(oid)}
        claimed = {oid: size for oid, size in sizes_bytes.items() if oid not in given and oid not in absent}
        before_bytes = channel.received_bytes
        refused, fault = self._ask(clone_url, claimed) if claimed else ((), None)
        fault = (self._download(clone_url, channel, absent) if absent else None) or fault
        missing = tuple(sorted({*refused, *(oid for oid in absent if not self.blobs.has(oid))}))
        state = LfsState(
            list=self.blobs.put_soon(lfs_list_text(sizes_bytes)), objects=len(sizes_bytes), missing=missing
        )
        return LfsResult(state, fault, channel.received_bytes - before_bytes)

    def _ask(self, clone_url: str, claimed: Mapping[str, int]) -> tuple[Collection[str], MatouError | None]:
        """Those that the source does not give to this repository: all of them, where it does not say."""
        try:
            refused = self.connections.lfs(clone_url, self.credential).lacking(claimed.items())
        except MatouError as error:
            return claimed, error
        return [one.oid for one in refused], _first_of(refused)

    def _download(self, clone_url: str, channel: Channel, absent: Mapping[str, int]) -> MatouError | None:
        """Fetch what can be had; the first fault stands for all."""

        def store(oid: str, _size: int, content: Readable) -> None:
            self.blobs.put_stream(chunks(channel.watched(content)), expected=oid)

        try:
            missing = self.connections.lfs(clone_url, self.credential).download(absent.items(), store)
        except WriteFailed:
            raise
        except MatouError as error:
            return error
        return _first_of(missing)


def _given(before: LfsState | None, listed: Collection[str]) -> frozenset[str]:
    """What the source has given to this repository: an object that another one has is not yet this one's."""
    return frozenset(listed) - frozenset(before.missing if before else ())


def _first_of(missing: Sequence[MissingObject]) -> LfsObjectMissing | None:
    return LfsObjectMissing(NOT_GIVEN, oid=missing[0].oid, said=missing[0].message) if missing else None


def chunks(content: Readable) -> Iterator[bytes]:
    return iter(lambda: content.read(CHUNK_BYTES), b"")
