"""Which refs of a saved repository are moved, and which are not."""

from collections.abc import Mapping, Sequence

from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine
from matou.archive.snapshots import saved_refs
from matou.errors import Invalid, MatouError, Phrase, Plural
from matou.git.odb.shallow import read_boundary
from matou.git.process.run import run_git
from matou.model.names import ObjectId, RefName, RepositoryPath
from matou.model.refs import NOTHING, RefListing

HEADS, TAGS, NOTES = "refs/heads/", "refs/tags/", "refs/notes/"
CODE = (HEADS, TAGS)
SHA1_DIGITS = 40

Refs = Mapping[RefName, ObjectId]


class ObjectFormatRefused(Invalid):
    """The repository's object ids are of a kind that the target does not keep."""


def listing_to_move(archive: Archive, line: RepositoryLine) -> tuple[RefListing, Refs]:
    """All that was saved of a repository, and of it what is wanted at a target: its branches, tags and notes.

    Raises:
        ObjectFormatRefused: they are of SHA-256.
        Damaged, NotFound: the archive does not have what it says of the repository.
    """
    listing = saved_refs(archive, line) or RefListing(NOTHING)
    refs = below(listing.refs, (*CODE, NOTES))
    if any(len(oid) != SHA1_DIGITS for oid in refs.values()):
        raise ObjectFormatRefused("its object ids are SHA-256, which the target does not keep")
    return listing, refs


class ShallowHistory(MatouError):
    """The source itself lacks a part of the history that is to be moved."""


def require_whole_history(archive: Archive, line: RepositoryLine, refs: Refs) -> None:
    """Raises ShallowHistory: a server takes a history with its beginning only."""
    git_dir = archive.repository(RepositoryPath.parse(line.path))
    ends = read_boundary(git_dir)
    if not ends or not refs:
        return
    question = "".join(f"{oid}\n" for oid in sorted(set(refs.values())))
    reached = run_git(["rev-list", "--stdin"], git_dir=git_dir, input=question.encode()).decode().split()
    if not ends.isdisjoint(reached):
        raise ShallowHistory(
            "its source itself lacks a part of the history, and a target takes whole histories only",
            advice="Make the source whole (git fetch --unshallow there), back up again, and then migrate it.",
        )


def below(refs: Refs, prefixes: tuple[str, ...]) -> dict[RefName, ObjectId]:
    return {name: oid for name, oid in refs.items() if name.startswith(prefixes)}


def refs_only_at_target(wanted: Refs, there: RefListing) -> list[RefName]:
    return [name for name in below(there.refs, (*CODE, NOTES)) if name not in wanted]


def notes_on_refs(
    listing: RefListing, wanted: Refs, left_there: Sequence[RefName], line: RepositoryLine
) -> tuple[Phrase, ...]:
    """Which refs are not moved, or stay though they should not."""
    notes: list[Phrase] = []
    others = len(listing.refs) - len(wanted)
    if others:
        notes.append(
            Plural(
                "{count} ref that is no branch, tag or note stays in the archive",
                "{count} refs that are no branch, tag or note stay in the archive",
                count=others,
            )
        )
    if left_there:
        notes.append(
            Plural(
                "{count} ref that the source has since dropped is left at the target",
                "{count} refs that the source has since dropped are left at the target",
                count=len(left_there),
            )
        )
    if line.not_stored:
        notes.append(
            Plural(
                "{count} ref could not be stored in the archive",
                "{count} refs could not be stored in the archive",
                count=len(line.not_stored),
            )
        )
    return tuple(notes)
