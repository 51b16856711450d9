"""Roles that are made for one repository beside the standard ones."""

import secrets

from matou.db import customized_roles
from matou.db.customized_roles import CustomizedRole, NewCustomizedRole
from matou.db.engine import ForeignKeyViolation, UniqueViolation
from matou.db.memberships import Role
from matou.db.repositories import Repository
from matou.errors import Conflict, Invalid, NotFound
from matou.forge.access import Authorized, MayManageMembers, MaySeeMembers
from matou.forge.accounts.audit import AuditAction, record_act
from matou.forge.forge import Forge
from matou.model.names import InvalidName

LONGEST_NAME = 100
LONGEST_DESCRIPTION = 1000


class NoSuchCustomizedRole(NotFound):
    """It is not there, or it is another repository's."""


class CustomizedRoleTaken(Conflict):
    """The repository has a role of this name."""


class CustomizedRoleInUse(Conflict):
    """Somebody has it, who would be left with none."""


class InvalidRole(Invalid):
    """An access level that cannot be one of one repository."""


def create_role(
    forge: Forge,
    granted: Authorized[Repository, MayManageMembers],
    name: str,
    *,
    access_level: int,
    display_name: str = "",
    description: str = "",
) -> CustomizedRole:
    """Make a role.

    Args:
        access_level: GUEST to less than OWNER; the role may what the greatest standard role up to it may.

    Raises:
        InvalidRole, InvalidName, CustomizedRoleTaken.
    """
    now = forge.now()
    new = NewCustomizedRole(
        id=secrets.token_hex(16),
        repository_id=granted.subject.id,
        name=_text("name", name, LONGEST_NAME),
        display_name=_text("display name", display_name or name, LONGEST_NAME),
        description=_text("description", description or name, LONGEST_DESCRIPTION),
        access_level=_level(access_level),
        created_at=now,
        updated_at=now,
    )
    try:
        with forge.database.begin_write() as connection:
            customized_roles.insert_role(connection, new)
            path = str(granted.subject.path)
            record_act(connection, forge, granted.identity, AuditAction.ADD_CUSTOMIZED_ROLE, path, name)
    except UniqueViolation as error:
        raise CustomizedRoleTaken(
            "{path} has a role {name}", path=repr(str(granted.subject.path)), name=repr(name)
        ) from error
    return find_role(forge, granted, new.id)


def roles(forge: Forge, granted: Authorized[Repository, MaySeeMembers]) -> tuple[CustomizedRole, ...]:
    """By name."""
    with forge.database.begin_read() as connection:
        return customized_roles.list_roles(connection, granted.subject.id)


def find_role(forge: Forge, granted: Authorized[Repository, MaySeeMembers], role_id: str) -> CustomizedRole:
    """Raises NoSuchCustomizedRole."""
    with forge.database.begin_read() as connection:
        role = customized_roles.find_role(connection, granted.subject.id, role_id)
    if role is None:
        raise no_such_role(granted.subject, role_id)
    return role


def delete_role(forge: Forge, granted: Authorized[Repository, MayManageMembers], role_id: str) -> None:
    """Raises NoSuchCustomizedRole, CustomizedRoleInUse."""
    try:
        with forge.database.begin_write() as connection:
            is_gone = customized_roles.delete_role(connection, granted.subject.id, role_id)
            if is_gone:
                path = str(granted.subject.path)
                record_act(connection, forge, granted.identity, AuditAction.DELETE_CUSTOMIZED_ROLE, path, role_id)
    except ForeignKeyViolation as error:
        raise CustomizedRoleInUse("somebody has the role {id}", id=repr(role_id)[:100]) from error
    if not is_gone:
        raise no_such_role(granted.subject, role_id)


def no_such_role(repository: Repository, role_id: str) -> NoSuchCustomizedRole:
    return NoSuchCustomizedRole("{path} has no role {id}", path=repr(str(repository.path)), id=repr(role_id)[:100])


def standard_role(role: CustomizedRole) -> Role:
    """The greatest that its access level reaches."""
    return max(standard for standard in Role if standard <= role.access_level)


def _level(access_level: int) -> int:
    # An owner could give the repository away: that is never a role of one repository.
    if not Role.GUEST <= access_level < Role.OWNER:
        raise InvalidRole(
            "an access level is {least} to {most}, not {level}",
            least=Role.GUEST.value,
            most=Role.OWNER.value - 1,
            level=access_level,
        )
    return access_level


def _text(field: str, text: str, most: int) -> str:
    if not text.strip() or len(text) > most or not text.isprintable():
        raise InvalidName("a role's {what} has 1 to {most} printable characters", what=field, most=most)
    return text
