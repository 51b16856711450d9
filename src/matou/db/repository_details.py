"""What is told of repositories beside their own rows, for many at once: a number of questions that does not grow."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from matou.db.memberships import Role
from matou.db.namespaces import COLUMNS as NAMESPACE_COLUMNS
from matou.db.namespaces import Namespace, NamespaceId, namespace_of
from matou.db.repositories import Repository, RepositoryId, find_repositories
from matou.db.schema import (
    forks,
    memberships,
    namespaces,
    repositories,
    repository_members,
    repository_settings,
    stars,
    users,
    watches,
)
from matou.db.settings import settings_of
from matou.db.users import PUBLIC_COLUMNS, User, UserId, user_of
from matou.db.visibility import VIEWER_ID, Viewer, VisibilityFilterKey, sees_repository
from matou.model.names import NamespacePath, folded
from matou.model.repository_settings import Features, Modules, RepositorySettings

S = TypeVar("S", bound=RepositorySettings)


@dataclass(frozen=True, slots=True)
class Counts:
    """`forks` are those that the viewer may see."""

    stars: int
    watches: int
    forks: int


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """What is told of one repository.

    Attributes:
        namespace: where it stands.
        root: the outermost namespace above it.
        creator: None where nobody is known, or the account is gone.
        namespace_creator: whose the namespace is.
        parent: what it was forked from, if that is there and the viewer may see it.
        role: the viewer's; None where they have none.
        is_starred, is_watched: by the viewer.
    """

    namespace: Namespace
    root: Namespace
    creator: User | None
    namespace_creator: User | None
    is_fork: bool
    parent: Repository | None
    role: Role | None
    is_starred: bool
    is_watched: bool
    modules: Modules
    features: Features
    counts: Counts


class _FactKind(StrEnum):
    """What a row says of a repository. Beside these a row may hold one of its settings, told by their kind."""

    STARS = "its stars"
    WATCHES = "those who watch it"
    FORKS = "its forks"
    PARENT = "what it was forked from"
    STARRED = "the viewer's star"
    WATCHED = "the viewer's watch"
    ROLE = "the viewer's role in it"
    ROLE_ABOVE = "the viewer's role in a namespace"


@dataclass(frozen=True, slots=True)
class _Answers:
    """The rows: of most repositories there are none.

    Attributes:
        numbers: by what they tell, and of which repository.
        settings: by their kind, and of which repository.
        roles_above: by the folded paths of namespaces.
    """

    numbers: Mapping[str, Mapping[RepositoryId, int | None]]
    settings: Mapping[str, Mapping[RepositoryId, str]]
    roles_above: Mapping[str, int]

    def counts(self) -> Mapping[RepositoryId, Counts]:
        """Of those that have any."""
        stars, watches, forks = (self.numbers[kind] for kind in (_FactKind.STARS, _FactKind.WATCHES, _FactKind.FORKS))
        return {
            id_: Counts(stars=stars.get(id_) or 0, watches=watches.get(id_) or 0, forks=forks.get(id_) or 0)
            for id_ in stars.keys() | watches.keys() | forks.keys()
        }

    def settings_of(self, kind: type[S]) -> Mapping[RepositoryId, S]:
        """Of those where any were made. Raises DamagedSettings."""
        return {id_: settings_of(kind, json.loads(text)) for id_, text in self.settings[kind.kind].items()}

    def role(self, repository: Repository, above: int) -> Role | None:
        """What `repository_members.role_in_repository` says. `above` is the greatest role in a namespace above it."""
        counts = above if not repository.independent_members or above >= Role.OWNER else 0
        role = max(counts, self.numbers[_FactKind.ROLE].get(repository.id) or 0)
        return Role(role) if role else None

    def role_above(self, path: NamespacePath) -> int:
        """The greatest that a namespace, or one above it, gives; 0 for none."""
        outwards = (folded("/".join(path.segments[:depth])) for depth in range(1, len(path.segments) + 1))
        return max((self.roles_above.get(one, 0) for one in outwards), default=0)


@dataclass(frozen=True, slots=True)
class _Namespaces:
    """Attributes: roots: the outermost ones, by their names as paths have them."""

    by_id: Mapping[NamespaceId, Namespace]
    roots: Mapping[str, Namespace]

    def of(self, repository: Repository) -> Namespace:
        return self.by_id[repository.namespace_id]

    def above(self, repository: Repository) -> Namespace:
        """The outermost one."""
        return self.roots.get(repository.path.namespace.segments[0], self.of(repository))


_Rows = Select[*tuple[Any, ...]]

_MOST_SIGHTS = 16
_NO_MODULES, _NO_FEATURES, _NO_COUNTS = Modules(), Features(), Counts(stars=0, watches=0, forks=0)
_NAMESPACE_IDS = bindparam("namespace_ids", type_=BigInteger, expanding=True)
_ROOTS = bindparam("roots", type_=Text, expanding=True)
_USER_IDS = bindparam("user_ids", type_=BigInteger, expanding=True)
_NAMESPACES = select(*NAMESPACE_COLUMNS).where(
    or_(namespaces.c.id.in_(_NAMESPACE_IDS), namespaces.c.folded_path.in_(_ROOTS))
)
_PEOPLE = select(*PUBLIC_COLUMNS).where(users.c.id.in_(_USER_IDS))


def facts_of(
    connection: Connection, listed: Sequence[Repository], viewer: Viewer
) -> Mapping[RepositoryId, RepositoryFacts]:
    """For the eyes of one viewer. Left out is what was deleted with its namespace since it was read."""
    spaces = _namespaces(connection, listed)
    people = _people(connection, listed, spaces)
    answers = _ask(connection, listed, viewer)
    all_forks, starred, watched = (
        answers.numbers[kind] for kind in (_FactKind.PARENT, _FactKind.STARRED, _FactKind.WATCHED)
    )
    parents = _parents(connection, all_forks, viewer)
    modules, features, counts = answers.settings_of(Modules), answers.settings_of(Features), answers.counts()
    above = {path: answers.role_above(path) for path in {one.path.namespace for one in listed}}
    return {
        one.id: RepositoryFacts(
            namespace=spaces.of(one),
            root=spaces.above(one),
            creator=_find(people, one.creator_id),
            namespace_creator=_find(people, spaces.of(one).creator_id),
            is_fork=one.id in all_forks,
            parent=parents.get(one.id),
            role=answers.role(one, above[one.path.namespace]),
            is_starred=one.id in starred,
            is_watched=one.id in watched,
            modules=modules.get(one.id, _NO_MODULES),
            features=features.get(one.id, _NO_FEATURES),
            counts=counts.get(one.id, _NO_COUNTS),
        )
        for one in listed
        if one.namespace_id in spaces.by_id
    }


def _ask(connection: Connection, listed: Sequence[Repository], viewer: Viewer) -> _Answers:
    """All in one question."""
    numbers: defaultdict[str, dict[RepositoryId, int | None]] = defaultdict(dict)
    settings: defaultdict[str, dict[RepositoryId, str]] = defaultdict(dict)
    roles_above: dict[str, int] = {}
    statement = _everything(viewer.filter_key, connection.dialect.name)
    parameters = viewer.parameters | _parameters_of(one.id for one in listed)
    for kind, repository_id, number, text in connection.execute(statement, parameters).all():
        if kind == _FactKind.ROLE_ABOVE:
            roles_above[text] = number
        elif text is None:
            numbers[kind][repository_id] = number
        else:
            settings[kind][repository_id] = text
    return _Answers(numbers, settings, roles_above)


@lru_cache(maxsize=_MOST_SIGHTS)
def _everything(key: VisibilityFilterKey, dialect: str) -> CompoundSelect[*tuple[Any, ...]]:
    """Rows of `_Told` or a kind of settings, a repository's id, a number, a text."""
    ids = select(_ids_of(dialect).cte("listed").c.value)
    return union_all(*_for_anybody(ids, key), *(_for_viewer(ids) if key.is_somebody else ()))


def _for_anybody(ids: Select[int], key: VisibilityFilterKey) -> tuple[_Rows, ...]:
    kind, document = repository_settings.c.kind, repository_settings.c.document
    joined = forks.join(repositories, repositories.c.id == forks.c.repository_id)
    return (
        _counted(_FactKind.STARS, stars.c.repository_id, ids),
        _counted(_FactKind.WATCHES, watches.c.repository_id, ids),
        _counted(_FactKind.FORKS, forks.c.parent_id, ids).select_from(joined).where(sees_repository(key)),
        _rows(_FactKind.PARENT, forks.c.repository_id, forks.c.parent_id, ids),
        select(kind, repository_settings.c.repository_id, null(), document)
        .where(repository_settings.c.repository_id.in_(ids))
        .where(or_(kind == Modules.kind, kind == Features.kind)),
    )


def _for_viewer(ids: Select[int]) -> tuple[_Rows, ...]:
    held = select(literal(_FactKind.ROLE_ABOVE.value), null(), memberships.c.role, namespaces.c.folded_path)
    return (
        *(
            _rows(kind, table.c.repository_id, number, ids).where(table.c.user_id == VIEWER_ID)
            for kind, table, number in (
                (_FactKind.STARRED, stars, null()),
                (_FactKind.WATCHED, watches, null()),
                (_FactKind.ROLE, repository_members, repository_members.c.role),
            )
        ),
        held.join_from(memberships, namespaces).where(memberships.c.user_id == VIEWER_ID),
    )


def _rows(kind: _FactKind, of: ColumnElement[int], number: ColumnElement[Any], ids: Select[int]) -> _Rows:
    return select(literal(kind.value), of, number, null()).where(of.in_(ids))


def _counted(kind: _FactKind, of: ColumnElement[int], ids: Select[int]) -> _Rows:
    return _rows(kind, of, func.count(), ids).group_by(of)


def _namespaces(connection: Connection, listed: Sequence[Repository]) -> _Namespaces:
    roots = {one.path.namespace.segments[0] for one in listed}
    parameters = {
        _NAMESPACE_IDS.key: {one.namespace_id for one in listed},
        _ROOTS.key: {folded(root) for root in roots},
    }
    saved_namespaces = [namespace_of(row) for row in connection.execute(_NAMESPACES, parameters).mappings()]
    by_path = {folded(str(one.path)): one for one in saved_namespaces}
    by_root = {root: by_path[folded(root)] for root in roots if folded(root) in by_path}
    return _Namespaces({one.id: one for one in saved_namespaces}, by_root)


def _people(connection: Connection, listed: Sequence[Repository], spaces: _Namespaces) -> Mapping[UserId, User]:
    ids = {one.creator_id for one in listed} | {one.creator_id for one in spaces.by_id.values()}
    rows = connection.execute(_PEOPLE, {_USER_IDS.key: ids - {None}})
    return {UserId(row["id"]): user_of(row) for row in rows.mappings()}


def _find(people: Mapping[UserId, User], user_id: UserId | None) -> User | None:
    return None if user_id is None else people.get(user_id)


def _parents(
    connection: Connection, parent_ids: Mapping[RepositoryId, int | None], viewer: Viewer
) -> Mapping[RepositoryId, Repository]:
    """The parents of those that have one which the viewer may see."""
    ids = {RepositoryId(parent_id) for parent_id in parent_ids.values() if parent_id is not None}
    parents = {one.id: one for one in find_repositories(connection, ids, viewer=viewer)} if ids else {}
    return {fork: parents[RepositoryId(id_)] for fork, id_ in parent_ids.items() if id_ is not None and id_ in parents}


_IDS = bindparam("many_ids", type_=Text)
"""Many ids as one parameter of a statement: its text is the same for any number of them, and is so made once."""


def _ids_of(dialect: str) -> Select[int]:
    """What stands in the parameter, one a row.

    Args:
        dialect: the database's, by SQLAlchemy's name.
    """
    if dialect == "sqlite":
        return select(func.json_each(_IDS).table_valued("value").c.value)
    return select(cast(func.json_array_elements_text(cast(_IDS, JSON)).column_valued(), BigInteger).label("value"))


def _parameters_of(ids: Iterable[int]) -> dict[str, object]:
    """What a statement with `_given_ids` is executed with."""
    return {_IDS.key: json.dumps(list(ids))}
