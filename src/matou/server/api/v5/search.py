"""Issues by the words in them, over all that may be read."""

from collections.abc import Sequence
from dataclasses import dataclass

from matou.db.repositories import Repository, RepositoryId
from matou.forge.access import MayReadConversation, Scope, authorize
from matou.forge.conversation.search import SearchHit, search_items
from matou.model.metadata.kinds import ISSUE
from matou.server.api.context import RequestContext
from matou.server.api.params import InvalidParameter
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, plain_route
from matou.server.api.saved_rows import JsonRow
from matou.server.api.v5.issues import listed_issues
from matou.server.api.v5.queries import IssueSearchQuery, read_state
from matou.server.api.v5.rows import ConversationRows
from matou.server.api.v5.served import V5Conversation, list_of


@dataclass(frozen=True, slots=True)
class IssueSearchHandler:
    """For one dialect."""

    served: V5Conversation

    def find_issues(self, context: RequestContext, params: IssueSearchQuery) -> ListPage:
        if params.order != "desc":
            raise InvalidParameter("order is desc: the last changed come first")

        hits, total = search_items(
            context.forge,
            context.identity,
            params.q,
            kinds=[ISSUE.name],
            states=read_state(self.served.issue_states, params.state).states if params.state else None,
            repository=params.repo,
            projects=False,
            offset=params.offset,
            limit=params.limit,
        )
        return ListPage(_rows(context, self.served, hits), total)


def search_routes(served: V5Conversation) -> tuple[Route, ...]:
    handlers = IssueSearchHandler(served)
    return (
        plain_route(
            "GET",
            "/search/issues",
            IssueSearchQuery,
            handlers.find_issues,
            answer=list_of(served.types.issue),
            scopes=(Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE),
            choices="of what the caller may read: every word of `q` in the title, the text or the comments; the last "
            "changed first; `repo` is OWNER/NAME",
        ),
    )


def _rows(context: RequestContext, served: V5Conversation, hits: Sequence[SearchHit]) -> list[JsonRow]:
    opened = dict[RepositoryId, ConversationRows]()
    shown: list[JsonRow] = []
    for hit in hits:
        repository = hit.subject
        if not isinstance(repository, Repository):
            continue
        if repository.id not in opened:
            granted = authorize(context.forge, context.identity, MayReadConversation, repository)
            opened[repository.id] = served.open(context.of(granted))
        rows = opened[repository.id]
        shown += listed_issues(rows, [rows.conversation.outline(hit.item)])
    return shown
