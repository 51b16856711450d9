"""Issues, their comments and labels, and what was done to them."""

from collections.abc import Sequence
from dataclasses import dataclass

from matou.db.conditions import Between
from matou.db.item_comments import CommentQuery
from matou.errors import NotFound
from matou.forge.access import MayReadConversation
from matou.forge.conversation.conversation import FoundComment, ItemOutline
from matou.model.metadata import Issue, Item
from matou.model.metadata.kinds import ISSUE, MetadataKind
from matou.server.api.context import RepositoryContext, RequestContext
from matou.server.api.params import InvalidParameter, Nothing
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, plain_route, repository_route
from matou.server.api.saved_rows import JsonRow
from matou.server.api.time_ranges import read_moment
from matou.server.api.v5.naming import authorize_by_name
from matou.server.api.v5.queries import (
    CommentsQuery,
    IssueLogQuery,
    IssuesQuery,
    WholeUnlessPaged,
    is_ascending,
    issue_query,
)
from matou.server.api.v5.rows import ConversationRows
from matou.server.api.v5.served import V5Conversation, at_conversation, list_of

ReadContext = RepositoryContext[MayReadConversation]


class NoSuchComment(NotFound):
    """Nothing here was commented under this number, or it may not be seen."""


@dataclass(frozen=True, slots=True)
class IssueHandlers:
    """For one dialect."""

    served: V5Conversation

    def list_issues(self, context: ReadContext, params: IssuesQuery) -> ListPage:
        rows = self.served.open(context)
        wanted = issue_query(rows, self.served.issue_states, params)
        found, total = rows.conversation.list_outlines(
            wanted, search=params.search, offset=params.offset, limit=params.limit
        )
        return ListPage(listed_issues(rows, found), total)

    def show_issue(self, context: ReadContext, _: Nothing) -> JsonRow:
        rows = self.served.open(context)
        return rows.issue(_issue(rows))

    def list_comments(self, context: ReadContext, params: CommentsQuery) -> ListPage:
        rows = self.served.open(context)
        found, total = rows.conversation.list_comments_on(
            _issue(rows), comment_query(ISSUE, params), offset=params.offset, limit=params.limit
        )
        return ListPage([rows.issue_comment(one) for one in found], total)

    def list_all_comments(self, context: ReadContext, params: CommentsQuery) -> ListPage:
        rows = self.served.open(context)
        found, total = rows.conversation.list_comments(
            comment_query(ISSUE, params), offset=params.offset, limit=params.limit
        )
        return ListPage([rows.issue_comment(one) for one in found], total)

    def show_comment(self, context: ReadContext, _: Nothing) -> JsonRow:
        rows = self.served.open(context)
        return rows.issue_comment(find_comment(rows, ISSUE, context.path["id"]))

    def list_labels(self, context: ReadContext, params: WholeUnlessPaged) -> ListPage:
        rows = self.served.open(context)
        return label_page(rows, _issue(rows), params)

    def list_events(self, context: RequestContext, params: IssueLogQuery) -> ListPage:
        named = {"owner": context.path["owner"], "repo": params.repo}
        granted = authorize_by_name(context.forge, context.identity, MayReadConversation, named)
        rows = self.served.open(context.of(granted))
        events = events_of(rows, _issue(rows), params.sort)
        return ListPage(events[params.offset :][: params.limit], len(events))


def issue_routes(served: V5Conversation) -> tuple[Route, ...]:
    handlers = IssueHandlers(served)
    issue, comment = served.types.issue, served.types.issue_comment
    return (
        repository_route(
            "GET",
            "/repos/{owner}/{repo}/issues",
            MayReadConversation,
            IssuesQuery,
            handlers.list_issues,
            answer=list_of(issue),
            cache_key=at_conversation,
            choices="what was saved; confidential ones for those who work on the repository; what the source no longer "
            "has is among them; `sort` (or `order_by`) is created or updated, and may be a direction",
        ),
        repository_route(
            "GET",
            "/repos/{owner}/{repo}/issues/{number}",
            MayReadConversation,
            Nothing,
            handlers.show_issue,
            answer=issue,
            cache_key=at_conversation,
        ),
        repository_route(
            "GET",
            "/repos/{owner}/{repo}/issues/{number}/comments",
            MayReadConversation,
            CommentsQuery,
            handlers.list_comments,
            answer=list_of(comment),
            cache_key=at_conversation,
            choices="the oldest first; `since` is about when they were last changed",
        ),
        repository_route(
            "GET",
            "/repos/{owner}/{repo}/issues/comments",
            MayReadConversation,
            CommentsQuery,
            handlers.list_all_comments,
            answer=list_of(comment),
            cache_key=at_conversation,
            choices="those on all issues; by the time of writing, the oldest first, unless sort and direction say else",
        ),
        repository_route(
            "GET",
            "/repos/{owner}/{repo}/issues/comments/{id}",
            MayReadConversation,
            Nothing,
            handlers.show_comment,
            answer=comment,
            cache_key=at_conversation,
        ),
        repository_route(
            "GET",
            "/repos/{owner}/{repo}/issues/{number}/labels",
            MayReadConversation,
            WholeUnlessPaged,
            handlers.list_labels,
            answer=list_of(served.types.label),
            cache_key=at_conversation,
        ),
        plain_route(
            "GET",
            "/repos/{owner}/issues/{number}/operate_logs",
            IssueLogQuery,
            handlers.list_events,
            answer=list_of(served.types.event),
            scopes=(),
            choices="the newest first, for whoever reads the issues of `repo`, which has to be said; none where the"
            " backup did not bring what was done",
        ),
    )


def listed_issues(rows: ConversationRows, found: Sequence[ItemOutline]) -> list[JsonRow]:
    return [rows.issue(one.item, listed=one.comment_count) for one in found if isinstance(one.item, Issue)]


def find_comment(rows: ConversationRows, kind: MetadataKind, comment_id: str) -> FoundComment:
    """Raises NoSuchComment."""
    found, _ = rows.conversation.list_comments(CommentQuery(kind=kind.name, comment_id=comment_id), limit=1)
    if not found:
        raise NoSuchComment("there is no comment {id}", id=repr(comment_id)[:100])
    return found[0]


def comment_query(kind: MetadataKind, params: CommentsQuery) -> CommentQuery:
    """Raises InvalidParameter."""
    if params.sort not in ("", "created", "updated", "created_at", "updated_at"):
        raise InvalidParameter("sort is created or updated, not {text}", text=repr(params.sort)[:100])
    return CommentQuery(
        kind=kind.name,
        updated=Between(read_moment("since", params.since)),
        by_update=params.sort.startswith("updated"),
        ascending=is_ascending("direction", params.direction or params.order, "asc"),
    )


def label_page(rows: ConversationRows, item: Item, params: WholeUnlessPaged) -> ListPage:
    labels = rows.labels_of(item)
    shown = labels[params.offset :][: params.limit]
    return ListPage([rows.label(label) for label in shown], len(labels))


def events_of(rows: ConversationRows, item: Item, direction: str) -> Sequence[JsonRow]:
    """Raises InvalidParameter."""
    events = [rows.event(event, item) for event in item.events]
    return events if is_ascending("sort", direction, "desc") else events[::-1]


def item_at(rows: ConversationRows, kind: MetadataKind) -> Item:
    """That which the path names. Raises NoSuchItem."""
    found = rows.conversation.find_item(kind, rows.context.path["number"])
    assert isinstance(found, Item)  # noqa: S101 - the kinds that have numbers
    return found


def _issue(rows: ConversationRows) -> Issue:
    found = item_at(rows, ISSUE)
    assert isinstance(found, Issue)  # noqa: S101 - as the kind says
    return found
