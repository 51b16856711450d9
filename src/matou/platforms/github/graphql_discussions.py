"""Asks GitHub for a repository's discussions: GraphQL alone has them. Checked against its schema (octokit 15.26)."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Final

from matou.errors import UnknownShape
from matou.model.metadata import JsonObject
from matou.platforms.base.metadata import ItemRead, ItemRow
from matou.platforms.base.metadata_values import time_of
from matou.platforms.github.api import GitHubApi
from matou.platforms.github.graphql_answers import PERSON, ask, nodes_of
from matou.platforms.github.metadata_discussions import discussion_of

_PAGE: Final = "pageInfo { hasNextPage endCursor }"

LIST: Final = f"""query($owner: String!, $name: String!, $field: DiscussionOrderField!, $direction: OrderDirection!,
$after: String) {{ repository(owner: $owner, name: $name) {{
discussions(first: 100, after: $after, orderBy: {{field: $field, direction: $direction}}) {{
nodes {{ number updated_at: updatedAt }} {_PAGE} }} }} }}
"""

_SAID: Final = """fragment said on DiscussionComment { id: databaseId node: id body html_url: url
user: author { ...person } created_at: createdAt
edited_at: lastEditedAt deleted_at: deletedAt is_answer: isAnswer is_minimized: isMinimized
minimized_reason: minimizedReason author_association: authorAssociation upvotes: upvoteCount
reactions: reactionGroups { content reactors { totalCount } } }
"""

ONE: Final = (
    f"""query($owner: String!, $name: String!, $number: Int!, $after: String) {{
repository(owner: $owner, name: $name) {{ discussion(number: $number) {{ number id: databaseId title body html_url: url
user: author {{ ...person }} author_association: authorAssociation created_at: createdAt updated_at: updatedAt
edited_at: lastEditedAt closed closed_at: closedAt state_reason: stateReason locked
active_lock_reason: activeLockReason upvotes: upvoteCount
category {{ id name slug emoji description is_answerable: isAnswerable }} labels(first: 100) {{ nodes {{ name }} }}
answer {{ id: databaseId }} answer_chosen_at: answerChosenAt answer_chosen_by: answerChosenBy {{ ...person }}
poll {{ question votes: totalVoteCount options(first: 100) {{ nodes {{ option votes: totalVoteCount }} }} }}
reactions: reactionGroups {{ content reactors {{ totalCount }} }}
comments(first: 50, after: $after) {{
nodes {{ ...said replies(first: 50) {{ nodes {{ ...said }} {_PAGE} }} }} {_PAGE} }}
}} }} }}
"""
    + _SAID
    + PERSON
)

REPLIES: Final = (
    f"""query($node: ID!, $after: String) {{ node(id: $node) {{ ... on DiscussionComment {{
replies(first: 100, after: $after) {{ nodes {{ ...said }} {_PAGE} }} }} }} }}
"""
    + _SAID
    + PERSON
)


class GitHubDiscussions:
    """Those of one repository.

    Args:
        path: `owner/name`.
    """

    def __init__(self, api: GitHubApi, path: str) -> None:
        self._api = api
        owner, _, name = path.partition("/")
        self._repository = {"owner": owner, "name": name}

    def rows(self, since: datetime | None) -> Iterator[ItemRow]:
        """All of them by their making, or those that changed since then, the last one first. Raises MatouError."""
        seen = set[str]()
        for node in nodes_of(self._listed(since, None), lambda after: self._listed(since, after), _WHAT):
            row = _row_of(node)
            if since is not None and row.updated_at is not None and row.updated_at < since:
                return
            if row.key not in seen:
                seen.add(row.key)
                yield row

    def read(self, number: str) -> ItemRead:
        """With all that was said in it. Raises MatouError."""
        first = self._one(number, None)
        return discussion_of(first, list(self._comments(number, first)))

    def _comments(self, number: str, first: JsonObject) -> Iterator[tuple[object, str | None]]:
        pages = nodes_of(_within(first, "comments"), lambda after: _within(self._one(number, after), "comments"), _WHAT)
        for comment in pages:
            given = _object(comment)
            yield given, None
            replies = nodes_of(_within(given, "replies"), partial(self._replies, given), _WHAT)
            yield from ((_object(reply), str(given.get("id"))) for reply in replies)

    def _listed(self, since: datetime | None, after: str | None) -> JsonObject:
        order = ("CREATED_AT", "ASC") if since is None else ("UPDATED_AT", "DESC")
        variables = {**self._repository, "field": order[0], "direction": order[1], "after": after}
        return ask(self._api, LIST, variables, "repository", "discussions", name="GraphQL discussions")

    def _one(self, number: str, after: str | None) -> JsonObject:
        variables = {**self._repository, "number": int(number), "after": after}
        return ask(self._api, ONE, variables, "repository", "discussion", name="GraphQL discussion")

    def _replies(self, comment: JsonObject, after: str) -> JsonObject:
        variables = {"node": comment.get("node"), "after": after}
        return ask(self._api, REPLIES, variables, "node", "replies", name="GraphQL replies")


_WHAT: Final = "discussions"


def _row_of(node: object) -> ItemRow:
    row = _object(node)
    number = row.get("number")
    if type(number) is not int:
        raise UnknownShape("github Discussion.number", number)
    return ItemRow(key=str(number), updated_at=time_of(row.get("updated_at")), value=row)


def _within(value: JsonObject, name: str) -> JsonObject:
    return _object(value.get(name))


def _object(value: object) -> JsonObject:
    if not isinstance(value, Mapping):
        raise UnknownShape("github Discussion", value)
    return value
