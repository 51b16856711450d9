"""What a repository has but once: labels, milestones, webhooks."""

from dataclasses import dataclass
from typing import Final

from matou.db.items import ItemQuery
from matou.errors import NotFound
from matou.forge.access import MayReadConversation, MaySeeHooks
from matou.model.metadata import LabelDefinition, Milestone, Webhook
from matou.model.metadata.kinds import HOOK, ISSUE, LABEL
from matou.server.api.context import RepositoryContext
from matou.server.api.params import InvalidParameter, Nothing, PageParameters
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, repository_route
from matou.server.api.saved_rows import JsonRow
from matou.server.api.v5.queries import MilestonesQuery, WholeUnlessPaged, is_ascending
from matou.server.api.v5.rows import ConversationRows
from matou.server.api.v5.served import V5Conversation, at_conversation, list_of

ReadContext = RepositoryContext[MayReadConversation]

_STATES: Final = {"": ("open",), "open": ("open",), "closed": ("closed",), "all": ("open", "closed")}


class NoSuchLabel(NotFound):
    """The repository has no label of this name."""


class NoSuchMilestone(NotFound):
    """The repository has no milestone of this number."""


class NoSuchWebhook(NotFound):
    """The repository has no webhook of this id."""


@dataclass(frozen=True, slots=True)
class ProjectHandlers:
    """For one dialect."""

    served: V5Conversation

    def list_labels(self, context: ReadContext, params: WholeUnlessPaged) -> ListPage:
        rows = self.served.open(context)
        labels = list(rows.conversation.table(LABEL).values())
        return ListPage([rows.label(one) for one in labels[params.offset :][: params.limit]], len(labels))

    def show_label(self, context: ReadContext, _: Nothing) -> JsonRow:
        rows, name = self.served.open(context), context.path["name"]
        found: LabelDefinition | None = rows.conversation.table(LABEL).get(name)
        if found is None:
            raise NoSuchLabel("there is no label {name}", name=repr(name)[:100])
        return rows.label(found)

    def list_milestones(self, context: ReadContext, params: MilestonesQuery) -> ListPage:
        rows = self.served.open(context)
        found = _milestones(rows, params)
        shown = found[params.offset :][: params.limit]
        return ListPage([_milestone_row(rows, one) for one in shown], len(found))

    def show_milestone(self, context: ReadContext, _: Nothing) -> JsonRow:
        rows, number = self.served.open(context), context.path["number"]
        found = rows.find_milestone(number)
        if found is None:
            raise NoSuchMilestone("there is no milestone {number}", number=repr(number)[:100])
        return _milestone_row(rows, found)

    def list_hooks(self, context: RepositoryContext[MaySeeHooks], params: PageParameters) -> ListPage:
        rows = self.served.open(context)
        hooks = _hooks(rows)
        return ListPage([rows.hook(one) for one in hooks[params.offset :][: params.limit]], len(hooks))

    def show_hook(self, context: RepositoryContext[MaySeeHooks], _: Nothing) -> JsonRow:
        rows, hook_id = self.served.open(context), context.path["id"]
        found = next((one for one in _hooks(rows) if one.id == hook_id), None)
        if found is None:
            raise NoSuchWebhook("there is no webhook {id}", id=repr(hook_id)[:100])
        return rows.hook(found)


def project_routes(served: V5Conversation) -> tuple[Route, ...]:
    handlers = ProjectHandlers(served)
    types, repository = served.types, "/repos/{owner}/{repo}"
    return (
        repository_route(
            "GET",
            f"{repository}/labels",
            MayReadConversation,
            WholeUnlessPaged,
            handlers.list_labels,
            answer=list_of(types.label),
            cache_key=at_conversation,
            choices="all of them, unless a page is asked for",
        ),
        repository_route(
            "GET",
            f"{repository}/labels/{{name}}",
            MayReadConversation,
            Nothing,
            handlers.show_label,
            answer=types.label,
            cache_key=at_conversation,
        ),
        repository_route(
            "GET",
            f"{repository}/milestones",
            MayReadConversation,
            MilestonesQuery,
            handlers.list_milestones,
            answer=list_of(types.milestone),
            cache_key=at_conversation,
            choices="by the day on which they are due; those that are open, unless `state` says else",
        ),
        repository_route(
            "GET",
            f"{repository}/milestones/{{number}}",
            MayReadConversation,
            Nothing,
            handlers.show_milestone,
            answer=types.milestone,
            cache_key=at_conversation,
        ),
        repository_route(
            "GET",
            f"{repository}/hooks",
            MaySeeHooks,
            PageParameters,
            handlers.list_hooks,
            answer=list_of(types.hook),
            choices="those of the platform, which nothing here calls; address and secret were never saved",
        ),
        repository_route(
            "GET",
            f"{repository}/hooks/{{id}}",
            MaySeeHooks,
            Nothing,
            handlers.show_hook,
            answer=types.hook,
            choices="as in the list",
        ),
    )


def _milestones(rows: ConversationRows, params: MilestonesQuery) -> list[Milestone]:
    """Those without a day stand last. Raises InvalidParameter."""
    states = _STATES.get(params.state)
    if states is None:
        raise InvalidParameter("state is open, closed or all, not {text}", text=repr(params.state)[:100])
    found = [one for one in rows.milestones() if one.state in states]
    dated = sorted((one for one in found if one.due), key=lambda one: one.due or "")
    if not is_ascending("direction", params.direction, "asc"):
        dated.reverse()
    return [*dated, *(one for one in found if not one.due)]


def _milestone_row(rows: ConversationRows, milestone: Milestone) -> JsonRow:
    counts = {
        f"{state}_issues": rows.conversation.list_items(
            ItemQuery(kind=ISSUE.name, milestone=milestone.number, states=(state,)), limit=0
        )[1]
        for state in ("open", "closed")
    }
    return {**rows.milestone(milestone), **counts}


def _hooks(rows: ConversationRows) -> list[Webhook]:
    return [one for one in rows.conversation.table(HOOK).values() if one.gone_in is None]
