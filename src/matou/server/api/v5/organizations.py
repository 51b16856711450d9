"""Organizations as every API v5 asks for them: which one a path names, and who of its members is an administrator."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from matou.db.memberships import Member, Role
from matou.db.namespaces import Namespace, NamespaceKind
from matou.db.users import User
from matou.forge.access import (
    Authorized,
    GrantedPage,
    MaySeeMembers,
    NoSuchNamespace,
    Right,
    authorize_namespace,
    no_such_namespace,
)
from matou.forge.accounts.members import members
from matou.forge.accounts.namespaces import namespaces_of
from matou.model.names import InvalidName, NamespacePath
from matou.server.api.context import RequestContext
from matou.server.api.params import PageParameters

R = TypeVar("R", bound=Right)

ORGANIZATIONS = (NamespaceKind.ORGANIZATION, NamespaceKind.PROJECT)
LEAST_ADMIN = Role.MAINTAINER
"""The smallest role that is called `admin`; all others are called `member`."""


class MemberRole(StrEnum):
    ALL = "all"
    ADMIN = "admin"
    MEMBER = "member"


ROLES: Mapping[MemberRole, Collection[Role]] = MappingProxyType(
    {
        MemberRole.ALL: tuple(Role),
        MemberRole.ADMIN: tuple(role for role in Role if role >= LEAST_ADMIN),
        MemberRole.MEMBER: tuple(role for role in Role if role < LEAST_ADMIN),
    }
)


class OrganizationsQuery(PageParameters, frozen=True, kw_only=True):
    """`admin`: only those that the caller administers."""

    admin: bool = False


class OrganizationMembersQuery(PageParameters, frozen=True, kw_only=True):
    role: MemberRole = MemberRole.ALL


def organizations_of(
    context: RequestContext, user: User, params: PageParameters, *, least: Role = Role.GUEST
) -> GrantedPage[Namespace]:
    """Those in which somebody has this role or a larger one."""
    return namespaces_of(
        context.forge, context.identity, user, ORGANIZATIONS, offset=params.offset, limit=params.limit, least=least
    )


def own_organizations(context: RequestContext, params: OrganizationsQuery) -> GrantedPage[Namespace]:
    return organizations_of(context, context.user, params, least=LEAST_ADMIN if params.admin else Role.GUEST)


def members_of(context: RequestContext, params: OrganizationMembersQuery) -> tuple[tuple[Member, ...], int]:
    """Of what `{org}` names. Raises as `access.authorize_namespace`."""
    organization = authorize_namespace(context.forge, context.identity, MaySeeMembers, _path(context.path["org"]))
    roles = ROLES[params.role]
    return members(context.forge, organization, roles=roles, offset=params.offset, limit=params.limit)


def reach_organization(context: RequestContext, right: type[R]) -> Authorized[Namespace, R]:
    """What `{org}` names, if it is nobody's own namespace. Raises as `access.authorize_namespace`."""
    path = _path(context.path["org"])
    organization = authorize_namespace(context.forge, context.identity, right, path)
    if organization.subject.kind not in ORGANIZATIONS:
        raise no_such_namespace(path)
    return organization


def role_word(role: Role) -> str:
    return "admin" if role >= LEAST_ADMIN else "member"


def _path(text: str) -> NamespacePath:
    try:
        return NamespacePath.parse(text)
    except InvalidName:
        raise NoSuchNamespace("there is no namespace {path}", path=repr(text)[:200]) from None
