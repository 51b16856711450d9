"""Who one is, who others are, and the repositories that somebody or an organization has."""

from dataclasses import dataclass, replace
from enum import StrEnum

from matou.db.repositories import Repository
from matou.db.repository_listings import Affiliation, Order, RepositoryQuery
from matou.db.users import User
from matou.errors import Invalid
from matou.forge.access import GrantedPage, Scope
from matou.forge.repositories.repository_lists import (
    find_person,
    organization_repositories,
    own_repositories,
    repositories_of,
)
from matou.model.platform import Visibility
from matou.platforms.gitcode import wire
from matou.server.api.context import RequestContext
from matou.server.api.links import Links
from matou.server.api.params import Direction, InvalidParameter, Nothing, PageParameters
from matou.server.api.response_cache import at_database
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, plain_route
from matou.server.dialects.gitcode_v5.repository_object import repository_objects, user_id

CODE_REPOSITORIES = frozenset({"", "all", "code"})
"""What `repo_type` may say for there to be any: there are neither models nor data sets here."""

_READ = (Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)

AFFILIATIONS = {
    "owner": frozenset({Affiliation.PERSONAL}),
    "collaborator": frozenset({Affiliation.COLLABORATOR}),
    "organization_member": frozenset({Affiliation.ORGANIZATION_MEMBER}),
}


class TypeBesideAffiliation(Invalid):
    """Two ways to choose repositories that GitCode takes one at a time."""


class RepositoryListSort(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    PUSHED = "pushed"
    FULL_NAME = "full_name"


class Visible(StrEnum):
    ALL = "all"
    PUBLIC = "public"
    PRIVATE = "private"


class OwnType(StrEnum):
    ALL = "all"
    CREATED = "created"
    OWNER = "owner"
    PERSONAL = "personal"
    MEMBER = "member"
    PUBLIC = "public"
    PRIVATE = "private"


class TypeOfUser(StrEnum):
    ALL = "all"
    OWNER = "owner"
    PERSONAL = "personal"
    MEMBER = "member"


class RepositoryListQuery(PageParameters, frozen=True, kw_only=True):
    sort: RepositoryListSort = RepositoryListSort.FULL_NAME
    direction: Direction | None = None
    repo_type: str = ""


class OwnRepositoriesQuery(RepositoryListQuery, frozen=True, kw_only=True):
    """`affiliation` is a list with commas; `type` cannot stand beside it or beside `visibility`."""

    visibility: Visible = Visible.ALL
    affiliation: str = ""
    type: OwnType | None = None
    q: str = ""


class UserRepositoriesQuery(RepositoryListQuery, frozen=True, kw_only=True):
    type: TypeOfUser = TypeOfUser.ALL


class OrganizationRepositoriesQuery(RepositoryListQuery, frozen=True, kw_only=True):
    type: Visible = Visible.ALL


@dataclass(frozen=True, slots=True)
class _Chosen:
    affiliations: frozenset[Affiliation]
    visibilities: frozenset[Visibility]


_VISIBILITIES = {
    Visible.ALL: frozenset(Visibility),
    Visible.PUBLIC: frozenset({Visibility.PUBLIC}),
    Visible.PRIVATE: frozenset({Visibility.PRIVATE}),
}
_MEMBER = frozenset({Affiliation.COLLABORATOR, Affiliation.ORGANIZATION_MEMBER})
_OWN_TYPES = {
    OwnType.ALL: _Chosen(frozenset(Affiliation), frozenset(Visibility)),
    OwnType.CREATED: _Chosen(frozenset({Affiliation.CREATED}), frozenset(Visibility)),
    OwnType.OWNER: _Chosen(frozenset({Affiliation.CREATED}), frozenset(Visibility)),
    OwnType.PERSONAL: _Chosen(frozenset({Affiliation.PERSONAL}), frozenset(Visibility)),
    OwnType.MEMBER: _Chosen(_MEMBER, frozenset(Visibility)),
    OwnType.PUBLIC: _Chosen(frozenset(Affiliation), frozenset({Visibility.PUBLIC})),
    OwnType.PRIVATE: _Chosen(frozenset(Affiliation), frozenset({Visibility.PRIVATE})),
}
_TYPES_OF_USER = {
    TypeOfUser.ALL: frozenset(Affiliation),
    TypeOfUser.OWNER: frozenset({Affiliation.CREATED}),
    TypeOfUser.PERSONAL: frozenset({Affiliation.PERSONAL}),
    TypeOfUser.MEMBER: _MEMBER,
}
_ORDERS = {
    RepositoryListSort.CREATED: Order.CREATED,
    RepositoryListSort.UPDATED: Order.UPDATED,
    RepositoryListSort.PUSHED: Order.PUSHED,
    RepositoryListSort.FULL_NAME: Order.FULL_NAME,
}


def show_self(context: RequestContext, _: Nothing) -> wire.GitCodeUser:
    return user_object(context.links, context.user, email=context.user.email)


def show_user(context: RequestContext, _: Nothing) -> wire.GitCodeUser:
    user = find_person(context.forge, context.path["login"])
    is_self = user == context.identity.user and Scope.USER_READ in context.identity.scopes
    return user_object(context.links, user, email=user.email if is_self else "")


def list_own(context: RequestContext, params: OwnRepositoriesQuery) -> ListPage:
    chosen = _own_choice(params)
    query = RepositoryQuery(affiliations=chosen.affiliations, visibilities=chosen.visibilities, search=params.q)
    query = _ordered(query, params)
    user = context.user
    listing = own_repositories(context.forge, context.identity, user, query, offset=params.offset, limit=params.limit)
    return _page(context, params, listing)


def list_of_user(context: RequestContext, params: UserRepositoriesQuery) -> ListPage:
    query = _ordered(RepositoryQuery(affiliations=_TYPES_OF_USER[params.type]), params)
    name = context.path["login"]
    listing = repositories_of(context.forge, context.identity, name, query, offset=params.offset, limit=params.limit)
    return _page(context, params, listing)


def list_of_organization(context: RequestContext, params: OrganizationRepositoriesQuery) -> ListPage:
    query = _ordered(RepositoryQuery(visibilities=_VISIBILITIES[params.type]), params)
    path = context.path["org"]
    listing = organization_repositories(
        context.forge, context.identity, path, query, offset=params.offset, limit=params.limit
    )
    return _page(context, params, listing)


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


def _own_choice(params: OwnRepositoriesQuery) -> _Chosen:
    if params.type is None:
        return _Chosen(_affiliations(params.affiliation), _VISIBILITIES[params.visibility])
    if params.affiliation or params.visibility is not Visible.ALL:
        raise TypeBesideAffiliation("type cannot be given together with affiliation or visibility")
    return _OWN_TYPES[params.type]


def _affiliations(affiliation: str) -> frozenset[Affiliation]:
    words = {word.strip() for word in affiliation.split(",")} - {""}
    if not words <= AFFILIATIONS.keys():
        raise InvalidParameter("affiliation holds a word that it cannot: {affiliation}", affiliation=repr(affiliation))
    return frozenset().union(*(AFFILIATIONS[word] for word in words)) if words else frozenset(Affiliation)


def _ordered(query: RepositoryQuery, params: RepositoryListQuery) -> RepositoryQuery:
    """By full name from the first to the last, by a time from the newest, unless the other way was asked for."""
    default = Direction.ASCENDING if params.sort is RepositoryListSort.FULL_NAME else Direction.DESCENDING
    return replace(query, order=_ORDERS[params.sort], ascending=(params.direction or default) is Direction.ASCENDING)


def _page(context: RequestContext, params: RepositoryListQuery, listing: GrantedPage[Repository]) -> ListPage:
    if params.repo_type not in CODE_REPOSITORIES:
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
        OwnRepositoriesQuery,
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
        UserRepositoriesQuery,
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
        OrganizationRepositoriesQuery,
        list_of_organization,
        answer=list[wire.GitCodeRepository],
        cache_key=at_database,
        scopes=(),
        choices="with the repositories of the namespaces below; `sort` and `direction` work as for users",
    ),
)
