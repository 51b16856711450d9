"""Branches and tags without a push: made and deleted under the same rules as a push has.

Names and revisions come from clients. They are looked up among the refs that we know; what git is told is a full ref
name that was checked, an object id, and what must be there before.
"""

import re

from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import Conflict, NotFound, Phrase, Refused
from matou.forge import access
from matou.forge.access import Identity
from matou.forge.forge import Forge
from matou.forge.pushes import after_push
from matou.forge.references import ref_listing
from matou.git.objects import MissingObject, find_commit, open_repository
from matou.git.refs import fault_of_ref_name
from matou.git.run import GitFailed, run_git
from matou.model.names import InvalidName, ObjectId, RefName, object_id
from matou.model.refs import RefListing

BRANCHES = "refs/heads/"
TAGS = "refs/tags/"
LONGEST_REF_BYTES = 250
"""A file system's limit for a part of a path, with room for `.lock`."""

LONGEST_TAG_MESSAGE_BYTES = 64 * 1024

_OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z", re.IGNORECASE)
_NOT_IN_SIGNATURES = str.maketrans("", "", "<>\n\r\0")


class NoSuchRevision(NotFound):
    """No branch, tag or commit has this name."""


class InvalidRefName(InvalidName):
    """A name that no branch or tag may have here."""


class RefTaken(Conflict):
    """There is such a branch or tag already, or one that it would stand in or above."""


class RefChanged(Conflict):
    """Somebody changed the branch or tag meanwhile."""


class DefaultBranchKept(Refused):
    """The default branch is not deleted, as a push may not delete it either."""


def default_branch_of(forge: Forge, repository: Repository) -> str | None:
    """What HEAD names if it is there, else what the settings say; None where neither does."""
    listing = ref_listing(forge, repository)
    if listing.head is not None and listing.head in listing.refs:
        return listing.head.removeprefix(BRANCHES)
    return repository.default_branch


def resolve(listing: RefListing, revision: str) -> ObjectId:
    """What a client means by a revision: a whole object id, a full ref name, a branch, a tag, or HEAD; in that order.

    Nothing else is a revision: no `@{u}`, no `a..b`, no `main~3`, no id cut short.

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


def create_branch(forge: Forge, identity: Identity, repository: Repository, name: str, *, start: str) -> ObjectId:
    """Make a branch at a revision, and say which commit that is.

    Raises:
        NoSuchRepository, MissingScope, ReadOnly, NotAllowed: as `access.require`.
        InvalidRefName: the name may not be a branch's.
        NoSuchRevision: there is no such revision, or it is no commit.
        RefTaken: there is such a branch.
    """
    access.require(forge, identity, access.Action.WRITE_CODE, repository)
    ref = _new_ref(BRANCHES, name)
    commit = _commit_at(forge, repository, start)
    _create(forge, identity, repository, ref, commit)
    return commit


def create_tag(
    forge: Forge, identity: Identity, repository: Repository, name: str, *, start: str, message: str = ""
) -> ObjectId:
    """Make a tag at a revision, annotated where there is a message; say which object the ref names.

    Raises:
        NoSuchRepository, MissingScope, ReadOnly, NotAllowed: as `access.require`.
        InvalidRefName: the name may not be a tag's, or the message is too long.
        NoSuchRevision: there is no such revision, or it is no commit.
        RefTaken: there is such a tag.
    """
    access.require(forge, identity, access.Action.WRITE_CODE, repository)
    ref = _new_ref(TAGS, name)
    target = _commit_at(forge, repository, start)
    if message.strip():
        target = _annotate(forge, identity, repository, name, target, message)
    _create(forge, identity, repository, ref, target)
    return target


def delete_branch(
    forge: Forge, identity: Identity, repository: Repository, name: str, *, expected: ObjectId | None = None
) -> None:
    """Delete a branch; with `expected` only if it still is there.

    Raises:
        NoSuchRepository, MissingScope, ReadOnly, NotAllowed: as `access.require`.
        NoSuchRevision: there is no such branch.
        DefaultBranchKept: it is the default branch.
        RefChanged: it is not what was expected, or changed meanwhile.
    """
    access.require(forge, identity, access.Action.WRITE_CODE, repository)
    ref = RefName(BRANCHES + name)
    if ref_listing(forge, repository).head == ref or repository.default_branch == name:
        raise DefaultBranchKept("{name} is the default branch, which is not deleted", name=repr(name)[:200])
    _delete(forge, identity, repository, ref, expected)


def delete_tag(
    forge: Forge, identity: Identity, repository: Repository, name: str, *, expected: ObjectId | None = None
) -> None:
    """As `delete_branch`; a tag is never the default."""
    access.require(forge, identity, access.Action.WRITE_CODE, repository)
    _delete(forge, identity, repository, RefName(TAGS + name), expected)


def _new_ref(folder: str, name: str) -> RefName:
    """A name that means a branch or tag to everybody: not an option, not an object id, not another ref's full name."""
    fault = fault_of_ref_name(folder + name) or _fault_of_short_name(name)
    if fault is not None:
        raise InvalidRefName("the name {name} cannot be used: {fault}", name=repr(name)[:200], fault=fault)
    return RefName(folder + name)


def _fault_of_short_name(name: str) -> Phrase | None:
    if name.startswith("-"):
        return Phrase("it begins with a hyphen")
    if name in ("HEAD", "@") or name.startswith("refs/"):
        return Phrase("it means something else to git")
    if _OBJECT_ID.match(name):
        return Phrase("it looks like an object id")
    if any(not character.isprintable() for character in name):
        return Phrase("it holds a character that cannot be seen")
    if len(name.encode()) > LONGEST_REF_BYTES:
        return Phrase("it is too long")
    return None


def _commit_at(forge: Forge, repository: Repository, revision: str) -> ObjectId:
    start = resolve(ref_listing(forge, repository), revision)
    try:
        return find_commit(open_repository(forge.git_dir(repository)), start).id
    except MissingObject:
        raise NoSuchRevision("there is no branch, tag or commit {revision}", revision=repr(revision)[:200]) from None


def _annotate(
    forge: Forge, identity: Identity, repository: Repository, name: str, target: ObjectId, message: str
) -> ObjectId:
    encoded = message.strip("\n").encode() + b"\n"
    if len(encoded) > LONGEST_TAG_MESSAGE_BYTES:
        raise InvalidRefName("the message is longer than {limit} bytes", limit=LONGEST_TAG_MESSAGE_BYTES)
    headers = f"object {target}\ntype commit\ntag {name}\ntagger {_tagger(identity.user)}"
    text = f"{headers} {int(forge.now().timestamp())} +0000\n\n".encode() + encoded
    return object_id(run_git(["mktag"], git_dir=forge.git_dir(repository), input=text).decode().strip())


def _tagger(user: User | None) -> str:
    name, email = ("Matou", "") if user is None else (user.display_name or user.name, user.email)
    return f"{name.translate(_NOT_IN_SIGNATURES).strip()} <{email.translate(_NOT_IN_SIGNATURES).strip()}>"


def _create(forge: Forge, identity: Identity, repository: Repository, ref: RefName, target: ObjectId) -> None:
    if ref in ref_listing(forge, repository).refs:
        raise RefTaken("{ref} is there already", ref=ref)
    try:
        _update_ref(forge, repository, b"create %s\0%s\0" % (ref.encode(), target.encode()))
    except GitFailed as failure:
        if not _is_a_ref_in_the_way(failure):
            raise
        raise RefTaken("{ref} is there already, or another name stands in its way", ref=ref) from None
    after_push(forge, repository, identity)


def _delete(forge: Forge, identity: Identity, repository: Repository, ref: RefName, expected: ObjectId | None) -> None:
    found = ref_listing(forge, repository).refs.get(ref)
    if found is None:
        raise NoSuchRevision("there is no branch, tag or commit {revision}", revision=repr(str(ref))[:200])
    if expected not in (None, found):
        raise RefChanged("{ref} is no longer {expected}", ref=ref, expected=expected)
    try:
        _update_ref(forge, repository, b"delete %s\0%s\0" % (ref.encode("utf-8", "surrogateescape"), found.encode()))
    except GitFailed as failure:
        if not _is_a_ref_in_the_way(failure):
            raise
        raise RefChanged("{ref} is no longer {expected}", ref=ref, expected=found) from None
    after_push(forge, repository, identity)


def _update_ref(forge: Forge, repository: Repository, instructions: bytes) -> None:
    run_git(["update-ref", "--stdin", "-z"], git_dir=forge.git_dir(repository), input=instructions)


def _is_a_ref_in_the_way(failure: GitFailed) -> bool:
    """git's refs.c and refs/files-backend.c say "cannot lock ref" for an old value that is another, and for names
    that would be file and folder at once."""
    return "cannot lock ref" in failure.stderr
