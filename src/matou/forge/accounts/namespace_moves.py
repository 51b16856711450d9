"""Renaming a namespace: all that stands below it moves with it, folders and rows, or none of it does."""

import resource
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from matou.db import namespaces, repositories
from matou.db.engine import Connection, UniqueViolation
from matou.db.namespaces import Namespace, NamespaceKind
from matou.db.repositories import Repository
from matou.errors import Invalid, Refused
from matou.forge.access import (
    Authorized,
    Identity,
    MayAdminister,
    MayChangeSettings,
    ReadOnly,
    SubjectState,
    authorize,
    no_such_namespace,
    no_such_repository,
)
from matou.forge.accounts.audit import AuditAction, record_act
from matou.forge.accounts.name_rules import require_clear_name
from matou.forge.accounts.users import NameTaken
from matou.forge.forge import Forge
from matou.forge.maintenance.move_recovery import recover_moves_on_error
from matou.forge.repositories.events import record_event
from matou.forge.repositories.repository_dirs import FolderGone
from matou.forge.repositories.repository_storage import renamed as renamed_in_storage
from matou.forge.repositories.write_lock import write_lock
from matou.model.events import EventKind
from matou.model.names import NamespacePath, RepositoryPath, folded

OTHER_FILES = 256
"""What a process has open besides."""


class OwnNamespace(Refused, Invalid):
    """An account's own namespace has the account's name."""


def rename_namespace(forge: Forge, granted: Authorized[Namespace, MayAdminister], name: str) -> Namespace:
    """Give a namespace another last part of its path; the old paths of repositories below it lead to the new ones.

    Raises:
        NoSuchNamespace, MissingScope, ReadOnly, NotAllowed: as `access.authorize`; ReadOnly too where a source owns
            something below it.
        OwnNamespace: it is an account's.
        InvalidName, NameTaken: of the name; InvalidName as `require_clear_name` too.
        WriterBusy: others write to a repository below it all the while.
    """
    authorize(forge, granted.identity, MayChangeSettings, granted.subject)
    if granted.subject.kind is NamespaceKind.USER:
        raise OwnNamespace("{path} is the own namespace of an account", path=repr(str(granted.subject.path)))
    path = NamespacePath((*granted.subject.path.segments[:-1], name))
    if path == granted.subject.path:
        return granted.subject
    inner = _repositories_below(forge, granted.subject)
    try:
        with _at_their_new_paths(forge, granted.subject, path, inner), forge.database.begin_write() as connection:
            _require_free(connection, granted.subject, path)
            require_clear_name(connection, granted.subject.parent_id, name, instead_of=granted.subject.name)
            renamed = _renamed(connection, forge, granted.subject, path)
            _move_rows(connection, forge, granted.identity, granted.subject, path, inner)
            old, action = str(granted.subject.path), AuditAction.RENAME_NAMESPACE
            record_act(connection, forge, granted.identity, action, old, str(path))
    except UniqueViolation as error:
        raise NameTaken("the name {path} is taken", path=repr(str(path))) from error
    except FolderGone as error:
        raise no_such_namespace(granted.subject.path) from error
    for repository in inner:
        forge.listings.forget(forge.folder(repository))
    return renamed


def _repositories_below(forge: Forge, namespace: Namespace) -> tuple[Repository, ...]:
    with forge.database.begin_read() as connection:
        below, _count = repositories.list_repositories(connection, namespace.path, recursive=True)
        spaces = namespaces.list_below(connection, namespace.path)
    owned = [str(one.path) for one in spaces if one.source is not None]
    owned += [str(one.path) for one in below if one.read_only_source is not None]
    if owned:
        raise ReadOnly(
            "{path} is {state}, and read-only", path=repr(owned[0]), state=SubjectState.OWNED_BY_SOURCE.value
        )
    return below


@contextmanager
def _at_their_new_paths(
    forge: Forge, namespace: Namespace, path: NamespacePath, inner: tuple[Repository, ...]
) -> Iterator[None]:
    """Each folder is moved with a note of its own, so that a crash leaves each where its row says."""
    _allow_open_files(len(inner))
    with ExitStack() as stack:
        for repository in inner:
            stack.enter_context(write_lock(forge, repository))
        stack.enter_context(recover_moves_on_error(forge))
        for repository in inner:
            to = _moved_path(repository.path, namespace.path, path)
            stack.enter_context(renamed_in_storage(forge, repository, to))
        yield


def _allow_open_files(count: int) -> None:
    """Each note is held open until all is done; a shell allows 1,024 files as a rule, and the system more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = count + OTHER_FILES
    if soft not in (resource.RLIM_INFINITY, hard) and soft < needed:
        most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _require_free(connection: Connection, namespace: Namespace, path: NamespacePath) -> None:
    there = namespaces.find_namespace(connection, path)
    is_taken = there is not None and there.id != namespace.id
    if not is_taken and len(path.segments) > 1:
        is_taken = repositories.find_repository_at(connection, RepositoryPath.parse(str(path))) is not None
    if is_taken:
        raise UniqueViolation("{path} is there already", path=repr(str(path)))
    require_clear_name(connection, namespace.parent_id, path.name, instead_of=namespace.name)


def _renamed(connection: Connection, forge: Forge, namespace: Namespace, path: NamespacePath) -> Namespace:
    now = forge.now()
    for inner in namespaces.list_below(connection, namespace.path):
        to = NamespacePath((*path.segments, *inner.path.segments[len(path.segments) :]))
        namespaces.change(connection, inner.id, path=str(to), folded_path=folded(str(to)), updated_at=now)
    # Whoever called it by its path goes on doing so.
    display_name = path.name if namespace.display_name == namespace.name else namespace.display_name
    renamed = namespaces.change(
        connection,
        namespace.id,
        path=str(path),
        folded_path=folded(str(path)),
        true_name=path.name,
        display_name=display_name,
        updated_at=now,
    )
    if renamed is None or renamed.parent_id != namespace.parent_id:
        raise no_such_namespace(namespace.path)
    return renamed


def _move_rows(
    connection: Connection,
    forge: Forge,
    identity: Identity,
    namespace: Namespace,
    path: NamespacePath,
    inner: tuple[Repository, ...],
) -> None:
    now = forge.now()
    there, _count = repositories.list_repositories(connection, namespace.path, recursive=True)
    if {(one.id, one.path) for one in there} != {(one.id, one.path) for one in inner}:
        raise no_such_repository(inner[0].path) if inner else no_such_namespace(namespace.path)
    for repository in inner:
        to = _moved_path(repository.path, namespace.path, path)
        repositories.move(connection, repository, to, now, true_name=repository.true_name)
        details = {"old_path": str(repository.path), "new_path": str(to)}
        record_event(connection, repository.id, identity.user, EventKind.TRANSFERRED, details, now)


def _moved_path(path: RepositoryPath, old: NamespacePath, new: NamespacePath) -> RepositoryPath:
    inner = path.namespace.segments[len(old.segments) :]
    return RepositoryPath(NamespacePath((*new.segments, *inner)), path.name)
