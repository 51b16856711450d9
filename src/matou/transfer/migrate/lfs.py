"""Which LFS objects go with a repository: those that the refs which are moved point at, and no others."""

from collections.abc import Mapping

from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine
from matou.git.operations.lfs_pointers import find_pointers_behind
from matou.git.refs.listing import read_refs
from matou.model.names import RepositoryPath
from matou.transfer.migrate.refs import Refs


def objects_behind(
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
