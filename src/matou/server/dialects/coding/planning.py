"""Actions about what a project plans with and tells everybody: iterations, versions, fields, announcements, wiki."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from matou.db.namespaces import Namespace
from matou.errors import NotFound
from matou.forge.access import Action as Access
from matou.forge.access import may
from matou.forge.accounts.labels import labels
from matou.model.metadata import Announcement, LabelDefinition, Milestone, WikiPage, WikiVersion
from matou.model.metadata.kinds import ANNOUNCEMENT, LABEL, MILESTONE, SETTING, WIKI_PAGE, WIKI_VERSION
from matou.platforms.coding import wire, wire_pages, wire_planning
from matou.platforms.coding import wire_requests_metadata as requests
from matou.platforms.coding import wire_requests_served as served
from matou.platforms.coding.wire import CHINA, milliseconds
from matou.platforms.coding.wire_requests import DescribeAllProjectLabels
from matou.server.api.params import InvalidParameterValue
from matou.server.api.saved_rows import JsonRow, number_of
from matou.server.dialects.coding.context import READ_PROJECT, CodingAction, TeamContext, action, page_request
from matou.server.dialects.coding.errors import SavedAnswer
from matou.server.dialects.coding.issue_rows import color_of, day_milliseconds, source_of
from matou.server.dialects.coding.issues import require_span
from matou.server.dialects.coding.projects import find_project
from matou.server.dialects.coding.saved import SavedRows, open_project, rows_of_project

ProjectRows = SavedRows[Any]


class NoSuchIteration(NotFound):
    """The project has no such iteration."""


class NoSuchWikiPage(NotFound):
    """The wiki has no such page, or it was not saved in this version."""


def project_labels(context: TeamContext, request: DescribeAllProjectLabels) -> SavedAnswer:
    """Those that were saved, for those who may read what was said; and those that the project has here."""
    project = find_project(context, request.project_id)
    here = [
        msgspec.to_builtins(
            wire.CodingLabel(id=label.id, project_id=project.subject.id, name=label.name, color=label.color)
        )
        for label in labels(context.forge, project)
    ]
    saved = _saved_labels(context, project.subject)
    names = {row["Name"] for row in saved}
    return SavedAnswer(values={"Labels": [*saved, *(row for row in here if row["Name"] not in names)]})


def iterations(context: TeamContext, request: requests.DescribeIterationList) -> SavedAnswer:
    offset, limit = require_span(request.offset, request.limit)
    rows = open_project(context, request.project_name)
    made = [_iteration_row(rows, one) for one in milestones(rows, "iteration")]
    found = [
        row
        for row in made
        if (not request.status or row["Status"] in request.status)
        and (not request.assignee or row["Assignee"] in request.assignee)
    ]
    return SavedAnswer(values={"Data": {"List": found[offset : offset + limit], "TotalRow": len(found)}})


def one_iteration(context: TeamContext, request: served.DescribeIteration) -> SavedAnswer:
    rows = open_project(context, request.project_name)
    for one in milestones(rows, "iteration"):
        if number_of(one.number) == request.iteration_code:
            return SavedAnswer(values={"Iteration": _iteration_row(rows, one)})
    raise NoSuchIteration("there is no iteration {code}", code=request.iteration_code)


def versions(context: TeamContext, request: requests.DescribeReleaseList) -> SavedAnswer:
    page = page_request(request.page, request.page_size)
    if request.conditions:
        raise InvalidParameterValue(
            "a condition on {key} is not answered here", key=repr(request.conditions[0].key)[:100]
        )
    rows = open_project(context, request.project_name)
    found = [version_row(rows, one) for one in milestones(rows, "version")]
    if request.sort_value.upper() == "ASC":
        found.reverse()
    data = {
        "List": page.of(found),
        "PageNumber": page.number,
        "PageSize": page.size,
        "TotalPage": -(-len(found) // page.size),
        "TotalCount": len(found),
    }
    return SavedAnswer(values={"Data": data})


def issue_fields(context: TeamContext, request: requests.DescribeProjectIssueFieldList) -> SavedAnswer:
    rows = open_project(context, request.project_name)
    given = [one for one in settings_of(rows, "issue_fields") if one.get("IssueType") == request.issue_type]
    found = [_field_row(one) for one in given]
    return SavedAnswer(values={"ProjectIssueFieldList": found})


def announcements(context: TeamContext, request: requests.DescribeProjectAnnouncements) -> SavedAnswer:
    page = page_request(request.page_number, request.page_size)
    rows = open_project(context, request.project_name)
    found = list(_every(rows, ANNOUNCEMENT, Announcement))
    listed = [_announcement_row(rows, one) for one in page.of(found)]
    counts = {"PageNumber": page.number, "PageSize": page.size, "TotalCount": len(found)}
    return SavedAnswer(values={"List": listed, **counts})


def wiki_tree(context: TeamContext, request: requests.DescribeWikiList) -> SavedAnswer:
    rows = open_project(context, request.project_name)
    below: dict[str | None, list[WikiPage]] = {}
    pages = {page.id: page for page in _every(rows, WIKI_PAGE, WikiPage)}
    for page in pages.values():
        below.setdefault(page.parent if page.parent in pages else None, []).append(page)
    return SavedAnswer(values={"Data": _nodes(rows, below, None, frozenset())})


def wiki_page(context: TeamContext, request: requests.DescribeWiki) -> SavedAnswer:
    rows = open_project(context, request.project_name)
    tree = rows.conversation.tree
    page = None if tree is None else tree.item(WIKI_PAGE, str(request.iid))
    if tree is None or not isinstance(page, WikiPage):
        raise NoSuchWikiPage("the wiki has no page {iid}", iid=request.iid)
    number = request.version_id or page.version or 1
    version = tree.item(WIKI_VERSION, f"{page.id}/{number}")
    if not isinstance(version, WikiVersion):
        raise NoSuchWikiPage("the wiki page {iid} has no version {version}", iid=request.iid, version=number)
    return SavedAnswer(values={"Data": _version_of_page(rows, page, version)})


def settings_of(rows: ProjectRows, name: str) -> Sequence[Mapping[str, Any]]:
    found = rows.conversation.table(SETTING).get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) and rows.is_own else []


def _saved_labels(context: TeamContext, project: Namespace) -> list[dict[str, Any]]:
    if not may(context.forge, context.identity, Access.READ_CONVERSATION, project):
        return []
    rows = rows_of_project(context, project)
    found: Sequence[LabelDefinition] = list(rows.conversation.table(LABEL).values())
    return [
        {
            **rows.complete(
                wire.CodingLabel(id=number_of(label.id), project_id=0, name=label.name, color=color_of(label.color)),
                label.extra,
            ),
            "ProjectId": project.id,
        }
        for label in found
    ]


def milestones(rows: ProjectRows, kind: str) -> list[Milestone]:
    """The last first, as CODING lists them."""
    found = [one for one in rows.conversation.table(MILESTONE).values() if one.kind == kind]
    return sorted(found, key=lambda one: number_of(one.number), reverse=True)


def _iteration_row(rows: ProjectRows, iteration: Milestone) -> dict[str, Any]:
    row = wire_planning.CodingIteration(
        code=number_of(iteration.number),
        name=iteration.title,
        goal=source_of(iteration.text),
        status="COMPLETED" if iteration.state == "closed" else "PROCESSING",
        start_at=day_milliseconds(iteration.start) if iteration.start else wire_planning.UNSET_DAY,
        end_at=day_milliseconds(iteration.due) if iteration.due else wire_planning.UNSET_DAY,
        created_at=milliseconds(iteration.at),
        updated_at=milliseconds(iteration.updated_at),
    )
    return rows.complete(row, iteration.extra)


def version_row(rows: ProjectRows, version: Milestone) -> dict[str, Any]:
    row = wire_planning.CodingVersion(
        id=number_of(version.id),
        code=number_of(version.number),
        name=version.title,
        description=source_of(version.text),
        status="COMPLETED" if version.state == "closed" else "PROCESSING",
        start_date=day_milliseconds(version.start),
        release_date=day_milliseconds(version.due),
        created_at=milliseconds(version.at),
        updated_at=milliseconds(version.updated_at),
    )
    return {**rows.complete(row, version.extra), "ProjectId": rows.conversation.granted.subject.id}


def _announcement_row(rows: ProjectRows, announcement: Announcement) -> JsonRow:
    is_html = announcement.text.markup == "html"
    row = wire_pages.CodingAnnouncement(
        id=number_of(announcement.id),
        content_html=announcement.text.body if is_html else "",
        content_origin="" if is_html else announcement.text.body,
    )
    return rows.complete(row, announcement.extra)


def _nodes(
    rows: ProjectRows, below: Mapping[str | None, Sequence[WikiPage]], parent: str | None, above: frozenset[str]
) -> list[JsonRow]:
    """Pages with those below them; one that stands below itself stands nowhere."""
    pages = sorted(below.get(parent, ()), key=lambda page: (page.order or 0, number_of(page.id)))
    return [
        {**_node(rows, page), "Children": _nodes(rows, below, page.id, above | {page.id})}
        for page in pages
        if page.id not in above
    ]


def _node(rows: ProjectRows, page: WikiPage) -> JsonRow:
    row = wire_pages.WikiNode(
        iid=number_of(page.id),
        title=page.title,
        content=page.text.body,
        parent_iid=number_of(page.parent),
        order=float(page.order or 0),
        created_at=milliseconds(page.at),
        updated_at=milliseconds(page.updated_at),
    )
    return rows.complete(row, page.extra, Creator=rows.user(page.by), Editor=rows.user(page.updated_by))


def _version_of_page(rows: ProjectRows, page: WikiPage, version: WikiVersion) -> JsonRow:
    """Its times are texts of China's clock, as CODING gives them there."""
    is_html = version.text.markup == "html"
    count = max(page.version or 1, version.version)
    row = wire_pages.WikiPageVersion(
        iid=number_of(page.id),
        title=version.title,
        content="" if is_html else version.text.body,
        html=version.text.body if is_html else "",
        parent_iid=0 if rows.is_own else number_of(page.parent),
        order=0 if rows.is_own else page.order or 0,
        created_at=_china(page.at),
        updated_at=_china(version.at),
        current_version=version.version,
        last_version=count,
        histories_count=count,
        can_read=True,
    )
    return rows.complete(row, version.extra, Creator=rows.user(page.by), Editor=rows.user(version.by))


def _china(at: Any) -> str:
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}" if at else ""


def _field_row(given: Mapping[str, Any]) -> JsonRow:
    """What was told of a field, with every key of the document."""
    blank = wire_planning.IssueField(id=0)
    row: dict[str, Any] = msgspec.to_builtins(wire_planning.ProjectIssueField(issue_field_id=0, issue_field=blank))
    field = {**row["IssueField"], **(given.get("IssueField") or {})}
    return {**row, **given, "IssueField": {key: value for key, value in field.items() if key != "TeamId"}}


def _every(rows: ProjectRows, kind: Any, of: type[Any]) -> Iterator[Any]:
    tree = rows.conversation.tree
    return (one for one in tree.items(kind) if isinstance(one, of)) if tree is not None else iter(())


_READ: Final = "What was saved, also of what the source no longer has"

ACTIONS: tuple[CodingAction, ...] = (
    action(
        DescribeAllProjectLabels,
        project_labels,
        READ_PROJECT,
        "Those that were saved, for those who may read issues, then those that the project has here. `CreatorId` is 0 "
        "where CODING told none.",
    ),
    action(
        requests.DescribeIterationList,
        iterations,
        READ_PROJECT,
        f"{_READ}; the last first. `Limit` is 20 where it is not said.",
    ),
    action(served.DescribeIteration, one_iteration, READ_PROJECT, "As in the list."),
    action(
        requests.DescribeReleaseList,
        versions,
        READ_PROJECT,
        f"{_READ}; by `Code`, the last first unless `SortValue` is ASC. `Conditions` are refused.",
    ),
    action(
        requests.DescribeProjectIssueFieldList,
        issue_fields,
        READ_PROJECT,
        "Those that were saved; `IssueTypeId` changes nothing.",
    ),
    action(requests.DescribeProjectAnnouncements, announcements, READ_PROJECT, _READ + "."),
    action(
        requests.DescribeWikiList,
        wiki_tree,
        READ_PROJECT,
        f"{_READ}; a page whose parent is not there stands at the top.",
    ),
    action(
        requests.DescribeWiki,
        wiki_page,
        READ_PROJECT,
        "`VersionId` 0 is the last version. Times are texts of China's clock, as CODING really answers.",
    ),
)
