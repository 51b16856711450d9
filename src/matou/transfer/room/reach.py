"""Which kept refs may go when runs are forgotten: those that no run needs that is kept."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine, read_manifest
from matou.archive.run_history import manifests_ever
from matou.archive.snapshots import parse_snapshot
from matou.errors import Conflict, Damaged, MatouError
from matou.git.odb.stored_objects import describe_objects
from matou.git.operations.disk_usage import bytes_only_behind
from matou.git.operations.fetch import wanted_objects
from matou.git.process.run import DEFAULT_LIMITS, GitStopped, Limits
from matou.git.refs.listing import KEPT_PREFIX, OWN_PREFIX, read_refs
from matou.model.names import ObjectId, RefName, RepositoryPath
from matou.model.refs import RefListing
from matou.transfer.backup.mirror_saver import MARK
from matou.transfer.room.usage import git_dirs
from matou.transfer.verify.repository import unreached


class SavedTipMissing(Damaged):
    """A repository lacks what a run saved."""


@dataclass(frozen=True, slots=True)
class RefsOfRepository:
    """The kept refs of one mirror that go.

    Attributes:
        path: of the repository in the archive.
        refs: what each names.
        freed_bytes: of the objects that nothing leads to any more, as they lie in packs.
    """

    path: str
    refs: Mapping[RefName, ObjectId]
    freed_bytes: int


@dataclass
class KeptStates:
    """What manifests say of each repository, by path: the snapshots of kept runs, and who named which kept ref.

    Attributes:
        snapshots: each with the refs that it names and that could not be stored.
        kept_by: the runs that named a kept ref.
    """

    snapshots: dict[str, set[tuple[str, tuple[str, ...]]]] = field(default_factory=dict)
    kept_by: dict[str, dict[RefName, set[int]]] = field(default_factory=dict)

    @classmethod
    def read(cls, archive: Archive, forgotten: Collection[int]) -> "KeptStates":
        """Read every manifest.

        Raises:
            DamagedManifest: one is not what was written, so that nobody knows what it needs.
        """
        states = cls()
        for run, manifest in manifests_ever(archive):
            for line in read_manifest(manifest):
                if isinstance(line, RepositoryLine):
                    states._add(run, line, is_kept=run not in forgotten)
        return states

    def _add(self, run: int, line: RepositoryLine, *, is_kept: bool) -> None:
        if is_kept and line.snapshot is not None:
            self.snapshots.setdefault(line.path, set()).add((line.snapshot, line.not_stored))
        for name in line.kept:
            self.kept_by.setdefault(line.path, {}).setdefault(RefName(name), set()).add(run)

    def candidates(self, path: str, forgotten: Collection[int]) -> frozenset[RefName]:
        """The kept refs of a repository that forgotten runs alone have named.

        What another Matou has kept stays: its own runs are not ours to forget.
        """
        return frozenset(
            name
            for name, runs in self.kept_by.get(path, {}).items()
            if runs <= set(forgotten) and not _is_of_another(name)
        )

    def tips(self, archive: Archive, path: str) -> frozenset[ObjectId]:
        """All that the kept runs saved of a repository. Raises Damaged, NotFound where a snapshot cannot be read."""
        return frozenset(
            tip
            for digest, left_out in self.snapshots.get(path, ())
            for tip in _stored(parse_snapshot(archive.blobs.read(digest)), left_out)
        )


def _is_of_another(name: RefName) -> bool:
    return name.removeprefix(KEPT_PREFIX).partition("/")[2].startswith(OWN_PREFIX.removeprefix("refs/"))


def _stored(listing: RefListing, left_out: Collection[str]) -> Iterator[ObjectId]:
    yield from (oid for name, oid in listing.refs.items() if name not in left_out and oid not in left_out)
    if listing.detached_head is not None and listing.detached_head not in left_out:
        yield listing.detached_head


def refs_to_drop(
    archive: Archive,
    states: KeptStates,
    forgotten: Collection[int],
    faults: dict[str, MatouError],
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> Iterator[RefsOfRepository]:
    """The kept refs that may go, by repository; one that cannot be judged keeps all of its own, and is told of.

    Args:
        forgotten: all runs that are forgotten, or are about to be.
        faults: takes what is wrong, by the path of the repository.
    """
    for path in sorted(states.kept_by):
        candidates = states.candidates(path, forgotten)
        try:
            found = _of_one(archive, states, path, candidates, limits) if candidates else None
        except GitStopped:
            raise
        except (MatouError, OSError) as error:
            faults[path] = error if isinstance(error, MatouError) else Damaged("{reason}", reason=error)
        else:
            if found is not None:
                yield found


class DatabaseNotNamed(Conflict):
    """Rows would have to be asked what they mention, and nobody said where they are."""


def is_mirror(archive: Archive, path: str) -> bool:
    """Whether a run made what stands there; to anything else people may push. Raises InvalidName."""
    return (archive.repository(RepositoryPath.parse(path)) / MARK).is_file()


def require_no_hosted(archive: Archive) -> None:
    """Raises DatabaseNotNamed, where people push to repositories: what their rows mention, nobody could tell then."""
    for path, _ in git_dirs(archive.repositories):
        if not is_mirror(archive, path):
            raise DatabaseNotNamed(
                "people push to {repository}, and there is no database in the archive",
                repository=path,
                advice="No file was taken away. Name the server's database in MATOU_DATABASE_URL.",
            )


def _of_one(
    archive: Archive, states: KeptStates, path: str, candidates: frozenset[RefName], limits: Limits
) -> RefsOfRepository | None:
    if not is_mirror(archive, path):
        return None
    git_dir = archive.repository(RepositoryPath.parse(path))
    listing = read_refs(git_dir)
    present = {name: oid for name, oid in listing.refs.items() if name in candidates}
    if not present:
        return None
    tips = states.tips(archive, path)
    missing = tips - describe_objects(git_dir, tips).keys()
    if missing:
        raise SavedTipMissing(
            "{oid} is missing, which a run saved; all kept refs stay", oid=min(missing), advice="Run `matou verify`."
        )
    others = wanted_objects(listing) - (frozenset(present.values()) - _named_otherwise(listing, present))
    dropped = _needed_by_none(git_dir, present, tips, others, limits)
    if not dropped:
        return None
    staying = others | {oid for name, oid in present.items() if name not in dropped}
    return RefsOfRepository(path, dropped, bytes_only_behind(git_dir, dropped.values(), staying, limits=limits))


def _named_otherwise(listing: RefListing, present: Mapping[RefName, ObjectId]) -> frozenset[ObjectId]:
    head = {listing.detached_head} if listing.detached_head else set()
    return frozenset({oid for name, oid in listing.refs.items() if name not in present} | head)


def _needed_by_none(
    git_dir: Path, present: Mapping[RefName, ObjectId], tips: frozenset[ObjectId], others: frozenset[ObjectId],
    limits: Limits,
) -> Mapping[RefName, ObjectId]:  # fmt: skip
    """Those without which every tip is still reached; none at all where that does not turn out so."""
    needed = unreached(git_dir, tips, others, limits=limits)
    if not needed:
        return present
    values = frozenset(present.values())
    staying = {oid for oid in values if unreached(git_dir, needed, {oid}, limits=limits) != needed}
    if unreached(git_dir, tips, others | staying, limits=limits):
        return {}
    return {name: oid for name, oid in present.items() if oid not in staying}
