"""Gitee's issues, pull requests and comments as metadata: what the model has no place for stands in `extra`."""

from collections.abc import Mapping
from typing import Final, Literal

from matou.errors import UnknownShape
from matou.model.metadata import (
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    Comment,
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
    Rules,
    day_of,
    edited_at,
    is_time,
    leftover,
    markdown,
    tail_of,
    time_of,
)
from matou.platforms.base.v5_mapping import event_of, with_events
from matou.platforms.gitee.metadata_people import DECODER, PERSON, is_person, people
from matou.platforms.gitee.wire_issues import GiteeAssignee, GiteeIssue, GiteeNote, GiteeOperateLog
from matou.platforms.gitee.wire_pulls import GiteePullComment, GiteePullRequest

STATES: Final[Mapping[str, tuple[Literal["open", "closed"], Literal["todo", "doing", "done", "rejected"]]]] = {
    "open": ("open", "todo"),
    "progressing": ("open", "doing"),
    "closed": ("closed", "done"),
    "rejected": ("closed", "rejected"),
}

CHANGE_STATES: Final[Mapping[str, Literal["open", "closed", "merged"]]] = {
    "open": "open",
    "closed": "closed",
    "merged": "merged",
}

PRIORITIES: Final = {1: "不重要", 2: "次要", 3: "主要", 4: "严重"}
"""0 says nothing."""

TYPES: Final[Mapping[str, Literal["task", "bug", "requirement", "epic"]]] = {
    "任务": "task",
    "task": "task",
    "缺陷": "bug",
    "bug": "bug",
    "需求": "requirement",
    "feature": "requirement",
    "requirement": "requirement",
    "史诗": "epic",
    "epic": "epic",
}

API_ADDRESSES: Final = ("url", "repository_url", "labels_url", "comments_url")

ISSUE: Final[Rules] = {
    **dict.fromkeys(API_ADDRESSES),
    **dict.fromkeys(("number", "id", "title", "body", "html_url", "state", "labels", "security_hole")),
    # What is said in the comments themselves, and in the text that this was made of.
    **dict.fromkeys(("comments", "body_html")),
    "user": is_person,
    "assignee": is_person,
    "created_at": is_time,
    "updated_at": is_time,
    "finished_at": is_time,
    "plan_started_at": is_time,
    "deadline": is_time,
    "parent_url": lambda value: tail_of(value) is not None,
    "milestone": lambda value: isinstance(value, Mapping) and "number" in value,
    "priority": lambda value: value == 0 or value in PRIORITIES,
    "issue_state": None,
    "issue_type": None,
    "issue_state_detail": {"id": None, "title": None},
    "issue_type_detail": {"id": None, "title": None, "ident": lambda value: value in TYPES},
}

LOG: Final[Rules] = {
    **dict.fromkeys(("id", "content")),
    "user": is_person,
    "created_at": is_time,
}

COMMENT: Final[Rules] = {
    **dict.fromkeys(("id", "body", "body_html", "in_reply_to_id")),
    "user": is_person,
    "in_reply_to_user": is_person,
    "created_at": is_time,
    "updated_at": is_time,
    "target": {"issue": {"id": None, "number": None, "title": None}},
}

END: Final[Rules] = {"ref": None, "sha": None, "user": is_person, "repo": {"full_name": None}}
BASE_END: Final[Rules] = {**END, "repo": None}
REVIEWERS: Final[Rules] = {**PERSON, "accept": None}

CHANGE: Final[Rules] = {
    **dict.fromkeys(
        (
            "url",
            "diff_url",
            "patch_url",
            "issue_url",
            "commits_url",
            "review_comments_url",
            "review_comment_url",
            "comments_url",
            "statuses_url",
            "_links",
        )
    ),
    **dict.fromkeys(("number", "id", "title", "body", "body_html", "html_url", "state", "labels", "locked", "draft")),
    "security_hole": None,
    # As the server finds it when it is asked.
    **dict.fromkeys(("mergeable", "can_merge_check")),
    **dict.fromkeys(("created_at", "updated_at", "closed_at", "merged_at"), is_time),
    "user": is_person,
    "milestone": ISSUE["milestone"],
    "head": END,
    "base": BASE_END,
    **dict.fromkeys(("assignees", "testers", "api_reviewers"), REVIEWERS),
}

POSITION: Final = ("path", "position", "original_position", "new_line", "commit_id", "original_commit_id")

PULL_COMMENT: Final[Rules] = {
    **dict.fromkeys(("url", "_links", "html_url", "pull_request_url")),
    **dict.fromkeys(("id", "body", "in_reply_to_id", *POSITION)),
    "user": is_person,
    "created_at": is_time,
    "updated_at": is_time,
}


def issue_of(value: object, *, repository: str | None = None) -> ItemRead:
    """An issue without its comments, which are in a list of their own.

    Args:
        repository: whose list it is of; what a row tells of that one is no property of the issue.

    Raises:
        UnknownShape: what no issue can do without is not there, or of another kind.
    """
    row, named = DECODER.read(GiteeIssue, value), people()
    if row.state not in STATES:
        raise UnknownShape("gitee Issue.state", row.state)
    state, group = STATES[row.state]
    detail = row.issue_state_detail or None
    item = Issue(
        number=row.number,
        id=str(row.id),
        title=row.title,
        text=markdown(row.body, row.body_html),
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        closed_at=time_of(row.finished_at),
        state=state,
        status=WorkflowStatus(
            id=str(detail.id) if detail and detail.id else None,
            name=(detail.title if detail else row.issue_state) or row.state,
            group=group,
        ),
        type=_type_of(row),
        priority=_priority_of(row.priority),
        labels=tuple(label.name for label in row.labels or ()),
        milestone=str(row.milestone.number) if row.milestone else None,
        assignees=named.keys_of([row.assignee] if row.assignee else None),
        parent=tail_of(row.parent_url),
        start=day_of(row.plan_started_at),
        due=day_of(row.deadline),
        confidential=row.security_hole or None,
        url=row.html_url or None,
        extra=_extra_of_issue(row, named.keys_of(row.collaborators), repository),
    )
    return ItemRead(item=item, people=named.seen)


def comment_of(value: object, *, issue: str | None = None) -> CommentRow:
    """A comment on an issue. `issue` is its number, where the list is of one. Raises UnknownShape."""
    row, named = DECODER.read(GiteeNote, value), people()
    target = row.target.issue if row.target else None
    key = issue or (target.number if target else None)
    if key is None:
        raise UnknownShape("gitee Note.target.issue.number", None)
    replied_to = named.key_of(row.in_reply_to_user)
    extra = leftover(original_of(row), COMMENT)
    comment = Comment(
        id=str(row.id),
        reply_to=str(row.in_reply_to_id) if row.in_reply_to_id else None,
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        edited_at=edited_at(row.created_at, row.updated_at),
        text=markdown(row.body, row.body_html) or MarkupText(markup="markdown", body=""),
        extra={**extra, **({"in_reply_to_user": replied_to} if replied_to else {})} or None,
    )
    updated_at = time_of(row.updated_at) or time_of(row.created_at)
    return CommentRow(key=key, comment=comment, updated_at=updated_at, people=named.seen)


def change_of(value: object) -> ItemRead:
    """A pull request without its comments, which are in a list of their own. Raises UnknownShape."""
    row, named = DECODER.read(GiteePullRequest, value), people()
    if row.state not in CHANGE_STATES:
        raise UnknownShape("gitee PullRequest.state", row.state)
    item = ChangeRequest(
        number=str(row.number),
        id=str(row.id),
        title=row.title,
        text=markdown(row.body, row.body_html),
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        closed_at=time_of(row.closed_at),
        merged_at=time_of(row.merged_at),
        state=CHANGE_STATES[row.state],
        labels=tuple(label.name for label in row.labels or ()),
        milestone=str(row.milestone.number) if row.milestone else None,
        confidential=row.security_hole or None,
        locked=row.locked or None,
        draft=row.draft or None,
        head=_head_of(row),
        base=ChangeBase(branch=row.base.ref, commit=row.base.sha or None),
        commits_ref=f"refs/pull/{row.number}/head",
        reviewers=tuple(
            Reviewer(by=key, role=role, state="approved" if person.accept else "requested")
            for role, persons in _reviewers_of(row)
            for person in persons
            if (key := named.key_of(person)) is not None
        ),
        url=row.html_url or None,
        extra=_extra_of_change(row) or None,
    )
    named.keys_of([end.user for end in (row.head, row.base) if end.user])
    return ItemRead(item=item, people=named.seen)


def pull_comment_of(value: object) -> CommentRow:
    """A comment on a pull request, in the thread that it belongs to where it is on a line. Raises UnknownShape."""
    row, named = DECODER.read(GiteePullComment, value), people()
    number = tail_of(row.pull_request_url)
    if number is None or not number.isdigit():
        raise UnknownShape("gitee PullRequestComments.pull_request_url", row.pull_request_url)
    reply_to = str(row.in_reply_to_id) if row.in_reply_to_id else None
    comment = Comment(
        id=str(row.id),
        reply_to=reply_to,
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        edited_at=edited_at(row.created_at, row.updated_at),
        text=markdown(row.body) or MarkupText(markup="markdown", body=""),
        extra=leftover(original_of(row), _rules_of_comment(row)) or None,
    )
    updated_at = time_of(row.updated_at) or time_of(row.created_at)
    thread = _thread_of(row, reply_to or comment.id)
    return CommentRow(key=number, comment=comment, updated_at=updated_at, thread=thread, people=named.seen)


def with_log(read: ItemRead, values: object) -> ItemRead:
    """With what was done to it. Raises UnknownShape."""
    named = people()
    rows = DECODER.read(list[GiteeOperateLog], values)
    events = [event_of(row, named.key_of(row.user), leftover(original_of(row), LOG)) for row in rows]
    return with_events(read, events, named.seen)


def _type_of(row: GiteeIssue) -> IssueType | None:
    detail = row.issue_type_detail or None
    name = (detail.title if detail else row.issue_type) or None
    if name is None:
        return None
    group = TYPES.get((detail.ident if detail else None) or "") or TYPES.get(name)
    return IssueType(id=str(detail.id) if detail and detail.id else None, name=name, group=group)


def _priority_of(number: object) -> Priority | None:
    if not isinstance(number, int) or number not in PRIORITIES:
        return None
    return Priority(name=PRIORITIES[number], rank=number - 1)


def _extra_of_issue(
    row: GiteeIssue, collaborators: tuple[str, ...], repository: str | None
) -> dict[str, object] | None:
    extra = dict(leftover(original_of(row), ISSUE))
    if row.repository and row.repository.full_name == repository:
        extra.pop("repository", None)
    extra.pop("collaborators", None)
    return {**extra, **({"collaborators": list(collaborators)} if collaborators else {})} or None


def _extra_of_change(row: GiteePullRequest) -> dict[str, object]:
    """The label of an end that is its branch says nothing."""
    extra = dict(leftover(original_of(row), CHANGE))
    for name, end in (("head", row.head), ("base", row.base)):
        rest = dict(extra.pop(name, {}))  # type: ignore[call-overload]  # an end's rest is an object
        if end.label == end.ref:
            rest.pop("label", None)
        if rest:
            extra[name] = rest
    return extra


def _reviewers_of(row: GiteePullRequest) -> list[tuple[Literal["reviewer", "tester"], list[GiteeAssignee]]]:
    requested: list[tuple[Literal["reviewer", "tester"], list[GiteeAssignee]]] = []
    requested.append(("reviewer", list(row.assignees or ())))
    requested.append(("tester", list(row.testers or ())))
    known = {person.login for person in row.assignees or ()}
    requested.append(("reviewer", [person for person in row.api_reviewers or () if person.login not in known]))
    return requested


def _head_of(row: GiteePullRequest) -> ChangeHead:
    head, base = row.head, row.base
    path = head.repo.full_name if head.repo else None
    is_fork = path is not None and (not base.repo or path != base.repo.full_name)
    return ChangeHead(repository=path if is_fork else None, branch=head.ref, commit=head.sha or None)


def _thread_of(row: GiteePullComment, id_: str) -> ReviewThread | None:
    """None for a comment on the pull request as a whole. A reply is in the thread of what it replies to."""
    if not row.path:
        return None
    position = DiffPosition(
        commit=row.commit_id or row.original_commit_id or None,
        path=row.path,
        side="new",
        line=row.new_line or None,
        diff_index=row.position or row.original_position or None,
        as_given={key: value for key, value in original_of(row).items() if key in POSITION and value is not None},
    )
    is_outdated = row.position is None and bool(row.original_position)
    return ReviewThread(id=id_, path=row.path, position=position, outdated=is_outdated or None, comments=())


def _rules_of_comment(row: GiteePullComment) -> Rules:
    """Without a path there is no position that could have the rest of it."""
    return PULL_COMMENT if row.path else {key: rule for key, rule in PULL_COMMENT.items() if key not in POSITION}
