"""Refs that a mirror has lost, made anew: what each of them named, a snapshot says."""

from collections.abc import Collection, Mapping
from pathlib import Path

from matou.archive.forgotten import read_forgotten
from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine, read_manifest
from matou.archive.run_history import manifests_ever
from matou.archive.snapshots import parse_snapshot
from matou.errors import Damaged, NotFound
from matou.git.odb.stored_objects import describe_objects
from matou.git.refs.listing import KEPT_PREFIX, read_refs, write_refs
from matou.git.wire.known_refs import without_own
from matou.model.names import ObjectId, RefName, RepositoryPath
from matou.model.refs import RefListing


def remake_refs(git_dir: Path, saved: RefListing, *, may_be_ahead: bool) -> None:
    """Make the refs again that a snapshot names and whose objects are there, and its HEAD.

    Refs that the snapshot does not name stay. So does what names another object that is there, where a run that was
    cut off may have moved it on.

    Raises:
        DamagedObject: an object that a ref names cannot be read.
        RepositoryBusy: another process writes to them.
    """
    actual = without_own(read_refs(git_dir))
    present = describe_objects(git_dir, {*saved.refs.values(), *actual.refs.values()})
    expected = {name: oid for name, oid in saved.refs.items() if oid in present}
    present_refs = {name: oid for name, oid in actual.refs.items() if oid in present}
    refs = {**expected, **present_refs} if may_be_ahead else {**present_refs, **expected}
    write_refs(git_dir, RefListing(refs, head=saved.head, detached_head=saved.detached_head), {})


def remake_kept_refs(archive: Archive, path: RepositoryPath) -> tuple[RefName, ...]:
    """Make every kept ref again that a manifest names, that is not there, and whose object is.

    What a run that was cut off had fetched stands in no snapshot, so that a ref which kept that is not made again.

    Raises:
        Damaged: the refs that are there cannot be read.
        RepositoryBusy: another process writes to them.
    """
    git_dir = archive.repository(path)
    actual = read_refs(git_dir)
    known = {name: oid for name, oid in _known(archive, str(path)).items() if name not in actual.refs}
    present = describe_objects(git_dir, frozenset(known.values()))
    lost = {name: oid for name, oid in known.items() if oid in present}
    if lost:
        write_refs(git_dir, without_own(actual), lost)
    return tuple(sorted(lost))


def _known(archive: Archive, path: str) -> Mapping[RefName, ObjectId]:
    """What the kept refs of a repository named, as far as snapshots tell."""
    snapshots: dict[int, str] = {}
    names: set[str] = set()
    dropped = {name for repository, name in read_forgotten(archive).refs if repository == path}
    for run, manifest in manifests_ever(archive):
        for line in _lines_of(manifest, path):
            names.update(set(line.kept) - dropped)
            if line.snapshot is not None:
                snapshots[run] = line.snapshot
    named = ((RefName(name), _named_by(archive, name, snapshots)) for name in sorted(names))
    return {name: oid for name, oid in named if oid is not None}


def _lines_of(manifest: Path, path: str) -> Collection[RepositoryLine]:
    """None of a manifest that is damaged."""
    try:
        return [line for line in read_manifest(manifest) if isinstance(line, RepositoryLine) and line.path == path]
    except Damaged:
        return ()


def _named_by(archive: Archive, ref: str, snapshots: Mapping[int, str]) -> ObjectId | None:
    """What the ref was when the run began that let it go: `refs/matou/kept/000007/heads/main`."""
    number, _, rest = ref.removeprefix(KEPT_PREFIX).partition("/")
    before = [run for run in snapshots if number.isdigit() and run < int(number)]
    if not before:
        return None
    try:
        saved = parse_snapshot(archive.blobs.read(snapshots[max(before)]))
    except (Damaged, NotFound):
        return None
    return saved.detached_head if rest == "HEAD" else saved.refs.get(RefName(f"refs/{rest}"))
