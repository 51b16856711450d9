"""A file made, changed or deleted by one commit, without a work tree; whoever else writes meanwhile loses nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from matou.db.repositories import Repository
from matou.errors import Conflict, Invalid, NotFound
from matou.forge.access import Authorized, MayReadCode, MayWriteCode
from matou.forge.content.branches import new_ref, person_of
from matou.forge.content.ref_updates import RefChanged, RefTaken, staying, update_refs
from matou.forge.content.references import ref_listing
from matou.forge.content.revisions import BRANCHES, NoSuchRevision, default_branch_of
from matou.forge.forge import Forge
from matou.forge.repositories.write_lock import write_lock
from matou.git.odb.objects import Commit, TreePath, find_commit, open_repository
from matou.git.odb.quarantine import ObjectKind, Quarantine
from matou.git.operations.tree_edit import (
    CommitIdent,
    Entry,
    TreeEdit,
    require_harmless,
    require_writable,
    write_commit,
)
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefChange

LARGEST_FILE_BYTES = 20 * 1024 * 1024
MOST_ATTEMPTS = 10
"""Against pushes and other processes; writers of this process wait for one another."""


class FileTaken(Conflict):
    """There is something at the path already."""


class FileChanged(Conflict):
    """The file is not what the caller last saw."""


class NoSuchFile(NotFound):
    """The branch has nothing at the path."""


class FileTooLarge(Invalid):
    """More than is taken in one request; `git push` takes it."""


class UnsaidVersion(Invalid):
    """A file that is there shall be replaced, without a word of which version the caller saw."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """What all changes of a file have in common.

    Attributes:
        branch: without `refs/heads/`; None for the default one.
        author: None for who asks, who is the committer in any case.
    """

    path: TreePath
    message: str
    branch: str | None = None
    author: CommitIdent | None = None


@dataclass(frozen=True, slots=True)
class CommitResult:
    """What was made; `blob` is None where the file was deleted."""

    branch: str
    commit: Commit
    blob: ObjectId | None


Edit = Callable[[TreeEdit, Quarantine], tuple[ObjectId, ObjectId | None]]
"""Gives the new root and the file's new blob, after it has looked at what stands there."""


def create_file(
    forge: Forge, granted: Authorized[Repository, MayWriteCode], change: FileChange, content: bytes
) -> CommitResult:
    """The first file of an empty repository begins its first branch.

    Raises:
        FileTaken: there is something at the path.
        InvalidTreePath, PathBlocked, RefusedFile, RefusedObject, FileTooLarge: nothing of this kind may stand there.
        NoSuchRevision, InvalidRefName: there is no such branch, or could not be.
        InvalidMessage: no commit can carry the message.
        MatouError: as `update_refs`.
    """
    _require_small(content)
    require_writable(change.path)
    return _committed(forge, granted, change, partial(_create, change.path, content))


def update_file(
    forge: Forge,
    granted: Authorized[Repository, MayWriteCode],
    change: FileChange,
    content: bytes,
    *,
    seen: ObjectId | None,
) -> CommitResult:
    """Its mode stays as it is. With `seen` None it must not be there, and is made.

    Raises:
        FileChanged: the file is another one than `seen`, or is no longer there.
        UnsaidVersion: it is there, and `seen` is None.
        MatouError: as `create_file`, except for FileTaken.
    """
    _require_small(content)
    if seen is None:
        require_writable(change.path)
    return _committed(forge, granted, change, partial(_update, change.path, content, seen))


def delete_file(
    forge: Forge, granted: Authorized[Repository, MayWriteCode], change: FileChange, *, seen: ObjectId
) -> CommitResult:
    """Folders that this empties go with it; the last file leaves an empty tree.

    Raises:
        NoSuchFile: nothing is there, or a folder or a submodule is.
        FileChanged: the file is another one than `seen`.
        MatouError: as `create_file`, for the branch and the message, and as `update_refs`.
    """
    return _committed(forge, granted, change, partial(_delete, change.path, seen))


def _require_small(content: bytes) -> None:
    if len(content) > LARGEST_FILE_BYTES:
        raise FileTooLarge(
            "the file has {size} bytes, more than the {limit} that one request may bring",
            size=len(content),
            limit=LARGEST_FILE_BYTES,
            advice="Use `git push`, or Git LFS.",
        )


def _create(path: TreePath, content: bytes, edit: TreeEdit, quarantine: Quarantine) -> tuple[ObjectId, ObjectId]:
    if edit.entry is not None:
        # The words are GitCode's: scripts look for them.
        raise FileTaken("The path cannot be created: {path} ,because {path} already exist.", path=str(path))
    return _put(path, content, edit, quarantine)


def _update(
    path: TreePath, content: bytes, seen: ObjectId | None, edit: TreeEdit, quarantine: Quarantine
) -> tuple[ObjectId, ObjectId]:
    entry = edit.entry
    if seen is None and entry is not None:
        raise UnsaidVersion(
            "{path} is there already: say its sha, {id}, to replace it", path=repr(str(path))[:200], id=entry.id
        )
    if seen is not None:
        _require_seen(path, entry, seen)
    return _put(path, content, edit, quarantine)


def _delete(path: TreePath, seen: ObjectId, edit: TreeEdit, quarantine: Quarantine) -> tuple[ObjectId, None]:
    entry = edit.entry
    if entry is None or not (entry.is_file or entry.is_symlink):
        raise NoSuchFile("there is no file {path} in the branch", path=repr(str(path))[:200])
    _require_seen(path, entry, seen)
    return edit.remove(quarantine), None


def _require_seen(path: TreePath, entry: Entry | None, seen: ObjectId) -> None:
    name = repr(str(path))[:200]
    if entry is None:
        raise FileChanged("{path} is not there, or no longer", path=name)
    if entry.id != seen:
        raise FileChanged(
            "{path} was changed meanwhile: its sha is {id}, not {seen}", path=name, id=entry.id, seen=seen
        )


def _put(path: TreePath, content: bytes, edit: TreeEdit, quarantine: Quarantine) -> tuple[ObjectId, ObjectId]:
    require_harmless(quarantine, path, content)
    blob = quarantine.write_object(ObjectKind.BLOB, content)
    return edit.put(quarantine, blob), blob


def _committed(
    forge: Forge, granted: Authorized[Repository, MayWriteCode], change: FileChange, edit: Edit
) -> CommitResult:
    """Try until nobody else has changed the branch between our reading and our writing of it."""
    with write_lock(forge, granted.subject), staying(forge, granted):
        for _ in range(MOST_ATTEMPTS - 1):
            try:
                return _attempt(forge, granted, change, edit)
            except (RefChanged, RefTaken):
                forge.listings.forget(forge.git_dir(granted.subject))
        return _attempt(forge, granted, change, edit)


def _attempt(
    forge: Forge, granted: Authorized[Repository, MayWriteCode], change: FileChange, edit: Edit
) -> CommitResult:
    ref, tip = _branch(forge, granted, change.branch)
    git_dir, committer = forge.git_dir(granted.subject), person_of(granted.identity.user)
    with Quarantine(git_dir) as quarantine:
        opened = open_repository(git_dir)
        before = None if tip is None else find_commit(opened, tip).tree
        tree, blob = edit(TreeEdit(opened, before, change.path), quarantine)
        commit = write_commit(
            quarantine,
            tree=tree,
            parents=() if tip is None else (tip,),
            author=change.author or committer,
            committer=committer,
            at=forge.now(),
            message=change.message,
        )
        update_refs(forge, granted, [RefChange(ref, tip, commit)], quarantine)
    return CommitResult(ref.removeprefix(BRANCHES), find_commit(open_repository(git_dir), commit), blob)


def _branch(
    forge: Forge, granted: Authorized[Repository, MayReadCode], name: str | None
) -> tuple[RefName, ObjectId | None]:
    """A branch and its tip; one that is not there only where none is."""
    listing = ref_listing(forge, granted)
    name = name or default_branch_of(forge, granted) or (listing.head or BRANCHES + "main").removeprefix(BRANCHES)
    ref = RefName(BRANCHES + name)
    if ref in listing.refs:
        return ref, listing.refs[ref]
    if any(other.startswith(BRANCHES) for other in listing.refs):
        raise NoSuchRevision("there is no branch {revision}", revision=repr(name)[:200])
    return new_ref(BRANCHES, name), None
