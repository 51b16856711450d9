"""A repository as a node of a GraphQL answer, with the lists of what was said around it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from matou.db.items import ItemOrder, ItemQuery
from matou.db.repositories import Repository
from matou.forge.conversation.conversation import NoSuchItem
from matou.model.metadata import ChangeRequest, Issue, SavedRelease
from matou.model.metadata.kinds import CHANGE, ISSUE, LABEL, RELEASE, MetadataKind
from matou.server.api.saved_rows import JsonRow
from matou.server.dialects.github_v3.graphql_items import item_node, release_node
from matou.server.dialects.github_v3.graphql_nodes import (
    Connection,
    Graph,
    Node,
    UnusableArgument,
    connection,
    label_node,
    milestone_node,
    nothing,
    small,
)
from matou.server.dialects.github_v3.objects import (
    UNKNOWN_TIME,
    repository_rows,
)
from matou.server.dialects.github_v3.releases import latest_release

_ITEM_ORDERS: Final = {"CREATED_AT": ItemOrder.CREATED, "UPDATED_AT": ItemOrder.UPDATED}
_STATES: Final = {"OPEN": "open", "CLOSED": "closed", "MERGED": "merged"}
_FILTERS: Final = frozenset({"assignee", "createdBy", "labels", "states"})


def repository_nodes(graph: Graph, repositories: Sequence[Repository]) -> list[Node]:
    """What is told of all of them is asked for at once."""
    rows = {row["id"]: row for row in repository_rows(graph.context, repositories)}
    return [_repository_node(graph, one, rows[one.id]) for one in repositories if one.id in rows]


def _repository_node(graph: Graph, repository: Repository, row: JsonRow) -> Node:
    owner, permissions = row["owner"], row["permissions"]
    assert isinstance(owner, dict)  # noqa: S101 - as the row is made
    assert isinstance(permissions, dict)  # noqa: S101 - as the row is made
    node: dict[str, Any] = {
        "__typename": "Repository",
        "id": row["node_id"],
        "databaseId": small(row["id"]),
        "name": row["name"],
        "nameWithOwner": row["full_name"],
        "owner": lambda: _owner(graph, owner),
        "parent": None,
        "templateRepository": None,
        "description": row["description"],
        "homepageUrl": row["homepage"],
        "url": row["html_url"],
        "sshUrl": row["ssh_url"],
        "mirrorUrl": None,
        "createdAt": row["created_at"] or UNKNOWN_TIME,
        "pushedAt": row["pushed_at"],
        "updatedAt": row["updated_at"] or UNKNOWN_TIME,
        "archivedAt": None,
        "hasIssuesEnabled": row["has_issues"],
        "hasProjectsEnabled": False,
        "hasWikiEnabled": row["has_wiki"],
        "hasDiscussionsEnabled": False,
        **dict.fromkeys(("mergeCommitAllowed", "squashMergeAllowed", "rebaseMergeAllowed"), False),
        "forkCount": row["forks_count"],
        "stargazerCount": row["stargazers_count"],
        "diskUsage": row["size"],
        "isArchived": row["archived"],
        "isDisabled": False,
        "isEmpty": repository.last_push_at is None and not row["size"],
        "isFork": row["fork"],
        "isInOrganization": owner["type"] == "Organization",
        "isLocked": False,
        "isMirror": False,
        "isPrivate": row["private"],
        "isTemplate": False,
        "visibility": str(row["visibility"]).upper(),
        "viewerCanAdminister": permissions["admin"],
        "viewerPermission": _permission(permissions),
        "defaultBranchRef": {"name": row["default_branch"]},
        **dict.fromkeys(("licenseInfo", "codeOfConduct")),
        "watchers": lambda **page: {**nothing(graph)(**page), "totalCount": row["watchers_count"]},
        "repositoryTopics": nothing(graph),
    }

    def itself() -> Node:
        return node

    node |= _conversation(graph, repository, itself)
    return node


def _conversation(graph: Graph, repository: Repository, itself: Callable[[], Node]) -> dict[str, Any]:
    def items(wanted: Callable[..., ItemQuery]) -> Callable[..., Node]:
        def make(
            first: int | None = None,
            after: str | None = None,
            last: int | None = None,
            before: str | None = None,
            **narrowed: Any,
        ) -> Node:
            rows, query = graph.rows(repository), wanted(**narrowed)
            return Connection(
                graph,
                lambda offset, limit: rows.conversation.list_items(query, offset=offset, limit=limit),
                lambda one: item_node(graph, rows, one, itself),
                first,
                after,
                last,
                before,
            ).fields

        return make

    def labels() -> list[JsonRow]:
        rows = graph.rows(repository)
        return [rows.label(one) for one in rows.conversation.table(LABEL).values() if one.gone_in is None]

    def milestones(states: Sequence[str] | None = None, **page: Any) -> Node:
        rows = graph.rows(repository)
        keys = [
            key for key, one in rows.milestones_by_key.items() if states is None or str(one.state).upper() in states
        ]
        return connection(graph, lambda: keys, lambda key: milestone_node(rows.milestone_row(key, {})))(**page)

    return {
        "issues": items(_issue_query),
        "pullRequests": items(_pull_query),
        "issue": lambda number: _numbered(graph, repository, (ISSUE,), number, itself),
        "pullRequest": lambda number: _numbered(graph, repository, (CHANGE,), number, itself),
        "issueOrPullRequest": lambda number: _numbered(graph, repository, (ISSUE, CHANGE), number, itself),
        "labels": connection(graph, labels, label_node),
        "milestones": milestones,
        "releases": partial(_releases, graph, repository),
        "release": lambda tagName: _release(graph, repository, tagName),  # noqa: N803 - GitHub's own name
        "latestRelease": lambda: _latest(graph, repository),
    }


def _numbered(
    graph: Graph, repository: Repository, kinds: Sequence[MetadataKind], number: int, itself: Callable[[], Node]
) -> Node:
    """Raises NoSuchItem."""
    rows = graph.rows(repository)
    for kind in kinds:
        name = graph.name_of(repository, kind.name, number)
        if name is not None:
            graph.spend(1)
            found = rows.conversation.find_item(kind, name)
            assert isinstance(found, Issue | ChangeRequest)  # noqa: S101 - the kinds that have numbers
            return item_node(graph, rows, found, itself)
    raise NoSuchItem("there is no {kind} {number}", kind=kinds[0].name, number=repr(number)[:100])


def _releases(
    graph: Graph,
    repository: Repository,
    orderBy: JsonRow | None = None,  # noqa: N803 - GitHub's own name
    **page: Any,
) -> Node:
    rows = graph.rows(repository)
    order = orderBy or {"field": "CREATED_AT", "direction": "DESC"}
    if order["field"] != "CREATED_AT":
        raise UnusableArgument("releases are given by the time when they were made")
    query = ItemQuery(kind=RELEASE.name, ascending=order["direction"] == "ASC")
    newest = latest_release(rows)
    return Connection(
        graph,
        lambda offset, limit: rows.conversation.list_items(query, offset=offset, limit=limit),
        lambda one: release_node(rows, one, is_latest=newest is not None and one.tag == newest.tag),
        **page,
    ).fields


def _release(graph: Graph, repository: Repository, tag: str) -> Node | None:
    rows = graph.rows(repository)
    try:
        found = rows.conversation.find_item(RELEASE, tag)
    except NoSuchItem:
        return None
    assert isinstance(found, SavedRelease)  # noqa: S101 - as the kind says
    newest = latest_release(rows)
    return release_node(rows, found, is_latest=newest is not None and newest.tag == tag)


def _latest(graph: Graph, repository: Repository) -> Node | None:
    rows = graph.rows(repository)
    newest = latest_release(rows)
    return None if newest is None else release_node(rows, newest, is_latest=True)


def _issue_query(
    states: Sequence[str] | None = None,
    orderBy: JsonRow | None = None,  # noqa: N803 - GitHub's own name
    filterBy: JsonRow | None = None,  # noqa: N803 - likewise
    labels: Sequence[str] | None = None,
) -> ItemQuery:
    """Raises UnusableArgument."""
    said: dict[str, Any] = {name: value for name, value in (filterBy or {}).items() if value is not None}
    if not said.keys() <= _FILTERS:
        raise UnusableArgument("issues cannot be filtered by {names}", names=", ".join(sorted(said.keys() - _FILTERS)))
    wanted = ItemQuery(
        kind=ISSUE.name,
        states=_states(said.get("states") or states),
        labels=tuple(said.get("labels") or labels or ()),
        author=str(said.get("createdBy", "")),
        assignee=str(said.get("assignee", "")),
    )
    return _ordered(wanted, orderBy)


def _pull_query(
    states: Sequence[str] | None = None,
    orderBy: JsonRow | None = None,  # noqa: N803 - GitHub's own name
    baseRefName: str | None = None,  # noqa: N803 - likewise
    headRefName: str | None = None,  # noqa: N803 - likewise
    labels: Sequence[str] | None = None,
) -> ItemQuery:
    """Raises UnusableArgument."""
    wanted = ItemQuery(
        kind=CHANGE.name,
        states=_states(states),
        labels=tuple(labels or ()),
        base_branch=baseRefName or None,
        head_branch=headRefName or None,
    )
    return _ordered(wanted, orderBy)


def _states(names: Any) -> tuple[str, ...] | None:
    return None if names is None else tuple(_STATES[str(name)] for name in names)


def _ordered(query: ItemQuery, order: JsonRow | None) -> ItemQuery:
    if order is None:
        return replace(query, ascending=True)
    if order["field"] not in _ITEM_ORDERS:
        raise UnusableArgument("the order is one of: {names}", names=", ".join(_ITEM_ORDERS))
    return replace(query, order=_ITEM_ORDERS[str(order["field"])], ascending=order["direction"] == "ASC")


def _owner(graph: Graph, row: JsonRow) -> Node:
    """Whose other repositories are asked for seldom."""

    def others(**said: Any) -> Node:
        listed: Callable[..., Node] = graph.find_owner(graph, str(row["login"]))["repositories"]
        return listed(**said)

    return {**account_node(row), "repositories": others}


def account_node(row: JsonRow) -> dict[str, Any]:
    return {
        "__typename": row["type"],
        "id": row["node_id"],
        "databaseId": small(row["id"]),
        "login": row["login"],
        "name": row.get("name"),
        "url": row["html_url"],
        "email": row.get("email") or "",
        "description": None,
    }


def _permission(permissions: JsonRow) -> str | None:
    words = (("admin", "ADMIN"), ("maintain", "MAINTAIN"), ("push", "WRITE"), ("triage", "TRIAGE"), ("pull", "READ"))
    return next((word for name, word in words if permissions[name]), None)
