"""Asks GitHub for a repository's projects with their items. Checked against GraphQL's schema (octokit 15.26)."""

from collections.abc import Iterator, Mapping
from typing import Final

from matou.errors import UnknownShape
from matou.model.metadata import JsonObject
from matou.platforms.base.metadata import TableRead
from matou.platforms.github.api import GitHubApi
from matou.platforms.github.graphql_answers import ask, nodes_of
from matou.platforms.github.metadata_boards import ProjectWithItems, boards_of

_PAGE: Final = "pageInfo { hasNextPage endCursor }"

LIST: Final = f"""query($owner: String!, $name: String!, $after: String) {{ repository(owner: $owner, name: $name) {{
projectsV2(first: 20, after: $after) {{ {_PAGE} nodes {{ node: id id: fullDatabaseId number title url public closed
closed_at: closedAt created_at: createdAt updated_at: updatedAt description: shortDescription readme template
creator {{ login }} owner {{ type: __typename ... on Organization {{ login }} ... on User {{ login }} }}
fields(first: 100) {{ nodes {{ ... on ProjectV2FieldCommon {{ id name type: dataType }}
... on ProjectV2SingleSelectField {{ options {{ id name color description }} }}
... on ProjectV2IterationField {{ configuration {{ duration start_day: startDay
iterations {{ id title start_date: startDate duration }}
completed_iterations: completedIterations {{ id title start_date: startDate duration }} }} }} }} }}
views(first: 100) {{ nodes {{ number name layout filter }} }}
updates: statusUpdates(first: 100) {{ {_PAGE} nodes {{ id body status start_date: startDate target_date: targetDate
created_at: createdAt creator {{ login }} }} }} }} }} }} }}
"""

ITEMS: Final = f"""query($node: ID!, $after: String) {{ node(id: $node) {{ ... on ProjectV2 {{
items(first: 100, after: $after) {{ {_PAGE} nodes {{ id: fullDatabaseId type archived: isArchived
created_at: createdAt updated_at: updatedAt creator {{ login }}
content {{ ... on Issue {{ number repository {{ path: nameWithOwner }} }}
... on PullRequest {{ number repository {{ path: nameWithOwner }} }}
... on DraftIssue {{ title body draft_creator: creator {{ login }} draft_created_at: createdAt
assignees(first: 100) {{ nodes {{ login }} }} }} }}
values: fieldValues(first: 100) {{ nodes {{
... on ProjectV2ItemFieldTextValue {{ text field {{ ...named }} }}
... on ProjectV2ItemFieldNumberValue {{ number field {{ ...named }} }}
... on ProjectV2ItemFieldDateValue {{ date field {{ ...named }} }}
... on ProjectV2ItemFieldSingleSelectValue {{ option: name option_id: optionId field {{ ...named }} }}
... on ProjectV2ItemFieldIterationValue {{ iteration: title iteration_id: iterationId field {{ ...named }} }} }} }}
}} }} }} }} }}
fragment named on ProjectV2FieldConfiguration {{ ... on ProjectV2FieldCommon {{ id name }} }}
"""
"""What the items themselves tell, their labels and assignees, say, is saved with them."""

_WHAT: Final = "projects"


class GitHubProjects:
    """Those that a repository is linked with.

    Args:
        path: `owner/name`.
    """

    def __init__(self, api: GitHubApi, path: str) -> None:
        self._api = api
        self._path = path

    def table(self) -> TableRead:
        """Raises MatouError."""
        return TableRead(rows=boards_of(self._given(), self._path))

    def _given(self) -> Iterator[ProjectWithItems]:
        for node in nodes_of(self._listed(None), self._listed, _WHAT):
            if isinstance(node, Mapping):
                yield ProjectWithItems(node, list(self._items_of(node)))

    def _items_of(self, project: JsonObject) -> Iterator[object]:
        """None for one that this token may not see."""
        node = project.get("node")
        if not isinstance(node, str):
            raise UnknownShape("github ProjectV2.id", node)
        return nodes_of(self._items(node, None), lambda after: self._items(node, after), _WHAT)

    def _listed(self, after: str | None) -> JsonObject:
        owner, _, name = self._path.partition("/")
        variables = {"owner": owner, "name": name, "after": after}
        return ask(self._api, LIST, variables, "repository", "projectsV2", name="GraphQL projects")

    def _items(self, node: str, after: str | None) -> JsonObject:
        return ask(self._api, ITEMS, {"node": node, "after": after}, "node", "items", name="GraphQL project items")
