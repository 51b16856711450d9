"""Whose repositories a GraphQL query asks for: people and organizations."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from matou.db.repositories import Repository
from matou.db.repository_listings import Affiliation, Order, RepositoryQuery
from matou.forge.access import GrantedPage, MaySee, Scope, require_scope
from matou.forge.repositories.repository_lists import (
    NoSuchUser,
    find_person,
    organization_repositories,
    own_repositories,
    repositories_of,
)
from matou.model.platform import Visibility
from matou.server.api.saved_rows import JsonRow
from matou.server.api.v5.organizations import reach_organization
from matou.server.api.v5.repository_lists import AFFILIATIONS
from matou.server.dialects.github_v3.graphql_nodes import (
    Connection,
    Graph,
    Node,
    UnusableArgument,
)
from matou.server.dialects.github_v3.graphql_repository import account_node, repository_nodes
from matou.server.dialects.github_v3.identifiers import SEPARATOR
from matou.server.dialects.github_v3.objects import (
    organization_as_user,
    profile,
)

_REPOSITORY_ORDERS: Final = {
    "CREATED_AT": Order.CREATED,
    "UPDATED_AT": Order.UPDATED,
    "PUSHED_AT": Order.PUSHED,
    "NAME": Order.FULL_NAME,
    "STARGAZERS": Order.STARS,
}
_VISIBILITIES: Final = {
    "PUBLIC": frozenset({Visibility.PUBLIC}),
    "PRIVATE": frozenset({Visibility.PRIVATE, Visibility.INTERNAL}),
}


def find_viewer(graph: Graph) -> Node:
    context = graph.context
    user = context.user
    return _with_repositories(
        graph,
        account_node(profile(context.links, user, is_own=True)),
        lambda query, offset, limit: own_repositories(
            context.forge, context.identity, user, query, offset=offset, limit=limit
        ),
    )


def find_owner(graph: Graph, login: str) -> Node:
    try:
        return find_user(graph, login)
    except NoSuchUser:
        return find_organization(graph, login)


def find_user(graph: Graph, login: str) -> Node:
    """Raises NoSuchUser."""
    context = graph.context
    user = find_person(context.forge, login)
    return _with_repositories(
        graph,
        account_node(profile(context.links, user, is_own=False)),
        lambda query, offset, limit: repositories_of(
            context.forge, context.identity, user.name, query, offset=offset, limit=limit
        ),
    )


def find_organization(graph: Graph, login: str) -> Node:
    """Raises NoSuchNamespace."""
    path = login.replace(SEPARATOR, "/")
    context = replace(graph.context, path={"org": path})
    require_scope(context.identity, Scope.REPOSITORY_READ, Scope.PROJECT_READ)
    found = reach_organization(context, MaySee).subject
    return _with_repositories(
        graph,
        account_node(organization_as_user(context.links, found)),
        lambda query, offset, limit: organization_repositories(
            context.forge, context.identity, path, replace(query, affiliations=None), offset=offset, limit=limit
        ),
    )


def _with_repositories(
    graph: Graph, node: dict[str, Any], listed: Callable[[RepositoryQuery, int, int], GrantedPage[Repository]]
) -> Node:
    def make(
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        **narrowed: Any,
    ) -> Node:
        query = _repository_query(**narrowed)

        def fetch(offset: int, limit: int) -> tuple[Sequence[Node], int]:
            found, total = listed(query, offset, limit)
            return repository_nodes(graph, [one.subject for one in found]), total

        return Connection(graph, fetch, lambda row: row, first, after, last, before).fields

    return {**node, "repositories": make}


def _repository_query(
    *,
    privacy: str | None = None,
    isFork: bool | None = None,  # noqa: N803 - GitHub's own name
    ownerAffiliations: Sequence[str] | None = None,  # noqa: N803 - likewise
    affiliations: Sequence[str] | None = None,
    orderBy: JsonRow | None = None,  # noqa: N803 - likewise
    isArchived: bool | None = None,  # noqa: N803 - likewise
) -> RepositoryQuery:
    """Raises UnusableArgument."""
    if isFork or isArchived is not None:
        raise UnusableArgument("repositories cannot be narrowed to forks, or by whether they are archived")
    order = orderBy or {"field": "NAME", "direction": "ASC"}
    words = {word.lower() for word in ownerAffiliations or affiliations or ("OWNER", "COLLABORATOR")}
    kinds = frozenset[Affiliation]().union(*(AFFILIATIONS[word] for word in words))
    return RepositoryQuery(
        affiliations=kinds,
        visibilities=frozenset(Visibility) if privacy is None else _VISIBILITIES[privacy],
        forks=isFork is None,
        order=_REPOSITORY_ORDERS[str(order["field"])],
        ascending=order["direction"] == "ASC",
    )
