"""What people said on commits."""

from contextlib import suppress
from dataclasses import dataclass

from matou.db.items import ItemOrder, ItemQuery
from matou.forge.access import MayReadConversation
from matou.forge.content.history import find_commit_at
from matou.model.metadata import CommitComment
from matou.model.metadata.kinds import COMMIT_COMMENT
from matou.model.names import InvalidName, object_id
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Nothing, PageParameters
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, repository_route
from matou.server.api.saved_rows import JsonRow
from matou.server.api.v5.issues import NoSuchComment
from matou.server.api.v5.queries import is_ascending
from matou.server.api.v5.rows import ConversationRows
from matou.server.api.v5.served import V5Conversation, at_conversation, list_of

ReadContext = RepositoryContext[MayReadConversation]


class CommitCommentsQuery(PageParameters, frozen=True, kw_only=True):
    """`order` is by when they were written."""

    order: str = ""


@dataclass(frozen=True, slots=True)
class CommitCommentHandlers:
    """For one dialect."""

    served: V5Conversation

    def list_all(self, context: ReadContext, params: CommitCommentsQuery) -> ListPage:
        return _page(self.served.open(context), params)

    def list_of_commit(self, context: ReadContext, params: CommitCommentsQuery) -> ListPage:
        rows = self.served.open(context)
        return _page(rows, params, commit=_commit_named(rows, context.path["ref"]))

    def show(self, context: ReadContext, _: Nothing) -> JsonRow:
        rows, comment_id = self.served.open(context), context.path["id"]
        found, _total = rows.conversation.list_items(
            ItemQuery(kind=COMMIT_COMMENT.name, numbers=(comment_id,), gone=False), limit=1
        )
        comment = next(iter(found), None)
        if not isinstance(comment, CommitComment):
            raise NoSuchComment("there is no comment {id}", id=repr(comment_id)[:100])
        return rows.commit_comment(comment)


def commit_comment_routes(served: V5Conversation) -> tuple[Route, ...]:
    handlers, comment = CommitCommentHandlers(served), served.types.commit_comment
    return (
        repository_route(
            "GET",
            "/repos/{owner}/{repo}/comments",
            MayReadConversation,
            CommitCommentsQuery,
            handlers.list_all,
            answer=list_of(comment),
            cache_key=at_conversation,
            choices="those on all commits, the oldest first; `target.commit` names the commit where the platform told",
        ),
        repository_route(
            "GET",
            "/repos/{owner}/{repo}/comments/{id}",
            MayReadConversation,
            Nothing,
            handlers.show,
            answer=comment,
            cache_key=at_conversation,
        ),
        repository_route(
            "GET",
            "/repos/{owner}/{repo}/commits/{ref}/comments",
            MayReadConversation,
            CommitCommentsQuery,
            handlers.list_of_commit,
            answer=list_of(comment),
            choices="of whoever reads the code, too, `ref` may be a branch, a tag or the beginning of an id; of a whole"
            " id the commit need not be there; without those of which the platform did not tell the commit",
        ),
    )


def _commit_named(rows: ConversationRows, ref: str) -> str:
    """Raises as `find_commit_at`; and as `authorize`."""
    with suppress(InvalidName):
        return object_id(ref)
    code = rows.code_context
    return find_commit_at(code.forge, code.granted, ref).id


def _page(rows: ConversationRows, params: CommitCommentsQuery, commit: str | None = None) -> ListPage:
    wanted = ItemQuery(
        kind=COMMIT_COMMENT.name,
        parent=commit,
        gone=False,
        order=ItemOrder.CREATED,
        ascending=is_ascending("order", params.order, "asc"),
    )
    found, total = rows.conversation.list_items(wanted, offset=params.offset, limit=params.limit)
    return ListPage([rows.commit_comment(one) for one in found if isinstance(one, CommitComment)], total)
