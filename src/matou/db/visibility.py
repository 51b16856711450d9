"""What a listing shows to whom, as SQL: the same answer as `forge/access.py` gives for one row, for many at once."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

from matou.db.memberships import Role
from matou.db.schema import memberships, namespaces, repositories, repository_members
from matou.db.users import UserId
from matou.model.names import NamespacePath, folded
from matou.model.platform import Visibility

Row = TypeVarTuple("Row")

_held = namespaces.alias("held")

# Without a value of their own: a statement that is executed without a viewer's parameters fails.
VIEWER_ID = bindparam("viewer_id", type_=BigInteger)
_ONLY_BELOW = bindparam("viewer_only_below", type_=Text)


@dataclass(frozen=True, slots=True)
class VisibilityFilterKey:
    """What of a viewer the text of a statement depends on, which can so be built once for many of them."""

    is_somebody: bool
    everything: bool
    visibilities: tuple[Visibility, ...]
    backups_are_open: bool
    is_bounded: bool


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose eyes a listing is for.

    Attributes:
        user_id: whose memberships count; None for nobody's.
        everything: an administrator.
        visibilities: what this viewer sees without being a member.
        backups_are_open: what a source owns is seen by anybody.
        only_below: nothing outside this namespace, whatever else holds.
    """

    user_id: UserId | None
    everything: bool
    visibilities: tuple[Visibility, ...]
    backups_are_open: bool
    only_below: NamespacePath | None = None

    @property
    def filter_key(self) -> VisibilityFilterKey:
        return VisibilityFilterKey(
            is_somebody=self.user_id is not None,
            everything=self.everything,
            visibilities=self.visibilities,
            backups_are_open=self.backups_are_open,
            is_bounded=self.only_below is not None,
        )

    @property
    def parameters(self) -> dict[str, object]:
        """What a statement that asks for this viewer's sight is executed with."""
        parameters = {
            VIEWER_ID.key: self.user_id,
            _ONLY_BELOW.key: None if self.only_below is None else folded(str(self.only_below)),
        }
        return {name: value for name, value in parameters.items() if value is not None}


EVERYTHING = Viewer(user_id=None, everything=True, visibilities=(), backups_are_open=False)


def sees_namespace(key: VisibilityFilterKey) -> ColumnElement[bool]:
    """Members of it, of one above it or of one below it; and whoever sees a repository in it."""
    if key.everything:
        return _namespace_within(key)
    conditions: list[ColumnElement[bool]] = [false()]
    if key.is_somebody:
        related = or_(
            memberships.c.namespace_id == namespaces.c.id,
            is_below(namespaces.c.folded_path, _held.c.folded_path),
            is_below(_held.c.folded_path, namespaces.c.folded_path),
        )
        conditions.append(
            exists(
                select(literal(1))
                .select_from(memberships.join(_held, _held.c.id == memberships.c.namespace_id))
                .where(memberships.c.user_id == VIEWER_ID, related)
            )
        )
    inside = is_below(repositories.c.folded_path, namespaces.c.folded_path)
    seen_inside = or_(_open_repository(key), _is_repository_member(key))
    conditions.append(exists(select(literal(1)).select_from(repositories).where(inside, seen_inside)))
    if key.backups_are_open:
        conditions.append(namespaces.c.source.is_not(None))
    return and_(or_(*conditions), _namespace_within(key))


def knows_members(key: VisibilityFilterKey) -> ColumnElement[bool]:
    """Who the members of a namespace are is for those of it and of one above it, whatever can be seen in it."""
    if key.everything:
        return _namespace_within(key)
    if not key.is_somebody:
        return false()
    related = or_(
        memberships.c.namespace_id == namespaces.c.id, is_below(namespaces.c.folded_path, _held.c.folded_path)
    )
    joined = memberships.join(_held, _held.c.id == memberships.c.namespace_id)
    is_one = exists(select(literal(1)).select_from(joined).where(memberships.c.user_id == VIEWER_ID, related))
    return and_(is_one, _namespace_within(key))


def sees_repository(key: VisibilityFilterKey) -> ColumnElement[bool]:
    """Its own members, those of a namespace that it stands in, directly or not, and whom its visibility lets in.

    Where its members count independently, of the namespaces' only their owners.
    """
    within = is_below(repositories.c.folded_path, _ONLY_BELOW) if key.is_bounded else true()
    if key.everything:
        return within
    conditions = [_open_repository(key), _is_repository_member(key)]
    if key.is_somebody:
        conditions.append(
            exists(
                select(literal(1))
                .select_from(memberships.join(_held, _held.c.id == memberships.c.namespace_id))
                .where(
                    memberships.c.user_id == VIEWER_ID,
                    is_below(repositories.c.folded_path, _held.c.folded_path),
                    or_(not_(repositories.c.independent_members), memberships.c.role >= Role.OWNER.value),
                )
            )
        )
    return and_(or_(*conditions), within)


def below(column: ColumnElement[str], path: NamespacePath) -> ColumnElement[bool]:
    return is_below(column, literal(folded(str(path))))


def page(statement: Select[*Row], order: ColumnElement[str], offset: int, limit: int | None) -> Select[*Row]:
    return statement.order_by(order).offset(offset).limit(limit)


def has_visibility(visibilities: Collection[Visibility]) -> ColumnElement[bool]:
    """One of these. Not IN: SQLAlchemy writes such a list anew each time that a statement is executed."""
    if set(visibilities) == set(Visibility):
        return true()
    return or_(false(), *(repositories.c.visibility == one.value for one in sorted(visibilities)))


def _open_repository(key: VisibilityFilterKey) -> ColumnElement[bool]:
    open_by_visibility = has_visibility(key.visibilities)
    if key.backups_are_open:
        return or_(open_by_visibility, repositories.c.source.is_not(None))
    return open_by_visibility


def _is_repository_member(key: VisibilityFilterKey) -> ColumnElement[bool]:
    if not key.is_somebody:
        return false()
    return exists(
        select(literal(1))
        .select_from(repository_members)
        .where(repository_members.c.repository_id == repositories.c.id, repository_members.c.user_id == VIEWER_ID)
    )


def _namespace_within(key: VisibilityFilterKey) -> ColumnElement[bool]:
    if not key.is_bounded:
        return true()
    return or_(namespaces.c.folded_path == _ONLY_BELOW, is_below(namespaces.c.folded_path, _ONLY_BELOW))


def is_below(inner: ColumnElement[str], outer: ColumnElement[str]) -> ColumnElement[bool]:
    # Not LIKE: a name may hold `_`, which would stand for any character.
    start: ColumnElement[str] = func.substr(inner, 1, func.length(outer) + 1, type_=Text)
    return start == outer + "/"
