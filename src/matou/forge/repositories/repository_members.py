"""Who has which role in one repository, and whether the roles in the namespaces above it count there."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from matou.db import customized_roles, repositories, repository_members, users
from matou.db.engine import Connection
from matou.db.memberships import Role
from matou.db.repositories import Repository
from matou.db.repository_members import RepositoryMember
from matou.db.users import User, UserId, UserKind
from matou.errors import Invalid, NotFound
from matou.forge import access
from matou.forge.access import Authorized, Identity, MayChangeMemberMode, MayManageMembers, MaySeeMembers
from matou.forge.accounts.audit import AuditAction, record_act
from matou.forge.accounts.members import NoSuchMember
from matou.forge.accounts.users import find_user
from matou.forge.forge import Forge
from matou.forge.repositories.customized_roles import no_such_role, standard_role
from matou.forge.repositories.events import record_event
from matou.model.events import EventKind
from matou.model.names import folded


class MemberPermission(StrEnum):
    """What a role in one repository is called in GitCode's words."""

    PULL = "pull"
    PUSH = "push"
    ADMIN = "admin"
    CUSTOMIZED = "customized"


ROLES: Mapping[MemberPermission, Role] = MappingProxyType(
    {
        MemberPermission.PULL: Role.REPORTER,
        MemberPermission.PUSH: Role.DEVELOPER,
        MemberPermission.ADMIN: Role.MAINTAINER,
    }
)
"""Nobody becomes an owner of one repository: whoever may give roles here could otherwise raise themselves."""


class NotAPerson(Invalid):
    """The robot of a project token: its token says what it is good for."""


class MissingCustomizedRole(Invalid):
    """A customized role was asked for without saying which."""


class NoSuchPerson(NotFound):
    """Nobody has this name."""


def find_person(forge: Forge, name: str) -> User:
    """By name alone, never by e-mail: whose an address is, is nobody's business. Raises NoSuchPerson."""
    user = find_user(forge, name)
    if user is None or folded(user.name) != folded(name) or user.kind is not UserKind.PERSON:
        raise NoSuchPerson("user not found")
    return user


def people_of(forge: Forge, ids: Sequence[int]) -> tuple[User, ...]:
    """Those of them who are still there, in this order."""
    with forge.database.begin_read() as connection:
        rows = [users.find_user(connection, UserId(user_id)) for user_id in ids]
    return tuple(user for user in rows if user is not None)


def set_member(
    forge: Forge,
    granted: Authorized[Repository, MayManageMembers],
    user: User,
    permission: MemberPermission,
    *,
    customized_role_id: str = "",
) -> RepositoryMember:
    """Give somebody a role here, instead of the one that they were given here before.

    Raises:
        NoSuchRepository, MissingScope, ReadOnly, NotAllowed: as `access.authorize`.
        NotAPerson, MissingCustomizedRole.
        NoSuchCustomizedRole: it is not there, or it is another repository's.
    """
    if user.kind is not UserKind.PERSON:
        raise NotAPerson("{user} stands for a token, which has a role of its own", user=user.name)
    with forge.database.begin_write() as connection:
        role, role_id = _role_of(connection, granted.subject, permission, customized_role_id)
        is_new = repository_members.set_member(connection, granted.subject, user.id, role, role_id, forge.now())
        kind = EventKind.MEMBER_ADDED if is_new else EventKind.MEMBER_CHANGED
        _record(connection, forge, granted.identity, granted.subject, kind, {**_named(user), "permission": permission})
        detail = f"{user.name}: {permission}"
        record_act(connection, forge, granted.identity, AuditAction.SET_ROLE, str(granted.subject.path), detail)
        member = repository_members.find_member(connection, granted.subject, user.id)
    if member is None:
        raise no_such_member(granted.subject, user.name)
    return member


def remove_member(forge: Forge, granted: Authorized[Repository, MayManageMembers], user: User) -> None:
    """Take away the role that was given here; those in the namespaces above stay.

    Raises:
        NoSuchRepository, MissingScope, ReadOnly, NotAllowed: as `access.authorize`.
        NoSuchMember: they were given none here.
    """
    with forge.database.begin_write() as connection:
        if not repository_members.delete_member(connection, granted.subject, user.id):
            raise no_such_member(granted.subject, user.name)
        _record(connection, forge, granted.identity, granted.subject, EventKind.MEMBER_REMOVED, _named(user))
        path = str(granted.subject.path)
        record_act(connection, forge, granted.identity, AuditAction.REMOVE_ROLE, path, user.name)


def members(
    forge: Forge, granted: Authorized[Repository, MaySeeMembers], *, offset: int = 0, limit: int | None = None
) -> tuple[tuple[RepositoryMember, ...], int]:
    """People with a role that counts here, wherever it was given, by name, and how many there are in all."""
    with forge.database.begin_read() as connection:
        return repository_members.list_members(connection, granted.subject, offset=offset, limit=limit)


def find_member(forge: Forge, granted: Authorized[Repository, MaySeeMembers], user: User) -> RepositoryMember:
    """Raises NoSuchMember for somebody without a role that counts here."""
    with forge.database.begin_read() as connection:
        member = repository_members.find_member(connection, granted.subject, user.id)
    if member is None:
        raise no_such_member(granted.subject, user.name)
    return member


def set_member_mode(
    forge: Forge, granted: Authorized[Repository, MayChangeMemberMode], *, independent: bool
) -> Repository:
    """Let the roles in the namespaces above count here, or those of their owners alone.

    Raises:
        NoSuchRepository, MissingScope, ReadOnly, NotAllowed: as `access.authorize`.
    """
    with forge.database.begin_write() as connection:
        changed = repositories.change(connection, granted.subject.id, independent_members=independent)
        if changed is None:
            raise access.no_such_repository(granted.subject.path)
        details = {"settings": "member_mode", "independent": independent}
        _record(connection, forge, granted.identity, granted.subject, EventKind.SETTINGS_CHANGED, details)
        path, mode = str(granted.subject.path), "independent" if independent else "inherited"
        record_act(connection, forge, granted.identity, AuditAction.SET_MEMBER_MODE, path, mode)
    return changed


def no_such_member(repository: Repository, name: str) -> NoSuchMember:
    return NoSuchMember("{user} is not a member of {path}", user=name, path=repr(str(repository.path)))


def _role_of(
    connection: Connection, repository: Repository, permission: MemberPermission, customized_role_id: str
) -> tuple[Role, str | None]:
    if permission is not MemberPermission.CUSTOMIZED:
        return ROLES[permission], None
    if not customized_role_id:
        raise MissingCustomizedRole("role_id must say which customized role")
    role = customized_roles.find_role(connection, repository.id, customized_role_id)
    if role is None:
        raise no_such_role(repository, customized_role_id)
    return standard_role(role), role.id


def _named(user: User) -> dict[str, object]:
    return {"userid": user.id, "username": user.name}


def _record(
    connection: Connection,
    forge: Forge,
    identity: Identity,
    repository: Repository,
    kind: EventKind,
    details: Mapping[str, object],
) -> None:
    record_event(connection, repository.id, identity.user, kind, details, forge.now())
