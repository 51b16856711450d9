"""What a client means by a branch, a tag or a commit: looked up among the refs that we know, never by git."""

import re

from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.access import Authorized, MaySee
from matou.forge.content.references import head_of
from matou.forge.forge import Forge
from matou.model.names import ObjectId, RefName, object_id
from matou.model.refs import RefListing

BRANCHES = "refs/heads/"
TAGS = "refs/tags/"

_OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z", re.IGNORECASE)


class NoSuchRevision(NotFound):
    """No branch, tag or commit has this name."""


def default_branch_of(forge: Forge, granted: Authorized[Repository, MaySee]) -> str | None:
    """What HEAD names if it is there, else what the settings say; None where neither does."""
    head = head_of(forge, granted)
    return granted.subject.default_branch if head is None else head.removeprefix(BRANCHES)


def resolve(listing: RefListing, revision: str) -> ObjectId:
    """What a client means by a revision: a whole object id, a full ref name, a branch, a tag, or HEAD; in that order.

    Nothing else is a revision: no `@{u}`, no `a..b`, no `main~3`. An id cut short is looked for by
    `abbreviations.find_revision`.

    Raises:
        NoSuchRevision: it is none of these.
    """
    if _OBJECT_ID.match(revision):
        return object_id(revision.lower())
    for name in _candidates(listing, revision):
        if name in listing.refs:
            return listing.refs[name]
    raise NoSuchRevision("there is no branch, tag or commit {revision}", revision=repr(revision)[:200])


def _candidates(listing: RefListing, revision: str) -> tuple[RefName, ...]:
    if revision == "HEAD":
        return () if listing.head is None else (listing.head,)
    whole = (RefName(revision),) if revision.startswith("refs/") else ()
    return (*whole, RefName(BRANCHES + revision), RefName(TAGS + revision))
