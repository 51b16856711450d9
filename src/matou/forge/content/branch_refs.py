"""Branches by their names: as refs, and as what HEAD names."""

from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.references import ref_listing
from matou.forge.forge import Forge
from matou.git.refs.listing import fault_of_ref_name, fault_of_short_name
from matou.model.names import InvalidName, RefName
from matou.model.refs import RefListing

HEADS = "refs/heads/"


class NoSuchBranch(NotFound):
    """The repository has no branch of that name."""


def require_branch(forge: Forge, granted: Authorized[Repository, MayReadCode], branch: str) -> RefName:
    """The ref that may become HEAD. Raises InvalidName, NoSuchBranch."""
    ref = ref_of_branch(branch)
    refs = ref_listing(forge, granted).refs
    if ref not in refs and any(name.startswith(HEADS) for name in refs):
        raise NoSuchBranch("there is no branch {branch}", branch=repr(branch)[:200])
    return ref


def ref_of_branch(branch: str) -> RefName:
    fault = fault_of_ref_name(HEADS + branch) or fault_of_short_name(branch)
    if fault is not None:
        raise InvalidName("{branch} cannot be a branch: {fault}", branch=repr(branch)[:200], fault=fault)
    return RefName(HEADS + branch)


def branch_in(head: bytes) -> str | None:
    """The branch that the content of a file HEAD names, there or not."""
    ref = head.decode("utf-8", "surrogateescape").strip().removeprefix("ref: ")
    return ref.removeprefix(HEADS) if ref.startswith(HEADS) else None


def branch_named(listing: RefListing) -> str | None:
    """The branch that HEAD names in it, there or not."""
    head = listing.head
    return head.removeprefix(HEADS) if head is not None and head.startswith(HEADS) else None
