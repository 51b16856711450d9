"""What is changed of a repository: one thing, or many by one request, all of them looked at before any is done."""

from collections.abc import Mapping
from dataclasses import dataclass

from matou.db import repositories
from matou.db.repositories import Repository
from matou.forge.access import (
    Authorized,
    Identity,
    MayAdminister,
    MayChangeSettings,
    MayRename,
    authorize,
    no_such_repository,
    renewed,
)
from matou.forge.accounts.audit import AuditAction, record_act
from matou.forge.content.branch_refs import require_branch
from matou.forge.forge import Forge
from matou.forge.repositories.events import record_event
from matou.forge.repositories.forks import require_not_wider
from matou.forge.repositories.repository_metadata import RepositoryMetadata
from matou.forge.repositories.repository_moves import move_repository, require_unmoved
from matou.forge.repositories.settings import change_settings
from matou.forge.repositories.write_lock import write_lock
from matou.git.lock_files import publish_file
from matou.git.refs.transaction import remove_abandoned_locks
from matou.model.events import EventKind
from matou.model.names import RepositoryPath
from matou.model.platform import Visibility
from matou.model.repository_settings import Features


@dataclass(frozen=True, slots=True)
class RepositoryUpdate:
    """What is None stays as it is.

    Attributes:
        name: what people call it.
        path: the last part of its path; the old one leads to it.
    """

    name: str | None = None
    path: str | None = None
    description: str | None = None
    homepage: str | None = None
    visibility: Visibility | None = None
    default_branch: str | None = None
    lfs_enabled: bool | None = None


def change_repository(
    forge: Forge, granted: Authorized[Repository, MayChangeSettings], changes: RepositoryUpdate
) -> Repository:
    """Change some of it. Its path and who sees it are for those who may rename and administer it.

    Raises:
        NoSuchRepository, MissingScope, ReadOnly, NotAllowed: as `access.authorize`.
        InvalidName, NameTaken, InvalidText, NoSuchBranch: of what was asked for.
        WiderThanParent: more people would see a fork than see its parent.
    """
    profile = _checked(forge, granted, changes)
    changed = _moved(forge, granted, changes)
    changed = _described(forge, granted.identity, changed, profile, changes)
    if changes.default_branch is not None and changes.default_branch != changed.default_branch:
        changed = set_default_branch(forge, renewed(granted, changed), changes.default_branch)
    if changes.lfs_enabled is not None:
        change_settings(forge, renewed(granted, changed), Features, lfs_enabled=changes.lfs_enabled)
    return changed


def _checked(
    forge: Forge, granted: Authorized[Repository, MayChangeSettings], changes: RepositoryUpdate
) -> RepositoryMetadata:
    """What is said of it when all is done; raises what stands against that."""
    if changes.path is not None and changes.path != granted.subject.name:
        authorize(forge, granted.identity, MayRename, granted.subject)
        RepositoryPath(granted.subject.path.namespace, changes.path)
    if changes.visibility is not None and changes.visibility != granted.subject.visibility:
        require_not_wider(forge, authorize(forge, granted.identity, MayAdminister, granted.subject), changes.visibility)
    if changes.default_branch is not None:
        require_branch(forge, granted, changes.default_branch)
    return RepositoryMetadata(
        name=changes.name or "",
        description=changes.description or "",
        homepage=changes.homepage or "",
        visibility=changes.visibility or granted.subject.visibility,
    )


def _moved(forge: Forge, granted: Authorized[Repository, MayChangeSettings], changes: RepositoryUpdate) -> Repository:
    if changes.path is None:
        return granted.subject
    path = RepositoryPath(granted.subject.path.namespace, changes.path)
    # Who called it by its path goes on doing so.
    name = changes.path if granted.subject.true_name == granted.subject.name else granted.subject.true_name
    renaming = authorize(forge, granted.identity, MayRename, granted.subject)
    return move_repository(forge, renaming, path, true_name=name, kind=EventKind.RENAMED)


def _described(
    forge: Forge, identity: Identity, repository: Repository, profile: RepositoryMetadata, changes: RepositoryUpdate
) -> Repository:
    values: dict[str, object] = {
        "true_name": profile.name if changes.name else None,
        "description": changes.description,
        "homepage": changes.homepage,
        "visibility": changes.visibility,
    }
    differing = {
        name: value for name, value in values.items() if value is not None and value != getattr(repository, name)
    }
    if not differing:
        return repository
    now = forge.now()
    with forge.database.begin_write() as connection:
        changed = repositories.change(connection, repository.id, updated_at=now, **differing)
        if changed is None:
            raise no_such_repository(repository.path)
        details = {"kind": "repository", "names": sorted(differing)}
        record_event(connection, repository.id, identity.user, EventKind.SETTINGS_CHANGED, details, now)
        if "visibility" in differing:
            seen = {"visibility": changed.visibility.value}
            record_event(connection, repository.id, identity.user, EventKind.VISIBILITY_CHANGED, seen, now)
        path, action = str(repository.path), AuditAction.CHANGE_REPOSITORY
        record_act(connection, forge, identity, action, path, _described_values(differing))
    return changed


def describe_repository(
    forge: Forge, granted: Authorized[Repository, MayChangeSettings], description: str
) -> Repository:
    return _change(forge, granted.identity, granted.subject, description=description)


def set_visibility(forge: Forge, granted: Authorized[Repository, MayAdminister], visibility: Visibility) -> Repository:
    return _change(forge, granted.identity, granted.subject, visibility=visibility)


def set_default_branch(forge: Forge, granted: Authorized[Repository, MayChangeSettings], branch: str) -> Repository:
    """HEAD moves with it. In a repository without branches any name will do.

    Raises InvalidName, NoSuchBranch, NoSuchRepository, WriterBusy, RepositoryBusy.
    """
    git_dir = forge.git_dir(granted.subject)
    # Nobody may delete the branch, or move the folder, meanwhile.
    with write_lock(forge, granted.subject), forge.database.begin_write() as connection:
        require_unmoved(connection, granted.subject)
        ref, now = require_branch(forge, granted, branch), forge.now()
        remove_abandoned_locks(git_dir, (), now=now)
        head = f"ref: {ref}\n".encode()
        if forge.bucket is None:
            publish_file(git_dir / "HEAD", head)
        moves = {} if forge.bucket is None else forge.bucket.record_head(connection, granted.subject, head)
        changed = repositories.change(connection, granted.subject.id, updated_at=now, default_branch=branch, **moves)
        if changed is None:
            raise no_such_repository(granted.subject.path)
        path, named = str(granted.subject.path), _described_values({"default_branch": branch})
        record_act(connection, forge, granted.identity, AuditAction.CHANGE_REPOSITORY, path, named)
    forge.listings.forget(git_dir)
    return changed


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
            raise no_such_repository(granted.subject.path)
        if granted.subject.archived != archived:
            kind = EventKind.ARCHIVED if archived else EventKind.REOPENED
            record_event(connection, granted.subject.id, granted.identity.user, kind, {}, now)
            action = AuditAction.ARCHIVE_REPOSITORY if archived else AuditAction.UNARCHIVE_REPOSITORY
            record_act(connection, forge, granted.identity, action, str(granted.subject.path))
    return changed


def _change(forge: Forge, identity: Identity, repository: Repository, **values: object) -> Repository:
    with forge.database.begin_write() as connection:
        changed = repositories.change(connection, repository.id, updated_at=forge.now(), **values)
        if changed is None:
            raise no_such_repository(repository.path)
        path, action = str(repository.path), AuditAction.CHANGE_REPOSITORY
        record_act(connection, forge, identity, action, path, _described_values(values))
    return changed


def _described_values(values: Mapping[str, object]) -> str:
    """What the log says: who sees it and its default branch as they are now, of texts only that they were changed."""
    named = ("visibility", "default_branch")
    return ", ".join(f"{name}: {value}" if name in named else name for name, value in sorted(values.items()))
