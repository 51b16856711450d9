"""Issues, pull requests and releases as nodes of a GraphQL answer, made of the rows that REST gives."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from matou.errors import NotFound
from matou.forge.content.differences import RevisionComparison
from matou.forge.content.history import find_commit_at
from matou.forge.conversation.conversation import FoundComment
from matou.forge.conversation.index_rows import spoken_on
from matou.git.odb.objects import Commit
from matou.git.operations.differences import FileDifference
from matou.model.metadata import ChangeRequest, Comment, Issue, Item, ReviewThread, SavedRelease
from matou.server.api.saved_rows import JsonRow, NoSuchCommits
from matou.server.dialects.github_v3.code import readable
from matou.server.dialects.github_v3.graphql_nodes import (
    COMPARISON_COST,
    Graph,
    Node,
    connection,
    label_node,
    milestone_node,
    nothing,
    person_node,
    reaction_groups,
    small,
)
from matou.server.dialects.github_v3.issues import comment_row, issue_row
from matou.server.dialects.github_v3.objects import written
from matou.server.dialects.github_v3.pull_rows import PullRows, ReviewEntry, lines_of
from matou.server.dialects.github_v3.releases import release_row

_CHANGED: Final = {"added": "ADDED", "removed": "DELETED", "renamed": "RENAMED", "copied": "COPIED"}


def item_node(graph: Graph, rows: PullRows, item: Item, repository: Callable[[], Node]) -> Node:
    """Args: repository: the node of the one that it is in."""
    assert isinstance(item, Issue | ChangeRequest)  # noqa: S101 - the kinds that have numbers
    row = issue_row(rows, item)
    shared = {
        "id": row["node_id"],
        "databaseId": small(row["id"]),
        "number": row["number"],
        "title": row["title"],
        "body": row["body"] or "",
        "url": row["html_url"],
        "closed": row["state"] == "closed",
        "closedAt": row["closed_at"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "locked": row["locked"],
        "author": person_node(_row(row["user"])),
        "authorAssociation": row["author_association"],
        "milestone": milestone_node(_row(row["milestone"])),
        "reactionGroups": lambda: reaction_groups(row),
        "repository": repository,
        "labels": connection(graph, lambda: _rows(row["labels"]), label_node),
        "assignees": connection(graph, lambda: _rows(row["assignees"]), person_node),
        "comments": connection(graph, lambda: _comments(item), lambda one: _comment(rows, one, item)),
        "projectItems": nothing(graph),
    }
    if isinstance(item, ChangeRequest):
        return {**shared, **_pull(graph, rows, item, repository)}
    return {
        **shared,
        "__typename": "Issue",
        "state": "OPEN" if row["state"] == "open" else "CLOSED",
        "stateReason": str(row["state_reason"]).upper() if row["state_reason"] else None,
        "closedByPullRequestsReferences": nothing(graph),
    }


def release_node(rows: PullRows, release: SavedRelease, *, is_latest: bool) -> Node:
    row = release_row(rows, release)
    return {
        "id": row["node_id"],
        "databaseId": small(row["id"]),
        "name": row["name"],
        "tagName": row["tag_name"],
        "isDraft": row["draft"],
        "isLatest": is_latest,
        "isPrerelease": row["prerelease"],
        "createdAt": row["created_at"],
        "publishedAt": row["published_at"],
        "description": row["body"],
        "url": row["html_url"],
        "author": person_node(_row(row["author"])),
    }


def _pull(graph: Graph, rows: PullRows, change: ChangeRequest, repository: Callable[[], Node]) -> dict[str, Any]:
    row = rows.change(change)
    head, base = _row(row["head"]), _row(row["base"])
    assert head is not None  # noqa: S101 - as the row is made
    assert base is not None  # noqa: S101 - as the row is made
    fork, is_merged = change.head.repository is not None, change.state == "merged"

    @cache
    def compared() -> RevisionComparison | None:
        graph.spend(COMPARISON_COST)
        try:
            return rows.comparison(change)
        except NoSuchCommits:
            return None

    def files() -> Sequence[FileDifference]:
        found = compared()
        return () if found is None else found.difference.files

    def commits() -> Sequence[Commit]:
        found = compared()
        return () if found is None else found.commits

    def reviews() -> list[ReviewEntry]:
        return rows.reviews(change)

    return {
        "__typename": "PullRequest",
        "id": row["node_id"],
        "databaseId": small(row["id"]),
        "fullDatabaseId": str(row["id"]),
        "state": "MERGED" if is_merged else "OPEN" if row["state"] == "open" else "CLOSED",
        "isDraft": row["draft"],
        "merged": is_merged,
        "mergedAt": row["merged_at"],
        "mergedBy": lambda: person_node(rows.person(change.merged_by)),
        "mergeCommit": lambda: _commit_at(graph, rows, row["merge_commit_sha"]),
        "potentialMergeCommit": None,
        "mergeable": "UNKNOWN",
        "mergeStateStatus": "UNKNOWN",
        "maintainerCanModify": False,
        "additions": lambda: sum(each.additions for each in files()),
        "deletions": lambda: sum(each.deletions for each in files()),
        "changedFiles": lambda: len(files()),
        "baseRefName": base["ref"],
        "baseRefOid": base["sha"],
        "headRefName": head["ref"],
        "headRefOid": head["sha"],
        "headRepository": None if fork else repository,
        "headRepositoryOwner": lambda: person_node(_row(head["user"])),
        "isCrossRepository": fork,
        "reviewDecision": lambda: _decision(reviews()),
        "autoMergeRequest": None,
        "commits": connection(graph, commits, lambda one: {"commit": _commit(graph, one)}),
        "files": connection(graph, files, _file),
        "reviews": connection(graph, reviews, lambda one: _review(graph, rows, one)),
        "latestReviews": connection(graph, lambda: _latest(reviews()), lambda one: _review(graph, rows, one)),
        "reviewRequests": connection(
            graph, lambda: rows.requested(change), lambda one: {"requestedReviewer": person_node(one)}
        ),
        "reviewThreads": connection(graph, lambda: _threads(change), lambda one: _thread(graph, rows, change, one)),
        "closingIssuesReferences": nothing(graph),
    }


def _comments(item: Item) -> list[Comment]:
    spoken = (one for one, on_line in spoken_on(item) if not on_line)
    return sorted(spoken, key=lambda one: (one.at is None, one.at))


def _comment(rows: PullRows, comment: Comment, item: Item) -> Node:
    row = comment_row(rows, FoundComment(comment, item))
    return {
        "id": row["node_id"],
        "databaseId": small(row["id"]),
        "author": person_node(_row(row["user"])),
        "authorAssociation": row["author_association"],
        "body": row["body"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "url": row["html_url"],
        "includesCreatedEdit": comment.edited_at is not None,
        "isMinimized": False,
        "minimizedReason": None,
        "reactionGroups": lambda: reaction_groups(row),
        "viewerDidAuthor": False,
    }


def _review(graph: Graph, rows: PullRows, entry: ReviewEntry) -> Node:
    row = entry.row
    return {
        "id": row["node_id"],
        "databaseId": small(row["id"]),
        "author": person_node(_row(row["user"])),
        "authorAssociation": row["author_association"],
        "submittedAt": row["submitted_at"],
        "body": row["body"],
        "state": row["state"],
        "commit": lambda: _commit_at(graph, rows, row["commit_id"]),
        "reactionGroups": [],
        "url": row["html_url"],
    }


def _decided(reviews: Sequence[ReviewEntry]) -> list[str]:
    """What everybody said last who approved or asked for changes."""
    said = {str(_row(one.row["user"])): str(one.row["state"]) for one in reviews if one.row["state"] != "COMMENTED"}
    return [state for state in said.values() if state != "DISMISSED"]


def _decision(reviews: Sequence[ReviewEntry]) -> str | None:
    states = _decided(reviews)
    if not states:
        return None
    return "CHANGES_REQUESTED" if "CHANGES_REQUESTED" in states else "APPROVED"


def _latest(reviews: Sequence[ReviewEntry]) -> list[ReviewEntry]:
    """Of each person; the oldest first."""
    return list({str(_row(one.row["user"])): one for one in reviews}.values())


def _threads(change: ChangeRequest) -> list[ReviewThread]:
    shown = {line.thread.id: line.thread for line in lines_of(change)}
    return list(shown.values())


def _thread(graph: Graph, rows: PullRows, change: ChangeRequest, thread: ReviewThread) -> Node:
    return {
        "id": f"PRRT_{thread.id}",
        "isResolved": bool(thread.resolved),
        "resolvedBy": lambda: person_node(rows.person(thread.resolved_by)),
        "path": thread.path or "",
        "line": thread.position.line if thread.position else None,
        "comments": connection(
            graph,
            lambda: [rows.line_comment(line, change) for line in lines_of(change) if line.thread is thread],
            _line_comment,
        ),
    }


def _line_comment(row: JsonRow) -> Node:
    return {
        "id": row["node_id"],
        "databaseId": small(row["id"]),
        "fullDatabaseId": str(row["id"]),
        "author": person_node(_row(row["user"])),
        "body": row["body"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "path": row["path"],
        "url": row["html_url"],
    }


def _file(each: FileDifference) -> Node:
    return {
        "additions": each.additions,
        "deletions": each.deletions,
        "path": readable(each.path),
        "changeType": _CHANGED.get(each.kind.value, "MODIFIED"),
    }


def _commit(graph: Graph, commit: Commit) -> Node:
    headline, _, body = commit.message.partition("\n")
    author = {"name": commit.author.name, "email": commit.author.email, "user": None}
    return {
        "oid": commit.id,
        "messageHeadline": headline,
        "messageBody": body.strip("\n"),
        "committedDate": written(commit.committer.at),
        "authoredDate": written(commit.author.at),
        "statusCheckRollup": None,
        "authors": connection(graph, lambda: [author], lambda one: one),
    }


def _commit_at(graph: Graph, rows: PullRows, oid: object) -> Node | None:
    """None where it was not saved."""
    if not oid:
        return None
    try:
        return _commit(graph, find_commit_at(graph.context.forge, rows.code_context.granted, str(oid)))
    except NotFound:
        return None


def _row(value: object) -> JsonRow | None:
    return dict(value) if isinstance(value, Mapping) else None


def _rows(value: object) -> list[JsonRow]:
    return list(value) if isinstance(value, list) else []
