"""GitCode's issues, pull requests and comments as metadata: what the model has no place for stands in `extra`."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from matou.errors import UnknownShape
from matou.model.metadata import (
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    Comment,
    CustomField,
    DiffPosition,
    Issue,
    IssueType,
    MarkupText,
    Priority,
    Reviewer,
    ReviewThread,
    WorkflowStatus,
)
from matou.platforms.base.decoder import original_of
from matou.platforms.base.metadata import CommentRow, ItemRead
from matou.platforms.base.metadata_values import (
    People,
    Rules,
    day_of,
    edited_at,
    is_time,
    leftover,
    markdown,
    time_of,
)
from matou.platforms.base.v5_mapping import event_of, with_events
from matou.platforms.gitcode.metadata_people import PERSON, is_person, people
from matou.platforms.gitcode.wire_base import DECODER
from matou.platforms.gitcode.wire_issues import GitCodeIssue, GitCodeNote, GitCodeOperateLog
from matou.platforms.gitcode.wire_pulls import (
    GitCodeDiffPosition,
    GitCodePullComment,
    GitCodePullReply,
    GitCodePullRepository,
    GitCodePullRequest,
    GitCodeReviewer,
)
from matou.platforms.gitcode.wire_users import Person

STATES: Final[Mapping[str, Literal["open", "closed"]]] = {
    "open": "open",
    "opened": "open",
    "reopened": "open",
    "closed": "closed",
}

CHANGE_STATES: Final[Mapping[str, Literal["open", "closed", "merged"]]] = {
    **STATES,
    "merged": "merged",
    # A merge is under way.
    "locked": "open",
}

TYPES: Final[Mapping[str, Literal["task", "bug", "requirement", "epic"]]] = {
    "task": "task",
    "任务": "task",
    "bug": "bug",
    "defect": "bug",
    "缺陷": "bug",
    "requirement": "requirement",
    "feature": "requirement",
    "需求": "requirement",
    "epic": "epic",
}


def _is_milestone(value: object) -> bool:
    return isinstance(value, Mapping) and "number" in value


ISSUE: Final[Rules] = {
    **dict.fromkeys(("url", "repository_url", "html_url", "number", "id", "title", "body", "state", "labels")),
    # What the comments themselves say, and the list of the repository that this one is of.
    **dict.fromkeys(("comments", "repository", "custom_fields")),
    **dict.fromkeys(("user", "assignee"), is_person),
    **dict.fromkeys(("created_at", "updated_at", "finished_at", "deadline"), is_time),
    **dict.fromkeys(("issue_state", "issue_type")),
    "issue_state_detail": {"id": None, "title": None},
    "issue_type_detail": {"id": None, "title": None},
    "issue_priority_detail": {"title": None},
    "milestone": _is_milestone,
}

LOG: Final[Rules] = {
    **dict.fromkeys(("id", "content")),
    "user": is_person,
    "created_at": is_time,
}

COMMENT: Final[Rules] = {
    **dict.fromkeys(("id", "body")),
    "user": is_person,
    **dict.fromkeys(("created_at", "updated_at"), is_time),
    "target": {"issue": dict.fromkeys(("id", "number", "nubmer", "title"))},
}

END: Final[Rules] = {
    "ref": None,
    "sha": None,
    "user": is_person,
    "repo": {"full_path": None, "full_name": None},
}
REVIEWERS: Final[Rules] = {**PERSON, "accept": None}

CHANGE: Final[Rules] = {
    **dict.fromkeys(("url", "issue_url", "web_url", "html_url", "number", "iid", "id", "title", "body", "state")),
    **dict.fromkeys(("labels", "locked", "draft", "source_branch", "target_branch", "notes")),
    # As the server finds it when it is asked.
    **dict.fromkeys(("mergeable", "mergeable_state", "can_merge_check")),
    **dict.fromkeys(("pipeline_status", "pipeline_status_with_code_quality")),
    **dict.fromkeys(("user", "merged_by", "closed_by"), is_person),
    **dict.fromkeys(("created_at", "updated_at", "closed_at", "merged_at"), is_time),
    "milestone": _is_milestone,
    "head": END,
    "base": {**END, "repo": None},
    "diff_refs": {"base_sha": None, "head_sha": None},
    **dict.fromkeys(("assignees", "testers", "approval_reviewers"), REVIEWERS),
}

ON_A_LINE: Final = "diff_comment"

REPLY: Final[Rules] = {
    **dict.fromkeys(("id", "body")),
    "user": is_person,
    **dict.fromkeys(("created_at", "updated_at"), is_time),
}

PULL_COMMENT: Final[Rules] = {
    **REPLY,
    **dict.fromkeys(("discussion_id", "diff_file", "diff_position", "resolved", "reply")),
    "comment_type": lambda value: value in (ON_A_LINE, "pr_comment"),
}


def issue_of(value: object) -> ItemRead:
    """An issue without its comments, which are in a list of their own. Raises UnknownShape."""
    row, named = DECODER.read(GitCodeIssue, value), people()
    if row.state not in STATES:
        raise UnknownShape("gitcode Issue.state", row.state)
    item = Issue(
        number=row.number,
        id=str(row.id),
        title=row.title,
        text=markdown(row.body),
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        closed_at=time_of(row.finished_at),
        state=STATES[row.state],
        status=_status_of(row),
        type=_type_of(row),
        priority=Priority(name=row.issue_priority_detail.title) if row.issue_priority_detail else None,
        labels=tuple(label.name for label in row.labels or ()),
        milestone=str(row.milestone.number) if row.milestone else None,
        assignees=named.keys_of([row.assignee] if row.assignee else None),
        due=day_of(row.deadline),
        fields=_fields_of(row),
        url=row.html_url or None,
        extra=leftover(original_of(row), ISSUE) or None,
    )
    return ItemRead(item=item, people=named.seen)


def comment_of(value: object) -> CommentRow:
    """A comment on an issue. Raises UnknownShape."""
    row, named = DECODER.read(GitCodeNote, value), people()
    issue = row.target.issue if row.target else None
    key = (issue.number or issue.nubmer) if issue else None
    if not key:
        raise UnknownShape("gitcode Note.target.issue.number", original_of(row).get("target"))
    comment = Comment(
        id=str(row.id),
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        edited_at=edited_at(row.created_at, row.updated_at),
        text=markdown(row.body) or MarkupText(markup="markdown", body=""),
        extra=leftover(original_of(row), COMMENT) or None,
    )
    updated_at = time_of(row.updated_at) or time_of(row.created_at)
    return CommentRow(key=key, comment=comment, updated_at=updated_at, people=named.seen)


def change_of(value: object, detail: object = None, comments: Iterable[object] = ()) -> ItemRead:
    """A pull request with what was said on it.

    Args:
        value: as a list has it.
        detail: as it is where it is asked for alone, which tells what came of the reviews; None where it was not.
        comments: those on it, as they came.

    Raises:
        UnknownShape: what no pull request can do without is not there, or of another kind.
    """
    row, named = DECODER.read(GitCodePullRequest, value), people()
    if row.state not in CHANGE_STATES:
        raise UnknownShape("gitcode PullRequest.state", row.state)
    reviews = DECODER.read(GitCodePullRequest, detail) if isinstance(detail, Mapping) else row
    spoken = [DECODER.read(GitCodePullComment, comment) for comment in comments]
    item = ChangeRequest(
        number=str(row.number),
        id=str(row.id),
        title=row.title,
        text=markdown(row.body),
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        closed_at=time_of(row.closed_at),
        merged_at=time_of(row.merged_at),
        merged_by=named.key_of(row.merged_by or reviews.merged_by),
        closed_by=named.key_of(row.closed_by),
        state=CHANGE_STATES[row.state],
        labels=tuple(label.name for label in row.labels or ()),
        milestone=_milestone_of(row, reviews),
        locked=row.locked or None,
        draft=row.draft or None,
        head=_head_of(row),
        base=ChangeBase(branch=row.base.ref, commit=row.base.sha or None),
        merge_base=(row.diff_refs.base_sha or None) if row.diff_refs else None,
        reviewers=_reviewers_of(reviews, named),
        comments=tuple(one for row in spoken if not _is_on_line(row) for one in _comments_of(row, named)),
        threads=tuple(_thread_of(row, named) for row in spoken if _is_on_line(row)),
        url=row.html_url or row.web_url or None,
        extra=_extra_of_change(row, reviews, named) or None,
    )
    return ItemRead(item=item, people=named.seen)


def with_log(read: ItemRead, values: object) -> ItemRead:
    """With what was done to it. Raises UnknownShape."""
    named = people()
    rows = DECODER.read(list[GitCodeOperateLog], values)
    events = [event_of(row, named.key_of(row.user), leftover(original_of(row), LOG)) for row in rows]
    return with_events(read, events, named.seen)


def has_reviewers(value: object) -> bool:
    """Whether a row of a list names anybody of whom only the pull request itself says whether they have said yes."""
    if not isinstance(value, Mapping):
        return False
    counts = (value.get("assignees_number"), value.get("testers_number"))
    return any(value.get(key) for key in ("assignees", "testers")) or any(isinstance(n, int) and n > 0 for n in counts)


def _status_of(row: GitCodeIssue) -> WorkflowStatus | None:
    detail = row.issue_state_detail or None
    name = (detail.title if detail else row.issue_state) or None
    if name is None or (detail is None and name in STATES):
        return None
    return WorkflowStatus(id=str(detail.id) if detail and detail.id else None, name=name)


def _type_of(row: GitCodeIssue) -> IssueType | None:
    detail = row.issue_type_detail or None
    name = (detail.title if detail else row.issue_type) or None
    if name is None:
        return None
    return IssueType(id=str(detail.id) if detail and detail.id else None, name=name, group=TYPES.get(name.lower()))


def _fields_of(row: GitCodeIssue) -> tuple[CustomField, ...] | None:
    fields = [
        CustomField(name=one.field_name, type=one.field_type or None, value=list(one.field_values or ()))
        for one in row.custom_fields or ()
    ]
    return tuple(fields) or None


def _milestone_of(row: GitCodePullRequest, detail: GitCodePullRequest) -> str | None:
    milestone = row.milestone or detail.milestone
    return str(milestone.number) if milestone else None


def _head_of(row: GitCodePullRequest) -> ChangeHead:
    head, base = row.head, row.base
    path = _path_of(head.repo)
    is_fork = path is not None and path != _path_of(base.repo)
    return ChangeHead(repository=path if is_fork else None, branch=head.ref, commit=head.sha or None)


def _path_of(repository: GitCodePullRepository | object) -> str | None:
    if not isinstance(repository, GitCodePullRepository):
        return None
    path = repository.full_path or repository.full_name
    return path.replace(" ", "") if path else None


def _reviewers_of(row: GitCodePullRequest, named: People[Person]) -> tuple[Reviewer, ...]:
    """Names alone, as a list has them, do not say what came of it: then somebody was asked, and no more is known."""
    requested: dict[tuple[str, str], Reviewer] = {}
    for role, persons in (("reviewer", row.approval_reviewers), ("reviewer", row.assignees), ("tester", row.testers)):
        for person in persons or ():
            reviewer = _reviewer(person)
            key = named.key_of(reviewer)
            if key is not None:
                is_tester = role == "tester"
                requested.setdefault(
                    (role, key),
                    Reviewer(
                        by=key,
                        role="tester" if is_tester else "reviewer",
                        state="approved" if reviewer.accept else "requested",
                    ),
                )
    return tuple(requested.values())


def _reviewer(person: object) -> GitCodeReviewer:
    if isinstance(person, GitCodeReviewer):
        return person
    return DECODER.read(GitCodeReviewer, {"login": person} if isinstance(person, str) else person)


def _is_on_line(row: GitCodePullComment) -> bool:
    return row.comment_type == ON_A_LINE or bool(row.diff_file)


def _comments_of(row: GitCodePullComment, named: People[Person]) -> tuple[Comment, ...]:
    """The comment, and the replies to it."""
    rules = PULL_COMMENT if _is_on_line(row) else {**PULL_COMMENT, "resolved": lambda value: value is False}
    first = _comment_of(row, named, rules)
    return (first, *(_comment_of(reply, named, REPLY, reply_to=first.id) for reply in row.replies or ()))


def _comment_of(row: GitCodePullReply, named: People[Person], rules: Rules, *, reply_to: str | None = None) -> Comment:
    extra = dict(leftover(original_of(row), rules))
    if isinstance(row, GitCodePullComment) and not _is_on_line(row) and row.discussion_id:
        extra["discussion_id"] = row.discussion_id
    return Comment(
        id=row.id,
        reply_to=reply_to,
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        edited_at=edited_at(row.created_at, row.updated_at),
        text=markdown(row.body) or MarkupText(markup="markdown", body=""),
        extra=extra or None,
    )


def _thread_of(row: GitCodePullComment, named: People[Person]) -> ReviewThread:
    return ReviewThread(
        id=row.discussion_id or row.id,
        path=row.diff_file or None,
        position=_position_of(row),
        resolved=row.resolved if isinstance(row.resolved, bool) else None,
        comments=_comments_of(row, named),
    )


def _position_of(row: GitCodePullComment) -> DiffPosition | None:
    """Of a line that is gone from the new side, the old side's."""
    given = row.diff_position
    if not isinstance(given, GitCodeDiffPosition) or not row.diff_file:
        return None
    is_new = bool(given.end_new_line or given.start_new_line)
    line = (given.end_new_line if is_new else given.end_old_line) or None
    first = (given.start_new_line if is_new else given.start_old_line) or None
    return DiffPosition(
        path=row.diff_file,
        side="new" if is_new else "old",
        line=line or first,
        first_line=first if line and first != line else None,
        as_given=original_of(given),
    )


def _extra_of_change(row: GitCodePullRequest, detail: GitCodePullRequest, named: People[Person]) -> dict[str, object]:
    """What the list says, and what only the pull request itself does. A label that is its branch says nothing."""
    extra = {**leftover(original_of(detail), CHANGE), **leftover(original_of(row), CHANGE)}
    for name in ("assignees", "testers"):
        if not any(isinstance(person, Mapping) for person in _list_of(extra.get(name))):
            extra.pop(name, None)
    for name, end in (("head", row.head), ("base", row.base)):
        named.keys_of([end.user] if end.user else None)
        rest = dict(extra.pop(name, {}))  # type: ignore[call-overload]  # an end's rest is an object
        if end.label == end.ref:
            rest.pop("label", None)
        if end is row.head and _head_of(row).repository is None:
            rest.pop("repo", None)
        if rest:
            extra[name] = rest
    if row.state == "locked":
        extra["state"] = row.state
    return extra


def _list_of(value: object) -> list[object]:
    return value if isinstance(value, list) else []
