"""Namespaces: a team is an outermost organization; its projects are namespaces below it."""

from collections.abc import Collection

from matou.db import memberships, namespaces, repositories
from matou.db.engine import Connection, ForeignKeyViolation, UniqueViolation
from matou.db.memberships import Role
from matou.db.namespaces import Namespace, NamespaceId, NamespaceKind, NewNamespace
from matou.db.users import User
from matou.errors import Conflict, Refused
from matou.forge.access import (
    OPERATOR,
    Authorized,
    GrantedPage,
    Identity,
    MayChangeSettings,
    MayCreateNamespaceIn,
    MayDelete,
    NoSuchNamespace,
    granted_by_listing,
    no_such_namespace,
)
from matou.forge.accounts.audit import AuditAction, record_act
from matou.forge.accounts.name_rules import require_clear_name
from matou.forge.accounts.users import NameTaken
from matou.forge.forge import Forge
from matou.model.names import NamespacePath, RepositoryPath

LARGEST_ICON_BYTES = 2 * 1024 * 1024


class IconTooLarge(Refused):
    """An icon that no page should have to load."""


class NotEmpty(Conflict):
    """A namespace that still holds something cannot be deleted."""


def create_organization(
    forge: Forge,
    name: str,
    *,
    owner: User,
    parent: Namespace | None = None,
    display_name: str = "",
    by: Identity = OPERATOR,
) -> Namespace:
    """`by`, as `create_user`, makes it for its owner. Raises InvalidName, NameTaken."""
    return _create(
        forge,
        name,
        kind=NamespaceKind.ORGANIZATION,
        parent=parent,
        display_name=display_name,
        description="",
        icon=None,
        creator=owner,
        by=by,
    )


def create_project(
    forge: Forge,
    granted: Authorized[Namespace, MayCreateNamespaceIn],
    name: str,
    *,
    display_name: str = "",
    description: str = "",
    icon: bytes | None = None,
    creator: User,
) -> Namespace:
    """The creator becomes its owner. Raises InvalidName, NameTaken, IconTooLarge."""
    return _create(
        forge,
        name,
        kind=NamespaceKind.PROJECT,
        parent=granted.subject,
        display_name=display_name,
        description=description,
        icon=_stored_icon(forge, icon),
        creator=creator,
        by=granted.identity,
    )


def find_namespace(forge: Forge, path: NamespacePath) -> Namespace:
    """Raises NoSuchNamespace. Says nothing about who may see it: ask `access`."""
    with forge.database.begin_read() as connection:
        namespace = namespaces.find_namespace(connection, path)
    if namespace is None:
        raise no_such_namespace(path)
    return namespace


def find_namespace_by_id(forge: Forge, namespace_id: NamespaceId) -> Namespace:
    """Raises NoSuchNamespace."""
    with forge.database.begin_read() as connection:
        namespace = namespaces.find_namespace_by_id(connection, namespace_id)
    if namespace is None:
        raise NoSuchNamespace("there is no such namespace")
    return namespace


def organizations(forge: Forge) -> tuple[Namespace, ...]:
    """Every namespace that is no account's own, by path."""
    with forge.database.begin_read() as connection:
        return namespaces.list_namespaces(connection, (NamespaceKind.ORGANIZATION, NamespaceKind.PROJECT))


def visible_children(
    forge: Forge,
    identity: Identity,
    parent: Namespace | None,
    *,
    kinds: Collection[NamespaceKind] = tuple(NamespaceKind),
    offset: int = 0,
    limit: int | None = None,
    name_filter: str = "",
) -> GrantedPage[Namespace]:
    """Those directly below (None: the outermost) that the identity may see, by path; the operator sees every one."""
    return granted_by_listing(
        forge,
        identity,
        lambda connection, eyes: namespaces.child_namespaces(
            connection,
            None if parent is None else parent.id,
            viewer=eyes,
            kinds=kinds,
            offset=offset,
            limit=limit,
            name_filter=name_filter,
        ),
    )


def namespaces_of(
    forge: Forge,
    identity: Identity,
    user: User,
    kinds: Collection[NamespaceKind],
    *,
    offset: int,
    limit: int,
    least: Role = Role.GUEST,
) -> GrantedPage[Namespace]:
    """Those in which a user was given at least this role, by path, and how many there are in all.

    To others only those whose members they may see: who belongs where is for those who belong there too.
    """
    return granted_by_listing(
        forge,
        identity,
        lambda connection, eyes: namespaces.namespaces_of_member(
            connection, user.id, viewer=eyes, kinds=kinds, offset=offset, limit=limit, least=least
        ),
    )


def change_namespace(
    forge: Forge,
    granted: Authorized[Namespace, MayChangeSettings],
    *,
    display_name: str | None = None,
    description: str | None = None,
) -> Namespace:
    """What is None stays as it is."""
    changes = {"display_name": display_name, "description": description}
    return _change(forge, granted, **{name: text for name, text in changes.items() if text is not None})


def set_icon(forge: Forge, granted: Authorized[Namespace, MayChangeSettings], icon: bytes | None) -> Namespace:
    """Raises IconTooLarge."""
    return _change(forge, granted, icon=_stored_icon(forge, icon))


def read_icon(forge: Forge, namespace: Namespace) -> bytes | None:
    """Bytes that somebody sent as an icon: what they are is not known. Raises DamagedBlob."""
    return None if namespace.icon is None else forge.archive.blobs.read(namespace.icon)


def delete_namespace(forge: Forge, granted: Authorized[Namespace, MayDelete]) -> None:
    """Raises NotEmpty where it still holds repositories or namespaces."""
    try:
        with forge.database.begin_write() as connection:
            namespaces.delete_namespace(connection, granted.subject.id)
            record_act(connection, forge, granted.identity, AuditAction.DELETE_NAMESPACE, str(granted.subject.path))
    except ForeignKeyViolation as error:
        raise NotEmpty("{path} still holds repositories or namespaces", path=repr(str(granted.subject.path))) from error


def _create(
    forge: Forge,
    name: str,
    *,
    kind: NamespaceKind,
    parent: Namespace | None,
    display_name: str,
    description: str,
    icon: str | None,
    creator: User,
    by: Identity,
) -> Namespace:
    path = NamespacePath((name,)) if parent is None else parent.path.child(name)
    now = forge.now()
    new = NewNamespace(
        parent_id=None if parent is None else parent.id,
        kind=kind,
        path=path,
        true_name=name,
        display_name=display_name or name,
        description=description,
        icon=icon,
        archived=False,
        source=None,
        source_id=None,
        created_at=now,
        updated_at=now,
        creator_id=creator.id,
    )
    try:
        with forge.database.begin_write() as connection:
            created = _insert(connection, new)
            memberships.set_membership(connection, created.id, creator.id, Role.OWNER, now)
            record_act(connection, forge, by, AuditAction.ADD_NAMESPACE, str(path), creator.name)
    except UniqueViolation as error:
        raise NameTaken("the name {path} is taken", path=repr(str(path))) from error
    return created


def _insert(connection: Connection, new: NewNamespace) -> Namespace:
    # A page's address must say which of the two it means.
    if len(new.path.segments) > 1 and repositories.find_repository_at(connection, RepositoryPath.parse(str(new.path))):
        raise UniqueViolation("{path} is a repository", path=repr(str(new.path)))
    require_clear_name(connection, new.parent_id, new.path.name)
    return namespaces.insert_namespace(connection, new)


def _change(forge: Forge, granted: Authorized[Namespace, MayChangeSettings], **values: str | None) -> Namespace:
    path = granted.subject.path
    with forge.database.begin_write() as connection:
        changed = namespaces.change(connection, granted.subject.id, updated_at=forge.now(), **values)
        if changed is None:
            raise no_such_namespace(path)
        names = ", ".join(sorted(values))
        record_act(connection, forge, granted.identity, AuditAction.CHANGE_NAMESPACE, str(path), names)
    return changed


def _stored_icon(forge: Forge, icon: bytes | None) -> str | None:
    if not icon:
        return None
    if len(icon) > LARGEST_ICON_BYTES:
        raise IconTooLarge("an icon has at most {largest} bytes", largest=LARGEST_ICON_BYTES)
    return forge.archive.blobs.put_bytes(icon)
