"""Sends the LFS objects of a repository that is moved: those behind the refs that are sent, and no others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine
from matou.archive.snapshots import parse_lfs_list
from matou.errors import MatouError, NotFound, Plural
from matou.git.operations.lfs import find_pointers_behind
from matou.git.refs.listing import read_refs
from matou.http.lfs.client import LfsMissing
from matou.http.lfs.uploads import LfsUploads
from matou.model.names import RepositoryPath
from matou.transfer.migrate.refs import Refs


class LfsObjectsNotMigrated(NotFound):
    """LFS objects that are not at the target."""


@dataclass(frozen=True, slots=True)
class LfsMigration:
    """The LFS objects of one repository on their way to one target."""

    archive: Archive
    line: RepositoryLine
    uploads: LfsUploads

    def send(self, wanted: Refs, note: Callable[[MatouError], None], *, all_refs_are_there: bool) -> int:
        """The bytes that were sent. What the archive does not have, and what the target does not take, is noted.

        Where nothing else is new the target is asked first: which objects the refs need takes a git process to find.
        """
        sizes_bytes = self._sizes_bytes()
        if all_refs_are_there:
            sizes_bytes = dict(self.uploads.lacking(sizes_bytes.items()))
        if not sizes_bytes:
            return 0
        needed = _objects_behind(self.archive, self.line, wanted, sizes_bytes)
        archived = self._archived(needed)
        if len(archived) < len(needed):
            note(_not_archived(len(needed) - len(archived)))
        uploaded = self.uploads.upload(archived, self.archive.blobs.open)
        if uploaded.refused:
            note(_refused(uploaded.refused))
        return uploaded.sent_bytes

    def _sizes_bytes(self) -> dict[str, int]:
        """What each object weighs. A pointer may be wrong about that: its digest alone says what it is."""
        if self.line.lfs is None:
            return {}
        blobs = self.archive.blobs
        listed = parse_lfs_list(blobs.read(self.line.lfs.list))
        return {oid: blobs.size(oid) if blobs.has(oid) else size for oid, size in listed.items()}

    def _archived(self, needed: Mapping[str, int]) -> list[tuple[str, int]]:
        missing = frozenset(self.line.lfs.missing if self.line.lfs else ())
        return [(oid, size) for oid, size in needed.items() if oid not in missing and self.archive.blobs.has(oid)]


def _not_archived(count: int) -> LfsObjectsNotMigrated:
    return LfsObjectsNotMigrated(
        Plural("the archive lacks {count} LFS object", "the archive lacks {count} LFS objects", count=count)
    )


def _refused(refused: Sequence[LfsMissing]) -> LfsObjectsNotMigrated:
    return LfsObjectsNotMigrated(
        Plural(
            "the target did not take {count} LFS object; {oid}: {said}",
            "the target did not take {count} LFS objects; {oid}: {said}",
            count=len(refused),
            oid=refused[0].oid,
            said=refused[0].message,
        )
    )


def _objects_behind(
    archive: Archive, line: RepositoryLine, wanted: Refs, sizes_bytes: Mapping[str, int]
) -> Mapping[str, int]:
    """Those of these LFS objects that stand behind the wanted refs.

    The archive's list has those of all that was ever saved: what was force-pushed away at the source, a secret maybe,
    is in it, too. Only a repository that keeps such refs is walked through.

    Raises:
        GitFailed: an object of it is missing.
    """
    git_dir = archive.repository(RepositoryPath.parse(line.path))
    tips = frozenset(wanted.values())
    if git_dir.is_dir() and read_refs(git_dir).object_ids() <= tips:
        return sizes_bytes
    behind = {pointer.oid for pointer in find_pointers_behind(git_dir, tips)}
    return {oid: size for oid, size in sizes_bytes.items() if oid in behind}
