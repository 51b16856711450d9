"""GitLab's issues and what was said on them as metadata: what the model has no place for stands in `extra`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, Literal, cast

from matou.errors import UnknownShape
from matou.model.metadata import ChangeRequest, Comment, Issue, IssueType, Item, MarkupText
from matou.platforms.base.decoder import original_of
from matou.platforms.base.metadata import ItemRead
from matou.platforms.base.metadata_values import Rules, day_of, is_time, leftover, markdown, time_of
from matou.platforms.gitlab.metadata_people import DECODER, GitLabPeople, are_people, is_person
from matou.platforms.gitlab.wire_issues import GitLabDiscussion, GitLabIssue, GitLabItem, GitLabNote

STATES: Final[Mapping[str, Literal["open", "closed"]]] = {"opened": "open", "closed": "closed"}

TYPES: Final[Mapping[str, Literal["task", "bug", "requirement", "epic"] | None]] = {
    "task": "task",
    "requirement": "requirement",
    "epic": "epic",
}
"""GitLab's types that are among the common ones."""
PLAIN_TYPE: Final = "issue"

SECONDS_IN_HOUR: Final = 3600

ITEM: Final[Rules] = {
    **dict.fromkeys(("id", "iid", "project_id", "title", "description", "state", "labels", "web_url")),
    **dict.fromkeys(("created_at", "updated_at", "closed_at", "due_date", "start_date"), is_time),
    **dict.fromkeys(("author", "assignee", "closed_by"), is_person),
    "assignees": are_people,
    "milestone": lambda value: isinstance(value, Mapping) and "id" in value,
    "time_stats": {
        **dict.fromkeys(("time_estimate", "human_time_estimate", "human_total_time_spent")),
        "total_time_spent": lambda value: value == 0,
    },
    # Counts of what is said elsewhere, addresses, and what only tells who asks.
    **dict.fromkeys(("user_notes_count", "merge_requests_count", "task_completion_status", "has_tasks", "task_status")),
    **dict.fromkeys(("_links", "references", "reference", "subscribed", "title_html", "description_html")),
    **dict.fromkeys(("upvotes", "downvotes"), lambda value: value == 0),
    "discussion_locked": None,
    "imported": lambda value: value is False,
    "imported_from": lambda value: value == "none",
}
"""What issues and merge requests share."""

ISSUE: Final[Rules] = {
    **ITEM,
    **dict.fromkeys(("confidential", "issue_type", "type", "blocking_issues_count")),
    "severity": lambda value: value == "UNKNOWN",
    # The number of what stands beside it whole.
    "epic_iid": None,
}

NOTE: Final[Rules] = {
    **dict.fromkeys(("id", "body", "system", "noteable_id", "noteable_type", "noteable_iid", "project_id")),
    **dict.fromkeys(("type", "position", "resolvable", "resolved", "commands_changes", "attachment")),
    **dict.fromkeys(("author", "resolved_by"), is_person),
    **dict.fromkeys(("created_at", "updated_at", "resolved_at"), is_time),
    **dict.fromkeys(("internal", "confidential", "imported"), lambda value: value is False),
    "imported_from": lambda value: value == "none",
    "commit_id": None,
    "suggestions": lambda value: value == [],
}


def issue_of(value: object) -> ItemRead:
    """An issue without its comments, which are in a list of their own. Raises UnknownShape."""
    row, named = DECODER.read(GitLabIssue, value), GitLabPeople()
    if row.state not in STATES:
        raise UnknownShape("gitlab Issue.state", row.state)
    closed_by = named.key_of(row.closed_by)
    extra = {**leftover(original_of(row), ISSUE), **({"closed_by": closed_by} if closed_by else {})}
    item = Issue(
        number=str(row.iid),
        id=str(row.id),
        title=row.title,
        text=markdown(row.description),
        by=named.key_of(row.author),
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        closed_at=time_of(row.closed_at),
        state=STATES[row.state],
        type=_type_of(row),
        labels=tuple(row.labels or ()),
        milestone=str(row.milestone.id) if row.milestone else None,
        assignees=named.keys_of(row.assignees),
        start=day_of(row.start_date),
        due=day_of(row.due_date),
        estimate=hours_of(row),
        confidential=row.confidential or None,
        locked=row.discussion_locked or None,
        url=row.web_url or None,
        extra=extra or None,
    )
    return ItemRead(item=item, people=named.seen)


def _type_of(row: GitLabIssue) -> IssueType | None:
    """None for what has the type that all have unless somebody says otherwise."""
    type_ = row.issue_type or PLAIN_TYPE
    return None if type_ == PLAIN_TYPE else IssueType(name=type_, group=TYPES.get(type_))


def hours_of(row: GitLabItem) -> float | None:
    """What somebody thinks that it will take."""
    seconds = row.time_stats.time_estimate if row.time_stats else None
    return seconds / SECONDS_IN_HOUR if seconds else None


def comment_count(value: object) -> int | None:
    """How many a row of a list says that there are; None where it does not."""
    count = value.get("user_notes_count") if isinstance(value, Mapping) else None
    return count if type(count) is int else None


def discussions_in(values: Iterable[object]) -> list[GitLabDiscussion]:
    """Raises UnknownShape."""
    return [DECODER.read(GitLabDiscussion, value) for value in values]


def with_comments(read: ItemRead, discussions: Iterable[GitLabDiscussion]) -> ItemRead:
    """An issue with what was said on it: what answers the first of a discussion names it."""
    named = GitLabPeople()
    comments = tuple(comment for one in discussions for comment in comments_of(one, named))
    item = replace(cast("Issue", read.item), comments=comments)
    return replace(read, item=item, people=(*read.people, *named.seen))


def kept_from_strangers(read: ItemRead) -> ItemRead:
    """Confidential where a note on it is internal: no comment alone is kept from whoever may see its item."""
    item = read.item
    threads = item.threads if isinstance(item, ChangeRequest) else ()
    said = (*cast("Item", item).comments, *(comment for thread in threads for comment in thread.comments))
    if not any(comment.gone_in is None and _is_internal(comment) for comment in said):
        return read
    return replace(read, item=replace(cast("Item", item), confidential=True))


def _is_internal(comment: Comment) -> bool:
    """Servers before 15.0 call it confidential."""
    extra = comment.extra or {}
    return bool(extra.get("internal") or extra.get("confidential"))


def comments_of(discussion: GitLabDiscussion, named: GitLabPeople) -> tuple[Comment, ...]:
    """Without lines that the server wrote about what was done."""
    said = [note for note in discussion.notes or () if note.system is not True]
    return tuple(_comment_of(note, said[0] if number else None, named) for number, note in enumerate(said))


def _comment_of(row: GitLabNote, first: GitLabNote | None, named: GitLabPeople) -> Comment:
    return Comment(
        id=str(row.id),
        reply_to=str(first.id) if first else None,
        by=named.key_of(row.author),
        at=time_of(row.created_at),
        edited_at=_edited_at(row),
        text=markdown(row.body) or MarkupText(markup="markdown", body=""),
        extra=leftover(original_of(row), NOTE) or None,
    )


def _edited_at(row: GitLabNote) -> datetime | None:
    """Resolving a discussion moves the time, too."""
    updated = time_of(row.updated_at)
    return None if updated in (time_of(row.created_at), time_of(row.resolved_at)) else updated
