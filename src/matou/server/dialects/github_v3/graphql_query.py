"""Where a GraphQL query begins: repositories, their owners, and what is looked for."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from matou.db.repositories import RepositoryId
from matou.errors import NotFound
from matou.forge.access import MaySee, authorize
from matou.forge.repositories.repository_lists import (
    find_repository_by_id,
    search_repositories,
)
from matou.model.metadata import ChangeRequest, Issue
from matou.server.api.params import InvalidParameter
from matou.server.api.v5.naming import authorize_by_name
from matou.server.dialects.github_v3.graphql_items import item_node
from matou.server.dialects.github_v3.graphql_nodes import (
    Connection,
    Graph,
    Node,
)
from matou.server.dialects.github_v3.graphql_owners import find_organization, find_owner, find_user, find_viewer
from matou.server.dialects.github_v3.graphql_repository import repository_nodes
from matou.server.dialects.github_v3.identifiers import SEPARATOR
from matou.server.dialects.github_v3.search_query import (
    ITEM_NAMES,
    REPOSITORY_NAMES,
    item_query,
    read_search,
    repository_query,
)

_NODE: Final = re.compile(r"(?P<kind>R|I|PR)_(?P<repository>[0-9]{1,15})(?:_(?P<number>[0-9]{1,15}))?\Z")


class NoSuchNode(NotFound):
    """Nothing that may be seen here has this id."""


def query_node(graph: Graph) -> Node:
    return {
        "node": partial(_node, graph),
        "viewer": lambda: find_viewer(graph),
        "repository": lambda owner, name, followRenames=True: _repository(graph, owner, name),  # noqa: ARG005, N803 - GitHub's own name
        "repositoryOwner": lambda login: find_owner(graph, login),
        "organization": lambda login: find_organization(graph, login),
        "user": lambda login: find_user(graph, login),
        "search": partial(_search, graph),
    }


def _node(graph: Graph, id: str) -> Node:  # noqa: A002 - GitHub's own name
    """Raises NoSuchNode, and as `authorize`."""
    parts, context = _NODE.match(id), graph.context
    if parts is None or (parts["kind"] == "R") is not (parts["number"] is None):
        raise NoSuchNode("there is no node {id}", id=repr(id)[:100])
    found = find_repository_by_id(context.forge, RepositoryId(int(parts["repository"])))
    [node] = repository_nodes(graph, [authorize(context.forge, context.identity, MaySee, found).subject])
    if parts["kind"] == "R":
        return node
    field: Callable[[int], Node] = node["issue" if parts["kind"] == "I" else "pullRequest"]
    return field(int(parts["number"]))


def _repository(graph: Graph, owner: str, name: str) -> Node:
    """Raises NoSuchRepository, and as `authorize`."""
    context = graph.context
    path = {"owner": owner.replace(SEPARATOR, "/"), "repo": name}
    repository = authorize_by_name(context.forge, context.identity, MaySee, path).subject
    [node] = repository_nodes(graph, [repository])
    return node


def _search(graph: Graph, query: str, type: str, **page: Any) -> Node:  # noqa: A002 - GitHub's own name
    """`last` is as many as `first`: the newest come first either way. Raises InvalidParameter."""
    first = page.get("first") if page.get("first") is not None else page.get("last")
    fetch = _found_repositories(graph, query) if type == "REPOSITORY" else _found_items(graph, query, type)
    found = Connection(graph, fetch, lambda row: row, first, page.get("after")).fields
    return {**found, "issueCount": found["totalCount"], "repositoryCount": found["totalCount"]}


def _found_items(graph: Graph, query: str, type: str) -> Callable[[int, int], tuple[Sequence[Node], int]]:  # noqa: A002 - as above
    if type not in ("ISSUE", "ISSUE_ADVANCED"):
        raise InvalidParameter("{word} cannot be looked for here", word=type)
    search = read_search(query, ITEM_NAMES)
    owner, _, name = search.one("repo").rpartition("/")
    if not owner:
        raise InvalidParameter("issues are looked for in one repository: repo:OWNER/NAME")
    context, wanted = graph.context, item_query(search)
    path = {"owner": owner.replace(SEPARATOR, "/"), "repo": name}
    repository = authorize_by_name(context.forge, context.identity, MaySee, path).subject
    rows, words = graph.rows(repository), " ".join(search.words)
    [node] = repository_nodes(graph, [repository])

    def fetch(offset: int, limit: int) -> tuple[Sequence[Node], int]:
        found, total = rows.conversation.list_items(wanted, search=words, offset=offset, limit=limit)
        items = (one for one in found if isinstance(one, Issue | ChangeRequest))
        return [item_node(graph, rows, one, lambda: node) for one in items], total

    return fetch


def _found_repositories(graph: Graph, query: str) -> Callable[[int, int], tuple[Sequence[Node], int]]:
    search, context = read_search(query, REPOSITORY_NAMES), graph.context
    wanted = repository_query(search)
    owner = search.one("user", "org", "owner").replace(SEPARATOR, "/")

    def fetch(offset: int, limit: int) -> tuple[Sequence[Node], int]:
        found, total = search_repositories(
            context.forge, context.identity, wanted, owner=owner, offset=offset, limit=limit
        )
        return repository_nodes(graph, [one.subject for one in found]), total

    return fetch
