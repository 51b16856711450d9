"""Repositories renamed, moved, given to another namespace, and deleted."""

from matou.archive import cache
from matou.credentials import Secret
from matou.db import repositories
from matou.db.engine import Connection, UniqueViolation
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import UserKind
from matou.forge.access import (
    Authorized,
    Identity,
    MayCreateIn,
    MayDelete,
    MayRename,
    MayTransfer,
    authorize_namespace,
    no_such_repository,
)
from matou.forge.accounts.audit import AuditAction, record_act
from matou.forge.accounts.users import NameTaken, WrongPassword, authenticate
from matou.forge.forge import Forge
from matou.forge.maintenance.move_recovery import recover_moves_on_error
from matou.forge.repositories.creation import require_free, require_one_segment
from matou.forge.repositories.events import record_event
from matou.forge.repositories.repository_dirs import FolderGone
from matou.forge.repositories.repository_storage import deleted, renamed
from matou.forge.repositories.write_lock import write_lock
from matou.model.events import EventKind
from matou.model.names import NamespacePath, RepositoryPath


def transfer_repository(
    forge: Forge, granted: Authorized[Repository, MayTransfer], target: NamespacePath, *, new_path: str = ""
) -> Repository:
    """Put a repository into another namespace; its old path leads to it, its forks and members stay.

    Args:
        target: where whoever moves it may create repositories.
        new_path: the last part of its path there; empty for what it has.

    Raises:
        NoSuchRepository, NoSuchNamespace, MissingScope, ReadOnly, NotAllowed: as `access.authorize`, for both sides.
        InvalidName, NameTaken: of the path there.
    """
    namespace = authorize_namespace(forge, granted.identity, MayCreateIn, target).subject
    path = RepositoryPath(namespace.path, new_path or granted.subject.name)
    name = new_path if new_path and granted.subject.true_name == granted.subject.name else granted.subject.true_name
    return move_repository(
        forge,
        granted,
        path,
        namespace=namespace,
        true_name=name,
        kind=EventKind.TRANSFERRED,
    )


def require_password(forge: Forge, identity: Identity, password: Secret | None) -> None:
    """Look at a password that came beside a token; where none came the token is enough.

    Raises:
        WrongPassword: it is another one, or the account has none.
        TooManyFailures: there were too many wrong ones.
    """
    if password is None or identity.user is None:
        return
    user = None if identity.user.kind is UserKind.ROBOT else authenticate(forge, identity.user.name, password)
    if user is None or user.id != identity.user.id:
        raise WrongPassword("the password is not right")


def rename_repository(forge: Forge, granted: Authorized[Repository, MayRename], name: str) -> Repository:
    """Give it another path, and that as its name too; see `move_repository`."""
    path = RepositoryPath(granted.subject.path.namespace, name)
    return move_repository(forge, granted, path, true_name=name, kind=EventKind.RENAMED)


def move_repository(
    forge: Forge,
    granted: Authorized[Repository, MayRename],
    path: RepositoryPath,
    *,
    namespace: Namespace | None = None,
    true_name: str,
    kind: EventKind,
) -> Repository:
    """The old path leads here until somebody takes it; what one may do here is decided for what is here.

    Args:
        path: where it is to stand.
        namespace: the one that `path` names; None where that is its own.
        true_name: what people are to call it.
        kind: of the event that tells who did it.

    Raises InvalidName, NameTaken, NoSuchRepository; WriterBusy where others write to it all the while.
    """
    if path == granted.subject.path:
        return granted.subject
    require_one_segment(path.name)
    git_dir = forge.folder(granted.subject)
    try:
        with (
            write_lock(forge, granted.subject),
            recover_moves_on_error(forge),
            renamed(forge, granted.subject, path),
            forge.database.begin_write() as connection,
        ):
            require_unmoved(connection, granted.subject)
            target = granted.subject.namespace_id if namespace is None else namespace.id
            require_free(connection, path, target, but_for=granted.subject)
            now = forge.now()
            changed = repositories.move(
                connection, granted.subject, path, now, namespace_id=target, true_name=true_name
            )
            if changed is None:
                raise no_such_repository(granted.subject.path)
            details = {
                "old_name": granted.subject.name,
                "new_name": path.name,
                "old_path": str(granted.subject.path),
                "new_path": str(path),
            }
            record_event(connection, granted.subject.id, granted.identity.user, kind, details, now)
            old, action = str(granted.subject.path), AuditAction.TRANSFER_REPOSITORY
            record_act(connection, forge, granted.identity, action, old, str(path))
    except UniqueViolation as error:
        raise NameTaken("the name {path} is taken", path=repr(str(path))) from error
    except FolderGone as error:
        raise no_such_repository(granted.subject.path) from error
    forge.listings.forget(git_dir)
    return changed


def delete_repository(forge: Forge, granted: Authorized[Repository, MayDelete]) -> None:
    """For good. Its LFS objects stay in the archive as blobs that nothing links to. Raises NoSuchRepository."""
    with (
        write_lock(forge, granted.subject),
        recover_moves_on_error(forge),
        deleted(forge, granted.subject),
        forge.database.begin_write() as connection,
    ):
        require_unmoved(connection, granted.subject)
        repositories.delete_repository(connection, granted.subject.id)
        path = str(granted.subject.path)
        record_act(connection, forge, granted.identity, AuditAction.DELETE_REPOSITORY, path)
    forge.listings.forget(forge.folder(granted.subject))
    cache.forget(forge.archive, granted.subject.id)


def require_unmoved(connection: Connection, repository: Repository) -> None:
    """Its folder is taken from where the row was when it was read: by now another repository's may lie there."""
    there = repositories.lock_repository(connection, repository.id)
    if there is None or there.path != repository.path:
        raise no_such_repository(repository.path)
