"""Which refs of a saved repository are moved."""

from collections.abc import Mapping

from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine
from matou.errors import MatouError
from matou.git.odb.shallow import read_boundary
from matou.git.operations.lfs_pointers import find_pointers_behind
from matou.git.process.run import run_git
from matou.git.refs.listing import read_refs
from matou.model.names import ObjectId, RefName, RepositoryPath
from matou.model.refs import NOTHING, RefListing
from matou.transfer.common.saved_repositories import saved_refs

HEADS, TAGS, NOTES = "refs/heads/", "refs/tags/", "refs/notes/"
CODE = (HEADS, TAGS)
SHA1_DIGITS = 40

Refs = Mapping[RefName, ObjectId]


class ObjectFormatRefused(MatouError):
    """The repository's object ids are of a kind that the target does not keep."""


def listing_to_move(archive: Archive, line: RepositoryLine) -> tuple[RefListing, Refs]:
    """All that was saved of a repository, and of it what is wanted at a target: its branches, tags and notes.

    Raises:
        ObjectFormatRefused: they are of SHA-256.
        Damaged, NotFound: the archive does not have what it says of the repository.
    """
    listing = saved_refs(archive, line) or RefListing(NOTHING)
    wanted = below(listing.refs, (*CODE, NOTES))
    if any(len(oid) != SHA1_DIGITS for oid in wanted.values()):
        raise ObjectFormatRefused("its object ids are SHA-256, which the target does not keep")
    return listing, wanted


class ShallowHistory(MatouError):
    """The source itself lacks a part of the history that is to be moved."""


def require_whole_history(archive: Archive, line: RepositoryLine, wanted: Refs) -> None:
    """Raises ShallowHistory: a server takes a history with its beginning only."""
    git_dir = archive.repository(RepositoryPath.parse(line.path))
    ends = read_boundary(git_dir)
    if not ends or not wanted:
        return
    question = "".join(f"{oid}\n" for oid in sorted(set(wanted.values())))
    reached = run_git(["rev-list", "--stdin"], git_dir=git_dir, input=question.encode()).decode().split()
    if not ends.isdisjoint(reached):
        raise ShallowHistory(
            "its source itself lacks a part of the history, and a target takes whole histories only",
            advice="Make the source whole (git fetch --unshallow there), back up again, and then migrate it.",
        )


def below(refs: Refs, prefixes: tuple[str, ...]) -> dict[RefName, ObjectId]:
    return {name: oid for name, oid in refs.items() if name.startswith(prefixes)}


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
