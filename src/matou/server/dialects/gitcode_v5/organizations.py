"""Organizations: one of them, those that one belongs to or somebody else does, and who their members are."""

import msgspec

from matou.db.memberships import Member
from matou.db.namespaces import Namespace, NamespaceKind
from matou.db.users import User
from matou.forge.access import GrantedPage, MaySee, MaySeeMembers, Scope
from matou.forge.accounts.members import find_member
from matou.forge.accounts.namespaces import namespaces_of
from matou.forge.repositories.repository_lists import find_person
from matou.platforms.gitcode import wire
from matou.server.api.context import RequestContext
from matou.server.api.params import LARGEST_PER_PAGE, Nothing, Number, PageParameters
from matou.server.api.responses import ListPage
from matou.server.api.route import plain_route
from matou.server.api.v5.organizations import (
    OrganizationMembersQuery,
    OrganizationsQuery,
    members_of,
    organizations_of,
    own_organizations,
    reach_organization,
    role_word,
)
from matou.server.dialects.gitcode_v5.repository_object import user_id


class NamespacesQuery(PageParameters, frozen=True, kw_only=True):
    """GitCode spells the size of this one list in its own way."""

    size: Number = msgspec.field(name="perPage", default=0)

    @property
    def limit(self) -> int:
        return min(self.size or self.per_page or 20, LARGEST_PER_PAGE)


def list_namespaces(context: RequestContext, params: NamespacesQuery) -> ListPage:
    kinds = tuple(NamespaceKind)
    namespaces, total = namespaces_of(
        context.forge, context.identity, context.user, kinds, offset=params.offset, limit=params.limit
    )
    return ListPage([_namespace(context, one.subject) for one in namespaces], total)


def list_organizations(context: RequestContext, params: OrganizationsQuery) -> ListPage:
    return _organizations(context, own_organizations(context, params))


def list_organizations_of_user(context: RequestContext, params: PageParameters) -> ListPage:
    user = find_person(context.forge, context.path["username"])
    return _organizations(context, organizations_of(context, user, params))


def _organizations(context: RequestContext, listing: GrantedPage[Namespace]) -> ListPage:
    namespaces, total = listing
    return ListPage([_organization(context, one.subject) for one in namespaces], total)


def show_organization(context: RequestContext, _: Nothing) -> wire.OrganizationDetail:
    organization = reach_organization(context, MaySee).subject
    detail = _organization(context, organization)
    fields = {field.name: getattr(detail, field.name) for field in msgspec.structs.fields(detail)}
    return wire.OrganizationDetail(**fields, enterprise=organization.path.segments[0])


def list_members(context: RequestContext, params: OrganizationMembersQuery) -> ListPage:
    rows, total = members_of(context, params)
    return ListPage([_member(context, member) for member in rows], total)


def show_member(context: RequestContext, _: Nothing) -> wire.Membership:
    organization = reach_organization(context, MaySeeMembers)
    member = find_member(context.forge, organization, find_person(context.forge, context.path["username"]))
    return membership(context, organization.subject, member.user)


def membership(context: RequestContext, organization: Namespace, user: User) -> wire.Membership:
    return wire.Membership(
        id=organization.id,
        name=organization.display_name or organization.name,
        path=str(organization.path),
        url=context.links.page(organization.path),
        user=wire.MemberPerson(
            id=user_id(user),
            object_id=user_id(user),
            user_id=str(user.id),
            login=user.name,
            name=user.display_name or user.name,
            html_url=context.links.user(user.name),
        ),
    )


def _namespace(context: RequestContext, namespace: Namespace) -> wire.GitCodeNamespace:
    return wire.GitCodeNamespace(
        id=namespace.id,
        type="user" if namespace.kind is NamespaceKind.USER else "group",
        name=namespace.display_name or namespace.name,
        path=str(namespace.path),
        html_url=context.links.page(namespace.path),
    )


def _organization(context: RequestContext, namespace: Namespace) -> wire.GitCodeOrganization:
    return wire.GitCodeOrganization(
        id=namespace.id,
        login=str(namespace.path),
        name=namespace.display_name or namespace.name,
        path=str(namespace.path),
        avatar_url=None,
        description=namespace.description,
        repos_url=context.links.api("orgs", str(namespace.path), "repos"),
        events_url=None,
        members_url=context.links.api("orgs", str(namespace.path), "members"),
        follow_count=0,
    )


def _member(context: RequestContext, member: Member) -> wire.OrganizationMember:
    name = member.user.name
    return wire.OrganizationMember(
        id=user_id(member.user),
        object_id=user_id(member.user),
        user_id=str(member.user.id),
        login=name,
        name=member.user.display_name,
        type="User",
        member_role=role_word(member.role),
        avatar_url=None,
        html_url=context.links.user(name),
        url=context.links.api("users", name),
        followers_url=None,
    )


_PROJECT = (Scope.PROJECT_READ, Scope.PROJECT_WRITE)
_TEAM = (Scope.TEAM_READ, *_PROJECT)

ROUTES = (
    plain_route(
        "GET",
        "/user/namespaces",
        NamespacesQuery,
        list_namespaces,
        answer=list[wire.GitCodeNamespace],
        scopes=_TEAM,
        choices="where the caller was given a role, their own namespace too; `mode` is not looked at",
    ),
    plain_route(
        "GET",
        "/users/orgs",
        OrganizationsQuery,
        list_organizations,
        answer=list[wire.GitCodeOrganization],
        scopes=_TEAM,
        choices="where the caller was given a role; with `admin=true` only where they are a maintainer or an owner",
    ),
    plain_route(
        "GET",
        "/users/{username}/orgs",
        PageParameters,
        list_organizations_of_user,
        answer=list[wire.GitCodeOrganization],
        scopes=_TEAM,
        choices="to others: only those whose members they may see, which are those that they belong to themselves",
    ),
    plain_route(
        "GET",
        "/orgs/{org}",
        Nothing,
        show_organization,
        answer=wire.OrganizationDetail,
        scopes=_PROJECT,
        choices="for whoever may see it or something in it; `enterprise` is the outermost namespace; there are no "
        "followers",
    ),
    plain_route(
        "GET",
        "/orgs/{org}/members",
        OrganizationMembersQuery,
        list_members,
        answer=list[wire.OrganizationMember],
        scopes=_TEAM,
        choices="for its members; `admin` is a maintainer or an owner, `member` anybody else; those who have a role in "
        "exactly this namespace",
    ),
    plain_route(
        "GET",
        "/orgs/{org}/members/{username}",
        Nothing,
        show_member,
        answer=wire.Membership,
        scopes=_TEAM,
        choices="for its members; 404 for somebody who has no role in exactly this namespace",
    ),
)
