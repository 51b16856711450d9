"""Frees what forgotten runs alone needed: first it is written down what goes, then it goes (docs/decisions/room.md)."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from matou.archive.forgotten import DroppedRef, Pruned, read_forgotten, write_forgotten
from matou.archive.layout import Archive
from matou.archive.lock import lock_archive, lock_out_servers
from matou.archive.manifest.lines import whole_seconds
from matou.archive.run_history import forgotten_runs
from matou.errors import Damaged, MatouError
from matou.fs import translate_os_errors
from matou.git.operations.repack import repack_reachable
from matou.git.process.run import DEFAULT_LIMITS, GitStopped, Limits
from matou.git.refs.listing import drop_refs, read_refs
from matou.git.repository import remove_leftovers
from matou.model.names import ObjectId, RefName, RepositoryPath
from matou.transfer.room.blob_marks import Mentions, blobs_to_free
from matou.transfer.room.reach import KeptStates, RefsOfRepository, is_mirror, refs_to_drop

SCRATCH: Final = "prune.git"
NOTED_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class PruneReport:
    """What went, or would go.

    Attributes:
        repositories: the kept refs, by repository, with what only they led to.
        blobs: how many, and their bytes.
        freed_bytes: of repositories, as their folders have become smaller; 0 of a dry run.
        faults: why from a repository nothing went, by path.
        blob_fault: why no blob went.
    """

    repositories: tuple[RefsOfRepository, ...]
    blobs: int
    blob_bytes: int
    freed_bytes: int
    faults: Mapping[str, MatouError]
    blob_fault: MatouError | None


def preview(archive: Archive, *, now: datetime, limits: Limits = DEFAULT_LIMITS) -> PruneReport:
    """What `prune` would free, without asking the database: of blobs that may be more than goes. Raises as `prune`."""
    work = _Pruning(archive, forgotten_runs(archive), now, None, lambda: (), limits)
    dropped = work.judged()
    return work.report(dropped, work.blobs(dropped))


def prune(archive: Archive, *, now: datetime, mentions: Mentions, limits: Limits = DEFAULT_LIMITS) -> PruneReport:
    """Take away what no run needs that is kept, nothing that is hosted, and nothing else that is in the archive.

    Killed at any moment the archive is whole; called again, it goes on.

    Args:
        archive: that of which runs were forgotten.
        now: the time that is written down.
        mentions: every digest that the rows of the archive's database mention.
        limits: of each git child.

    Raises:
        ArchiveBusy: somebody reads or writes the archive by its lock, or a server has it open.
        DamagedManifest: a manifest cannot be read, so that nobody knows what its run needs.
        Damaged: what was forgotten cannot be read.
    """
    with lock_archive(archive.root, now=now) as lock, lock_out_servers(archive.root):
        archive = Archive.open(archive.root)
        dead_since = lock.previous_holder.since if lock.previous_holder else None
        _clear(archive)
        work = _Pruning(archive, forgotten_runs(archive), now, dead_since, mentions, limits)
        dropped = work.judged()
        work.write_down(dropped)
        work.sweep_repositories(dropped)
        blobs = work.blobs(())
        work.sweep_blobs(blobs)
    return work.report(dropped, blobs)


def _clear(archive: Archive) -> None:
    """What one that was killed has left, and nothing that lies in a repository."""
    shutil.rmtree(archive.staging / SCRATCH, ignore_errors=True)
    for path in archive.root.glob(".*.partial"):
        path.unlink()


@dataclass
class _Pruning:
    archive: Archive
    forgotten: frozenset[int]
    now: datetime
    dead_since: datetime | None
    mentions: Mentions
    limits: Limits
    faults: dict[str, MatouError] = field(default_factory=dict)
    blob_fault: MatouError | None = None
    freed_bytes: int = 0

    def judged(self) -> tuple[RefsOfRepository, ...]:
        if not self.forgotten:
            return ()
        states = KeptStates.read(self.archive, self.forgotten)
        return tuple(refs_to_drop(self.archive, states, self.forgotten, self.faults, limits=self.limits))

    def write_down(self, dropped: Sequence[RefsOfRepository]) -> None:
        """Before anything goes. What was to go once, and is still there and needed since, is no longer to go."""
        known = read_forgotten(self.archive).refs
        going = {(one.path, name): oid for one in dropped for name, oid in one.refs.items()}
        at = whole_seconds(self.now)
        lines = [
            DroppedRef(at=at, repository=path, ref=name, object=oid)
            for (path, name), oid in sorted(going.items())
            if (path, name) not in known
        ]
        for path in sorted({path for path, _ in known} - self.faults.keys()):
            if not is_mirror(self.archive, path):
                continue
            refs = read_refs(self.archive.repository(RepositoryPath.parse(path))).refs
            lines += [
                DroppedRef(at=at, repository=path, ref=name, object=refs[name], stays=True)
                for where, name in sorted(known - going.keys())
                if where == path and name in refs
            ]
        write_forgotten(self.archive, lines)

    def sweep_repositories(self, dropped: Sequence[RefsOfRepository]) -> None:
        """Those of which refs go, and those of which a run that was killed has let some go."""
        refs = {one.path: one.refs for one in dropped}
        waiting = sorted({*refs, *read_forgotten(self.archive).unswept} - self.faults.keys())
        done: list[str] = []
        for path in waiting:
            if self._is_swept(path, refs.get(path, {})):
                done.append(path)
            if len(done) == NOTED_AT_ONCE:
                self._note(done)
                done = []
        self._note(done)

    def _note(self, done: Sequence[str]) -> None:
        if done:
            write_forgotten(self.archive, [Pruned(at=whole_seconds(self.now), repositories=tuple(done))])

    def _is_swept(self, path: str, refs: Mapping[RefName, ObjectId]) -> bool:
        if not is_mirror(self.archive, path):
            return True  # It was taken away since.
        git_dir = self.archive.repository(RepositoryPath.parse(path))
        try:
            with translate_os_errors(git_dir):
                remove_leftovers(git_dir, since=self.dead_since, now=self.now)
                self._require_same(path, refs)
                drop_refs(git_dir, refs.keys())
                scratch = self.archive.staging / SCRATCH
                self.freed_bytes += repack_reachable(git_dir, scratch=scratch, limits=self.limits)
        except GitStopped:
            raise
        except MatouError as error:
            self.faults[path] = error
            return False
        return True

    def _require_same(self, path: str, refs: Mapping[RefName, ObjectId]) -> None:
        actual = read_refs(self.archive.repository(RepositoryPath.parse(path))).refs
        for name, oid in refs.items():
            if actual.get(name, oid) != oid:
                raise Damaged("{ref} of {path} was changed meanwhile", ref=name, path=path)

    def blobs(self, dropped: Sequence[RefsOfRepository]) -> Mapping[str, int]:
        """Those that go; none where something cannot be read that may mention one."""
        if not self.forgotten:
            return {}
        going = {(one.path, name) for one in dropped for name in one.refs}
        try:
            return blobs_to_free(self.archive, self.forgotten, going, self.mentions, limits=self.limits)
        except GitStopped:
            raise
        except MatouError as error:
            self.blob_fault = error
            return {}

    def sweep_blobs(self, blobs: Mapping[str, int]) -> None:
        for digest in blobs:
            path = self.archive.blob_file(digest)
            with translate_os_errors(path):
                path.unlink(missing_ok=True)
        if blobs:
            line = Pruned(at=whole_seconds(self.now), blobs=len(blobs), bytes=sum(blobs.values()))
            write_forgotten(self.archive, [line])

    def report(self, dropped: Sequence[RefsOfRepository], blobs: Mapping[str, int]) -> PruneReport:
        return PruneReport(
            repositories=tuple(one for one in dropped if one.path not in self.faults),
            blobs=len(blobs),
            blob_bytes=sum(blobs.values()),
            freed_bytes=self.freed_bytes,
            faults=dict(sorted(self.faults.items())),
            blob_fault=self.blob_fault,
        )
