"""The LFS objects of one repository: which there are, and those that the archive does not have yet."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matou.archive.blobs import BlobStore
from matou.archive.manifest import LfsState
from matou.archive.snapshots import lfs_list_text, parse_lfs_list
from matou.credentials import GitCredential
from matou.errors import Damaged, MatouError, NotFound
from matou.fs import WriteFailed
from matou.git.operations.lfs import configured_lfs_server, find_pointers, is_own_server
from matou.storage.files import CHUNK_BYTES
from matou.transfer.backup.tracked_transport import TrackedTransport
from matou.transfer.common.transports import MissingLfsObject, Readable, SourceTransports

MOST_SIZES = 4
"""For one object: anybody may commit any number of pointers, and each size that they give is a question of its own."""

NOT_GIVEN = "LFS object {oid}: {said}"


class LfsObjectMissing(NotFound):
    """An LFS object that the source does not give."""


class LfsServerElsewhere(NotFound):
    """LFS objects lie at a server of which only somebody who pushed has said so."""


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
    connections: SourceTransports
    credential: GitCredential | None

    def save(
        self,
        git_dir: Path,
        transport: TrackedTransport,
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
        listed = self._list(before)
        if listed is None:
            listed, new_packs = {}, None
        sizes_bytes = {oid: (size,) for oid, size in listed.items()}
        for pointer in find_pointers(git_dir, new_packs=new_packs):
            known = sizes_bytes.get(pointer.oid, ())
            if pointer.size_bytes not in known and len(known) < MOST_SIZES:
                sizes_bytes[pointer.oid] = (*known, pointer.size_bytes)
        return self._fetch(git_dir, transport, sizes_bytes, given_oids=_oids_given(before, listed))

    def retry(self, git_dir: Path, transport: TrackedTransport, *, before: LfsState) -> LfsResult:
        """Fetch what was missing the last time, of a repository that has not changed."""
        listed = self._list(before)
        if listed is None:
            return LfsResult(before, None, 0)
        sizes_bytes = {oid: (size,) for oid, size in listed.items()}
        return self._fetch(git_dir, transport, sizes_bytes, given_oids=_oids_given(before, listed))

    def _list(self, state: LfsState | None) -> dict[str, int] | None:
        """None where the list is lost."""
        if state is None:
            return {}
        try:
            return parse_lfs_list(self.blobs.read(state.list))
        except (NotFound, Damaged):
            return None

    def _fetch(
        self,
        git_dir: Path,
        transport: TrackedTransport,
        sizes_bytes: Mapping[str, Sequence[int]],
        *,
        given_oids: frozenset[str],
    ) -> LfsResult:
        """Anybody may commit a pointer with the id of somebody else's object, so the source decides whose it is.

        Args:
            sizes_bytes: what pointers say that an object weighs; not all of them need be right, or any.
        """
        if not sizes_bytes:
            return LfsResult(None, None, 0)
        absent = {oid: sizes for oid, sizes in sizes_bytes.items() if not self.blobs.has(oid)}
        claimed = {oid: self.blobs.size(oid) for oid in sizes_bytes.keys() - absent.keys() - given_oids}
        before_bytes = transport.received_bytes
        refused, fault = self._ask(transport.lfs_url or transport.url, claimed) if claimed else ((), None)
        fault = self._download_all(transport, absent) or fault
        missing = tuple(sorted({*refused, *(oid for oid in absent if not self.blobs.has(oid))}))
        true_sizes = {oid: self._size(oid, sizes) for oid, sizes in sizes_bytes.items()}
        state = LfsState(list=self.blobs.put_soon(lfs_list_text(true_sizes)), objects=len(sizes_bytes), missing=missing)
        fault = (_elsewhere(git_dir, transport.lfs_url or transport.url) if missing else None) or fault
        return LfsResult(state, fault, transport.received_bytes - before_bytes)

    def _size(self, oid: str, sizes: Sequence[int]) -> int:
        """What an object weighs, as far as that is known."""
        return self.blobs.size(oid) if self.blobs.has(oid) else sizes[0]

    def _download_all(self, transport: TrackedTransport, absent: Mapping[str, Sequence[int]]) -> MatouError | None:
        """Ask by the first size that a pointer gives, then by the next: some servers give an object by the right one.

        An object that no pointer has right in its first MOST_SIZES is missing.
        """
        fault: MatouError | None = None
        for attempt in range(max((len(sizes) for sizes in absent.values()), default=0)):
            some = {
                oid: sizes[attempt] for oid, sizes in absent.items() if attempt < len(sizes) and not self.blobs.has(oid)
            }
            fault = self._download(transport, some) if some else None
        return fault

    def _ask(self, clone_url: str, claimed: Mapping[str, int]) -> tuple[Collection[str], MatouError | None]:
        """Those that the source does not give to this repository: all of them, where it does not say."""
        try:
            refused = self.connections.lfs(clone_url, self.credential).lacking(claimed.items())
        except MatouError as error:
            return claimed, error
        return [one.oid for one in refused], _first_of(refused)

    def _download(self, transport: TrackedTransport, absent: Mapping[str, int]) -> MatouError | None:
        """Fetch what can be had; the first fault stands for all."""

        def store(oid: str, _size: int, content: Readable) -> None:
            self.blobs.put_stream(chunks(transport.watched(content)), expected=oid)

        try:
            missing = self.connections.lfs(transport.lfs_url or transport.url, self.credential).download(
                absent.items(), store
            )
        except WriteFailed:
            raise
        except MatouError as error:
            return error
        return _first_of(missing)


def _elsewhere(git_dir: Path, clone_url: str) -> LfsServerElsewhere | None:
    """Why an object is not at the source, where its repository says so itself."""
    server = configured_lfs_server(git_dir)
    if server is None or is_own_server(server, clone_url):
        return None
    return LfsServerElsewhere(
        "its .lfsconfig names another LFS server, {server}, which is never asked", server=repr(server)
    )


def _oids_given(before: LfsState | None, listed: Collection[str]) -> frozenset[str]:
    """What the source has given to this repository: an object that another one has is not yet this one's."""
    return frozenset(listed) - frozenset(before.missing if before else ())


def _first_of(missing: Sequence[MissingLfsObject]) -> LfsObjectMissing | None:
    return LfsObjectMissing(NOT_GIVEN, oid=missing[0].oid, said=missing[0].message) if missing else None


def chunks(content: Readable) -> Iterator[bytes]:
    return iter(lambda: content.read(CHUNK_BYTES), b"")
