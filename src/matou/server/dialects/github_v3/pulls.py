"""Change requests, their commits and files, reviews, and what was said on their lines."""

from collections.abc import Callable, Generator
from functools import partial
from typing import Final

from matou.db.items import ItemOrder, ItemQuery
from matou.errors import NotFound
from matou.forge.access import MayReadConversation
from matou.forge.content.differences import RevisionComparison, commit_as_mail, comparison_as_text
from matou.forge.conversation.conversation import NoSuchItem
from matou.model.metadata import ChangeRequest
from matou.model.metadata.kinds import CHANGE
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Nothing
from matou.server.api.responses import ListPage, StreamedResponse
from matou.server.api.route import Route, Workload, repository_route
from matou.server.api.saved_rows import JsonRow, NoSuchCommits
from matou.server.api.streaming import SANDBOX, streamed
from matou.server.api.v5.queries import is_ascending
from matou.server.api.v5.served import at_conversation
from matou.server.dialects.github_v3.code import CodeAddresses, commit_row, file_rows
from matou.server.dialects.github_v3.contents import wants
from matou.server.dialects.github_v3.issues import (
    CommentListQuery,
    ListQuery,
    NoSuchIssueComment,
    comment_query,
    find_comment,
    order_of,
    states_of,
)
from matou.server.dialects.github_v3.paging import GitHubPage, linked, page_of
from matou.server.dialects.github_v3.pull_rows import PullRows, ReviewEntry, line_in, lines_of
from matou.server.streaming import Header

ReadContext = RepositoryContext[MayReadConversation]

_DIFF, _PATCH = ".diff", ".patch"
_DIFF_TYPES: Final = ("application/vnd.github.diff", "application/vnd.github.v3.diff")
_PATCH_TYPES: Final = ("application/vnd.github.patch", "application/vnd.github.v3.patch")
_TEXT: Final[tuple[Header, ...]] = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"private, no-cache"),
    SANDBOX,
)


class NoSuchReview(NotFound):
    """The change request has no review of this id."""


class PullListQuery(ListQuery, frozen=True, kw_only=True):
    """`head` is OWNER:BRANCH, of which the branch counts."""

    state: str = "open"
    head: str = ""
    base: str = ""


def list_pulls(context: ReadContext, params: PullListQuery) -> ListPage:
    rows = PullRows.open(context)
    found, total = rows.conversation.list_outlines(_wanted(params), offset=params.offset, limit=params.limit)
    shown = [rows.change(one.item) for one in found if isinstance(one.item, ChangeRequest)]
    return linked(params, shown, total, rows.url("pulls"))


def show_pull(context: ReadContext, _: Nothing) -> JsonRow | StreamedResponse:
    """As JSON, or as a text: by the end of its address, or the media type."""
    rows, number = PullRows.open(context), context.path["number"]
    if number.endswith(_DIFF) or wants(context, _DIFF_TYPES):
        return _as_text(rows, _change(rows, number.removesuffix(_DIFF)), _difference)
    if number.endswith(_PATCH) or wants(context, _PATCH_TYPES):
        return _as_text(rows, _change(rows, number.removesuffix(_PATCH)), _mails)
    return _whole(rows, _change(rows, number))


def list_commits(context: ReadContext, params: GitHubPage) -> ListPage:
    rows = PullRows.open(context)
    change = change_at(rows)
    comparison, at = _comparison(rows, change), CodeAddresses.of(context)
    shown = [] if comparison is None else [commit_row(at, commit) for commit in comparison.commits]
    return page_of(params, shown, _url(rows, change, "commits"))


def list_files(context: ReadContext, params: GitHubPage) -> ListPage:
    rows = PullRows.open(context)
    change = change_at(rows)
    comparison, at = _comparison(rows, change), CodeAddresses.of(context)
    shown = [] if comparison is None else file_rows(at, comparison.difference, comparison.head.id)
    return page_of(params, shown, _url(rows, change, "files"))


def list_comments(context: ReadContext, params: CommentListQuery) -> ListPage:
    """Those on lines, the oldest first."""
    rows = PullRows.open(context)
    change, wanted = change_at(rows), comment_query(params, on_line=True)
    spoken = [line for line in lines_of(change) if wanted.updated.has(line.comment.edited_at or line.comment.at)]
    spoken.sort(key=lambda line: (line.comment.at is None, line.comment.at), reverse=not wanted.ascending)
    shown = [rows.line_comment(line, change) for line in spoken[params.offset :][: params.limit]]
    return linked(params, shown, len(spoken), _url(rows, change, "comments"))


def list_all_comments(context: ReadContext, params: CommentListQuery) -> ListPage:
    rows = PullRows.open(context)
    found, total = rows.conversation.list_comments(
        comment_query(params, on_line=True), offset=params.offset, limit=params.limit
    )
    shown: list[JsonRow] = []
    for one in found:
        line = line_in(one.item, one.comment) if isinstance(one.item, ChangeRequest) else None
        if line is not None and isinstance(one.item, ChangeRequest):
            shown.append(rows.line_comment(line, one.item))
    return linked(params, shown, total, rows.url("pulls", "comments"))


def show_comment(context: ReadContext, _: Nothing) -> JsonRow:
    rows = PullRows.open(context)
    found = find_comment(rows, context.path["id"], on_line=True)
    line = line_in(found.item, found.comment) if isinstance(found.item, ChangeRequest) else None
    if line is None or not isinstance(found.item, ChangeRequest):
        raise NoSuchIssueComment("there is no comment {id}", id=repr(context.path["id"])[:100])
    return rows.line_comment(line, found.item)


def list_reviews(context: ReadContext, params: GitHubPage) -> ListPage:
    rows = PullRows.open(context)
    change = change_at(rows)
    return page_of(params, [one.row for one in rows.reviews(change)], _url(rows, change, "reviews"))


def show_review(context: ReadContext, _: Nothing) -> JsonRow:
    rows = PullRows.open(context)
    return _review(rows, change_at(rows)).row


def list_review_comments(context: ReadContext, params: GitHubPage) -> ListPage:
    rows = PullRows.open(context)
    change = change_at(rows)
    review = _review(rows, change)
    shown = [] if review.line is None else [rows.line_comment(review.line, change)]
    return page_of(params, shown, _url(rows, change, "reviews", str(review.id), "comments"))


def show_requested(context: ReadContext, _: Nothing) -> JsonRow:
    rows = PullRows.open(context)
    return {"users": rows.requested(change_at(rows)), "teams": []}


def list_no_reactions(context: ReadContext, params: GitHubPage) -> ListPage:
    """As of issues."""
    return page_of(params, [], PullRows.open(context).own_url)


def change_at(rows: PullRows) -> ChangeRequest:
    """That which the path names by GitHub's number. Raises NoSuchItem."""
    return _change(rows, rows.context.path["number"])


def _change(rows: PullRows, number: str) -> ChangeRequest:
    name = next((name for name, given in rows.numbers.changes.items() if str(given) == number), None)
    if name is None:
        raise NoSuchItem("there is no {kind} {number}", kind=CHANGE.name, number=repr(number)[:100])
    found = rows.conversation.find_item(CHANGE, name)
    assert isinstance(found, ChangeRequest)  # noqa: S101 - as the kind says
    return found


def _whole(rows: PullRows, change: ChangeRequest) -> JsonRow:
    comparison = _comparison(rows, change)
    files = () if comparison is None else comparison.difference.files
    on_lines = sum(1 for _ in lines_of(change))
    return {
        **rows.change(change),
        "merged": change.state == "merged",
        "merged_by": rows.person(change.merged_by),
        "mergeable": None,
        "rebaseable": None,
        "mergeable_state": "unknown",
        "comments": len(change.comments),
        "review_comments": on_lines,
        "maintainer_can_modify": False,
        "commits": 0 if comparison is None else comparison.total_commits,
        "additions": sum(each.additions for each in files),
        "deletions": sum(each.deletions for each in files),
        "changed_files": len(files),
    }


def _comparison(rows: PullRows, change: ChangeRequest) -> RevisionComparison | None:
    """None where its commits are not in the saved repository."""
    try:
        return rows.comparison(change)
    except NoSuchCommits:
        return None


def _as_text(
    rows: PullRows,
    change: ChangeRequest,
    write: Callable[[PullRows, RevisionComparison], Generator[bytes, None, None]],
) -> StreamedResponse:
    """Raises NoSuchCommits."""
    return streamed(partial(write, rows, rows.comparison(change)), _TEXT, whose=rows.context.caller)


def _difference(rows: PullRows, comparison: RevisionComparison) -> Generator[bytes, None, None]:
    return comparison_as_text(rows.context.forge, rows.code_context.granted, comparison)


def _mails(rows: PullRows, comparison: RevisionComparison) -> Generator[bytes, None, None]:
    for commit in comparison.commits:
        yield from commit_as_mail(rows.context.forge, rows.code_context.granted, commit)


def _review(rows: PullRows, change: ChangeRequest) -> ReviewEntry:
    text = rows.context.path["id"]
    found = next((one for one in rows.reviews(change) if str(one.id) == text), None)
    if found is None:
        raise NoSuchReview("there is no review {id}", id=repr(text)[:100])
    return found


def _wanted(params: PullListQuery) -> ItemQuery:
    """Raises InvalidParameter."""
    order = order_of(params)
    usual = "desc" if order is ItemOrder.CREATED else "asc"
    return ItemQuery(
        kind=CHANGE.name,
        states=states_of(params.state),
        head_branch=params.head.rpartition(":")[2] or None,
        base_branch=params.base or None,
        order=order,
        ascending=is_ascending("direction", params.direction, usual),
    )


def _url(rows: PullRows, change: ChangeRequest, *below: str) -> str:
    return rows.url("pulls", str(rows.number_of(change)), *below)


_ROW = dict[str, object]
_PULLS: Final = "/repos/{owner}/{repo}/pulls"
_FROM_CODE: Final = "from the code that was saved; none where it has not the commits"
_NO_REACTIONS: Final = "none, as of issues"


def _route(
    below: str, parameters: type, run: Callable[..., object], answer: object, choices: str = "", *, slow: bool = False
) -> Route:
    return repository_route(
        "GET",
        f"{_PULLS}{below}",
        MayReadConversation,
        parameters,
        run,
        answer=answer,
        choices=choices,
        cache_key=at_conversation,
        workload=Workload.SLOW if slow else Workload.QUICK,
    )


ROUTES: tuple[Route, ...] = (
    _route(
        "",
        PullListQuery,
        list_pulls,
        list[_ROW],
        "what was saved; `base.sha` is where the proposal begins; a head in a fork has no `repo`; of `head` the branch"
        " counts; `sort` is created or updated",
        slow=True,
    ),
    _route("/comments", CommentListQuery, list_all_comments, list[_ROW], "those on lines"),
    _route("/comments/{id}", Nothing, show_comment, _ROW),
    _route("/comments/{id}/reactions", GitHubPage, list_no_reactions, list[_ROW], _NO_REACTIONS),
    repository_route(
        "GET",
        f"{_PULLS}/{{number}}",
        MayReadConversation,
        Nothing,
        show_pull,
        answer=_ROW,
        choices="with `.diff` or `.patch` at its end, or the media type for it, as a text",
        workload=Workload.SLOW,
    ),
    _route("/{number}/commits", GitHubPage, list_commits, list[_ROW], _FROM_CODE, slow=True),
    _route("/{number}/files", GitHubPage, list_files, list[_ROW], _FROM_CODE, slow=True),
    _route("/{number}/comments", CommentListQuery, list_comments, list[_ROW], "those on lines, the oldest first"),
    _route(
        "/{number}/reviews",
        GitHubPage,
        list_reviews,
        list[_ROW],
        "each comment on a line is a review of its own, by whoever wrote it; a decision without a review is one, too",
    ),
    _route("/{number}/reviews/{id}", Nothing, show_review, _ROW),
    _route("/{number}/reviews/{id}/comments", GitHubPage, list_review_comments, list[_ROW]),
    _route("/{number}/requested_reviewers", Nothing, show_requested, _ROW),
)
