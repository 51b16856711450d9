"""What a listing shows to whom, as SQL: the same answer as `forge/access.py` gives for one row, for many at once."""

from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, Text, and_, exists, false, func, literal, not_, or_, select, true

from matou.db.memberships import Role
from matou.db.schema import memberships, namespaces, repositories, repository_members
from matou.db.users import UserId
from matou.model.names import NamespacePath, folded
from matou.model.platform import Visibility

Row = TypeVarTuple("Row")

LONGEST_PART = 1000
"""No name is as long; SQLite refuses a pattern of more than 50,000 bytes."""

_held = namespaces.alias("held")


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


EVERYTHING = Viewer(user_id=None, everything=True, visibilities=(), backups_are_open=False)


def sees_namespace(viewer: Viewer) -> ColumnElement[bool]:
    """Members of it, of one above it or of one below it; and whoever sees a repository in it."""
    if viewer.everything:
        return _namespace_within(viewer.only_below)
    ways: list[ColumnElement[bool]] = [false()]
    if viewer.user_id is not None:
        related = or_(
            memberships.c.namespace_id == namespaces.c.id,
            _is_below(namespaces.c.folded_path, _held.c.folded_path),
            _is_below(_held.c.folded_path, namespaces.c.folded_path),
        )
        ways.append(
            exists(
                select(literal(1))
                .select_from(memberships.join(_held, _held.c.id == memberships.c.namespace_id))
                .where(memberships.c.user_id == viewer.user_id, related)
            )
        )
    inside = _is_below(repositories.c.folded_path, namespaces.c.folded_path)
    seen_inside = or_(_open_repository(viewer), _is_repository_member(viewer))
    ways.append(exists(select(literal(1)).select_from(repositories).where(inside, seen_inside)))
    if viewer.backups_are_open:
        ways.append(namespaces.c.source.is_not(None))
    return and_(or_(*ways), _namespace_within(viewer.only_below))


def sees_repository(viewer: Viewer) -> ColumnElement[bool]:
    """Its own members, those of a namespace that it stands in, directly or not, and whom its visibility lets in.

    Where its members count independently, of the namespaces' only their owners.
    """
    within = true() if viewer.only_below is None else below(repositories.c.folded_path, viewer.only_below)
    if viewer.everything:
        return within
    ways = [_open_repository(viewer), _is_repository_member(viewer)]
    if viewer.user_id is not None:
        ways.append(
            exists(
                select(literal(1))
                .select_from(memberships.join(_held, _held.c.id == memberships.c.namespace_id))
                .where(
                    memberships.c.user_id == viewer.user_id,
                    _is_below(repositories.c.folded_path, _held.c.folded_path),
                    or_(not_(repositories.c.independent_members), memberships.c.role >= Role.OWNER.value),
                )
            )
        )
    return and_(or_(*ways), within)


def below(column: ColumnElement[str], path: NamespacePath) -> ColumnElement[bool]:
    return _is_below(column, literal(folded(str(path))))


def containing(column: ColumnElement[str], part: str) -> ColumnElement[bool]:
    """Whether a text holds a part, case aside (SQLite knows the case of ASCII letters only)."""
    if len(part) > LONGEST_PART:
        return false()
    return func.lower(column).contains(part.lower(), autoescape=True)


def page(statement: Select[*Row], order: ColumnElement[str], offset: int, limit: int | None) -> Select[*Row]:
    return statement.order_by(order).offset(offset).limit(limit)


def _open_repository(viewer: Viewer) -> ColumnElement[bool]:
    open_by_visibility = repositories.c.visibility.in_(viewer.visibilities)
    if viewer.backups_are_open:
        return or_(open_by_visibility, repositories.c.source.is_not(None))
    return open_by_visibility


def _is_repository_member(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.user_id is None:
        return false()
    return exists(
        select(literal(1))
        .select_from(repository_members)
        .where(repository_members.c.repository_id == repositories.c.id, repository_members.c.user_id == viewer.user_id)
    )


def _namespace_within(path: NamespacePath | None) -> ColumnElement[bool]:
    if path is None:
        return true()
    return or_(namespaces.c.folded_path == folded(str(path)), below(namespaces.c.folded_path, path))


def _is_below(inner: ColumnElement[str], outer: ColumnElement[str]) -> ColumnElement[bool]:
    # Not LIKE: a name may hold `_`, which would stand for any character.
    start: ColumnElement[str] = func.substr(inner, 1, func.length(outer) + 1, type_=Text)
    return start == outer + "/"
