"""The one way in which refs change without a push: the same rights, the same rules, and the same promises as it has."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from matou.db.repositories import Repository
from matou.errors import Damaged, Refused, TryLater
from matou.forge.access import Authorized, Identity, MayReadCode, MayWriteCode, authorize_again
from matou.forge.content.references import ref_listing
from matou.forge.content.revisions import BRANCHES
from matou.forge.forge import Forge
from matou.forge.push.bucket_commit import BucketCommit, until_unmoved
from matou.forge.push.changed_refs import with_changes
from matou.forge.push.push_rules import judge, rules_apply
from matou.forge.push.pushes import after_push
from matou.forge.repositories.write_lock import write_lock
from matou.fs import syncfs, syncfs_reports_errors
from matou.git.odb.pushed_objects import PushedObjects
from matou.git.odb.quarantine import Quarantine
from matou.git.process.run import GitFailed
from matou.git.refs.listing import OWN_PREFIX
from matou.git.refs.transaction import RefChanged, RefTaken, RefTransaction, remove_abandoned_locks
from matou.model.names import RefName
from matou.model.refs import RefChange

__all__ = [
    "DefaultBranchUndeletable",
    "HiddenRef",
    "RefChanged",
    "RefTaken",
    "RepositoryMoved",
    "after_push",
    "require_unmoved",
    "staying",
    "update_refs",
]


class DefaultBranchUndeletable(Refused):
    """The default branch is not deleted, as a push may not delete it either."""


class HiddenRef(Refused):
    """A ref that keeps what was overwritten or deleted; nobody but us changes it."""


class RepositoryMoved(TryLater):
    """It was given another path while somebody wrote to it."""


def update_refs(
    forge: Forge,
    granted: Authorized[Repository, MayWriteCode],
    changes: Sequence[RefChange],
    quarantine: Quarantine | None = None,
) -> None:
    """Change refs, all of them or none, each only if it is what its change says that it was.

    When this returns, refs and objects survive a power cut, and events tell of them. When it raises, nothing was
    changed and no object was kept, unless the disk or the database failed when the refs had moved already.

    Args:
        quarantine: what holds the objects that the refs are to name and that the repository lacks; they are kept as
            soon as it is certain that the refs change.

    Raises:
        NoSuchRepository, MissingScope, ReadOnly, NotAllowed: as `access.authorize`.
        PushRuleBroken: a rule of the repository forbids it.
        HiddenRef, DefaultBranchUndeletable: nobody may change this ref in this way.
        RefTaken, RefChanged: a ref is not what its change says.
        RepositoryBusy, WriterBusy, RepositoryMoved: somebody else is at work there.
    """
    with write_lock(forge, granted.subject), staying(forge, granted):
        if forge.bucket is not None:
            commit = BucketCommit(forge.bucket, granted.subject, None if quarantine is None else quarantine.folder)
            until_unmoved(forge.bucket, granted.subject, partial(_commit, forge, granted, changes, commit))
            return
        _require_changeable(forge, granted, changes)
        _judge(forge, granted, changes, None if quarantine is None else quarantine.folder)
        remove_abandoned_locks(forge.git_dir(granted.subject), changes, now=forge.now())
        git_dir, folder = forge.git_dir(granted.subject), None if quarantine is None else quarantine.folder
        with RefTransaction(
            git_dir, changes, quarantine=folder, syncs_files=not syncfs_reports_errors()
        ) as transaction:
            added_bytes = 0 if quarantine is None else quarantine.keep()
            syncfs(git_dir)
            transaction.commit()
        after_push(forge, granted, changes, added_bytes=added_bytes)


def _commit(
    forge: Forge, granted: Authorized[Repository, MayWriteCode], changes: Sequence[RefChange], commit: BucketCommit
) -> None:
    """As `update_refs`, once, for a repository in a bucket. Raises MovedElsewhere."""
    git_dir = forge.git_dir(granted.subject)
    _require_changeable(forge, granted, changes)
    _judge(forge, granted, changes, commit.quarantine)
    commit.upload()
    with (
        commit.bucket.cache.changing(commit.storage_key),
        RefTransaction(git_dir, changes, quarantine=commit.quarantine, in_packed_refs=True) as transaction,
    ):
        after = with_changes(ref_listing(forge, granted), changes)
        commit.prepare(transaction, after)
        after_push(forge, granted, changes, added_bytes=commit.added_bytes, listing=after, commit=commit)


@contextmanager
def staying(forge: Forge, granted: Authorized[Repository, MayWriteCode]) -> Iterator[None]:
    """Decide for the repository as it is now, and name the cause where it goes away within the block.

    `update_refs` enters it when the quarantine is there: from then on nothing can be written into another repository
    that has taken the path meanwhile, for neither the quarantine nor a lock would be found there.

    Raises:
        NoSuchRepository, MissingScope, ReadOnly, NotAllowed: as `access.authorize`.
        RepositoryMoved: it has another path now.
    """
    require_unmoved(forge, granted)
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, GitFailed, Damaged):
        require_unmoved(forge, granted)
        # Whoever moves it moves the folder first and writes the row then.
        if not forge.git_dir(granted.subject).exists():
            raise _moved(granted.subject) from None
        raise


def require_unmoved(
    forge: Forge, granted: Authorized[Repository, MayWriteCode], identity: Identity | None = None
) -> Authorized[Repository, MayWriteCode]:
    """Look again at what was decided a while ago: it may be closed, given away or taken from this person by now.

    Args:
        identity: as in `authorize_again`.

    Raises:
        NoSuchRepository, MissingScope, ReadOnly, NotAllowed: as `access.authorize`.
        RepositoryMoved: it has another path now, and another one may stand where it was.
    """
    now = authorize_again(forge, granted, identity)
    if now.subject.path != granted.subject.path:
        raise _moved(granted.subject)
    return now


def _moved(repository: Repository) -> RepositoryMoved:
    return RepositoryMoved("{path} was renamed meanwhile; ask again", path=repr(str(repository.path)))


def _judge(
    forge: Forge,
    granted: Authorized[Repository, MayWriteCode],
    changes: Sequence[RefChange],
    folder: Path | None,
) -> None:
    """Args: folder: of the new objects."""
    if rules_apply(forge, granted, changes):
        judge(forge, granted, changes, PushedObjects(forge.git_dir(granted.subject), folder))


def _require_changeable(
    forge: Forge, granted: Authorized[Repository, MayReadCode], changes: Sequence[RefChange]
) -> None:
    default = {ref_listing(forge, granted).head, RefName(BRANCHES + (granted.subject.default_branch or ""))}
    for change in changes:
        if change.ref.startswith(OWN_PREFIX):
            raise HiddenRef("{ref} is not yours to change", ref=change.ref)
        if change.new is None and change.ref in default:
            name = repr(change.ref.removeprefix(BRANCHES))[:200]
            raise DefaultBranchUndeletable("{name} is the default branch, which is not deleted", name=name)
