"""Lists of repositories that a person asks for: whose they are, who may see them, in the order that was asked."""

from dataclasses import dataclass
from enum import Enum

from sqlalchemy import ColumnElement, Connection, Text, exists, false, func, literal, or_, select, true

from matou.db.memberships import Role
from matou.db.namespaces import NamespaceKind
from matou.db.repositories import COLUMNS, Repository, repository_of
from matou.db.schema import memberships, namespaces, repositories, repository_members
from matou.db.users import User, UserId
from matou.db.viewers import Viewer, below, containing, sees_repository
from matou.model.names import NamespacePath
from matou.model.platform import Visibility


class Way(Enum):
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


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which repositories, and in which order.

    Attributes:
        ways: of `user`; None for every repository, whoever's.
        below: of a namespace, and of those below it.
        search: a part of the name, the path or the description, whatever the case.
    """

    user: User | None = None
    ways: frozenset[Way] | None = None
    below: NamespacePath | None = None
    visibilities: frozenset[Visibility] = frozenset(Visibility)
    search: str = ""
    order: Order = Order.FULL_NAME
    ascending: bool = True


LONGEST_SEARCH = 10_000
"""No text of a repository is longer, and SQLite compares with none that is longer than 50,000 bytes."""

_COLUMNS = {
    Order.FULL_NAME: repositories.c.folded_path,
    Order.CREATED: repositories.c.created_at,
    Order.UPDATED: repositories.c.updated_at,
    Order.PUSHED: repositories.c.last_push_at,
}
_held = namespaces.alias("held_above")


def list_wanted(
    connection: Connection, wanted: Wanted, *, viewer: Viewer, offset: int, limit: int
) -> tuple[tuple[Repository, ...], int]:
    """Those that the viewer may see, and how many they are in all."""
    chosen = (
        sees_repository(viewer.sight),
        repositories.c.visibility.in_([one.value for one in wanted.visibilities]),
        true() if wanted.below is None else below(repositories.c.folded_path, wanted.below),
        _somehow(wanted),
        _says(wanted.search),
    )
    total = connection.execute(
        select(func.count()).select_from(repositories).where(*chosen), viewer.parameters
    ).scalar_one()
    column = _COLUMNS[wanted.order]
    # What has no such time stands last either way; the databases do not agree on where nothing stands.
    ordered = select(*COLUMNS).where(*chosen).order_by(column.is_(None), *_directed(column, ascending=wanted.ascending))
    rows = connection.execute(ordered.offset(offset).limit(limit), viewer.parameters).mappings()
    return tuple(repository_of(row) for row in rows), total


def _directed(column: ColumnElement[object], *, ascending: bool) -> tuple[ColumnElement[object], ...]:
    columns = (column, repositories.c.id)
    return tuple(one.asc() if ascending else one.desc() for one in columns)


def _says(search: str) -> ColumnElement[bool]:
    if not search:
        return true()
    if len(search) > LONGEST_SEARCH:
        return false()
    columns = (repositories.c.true_name, repositories.c.path, repositories.c.description)
    return or_(*(containing(column, search) for column in columns))


def _somehow(wanted: Wanted) -> ColumnElement[bool]:
    if wanted.ways is None:
        return true()
    if wanted.user is None:
        return false()
    user = wanted.user
    conditions = {
        Way.PERSONAL: below(repositories.c.folded_path, NamespacePath((user.name,))),
        Way.CREATED: repositories.c.creator_id == user.id,
        Way.COLLABORATOR: _is_collaborator(user.id),
        Way.ORGANIZATION_MEMBER: _is_member_above(user.id),
    }
    return or_(false(), *(conditions[way] for way in wanted.ways))


def _is_collaborator(user_id: UserId) -> ColumnElement[bool]:
    return exists(
        select(literal(1))
        .select_from(repository_members)
        .where(repository_members.c.repository_id == repositories.c.id, repository_members.c.user_id == user_id)
    )


def _is_member_above(user_id: UserId) -> ColumnElement[bool]:
    # Not LIKE: a name may hold `_`, which would stand for any character.
    start = func.substr(repositories.c.folded_path, 1, func.length(_held.c.folded_path) + 1, type_=Text)
    return exists(
        select(literal(1))
        .select_from(memberships.join(_held, _held.c.id == memberships.c.namespace_id))
        .where(
            memberships.c.user_id == user_id,
            _held.c.kind != NamespaceKind.USER,
            start == _held.c.folded_path + "/",
            or_(~repositories.c.independent_members, memberships.c.role >= Role.OWNER.value),
        )
    )
