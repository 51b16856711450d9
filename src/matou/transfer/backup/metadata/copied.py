"""What another Matou has saved beside the code, copied by git as it lies there: kept refs, and metadata repositories.

Commits and files are those of the other archive, bit by bit. Nothing that was here before is lost to what comes: a
branch that does not lead on from ours leaves ours under a kept ref.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from matou.archive.layout import Archive
from matou.archive.manifest import KindState, MetadataState, NamespaceLine, Outcome, ReadState, RepositoryLine
from matou.archive.metadata import DRAFT, MAIN, MetadataTree, main_commit, open_metadata
from matou.concurrency import Cancelled
from matou.credentials import GitCredential
from matou.errors import Damaged, MatouError, NotFound, Phrase, Plural
from matou.fs import WriteFailed
from matou.git.odb.objects import MissingObject
from matou.git.operations.fetch import FetchSource, fetch_objects
from matou.git.operations.history import is_ancestor
from matou.git.operations.mirror import make_kept_refs
from matou.git.process.run import DEFAULT_LIMITS, GitAccess, Limits
from matou.git.refs.listing import (
    CHANGE_PREFIX,
    read_refs,
    with_own_prefix,
    write_first_refs,
    write_refs,
)
from matou.git.repository import create_bare, make_bare, remove_leftovers
from matou.git.wire.transport import list_refs
from matou.http.tokens import BadCredential
from matou.model.metadata.kinds import ASSET, ATTACHMENT, KINDS
from matou.model.names import NamespacePath, ObjectId, RefName
from matou.model.platform import PeerState, RemoteNamespace
from matou.model.refs import RefListing
from matou.storage.files import CHUNK_BYTES
from matou.transfer.backup.manifest_recorder import RunRecorder
from matou.transfer.backup.metadata.change_commits import HAS_MIRROR
from matou.transfer.backup.metadata.copies import copied_refs, digest_as_served, is_of_a_run
from matou.transfer.backup.metadata.run import NOT_READ, NotAllRead
from matou.transfer.backup.metadata.saver import FilesMissing
from matou.transfer.backup.metadata.starting_points import HealedStarts, MetadataOwner
from matou.transfer.backup.plan import BackupTask
from matou.transfer.backup.staging import STAGED_PREFIX, MirrorPublisher, StagedMirror
from matou.transfer.common.proofs import Damage
from matou.transfer.common.transports import MissingLfsObject, Readable, SourceTransports

_FILES: Final = (ATTACHMENT.name, ASSET.name)

_Problems = tuple[tuple[Phrase, MatouError], ...]


@dataclass(slots=True, kw_only=True)
class CopiedMetadata:
    """Copies what belongs to each repository and each namespace, and tells the recorder. For several threads.

    Attributes:
        starts: says from where to go on, where something is damaged.
    """

    archive: Archive
    connections: SourceTransports
    credential: GitCredential | None
    access: GitAccess
    run: int
    recorder: RunRecorder
    publisher: MirrorPublisher
    starts: HealedStarts
    damage: Damage
    limits: Limits = DEFAULT_LIMITS

    def with_metadata_of_repository(
        self,
        task: BackupTask,
        line: RepositoryLine,
        source_of: Callable[[str], FetchSource],  # noqa: ARG002 - as RunMetadata has it
    ) -> RepositoryLine:
        """The line with what was copied. Raises Cancelled, WriteFailed, BadCredential."""
        peer = task.remote.peer
        if peer is None:
            return line
        line, problems = self._with_kept(task, line, peer)
        owner = MetadataOwner(id=task.remote.id, place=task.place, called=task.source_path)
        state, more = self._saved(owner, line.metadata, peer)
        line = msgspec.structs.replace(line, metadata=state)
        problems += more
        for what, cause in problems:
            self.recorder.problem(what, cause)
        if not problems or not line.outcome.is_done:
            return line
        what, fault = problems[0]
        reason = NotAllRead(NOT_READ, what=what, fault=fault)
        return msgspec.structs.replace(line, outcome=Outcome.INCOMPLETE, reason=str(reason))

    def with_metadata_of_namespace(
        self, namespace: RemoteNamespace, path: NamespacePath, line: NamespaceLine
    ) -> NamespaceLine:
        """The line with what was copied. Raises as above."""
        if namespace.peer is None:
            return line
        owner = MetadataOwner(id=namespace.id, place=path, called=str(path))
        state, problems = self._saved(owner, line.metadata, namespace.peer)
        for what, cause in problems:
            self.recorder.problem(what, cause)
        return msgspec.structs.replace(line, metadata=state)

    def _with_kept(self, task: BackupTask, line: RepositoryLine, peer: PeerState) -> tuple[RepositoryLine, _Problems]:
        if peer.kept is None or line.outcome not in HAS_MIRROR or line.snapshot is None:
            return line, ()
        try:
            kept, size_bytes = self._keep(task, peer)
        except (Cancelled, WriteFailed, BadCredential):
            raise
        except MatouError as fault:
            return line, ((Phrase("what was kept of {path}", path=task.source_path), fault),)
        names = tuple(sorted({*line.kept, *kept}))
        return msgspec.structs.replace(line, kept=names, received_bytes=line.received_bytes + size_bytes), ()

    def _keep(self, task: BackupTask, peer: PeerState) -> tuple[Collection[RefName], int]:
        """Fetch what the other one has kept and we have not; under which of our kept refs, and how many bytes."""
        git_dir = self.archive.repository(task.place)
        if not git_dir.exists():
            self.publisher.publish_all()
        present = read_refs(git_dir)
        copied = copied_refs(present.refs)
        if digest_as_served(copied) == peer.kept:
            return (), 0
        source = self._source(peer.kept_url)
        listing = list_refs(source.transport, source.url)
        listed = {with_own_prefix(name): oid for name, oid in listing.refs.items()}
        new = {name: oid for name, oid in listed.items() if is_of_a_run(name) and copied.get(name) != oid}
        if not new:
            return (), 0
        fetched = fetch_objects(git_dir, source, RefListing(new))
        under_same_name = {name: oid for name, oid in new.items() if _keeps_its_name(name, present.refs)}
        others = [(name, oid) for name, oid in sorted(new.items()) if name not in under_same_name]
        kept = make_kept_refs(others, self.run, taken=present.refs)
        write_refs(git_dir, RefListing(present.refs, present.peeled), {**under_same_name, **kept})
        return kept, fetched.bytes

    def _saved(
        self, owner: MetadataOwner, before: MetadataState | None, peer: PeerState
    ) -> tuple[MetadataState | None, _Problems]:
        if peer.metadata is None:
            return before, ()
        try:
            state = self._copied(owner, before, peer, ObjectId(peer.metadata))
        except (Cancelled, WriteFailed, BadCredential):
            raise
        except MatouError as fault:
            if isinstance(fault, Damaged | MissingObject):
                self.damage.add_metadata(owner.place)
            return before, ((Phrase("metadata of {path}", path=owner.called), fault),)
        return state, tuple(_missing(state, owner))

    def _copied(
        self, owner: MetadataOwner, before: MetadataState | None, peer: PeerState, commit: ObjectId
    ) -> MetadataState:
        git_dir = self.archive.metadata(owner.place)
        if before is not None and before.commit == commit and self._is_whole(owner, before, git_dir):
            return before
        before = self.starts.of(owner, before).before
        source = self._source(peer.metadata_url)
        if git_dir.exists():
            lacking = self._advance(git_dir, source, before, commit)
        else:
            lacking = self._make(owner, git_dir, source, commit)
        there = git_dir if git_dir.exists() else self._staged(owner)
        return self._state(before, commit, open_metadata(there, commit=commit), lacking)

    def _is_whole(self, owner: MetadataOwner, before: MetadataState, git_dir: Path) -> bool:
        if self.damage.has_metadata(owner.place) or self.archive.blobs.distrusted:
            return False
        try:
            has_all = all(kind.state is ReadState.COMPLETE for kind in before.kinds.values())
            return has_all and main_commit(git_dir) == before.commit
        except (Damaged, OSError):
            return False

    def _make(self, owner: MetadataOwner, git_dir: Path, source: FetchSource, commit: ObjectId) -> Sequence[str]:
        """A metadata repository that was not here yet, aside and then at its place."""
        staged, listing = self._staged(owner), RefListing({MAIN: commit})
        make_bare(staged)
        fetched = fetch_objects(staged, source, listing, is_new=True, durably=not self.publisher.syncs)
        tree = open_metadata(staged, commit=commit)
        _ = tree.about
        lacking = self._fetch_files(source.url, tree, known=frozenset())
        write_first_refs(staged, listing)
        self.publisher.publish_soon(StagedMirror(staged, git_dir, fetched.bytes, None))
        return lacking

    def _advance(
        self, git_dir: Path, source: FetchSource, before: MetadataState | None, commit: ObjectId
    ) -> Sequence[str]:
        """Bring what is new. What was on our branch and is not on theirs stays, under a kept ref."""
        remove_leftovers(git_dir)
        create_bare(git_dir)
        fetch_objects(git_dir, source, RefListing({MAIN: commit}))
        tree, present = open_metadata(git_dir, commit=commit), read_refs(git_dir)
        _ = tree.about
        saved = ObjectId(before.commit) if before is not None and before.commit is not None else None
        known = frozenset(_oids(open_metadata(git_dir, commit=saved))) if saved is not None else frozenset()
        lacking = self._fetch_files(source.url, tree, known=known)
        ours = present.refs.get(MAIN)
        leads_on = ours is None or ours == commit or is_ancestor(git_dir, ours, commit)
        kept = {} if leads_on or ours is None else make_kept_refs([(MAIN, ours)], self.run, taken=present.refs)
        refs = {name: oid for name, oid in present.refs.items() if name != DRAFT}
        write_refs(git_dir, RefListing({**refs, MAIN: commit}, present.peeled, head=MAIN), kept)
        return lacking

    def _fetch_files(self, url: str, tree: MetadataTree, *, known: Collection[str]) -> Sequence[str]:
        """Bring the files that are not here, and say which could not be had.

        A file that is here for another's sake is not yet this one's: the source says whether it gives it.
        """
        blobs = self.archive.blobs
        sizes = dict(_pointers(tree))
        absent = {oid: size for oid, size in sizes.items() if not blobs.has(oid)}
        claimed = {oid: size for oid, size in sizes.items() if oid not in absent and oid not in known}
        if not absent and not claimed:
            return ()
        files = self.connections.lfs(url, self.credential)
        refused: list[MissingLfsObject] = [*files.lacking(claimed.items())] if claimed else []

        def store(oid: str, _size: int, content: Readable) -> None:
            blobs.put_stream(iter(lambda: content.read(CHUNK_BYTES), b""), expected=oid)

        refused += files.download(absent.items(), store) if absent else ()
        return tuple(sorted({one.oid for one in refused}))

    def _state(
        self, before: MetadataState | None, commit: ObjectId, tree: MetadataTree, lacking: Sequence[str]
    ) -> MetadataState:
        """What the manifest says of it, by the counts that it has itself."""
        counts, had = tree.about.counts, before.kinds if before is not None else {}
        kinds = {
            name: KindState(
                state=ReadState.COMPLETE,
                items=count.items,
                changed=max(0, count.items - (had[name].items if name in had else 0)),
                gone=len(count.gone or ()),
                missing=count.missing or 0,
                bytes=count.bytes or 0,
            )
            for name in KINDS
            if (count := counts.get(name)) is not None
        }
        if lacking:
            reason = str(Plural("{count} file could not be had", "{count} files could not be had", count=len(lacking)))
            kinds |= {
                name: msgspec.structs.replace(kinds[name], state=ReadState.BROKEN_OFF, reason=reason)
                for name in _FILES
                if name in kinds
            }
        return msgspec.structs.replace(
            before or MetadataState(), commit=commit, saved_in=self.run, unswept=0, kinds=kinds
        )

    def _staged(self, owner: MetadataOwner) -> Path:
        digest = sha256(f"{owner.place}.git".encode()).hexdigest()[:32]
        return self.archive.staging / f"{STAGED_PREFIX}metadata-{digest}"

    def _source(self, url: str) -> FetchSource:
        return FetchSource(self.connections.git(self.credential), url, self.access, self.limits)


def _keeps_its_name(name: RefName, present: Mapping[RefName, ObjectId]) -> bool:
    """Runs are numbered by each archive for itself; change requests by the platform."""
    return name.startswith(CHANGE_PREFIX) and name not in present


def _pointers(tree: MetadataTree) -> Iterator[tuple[str, int]]:
    return ((pointer.oid, pointer.size_bytes) for _, pointer in tree.pointers())


def _oids(tree: MetadataTree) -> Iterator[str]:
    return (oid for oid, _ in _pointers(tree))


def _missing(state: MetadataState, owner: MetadataOwner) -> Iterator[tuple[Phrase, MatouError]]:
    """Files that the other one names and does not give, or that it never had itself."""
    for kind in state.kinds.values():
        if kind.reason is not None:
            yield Phrase("files of {path}", path=owner.called), NotFound(kind.reason)
        elif kind.missing:
            counted = Plural(
                "{count} is missing at the source", "{count} are missing at the source", count=kind.missing
            )
            yield Phrase("files of {path}", path=owner.called), FilesMissing(counted)
