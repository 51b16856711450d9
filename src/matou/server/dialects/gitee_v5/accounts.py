"""Who one is, what one belongs to and which repositories one sees: what a client of Gitee's API v5 asks first."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from matou.db.namespaces import Namespace, NamespaceKind
from matou.db.repositories import Repository
from matou.db.repository_listings import Affiliation
from matou.forge.access import GrantedPage, MaySee, Scope
from matou.forge.accounts.namespaces import namespaces_of
from matou.forge.repositories.repository_lists import find_person
from matou.platforms.gitee import wire_v5
from matou.server.api.context import RequestContext
from matou.server.api.params import Nothing, PageParameters
from matou.server.api.response_cache import at_database
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, plain_route
from matou.server.api.v5 import repository_lists
from matou.server.api.v5.organizations import (
    OrganizationMembersQuery,
    OrganizationsQuery,
    members_of,
    organizations_of,
    own_organizations,
    reach_organization,
)
from matou.server.api.v5.queries import WholeUnlessPaged
from matou.server.api.v5.repository_lists import (
    AFFILIATIONS,
    OrganizationRepositoriesQuery,
    OwnRepositoriesQuery,
    UserRepositoriesQuery,
)
from matou.server.dialects.gitee_v5.objects import list_rows, namespace_row, organization_row, user_row

WORDS: Final[Mapping[str, frozenset[Affiliation]]] = MappingProxyType(
    {**AFFILIATIONS, "enterprise_member": frozenset(), "admin": frozenset(Affiliation)}
)
"""Of `affiliation`; there are no enterprises here."""


def show_self(context: RequestContext, _: Nothing) -> dict[str, object]:
    return user_row(context.links, context.user, email=context.user.email)


def show_user(context: RequestContext, _: Nothing) -> dict[str, object]:
    return user_row(context.links, find_person(context.forge, context.path["username"]))


def list_namespaces(context: RequestContext, params: WholeUnlessPaged) -> ListPage:
    listed, total = namespaces_of(
        context.forge, context.identity, context.user, tuple(NamespaceKind), offset=params.offset, limit=params.limit
    )
    return ListPage([namespace_row(context.links, one.subject) for one in listed], total)


def list_organizations(context: RequestContext, params: OrganizationsQuery) -> ListPage:
    return _organizations(context, own_organizations(context, params))


def list_organizations_of_user(context: RequestContext, params: PageParameters) -> ListPage:
    user = find_person(context.forge, context.path["username"])
    return _organizations(context, organizations_of(context, user, params))


def list_enterprises(context: RequestContext, params: OrganizationsQuery) -> ListPage:  # noqa: ARG001 - as routes ask for it
    """There are none here: what was one at Gitee is an organization."""
    return ListPage([], 0)


def show_organization(context: RequestContext, _: Nothing) -> dict[str, object]:
    return organization_row(context.links, reach_organization(context, MaySee).subject)


def list_members(context: RequestContext, params: OrganizationMembersQuery) -> ListPage:
    rows, total = members_of(context, params)
    return ListPage([user_row(context.links, member.user) for member in rows], total)


def list_own(context: RequestContext, params: OwnRepositoriesQuery) -> ListPage:
    return _repositories(context, repository_lists.list_own(context, params, WORDS))


def list_of_user(context: RequestContext, params: UserRepositoriesQuery) -> ListPage:
    return _repositories(context, repository_lists.list_of_user(context, context.path["username"], params))


def list_of_organization(context: RequestContext, params: OrganizationRepositoriesQuery) -> ListPage:
    return _repositories(context, repository_lists.list_of_organization(context, context.path["org"], params))


def _organizations(context: RequestContext, listing: GrantedPage[Namespace]) -> ListPage:
    namespaces, total = listing
    return ListPage([organization_row(context.links, one.subject) for one in namespaces], total)


def _repositories(context: RequestContext, listing: GrantedPage[Repository]) -> ListPage:
    repositories, total = listing
    return ListPage(list_rows(context, repositories), total)


_READ = (Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)
_PROJECT = (Scope.PROJECT_READ, Scope.PROJECT_WRITE)
_TEAM = (Scope.TEAM_READ, *_PROJECT)

ROUTES: tuple[Route, ...] = (
    plain_route("GET", "/user", Nothing, show_self, answer=wire_v5.GiteeUser),
    plain_route(
        "GET",
        "/users/{username}",
        Nothing,
        show_user,
        answer=wire_v5.GiteeUser,
        scopes=(),
        choices="without the e-mail, whoever asks",
    ),
    plain_route(
        "GET",
        "/user/namespaces",
        WholeUnlessPaged,
        list_namespaces,
        answer=list[wire_v5.GiteeNamespace],
        scopes=_TEAM,
        choices="where the caller was given a role, their own namespace too, whatever `mode` is; all of them, unless a"
        " page is asked for",
    ),
    plain_route(
        "GET",
        "/user/orgs",
        OrganizationsQuery,
        list_organizations,
        answer=list[wire_v5.GiteeOrganization],
        scopes=_TEAM,
        choices="where the caller was given a role; with `admin=true` only where they are a maintainer or an owner;"
        " `login` is the whole path",
    ),
    plain_route(
        "GET",
        "/user/enterprises",
        OrganizationsQuery,
        list_enterprises,
        answer=list[wire_v5.GiteeEnterprise],
        scopes=_TEAM,
        choices="none: what was an enterprise at Gitee is an organization here",
    ),
    plain_route(
        "GET",
        "/users/{username}/orgs",
        PageParameters,
        list_organizations_of_user,
        answer=list[wire_v5.GiteeOrganization],
        scopes=_TEAM,
        choices="to others: only those whose members they may see",
    ),
    plain_route(
        "GET",
        "/orgs/{org}",
        Nothing,
        show_organization,
        answer=wire_v5.GiteeOrganization,
        scopes=_PROJECT,
        choices="for whoever may see it or something in it",
    ),
    plain_route(
        "GET",
        "/orgs/{org}/members",
        OrganizationMembersQuery,
        list_members,
        answer=list[wire_v5.GiteeUser],
        scopes=_TEAM,
        choices="for its members; `admin` is a maintainer or an owner, `member` anybody else",
    ),
    plain_route(
        "GET",
        "/user/repos",
        OwnRepositoriesQuery,
        list_own,
        answer=list[wire_v5.GiteeRepository],
        scopes=_READ,
        cache_key=at_database,
        choices="`type` beside `affiliation` or `visibility` is refused; of the words of `affiliation`,"
        " `enterprise_member` stands for none and `admin` for all",
    ),
    plain_route(
        "GET",
        "/users/{username}/repos",
        UserRepositoriesQuery,
        list_of_user,
        answer=list[wire_v5.GiteeRepository],
        scopes=(),
        cache_key=at_database,
        choices="to others: what stands in that user's own namespace, and what they made",
    ),
    plain_route(
        "GET",
        "/orgs/{org}/repos",
        OrganizationRepositoriesQuery,
        list_of_organization,
        answer=list[wire_v5.GiteeRepository],
        scopes=(),
        cache_key=at_database,
        choices="with the repositories of the namespaces below",
    ),
)
