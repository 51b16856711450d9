"""What lies in an archive, in bytes: told by the lengths of files, which are not read."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from matou.archive.blobs import is_blob_key
from matou.archive.layout import MANIFEST_FILE, Archive
from matou.archive.manifest import NamespaceLine, RepositoryLine
from matou.archive.run_history import read_history
from matou.archive.snapshots import parse_lfs_list
from matou.concurrency import WorkerPool
from matou.errors import Damaged, MatouError, NotFound
from matou.fs import free_bytes
from matou.git.operations.disk_usage import bytes_only_behind
from matou.git.process.run import DEFAULT_LIMITS, GitStopped, Limits
from matou.git.refs.listing import KEPT_PREFIX, read_refs
from matou.git.repository import size_bytes
from matou.transfer.common.filters import nothing_matches
from matou.transfer.common.saved_repositories import lines_of

_SUFFIX: Final = ".git"


@dataclass(frozen=True, slots=True)
class Usage:
    """What belongs to one repository, or to a namespace itself; or the sum of all below one.

    Attributes:
        path: as in the archive.
        git: of its folder of code: packs, indexes, refs.
        kept: of these, the objects that only kept refs lead to; None where git could not tell.
        lfs: of the LFS objects that its list names. Those that other repositories name, too, count for each.
        metadata: of its metadata repository.
        files: of attachments and other files of what lies around the code, as the last manifest says.
    """

    path: str
    git: int = 0
    kept: int | None = 0
    lfs: int = 0
    metadata: int = 0
    files: int = 0

    @property
    def total(self) -> int:
        return self.git + self.lfs + self.metadata + self.files


@dataclass(frozen=True, slots=True)
class ArchiveUsage:
    """An archive in bytes. No file of it counts twice.

    Attributes:
        repositories: by path; of a namespace too, where something lies around it.
        namespaces: each with the sum of what is below it.
        git: all of `repositories/`.
        kept: of these, what only kept refs lead to, of the repositories of which git could tell.
        metadata: all of `metadata/`.
        blobs: all of `blobs/`, each once.
        blob_count: how many.
        shared: what the LFS objects would take more if those that several repositories name lay there for each.
        records: of the raw answers of all runs.
        manifests: of the manifests of all runs.
        other: the database, caches, and all else.
        free: what an ordinary user may still write there.
        faults: why git could not tell what kept refs hold, by path.
    """

    repositories: tuple[Usage, ...]
    namespaces: tuple[Usage, ...]
    git: int
    kept: int
    metadata: int
    blobs: int
    blob_count: int
    shared: int
    records: int
    manifests: int
    other: int
    free: int
    faults: Mapping[str, MatouError]

    @property
    def total(self) -> int:
        return self.git + self.metadata + self.blobs + self.records + self.manifests + self.other

    def below(self, path: str) -> "tuple[tuple[Usage, ...], tuple[Usage, ...]]":
        """The repositories and the namespaces at a path, or the end of one, and below it. Raises NothingMatches."""
        wanted = path.strip("/").removesuffix(_SUFFIX)
        paths = {one.path for one in (*self.repositories, *self.namespaces)}
        roots = paths & {wanted} or {one for one in paths if wanted and one.endswith(f"/{wanted}")}

        def selected(usages: Iterable[Usage]) -> tuple[Usage, ...]:
            return tuple(one for one in usages if any(f"{one.path}/".startswith(f"{root}/") for root in roots))

        repositories = selected(self.repositories)
        if not repositories:
            raise nothing_matches([path], [one.path for one in self.repositories])
        return repositories, selected(self.namespaces)


def measure(archive: Archive, *, jobs: int, limits: Limits = DEFAULT_LIMITS) -> ArchiveUsage:
    """Measure an archive; nobody is kept from writing to it meanwhile, so that the sums are those of no one moment.

    Only where a repository has kept refs git is asked, and goes through its history.

    Args:
        archive: what to measure.
        jobs: how many repositories at a time.
        limits: of each git child.
    """
    return _Measurement(archive, limits).measured(jobs)


@dataclass
class _Measurement:
    archive: Archive
    limits: Limits
    faults: dict[str, MatouError] = field(default_factory=dict)

    def measured(self, jobs: int) -> ArchiveUsage:
        blobs = _blob_sizes(self.archive)
        lines = tuple(line for _, line in lines_of(read_history(self.archive)))
        code, metadata = self._sizes("repositories"), self._sizes("metadata")
        lists = {line.path: self._lfs_objects(line) for line in lines if isinstance(line, RepositoryLine) and line.lfs}
        files = {line.path: _file_bytes(line) for line in lines if line.metadata is not None}
        kept = self._kept_of_all(jobs)
        repositories = tuple(
            Usage(
                path=path,
                git=code.get(path, 0),
                kept=kept.get(path, 0),
                lfs=_sum_of(blobs, lists.get(path, ())),
                metadata=metadata.get(path, 0),
                files=files.get(path, 0),
            )
            for path in sorted({*code, *metadata})
        )
        return self._summed(repositories, blobs, lists)

    def _summed(
        self, repositories: tuple[Usage, ...], blobs: Mapping[bytes, int], lists: Mapping[str, Sequence[bytes]]
    ) -> ArchiveUsage:
        distinct = {oid for oids in lists.values() for oid in oids}
        records, manifests = _run_bytes(self.archive)
        git, metadata = self._size_of_all("repositories"), self._size_of_all("metadata")
        known = git + metadata + sum(blobs.values()) + records + manifests
        return ArchiveUsage(
            repositories=repositories,
            namespaces=tuple(_namespaces(repositories)),
            git=git,
            kept=sum(one.kept or 0 for one in repositories),
            metadata=metadata,
            blobs=sum(blobs.values()),
            blob_count=len(blobs),
            shared=sum(one.lfs for one in repositories) - _sum_of(blobs, distinct),
            records=records,
            manifests=manifests,
            # What this machine has of a bucket is a cache, and no part of the archive.
            other=max(0, size_bytes(self.archive.root) - known) if self.archive.contents is None else 0,
            free=free_bytes(self.archive.root),
            faults=dict(sorted(self.faults.items())),
        )

    def _sizes(self, root: str) -> dict[str, int]:
        """Of every bare repository there, by its path."""
        if self.archive.contents is not None:
            return self.archive.contents.sizes(root)
        return {path: size_bytes(git_dir) for path, git_dir in git_dirs(self.archive.root / root)}

    def _size_of_all(self, root: str) -> int:
        return (
            size_bytes(self.archive.root / root) if self.archive.contents is None else sum(self._sizes(root).values())
        )

    def _kept_of_all(self, jobs: int) -> dict[str, int | None]:
        """Nothing is fetched from a bucket to be measured: what kept refs take there cannot be told."""
        if self.archive.contents is not None:
            return dict.fromkeys(self.archive.contents.sizes("repositories"))
        code = dict(git_dirs(self.archive.repositories))
        return dict(zip(code, WorkerPool().map(jobs, self._kept, code.items()), strict=True))

    def _kept(self, repository: tuple[str, Path]) -> int | None:
        """What only kept refs lead to; None where that cannot be told."""
        path, git_dir = repository
        try:
            refs = read_refs(git_dir).refs
            kept = {oid for name, oid in refs.items() if name.startswith(KEPT_PREFIX)}
            others = (oid for name, oid in refs.items() if not name.startswith(KEPT_PREFIX))
            return bytes_only_behind(git_dir, kept, others, limits=self.limits) if kept else 0
        except GitStopped:
            raise
        except (MatouError, OSError) as error:
            self.faults[path] = error if isinstance(error, MatouError) else Damaged("{reason}", reason=error)
            return None

    def _lfs_objects(self, line: RepositoryLine) -> Sequence[bytes]:
        if line.lfs is None:
            return ()
        try:
            return [bytes.fromhex(oid) for oid in parse_lfs_list(self.archive.blobs.read(line.lfs.list))]
        except (Damaged, NotFound) as error:
            self.faults[line.path] = error
            return ()


def _sum_of(blobs: Mapping[bytes, int], digests: Iterable[bytes]) -> int:
    return sum(blobs.get(digest, 0) for digest in digests)


def _blob_sizes(archive: Archive) -> dict[bytes, int]:
    """Of every blob, by its digest."""
    return {bytes.fromhex(key.rpartition("/")[2]): size for key, size in archive.files.sizes() if is_blob_key(key)}


def _file_bytes(line: NamespaceLine | RepositoryLine) -> int:
    return sum(kind.bytes for kind in line.metadata.kinds.values()) if line.metadata else 0


def _run_bytes(archive: Archive) -> tuple[int, int]:
    """Of the records of all runs, and of their manifests."""
    records = sum(path.stat().st_size for path in archive.runs.glob("*/records*"))
    manifests = sum(path.stat().st_size for path in archive.runs.glob(f"*/{MANIFEST_FILE}"))
    return records, manifests


def _namespaces(repositories: Sequence[Usage]) -> Iterator[Usage]:
    """Each namespace, with all that is below it and what lies around itself."""
    sums = {path: Usage(path) for one in repositories for path in _above(one.path)}
    for one in repositories:
        for path in (*_above(one.path), one.path):
            if path in sums:
                sums[path] = _added(sums[path], one)
    yield from (sums[path] for path in sorted(sums))


def _above(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[:depth]) for depth in range(1, len(parts)))


def _added(total: Usage, one: Usage) -> Usage:
    return Usage(
        path=total.path,
        git=total.git + one.git,
        kept=None if total.kept is None or one.kept is None else total.kept + one.kept,
        lfs=total.lfs + one.lfs,
        metadata=total.metadata + one.metadata,
        files=total.files + one.files,
    )


def git_dirs(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every bare repository below a folder, by its path; links are not followed."""
    for path, folders, _ in os.walk(folder):
        inside = [name for name in folders if name.endswith(_SUFFIX) and not Path(path, name).is_symlink()]
        folders[:] = [name for name in folders if name not in inside]
        for name in inside:
            git_dir = Path(path, name)
            yield git_dir.relative_to(folder).as_posix().removesuffix(_SUFFIX), git_dir
