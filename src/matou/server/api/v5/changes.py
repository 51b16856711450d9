"""Change requests: what is proposed, and what was said on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from matou.db.items import ItemQuery
from matou.errors import NotFound
from matou.forge.access import MayReadConversation
from matou.forge.conversation.conversation import ItemOutline
from matou.model.metadata import ChangeRequest
from matou.model.metadata.kinds import CHANGE, ISSUE
from matou.server.api.context import RepositoryContext, RequestContext
from matou.server.api.params import InvalidParameter, Nothing, PageParameters
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, Workload, plain_route, repository_route
from matou.server.api.saved_rows import JsonRow
from matou.server.api.v5.issues import comment_query, events_of, find_comment, item_at, label_page, listed_issues
from matou.server.api.v5.naming import authorize_by_name
from matou.server.api.v5.queries import (
    ChangeCommentsQuery,
    ChangesQuery,
    CommentsQuery,
    LinkedChangesQuery,
    OperationLogQuery,
    WholeUnlessPaged,
    change_query,
    is_ascending,
)
from matou.server.api.v5.rows import ConversationRows
from matou.server.api.v5.served import V5Conversation, at_conversation, list_of

ReadContext = RepositoryContext[MayReadConversation]
ON_LINES, ON_THE_WHOLE = "diff_comment", "pr_comment"


class NotMerged(NotFound):
    """The change request was not merged when it was saved."""


@dataclass(frozen=True, slots=True)
class ChangeHandlers:
    """For one dialect."""

    served: V5Conversation

    def list_changes(self, context: ReadContext, params: ChangesQuery) -> ListPage | Mapping[str, int]:
        rows = self.served.open(context)
        if params.only_count and self.served.change_counts:
            return self._counts(rows, params)
        found, total = rows.conversation.list_outlines(
            change_query(self.served.change_states, params), offset=params.offset, limit=params.limit
        )
        return ListPage(listed_changes(rows, found), total)

    def _counts(self, rows: ConversationRows, params: ChangesQuery) -> Mapping[str, int]:
        return {
            key: rows.conversation.list_items(
                change_query(self.served.change_states, replace(params, state=state)), limit=0
            )[1]
            for key, state in self.served.change_counts.items()
        }

    def show_change(self, context: ReadContext, _: Nothing) -> JsonRow:
        rows = self.served.open(context)
        return rows.change(change_at(rows))

    def list_comments(self, context: ReadContext, params: ChangeCommentsQuery) -> ListPage:
        rows, only = self.served.open(context), _comment_type(params)
        spoken = [row for row in rows.change_comments(change_at(rows)) if only in ("", row.get("comment_type"))]
        if not is_ascending("direction", params.direction or params.order, "asc"):
            spoken.reverse()
        return ListPage(spoken[params.offset :][: params.limit], len(spoken))

    def list_all_comments(self, context: ReadContext, params: CommentsQuery) -> ListPage:
        rows = self.served.open(context)
        found, total = rows.conversation.list_comments(
            comment_query(CHANGE, params), offset=params.offset, limit=params.limit
        )
        return ListPage([rows.change_comment(one) for one in found], total)

    def show_comment(self, context: ReadContext, _: Nothing) -> JsonRow:
        rows = self.served.open(context)
        return rows.change_comment(find_comment(rows, CHANGE, context.path["id"]))

    def list_commits(self, context: ReadContext, params: PageParameters) -> ListPage:
        rows = self.served.open(context)
        commits = rows.commits(rows.comparison(change_at(rows)))
        return ListPage(commits[params.offset :][: params.limit], len(commits))

    def list_files(self, context: ReadContext, _: Nothing) -> Sequence[object]:
        rows = self.served.open(context)
        return rows.files(rows.comparison(change_at(rows)))

    def list_labels(self, context: ReadContext, params: WholeUnlessPaged) -> ListPage:
        rows = self.served.open(context)
        return label_page(rows, change_at(rows), params)

    def list_issues(self, context: ReadContext, params: PageParameters) -> ListPage:
        rows = self.served.open(context)
        linked = _linked_issues(rows, change_at(rows))
        return ListPage(linked[params.offset :][: params.limit], len(linked))

    def list_of_issue(self, context: ReadContext, params: WholeUnlessPaged) -> ListPage:
        return _linked_changes(self.served.open(context), params)

    def list_of_issue_by_owner(self, context: RequestContext, params: LinkedChangesQuery) -> ListPage:
        named = {"owner": context.path["owner"], "repo": params.repo}
        granted = authorize_by_name(context.forge, context.identity, MayReadConversation, named)
        return _linked_changes(self.served.open(context.of(granted)), params)

    def show_merge(self, context: ReadContext, _: Nothing) -> object:
        change = change_at(self.served.open(context))
        if change.state != "merged":
            raise NotMerged("the pull request {number} is not merged", number=repr(change.number)[:100])
        return self.served.merged()

    def list_events(self, context: ReadContext, params: OperationLogQuery) -> ListPage:
        rows = self.served.open(context)
        events = events_of(rows, change_at(rows), params.sort)
        return ListPage(events[params.offset :][: params.limit], len(events))


def change_routes(served: V5Conversation, *, all_comments: bool) -> tuple[Route, ...]:
    """Args: all_comments: whether there is a list of the comments on all change requests."""
    handlers = ChangeHandlers(served)

    def route(
        below: str,
        parameters: type,
        run: Callable[..., object],
        answer: object,
        choices: str = "",
        *,
        slow: bool = False,
    ) -> Route:
        return repository_route(
            "GET",
            f"/repos/{{owner}}/{{repo}}/pulls{below}",
            MayReadConversation,
            parameters,
            run,
            answer=answer,
            choices=choices,
            cache_key=at_conversation,
            workload=Workload.SLOW if slow else Workload.QUICK,
        )

    types = served.types
    of_all = route(
        "/comments", CommentsQuery, handlers.list_all_comments, list_of(types.change_comment), "those on all of them"
    )
    return (
        route(
            "",
            ChangesQuery,
            handlers.list_changes,
            list_of(types.change),
            "what was saved, also of what the source no longer has; `assignee` and `reviewer` are whoever was asked "
            "for a review; `only_count`, where the platform has it, gives how many there are of each state",
        ),
        route("/{number}", Nothing, handlers.show_change, types.change),
        route(
            "/{number}/comments",
            ChangeCommentsQuery,
            handlers.list_comments,
            list_of(types.change_comment),
            "the oldest first",
        ),
        *((of_all,) if all_comments else ()),
        route("/comments/{id}", Nothing, handlers.show_comment, types.change_comment),
        route(
            "/{number}/commits",
            PageParameters,
            handlers.list_commits,
            list_of(types.commit),
            "from the code that was saved; 404 where it has not the commits",
            slow=True,
        ),
        route(
            "/{number}/files",
            Nothing,
            handlers.list_files,
            list_of(types.file),
            "from the code that was saved; 404 where it has not the commits",
            slow=True,
        ),
        route("/{number}/labels", WholeUnlessPaged, handlers.list_labels, list_of(types.label)),
        route(
            "/{number}/issues",
            PageParameters,
            handlers.list_issues,
            list_of(types.issue),
            "those that were saved as linked",
        ),
        repository_route(
            "GET",
            "/repos/{owner}/{repo}/issues/{number}/pull_requests",
            MayReadConversation,
            WholeUnlessPaged,
            handlers.list_of_issue,
            answer=list_of(types.change),
            cache_key=at_conversation,
            choices="those that were saved as linked with it, the oldest first",
        ),
        plain_route(
            "GET",
            "/repos/{owner}/issues/{number}/pull_requests",
            LinkedChangesQuery,
            handlers.list_of_issue_by_owner,
            answer=list_of(types.change),
            scopes=(),
            choices="the same, for whoever reads the issues of `repo`, which has to be said",
        ),
        route("/{number}/merge", Nothing, handlers.show_merge, object, "404 where it is not merged"),
        route(
            "/{number}/operate_logs",
            OperationLogQuery,
            handlers.list_events,
            list_of(types.event),
            "the newest first; none where the backup did not bring what was done",
        ),
    )


def listed_changes(rows: ConversationRows, found: Sequence[ItemOutline]) -> list[JsonRow]:
    return [rows.change(one.item, listed=one.comment_count) for one in found if isinstance(one.item, ChangeRequest)]


def change_at(rows: ConversationRows) -> ChangeRequest:
    """That which the path names. Raises NoSuchItem."""
    found = item_at(rows, CHANGE)
    assert isinstance(found, ChangeRequest)  # noqa: S101 - as the kind says
    return found


def _comment_type(params: ChangeCommentsQuery) -> str:
    """Raises InvalidParameter."""
    if params.comment_type not in ("", ON_LINES, ON_THE_WHOLE):
        given = repr(params.comment_type)[:100]
        raise InvalidParameter(
            "comment_type is {one} or {other}, not {given}", one=ON_LINES, other=ON_THE_WHOLE, given=given
        )
    return params.comment_type


def _linked_issues(rows: ConversationRows, change: ChangeRequest) -> list[JsonRow]:
    """Those of this repository that may be seen."""
    numbers = [link.to for link in change.links]
    if not numbers:
        return []
    found, _ = rows.conversation.list_outlines(ItemQuery(kind=ISSUE.name, numbers=numbers))
    return listed_issues(rows, found)


def _linked_changes(rows: ConversationRows, params: WholeUnlessPaged) -> ListPage:
    """Of the issue that the path names. Raises NoSuchItem."""
    wanted = ItemQuery(kind=CHANGE.name, linked=item_at(rows, ISSUE).number, ascending=True)
    found, total = rows.conversation.list_outlines(wanted, offset=params.offset, limit=params.limit)
    return ListPage(listed_changes(rows, found), total)
