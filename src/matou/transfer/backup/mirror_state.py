"""Whether the archive already has what a source advertises, decided without a process and without writing."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from matou.archive.manifest import Outcome, RepositoryLine
from matou.errors import Damaged
from matou.git.operations.mirror import storable
from matou.git.refs.listing import OWN_PREFIX, head_text, read_refs
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing

HAD_REFS = (Outcome.SAVED, Outcome.UNCHANGED)
"""What a repository without a ref is called that once had some."""

Found: TypeAlias = tuple[RefListing, Mapping[RefName, ObjectId]]
"""A mirror's refs without ours, and our own."""


def is_as_saved(row: RepositoryLine, listing: RefListing, git_dir: Path) -> bool:
    """Say whether a listing is what the last manifest names, and whether that is what lies on the disk.

    The second is no proof that every object is sound, which is `matou verify`'s to give: it tells a repository that
    somebody moved away, or that a run which was cut off has changed since.
    """
    if row.snapshot != listing.digest:
        # What a snapshot holds can be stored, so only a listing that is not one needs looking through.
        listing, not_stored = storable(listing)
        if not not_stored or row.snapshot != listing.digest:
            return False
    return mirrors(git_dir, listing)


def mirrors(git_dir: Path, listing: RefListing) -> bool:
    """Say whether the repository on the disk has exactly these refs and this HEAD."""
    found = read_mirror(git_dir)
    if found is None or found[0].refs != listing.refs:
        return False
    wanted = head_text(listing)
    return wanted is None or wanted == head_text(found[0])


def read_mirror(git_dir: Path) -> Found | None:
    """The refs of a mirror without ours, and our own; None where there is no repository that can be read."""
    try:
        found = read_refs(git_dir)
    except (OSError, Damaged):
        return None
    own = {name: oid for name, oid in found.refs.items() if name.startswith(OWN_PREFIX)}
    if not own:
        return found, own
    refs = {name: oid for name, oid in found.refs.items() if name not in own}
    peeled = {name: oid for name, oid in found.peeled.items() if name not in own}
    return RefListing(refs, peeled, head=found.head, detached_head=found.detached_head), own


def unchanged_outcome(row: RepositoryLine) -> Outcome:
    """What a repository is called that was proven to be as before, and to be whole."""
    return Outcome.UNCHANGED if row.refs or row.outcome in HAD_REFS else Outcome.EMPTY
