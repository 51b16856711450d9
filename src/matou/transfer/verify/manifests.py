"""What the manifests of an archive say must be there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from matou.archive.forgotten import FORGOTTEN_FILE, Forgotten, read_forgotten
from matou.archive.layout import Archive
from matou.archive.manifest import Line, MetadataState, NamespaceLine, RepositoryLine, RunLine, read_manifest
from matou.archive.run_history import SourceKey, faults_of_chain, manifests_ever, source_key
from matou.errors import Damaged
from matou.model.names import InvalidName, NamespacePath, ObjectId, RepositoryPath
from matou.transfer.common.saved_repositories import is_surely_whole, lacks_history
from matou.transfer.verify.report import ProblemKind, VerifyProblem

AnyPath = RepositoryPath | NamespacePath


@dataclass(frozen=True, slots=True)
class ExpectedRepository:
    """What the newest manifest says of a repository, and every manifest of its kept refs.

    `may_be_ahead` where a later run was cut off, or its manifest cannot be read: it may have fetched what no other
    manifest names. `lacks_history` where the last run that looked found that the source does not have all of it.
    """

    path: RepositoryPath
    snapshot: str
    not_stored: frozenset[str]
    kept: frozenset[str]
    may_be_ahead: bool
    lacks_history: bool


@dataclass(frozen=True, slots=True)
class ExpectedMetadata:
    """What the newest manifest says of a metadata repository: `path` is that of what it belongs to."""

    path: AnyPath
    commit: ObjectId
    may_be_ahead: bool


@dataclass(frozen=True, slots=True)
class LfsList:
    """An LFS list of one repository, and those of its objects that the source does not have either."""

    repository: str
    digest: str
    missing: frozenset[str]


@dataclass
class Expectations:
    """All that must be there, and what is wrong with the manifests themselves.

    `blobs` tells who names each; `records` the digest of each run's records, None where its manifest does not say.
    """

    manifests: int = 0
    problems: list[VerifyProblem] = field(default_factory=list)
    blobs: dict[str, str] = field(default_factory=dict)
    lfs_lists: dict[tuple[str, str], LfsList] = field(default_factory=dict)
    kept: dict[str, set[str]] = field(default_factory=dict)
    lacks_history: dict[str, bool] = field(default_factory=dict)
    newest: dict[SourceKey, dict[str, RepositoryLine]] = field(default_factory=dict)
    newest_metadata: dict[SourceKey, dict[AnyPath, ObjectId]] = field(default_factory=dict)
    newest_run: dict[SourceKey, int] = field(default_factory=dict)
    last_unread: int = 0

    records: dict[int, str | None] = field(default_factory=dict)
    forgotten: Forgotten = field(default_factory=Forgotten)

    def add_forgotten(self, lines: Iterable[Line]) -> None:
        """Of a run that was forgotten, its records are there, and those of its kept refs that others need."""
        for line in lines:
            if isinstance(line, RunLine):
                self.records[line.run] = line.records
            elif isinstance(line, RepositoryLine) and line.kept:
                self.kept.setdefault(line.path, set()).update(line.kept)

    def add(self, lines: Iterable[Line], manifest: str) -> None:
        """Take in the lines of the next manifest: each replaces what was said of the same repository before."""
        newest: dict[str, RepositoryLine] = {}
        metadata: dict[AnyPath, ObjectId] = {}
        for line in lines:
            if isinstance(line, RunLine):
                newest = self.newest.setdefault(source_key(line.source), {})
                metadata = self.newest_metadata.setdefault(source_key(line.source), {})
                self.newest_run[source_key(line.source)] = line.run
                self.records[line.run] = line.records
            elif isinstance(line, NamespaceLine):
                self._name_blobs((line.icon, *line.documents.values()), manifest)
                if line.metadata is not None and self._has_good_path(line, manifest):
                    _take(line.metadata, NamespacePath.parse(line.path), metadata)
            elif isinstance(line, RepositoryLine) and self._has_good_path(line, manifest):
                newest[line.path] = line
                self._add_repository(line, manifest)
                _take(line.metadata, RepositoryPath.parse(line.path), metadata)

    def _has_good_path(self, line: NamespaceLine | RepositoryLine, manifest: str) -> bool:
        """An archive that was handed on may name what lies outside of it."""
        try:
            (RepositoryPath if isinstance(line, RepositoryLine) else NamespacePath).parse(line.path)
        except InvalidName as error:
            self.problems.append(VerifyProblem(ProblemKind.MANIFEST, manifest, error))
            return False
        return True

    def _add_repository(self, line: RepositoryLine, manifest: str) -> None:
        self._name_blobs((line.snapshot, line.lfs.list if line.lfs else None, *line.documents.values()), manifest)
        if lacks_history(line) or is_surely_whole(line):
            self.lacks_history[line.path] = lacks_history(line)
        if line.kept:
            self.kept.setdefault(line.path, set()).update(line.kept)
        if line.lfs is not None:
            # Of the same list, what the newest manifest misses counts: the source may have had the rest since.
            lfs_list = LfsList(line.path, line.lfs.list, frozenset(line.lfs.missing))
            self.lfs_lists[line.path, line.lfs.list] = lfs_list

    def _name_blobs(self, digests: Iterable[str | None], manifest: str) -> None:
        for digest in digests:
            if digest is not None:
                self.blobs.setdefault(digest, manifest)

    def repositories(self) -> Iterator[ExpectedRepository]:
        """Every repository of which something was saved."""
        for source, lines in self.newest.items():
            for line in lines.values():
                if line.snapshot is not None:
                    yield ExpectedRepository(
                        path=RepositoryPath.parse(line.path),
                        snapshot=line.snapshot,
                        not_stored=frozenset(line.not_stored),
                        kept=frozenset(
                            name
                            for name in self.kept.get(line.path, ())
                            if (line.path, name) not in self.forgotten.refs
                        ),
                        may_be_ahead=self.last_unread > self.newest_run[source],
                        lacks_history=self.lacks_history.get(line.path, False),
                    )

    def metadata(self) -> Iterator[ExpectedMetadata]:
        """Every metadata repository that was saved."""
        for source, found in self.newest_metadata.items():
            for path, commit in found.items():
                yield ExpectedMetadata(path, commit, may_be_ahead=self.last_unread > self.newest_run[source])


def _take(state: MetadataState | None, path: AnyPath, found: dict[AnyPath, ObjectId]) -> None:
    if state is not None and state.commit is not None:
        found[path] = ObjectId(state.commit)


def read_expectations(archive: Archive) -> Expectations:
    """Read every manifest; one that is damaged is a problem, and the others still count."""
    expected = Expectations(last_unread=_last_interrupted(archive), forgotten=read_forgotten(archive))
    expected.problems.extend(
        VerifyProblem(ProblemKind.MANIFEST, FORGOTTEN_FILE, fault) for fault in expected.forgotten.faults
    )
    faulty: set[Path] = set()
    for fault in faults_of_chain(archive):
        faulty.add(fault.path)
        path = fault.path.relative_to(archive.root).as_posix()
        expected.problems.append(VerifyProblem(ProblemKind.MANIFEST, path, fault.error))
    for run, manifest in manifests_ever(archive):
        expected.manifests += 1
        if manifest in faulty and not _can_be_read(manifest):
            expected.last_unread = max(run, expected.last_unread)
        elif run in expected.forgotten.runs:
            expected.add_forgotten(read_manifest(manifest))
        else:
            expected.add(read_manifest(manifest), manifest.relative_to(archive.root).as_posix())
    return expected


def _last_interrupted(archive: Archive) -> int:
    return max((run for run in archive.run_numbers() if not archive.manifest(run).is_file()), default=0)


def _can_be_read(manifest: Path) -> bool:
    """Whether a manifest that breaks the chain is whole in itself."""
    try:
        for _ in read_manifest(manifest):
            pass
    except Damaged:
        return False
    return True
