"""Which repositories a client of an API v5 asks for, and in which order: their own, somebody's, an organization's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from matou.db.repositories import Repository
from matou.db.repository_listings import Affiliation, Order, RepositoryQuery
from matou.errors import Invalid
from matou.forge.access import GrantedPage
from matou.forge.repositories.repository_lists import (
    organization_repositories,
    own_repositories,
    repositories_of,
)
from matou.model.platform import Visibility
from matou.server.api.context import RequestContext
from matou.server.api.params import Direction, InvalidParameter, PageParameters

AFFILIATIONS: Final[Mapping[str, frozenset[Affiliation]]] = {
    "owner": frozenset({Affiliation.PERSONAL}),
    "collaborator": frozenset({Affiliation.COLLABORATOR}),
    "organization_member": frozenset({Affiliation.ORGANIZATION_MEMBER}),
}
"""The words that all dialects have."""


class TypeBesideAffiliation(Invalid):
    """Two ways to choose repositories that the platforms take one at a time."""


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


def list_own(
    context: RequestContext, params: OwnRepositoriesQuery, words: Mapping[str, frozenset[Affiliation]] = AFFILIATIONS
) -> GrantedPage[Repository]:
    """Args: words: those that `affiliation` may hold. Raises TypeBesideAffiliation, InvalidParameter."""
    chosen = _own_choice(params, words)
    query = RepositoryQuery(affiliations=chosen.affiliations, visibilities=chosen.visibilities, search=params.q)
    query, user = _ordered(query, params), context.user
    return own_repositories(context.forge, context.identity, user, query, offset=params.offset, limit=params.limit)


def list_of_user(context: RequestContext, name: str, params: UserRepositoriesQuery) -> GrantedPage[Repository]:
    """Raises NoSuchUser."""
    query = _ordered(RepositoryQuery(affiliations=_TYPES_OF_USER[params.type]), params)
    return repositories_of(context.forge, context.identity, name, query, offset=params.offset, limit=params.limit)


def list_of_organization(
    context: RequestContext, path: str, params: OrganizationRepositoriesQuery
) -> GrantedPage[Repository]:
    """Raises NoSuchNamespace."""
    query = _ordered(RepositoryQuery(visibilities=_VISIBILITIES[params.type]), params)
    return organization_repositories(
        context.forge, context.identity, path, query, offset=params.offset, limit=params.limit
    )


def _own_choice(params: OwnRepositoriesQuery, words: Mapping[str, frozenset[Affiliation]]) -> _Chosen:
    if params.type is None:
        return _Chosen(_affiliations(params.affiliation, words), _VISIBILITIES[params.visibility])
    if params.affiliation or params.visibility is not Visible.ALL:
        raise TypeBesideAffiliation("type cannot be given together with affiliation or visibility")
    return _OWN_TYPES[params.type]


def _affiliations(affiliation: str, known: Mapping[str, frozenset[Affiliation]]) -> frozenset[Affiliation]:
    words = {word.strip() for word in affiliation.split(",")} - {""}
    if not words <= known.keys():
        raise InvalidParameter("affiliation holds a word that it cannot: {affiliation}", affiliation=repr(affiliation))
    return frozenset().union(*(known[word] for word in words)) if words else frozenset(Affiliation)


def _ordered(query: RepositoryQuery, params: RepositoryListQuery) -> RepositoryQuery:
    """By full name from the first to the last, by a time from the newest, unless the other way was asked for."""
    default = Direction.ASCENDING if params.sort is RepositoryListSort.FULL_NAME else Direction.DESCENDING
    return replace(query, order=_ORDERS[params.sort], ascending=(params.direction or default) is Direction.ASCENDING)
