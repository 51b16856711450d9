"""CODING's issues in our form: requirements, defects, missions, epics and sub-tasks, with what was said about them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from matou.model.decoding_faults import NOT_DECODED
from matou.model.metadata import (
    AttachedFile,
    Comment,
    CustomField,
    Issue,
    IssueType,
    JsonObject,
    Participant,
    Priority,
    TimeEntry,
    TimelineEvent,
    WorkflowStatus,
)
from matou.platforms.base.decoder import original_of
from matou.platforms.coding.metadata_values import (
    day,
    extra_of,
    keys_of,
    participants,
    person_key,
    source_or_html,
    source_text,
)
from matou.platforms.coding.wire import DECODER, moment
from matou.platforms.coding.wire_issues import (
    CodingUser,
    IssueComment,
    IssueCustomField,
    IssueDetail,
    IssueFile,
    IssueStatusChange,
    IssueWorkLog,
)

StatusGroup: TypeAlias = Literal["todo", "doing", "done"]
TypeGroup: TypeAlias = Literal["task", "bug", "requirement", "epic", "subtask"]

STATUS_GROUPS: Final[Mapping[str, StatusGroup]] = {"todo": "todo", "processing": "doing", "completed": "done"}
"""By CODING's `IssueStatusType` in small letters."""

TYPE_GROUPS: Final[Mapping[str, TypeGroup]] = {
    "MISSION": "task",
    "DEFECT": "bug",
    "REQUIREMENT": "requirement",
    "EPIC": "epic",
    "SUB_TASK": "subtask",
}
PRIORITIES: Final[Mapping[str, str]] = {"0": "低", "1": "中", "2": "高", "3": "紧急"}
"""The names that CODING shows."""

FILE_ADDRESS: Final = re.compile(
    r"(?:https?://[\w.:-]+)?/api/project/(?P<project>[0-9]+)/files/(?P<file>[0-9]{1,18})(?![0-9])(?:/imagePreview|/download)?"
)
"""Where a file of a project is; a browser gets it with the site's cookie, and a token does not."""


def issue_of(
    detail: IssueDetail,
    comments: Iterable[IssueComment],
    changes: Iterable[IssueStatusChange],
    work_logs: Iterable[IssueWorkLog],
    *,
    project_id: int,
) -> Issue:
    """The issue as we keep it. `project_id` says whose its files are."""
    status = status_of(detail.issue_status_id, detail.issue_status_name, detail.issue_status_type)
    is_closed = status is not None and status.group == "done"
    return Issue(
        number=str(detail.code),
        title=detail.name,
        text=source_text(detail.description),
        by=person_key(detail.creator),
        at=moment(detail.created_at),
        updated_at=moment(detail.updated_at),
        closed_at=moment(detail.completed_at),
        state="closed" if is_closed else "open",
        status=status,
        type=type_of(detail),
        priority=priority_of(detail.priority),
        labels=tuple(dict.fromkeys(label.name for label in detail.labels)),
        iteration=_number(detail.iteration.code),
        assignees=keys_of(assignees_of(detail)),
        watchers=keys_of(detail.watchers),
        parent=_number(detail.parent.code),
        children=tuple(str(task.code) for task in detail.sub_tasks if task.code),
        start=day(detail.start_date),
        due=day(detail.due_date),
        estimate=detail.working_hours or None,
        spent=spent_of(work_logs),
        fields=tuple(custom_field_of(field) for field in detail.custom_fields) or None,
        files=tuple(file_of(file, project_id) for file in detail.files),
        comments=comments_of(comments),
        events=status_events(changes),
        extra=extra_of_issue(detail),
    )


def people_of_issue(detail: IssueDetail) -> tuple[Participant, ...]:
    """Whoever is named in it as an object; who wrote a comment is known there by the number alone."""
    within = [user for field in detail.custom_fields for user in _users_in(field.value_string)]
    subtasks = [task.assignee for task in (*detail.sub_tasks, detail.parent, detail.epic)]
    return participants(*within, *subtasks, *detail.watchers, *assignees_of(detail), detail.creator)


def status_of(id_: int, name: str, type_: str) -> WorkflowStatus | None:
    if not (id_ or name):
        return None
    return WorkflowStatus(id=_number(id_), name=name, group=STATUS_GROUPS.get(type_.lower()))


def type_of(detail: IssueDetail) -> IssueType | None:
    """A team's own type has a name of its own, and is of one of the five."""
    name = detail.issue_type_detail.name or detail.type
    if not name:
        return None
    return IssueType(id=_number(detail.issue_type_id), name=name, group=TYPE_GROUPS.get(detail.type))


def priority_of(code: str) -> Priority | None:
    if not code:
        return None
    return Priority(name=PRIORITIES.get(code, code), rank=int(code) if code in PRIORITIES else None)


def assignees_of(detail: IssueDetail) -> Sequence[CodingUser]:
    """Newer teams have several; the one of old is one of them."""
    first = [] if isinstance(detail.assignee, msgspec.UnsetType) else [detail.assignee]
    return [*first, *detail.assignees]


def file_of(file: IssueFile, project_id: int) -> AttachedFile:
    return AttachedFile(
        url=f"/api/project/{project_id}/files/{file.file_id}/download", name=file.name, size=file.size or None
    )


def comments_of(comments: Iterable[IssueComment]) -> tuple[Comment, ...]:
    """As they were written, one after the other."""
    return tuple(comment_of(comment) for comment in sorted(comments, key=_comment_order))


def comment_of(comment: IssueComment) -> Comment:
    held = ("CommentId", "ParentId", "CreatorId", "CreatedAt", "UpdatedAt", "RawContent")
    edited = comment.updated_at if comment.updated_at != comment.created_at else 0
    return Comment(
        id=str(comment.comment_id),
        reply_to=_number(comment.parent_id),
        by=person_key(comment.creator_id),
        at=moment(comment.created_at),
        edited_at=moment(type(comment.created_at)(edited)),
        text=source_or_html(comment.raw_content, comment.content),
        extra=extra_of(comment, *held, *(() if comment.raw_content else ("Content",))),
    )


def status_events(changes: Iterable[IssueStatusChange]) -> tuple[TimelineEvent, ...]:
    """What the status became, and from what; who changed it CODING does not say."""
    events: list[TimelineEvent] = []
    before: IssueStatusChange | None = None
    for change in sorted(changes, key=lambda change: (change.created_at, change.status_id)):
        data: dict[str, object] = {"from": before.status_name if before else None, "to": change.status_name}
        extra = extra_of(change, "IssueCode", "StatusName", "CreatedAt") or {}
        events.append(TimelineEvent(kind="status", at=moment(change.created_at), data={**data, **extra}))
        before = change
    return tuple(events)


def spent_of(work_logs: Iterable[IssueWorkLog]) -> tuple[TimeEntry, ...] | None:
    entries = tuple(
        TimeEntry(
            by=person_key(log.user_id),
            at=moment(log.start_at or log.created_at),
            hours=log.record_hours,
            text=log.working_desc or None,
        )
        for log in sorted(work_logs, key=lambda log: log.id)
    )
    return entries or None


def custom_field_of(field: IssueCustomField) -> CustomField:
    """A text as it came; people, of whom CODING gives all, without their mail and telephone."""
    users = _users_in(field.value_string)
    value: object = field.value_string
    if users:
        value = [{"Id": user.id, "GlobalKey": user.global_key, "Name": user.name} for user in users]
    return CustomField(id=str(field.id), name=field.name, value=value)


def _users_in(text: str) -> Sequence[CodingUser]:
    """Those in a text that is the JSON of a person, or of several."""
    if '"GlobalKey"' not in text:
        return ()
    try:
        found = msgspec.json.decode(text)
    except NOT_DECODED:
        return ()
    rows = found if isinstance(found, list) else [found]
    return [DECODER.read(CodingUser, row) for row in rows if isinstance(row, dict) and "Id" in row]


def extra_of_issue(detail: IssueDetail) -> JsonObject | None:
    held = [
        *("Code", "Name", "Description", "CreatedAt", "UpdatedAt", "CompletedAt", "StartDate", "DueDate"),
        *("Creator", "Assignee", "Assignees", "Watchers", "Labels", "WorkingHours", "CustomFields", "Files"),
        *("IssueStatusId", "IssueStatusName", "IssueTypeId"),
        *(("IssueStatusType",) if detail.issue_status_type.lower() in STATUS_GROUPS else ()),
        *(("Type",) if detail.type in TYPE_GROUPS else ()),
        *(("Priority",) if detail.priority in PRIORITIES else ()),
    ]
    rest = dict(extra_of(detail, *held) or {})
    if detail.files:
        rest["Files"] = [_without_url(file) for file in _objects(original_of(detail).get("Files"))]
    return rest or None


def _objects(value: object) -> list[Mapping[str, object]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _without_url(file: Mapping[str, object]) -> JsonObject:
    return {key: value for key, value in file.items() if key != "Url"}


def _number(id_: int) -> str | None:
    return str(id_) if id_ else None


def _comment_order(comment: IssueComment) -> tuple[int, int]:
    return comment.created_at, comment.comment_id
