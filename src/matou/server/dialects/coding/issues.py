"""Actions about issues that were saved: lists, each with what was said and done, and what it stands beside."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from matou.caching import SizedCache
from matou.db.items import ItemOrder, ItemQuery, ItemVisibility
from matou.db.namespaces import Namespace
from matou.forge.access import MissingScope, NotAllowed
from matou.forge.accounts.namespaces import visible_children
from matou.forge.conversation.conversation import NoSuchItemFile
from matou.forge.conversation.index_rows import comments_of
from matou.model.metadata import AttachedFile, Issue, MarkupText
from matou.model.metadata.kinds import ISSUE
from matou.platforms.coding import wire_requests_metadata as requests
from matou.platforms.coding.metadata_issues import FILE_ADDRESS
from matou.server.api.params import LARGEST_PAGE, InvalidParameterValue
from matou.server.api.saved_rows import JsonRow
from matou.server.dialects.coding.context import READ_PROJECT, CodingAction, TeamContext, action, page_request
from matou.server.dialects.coding.errors import SavedAnswer
from matou.server.dialects.coding.file_links import file_address
from matou.server.dialects.coding.issue_queries import issue_listing
from matou.server.dialects.coding.issue_rows import (
    attached_files,
    comment_row,
    issue_row,
    issues_among,
    listed_row,
    source_of,
    status_change_rows,
    with_pictures,
    work_log_row,
)
from matou.server.dialects.coding.saved import SavedRows, open_project
from matou.server.dialects.coding.saved_files import files_by_number

MOST_ISSUES: Final = 500
"""The most that CODING gives at once; more is refused and not cut."""
DEFAULT_LIMIT: Final = 20
_AT_ONCE: Final = 100


def issue_pages(context: TeamContext, request: requests.DescribeIssueListWithPage) -> SavedAnswer:
    page = page_request(request.page_number, require_fewer(request.page_size))
    rows = open_project(context, request.project_name)
    listing = issue_listing(
        rows,
        request.issue_type,
        [] if request.conditions is None else [request.conditions],
        (request.sort_key, request.sort_value),
        has_subtasks=request.show_sub_issues and not request.exclude_sub_task,
    )
    found, total = rows.conversation.list_items(
        listing.wanted, search=listing.search, offset=page.offset, limit=page.size
    )
    data = {
        "List": [_listed(rows, issue, shows_pictures=request.show_image_out_url) for issue in issues_among(found)],
        "PageNumber": page.number,
        "PageSize": page.size,
        "TotalPage": -(-total // page.size),
        "TotalCount": total,
    }
    return SavedAnswer(values={"Data": data})


def issue_list(context: TeamContext, request: requests.DescribeIssueList) -> SavedAnswer:
    offset, limit = require_span(request.offset, request.limit)
    rows = open_project(context, request.project_name)
    sort = (request.sort_key, request.sort_value)
    listing = issue_listing(rows, request.issue_type, request.conditions, sort, has_subtasks=True)
    found, _ = rows.conversation.list_items(listing.wanted, search=listing.search, offset=offset, limit=limit)
    issues = [_listed(rows, issue, shows_pictures=request.show_image_out_url) for issue in issues_among(found)]
    return SavedAnswer(values={"IssueList": issues})


def _listed(rows: SavedRows[Namespace], issue: Issue, *, shows_pictures: bool) -> JsonRow:
    row = listed_row(rows, issue)
    return {**row, "Description": with_pictures(rows, row["Description"], issue.files)} if shows_pictures else row


def one_issue(context: TeamContext, request: requests.DescribeIssue) -> SavedAnswer:
    rows = open_project(context, request.project_name)
    issue = find_issue(rows, request.issue_code)
    row = issue_row(rows, issue)
    if request.show_image_out_url:
        row["Description"] = with_pictures(rows, row["Description"], issue.files)
    return SavedAnswer(values={"Issue": row})


def file_addresses(context: TeamContext, request: requests.DescribeIssueFileUrl) -> SavedAnswer:
    rows = open_project(context, request.project_name)
    if request.file_id:
        file = files_by_number(rows.conversation).get(request.file_id)
        if file is None:
            raise NoSuchItemFile("there is no file {id} here", id=request.file_id)
        return _addresses(Url=file_address(rows, file.sha256, file.name))
    issue = find_issue(rows, request.issue_code)

    def shown(text: MarkupText | None, files: Iterable[AttachedFile]) -> list[str]:
        known = {one.url: one for one in files}
        named = [known[found[0]] for found in FILE_ADDRESS.finditer(source_of(text)) if found[0] in known]
        return [file_address(rows, one.sha256, one.name) for one in named]

    comments = comments_of(issue) if request.query_comment else ()
    return _addresses(
        AttachmentFileUrl=[file_address(rows, one.sha256, one.name) for one in attached_files(issue)],
        DescriptionImageUrl=shown(issue.text, issue.files),
        CommentImageUrl=[url for comment in comments for url in shown(comment.text, comment.files)],
    )


def _addresses(**values: object) -> SavedAnswer:
    return SavedAnswer(
        values={"Url": "", "AttachmentFileUrl": [], "DescriptionImageUrl": [], "CommentImageUrl": [], **values}
    )


def issue_comments(context: TeamContext, request: requests.DescribeIssueCommentList) -> SavedAnswer:
    rows = open_project(context, request.project_name)
    comments = comments_of(find_issue(rows, request.issue_code))
    found = [comment_row(rows, comment, shows_files=request.show_file_id) for comment in comments]
    return SavedAnswer(values={"CommentList": found})


def status_changes(context: TeamContext, request: requests.DescribeIssueStatusChangeLogList) -> SavedAnswer:
    rows = open_project(context, request.project_name)
    require_fewer(len(request.issue_code))
    found = numbered(rows, map(str, request.issue_code))
    return SavedAnswer(values={"Logs": {"List": [row for issue in found for row in status_change_rows(rows, issue)]}})


def work_logs(context: TeamContext, request: requests.DescribeAllProjectsIssueWorkLogList) -> SavedAnswer:
    offset, limit = require_span(request.offset, request.limit, most=LARGEST_LIMIT)
    projects = (
        [open_project(context, request.project_name)] if request.project_name else list(_projects_of_team(context))
    )
    found = [log for rows in projects for log in _work_logs_of(rows) if _is_wanted(log, request)]
    return SavedAnswer(values={"WorkLogs": found[offset : offset + limit]})


LARGEST_LIMIT: Final = 1000
"""Of work logs."""


class WorkLogCache(SizedCache[tuple[str, str, ItemVisibility], Sequence[JsonRow]]):
    """The work logs of projects, by project and commit, and whether what is confidential is among them."""

    def __init__(self) -> None:
        super().__init__(100_000, size_of=lambda rows: len(rows) + 1)


def _work_logs_of(rows: SavedRows[Namespace]) -> Sequence[JsonRow]:
    conversation = rows.conversation
    if conversation.indexed is None:
        return ()
    cache, path = rows.context.forge.memory(WorkLogCache), conversation.granted.subject.path
    key = (str(path), conversation.indexed.commit_id, conversation.seen)
    known = cache.get(key)
    if known is None:
        entries = ((issue, entry) for issue in _all_issues(rows) for entry in issue.spent or ())
        known = [
            work_log_row(issue, entry, id_=number, project=path.segments[-1])
            for number, (issue, entry) in enumerate(entries, start=1)
        ]
        cache.put(key, known)
    return known


def _is_wanted(log: JsonRow, request: requests.DescribeAllProjectsIssueWorkLogList) -> bool:
    at: Any = log["StartAt"]
    is_theirs = request.user_id in (0, log["UserId"])
    return is_theirs and request.start_at <= at and (not request.end_at or at <= request.end_at)


def _projects_of_team(context: TeamContext) -> Iterator[SavedRows[Namespace]]:
    """Those in which this identity may read what was said."""
    listed, _ = visible_children(context.forge, context.identity, context.team)
    for granted in listed:
        try:
            yield open_project(context, granted.subject.name)
        except (NotAllowed, MissingScope):
            continue


def _all_issues(rows: SavedRows[Any]) -> Iterator[Issue]:
    offset = 0
    wanted = ItemQuery(kind=ISSUE.name, order=ItemOrder.NUMBER, ascending=True)
    while True:
        found, total = rows.conversation.list_items(wanted, offset=offset, limit=_AT_ONCE)
        yield from issues_among(found)
        offset += _AT_ONCE
        if offset >= total:
            return


def numbered(rows: SavedRows[Any], numbers: Iterable[str]) -> list[Issue]:
    """Those that there are and that may be seen, by number."""
    wanted = ItemQuery(kind=ISSUE.name, numbers=list(numbers), order=ItemOrder.NUMBER, ascending=True)
    found, _ = rows.conversation.list_items(wanted)
    return issues_among(found)


def find_issue(rows: SavedRows[Any], code: int) -> Issue:
    """Raises NoSuchItem."""
    found = rows.conversation.find_item(ISSUE, str(code))
    assert isinstance(found, Issue)  # noqa: S101 - as the kind says
    return found


def require_fewer(size: int, most: int = MOST_ISSUES) -> int:
    """Raises InvalidParameterValue."""
    if size > most:
        raise InvalidParameterValue("{size} at once are too many; {most} may be", size=size, most=most)
    return size


def require_span(offset: int, limit: int, most: int = MOST_ISSUES) -> tuple[int, int]:
    """Where a list begins, and how many rows it has; 0 stands for "not said".

    Raises:
        InvalidParameterValue: there is no such span, or it is too long.
    """
    if not 0 <= offset <= LARGEST_PAGE or limit < 0:
        raise InvalidParameterValue("Offset {offset} with Limit {limit} is no span", offset=offset, limit=limit)
    return offset, require_fewer(limit, most) or DEFAULT_LIMIT


_SAVED: Final = "What was saved, also of what the source no longer has"

ACTIONS: tuple[CodingAction, ...] = (
    action(
        requests.DescribeIssueListWithPage,
        issue_pages,
        READ_PROJECT,
        f"{_SAVED}. Confidential ones for those who work on the project. At most {MOST_ISSUES} a page. `SortKey` is "
        "CODE, CREATED_AT or UPDATED_AT. `Conditions` are answered for UPDATED_AT, CREATED_AT, PRIORITY, STATUS, "
        "STATUS_TYPE, ISSUE_TYPE, KEYWORD (words of the texts), and for one each of CREATOR, ASSIGNEE, LABEL, "
        "ITERATION (its code) and PARENT; any other is refused. Sub-tasks are there with `ShowSubIssues`. `ParentId` "
        "is 0.",
    ),
    action(
        requests.DescribeIssueList,
        issue_list,
        READ_PROJECT,
        f"As DescribeIssueListWithPage, with sub-tasks. `Limit` is {DEFAULT_LIMIT} where it is not said.",
    ),
    action(
        requests.DescribeIssue,
        one_issue,
        READ_PROJECT,
        "With what CODING told of it and the model has no field for. Mail addresses for owners alone; telephones and "
        "pictures of people are not kept.",
    ),
    action(
        requests.DescribeIssueFileUrl,
        file_addresses,
        READ_PROJECT,
        "Addresses are good for an hour and want no token; what whoever asked may read is looked at again when one is "
        "used. `Files` of DescribeIssue and `ShowImageOutUrl` give the same. Empty where the bytes were not saved, and "
        "where the token did not come in a header.",
    ),
    action(requests.DescribeIssueCommentList, issue_comments, READ_PROJECT, "The oldest first."),
    action(
        requests.DescribeIssueStatusChangeLogList,
        status_changes,
        READ_PROJECT,
        f"By number and time; an empty list where none changed. At most {MOST_ISSUES} issues at once.",
    ),
    action(
        requests.DescribeAllProjectsIssueWorkLogList,
        work_logs,
        READ_PROJECT,
        "Without `ProjectName` those of every project whose issues may be read. `Id` is our own: CODING's is not "
        "kept, nor are the hours that were left.",
    ),
)
