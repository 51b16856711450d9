"""The namespaces that one belongs to, and who belongs to an organization."""

import msgspec

from matou.db.memberships import Member, Role
from matou.db.namespaces import Namespace, NamespaceKind
from matou.forge.access import Action, NoSuchNamespace, Scope, reach_namespace
from matou.forge.members import members
from matou.forge.namespaces import own_namespaces
from matou.model.names import InvalidName, NamespacePath
from matou.platforms.gitcode import wire
from matou.server.dialects.gitcode_v5.answers import Page
from matou.server.dialects.gitcode_v5.call import Call
from matou.server.dialects.gitcode_v5.parameters import LARGEST_PER_PAGE, Number, Paged
from matou.server.dialects.gitcode_v5.repository_object import user_id
from matou.server.dialects.gitcode_v5.routing import plain_route

ORGANIZATIONS = (NamespaceKind.ORGANIZATION, NamespaceKind.PROJECT)


class NamespacesAsked(Paged, frozen=True, kw_only=True):
    """GitCode spells the size of this one list in its own way."""

    size: Number = msgspec.field(name="perPage", default=0)

    @property
    def limit(self) -> int:
        return min(self.size or self.per_page or 20, LARGEST_PER_PAGE)


def list_namespaces(call: Call, asked: NamespacesAsked) -> Page:
    kinds = tuple(NamespaceKind)
    found, total = own_namespaces(call.forge, call.identity, call.user, kinds, offset=asked.offset, limit=asked.limit)
    return Page([_namespace(call, namespace) for namespace in found], total)


def list_organizations(call: Call, asked: Paged) -> Page:
    found, total = own_namespaces(
        call.forge, call.identity, call.user, ORGANIZATIONS, offset=asked.offset, limit=asked.limit
    )
    return Page([_organization(call, namespace) for namespace in found], total)


def list_members(call: Call, asked: Paged) -> Page:
    path = _path(call.path["org"])
    organization = reach_namespace(call.forge, call.identity, path, Action.SEE_MEMBERS)
    found, total = members(call.forge, organization, offset=asked.offset, limit=asked.limit)
    return Page([_member(call, member) for member in found], total)


def _path(text: str) -> NamespacePath:
    try:
        return NamespacePath.parse(text)
    except InvalidName:
        raise NoSuchNamespace("there is no namespace {path}", path=repr(text)[:200]) from None


def _namespace(call: Call, namespace: Namespace) -> wire.Namespace:
    return wire.Namespace(
        id=namespace.id,
        type="user" if namespace.kind is NamespaceKind.USER else "group",
        name=namespace.display_name or namespace.name,
        path=str(namespace.path),
        html_url=call.links.page(namespace.path),
    )


def _organization(call: Call, namespace: Namespace) -> wire.Organization:
    return wire.Organization(
        id=namespace.id,
        login=str(namespace.path),
        name=namespace.display_name or namespace.name,
        path=str(namespace.path),
        avatar_url=None,
        description=namespace.description,
        repos_url=call.links.api("orgs", str(namespace.path), "repos"),
        events_url=None,
        members_url=call.links.api("orgs", str(namespace.path), "members"),
        follow_count=0,
    )


def _member(call: Call, member: Member) -> wire.OrganizationMember:
    name = member.user.name
    return wire.OrganizationMember(
        id=user_id(member.user),
        login=name,
        name=member.user.display_name,
        type="User",
        member_role="admin" if member.role >= Role.MAINTAINER else "member",
        avatar_url=None,
        html_url=call.links.user(name),
        url=call.links.api("users", name),
        followers_url=call.links.api("users", name, "followers"),
    )


_TEAM = (Scope.TEAM_READ, Scope.PROJECT_READ, Scope.PROJECT_WRITE)

ROUTES = (
    plain_route(
        None,
        "GET",
        "/user/namespaces",
        NamespacesAsked,
        list_namespaces,
        answer=list[wire.Namespace],
        scopes=_TEAM,
        choices="where the caller was given a role, their own namespace too; `mode` is not looked at",
    ),
    plain_route(None, "GET", "/users/orgs", Paged, list_organizations, answer=list[wire.Organization], scopes=_TEAM),
    plain_route(
        None,
        "GET",
        "/orgs/{org}/members",
        Paged,
        list_members,
        answer=list[wire.OrganizationMember],
        scopes=_TEAM,
        choices="for its members; `admin` is a maintainer or an owner",
    ),
)
