"""Who has which role where."""

from collections.abc import Collection, Mapping

from matou.db import memberships
from matou.db.engine import Connection
from matou.db.memberships import Member, Role
from matou.db.namespaces import Namespace
from matou.db.users import User, UserId
from matou.errors import Conflict, NotFound
from matou.forge.access import Authorized, Identity, MayAdminister, MayManageAccount, MaySee, MaySeeMembers
from matou.forge.accounts.audit import AuditAction, record_act
from matou.forge.forge import Forge
from matou.model.names import NamespacePath


class NoSuchMember(NotFound):
    """Somebody who has no role in exactly this namespace."""


class LastOwner(Conflict):
    """Without its last owner nobody could administer an outermost namespace; one who is switched off is none."""


def add_member(forge: Forge, granted: Authorized[Namespace, MayAdminister], user: User, role: Role) -> None:
    """Or change the role of one. Below a namespace a role only adds: the greater one holds.

    Raises:
        LastOwner: as `remove_member`.
    """
    with forge.database.begin_write() as connection:
        if role is not Role.OWNER:
            _require_another_owner(connection, granted.subject, user)
        memberships.set_membership(connection, granted.subject.id, user.id, role, forge.now())
        detail = f"{user.name}: {role.name.lower()}"
        record_act(connection, forge, granted.identity, AuditAction.SET_ROLE, str(granted.subject.path), detail)


def remove_member(forge: Forge, granted: Authorized[Namespace, MayAdminister], user: User) -> None:
    """The next request of theirs is decided without it, in every process.

    Raises:
        NoSuchMember: there is none.
        LastOwner: an outermost namespace would be left without an owner.
    """
    _remove(forge, granted.identity, granted.subject, user)


def _remove(forge: Forge, identity: Identity, namespace: Namespace, user: User) -> None:
    with forge.database.begin_write() as connection:
        _require_another_owner(connection, namespace, user)
        if not memberships.delete_membership(connection, namespace.id, user.id):
            raise _no_such_member(namespace, user)
        record_act(connection, forge, identity, AuditAction.REMOVE_ROLE, str(namespace.path), user.name)


def members(
    forge: Forge,
    granted: Authorized[Namespace, MaySeeMembers],
    *,
    roles: Collection[Role] = tuple(Role),
    offset: int = 0,
    limit: int | None = None,
) -> tuple[tuple[Member, ...], int]:
    """People with one of these roles in exactly this namespace, by name, and how many there are in all."""
    with forge.database.begin_read() as connection:
        return memberships.members(connection, granted.subject.id, roles=roles, offset=offset, limit=limit)


def find_member(forge: Forge, granted: Authorized[Namespace, MaySeeMembers], user: User) -> Member:
    """Somebody with a role in exactly this namespace. Raises NoSuchMember."""
    with forge.database.begin_read() as connection:
        member = memberships.find_member(connection, granted.subject.id, user.id)
    if member is None:
        raise _no_such_member(granted.subject, user)
    return member


def memberships_of(forge: Forge, user: User) -> tuple[tuple[NamespacePath, Role], ...]:
    """The namespaces where somebody was given a role, with that role."""
    with forge.database.begin_read() as connection:
        return memberships.memberships_of(connection, user.id)


def own_role(forge: Forge, identity: Identity, namespace: Namespace) -> Role | None:
    """The greatest of the roles that an identity itself has here and in the namespaces above."""
    if identity.user is None:
        return None
    with forge.database.begin_read() as connection:
        return memberships.role_in(connection, identity.user.id, namespace.path)


def leave_namespace(
    forge: Forge, granted: Authorized[Namespace, MaySee], account: Authorized[User, MayManageAccount]
) -> None:
    """Give back the role that the account was given in exactly this namespace. Raises as `remove_member`."""
    _remove(forge, account.identity, granted.subject, account.subject)


def owner_of(forge: Forge, namespace: Namespace) -> Member | None:
    """The first of its owners by name: whoever is told of a namespace is told whose it is."""
    with forge.database.begin_read() as connection:
        owners, _total = memberships.members(connection, namespace.id, roles=(Role.OWNER,), limit=1)
    return owners[0] if owners else None


def _no_such_member(namespace: Namespace, user: User) -> NoSuchMember:
    return NoSuchMember("{user} is not a member of {path}", user=user.name, path=repr(str(namespace.path)))


def _require_another_owner(connection: Connection, namespace: Namespace, user: User) -> None:
    if namespace.parent_id is not None:
        return
    owners: Mapping[UserId, bool] = memberships.owners(connection, namespace.id)
    others = [other for other, is_active in owners.items() if is_active and other != user.id]
    if user.id in owners and not others:
        raise LastOwner("{user} is the last owner of {path}", user=user.name, path=repr(str(namespace.path)))
