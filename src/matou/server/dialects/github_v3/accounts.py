"""Who one is, whom one belongs to and which repositories one sees; and how often one may ask."""

from dataclasses import replace
from datetime import timedelta
from math import ceil
from typing import Final

from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.forge.access import GrantedPage, MaySee, Scope
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import NoSuchUser, find_person
from matou.server.api.context import RequestContext
from matou.server.api.params import Nothing
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
from matou.server.api.v5.repository_lists import (
    OrganizationRepositoriesQuery,
    OwnRepositoriesQuery,
    UserRepositoriesQuery,
)
from matou.server.dialects.github_v3.objects import (
    organization_as_user,
    organization_profile,
    organization_row,
    owner_url,
    profile,
    repository_rows,
    user_row,
)
from matou.server.dialects.github_v3.paging import GitHubPage, linked
from matou.server.rate_limit import FixedWindowLimiter, RateState
from matou.server.streaming import Header

SPOKEN_VERSION: Final = "3.19.0"
"""Of GitHub Enterprise: `gh` asks what it may ask for."""

UNLIMITED: Final = RateState(limit=15_000, remaining=15_000, resets_in=timedelta(hours=1))
"""What is told where nothing is counted: whoever is told nothing asks before each request whether it may."""


class OwnQuery(GitHubPage, OwnRepositoriesQuery, frozen=True, kw_only=True):
    """As GitHub has it."""


class UserQuery(GitHubPage, UserRepositoriesQuery, frozen=True, kw_only=True):
    """As GitHub has it."""


class OrganizationQuery(GitHubPage, OrganizationRepositoriesQuery, frozen=True, kw_only=True):
    """As GitHub has it."""


class OwnOrganizationsQuery(GitHubPage, OrganizationsQuery, frozen=True, kw_only=True):
    """As GitHub has it."""


class MembersQuery(GitHubPage, OrganizationMembersQuery, frozen=True, kw_only=True):
    """As GitHub has it."""


def show_root(context: RequestContext, _: Nothing) -> dict[str, str]:
    links = context.links
    return {
        "current_user_url": links.api("user"),
        "current_user_repositories_url": f"{links.api('user', 'repos')}{{?type,page,per_page,sort}}",
        "organization_url": f"{links.api('orgs')}/{{org}}",
        "organization_repositories_url": f"{links.api('orgs')}/{{org}}/repos{{?type,page,per_page,sort}}",
        "rate_limit_url": links.api("rate_limit"),
        "repository_url": f"{links.api('repos')}/{{owner}}/{{repo}}",
        "user_url": f"{links.api('users')}/{{user}}",
        "user_organizations_url": links.api("user", "orgs"),
        "user_repositories_url": f"{links.api('users')}/{{user}}/repos{{?type,page,per_page,sort}}",
    }


def show_meta(context: RequestContext, _: Nothing) -> dict[str, object]:  # noqa: ARG001 - as routes ask for it
    return {"verifiable_password_authentication": False, "installed_version": SPOKEN_VERSION}


def show_self(context: RequestContext, _: Nothing) -> dict[str, object]:
    return profile(context.links, context.user, is_own=True)


def show_user(context: RequestContext, _: Nothing) -> dict[str, object]:
    """A person, or an organization, which GitHub has here too."""
    name = context.path["username"]
    try:
        return profile(context.links, find_person(context.forge, name), is_own=False)
    except NoSuchUser:
        named = replace(context, path={"org": name})
        return organization_as_user(context.links, reach_organization(named, MaySee).subject)


def list_organizations(context: RequestContext, params: OwnOrganizationsQuery) -> ListPage:
    return _organizations(context, params, own_organizations(context, params), context.links.api("user", "orgs"))


def list_organizations_of_user(context: RequestContext, params: GitHubPage) -> ListPage:
    user = find_person(context.forge, context.path["username"])
    return _organizations(
        context, params, organizations_of(context, user, params), owner_url(context.links, "users", user.name, "orgs")
    )


def show_organization(context: RequestContext, _: Nothing) -> dict[str, object]:
    return organization_profile(context.links, reach_organization(context, MaySee).subject)


def list_members(context: RequestContext, params: MembersQuery) -> ListPage:
    rows, total = members_of(context, params)
    shown = [user_row(context.links, member.user) for member in rows]
    return linked(params, shown, total, owner_url(context.links, "orgs", context.path["org"], "members"))


def list_own(context: RequestContext, params: OwnQuery) -> ListPage:
    return _repositories(
        context, params, repository_lists.list_own(context, params), context.links.api("user", "repos")
    )


def list_of_user(context: RequestContext, params: UserQuery) -> ListPage:
    """Of an organization, which GitHub has here too, all that stands in it."""
    name = context.path["username"]
    try:
        found = repository_lists.list_of_user(context, name, params)
    except NoSuchUser:
        all_of_it = OrganizationQuery(page=params.page, per_page=params.per_page, sort=params.sort)
        found = repository_lists.list_of_organization(context, name, all_of_it)
    return _repositories(context, params, found, owner_url(context.links, "users", name, "repos"))


def list_of_organization(context: RequestContext, params: OrganizationQuery) -> ListPage:
    name = context.path["org"]
    found = repository_lists.list_of_organization(context, name, params)
    return _repositories(context, params, found, owner_url(context.links, "orgs", name, "repos"))


def rate_route(limiter: FixedWindowLimiter | None) -> Route:
    """It counts as any other: whoever asks too often is not told how often."""

    def show_rate(context: RequestContext, _: Nothing) -> dict[str, object]:
        state = UNLIMITED if limiter is None else limiter.state_of(context.caller)
        row = {
            "limit": state.limit,
            "remaining": state.remaining,
            "reset": end_of(context.forge, state),
            "used": state.limit - state.remaining,
        }
        return {"resources": {"core": row, "search": row, "graphql": {**row, "limit": 0, "remaining": 0}}, "rate": row}

    return plain_route(
        "GET",
        "/rate_limit",
        Nothing,
        show_rate,
        answer=dict[str, object],
        scopes=(),
        choices="of this server's own limit, which is one for all; counted as any other call",
    )


def end_of(forge: Forge, state: RateState) -> int:
    return ceil((forge.now() + state.resets_in).timestamp())


def rate_headers(left: RateState, end: int) -> tuple[Header, ...]:
    """Args: end: the moment, in seconds since 1970, from which the whole limit is there again."""
    return (
        (b"x-ratelimit-limit", b"%d" % left.limit),
        (b"x-ratelimit-remaining", b"%d" % left.remaining),
        (b"x-ratelimit-used", b"%d" % (left.limit - left.remaining)),
        (b"x-ratelimit-reset", b"%d" % end),
        (b"x-ratelimit-resource", b"core"),
    )


def _organizations(context: RequestContext, params: GitHubPage, listing: GrantedPage[Namespace], url: str) -> ListPage:
    namespaces, total = listing
    return linked(params, [organization_row(context.links, one.subject) for one in namespaces], total, url)


def _repositories(context: RequestContext, params: GitHubPage, listing: GrantedPage[Repository], url: str) -> ListPage:
    found, total = listing
    return linked(params, repository_rows(context, [one.subject for one in found]), total, url)


_READ: Final = (Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)
_PROJECT: Final = (Scope.PROJECT_READ, Scope.PROJECT_WRITE)
_TEAM: Final = (Scope.TEAM_READ, *_PROJECT)
_ROW = dict[str, object]

ROUTES: tuple[Route, ...] = (
    plain_route("GET", "/", Nothing, show_root, answer=dict[str, str], scopes=()),
    plain_route(
        "GET",
        "/meta",
        Nothing,
        show_meta,
        answer=dict[str, object],
        scopes=(),
        choices="the version of GitHub Enterprise whose description these answers follow",
    ),
    plain_route("GET", "/user", Nothing, show_self, answer=_ROW),
    plain_route(
        "GET",
        "/users/{username}",
        Nothing,
        show_user,
        answer=_ROW,
        scopes=(),
        choices="an organization too; the counts are 0, and an e-mail is told to nobody",
    ),
    plain_route(
        "GET",
        "/user/orgs",
        OwnOrganizationsQuery,
        list_organizations,
        answer=list[_ROW],
        scopes=_TEAM,
        choices="where the caller was given a role",
    ),
    plain_route(
        "GET",
        "/users/{username}/orgs",
        GitHubPage,
        list_organizations_of_user,
        answer=list[_ROW],
        scopes=_TEAM,
        choices="to others: only those whose members they may see",
    ),
    plain_route(
        "GET",
        "/orgs/{org}",
        Nothing,
        show_organization,
        answer=_ROW,
        scopes=_PROJECT,
        choices="for whoever may see it or something in it",
    ),
    plain_route(
        "GET",
        "/orgs/{org}/members",
        MembersQuery,
        list_members,
        answer=list[_ROW],
        scopes=_TEAM,
        choices="for its members; `admin` is a maintainer or an owner, `member` anybody else",
    ),
    plain_route(
        "GET",
        "/user/repos",
        OwnQuery,
        list_own,
        answer=list[_ROW],
        scopes=_READ,
        cache_key=at_database,
        choices="`type` beside `affiliation` or `visibility` is refused",
    ),
    plain_route(
        "GET",
        "/users/{username}/repos",
        UserQuery,
        list_of_user,
        answer=list[_ROW],
        scopes=(),
        cache_key=at_database,
        choices="to others: what stands in that user's own namespace, and what they made; of an organization all",
    ),
    plain_route(
        "GET",
        "/orgs/{org}/repos",
        OrganizationQuery,
        list_of_organization,
        answer=list[_ROW],
        scopes=(),
        cache_key=at_database,
        choices="with the repositories of the namespaces below",
    ),
)
