"""Who one is, who others are, and the repositories that somebody or an organization has."""

from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import GrantedPage, Scope
from matou.forge.repositories.repository_lists import find_person
from matou.platforms.gitcode import wire
from matou.server.api.context import RequestContext
from matou.server.api.links import Links
from matou.server.api.params import Nothing
from matou.server.api.response_cache import at_database
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, plain_route
from matou.server.api.v5 import repository_lists
from matou.server.api.v5.repository_lists import (
    OrganizationRepositoriesQuery,
    OwnRepositoriesQuery,
    UserRepositoriesQuery,
)
from matou.server.dialects.gitcode_v5.repository_object import repository_objects, user_id

CODE_REPOSITORIES = frozenset({"", "all", "code"})
"""What `repo_type` may say for there to be any: there are neither models nor data sets here."""

_READ = (Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)


class OwnCodeQuery(OwnRepositoriesQuery, frozen=True, kw_only=True):
    repo_type: str = ""


class CodeOfUserQuery(UserRepositoriesQuery, frozen=True, kw_only=True):
    repo_type: str = ""


class CodeOfOrganizationQuery(OrganizationRepositoriesQuery, frozen=True, kw_only=True):
    repo_type: str = ""


def show_self(context: RequestContext, _: Nothing) -> wire.GitCodeUser:
    return user_object(context.links, context.user, email=context.user.email)


def show_user(context: RequestContext, _: Nothing) -> wire.GitCodeUser:
    user = find_person(context.forge, context.path["login"])
    is_self = user == context.identity.user and Scope.USER_READ in context.identity.scopes
    return user_object(context.links, user, email=user.email if is_self else "")


def list_own(context: RequestContext, params: OwnCodeQuery) -> ListPage:
    return _page(context, params.repo_type, repository_lists.list_own(context, params))


def list_of_user(context: RequestContext, params: CodeOfUserQuery) -> ListPage:
    listing = repository_lists.list_of_user(context, context.path["login"], params)
    return _page(context, params.repo_type, listing)


def list_of_organization(context: RequestContext, params: CodeOfOrganizationQuery) -> ListPage:
    listing = repository_lists.list_of_organization(context, context.path["org"], params)
    return _page(context, params.repo_type, listing)


def user_object(links: Links, user: User, *, email: str = "") -> wire.GitCodeUser:
    """An e-mail is shown to its owner alone."""
    return wire.GitCodeUser(
        id=user_id(user),
        login=user.name,
        name=user.display_name,
        avatar_url="",
        html_url=links.user(user.name),
        url=links.api("users", user.name),
        followers_url=None,
        email=email,
        top_languages=[],
    )


def _page(context: RequestContext, repo_type: str, listing: GrantedPage[Repository]) -> ListPage:
    if repo_type not in CODE_REPOSITORIES:
        return ListPage([], 0)
    repositories, total = listing
    return ListPage(repository_objects(context, repositories), total)


ROUTES: tuple[Route, ...] = (
    plain_route(
        "GET",
        "/user",
        Nothing,
        show_self,
        answer=wire.GitCodeUser,
        choices="`id` is 24 hexadecimal digits here and a number in quotes within a repository, as GitCode has it",
    ),
    plain_route(
        "GET",
        "/users/{login}",
        Nothing,
        show_user,
        answer=wire.GitCodeUser,
        scopes=(),
        choices="the e-mail is shown to its owner alone",
    ),
    plain_route(
        "GET",
        "/user/repos",
        OwnCodeQuery,
        list_own,
        answer=list[wire.GitCodeRepository],
        cache_key=at_database,
        scopes=_READ,
        choices=(
            "without `type` and `affiliation`: what stands in the caller's own namespace, what they made, and what they"
            " are a member of; `type` beside `affiliation` or `visibility` is refused; `private` leaves out what is"
            " internal"
        ),
    ),
    plain_route(
        "GET",
        "/users/{login}/repos",
        CodeOfUserQuery,
        list_of_user,
        answer=list[wire.GitCodeRepository],
        cache_key=at_database,
        scopes=(),
        choices=(
            "to others: what stands in that user's own namespace, and what they made; `owner` is what they made,"
            " `personal` what stands in their namespace, and `member` is for themselves"
        ),
    ),
    plain_route(
        "GET",
        "/orgs/{org}/repos",
        CodeOfOrganizationQuery,
        list_of_organization,
        answer=list[wire.GitCodeRepository],
        cache_key=at_database,
        scopes=(),
        choices="with the repositories of the namespaces below; `sort` and `direction` work as for users",
    ),
)
