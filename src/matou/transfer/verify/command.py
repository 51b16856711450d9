"""Proves that an archive is what was saved, and names what is not (docs/archive-format.md, "Verifying")."""

import errno
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from matou.archive.blobs import DamagedBlob
from matou.archive.layout import Archive
from matou.archive.lock import lock_for_reading, lock_for_repair
from matou.archive.snapshots import MalformedText, parse_lfs_list
from matou.concurrency import Batch, WorkerPool
from matou.errors import Damaged, MatouError, NotFound
from matou.fs import DiskFull, WriteFailed
from matou.git.process.run import DEFAULT_LIMITS, Limits
from matou.transfer.common.proofs import DamageNote, Proofs
from matou.transfer.verify.manifests import Expectations, ExpectedMetadata, ExpectedRepository, read_expectations
from matou.transfer.verify.records import faults_of_records
from matou.transfer.verify.report import ProblemKind, Progress, Stage, VerifyProblem, VerifyReport, no_progress
from matou.transfer.verify.repository import verify_repository


class MissingBlob(Damaged):
    """A blob that a manifest or an LFS list names is not there."""


class UnreadableBlob(Damaged):
    """The disk does not give back a blob's bytes."""


def verify(
    archive: Archive,
    *,
    everything: bool,
    jobs: int,
    now: datetime,
    progress: Progress = no_progress,
    limits: Limits = DEFAULT_LIMITS,
    repair: bool = False,
) -> VerifyReport:
    """Read everything that was saved and compare it with what the manifests say; changes nothing but its own notes.

    What it finds damaged it notes for the next backup, which fetches that again.

    Every byte of packs, indexes, blobs and manifests is read each time. `git fsck`, which also follows what the
    objects name, is asked for repositories that changed since it last found them whole.

    Args:
        archive: what to verify.
        everything: ask `git fsck` for every repository, whatever was proven before.
        jobs: how many repositories or blobs at a time.
        now: the time that is noted beside what is proven.
        progress: told how far it is.
        limits: of each git child.
        repair: first make anew what git can tell from a repository's packs, and is lost or damaged.

    Raises:
        ArchiveBusy: somebody writes to it now; with `repair`, somebody reads it, too.
        GitStopped: a git child took longer than it may.
    """
    with lock_for_repair(archive.root) if repair else lock_for_reading(archive.root):
        Archive.open(archive.root, in_bucket=archive.bucket is not None)  # What it needs may have changed until now.
        work = _Verification(archive, jobs, progress, limits, repairs=repair)
        expected = read_expectations(archive)
        work.problems.extend(expected.problems)
        work.problems.extend(faults_of_records(archive, expected.records))
        proofs = Proofs.load(archive.proofs, now=now)
        work.repositories(tuple(expected.repositories()), proofs, everything=everything)
        work.metadata(tuple(expected.metadata()), proofs, everything=everything)
        work.blobs()
        work.named_blobs(expected)
        _save(proofs, archive, work.damage())
    return VerifyReport(
        problems=tuple(sorted(work.problems, key=_path_of)),
        manifests=expected.manifests,
        repositories=work.repository_count,
        proven=work.proven,
        metadata=work.metadata_count,
        blobs=work.blob_count,
        ahead=tuple(sorted(work.ahead)),
        notes=tuple(sorted(work.notes, key=_path_of)),
        repaired=tuple(sorted(work.repaired)),
    )


def _path_of(problem: VerifyProblem) -> tuple[str, str, str]:
    return problem.path, problem.kind, str(problem.detail)


def _save(proofs: Proofs, archive: Archive, damage: DamageNote) -> None:
    """An archive on a disk that is full or cannot be written is verified as well as any, only in full each time."""
    try:
        proofs.save(archive.proofs, damage=damage)
    except DiskFull:
        return
    except WriteFailed as error:
        cause = error.__cause__
        if not isinstance(cause, OSError) or cause.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise


@dataclass
class _Verification:
    archive: Archive
    jobs: int
    progress: Progress
    limits: Limits
    repairs: bool
    problems: list[VerifyProblem] = field(default_factory=list)
    notes: list[VerifyProblem] = field(default_factory=list)
    repository_count: int = 0
    proven: int = 0
    metadata_count: int = 0
    blob_count: int = 0
    ahead: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    _damaged_repositories: set[str] = field(default_factory=set)
    _damaged_metadata: set[str] = field(default_factory=set)
    _damaged_blobs: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def repositories(self, expected: tuple[ExpectedRepository, ...], proofs: Proofs, *, everything: bool) -> None:
        def verify_one(repository: ExpectedRepository) -> None:
            result = verify_repository(
                self.archive, repository, proofs, everything=everything, limits=self.limits, repair=self.repairs
            )
            with self._lock:
                self.repaired.extend(result.repaired)
                if result.problems:
                    self._damaged_repositories.add(str(repository.path))
                self.problems.extend(result.problems)
                self.notes.extend(result.notes)
                self.repository_count += 1
                self.proven += result.was_proven
                self.ahead.extend([str(repository.path)] * result.is_ahead)
                self.progress(Stage.REPOSITORIES, self.repository_count, len(expected))

        WorkerPool().run(Batch(self.jobs, verify_one, expected))

    def metadata(self, expected: tuple[ExpectedMetadata, ...], proofs: Proofs, *, everything: bool) -> None:
        """Every metadata repository that a manifest names, and what its files name."""
        from matou.transfer.verify.metadata import verify_metadata

        def verify_one(metadata: ExpectedMetadata) -> None:
            found = verify_metadata(
                self.archive, metadata, proofs, everything=everything, limits=self.limits, repair=self.repairs
            )
            named_by = f"metadata/{metadata.path}.git"
            with self._lock:
                self.repaired.extend((*found.checked.repaired, *found.repaired))
                if found.checked.problems:
                    self._damaged_metadata.add(str(metadata.path))
                if found.of_code:
                    self._damaged_repositories.add(str(metadata.path))
                self.problems.extend((*found.checked.problems, *found.of_code))
                self.metadata_count += 1
                self.ahead.extend([named_by] * found.checked.is_ahead)
                for digest in sorted(found.blobs):
                    self._require(digest, ProblemKind.BLOB, named_by)
                self.progress(Stage.METADATA, self.metadata_count, len(expected))

        WorkerPool().run(Batch(self.jobs, verify_one, expected))

    def blobs(self) -> None:
        """Every blob on the disk, whoever names it."""
        count = sum(1 for _ in self.archive.blobs.iterate())

        def verify_one(digest: str) -> None:
            fault = self._fault_of_blob(digest)
            with self._lock:
                self.blob_count += 1
                if fault is not None:
                    self._note_blob(ProblemKind.BLOB, digest, fault)
                self.progress(Stage.BLOBS, self.blob_count, count)

        WorkerPool().run(Batch(self.jobs, verify_one, self.archive.blobs.iterate()))

    def named_blobs(self, expected: Expectations) -> None:
        """Every blob that a manifest or an LFS list names."""
        for digest, manifest in expected.blobs.items():
            self._require(digest, ProblemKind.BLOB, manifest)
        for lfs_list in expected.lfs_lists.values():
            try:
                objects = parse_lfs_list(self.archive.blobs.read(lfs_list.digest))
            except DamagedBlob:
                continue  # It was found among the blobs on the disk.
            except NotFound:
                continue  # It was found among those that manifests name.
            except MalformedText as error:
                self._note_blob(ProblemKind.BLOB, lfs_list.digest, error)
                continue
            self._require_all(objects.keys() - lfs_list.missing, lfs_list.repository)

    def _require_all(self, oids: Iterable[str], repository: str) -> None:
        for oid in sorted(oids):
            self._require(oid, ProblemKind.LFS_OBJECT, f"repositories/{repository}.git")

    def _require(self, digest: str, kind: ProblemKind, named_by: str) -> None:
        if not self.archive.blobs.has(digest):
            fault = MissingBlob("blob {digest} is missing; {named_by} names it", digest=digest, named_by=named_by)
            self._note_blob(kind, digest, fault)

    def _note_blob(self, kind: ProblemKind, digest: str, fault: MatouError) -> None:
        self.problems.append(VerifyProblem(kind, blob_path(digest), fault))
        self._damaged_blobs.add(digest)

    def damage(self) -> DamageNote:
        """What the next backup is to fetch again."""
        return DamageNote(
            repositories=tuple(sorted(self._damaged_repositories)),
            blobs=tuple(sorted(self._damaged_blobs)),
            metadata=tuple(sorted(self._damaged_metadata)),
        )

    def _fault_of_blob(self, digest: str) -> MatouError | None:
        try:
            self.archive.blobs.verify(digest)
        except Damaged as error:
            return error
        except OSError as error:
            return UnreadableBlob("it cannot be read: {reason}", reason=error)
        return None


def blob_path(digest: str) -> str:
    return f"blobs/objects/{digest[:2]}/{digest[2:4]}/{digest}"
