"""GitHub's issues and the comments on them as metadata: what the model has no place for stands in `extra`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

from matou.errors import UnknownShape
from matou.model.metadata import (
    Comment,
    Issue,
    IssueType,
    ItemLink,
    MarkupText,
    MetadataValue,
    WorkflowStatus,
)
from matou.platforms.base.decoder import original_of
from matou.platforms.base.metadata import CommentRow, ItemRead
from matou.platforms.base.metadata_values import Rules, edited_at, is_time, leftover, markdown, tail_of, time_of
from matou.platforms.github.metadata_people import DECODER, are_people, is_person, people
from matou.platforms.github.wire_issues import GitHubComment, GitHubIssue

STATES: Final[Mapping[str, Literal["open", "closed"]]] = {"open": "open", "closed": "closed"}

REASONS: Final[Mapping[str, Literal["todo", "doing", "done", "rejected"]]] = {
    "completed": "done",
    "not_planned": "rejected",
    "duplicate": "rejected",
    "reopened": "todo",
}

TYPES: Final[Mapping[str, Literal["task", "bug", "requirement", "epic"]]] = {
    "task": "task",
    "bug": "bug",
    "feature": "requirement",
    "epic": "epic",
}
"""Those that every organization begins with, and one that many add; in small letters."""


def has_no_reactions(value: object) -> bool:
    """Counts of them; who gave which costs a request for each item."""
    return isinstance(value, Mapping) and not value.get("total_count")


def is_own_milestone(value: object) -> bool:
    return isinstance(value, Mapping) and "number" in value


ITEM: Final[Rules] = {
    **dict.fromkeys(("url", "node_id", "repository_url", "labels_url", "comments_url", "events_url", "timeline_url")),
    **dict.fromkeys(("id", "number", "title", "body", "html_url", "state", "labels", "locked")),
    **dict.fromkeys(("created_at", "updated_at", "closed_at"), is_time),
    "user": is_person,
    "milestone": is_own_milestone,
    "reactions": has_no_reactions,
    # The first of `assignees`, kept by GitHub for programs that know of one alone.
    "assignee": is_person,
    "assignees": are_people,
}
"""What issues and pull requests share."""

ISSUE: Final[Rules] = {
    **ITEM,
    # Counts of what the comments and the sub-issues themselves say.
    **dict.fromkeys(("comments", "sub_issues_summary", "issue_dependencies_summary")),
    "state_reason": lambda value: value in REASONS,
    "type": lambda value: isinstance(value, Mapping) and "name" in value,
    "closed_by": is_person,
    "parent_issue_url": None,
}

COMMENT: Final[Rules] = {
    **dict.fromkeys(("id", "node_id", "url", "html_url", "issue_url", "body")),
    "user": is_person,
    "reactions": has_no_reactions,
    **dict.fromkeys(("created_at", "updated_at"), is_time),
}


def is_pull(row: object) -> bool:
    """Whether a row of the list of issues is a pull request."""
    return isinstance(row, Mapping) and row.get("pull_request") is not None


def issue_of(value: object) -> ItemRead:
    """An issue without its comments, which are in a list of their own. Raises UnknownShape."""
    row, named = DECODER.read(GitHubIssue, value), people()
    if row.state not in STATES:
        raise UnknownShape("github Issue.state", row.state)
    closed_by = named.key_of(row.closed_by)
    parent = parent_of(row)
    elsewhere = {"parent_issue_url": row.parent_issue_url} if row.parent_issue_url and parent is None else {}
    extra = {**leftover(original_of(row), ISSUE), **elsewhere}
    item = Issue(
        number=str(row.number),
        id=str(row.id),
        title=row.title,
        text=markdown(row.body),
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        closed_at=time_of(row.closed_at),
        state=STATES[row.state],
        status=_status_of(row),
        type=_type_of(row),
        labels=tuple(label.name for label in row.labels or ()),
        milestone=str(row.milestone.number) if row.milestone else None,
        assignees=named.keys_of(row.assignees),
        parent=parent,
        locked=row.locked or None,
        url=row.html_url or None,
        extra={**extra, **({"closed_by": closed_by} if closed_by else {})} or None,
    )
    return ItemRead(item=item, people=named.seen)


def comment_of(value: object) -> CommentRow:
    """A comment on an issue, or on a pull request as a whole. Raises UnknownShape."""
    row, named = DECODER.read(GitHubComment, value), people()
    number = tail_of(row.issue_url)
    if number is None or not number.isdigit():
        raise UnknownShape("github IssueComment.issue_url", row.issue_url)
    comment = Comment(
        id=str(row.id),
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        edited_at=edited_at(row.created_at, row.updated_at),
        text=markdown(row.body) or MarkupText(markup="markdown", body=""),
        extra=leftover(original_of(row), COMMENT) or None,
    )
    updated_at = time_of(row.updated_at) or time_of(row.created_at)
    return CommentRow(key=number, comment=comment, updated_at=updated_at, people=named.seen)


def parent_of(row: GitHubIssue) -> str | None:
    """The number of the issue that it is a part of; None where that is another repository's."""
    own = f"{row.repository_url}/issues/" if row.repository_url else None
    address = row.parent_issue_url or ""
    return tail_of(address) if own and address.startswith(own) else None


def has_relations(value: object) -> tuple[bool, bool, bool]:
    """Whether an issue has sub-issues, is blocked, and blocks another one: each costs a request."""
    row = DECODER.read(GitHubIssue, value)
    parts, links = row.sub_issues_summary, row.issue_dependencies_summary
    return (
        bool(parts and parts.total),
        bool(links and links.total_blocked_by),
        bool(links and links.total_blocking),
    )


def with_sub_issues(read: ItemRead, value: object, rows: Sequence[object]) -> ItemRead:
    """Those of other repositories stand in `extra`, by their addresses. Raises UnknownShape."""
    issue, own = _issue_in(read), DECODER.read(GitHubIssue, value).repository_url
    parts = [DECODER.read(GitHubIssue, row) for row in rows]
    children = tuple(str(part.number) for part in parts if part.repository_url == own)
    elsewhere = [_address_of(part) for part in parts if part.repository_url != own]
    extra = {**(issue.extra or {}), **({"sub_issues_elsewhere": elsewhere} if elsewhere else {})}
    return replace(read, item=replace(issue, children=children, extra=extra or None))


def with_dependencies(
    read: ItemRead, value: object, kind: Literal["blocks", "blocked_by"], rows: Sequence[object]
) -> ItemRead:
    """Raises UnknownShape."""
    issue, own = _issue_in(read), DECODER.read(GitHubIssue, value).repository_url
    others = [DECODER.read(GitHubIssue, row) for row in rows]
    links = (
        ItemLink(kind=kind, to=str(one.number) if one.repository_url == own else _address_of(one)) for one in others
    )
    return replace(read, item=replace(issue, links=(*issue.links, *links)))


def with_relations_of(read: ItemRead, before: MetadataValue | None) -> ItemRead:
    """As it was before, as far as it is not told now."""
    issue = _issue_in(read)
    if not isinstance(before, Issue):
        return read
    named = {link.kind for link in issue.links}
    links = (*issue.links, *(link for link in before.links if link.kind not in named))
    children = before.children if issue.children is None else issue.children
    return replace(read, item=replace(issue, links=links, children=children))


def _issue_in(read: ItemRead) -> Issue:
    assert isinstance(read.item, Issue)  # noqa: S101 - as its callers read
    return read.item


def _address_of(row: GitHubIssue) -> str:
    return row.html_url or f"{row.repository_url or ''}/issues/{row.number}"


def _status_of(row: GitHubIssue) -> WorkflowStatus | None:
    """Why it is closed, or open again."""
    if not row.state_reason:
        return None
    return WorkflowStatus(name=row.state_reason, group=REASONS.get(row.state_reason))


def _type_of(row: GitHubIssue) -> IssueType | None:
    if not row.type:
        return None
    id_ = str(row.type.id) if row.type.id else None
    return IssueType(id=id_, name=row.type.name, group=TYPES.get(row.type.name.lower()))
