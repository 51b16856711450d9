"""What the refs are once somebody's changes are made, and where HEAD is to point then."""

from collections.abc import Sequence
from typing import Final

from matou.forge.content.revisions import BRANCHES
from matou.model.names import RefName
from matou.model.refs import RefChange, RefListing

FAVOURITES: Final = (RefName(BRANCHES + "main"), RefName(BRANCHES + "master"))


def with_changes(listing: RefListing, changes: Sequence[RefChange]) -> RefListing:
    """Peeled tags are left out."""
    refs = dict(listing.refs)
    for change in changes:
        if change.new is None:
            refs.pop(change.ref, None)
        else:
            refs[change.ref] = change.new
    return RefListing(refs, head=listing.head, detached_head=listing.detached_head)


def head_for(listing: RefListing) -> RefName | None:
    """What HEAD should name: what it does, if that is there; else the likeliest branch. None without branches."""
    if listing.head in listing.refs:
        return listing.head
    branches = sorted(name for name in listing.refs if name.startswith(BRANCHES))
    return next((name for name in (*FAVOURITES, *branches) if name in branches), None)
