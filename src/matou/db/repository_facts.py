"""What is told of repositories beside their own rows, for many at once: a number of questions that does not grow."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table, or_, select

from matou.db import forks
from matou.db.memberships import Role
from matou.db.namespaces import COLUMNS as NAMESPACE_COLUMNS
from matou.db.namespaces import Namespace, NamespaceId, namespace_of
from matou.db.repositories import Repository, RepositoryId
from matou.db.schema import memberships, namespaces, repository_members, repository_settings, stars, users, watches
from matou.db.settings import settings_of
from matou.db.stars import Counts, count_marks_and_forks
from matou.db.users import PUBLIC_COLUMNS, User, UserId, user_of
from matou.db.viewers import Viewer
from matou.model.names import folded
from matou.model.repository_settings import Features, Modules


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


@dataclass(frozen=True, slots=True)
class _Namespaces:
    by_id: Mapping[NamespaceId, Namespace]
    by_path: Mapping[str, Namespace]

    def of(self, repository: Repository) -> Namespace:
        return self.by_id[repository.namespace_id]

    def above(self, repository: Repository) -> Namespace:
        """The outermost one."""
        return self.by_path.get(_root_of(repository), self.of(repository))


def facts_of(
    connection: Connection, repositories: Sequence[Repository], viewer: Viewer
) -> Mapping[RepositoryId, RepositoryFacts]:
    """For the eyes of one viewer. Left out is what was deleted with its namespace since it was read."""
    ids = {repository.id for repository in repositories}
    spaces = _namespaces(connection, repositories)
    people = _people(connection, repositories, spaces)
    parents, all_forks = forks.parents_of(connection, ids, viewer=viewer), forks.forks_among(connection, ids)
    roles = roles_in(connection, repositories, viewer.user_id)
    starred, watched = (_marked(connection, table, ids, viewer.user_id) for table in (stars, watches))
    modules, features = _settings(connection, ids)
    counts = count_marks_and_forks(connection, ids, viewer)
    return {
        one.id: RepositoryFacts(
            namespace=spaces.of(one),
            root=spaces.above(one),
            creator=_find(people, one.creator_id),
            namespace_creator=_find(people, spaces.of(one).creator_id),
            is_fork=one.id in all_forks,
            parent=parents.get(one.id),
            role=roles.get(one.id),
            is_starred=one.id in starred,
            is_watched=one.id in watched,
            modules=modules.get(one.id, Modules()),
            features=features.get(one.id, Features()),
            counts=counts[one.id],
        )
        for one in repositories
        if one.namespace_id in spaces.by_id
    }


def roles_in(
    connection: Connection, repositories: Iterable[Repository], user_id: UserId | None
) -> Mapping[RepositoryId, Role]:
    """A user's role in each where they have one: what `repository_members.role_in_repository` says, for many."""
    if user_id is None:
        return {}
    held = select(namespaces.c.folded_path, memberships.c.role).join_from(memberships, namespaces)
    above = {row.folded_path: row.role for row in connection.execute(held.where(memberships.c.user_id == user_id))}
    own = select(repository_members.c.repository_id, repository_members.c.role).where(
        repository_members.c.user_id == user_id
    )
    direct = {RepositoryId(row.repository_id): row.role for row in connection.execute(own)}
    roles = {one.id: max(_roles_from(one, above), default=0) for one in repositories}
    return {id_: Role(role) for id_ in roles if (role := max(roles[id_], direct.get(id_, 0)))}


def _roles_from(repository: Repository, above: Mapping[str, int]) -> list[int]:
    """The roles that namespaces give which it stands in."""
    segments = repository.path.namespace.segments
    outwards = (folded("/".join(segments[:depth])) for depth in range(1, len(segments) + 1))
    roles = [above[path] for path in outwards if path in above]
    return [role for role in roles if role >= Role.OWNER] if repository.independent_members else roles


def _root_of(repository: Repository) -> str:
    return folded(repository.path.namespace.segments[0])


def _namespaces(connection: Connection, repositories: Sequence[Repository]) -> _Namespaces:
    ids = {one.namespace_id for one in repositories}
    roots = {_root_of(one) for one in repositories}
    statement = select(*NAMESPACE_COLUMNS).where(or_(namespaces.c.id.in_(ids), namespaces.c.folded_path.in_(roots)))
    found = [namespace_of(row) for row in connection.execute(statement).mappings()]
    return _Namespaces({one.id: one for one in found}, {folded(str(one.path)): one for one in found})


def _people(connection: Connection, repositories: Sequence[Repository], spaces: _Namespaces) -> Mapping[UserId, User]:
    ids = {one.creator_id for one in repositories} | {one.creator_id for one in spaces.by_id.values()}
    statement = select(*PUBLIC_COLUMNS).where(users.c.id.in_(ids - {None}))
    return {UserId(row["id"]): user_of(row) for row in connection.execute(statement).mappings()}


def _find(people: Mapping[UserId, User], user_id: UserId | None) -> User | None:
    return None if user_id is None else people.get(user_id)


def _marked(
    connection: Connection, table: Table, ids: Collection[RepositoryId], user_id: UserId | None
) -> frozenset[RepositoryId]:
    if user_id is None:
        return frozenset()
    statement = select(table.c.repository_id).where(table.c.user_id == user_id, table.c.repository_id.in_(ids))
    return frozenset(RepositoryId(found) for found in connection.execute(statement).scalars())


def _settings(
    connection: Connection, ids: Collection[RepositoryId]
) -> tuple[Mapping[RepositoryId, Modules], Mapping[RepositoryId, Features]]:
    columns = (repository_settings.c.repository_id, repository_settings.c.kind, repository_settings.c.document)
    statement = select(*columns).where(
        repository_settings.c.repository_id.in_(ids), repository_settings.c.kind.in_((Modules.kind, Features.kind))
    )
    modules: dict[RepositoryId, Modules] = {}
    features: dict[RepositoryId, Features] = {}
    for repository_id, kind, document in connection.execute(statement).all():
        if kind == Modules.kind:
            modules[RepositoryId(repository_id)] = settings_of(Modules, json.loads(document))
        else:
            features[RepositoryId(repository_id)] = settings_of(Features, json.loads(document))
    return modules, features
