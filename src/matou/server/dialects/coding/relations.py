"""Actions about what issues that were saved stand beside: what they block and name, what is below them, versions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from matou.db.items import ItemOrder, ItemQuery
from matou.model.metadata import Issue
from matou.model.metadata.kinds import ISSUE
from matou.platforms.coding import wire_issues
from matou.platforms.coding import wire_requests_metadata as requests
from matou.platforms.coding import wire_requests_served as served
from matou.platforms.coding.metadata_relations import ISSUE_RESOURCES, REFERENCES, RESOURCE_TYPES, VERSIONS
from matou.server.api.saved_rows import number_of
from matou.server.dialects.coding.context import READ_PROJECT, CodingAction, TeamContext, action
from matou.server.dialects.coding.errors import SavedAnswer
from matou.server.dialects.coding.issue_rows import issues_among, listed_row, related_row
from matou.server.dialects.coding.issues import find_issue, numbered
from matou.server.dialects.coding.planning import milestones, version_row
from matou.server.dialects.coding.saved import SavedRows, open_project


def blocked_issues(context: TeamContext, request: requests.DescribeBlockIssueList) -> SavedAnswer:
    return _linked(context, request, "blocks")


def blocking_issues(context: TeamContext, request: requests.DescribeBlockedByIssueList) -> SavedAnswer:
    return _linked(context, request, "blocked_by")


def defects_of_requirement(context: TeamContext, request: requests.DescribeRequirementDefectRelation) -> SavedAnswer:
    rows = open_project(context, request.project_name)
    links = find_issue(rows, request.requirement_code).links
    related = numbered(rows, (link.to for link in links if link.kind == "relates"))
    found = [issue for issue in related if issue.type is not None and issue.type.group == "bug"]
    return SavedAnswer(values={"Issues": [related_row(rows, issue) for issue in found]})


def references(context: TeamContext, request: requests.DescribeIssueReferenceResources) -> SavedAnswer:
    rows = open_project(context, request.project_name)
    issue = find_issue(rows, request.issue_code)
    return SavedAnswer(values={"Data": list(_references(rows, issue))})


def versions_of_issue(context: TeamContext, request: requests.DescribeIssueReleaseList) -> SavedAnswer:
    rows = open_project(context, request.project_name)
    numbers = _version_numbers(find_issue(rows, request.issue_code))
    found = [version_row(rows, one) for one in milestones(rows, "version") if one.number in numbers]
    return SavedAnswer(values={"ReleaseList": found})


def _linked(context: TeamContext, request: requests.OfIssue, kind: str) -> SavedAnswer:
    rows = open_project(context, request.project_name)
    links = find_issue(rows, request.issue_code).links
    found = numbered(rows, (link.to for link in links if link.kind == kind))
    return SavedAnswer(values={"Issues": [related_row(rows, issue) for issue in found]})


def sub_issues(context: TeamContext, request: served.DescribeSubIssueList) -> SavedAnswer:
    rows = open_project(context, request.project_name)
    issue = find_issue(rows, request.issue_code)
    wanted = ItemQuery(kind=ISSUE.name, parent=issue.number, order=ItemOrder.NUMBER, ascending=True)
    found, _ = rows.conversation.list_items(wanted)
    return SavedAnswer(values={"SubIssueList": [listed_row(rows, one) for one in issues_among(found)]})


def _references(rows: SavedRows[Any], issue: Issue) -> Iterator[Mapping[str, Any]]:
    """What CODING told, and what issues of this project are called now; another platform's, as far as it is related."""
    numbers = [link.to for link in issue.links if link.kind == "relates"]
    by_number = {one.number: one for one in numbered(rows, numbers)}
    project = rows.conversation.granted.subject
    blank = msgspec.to_builtins(wire_issues.ResourceReference(project_id=project.id, project_name=project.name))
    given_rows = (
        rows.shown(issue.extra).get(REFERENCES) if rows.is_own else [_row_of(one) for one in by_number.values()]
    )
    for given in given_rows or []:
        is_here = "ProjectId" not in given and given.get("ResourceType") in ISSUE_RESOURCES
        here = by_number.get(str(given.get("ResourceCode"))) if is_here else None
        yield {**blank, **given, **({} if here is None else _as_it_is(here))}


def _row_of(issue: Issue) -> Mapping[str, Any]:
    group = issue.type.group if issue.type else None
    return {"ResourceType": RESOURCE_TYPES[group or "task"], "ResourceCode": number_of(issue.number)}


def _as_it_is(issue: Issue) -> Mapping[str, Any]:
    status = issue.status.name if issue.status else issue.state
    return {"ResourceName": issue.title, "ResourceStatus": status}


def _version_numbers(issue: Issue) -> Sequence[str]:
    several = (issue.extra or {}).get(VERSIONS)
    if isinstance(several, list):
        return [str(one) for one in several]
    kind, _, number = (issue.milestone or "").partition("/")
    return [number] if kind == "version" else []


ACTIONS: tuple[CodingAction, ...] = (
    action(requests.DescribeBlockIssueList, blocked_issues, READ_PROJECT, "Those that were saved as linked."),
    action(requests.DescribeBlockedByIssueList, blocking_issues, READ_PROJECT, "Those that were saved as linked."),
    action(
        requests.DescribeRequirementDefectRelation,
        defects_of_requirement,
        READ_PROJECT,
        "Defects that were saved as related to it, whoever said so.",
    ),
    action(
        requests.DescribeIssueReferenceResources,
        references,
        READ_PROJECT,
        "What CODING told, with what issues of this project are called now; of other platforms' issues the related "
        "ones. `ProjectId` of the request is not looked at.",
    ),
    action(requests.DescribeIssueReleaseList, versions_of_issue, READ_PROJECT, "The last first."),
    action(served.DescribeSubIssueList, sub_issues, READ_PROJECT, "Those that name it as their parent, of every type."),
)
