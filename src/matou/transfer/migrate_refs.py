"""Which refs of a saved repository are moved."""

from collections.abc import Mapping

from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine
from matou.errors import MatouError
from matou.model.names import ObjectId, RefName
from matou.model.refs import NOTHING, RefListing
from matou.transfer.show import saved_refs

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


def below(refs: Refs, prefixes: tuple[str, ...]) -> dict[RefName, ObjectId]:
    return {name: oid for name, oid in refs.items() if name.startswith(prefixes)}
