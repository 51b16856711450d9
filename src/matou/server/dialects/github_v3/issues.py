"""Issues, in whose list change requests stand as well, with their comments and what was done to them."""

from collections.abc import Callable
from typing import Final

from matou.db.conditions import Between
from matou.db.item_comments import CommentQuery
from matou.db.items import ItemOrder, ItemQuery
from matou.errors import NotFound
from matou.forge.access import MayReadConversation
from matou.forge.conversation.conversation import FoundComment, ItemOutline, NoSuchItem
from matou.forge.conversation.index_rows import spoken_on
from matou.model.metadata import ChangeRequest, Issue, ReviewThread
from matou.model.metadata.kinds import CHANGE, ISSUE
from matou.server.api.context import RepositoryContext
from matou.server.api.params import InvalidParameter, Nothing
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, Workload, repository_route
from matou.server.api.saved_rows import JsonRow
from matou.server.api.time_ranges import read_moment
from matou.server.api.v5.queries import is_ascending
from matou.server.api.v5.rows import comment_count, thread_of
from matou.server.api.v5.served import at_conversation
from matou.server.dialects.github_v3.identifiers import FIRST_MADE, id_or_made
from matou.server.dialects.github_v3.objects import UNKNOWN_TIME, written
from matou.server.dialects.github_v3.paging import GitHubPage, linked, page_of
from matou.server.dialects.github_v3.rows import GitHubRows, ended_at, name_on_items, state_of

ReadContext = RepositoryContext[MayReadConversation]

ASSOCIATION: Final = "NONE"
"""Nobody who took part elsewhere has a part in the repository here."""

STATES: Final = {"open": ("open",), "closed": ("closed", "merged"), "all": None}
"""What was merged is closed."""

_ORDERS: Final = {"created": ItemOrder.CREATED, "updated": ItemOrder.UPDATED}
_NOBODY: Final = "none"
_ANYBODY: Final = "*"
_CLOSED_FOR: Final = {"done": "completed", "rejected": "not_planned"}


class NoSuchIssueComment(NotFound):
    """Nothing here was commented under this number, or it may not be seen."""


class ListQuery(GitHubPage, frozen=True, kw_only=True):
    sort: str = "created"
    direction: str = ""


class IssueListQuery(ListQuery, frozen=True, kw_only=True):
    """`milestone` is a number, `none` or `*`; `labels` are names with commas between them, all of which it must have.
    `assignee` and `creator` are logins."""

    state: str = "open"
    milestone: str = ""
    assignee: str = ""
    creator: str = ""
    labels: str = ""
    since: str = ""


class CommentListQuery(ListQuery, frozen=True, kw_only=True):
    since: str = ""


def list_issues(context: ReadContext, params: IssueListQuery) -> ListPage:
    rows = GitHubRows.open(context)
    found, total = rows.conversation.list_outlines(_wanted(rows, params), offset=params.offset, limit=params.limit)
    return linked(params, [listed_row(rows, one) for one in found], total, rows.url("issues"))


def show_issue(context: ReadContext, _: Nothing) -> JsonRow:
    rows = GitHubRows.open(context)
    return issue_row(rows, numbered_item(rows))


def list_comments(context: ReadContext, params: CommentListQuery) -> ListPage:
    """Those that stand on no line, the oldest first."""
    rows = GitHubRows.open(context)
    item, since = numbered_item(rows), Between(read_moment("since", params.since))
    spoken = sorted(
        (one for one, on_line in spoken_on(item) if not on_line and since.has(one.edited_at or one.at)),
        key=lambda one: (one.at is None, one.at),
    )
    shown = [comment_row(rows, FoundComment(one, item)) for one in spoken[params.offset :][: params.limit]]
    return linked(params, shown, len(spoken), rows.url("issues", str(rows.number_of(item)), "comments"))


def list_all_comments(context: ReadContext, params: CommentListQuery) -> ListPage:
    """Those that stand on no line, of issues and change requests."""
    rows = GitHubRows.open(context)
    found, total = rows.conversation.list_comments(
        comment_query(params, on_line=False), offset=params.offset, limit=params.limit
    )
    return linked(params, [comment_row(rows, one) for one in found], total, rows.url("issues", "comments"))


def show_comment(context: ReadContext, _: Nothing) -> JsonRow:
    rows = GitHubRows.open(context)
    return comment_row(rows, find_comment(rows, context.path["id"], on_line=False))


def list_labels(context: ReadContext, params: GitHubPage) -> ListPage:
    rows = GitHubRows.open(context)
    item = numbered_item(rows)
    labels = [rows.label(one) for one in rows.labels_of(item)]
    return page_of(params, labels, rows.url("issues", str(rows.number_of(item)), "labels"))


def list_no_reactions(context: ReadContext, params: GitHubPage) -> ListPage:
    """Of each: who gave one is kept by no platform that is read so far."""
    return page_of(params, [], GitHubRows.open(context).own_url)


def listed_row(rows: GitHubRows, found: ItemOutline) -> JsonRow:
    item = found.item
    assert isinstance(item, Issue | ChangeRequest)  # noqa: S101 - as the query says
    return issue_row(rows, item, listed=found.comment_count)


def issue_row(rows: GitHubRows, item: Issue | ChangeRequest, *, listed: int | None = None) -> JsonRow:
    """Args: listed: how many comments one in a list has, which comes without them."""
    number, place = rows.number_of(item), "pull" if isinstance(item, ChangeRequest) else "issue"
    url, made = rows.url("issues", str(number)), id_or_made(item.id, place, rows.own_url, item.number)
    assignees = [rows.author(key) for key in item.assignees]
    row = {
        "id": made,
        "node_id": item_node_id(rows, item),
        "url": url,
        "repository_url": rows.own_url,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": rows.item_page(item),
        "number": number,
        "state": state_of(item),
        "state_reason": _reason(item),
        "title": item.title,
        "body": rows.text_of(item),
        "user": rows.author(item.by),
        "labels": [rows.label(label) for label in rows.labels_of(item)],
        "assignee": next(iter(assignees), None),
        "assignees": assignees,
        "milestone": rows.milestone_of_item(item),
        "locked": bool(item.locked),
        "active_lock_reason": None,
        "comments": comment_count(item, listed),
        "closed_at": written(ended_at(item)),
        "closed_by": None,
        "created_at": written(item.at) or UNKNOWN_TIME,
        "updated_at": written(item.updated_at or item.at) or UNKNOWN_TIME,
        "author_association": ASSOCIATION,
        "reactions": rows.reactions(item.reactions, url),
    }
    return {**row, "pull_request": _pull_links(rows, item)} if isinstance(item, ChangeRequest) else row


def item_node_id(rows: GitHubRows, item: Issue | ChangeRequest) -> str:
    """By which GraphQL finds it again."""
    prefix = "PR" if isinstance(item, ChangeRequest) else "I"
    return f"{prefix}_{rows.context.repository.id}_{rows.number_of(item)}"


def comment_row(rows: GitHubRows, found: FoundComment) -> JsonRow:
    comment, item = found.comment, found.item
    made = id_or_made(comment.id, "comment", rows.own_url, comment.id)
    url = rows.url("issues", "comments", str(made))
    thread = thread_of(found)
    place = "" if thread is None else _place_of(thread)
    return {
        "id": made,
        "node_id": f"IC_{made}",
        "url": url,
        "html_url": f"{rows.item_page(item)}#comment-{comment.id}",
        "issue_url": rows.url("issues", str(rows.number_of(item))),
        "body": place + (rows.text(comment.text) or ""),
        "user": rows.author(comment.by),
        "created_at": written(comment.at) or UNKNOWN_TIME,
        "updated_at": written(comment.edited_at or comment.at) or UNKNOWN_TIME,
        "author_association": ASSOCIATION,
        "reactions": rows.reactions(comment.reactions, url),
    }


def numbered_item(rows: GitHubRows) -> Issue | ChangeRequest:
    """That which the path names by GitHub's number. Raises NoSuchItem."""
    number = rows.context.path["number"]
    for kind, table in ((ISSUE, rows.numbers.issues), (CHANGE, rows.numbers.changes)):
        name = next((name for name, given in table.items() if str(given) == number), None)
        if name is not None:
            found = rows.conversation.find_item(kind, name)
            assert isinstance(found, Issue | ChangeRequest)  # noqa: S101 - the kinds that have numbers
            return found
    raise NoSuchItem("there is no {kind} {number}", kind=ISSUE.name, number=repr(number)[:100])


def find_comment(rows: GitHubRows, text: str, *, on_line: bool) -> FoundComment:
    """Raises NoSuchIssueComment."""
    found, _ = rows.conversation.list_comments(CommentQuery(comment_id=text, on_line=on_line), limit=1)
    if not found or not text.isdigit() or int(text) >= FIRST_MADE:
        raise NoSuchIssueComment("there is no comment {id}", id=repr(text)[:100])
    return found[0]


def comment_query(params: CommentListQuery, *, on_line: bool) -> CommentQuery:
    """Raises InvalidParameter."""
    return CommentQuery(
        on_line=on_line,
        updated=Between(read_moment("since", params.since)),
        by_update=order_of(params) is ItemOrder.UPDATED,
        ascending=is_ascending("direction", params.direction, "asc"),
    )


def order_of(params: ListQuery) -> ItemOrder:
    """Raises InvalidParameter."""
    if params.sort not in _ORDERS:
        raise InvalidParameter("sort is created or updated, not {text}", text=repr(params.sort)[:100])
    return _ORDERS[params.sort]


def states_of(text: str) -> tuple[str, ...] | None:
    """Raises InvalidParameter."""
    if text not in STATES:
        raise InvalidParameter("state is open, closed or all, not {text}", text=repr(text)[:100])
    return STATES[text]


def _wanted(rows: GitHubRows, params: IssueListQuery) -> ItemQuery:
    """Raises InvalidParameter."""
    return ItemQuery(
        kind=ISSUE.name,
        with_kind=CHANGE.name,
        states=states_of(params.state),
        labels=tuple(dict.fromkeys(filter(None, (name.strip() for name in params.labels.split(","))))),
        author=params.creator,
        assignee="" if params.assignee == _ANYBODY else params.assignee,
        milestone=_milestone(rows, params.milestone),
        updated=Between(read_moment("since", params.since)),
        order=order_of(params),
        ascending=is_ascending("direction", params.direction, "desc"),
    )


def _milestone(rows: GitHubRows, text: str) -> str | None:
    """By GitHub's number; what there is not is nobody's."""
    if text in ("", _ANYBODY):
        return None
    if text == _NOBODY:
        return ""
    table = rows.milestones_by_key
    named = (name_on_items(key, table[key]) for key, given in rows.milestone_numbers.items() if str(given) == text)
    return next(named, text)


def _reason(item: Issue | ChangeRequest) -> str | None:
    """Why an issue was closed, where its status says."""
    if item.state == "open" or item.status is None or isinstance(item, ChangeRequest):
        return None
    return _CLOSED_FOR.get(item.status.group or "")


def _place_of(thread: ReviewThread) -> str:
    """Of what was said where no difference can be shown: the first line tells it."""
    path = thread.position.path if thread.position else thread.path
    line = thread.position.line if thread.position else None
    return f"`{path if line is None else f'{path}:{line}'}`\n\n" if path else ""


def _pull_links(rows: GitHubRows, change: ChangeRequest) -> JsonRow:
    url = rows.url("pulls", str(rows.number_of(change)))
    merged = written(change.merged_at or ended_at(change)) if change.state == "merged" else None
    return {
        "url": url,
        "html_url": rows.item_page(change),
        "diff_url": f"{url}.diff",
        "patch_url": f"{url}.patch",
        "merged_at": merged,
    }


_ROW = dict[str, object]
_ISSUES: Final = "/repos/{owner}/{repo}/issues"


def conversation_route(
    below: str, parameters: type, run: Callable[..., object], answer: object, choices: str = "", *, slow: bool = False
) -> Route:
    """A row about issues, below their address."""
    return repository_route(
        "GET",
        f"{_ISSUES}{below}",
        MayReadConversation,
        parameters,
        run,
        answer=answer,
        choices=choices,
        cache_key=at_conversation,
        workload=Workload.SLOW if slow else Workload.QUICK,
    )


_REACTIONS: Final = "none: a platform's are counted in what they were given to"

ROUTES: tuple[Route, ...] = (
    conversation_route(
        "",
        IssueListQuery,
        list_issues,
        list[_ROW],
        "what was saved, change requests among them; confidential ones for those who work on the repository; what the"
        " source no longer has is among them; `sort` is created or updated",
    ),
    conversation_route(
        "/comments", CommentListQuery, list_all_comments, list[_ROW], "those on issues and change requests"
    ),
    conversation_route("/comments/{id}", Nothing, show_comment, _ROW),
    conversation_route("/comments/{id}/reactions", GitHubPage, list_no_reactions, list[_ROW], _REACTIONS),
    conversation_route("/{number}", Nothing, show_issue, _ROW, "a change request too, as at GitHub"),
    conversation_route("/{number}/comments", CommentListQuery, list_comments, list[_ROW], "the oldest first"),
    conversation_route("/{number}/labels", GitHubPage, list_labels, list[_ROW]),
    conversation_route("/{number}/reactions", GitHubPage, list_no_reactions, list[_ROW], _REACTIONS),
)
