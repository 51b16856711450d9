"""Actions about how issues go: their types and statuses, and what was done to them."""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from matou.model.metadata import Issue, TimelineEvent, WorkflowStatus
from matou.model.metadata.kinds import ISSUE
from matou.platforms.coding import wire_issues
from matou.platforms.coding import wire_requests_served as served
from matou.platforms.coding.metadata_issues import TYPE_GROUPS
from matou.platforms.coding.wire import milliseconds
from matou.server.api.params import InvalidParameterValue
from matou.server.api.saved_rows import number_of
from matou.server.dialects.coding.context import READ_PROJECT, CodingAction, TeamContext, action
from matou.server.dialects.coding.errors import SavedAnswer
from matou.server.dialects.coding.issue_rows import STATUS_TYPES, TYPE_CODES, issues_among
from matou.server.dialects.coding.issues import find_issue
from matou.server.dialects.coding.saved import SavedRows, open_project

ACTION_TYPES: Final = ("ADD", "CHANGE_PARENT", "CREATE", "DELETE", "REMOVE", "UPDATE")


def issue_types(context: TeamContext, request: served.DescribeProjectIssueTypeList) -> SavedAnswer:
    rows = open_project(context, request.project_name)
    found = issues_among(rows.conversation.one_of_each(ISSUE, "type"))
    return SavedAnswer(values={"IssueTypes": [_type_row(rows, one) for one in found if one.type is not None]})


def issue_statuses(context: TeamContext, request: served.DescribeProjectIssueStatusList) -> SavedAnswer:
    code = request.issue_type.upper()
    if code not in TYPE_GROUPS:
        raise InvalidParameterValue(
            "IssueType is {given}, not {known}", given=repr(code)[:100], known=", ".join(TYPE_GROUPS)
        )
    rows = open_project(context, request.project_name)
    found = issues_among(rows.conversation.one_of_each(ISSUE, "status"))
    statuses = sorted((one.status for one in found if one.status is not None), key=lambda one: number_of(one.id))
    listed = [_status_row(one, code, place) for place, one in enumerate(statuses, start=1)]
    return SavedAnswer(values={"ProjectIssueStatusList": listed})


def issue_log(context: TeamContext, request: served.DescribeIssueLogList) -> SavedAnswer:
    if request.action_type.upper() not in ACTION_TYPES:
        raise InvalidParameterValue(
            "ActionType is {given}, not {known}",
            given=repr(request.action_type)[:100],
            known=", ".join(ACTION_TYPES),
        )
    issue = find_issue(open_project(context, request.project_name), request.issue_code)
    match request.action_type.upper(), request.target.upper():
        case "UPDATE", "STATUS":
            found = [_status_entry(event) for event in issue.events if event.kind == "status"]
        case "CREATE", "SELF":
            found = [_entry("CREATE", "SELF", issue.title, {}, issue.by, milliseconds(issue.at))]
        case _:
            found = []
    return SavedAnswer(values={"IssueLogList": found})


def _type_row(rows: SavedRows[Any], issue: Issue) -> Mapping[str, Any]:
    """What CODING told of the type stands with each issue that has it."""
    assert issue.type is not None  # noqa: S101 - as the caller says
    code = TYPE_CODES.get(issue.type.group, "")
    id_ = number_of(issue.type.id)
    row = wire_issues.IssueTypeDetail(id=id_, name=issue.type.name, issue_type=code)
    given = rows.shown(issue.extra).get("IssueTypeDetail")
    return {
        **msgspec.to_builtins(row),
        **(given if isinstance(given, Mapping) else {}),
        "Id": id_,
        "SplitType": "",
        "SplitTargetIssueTypeId": [],
    }


def _status_row(status: WorkflowStatus, code: str, place: int) -> Mapping[str, Any]:
    id_ = number_of(status.id)
    kind = STATUS_TYPES.get(status.group) or STATUS_TYPES["done" if status.group == "rejected" else "todo"]
    row = wire_issues.IssueStatus(id=id_, index=place, name=status.name, type=kind)
    times = {"CreatedAt": 0, "UpdatedAt": 0}
    return {
        "IssueStatus": msgspec.to_builtins(row),
        "IssueStatusId": id_,
        "IssueType": code,
        "IsDefault": False,
        "Sort": place,
        **times,
    }


def _status_entry(event: TimelineEvent) -> Mapping[str, Any]:
    content = {"from": event.data.get("from"), "to": event.data.get("to")}
    return _entry("UPDATE", "STATUS", str(content["to"] or ""), content, event.by, milliseconds(event.at))


def _entry(
    kind: str, target: str, name: str, content: Mapping[str, object], by: str | None, at: int
) -> Mapping[str, Any]:
    return {
        "ActionType": kind,
        "Target": target,
        "TargetName": name,
        "Content": json.dumps(content, ensure_ascii=False),
        "Creator": number_of(by),
        "IssueId": 0,
        "CreateAt": at,
        "UpdatedAt": at,
    }


ACTIONS: tuple[CodingAction, ...] = (
    action(
        served.DescribeProjectIssueTypeList,
        issue_types,
        READ_PROJECT,
        "Those that some issue has which was saved. How they may be split is not kept: `SplitType` is empty.",
    ),
    action(
        served.DescribeProjectIssueStatusList,
        issue_statuses,
        READ_PROJECT,
        "Those that some issue has which was saved, of whatever type, by number; none is said to be the default, and "
        "times are 0.",
    ),
    action(
        served.DescribeIssueLogList,
        issue_log,
        READ_PROJECT,
        "UPDATE with STATUS, of which CODING told no author, and CREATE with SELF; of all else nothing is kept, and "
        "the list is empty. `Content` is our own, and `IssueId` 0.",
    ),
)
