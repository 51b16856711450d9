"""Repositories: making, finding, changing, bringing in from elsewhere."""

from collections.abc import Callable, Iterable
from pathlib import Path
from types import MappingProxyType

from matou.archive import cache
from matou.credentials import GitCredential
from matou.db import lfs_objects, namespaces, repositories
from matou.db.engine import Connection, UniqueViolation
from matou.db.lfs_objects import LfsLink
from matou.db.namespaces import Namespace, NamespaceId
from matou.db.repositories import NewRepositoryRow, Repository, RepositoryId
from matou.db.users import User
from matou.errors import NotFound
from matou.forge.access import (
    Authorized,
    MayAdminister,
    MayChangeSettings,
    MayCreateIn,
    MayDelete,
    MayReadCode,
    MayRename,
    NoSuchRepository,
    no_such_repository,
)
from matou.forge.accounts.name_rules import require_clear_name
from matou.forge.accounts.users import NameTaken
from matou.forge.content.references import ref_listing
from matou.forge.forge import Forge
from matou.forge.maintenance.move_recovery import recover_moves_on_error
from matou.forge.repositories.events import record_event
from matou.forge.repositories.first_commit import FirstFiles, commit_first
from matou.forge.repositories.imports import (
    fetch_local,
    fetch_remote,
    local_git_dir,
    local_lfs_objects,
    require_remote_url,
)
from matou.forge.repositories.repository_dirs import FolderGone, moved, removed, staged_repository
from matou.forge.repositories.repository_metadata import RepositoryMetadata
from matou.forge.repositories.write_lock import write_lock
from matou.fs import write_atomically
from matou.git.lock_files import publish_file
from matou.git.process.run import GitAccess
from matou.git.refs.listing import fault_of_ref_name, fault_of_short_name, read_refs
from matou.git.refs.transaction import remove_abandoned_locks
from matou.git.repository import create_bare, object_format_on_disk, size_bytes
from matou.model.events import EventKind
from matou.model.names import InvalidName, NamespacePath, RefName, RepositoryPath, folded
from matou.model.platform import VersionControl, Visibility
from matou.model.refs import RefListing

HEADS = "refs/heads/"
_LOOK_LIKE_SLASHES = frozenset("\u2044\u2215\u2216\u29f5\u29f8\u29f9\u2571\u2572\u27cb\u27cd")

NO_FILES: FirstFiles = MappingProxyType({})

RowWriter = Callable[[Connection, Repository], None]
"""Writes what belongs to a repository, in the transaction that makes it."""


class NoSuchBranch(NotFound):
    """The repository has no branch of that name."""


def create_repository(
    forge: Forge,
    granted: Authorized[Namespace, MayCreateIn],
    name: str,
    *,
    visibility: Visibility = Visibility.PRIVATE,
    description: str = "",
    creator: User | None,
) -> Repository:
    """Make an empty one. Raises InvalidName, NameTaken."""
    profile = RepositoryMetadata(visibility=visibility, description=description)
    return begin_repository(forge, granted, name, profile, creator=creator, also=_nothing)


def begin_repository(
    forge: Forge,
    granted: Authorized[Namespace, MayCreateIn],
    name: str,
    profile: RepositoryMetadata,
    *,
    creator: User | None,
    default_branch: str = "main",
    files: FirstFiles = NO_FILES,
    also: RowWriter,
) -> Repository:
    """Make one: empty, or with a first commit on its default branch.

    Args:
        name: the last part of its path.
        files: of the first commit; none for no commit.
        also: called in the transaction that makes it.

    Raises:
        InvalidName, NameTaken: of the path; InvalidName of the branch too.
    """
    head, path = ref_of_branch(default_branch), RepositoryPath(granted.subject.path, name)
    require_free_early(forge, granted.subject, path)
    with staged_repository(forge.archive) as git_dir:
        write_atomically(git_dir / "HEAD", f"ref: {head}\n".encode())
        if files:
            commit_first(git_dir, head, files, author=creator, now=forge.now())
        new = new_repository(forge, granted.subject, path, git_dir, profile, creator)
        return publish_repository(forge, git_dir, new, creator=creator, also=also)


def find_repository(forge: Forge, path: RepositoryPath) -> Repository:
    """By its path, or by one that it had before. Raises NoSuchRepository. Ask `access` who may see it."""
    with forge.database.begin_read() as connection:
        repository = repositories.find_repository(connection, path)
    if repository is None:
        raise no_such_repository(path)
    return repository


def find_repository_by_id(forge: Forge, repository_id: RepositoryId) -> Repository:
    """Raises NoSuchRepository."""
    with forge.database.begin_read() as connection:
        repository = repositories.find_repository_by_id(connection, repository_id)
    if repository is None:
        raise NoSuchRepository("there is no such repository")
    return repository


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
    _require_one_segment(path.name)
    git_dir = forge.git_dir(granted.subject)
    try:
        with (
            write_lock(forge, granted.subject),
            recover_moves_on_error(forge),
            moved(forge.archive, git_dir, path, granted.subject.id),
            forge.database.begin_write() as connection,
        ):
            _require_unmoved(connection, granted.subject)
            target = granted.subject.namespace_id if namespace is None else namespace.id
            _require_free(connection, path, target, but_for=granted.subject)
            now = forge.now()
            renamed = repositories.move(
                connection, granted.subject, path, now, namespace_id=target, true_name=true_name
            )
            if renamed is None:
                raise repository_gone(granted.subject)
            details = {
                "old_name": granted.subject.name,
                "new_name": path.name,
                "old_path": str(granted.subject.path),
                "new_path": str(path),
            }
            record_event(connection, granted.subject.id, granted.identity.user, kind, details, now)
    except UniqueViolation as error:
        raise NameTaken("the name {path} is taken", path=repr(str(path))) from error
    except FolderGone as error:
        raise repository_gone(granted.subject) from error
    forge.listings.forget(git_dir)
    return renamed


def describe_repository(
    forge: Forge, granted: Authorized[Repository, MayChangeSettings], description: str
) -> Repository:
    return _change(forge, granted.subject, description=description)


def set_visibility(forge: Forge, granted: Authorized[Repository, MayAdminister], visibility: Visibility) -> Repository:
    return _change(forge, granted.subject, visibility=visibility)


def set_default_branch(forge: Forge, granted: Authorized[Repository, MayChangeSettings], branch: str) -> Repository:
    """HEAD moves with it. In a repository without branches any name will do.

    Raises InvalidName, NoSuchBranch, NoSuchRepository, WriterBusy, RepositoryBusy.
    """
    git_dir = forge.git_dir(granted.subject)
    # Nobody may delete the branch, or move the folder, meanwhile.
    with write_lock(forge, granted.subject), forge.database.begin_write() as connection:
        _require_unmoved(connection, granted.subject)
        ref, now = require_branch(forge, granted, branch), forge.now()
        remove_abandoned_locks(git_dir, (), now=now)
        publish_file(git_dir / "HEAD", f"ref: {ref}\n".encode())
        changed = repositories.change(connection, granted.subject.id, updated_at=now, default_branch=branch)
    forge.listings.forget(git_dir)
    if changed is None:
        raise repository_gone(granted.subject)
    return changed


def require_branch(forge: Forge, granted: Authorized[Repository, MayReadCode], branch: str) -> RefName:
    """The ref that may become HEAD. Raises InvalidName, NoSuchBranch."""
    ref = ref_of_branch(branch)
    refs = ref_listing(forge, granted).refs
    if ref not in refs and any(name.startswith(HEADS) for name in refs):
        raise NoSuchBranch("there is no branch {branch}", branch=repr(branch)[:200])
    return ref


def ref_of_branch(branch: str) -> RefName:
    fault = fault_of_ref_name(HEADS + branch) or fault_of_short_name(branch)
    if fault is not None:
        raise InvalidName("{branch} cannot be a branch: {fault}", branch=repr(branch)[:200], fault=fault)
    return RefName(HEADS + branch)


def archive_repository(forge: Forge, granted: Authorized[Repository, MayAdminister]) -> Repository:
    """Nobody can push to it or change its settings until it is unarchived."""
    return _set_archived(forge, granted, archived=True)


def unarchive_repository(forge: Forge, granted: Authorized[Repository, MayAdminister]) -> Repository:
    return _set_archived(forge, granted, archived=False)


def _set_archived(forge: Forge, granted: Authorized[Repository, MayAdminister], *, archived: bool) -> Repository:
    with forge.database.begin_write() as connection:
        now = forge.now()
        changed = repositories.change(connection, granted.subject.id, updated_at=now, archived=archived)
        if changed is None:
            raise repository_gone(granted.subject)
        if granted.subject.archived != archived:
            kind = EventKind.ARCHIVED if archived else EventKind.REOPENED
            record_event(connection, granted.subject.id, granted.identity.user, kind, {}, now)
    return changed


def delete_repository(forge: Forge, granted: Authorized[Repository, MayDelete]) -> None:
    """For good. Its LFS objects stay in the archive as blobs that nothing links to. Raises NoSuchRepository."""
    with (
        write_lock(forge, granted.subject),
        recover_moves_on_error(forge),
        removed(forge.archive, granted.subject.path, granted.subject.id),
        forge.database.begin_write() as connection,
    ):
        _require_unmoved(connection, granted.subject)
        repositories.delete_repository(connection, granted.subject.id)
    forge.listings.forget(forge.git_dir(granted.subject))
    cache.forget(forge.archive, granted.subject.id)


def import_repository(
    forge: Forge,
    source: str | Path,
    granted: Authorized[Namespace, MayCreateIn],
    name: str,
    *,
    visibility: Visibility = Visibility.PRIVATE,
    creator: User | None,
    credential: GitCredential | None = None,
    local: bool = False,
) -> Repository:
    """Bring in all refs of another repository, and the LFS objects that lie in a local one.

    Args:
        source: an http or https URL; with `local` a folder.
        name: the last part of its path.
        local: the source is a folder of this machine: for the command line, never for what comes over the network.

    Raises:
        ImportRefused: the source is nothing that may be read.
        InvalidName, NameTaken: as `create_repository`.
        GitFailed: it could not be fetched; nothing is left behind.
    """
    origin = local_git_dir(Path(source)) if local else None
    url = "" if local else require_remote_url(str(source))
    path = RepositoryPath(granted.subject.path, name)
    require_free_early(forge, granted.subject, path)
    with staged_repository(forge.archive) as git_dir:
        if origin is None:
            fetch_remote(git_dir, url, GitAccess(credential, forge.network))
        else:
            create_bare(git_dir, object_format=object_format_on_disk(origin))
            fetch_local(git_dir, origin)
        links = () if origin is None else tuple(local_lfs_objects(forge.archive, origin))
        new = new_repository(forge, granted.subject, path, git_dir, RepositoryMetadata(visibility=visibility), creator)
        return publish_repository(forge, git_dir, new, creator=creator, links=links, also=_nothing)


def branch_of_head(git_dir: Path) -> str | None:
    """The branch that HEAD names, there or not."""
    return branch_named(read_refs(git_dir))


def branch_named(listing: RefListing) -> str | None:
    """The branch that HEAD names in it, there or not."""
    head = listing.head
    return head.removeprefix(HEADS) if head is not None and head.startswith(HEADS) else None


def repository_gone(repository: Repository) -> NotFound:
    """It was deleted while somebody worked on it."""
    return no_such_repository(repository.path)


def _require_unmoved(connection: Connection, repository: Repository) -> None:
    """Its folder is taken from where the row was when it was read: by now another repository's may lie there."""
    there = repositories.lock_repository(connection, repository.id)
    if there is None or there.path != repository.path:
        raise repository_gone(repository)


def require_free_early(forge: Forge, namespace: Namespace, path: RepositoryPath) -> None:
    """Before anything is fetched or copied for it: whether something may stand at a path, which may change till then.

    Raises NameTaken, InvalidName.
    """
    _require_one_segment(path.name)
    with forge.database.begin_read() as connection:
        _require_free_early(connection, path, namespace.id)


def _require_one_segment(name: str) -> None:
    """A name that people, or the form in which names are compared, take for two segments is none."""
    if not _LOOK_LIKE_SLASHES.isdisjoint(name) or not {"/", "\\"}.isdisjoint(folded(name)):
        raise InvalidName("the name {name} cannot be used: it looks like a path", name=repr(name)[:200])


def _require_free_early(connection: Connection, path: RepositoryPath, namespace_id: NamespaceId) -> None:
    try:
        _require_free(connection, path, namespace_id)
    except UniqueViolation as error:
        raise NameTaken("the name {path} is taken", path=repr(str(path))) from error


def _require_free(
    connection: Connection, path: RepositoryPath, namespace_id: NamespaceId, *, but_for: Repository | None = None
) -> None:
    repository = repositories.find_repository_at(connection, path)
    is_taken = repository is not None and (but_for is None or repository.id != but_for.id)
    # A page's address must say whether it means a repository or a namespace.
    if is_taken or namespaces.find_namespace(connection, NamespacePath.parse(str(path))) is not None:
        raise UniqueViolation("{path} is there already", path=repr(str(path)))
    is_here = but_for is not None and but_for.path.namespace == path.namespace
    require_clear_name(connection, namespace_id, path.name, instead_of=but_for.name if but_for and is_here else None)


def new_repository(
    forge: Forge,
    namespace: Namespace,
    path: RepositoryPath,
    git_dir: Path,
    profile: RepositoryMetadata,
    creator: User | None,
) -> NewRepositoryRow:
    """The row of what lies in the staging folder and is to stand at `path`. What has history got it now."""
    now, listing = forge.now(), read_refs(git_dir)
    return NewRepositoryRow(
        namespace_id=namespace.id,
        # The namespace's own spelling, so that what differs in case only stays one folder.
        path=RepositoryPath(namespace.path, path.name),
        true_name=profile.name or path.name,
        description=profile.description,
        visibility=profile.visibility,
        default_branch=branch_named(listing),
        archived=False,
        read_only_source=None,
        source_id=None,
        version_control=VersionControl.GIT,
        size_bytes=size_bytes(git_dir),
        created_at=now,
        updated_at=now,
        last_push_at=now if listing.refs else None,
        creator_id=None if creator is None else creator.id,
        homepage=profile.homepage,
    )


def publish_repository(
    forge: Forge,
    git_dir: Path,
    new: NewRepositoryRow,
    *,
    creator: User | None,
    links: Iterable[LfsLink] = (),
    also: RowWriter,
) -> Repository:
    """Put a folder where its row says, and write that row with all that belongs to it: both, or neither.

    Raises NameTaken, and what `also` raises.
    """
    try:
        with (
            recover_moves_on_error(forge),
            moved(forge.archive, git_dir, new.path),
            forge.database.begin_write() as connection,
        ):
            _require_free(connection, new.path, new.namespace_id)
            created = repositories.insert_repository(connection, new)
            lfs_objects.link_objects(connection, created.id, links)
            record_event(connection, created.id, creator, EventKind.CREATED, {}, new.updated_at)
            also(connection, created)
    except UniqueViolation as error:
        raise NameTaken("the name {path} is taken", path=repr(str(new.path))) from error
    return created


def _nothing(_connection: Connection, _repository: Repository) -> None:
    """What belongs to a repository that has nothing but itself."""


def _change(forge: Forge, repository: Repository, **values: object) -> Repository:
    with forge.database.begin_write() as connection:
        changed = repositories.change(connection, repository.id, updated_at=forge.now(), **values)
    if changed is None:
        raise repository_gone(repository)
    return changed
