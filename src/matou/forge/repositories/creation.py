"""Repositories made: empty, with a first commit, or with what another one holds; the folder and its row, or neither."""

from collections.abc import Callable, Iterable
from pathlib import Path
from types import MappingProxyType

from matou.credentials import GitCredential
from matou.db import lfs_objects, namespaces, repositories
from matou.db.engine import Connection, UniqueViolation
from matou.db.lfs_objects import LfsLink
from matou.db.namespaces import Namespace, NamespaceId
from matou.db.repositories import NewRepositoryRow, Repository
from matou.db.users import User
from matou.forge.access import Authorized, MayCreateIn
from matou.forge.accounts.name_rules import require_clear_name
from matou.forge.accounts.users import NameTaken
from matou.forge.content.branch_refs import branch_named, ref_of_branch
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
from matou.forge.repositories.repository_dirs import staged_repository
from matou.forge.repositories.repository_metadata import RepositoryMetadata
from matou.forge.repositories.repository_storage import published
from matou.fs import write_atomically
from matou.git.process.run import GitAccess
from matou.git.refs.listing import read_refs
from matou.git.repository import create_bare, object_format_on_disk, size_bytes
from matou.model.events import EventKind
from matou.model.names import InvalidName, NamespacePath, RepositoryPath, folded
from matou.model.platform import VersionControl, Visibility

_LOOK_LIKE_SLASHES = frozenset("\u2044\u2215\u2216\u29f5\u29f8\u29f9\u2571\u2572\u27cb\u27cd")

NO_FILES: FirstFiles = MappingProxyType({})

RowWriter = Callable[[Connection, Repository], None]
"""Writes what belongs to a repository, in the transaction that makes it."""


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


def require_free_early(forge: Forge, namespace: Namespace, path: RepositoryPath) -> None:
    """Before anything is fetched or copied for it: whether something may stand at a path, which may change till then.

    Raises NameTaken, InvalidName.
    """
    require_one_segment(path.name)
    with forge.database.begin_read() as connection:
        _require_free_early(connection, path, namespace.id)


def require_one_segment(name: str) -> None:
    """A name that people, or the form in which names are compared, take for two segments is none."""
    if not _LOOK_LIKE_SLASHES.isdisjoint(name) or not {"/", "\\"}.isdisjoint(folded(name)):
        raise InvalidName("the name {name} cannot be used: it looks like a path", name=repr(name)[:200])


def _require_free_early(connection: Connection, path: RepositoryPath, namespace_id: NamespaceId) -> None:
    try:
        require_free(connection, path, namespace_id)
    except UniqueViolation as error:
        raise NameTaken("the name {path} is taken", path=repr(str(path))) from error


def require_free(
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
            published(forge, git_dir, new.path) as complete,
            forge.database.begin_write() as connection,
        ):
            require_free(connection, new.path, new.namespace_id)
            created = complete(connection, repositories.insert_repository(connection, new))
            lfs_objects.link_objects(connection, created.id, links)
            record_event(connection, created.id, creator, EventKind.CREATED, {}, new.updated_at)
            also(connection, created)
    except UniqueViolation as error:
        raise NameTaken("the name {path} is taken", path=repr(str(new.path))) from error
    return created


def _nothing(_connection: Connection, _repository: Repository) -> None:
    """What belongs to a repository that has nothing but itself."""
