"""Forks: a repository made from another one, which it outlives, with all that its maker could read there."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from matou.db import forks, lfs_objects, repositories
from matou.db.engine import Connection
from matou.db.lfs_objects import LfsLink
from matou.db.namespaces import NamespaceId
from matou.db.repositories import Repository
from matou.errors import Conflict, Invalid, Refused
from matou.forge.access import (
    Authorized,
    Identity,
    MayAdminister,
    MayCreateIn,
    MayFork,
    MayReadCode,
    MaySee,
    authorize,
    authorize_namespace,
    no_such_repository,
)
from matou.forge.content.references import ref_listing
from matou.forge.forge import Forge
from matou.forge.repositories.creation import new_repository, publish_repository, require_free_early
from matou.forge.repositories.events import record_event
from matou.forge.repositories.repository_dirs import staged_repository
from matou.forge.repositories.repository_metadata import RepositoryMetadata
from matou.fs import syncfs
from matou.git.operations.lfs import find_pointers
from matou.git.operations.local_fetch import copy_reachable
from matou.git.process.run import GitFailed
from matou.model.events import EventKind
from matou.model.names import NamespacePath, RepositoryPath
from matou.model.platform import Visibility

OPENNESS = (Visibility.PRIVATE, Visibility.INTERNAL, Visibility.PUBLIC)


class AlreadyForked(Conflict):
    """That namespace has a fork of this repository."""


class WiderThanParent(Refused, Invalid):
    """A fork that more people could see than what it was made from."""


def fork_repository(
    forge: Forge,
    granted: Authorized[Repository, MayFork],
    *,
    namespace: NamespacePath,
    path: str = "",
    name: str = "",
) -> Repository:
    """Make a repository with every ref that the parent shows, and no more objects than these reach.

    It is seen by those who see the parent's like, never by more.

    Args:
        namespace: where it is to stand.
        path: the last part of its path; empty for the parent's.
        name: what people call it; empty for what they call the parent, or for `path` if that is given.

    Raises:
        NoSuchRepository, NoSuchNamespace, MissingScope, ReadOnly, NotAllowed, SwitchedOff: as `access.authorize`.
        AlreadyForked: there is one already in that namespace.
        InvalidName, NameTaken: of the new path.
    """
    target = authorize_namespace(forge, granted.identity, MayCreateIn, namespace).subject
    where = RepositoryPath(target.path, path or granted.subject.name)
    profile = RepositoryMetadata(name or path or granted.subject.true_name, granted.subject.description)
    with forge.database.begin_read() as connection:
        _require_no_fork(connection, granted.subject, target.id)
    require_free_early(forge, target, where)
    with staged_repository(forge.archive) as git_dir:
        links = _copy(forge, granted, git_dir)
        visibility = _still_readable(forge, granted.identity, granted.subject).visibility
        new = new_repository(
            forge, target, where, git_dir, replace(profile, visibility=visibility), granted.identity.user
        )
        tie = partial(_tie, parent=granted.subject, identity=granted.identity)
        return publish_repository(forge, git_dir, new, creator=granted.identity.user, links=links, also=tie)


def parent_of(forge: Forge, granted: Authorized[Repository, MaySee]) -> Repository | None:
    """What it was made from; None where it is no fork, and where that is gone. It does not ask who may see that."""
    with forge.database.begin_read() as connection:
        return forks.parent_of(connection, granted.subject.id)


def require_not_wider(forge: Forge, granted: Authorized[Repository, MayAdminister], visibility: Visibility) -> None:
    """Raises WiderThanParent where more people would see a fork than see what it was made from."""
    parent = parent_of(forge, granted)
    if parent is not None and _narrower(visibility, parent.visibility) != visibility:
        raise WiderThanParent("a fork cannot be seen by more people than the repository that it was made from")


def _require_no_fork(connection: Connection, parent: Repository, namespace_id: NamespaceId) -> None:
    there = forks.fork_in(connection, parent.id, namespace_id)
    if there is not None:
        raise AlreadyForked("{path} is a fork of it already", path=repr(str(there.path)))


def _tie(connection: Connection, fork: Repository, *, parent: Repository, identity: Identity) -> None:
    """The parent may have gone, or been closed, until the last moment."""
    _require_no_fork(connection, parent, fork.namespace_id)
    now = _unmoved(connection, parent)
    if _narrower(fork.visibility, now.visibility) != fork.visibility:
        raise WiderThanParent("a fork cannot be seen by more people than the repository that it was made from")
    forks.insert_fork(connection, fork.id, parent.id)
    details = {"fork_id": fork.id, "fork": str(fork.path)}
    record_event(connection, parent.id, identity.user, EventKind.FORKED, details, fork.updated_at)


def _still_readable(forge: Forge, identity: Identity, parent: Repository) -> Repository:
    """The parent as it is when all was copied."""
    with forge.database.begin_read() as connection:
        now = _unmoved(connection, parent)
    authorize(forge, identity, MayFork, now)
    return now


def _unmoved(connection: Connection, parent: Repository) -> Repository:
    """What was copied is the parent's if the folder was: at its old path another repository may stand by now."""
    row = repositories.lock_repository(connection, parent.id)
    if row is None or row.path != parent.path:
        raise no_such_repository(parent.path)
    return row


def _narrower(one: Visibility, other: Visibility) -> Visibility:
    return min(one, other, key=OPENNESS.index)


def _copy(forge: Forge, granted: Authorized[Repository, MayReadCode], git_dir: Path) -> tuple[LfsLink, ...]:
    """Fill the fork's folder; the parent's LFS objects that something in it points at."""
    try:
        copy_reachable(forge.git_dir(granted.subject), git_dir, ref_listing(forge, granted))
    except (GitFailed, FileNotFoundError):
        with forge.database.begin_read() as connection:
            _unmoved(connection, granted.subject)
        raise
    syncfs(git_dir)
    with forge.database.begin_read() as connection:
        held = lfs_objects.links_of(connection, granted.subject.id)
    if not held:
        return ()
    oids = {pointer.oid for pointer in find_pointers(git_dir)}
    return tuple(link for link in held if link.oid in oids)
