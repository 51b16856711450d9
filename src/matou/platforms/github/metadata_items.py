"""GitHub's issues and the comments on them as metadata: what the model has no place for stands in `extra`."""

from collections.abc import Mapping
from typing import Final, Literal

from matou.errors import UnknownShape
from matou.model.metadata import Comment, Issue, IssueType, MarkupText, WorkflowStatus
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
    extra = leftover(original_of(row), ISSUE)
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
