"""The refs of a repository as clients see them, remembered for as long as nothing changed on disk."""

from collections.abc import Hashable

from matou.db.repositories import Repository
from matou.forge.forge import Forge
from matou.git.refs import read_refs, refs_signature
from matou.model.refs import RefListing

HIDDEN_PREFIX = "refs/matou/"


def ref_listing(forge: Forge, repository: Repository) -> RefListing:
    """Every ref but those below `refs/matou/`. Starts no process.

    It is read anew whenever the files on disk may have changed, whoever changed them.
    """
    git_dir = forge.git_dir(repository)
    # Taken before the refs are read: a change in between makes the next reader read again.
    signature = refs_signature(git_dir)
    remembered = None if signature is None else forge.listings.get(git_dir, signature)
    if remembered is not None:
        return remembered
    listing = without_hidden(read_refs(git_dir))
    if signature is not None:
        forge.listings.put(git_dir, signature, listing)
    return listing


def refs_state(forge: Forge, repository: Repository) -> Hashable | None:
    """A value that is another one whenever a ref changed, HEAD too; None where one changed a moment ago."""
    return refs_signature(forge.git_dir(repository))


def without_hidden(listing: RefListing) -> RefListing:
    """What a client may know of: kept refs name what was overwritten or deleted on purpose."""
    if not any(name.startswith(HIDDEN_PREFIX) for name in listing.refs):
        return listing
    return RefListing(
        refs={name: target for name, target in listing.refs.items() if not name.startswith(HIDDEN_PREFIX)},
        peeled={name: target for name, target in listing.peeled.items() if not name.startswith(HIDDEN_PREFIX)},
        head=listing.head,
        detached_head=listing.detached_head,
    )
