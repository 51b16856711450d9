"""The refs of a repository as clients see them, remembered for as long as nothing changed on disk."""

from collections.abc import Hashable

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadCode, MaySee
from matou.forge.forge import Forge
from matou.git.refs.listing import marks_of
from matou.git.wire.known_refs import KnownRefs, read_known_refs
from matou.model.names import RefName
from matou.model.refs import RefListing

MOST_MARKS_AT_ONCE = 500
"""Looking at one takes 3 µs or so."""


def head_of(forge: Forge, granted: Authorized[Repository, MaySee]) -> RefName | None:
    """The branch that HEAD names, if it is there: whoever may see a repository is told its default branch."""
    listing = _listing(forge, granted)
    return listing.head if listing.head in listing.refs else None


def ref_listing(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> RefListing:
    """Every ref but those below `refs/matou/`, as of the run that the repository is looked at. Starts no process.

    It is read anew whenever the files on disk may have changed, whoever changed them.
    """
    return _listing(forge, granted)


def known_refs(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> KnownRefs:
    """As `ref_listing` of now, with what answers are made of.

    It is read anew whenever the files on disk may have changed, whoever changed them, and then only what did change.
    """
    return _known_refs(forge, granted.subject)


def _listing(forge: Forge, granted: Authorized[Repository, MaySee]) -> RefListing:
    return _known_refs(forge, granted.subject).listing if granted.refs is None else granted.refs


def _known_refs(forge: Forge, repository: Repository) -> KnownRefs:
    git_dir = forge.git_dir(repository)
    known = forge.listings.get(git_dir)
    if known is not None and known.is_current(marks_of(git_dir)):
        return known
    read = read_known_refs(git_dir, known)
    forge.listings.put(git_dir, read)
    return read


def refs_at_hand(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> KnownRefs | None:
    """What is known of the refs, if that is how they are and finding out takes no longer than an event loop has."""
    git_dir = forge.git_dir_at_hand(granted.subject)
    known = None if git_dir is None else forge.listings.get(git_dir)
    if git_dir is None or known is None or len(known.marks) > MOST_MARKS_AT_ONCE:
        return None
    return known if known.is_current(marks_of(git_dir)) else None


def refs_state(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> Hashable | None:
    """A value that is another one whenever a ref changed, HEAD too; None where one may have changed since it was read.

    In the time that an event loop has: nothing is read.
    """
    if granted.refs is not None:
        return granted.refs.digest
    known = refs_at_hand(forge, granted)
    return None if known is None else known.state
