"""Lists of repositories that a person asks for: whose they are, who may see them, in the order that was asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
)

from matou.db.conditions import containing
from matou.db.memberships import Role
from matou.db.namespaces import NamespaceKind
from matou.db.repositories import COLUMNS, Repository, repository_of
from matou.db.schema import forks, memberships, namespaces, repositories, repository_members, stars
from matou.db.users import User
from matou.db.visibility import Viewer, VisibilityFilterKey, has_visibility, is_below, sees_repository
from matou.model.names import NamespacePath, folded
from matou.model.platform import Visibility


class Affiliation(Enum):
    """How a repository comes to be somebody's."""

    PERSONAL = "in the namespace of their own"
    CREATED = "made by them"
    COLLABORATOR = "a member of the repository itself"
    ORGANIZATION_MEMBER = "a member of a namespace above it that is not their own"


class Order(Enum):
    FULL_NAME = "full name"
    CREATED = "created"
    UPDATED = "updated"
    PUSHED = "pushed"
    STARS = "stars"
    FORKS = "forks"


@dataclass(frozen=True, slots=True)
class RepositoryQuery:
    """Which repositories, and in which order.

    Attributes:
        affiliations: of `user`; None for every repository, whoever's.
        below: of a namespace, and of those below it.
        search: a part of the name, the path or the description, whatever the case.
        best_first: before the order, what is called exactly as `search`, then what begins so, then what holds it.
        forks: whether forks are among them.
    """

    user: User | None = None
    affiliations: frozenset[Affiliation] | None = None
    below: NamespacePath | None = None
    visibilities: frozenset[Visibility] = frozenset(Visibility)
    search: str = ""
    best_first: bool = False
    forks: bool = True
    order: Order = Order.FULL_NAME
    ascending: bool = True


LONGEST_SEARCH = 10_000
"""No text of a repository is longer, and SQLite compares with none that is longer than 50,000 bytes."""
_MOST_FORMS = 64
"""Of which a statement is kept, 50 KiB each; callers ask in few ways, but could in many."""


@dataclass(frozen=True, slots=True)
class _Form:
    """What of a list the text of its statement depends on, which is so built once for many lists."""

    filter_key: VisibilityFilterKey
    is_somebodys: bool
    affiliations: frozenset[Affiliation] | None
    is_below: bool
    visibilities: frozenset[Visibility]
    forks: bool
    best_first: bool
    order: Order
    ascending: bool


_USER_ID = bindparam("wanted_user_id", type_=BigInteger)
_OWN_PATH = bindparam("wanted_own_path", type_=Text)
_BELOW = bindparam("wanted_below", type_=Text)
_NAMED = bindparam("wanted_named", type_=Text)
_LIMIT, _OFFSET = bindparam("row_limit", type_=Integer), bindparam("row_offset", type_=Integer)

_STARS = select(func.count()).where(stars.c.repository_id == repositories.c.id).scalar_subquery()
_FORKS = select(func.count()).where(forks.c.parent_id == repositories.c.id).scalar_subquery()
_COLUMNS: Mapping[Order, ColumnElement[Any]] = {
    Order.FULL_NAME: repositories.c.folded_path,
    Order.CREATED: repositories.c.created_at,
    Order.UPDATED: repositories.c.updated_at,
    Order.PUSHED: repositories.c.last_push_at,
    Order.STARS: _STARS,
    Order.FORKS: _FORKS,
}
_held = namespaces.alias("held_above")


def list_by_query(
    connection: Connection, query: RepositoryQuery, *, viewer: Viewer, offset: int, limit: int
) -> tuple[tuple[Repository, ...], int]:
    """Those that the viewer may see, and how many they are in all."""
    form, parameters = _form_of(query, viewer), _parameters_of(query, viewer)
    listing = _listing_of(form) if not query.search else _listing(form, _says(query.search))
    rows = connection.execute(listing, {**parameters, _LIMIT.key: limit, _OFFSET.key: offset}).all()
    if rows:
        return tuple(map(repository_of, rows)), rows[0].total
    counted = select(func.count()).select_from(repositories).where(_chosen(form), _says(query.search))
    return (), connection.execute(counted, parameters).scalar_one()


def _form_of(query: RepositoryQuery, viewer: Viewer) -> _Form:
    return _Form(
        filter_key=viewer.filter_key,
        is_somebodys=query.user is not None,
        affiliations=query.affiliations,
        is_below=query.below is not None,
        visibilities=query.visibilities,
        forks=query.forks,
        best_first=query.best_first and bool(query.search),
        order=query.order,
        ascending=query.ascending,
    )


def _parameters_of(query: RepositoryQuery, viewer: Viewer) -> dict[str, object]:
    parameters = viewer.parameters
    if query.user is not None:
        parameters |= {_USER_ID.key: query.user.id, _OWN_PATH.key: folded(query.user.name)}
    if query.below is not None:
        parameters[_BELOW.key] = folded(str(query.below))
    if query.best_first and query.search:
        parameters[_NAMED.key] = query.search.lower()
    return parameters


def _listing(form: _Form, also: ColumnElement[bool]) -> Select[*tuple[object, ...]]:
    """Rows of COLUMNS and `total`, which is asked for with them: whoever counts apart looks through all twice."""
    matching = select(repositories.c.id, func.count().over().label("total")).where(_chosen(form), also)
    # What is wide is read of the page alone: sorting all of it takes twice as long.
    page = matching.order_by(*_ordered(form)).limit(_LIMIT).offset(_OFFSET).subquery("page")
    joined = repositories.join(page, page.c.id == repositories.c.id)
    return select(*COLUMNS, page.c.total).select_from(joined).order_by(*_ordered(form))


@lru_cache(maxsize=_MOST_FORMS)
def _listing_of(form: _Form) -> Select[*tuple[object, ...]]:
    return _listing(form, true())


def _chosen(form: _Form) -> ColumnElement[bool]:
    return and_(
        sees_repository(form.filter_key),
        has_visibility(form.visibilities),
        is_below(repositories.c.folded_path, _BELOW) if form.is_below else true(),
        true() if form.forks else ~exists(select(literal(1)).where(forks.c.repository_id == repositories.c.id)),
        _somehow(form),
    )


def _ordered(form: _Form) -> tuple[ColumnElement[object], ...]:
    column = _COLUMNS[form.order]
    columns = (column, repositories.c.id)
    directed = (one.asc() if form.ascending else one.desc() for one in columns)
    # What has no such time stands last either way; the databases do not agree on where nothing stands.
    return (*((_distance(),) if form.best_first else ()), column.is_(None), *directed)


def _distance() -> ColumnElement[int]:
    """How far a repository's name is from what was searched for."""
    name = func.lower(repositories.c.true_name, type_=Text)
    return case(
        (name == _NAMED, 0),
        (func.substr(name, 1, func.length(_NAMED)) == _NAMED, 1),
        (func.replace(name, _NAMED, "") != name, 2),
        else_=3,
    )


def _says(search: str) -> ColumnElement[bool]:
    if not search:
        return true()
    if len(search) > LONGEST_SEARCH:
        return false()
    columns = (repositories.c.true_name, repositories.c.path, repositories.c.description)
    return or_(*(containing(column, search) for column in columns))


def _somehow(form: _Form) -> ColumnElement[bool]:
    if form.affiliations is None:
        return true()
    if not form.is_somebodys:
        return false()
    conditions = {
        Affiliation.PERSONAL: is_below(repositories.c.folded_path, _OWN_PATH),
        Affiliation.CREATED: repositories.c.creator_id == _USER_ID,
        Affiliation.COLLABORATOR: _is_collaborator(),
        Affiliation.ORGANIZATION_MEMBER: _is_member_above(),
    }
    return or_(false(), *(conditions[affiliation] for affiliation in Affiliation if affiliation in form.affiliations))


def _is_collaborator() -> ColumnElement[bool]:
    return exists(
        select(literal(1))
        .select_from(repository_members)
        .where(repository_members.c.repository_id == repositories.c.id, repository_members.c.user_id == _USER_ID)
    )


def _is_member_above() -> ColumnElement[bool]:
    return exists(
        select(literal(1))
        .select_from(memberships.join(_held, _held.c.id == memberships.c.namespace_id))
        .where(
            memberships.c.user_id == _USER_ID,
            _held.c.kind != NamespaceKind.USER,
            is_below(repositories.c.folded_path, _held.c.folded_path),
            or_(~repositories.c.independent_members, memberships.c.role >= Role.OWNER.value),
        )
    )
