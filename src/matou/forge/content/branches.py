"""Branches and tags without a push: made and deleted under the same rules as a push has.

Names come from clients: what git is told is a full ref name that was checked, an object id, and what must be there
before.
"""

from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import Authorized, MayReadCode, MayWriteCode
from matou.forge.content.abbreviations import find_revision
from matou.forge.content.ref_updates import DefaultBranchUndeletable, RefChanged, RefTaken, staying, update_refs
from matou.forge.content.references import ref_listing
from matou.forge.content.revisions import BRANCHES, TAGS, NoSuchRevision, default_branch_of
from matou.forge.forge import Forge
from matou.git.odb.objects import MissingObject, find_commit, open_repository
from matou.git.odb.quarantine import Quarantine
from matou.git.operations.tree_edit import CommitIdent, InvalidPerson, write_tag
from matou.git.refs.listing import fault_of_ref_name, fault_of_short_name
from matou.model.names import InvalidName, ObjectId, RefName
from matou.model.refs import RefChange

__all__ = [
    "BRANCHES",
    "TAGS",
    "DefaultBranchUndeletable",
    "InvalidRefName",
    "NoSuchRevision",
    "RefChanged",
    "RefTaken",
    "create_branch",
    "create_tag",
    "default_branch_of",
    "delete_branch",
    "delete_tag",
    "new_ref",
]


_NOBODY = CommitIdent("Matou", "")


class InvalidRefName(InvalidName):
    """A name that no branch or tag may have here."""


def create_branch(forge: Forge, granted: Authorized[Repository, MayWriteCode], name: str, *, start: str) -> ObjectId:
    """Make a branch at a revision, and say which commit that is.

    Raises:
        InvalidRefName: the name may not be a branch's.
        NoSuchRevision: there is no such revision, or it is no commit.
        RefTaken: there is such a branch.
        MatouError: as `update_refs`.
    """
    ref = new_ref(BRANCHES, name)
    with staying(forge, granted):
        commit = _commit_at(forge, granted, start)
        update_refs(forge, granted, [_creation(forge, granted, ref, commit)])
    return commit


def create_tag(
    forge: Forge, granted: Authorized[Repository, MayWriteCode], name: str, *, start: str, message: str = ""
) -> ObjectId:
    """Make a tag at a revision, annotated where there is a message; say which object the ref names.

    Raises:
        InvalidRefName: the name may not be a tag's.
        InvalidMessage: the message may not be a tag's.
        NoSuchRevision: there is no such revision, or it is no commit.
        RefTaken: there is such a tag.
        MatouError: as `update_refs`.
    """
    ref = new_ref(TAGS, name)
    with staying(forge, granted):
        target = _commit_at(forge, granted, start)
        if not message.strip():
            update_refs(forge, granted, [_creation(forge, granted, ref, target)])
            return target
        with Quarantine(forge.git_dir(granted.subject)) as quarantine:
            tagger, now = person_of(granted.identity.user), forge.now()
            tag = write_tag(quarantine, target=target, name=name, tagger=tagger, at=now, message=message)
            update_refs(forge, granted, [_creation(forge, granted, ref, tag)], quarantine)
    return tag


def delete_branch(
    forge: Forge, granted: Authorized[Repository, MayWriteCode], name: str, *, expected: ObjectId | None = None
) -> None:
    """Delete a branch; with `expected` only if it still is there.

    Raises:
        NoSuchRevision: there is no such branch.
        DefaultBranchUndeletable: it is the default branch.
        RefChanged: it is not what was expected, or changed meanwhile.
        MatouError: as `update_refs`.
    """
    _delete(forge, granted, RefName(BRANCHES + name), expected)


def delete_tag(
    forge: Forge, granted: Authorized[Repository, MayWriteCode], name: str, *, expected: ObjectId | None = None
) -> None:
    """As `delete_branch`; a tag is never the default."""
    _delete(forge, granted, RefName(TAGS + name), expected)


def new_ref(folder: str, name: str) -> RefName:
    """A name that means a branch or tag to everybody: not an option, not an object id, not another ref's full name.

    Raises:
        InvalidRefName: it is none.
    """
    fault = fault_of_ref_name(folder + name) or fault_of_short_name(name)
    if fault is not None:
        raise InvalidRefName("the name {name} cannot be used: {fault}", name=repr(name)[:200], fault=fault)
    return RefName(folder + name)


def _commit_at(forge: Forge, granted: Authorized[Repository, MayReadCode], revision: str) -> ObjectId:
    start = find_revision(forge, granted, revision)
    try:
        return find_commit(open_repository(forge.git_dir(granted.subject)), start).id
    except MissingObject:
        raise NoSuchRevision("there is no branch, tag or commit {revision}", revision=repr(revision)[:200]) from None


def _creation(forge: Forge, granted: Authorized[Repository, MayReadCode], ref: RefName, target: ObjectId) -> RefChange:
    if ref in ref_listing(forge, granted).refs:
        raise RefTaken("{ref} is there already, or another name stands in its way", ref=ref)
    return RefChange(ref, None, target)


def _delete(
    forge: Forge, granted: Authorized[Repository, MayWriteCode], ref: RefName, expected: ObjectId | None
) -> None:
    with staying(forge, granted):
        tip = ref_listing(forge, granted).refs.get(ref)
        if tip is None:
            raise NoSuchRevision("there is no branch, tag or commit {revision}", revision=repr(str(ref))[:200])
        if expected not in (None, tip):
            raise RefChanged("{ref} was changed meanwhile", ref=ref)
        update_refs(forge, granted, [RefChange(ref, tip, None)])


def person_of(user: User | None) -> CommitIdent:
    """The user as git keeps people; by the name to log in with where git could not take the one to show."""
    if user is None:
        return _NOBODY
    for name in (user.display_name or user.name, user.name):
        try:
            return CommitIdent(name, user.email)
        except InvalidPerson:
            continue
    return CommitIdent(_NOBODY.name, user.email)
