"""What becomes of a push when all of its objects are here: each ref refused with a reason, or moved for good.

A ref moves only here, and only if it was judged: what the client asked, what the rules are asked about and what the
transaction moves is one list, which only ever becomes shorter.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog

from matou.db.repositories import Repository
from matou.errors import Conflict, MatouError, Phrase
from matou.forge.access import Authorized, MayWriteCode
from matou.forge.content.ref_updates import require_unmoved
from matou.forge.content.references import ref_listing
from matou.forge.content.revisions import BRANCHES, TAGS
from matou.forge.forge import Forge
from matou.forge.push.bucket_commit import BucketCommit, until_unmoved
from matou.forge.push.changed_refs import with_changes
from matou.forge.push.push_rules import PushRuleBroken, judge, rules_apply
from matou.forge.push.pushes import after_push
from matou.forge.repositories.write_lock import write_lock
from matou.fs import syncfs, syncfs_reports_errors
from matou.git.odb.connectivity import broken_tips
from matou.git.odb.incoming_pack import IncomingPack
from matou.git.odb.pushed_objects import PushedObjects
from matou.git.odb.stored_objects import describe_objects
from matou.git.refs.listing import OWN_PREFIX, fault_of_foreign_ref, fault_of_new_name
from matou.git.refs.transaction import RefTransaction, fault_of_target, remove_abandoned_locks
from matou.model.names import RefName
from matou.model.refs import RefChange, RefListing

log = structlog.get_logger()

RESERVED_PREFIXES = ("refs/replace/", "refs/pull/")
"""Git would show other objects in place of what a replacement names; pull requests are the platform's to make."""

DECLINED = "pre-receive hook declined"
"""Git's own words, which its users know, for a push that the rules of the repository refuse."""


@dataclass(slots=True)
class PushTransaction:
    """What is to become of a push; `waiting` only ever becomes shorter.

    Attributes:
        waiting: changes that nobody has refused.
        unchanged: those that ask for what is so already.
        is_atomic: all are refused as soon as one is.
        refused: why not, for each ref that does not move.
        said: lines for who pushes.
    """

    waiting: Sequence[RefChange]
    is_atomic: bool = False
    refused: dict[RefName, str] = field(default_factory=dict)
    unchanged: Sequence[RefChange] = ()
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.refuse({})

    def refuse(self, reasons: Mapping[RefName, str]) -> None:
        """Take these out of what waits, and all the others with them where the client wants all or none."""
        self.refused.update(reasons)
        if self.refused and self.is_atomic:
            self.refuse_all("atomic push failure")
        else:
            self.waiting = [change for change in self.waiting if change.ref not in self.refused]

    def give_up(self, why: str, reason: str) -> None:
        """Nothing moves, whatever was decided before."""
        self.said.append(why)
        self.refuse_all(reason)

    def refuse_all(self, reason: str) -> None:
        for change in (*self.waiting, *self.unchanged):
            self.refused.setdefault(change.ref, reason)
        self.waiting = []


def apply_push(
    forge: Forge,
    granted: Authorized[Repository, MayWriteCode],
    transaction: PushTransaction,
    pack: IncomingPack,
    *,
    is_shallow: bool,
) -> None:
    """Judge what waits, and move what is left: durable when this returns, and told in events.

    Where it raises before a ref has moved, nothing is kept. When the disk fails right behind that, the refs are put
    back as far as the disk lets us.

    Args:
        granted: to whoever pushes, as of now.
        is_shallow: the client's own history is cut off, so what is missing may be missing there too.

    Raises:
        NoSuchRepository, MissingScope, ReadOnly, NotAllowed, RepositoryMoved, WriterBusy: as `update_refs`.
        GitFailed, RepositoryBusy, OSError: nothing of it could be decided, or made durable.
    """
    attempt = partial(_apply, forge, granted, transaction, pack, is_shallow=is_shallow)
    if forge.bucket is None:
        attempt(None)
        return
    commit = BucketCommit(forge.bucket, granted.subject, pack.folder)
    until_unmoved(forge.bucket, granted.subject, partial(attempt, commit))


def _apply(
    forge: Forge,
    granted: Authorized[Repository, MayWriteCode],
    transaction: PushTransaction,
    pack: IncomingPack,
    commit: BucketCommit | None,
    *,
    is_shallow: bool,
) -> None:
    """Once. Raises MovedElsewhere where a bucket's repository was changed by another server meanwhile."""
    listing = ref_listing(forge, granted)
    transaction.refuse(_refused_by_name(transaction.waiting, granted.subject, listing))
    transaction.unchanged = [
        *transaction.unchanged,
        *(change for change in transaction.waiting if change.old == change.new),
    ]
    transaction.waiting = [change for change in transaction.waiting if change.old != change.new]
    transaction.refuse(
        _refused_by_target(forge, granted.subject, transaction.waiting, listing, pack, is_shallow=is_shallow)
    )
    is_judged = _judge(forge, granted, transaction, pack)
    if not transaction.waiting:
        return
    if commit is not None:
        commit.upload()
    # Judging may have taken minutes. Nobody takes the folder away from here on.
    with write_lock(forge, granted.subject):
        require_unmoved(forge, granted)
        if is_judged and ref_listing(forge, granted).refs != listing.refs:
            # What others' refs held was counted on, where some are to be deleted.
            _judge(forge, granted, transaction, pack)
        if transaction.waiting and commit is not None:
            _commit(forge, granted, transaction, commit, is_judged=is_judged)
        elif transaction.waiting:
            _move(forge, granted, transaction, pack, listing, is_judged=is_judged)


def _refused_by_name(changes: Collection[RefChange], repository: Repository, listing: RefListing) -> dict[RefName, str]:
    undeletable = {listing.head, BRANCHES + (repository.default_branch or "")}
    reasons = ((change.ref, _reason_of_name(change, undeletable, listing)) for change in changes)
    return {ref: reason for ref, reason in reasons if reason is not None}


def _reason_of_name(change: RefChange, undeletable: Collection[str | None], listing: RefListing) -> str | None:
    """Why this ref does not move whatever it is to name; in git's own words where git has some."""
    if fault_of_foreign_ref(change.ref) is not None:
        return "funny refname"
    if change.ref.startswith(OWN_PREFIX):
        return "deny updating a hidden ref"
    if change.ref.startswith(RESERVED_PREFIXES):
        return "this server keeps these refs for itself"
    current = listing.refs.get(change.ref)
    if change.old != current:
        return "reference already exists" if change.old is None else "incorrect old value provided"
    if change.new is None and change.ref in undeletable:
        return "deletion of the current branch prohibited"
    if change.old is None and change.new is not None:
        fault = _fault_of_made_name(change.ref)
        return None if fault is None else f"the name cannot be used: {fault}"
    return None


def _fault_of_made_name(ref: RefName) -> Phrase | None:
    """What is refused to the API as well; a ref that is there already may be moved and deleted."""
    folder = next((folder for folder in (BRANCHES, TAGS) if ref.startswith(folder)), None)
    return None if folder is None else fault_of_new_name(ref.removeprefix(folder))


def _refused_by_target(
    forge: Forge,
    repository: Repository,
    changes: Sequence[RefChange],
    listing: RefListing,
    pack: IncomingPack,
    *,
    is_shallow: bool,
) -> dict[RefName, str]:
    """What names an object that is missing, of the wrong type, or not whole."""
    git_dir, known = forge.git_dir(repository), listing.object_ids()
    tips = {change.new for change in changes if change.new is not None}
    described = describe_objects(git_dir, tips, quarantine=pack.folder)
    broken = broken_tips(git_dir, (tips & described.keys()) - known, environment=pack.environment)
    missing = "shallow update not allowed" if is_shallow else "missing necessary objects"
    refused: dict[RefName, str] = {}
    for change in changes:
        if change.new is not None and (change.new not in described or change.new in broken):
            refused[change.ref] = missing
        elif (fault := fault_of_target(change, described)) is not None:
            refused[change.ref] = str(fault)
    return refused


def _judge(
    forge: Forge, granted: Authorized[Repository, MayWriteCode], transaction: PushTransaction, pack: IncomingPack
) -> bool:
    """Hold everything that still waits against the rules; gives whether there were any. One broken refuses all."""
    if not rules_apply(forge, granted, transaction.waiting):
        return False
    objects = PushedObjects(forge.git_dir(granted.subject), pack.folder)
    try:
        judge(forge, granted, transaction.waiting, objects)
    except PushRuleBroken as broken:
        transaction.said += ["Nothing of this push was taken:", *(f"- {fault}" for fault in broken.faults)]
        transaction.refuse_all(DECLINED)
    return True


def _move(
    forge: Forge,
    granted: Authorized[Repository, MayWriteCode],
    push: PushTransaction,
    pack: IncomingPack,
    listing: RefListing,
    *,
    is_judged: bool,
) -> None:
    """Move each, or all: what was judged together goes together, since one ref may stand for another's commits."""
    git_dir = forge.git_dir(granted.subject)
    remove_abandoned_locks(git_dir, push.waiting, now=forge.now())
    each = not (push.is_atomic or is_judged)
    transaction = RefTransaction(
        git_dir, push.waiting, quarantine=pack.folder, each=each, syncs_files=not syncfs_reports_errors()
    )
    try:
        with transaction:
            push.refuse({ref: str(error) for ref, error in transaction.faults.items()})
            if not push.waiting:
                return
            added_bytes = pack.keep()
            syncfs(git_dir)
            transaction.commit()
    except MatouError as error:
        if each:
            raise
        log.info("push_lost_a_race", repository=str(granted.subject.path), error=str(error))
        push.refuse_all(str(error))
        return
    after = with_changes(listing, push.waiting)
    try:
        after_push(forge, granted, push.waiting, added_bytes=added_bytes, listing=after)
    except BaseException:
        _put_back(forge, granted.subject, push.waiting)
        raise


def _commit(
    forge: Forge,
    granted: Authorized[Repository, MayWriteCode],
    push: PushTransaction,
    commit: BucketCommit,
    *,
    is_judged: bool,
) -> None:
    """As `_move`, in the database: all that may move moves in one transaction, or none does."""
    git_dir, each = forge.git_dir(granted.subject), not (push.is_atomic or is_judged)
    transaction = RefTransaction(git_dir, push.waiting, quarantine=commit.quarantine, each=each, in_packed_refs=True)
    try:
        with commit.bucket.cache.changing(commit.storage_key), transaction:
            push.refuse({ref: str(error) for ref, error in transaction.faults.items()})
            if push.waiting:
                after = with_changes(ref_listing(forge, granted), push.waiting)
                commit.prepare(transaction, after)
                after_push(forge, granted, push.waiting, added_bytes=commit.added_bytes, listing=after, commit=commit)
    except Conflict as error:
        log.info("push_lost_a_race", repository=str(granted.subject.path), error=str(error))
        push.refuse_all(str(error))


def _put_back(forge: Forge, repository: Repository, changes: Sequence[RefChange]) -> None:
    """Let the refs be what they were, where a push that moved them could not be made durable.

    What somebody has changed since stays as they want it; the log names what is not as it was.
    """
    reverse = [RefChange(change.ref, change.new, change.old) for change in changes]
    try:
        with RefTransaction(forge.git_dir(repository), reverse, syncs_files=True, each=True) as transaction:
            transaction.commit()
        if transaction.faults:
            log.error("refs_not_put_back", repository=str(repository.path), refs=sorted(transaction.faults))
    except (MatouError, OSError):
        log.exception("refs_not_put_back", repository=str(repository.path))
    forge.listings.forget(forge.git_dir(repository))
