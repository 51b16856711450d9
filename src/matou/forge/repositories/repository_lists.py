"""Repositories found by path or id, and listed as people ask for them; and what is told of each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from matou.db import namespaces, repositories, users
from matou.db.namespaces import Namespace, NamespaceKind
from matou.db.repositories import Repository, RepositoryId
from matou.db.repository_details import RepositoryFacts, facts_of
from matou.db.repository_listings import Affiliation, RepositoryQuery, list_by_query
from matou.db.users import User, UserKind
from matou.errors import NotFound
from matou.forge.access import (
    REPOSITORY_POLICY,
    Action,
    GrantedPage,
    Identity,
    NoSuchNamespace,
    NoSuchRepository,
    granted_by_listing,
    no_such_namespace,
    no_such_repository,
    require_scope,
    viewer,
)
from matou.forge.forge import Forge
from matou.model.names import InvalidName, NamespacePath, RepositoryPath

EVERY_AFFILIATION = frozenset(Affiliation)


class NoSuchUser(NotFound):
    """No account of a person has this name."""


def find_person(forge: Forge, name: str) -> User:
    """An account that is in use, by its name. Raises NoSuchUser."""
    with forge.database.begin_read() as connection:
        row = users.find_user_to_log_in(connection, name)
    user = None if row is None else row[0]
    # An e-mail logs in, and is no name that others may try.
    if user is None or "@" in name or user.kind is not UserKind.PERSON or not user.active:
        raise no_such_user(name)
    return user


def no_such_user(name: str) -> NoSuchUser:
    return NoSuchUser("there is no user {name}", name=repr(name)[:100])


def visible_repositories(
    forge: Forge,
    identity: Identity,
    namespace: Namespace | None,
    *,
    recursive: bool = False,
    offset: int = 0,
    limit: int | None = None,
    name_filter: str = "",
) -> GrantedPage[Repository]:
    """Those of a namespace (None: all) that the identity may see, by path; the operator sees every one."""
    return granted_by_listing(
        forge,
        identity,
        lambda connection, eyes: repositories.list_repositories(
            connection,
            None if namespace is None else namespace.path,
            recursive=recursive or namespace is None,
            viewer=eyes,
            name_filter=name_filter,
            offset=offset,
            limit=limit,
        ),
    )


def own_repositories(
    forge: Forge, identity: Identity, user: User, query: RepositoryQuery, *, offset: int, limit: int
) -> GrantedPage[Repository]:
    """What somebody has a part in, for themselves."""
    return _listed(forge, identity, replace(query, user=user), offset=offset, limit=limit)


def repositories_of(
    forge: Forge, identity: Identity, name: str, query: RepositoryQuery, *, offset: int, limit: int
) -> GrantedPage[Repository]:
    """What somebody has, for others: of what they are a member is for nobody else to know.

    Raises:
        NoSuchUser: there is none, or, to whoever is not signed in, none with a repository that everybody may see.
    """
    _require_scope(identity)
    user = find_person(forge, name)
    is_self = identity.user is not None and identity.user.id == user.id
    shown = EVERY_AFFILIATION if is_self else frozenset({Affiliation.PERSONAL, Affiliation.CREATED})
    affiliations = shown & (query.affiliations or EVERY_AFFILIATION)
    listed, total = _listed(
        forge, identity, replace(query, user=user, affiliations=affiliations), offset=offset, limit=limit
    )
    if identity.user is None and total == 0:
        raise no_such_user(name)
    return listed, total


def organization_repositories(
    forge: Forge, identity: Identity, path: str, query: RepositoryQuery, *, offset: int, limit: int
) -> GrantedPage[Repository]:
    """What stands in a namespace, and in those below it. Raises NoSuchNamespace where the identity sees none."""
    _require_scope(identity)
    namespace_path = _namespace_path(path)
    with forge.database.begin_read() as connection:
        namespace = namespaces.find_namespace(connection, namespace_path)
        is_seen = namespace is not None and namespaces.is_seen(connection, namespace.id, viewer(forge, identity))
    if namespace is None or not is_seen or namespace.kind is NamespaceKind.USER:
        raise no_such_namespace(namespace_path)
    return _listed(forge, identity, replace(query, below=namespace.path), offset=offset, limit=limit)


def search_repositories(
    forge: Forge, identity: Identity, query: RepositoryQuery, *, owner: str = "", offset: int, limit: int
) -> GrantedPage[Repository]:
    """Of all that the identity may see; of one namespace and those below it where an owner is named, there or not."""
    if owner:
        try:
            query = replace(query, below=NamespacePath.parse(owner))
        except InvalidName:
            _require_scope(identity)
            return (), 0
    return _listed(forge, identity, query, offset=offset, limit=limit)


def _require_scope(identity: Identity) -> None:
    require_scope(identity, *REPOSITORY_POLICY[Action.SEE].scopes)


def _namespace_path(text: str) -> NamespacePath:
    try:
        return NamespacePath.parse(text)
    except InvalidName:
        # Nothing can stand there.
        raise NoSuchNamespace("there is no namespace {path}", path=repr(text)[:200]) from None


def _listed(
    forge: Forge, identity: Identity, query: RepositoryQuery, *, offset: int, limit: int
) -> GrantedPage[Repository]:
    _require_scope(identity)
    return granted_by_listing(
        forge,
        identity,
        lambda connection, eyes: list_by_query(connection, query, viewer=eyes, offset=offset, limit=limit),
    )


def repository_facts(
    forge: Forge, identity: Identity, rows: Sequence[Repository]
) -> Mapping[RepositoryId, RepositoryFacts]:
    """What the identity is told of each beside its own row; it was decided before that it may see them."""
    if len(rows) != 1:
        return _facts(forge, identity, rows)
    # Pages of lists are too many and too large to be remembered.
    key = ("repository facts", identity, rows[0])
    return forge.answers.recall(key, lambda: _facts(forge, identity, rows))


def _facts(forge: Forge, identity: Identity, rows: Sequence[Repository]) -> Mapping[RepositoryId, RepositoryFacts]:
    eyes = viewer(forge, identity)
    with forge.database.begin_read() as connection:
        return facts_of(connection, rows, eyes)


def find_repository(forge: Forge, path: RepositoryPath) -> Repository:
    """By its path, or by one that it had before. Raises NoSuchRepository. Ask `access` who may see it."""
    with forge.database.begin_read() as connection:
        repository = repositories.find_repository(connection, path)
    if repository is None:
        raise no_such_repository(path)
    return repository


def find_repository_by_id(forge: Forge, repository_id: RepositoryId) -> Repository:
    """Raises NoSuchRepository."""
    with forge.database.begin_read() as connection:
        repository = repositories.find_repository_by_id(connection, repository_id)
    if repository is None:
        raise NoSuchRepository("there is no such repository")
    return repository
