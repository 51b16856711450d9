"""What must be so before a push is reported as done."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pygit2
import structlog

from matou.db import repositories
from matou.db.repositories import Repository
from matou.errors import Damaged, NotFound, Refused
from matou.forge.access import Authorized, MayWriteCode, no_such_repository, renewed
from matou.forge.analysis.upkeep import refresh
from matou.forge.content.references import ref_listing
from matou.forge.content.revisions import BRANCHES, TAGS
from matou.forge.forge import Forge
from matou.forge.maintenance.packing import pack_if_many
from matou.forge.push.bucket_commit import BucketCommit
from matou.forge.push.changed_refs import head_for
from matou.forge.repositories.events import record_event
from matou.fs import syncfs
from matou.git.odb.objects import find_commit, open_repository
from matou.git.odb.quarantine import OtherObjectFormat
from matou.git.process.run import run_git
from matou.git.repository import size_bytes
from matou.model.events import EventKind
from matou.model.names import ObjectId
from matou.model.refs import RefChange, RefListing

log = structlog.get_logger()

MOST_EVENTS_OF_A_PUSH = 100
"""Of a push of more refs, such as a mirror's first, one event says how many they were."""

LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class _NewEvent:
    """An event before it is written down."""

    kind: EventKind
    details: Mapping[str, object]


def after_push(
    forge: Forge,
    granted: Authorized[Repository, MayWriteCode],
    changes: Sequence[RefChange] = (),
    *,
    added_bytes: int | None = None,
    listing: RefListing | None = None,
    commit: BucketCommit | None = None,
) -> Repository:
    """Make the changes of refs durable, then note the push and what it changed.

    To be called before anybody is told that they were made: what holds a ref's content was synced before it was given
    the ref's name, and the folder that has the name was not.

    Args:
        changes: those that were made, without what was refused.
        added_bytes: by how much the repository grew, from who knows it; None to have all of it measured.
        listing: the refs and HEAD as they are now, from who knows them; peeled tags may be missing.
        commit: of a repository in a bucket: what makes the changes, in the transaction that notes them.

    Raises:
        NoSuchRepository: it was deleted meanwhile.
        MovedElsewhere, RefChanged: as `BucketCommit.record`; nothing was changed.
    """
    git_dir = forge.git_dir(granted.subject)
    forge.listings.forget(git_dir)
    listing = listing or ref_listing(forge, granted)
    default_branch = _default_branch(granted.subject, listing) if commit else _set_head(forge, granted.subject, listing)
    new_events = tuple(_events_of(forge, granted.subject, changes, None if commit is None else commit.quarantine))
    if commit is None:
        syncfs(git_dir)
    measured, now = size_bytes(git_dir) if added_bytes is None else None, forge.now()
    with forge.database.begin_write() as connection:
        repository = repositories.lock_repository(connection, granted.subject.id) or granted.subject
        if repository.default_branch != granted.subject.default_branch:
            # Somebody chose another one after we had looked.
            default_branch = repository.default_branch
        generation = {} if commit is None else commit.record(connection, repository)
        # Measuring costs the more the more files there are, and each write through the API adds some.
        size = repository.size_bytes + (added_bytes or 0) if measured is None else measured
        pushed = repositories.change(
            connection,
            granted.subject.id,
            last_push_at=now,
            updated_at=now,
            size_bytes=size,
            default_branch=default_branch,
            **generation,
        )
        if pushed is None:
            raise no_such_repository(granted.subject.path)
        for event in new_events:
            record_event(connection, granted.subject.id, granted.identity.user, event.kind, event.details, now)
    if commit is not None:
        commit.follow()
        forge.listings.forget(git_dir)
    pusher = None if granted.identity.user is None else granted.identity.user.name
    log.info("repository_pushed", repository=str(granted.subject.path), user=pusher, size_bytes=size, refs=len(changes))
    refresh(forge, renewed(granted, pushed))
    pack_if_many(forge, pushed)
    return pushed


def _set_head(forge: Forge, repository: Repository, listing: RefListing) -> str | None:
    """Where HEAD names no branch, as after the first push of another one, point it at one that is there."""
    head = head_for(listing)
    if head is not None and head != listing.head:
        git_dir = forge.git_dir(repository)
        run_git(("symbolic-ref", "HEAD", head), git_dir=git_dir)
        forge.listings.forget(git_dir)
    return _default_branch(repository, listing)


def _default_branch(repository: Repository, listing: RefListing) -> str | None:
    head = head_for(listing)
    return repository.default_branch if head is None else head.removeprefix(BRANCHES)


def _events_of(
    forge: Forge, repository: Repository, changes: Sequence[RefChange], quarantine: Path | None
) -> Iterator[_NewEvent]:
    """Args: quarantine: where new objects are that the repository does not have yet."""
    if len(changes) > MOST_EVENTS_OF_A_PUSH:
        yield _NewEvent(EventKind.PUSH, {"refs": len(changes)})
        return
    opened = _opened(forge, repository)
    if opened is not None and quarantine is not None:
        opened.odb.add_disk_alternate(str(quarantine))
    for change in changes:
        details = {"ref": str(change.ref), "before": change.old, "after": change.new}
        yield _NewEvent(_kind_of(change), {**details, "title": _title(opened, change.new)})


def _kind_of(change: RefChange) -> EventKind:
    if change.ref.startswith(BRANCHES):
        created, deleted = EventKind.BRANCH_CREATED, EventKind.BRANCH_DELETED
    elif change.ref.startswith(TAGS):
        created, deleted = EventKind.TAG_CREATED, EventKind.TAG_DELETED
    else:
        return EventKind.PUSH
    if change.old is None:
        return created
    return deleted if change.new is None else EventKind.PUSH


def _opened(forge: Forge, repository: Repository) -> pygit2.Repository | None:
    """None for a repository that libgit2 does not read; its events then have no titles."""
    try:
        return open_repository(forge.git_dir(repository))
    except (Damaged, OtherObjectFormat):
        return None


def _title(opened: pygit2.Repository | None, tip: ObjectId | None) -> str:
    """The subject of the commit that a ref names now; nothing where none stands behind it."""
    if opened is None or tip is None:
        return ""
    try:
        return find_commit(opened, tip).subject[:LONGEST_TITLE]
    except (NotFound, Refused, Damaged):
        return ""
