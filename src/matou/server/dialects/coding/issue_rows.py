"""Issues as CODING writes them: the reverse of what `platforms.coding.metadata_issues` reads."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from matou.model.metadata import AttachedFile, Comment, CustomField, Day, Issue, MarkupText, TimeEntry, TimelineEvent
from matou.model.metadata.kinds import MILESTONE
from matou.platforms.coding import wire_issues
from matou.platforms.coding.metadata_issues import FILE_ADDRESS, PRIORITIES, STATUS_GROUPS, TYPE_GROUPS
from matou.platforms.coding.metadata_relations import REFERENCES, VERSIONS
from matou.platforms.coding.wire import CHINA, Milliseconds, milliseconds
from matou.server.api.saved_rows import JsonRow, number_of
from matou.server.dialects.coding.file_links import file_address
from matou.server.dialects.coding.saved import SavedRows
from matou.server.dialects.coding.saved_files import file_number

STATUS_TYPES: Final[Mapping[str | None, str]] = {group: word.upper() for word, group in STATUS_GROUPS.items()}
TYPE_CODES: Final[Mapping[str | None, str]] = {group: code for code, group in TYPE_GROUPS.items()}
PRIORITY_CODES: Final[Mapping[str, str]] = {name: code for code, name in PRIORITIES.items()}
LISTED: Final = frozenset(field.encode_name for field in msgspec.structs.fields(wire_issues.IssueRow))
_NAMED: Final = ("Code", "Type", "Name", "IssueStatusId", "IssueStatusName", "Priority", "Assignee")
"""What the document has of an epic, and of a sub-task."""


def status_type(issue: Issue) -> str:
    """What its status comes to, which says at CODING whether it is closed; elsewhere that is all that is told."""
    group = issue.status.group if issue.status else None
    return STATUS_TYPES.get(group) or STATUS_TYPES["todo" if issue.state == "open" else "done"]


def issue_row(rows: SavedRows[Any], issue: Issue) -> dict[str, Any]:
    """One issue with all that was told of it."""
    status, kind = issue.status, issue.type
    code = TYPE_CODES.get(kind.group if kind else None, "")
    row = wire_issues.IssueDetail(
        code=number_of(issue.number),
        type=code,
        name=issue.title,
        description=source_of(issue.text),
        issue_status_id=number_of(status.id) if status else 0,
        issue_status_name=status.name if status else issue.state,
        issue_status_type=status_type(issue),
        issue_type_id=number_of(kind.id) if kind else 0,
        issue_type_detail=wire_issues.IssueTypeDetail(
            id=number_of(kind.id) if kind else 0, name=kind.name if kind else "", issue_type=code
        ),
        priority=_priority(issue),
        iteration=_iteration(rows, issue.iteration),
        start_date=day_milliseconds(issue.start),
        due_date=day_milliseconds(issue.due),
        working_hours=issue.estimate or 0.0,
        created_at=milliseconds(issue.at),
        updated_at=milliseconds(issue.updated_at),
        completed_at=milliseconds(issue.closed_at),
        labels=[
            wire_issues.IssueLabel(id=number_of(label.id), name=label.name, color=color_of(label.color))
            for label in rows.labels(issue.labels)
        ],
        files=[_file(rows, file) for file in attached_files(issue)],
        custom_fields=[_custom_field(rows, field) for field in issue.fields or ()],
    )
    related = msgspec.to_builtins(wire_issues.RelatedIssue(code=number_of(issue.parent)))
    parent = {
        **related,
        "Assignee": rows.user(None),
        "IssueTypeDetail": msgspec.to_builtins(wire_issues.IssueTypeDetail()),
    }
    children = [{**_named(rows.user(None)), "Code": number_of(child)} for child in issue.children or ()]
    besides = {key: value for key, value in (issue.extra or {}).items() if key not in (REFERENCES, VERSIONS)}
    return rows.complete(
        row,
        besides,
        Assignee=rows.user(next(iter(issue.assignees), None)),
        Assignees=rows.users(issue.assignees),
        Creator=rows.user(issue.by),
        Watchers=rows.users(issue.watchers or ()),
        Parent=parent,
        Epic=_named(rows.user(None)),
        SubTasks=children,
    )


def listed_row(rows: SavedRows[Any], issue: Issue) -> dict[str, Any]:
    """A row of a list: ids of people, and no files."""
    whole = issue_row(rows, issue)
    ids = {"ParentCode": whole["Parent"]["Code"], "ParentId": 0, "CreatorId": whole["Creator"]["Id"]}
    return {**{key: whole[key] for key in LISTED & whole.keys()}, **ids, "AssigneeId": whole["Assignee"]["Id"]}


def related_row(rows: SavedRows[Any], issue: Issue) -> dict[str, Any]:
    """What stands beside another issue."""
    whole = issue_row(rows, issue)
    keys = [field.encode_name for field in msgspec.structs.fields(wire_issues.RelatedIssue)]
    return {key: whole[key] for key in keys}


def comment_row(rows: SavedRows[Any], comment: Comment, *, shows_files: bool) -> JsonRow:
    is_html = comment.text.markup == "html"
    row = wire_issues.IssueComment(
        comment_id=number_of(comment.id),
        parent_id=number_of(comment.reply_to),
        content=comment.text.body if is_html else "",
        raw_content="" if is_html else comment.text.body,
        creator_id=number_of(comment.by),
        created_at=milliseconds(comment.at),
        updated_at=milliseconds(comment.edited_at or comment.at),
    )
    made = rows.complete(row, comment.extra)
    return made if shows_files else {**made, "FileId": []}


def status_change_rows(rows: SavedRows[Any], issue: Issue) -> Iterator[JsonRow]:
    for event in issue.events:
        if event.kind == "status":
            yield _status_change(rows, issue, event)


def _status_change(rows: SavedRows[Any], issue: Issue, event: TimelineEvent) -> JsonRow:
    data = {key: value for key, value in event.data.items() if key not in ("from", "to")}
    row = wire_issues.IssueStatusChange(
        issue_code=number_of(issue.number),
        status_name=str(event.data.get("to") or ""),
        issue_status=wire_issues.IssueStatus(),
        created_at=milliseconds(event.at),
    )
    return rows.complete(row, data)


def work_log_row(issue: Issue, entry: TimeEntry, *, id_: int, project: str) -> JsonRow:
    """Args: id_: of our own: CODING's is not kept."""
    at = milliseconds(entry.at)
    row = wire_issues.IssueWorkLog(
        id=id_,
        issue_code=number_of(issue.number),
        project_name=project,
        user_id=number_of(entry.by),
        record_hours=entry.hours,
        working_desc=entry.text or "",
        start_at=at,
        created_at=at,
        updated_at=at,
    )
    return msgspec.to_builtins(row)  # type: ignore[no-any-return]


def source_of(text: MarkupText | None) -> str:
    return "" if text is None else text.body


def color_of(color: str) -> str:
    return f"#{color}" if color else ""


def day_milliseconds(day: Day | None) -> Milliseconds:
    """A day is China's and stands for its beginning."""
    if day is None:
        return Milliseconds(0)
    read = datetime.fromisoformat(day)
    return milliseconds(read if read.tzinfo else read.replace(tzinfo=CHINA))


def _priority(issue: Issue) -> str:
    if issue.priority is None:
        return ""
    return PRIORITY_CODES.get(issue.priority.name, issue.priority.name)


def _iteration(rows: SavedRows[Any], number: str | None) -> wire_issues.IssueIteration:
    table = rows.conversation.table(MILESTONE).values() if number and not rows.is_own else ()
    found = next((one for one in table if one.kind == "iteration" and one.number == number), None)
    return wire_issues.IssueIteration(code=number_of(number), name=found.title if found else "")


def attached_files(issue: Issue) -> list[AttachedFile]:
    """Those that are listed beside its texts, and not those that its text shows."""
    return [file for file in issue.files if file.url not in source_of(issue.text)]


def with_pictures(rows: SavedRows[Any], text: str, files: Iterable[AttachedFile]) -> str:
    """A text whose pictures have addresses that are good for an hour, as far as they were saved."""
    known = {file_number(file): file for file in files}

    def address(found: re.Match[str]) -> str:
        file = known.get(int(found["file"]))
        return (file_address(rows, file.sha256, file.name) if file else "") or found[0]

    return FILE_ADDRESS.sub(address, text)


def _file(rows: SavedRows[Any], file: AttachedFile) -> wire_issues.IssueFile:
    address = file_address(rows, file.sha256, file.name)
    return wire_issues.IssueFile(file_id=file_number(file), name=file.name, size=file.size or 0, url=address)


def _custom_field(rows: SavedRows[Any], field: CustomField) -> wire_issues.IssueCustomField:
    return wire_issues.IssueCustomField(
        id=number_of(field.id), name=field.name, value_string=_field_text(rows, field.value)
    )


def _field_text(rows: SavedRows[Any], value: object) -> str:
    """A text as it came; of people, what is known of them."""
    if not isinstance(value, list):
        return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    return json.dumps([_field_user(rows, one) for one in value], ensure_ascii=False, separators=(",", ":"))


def _field_user(rows: SavedRows[Any], value: object) -> object:
    if not isinstance(value, Mapping) or not value.get("Id"):
        return value
    return {**rows.user(str(value["Id"])), **value}


def _named(assignee: JsonRow) -> dict[str, Any]:
    blank = msgspec.to_builtins(wire_issues.RelatedIssue())
    return {**{key: blank[key] for key in _NAMED if key in blank}, "Assignee": assignee}


def issues_among(found: Sequence[object]) -> list[Issue]:
    return [one for one in found if isinstance(one, Issue)]
