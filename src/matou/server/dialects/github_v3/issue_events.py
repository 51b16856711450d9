"""What was done to issues and pull requests: of one, with what was said, and of all of a repository."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from matou.caching import SizedCache
from matou.db.items import ItemQuery
from matou.forge.conversation.conversation import FoundComment
from matou.forge.conversation.index_rows import spoken_on
from matou.model.metadata import ChangeRequest, Issue, Item, TimelineEvent
from matou.model.metadata.kinds import CHANGE, ISSUE, KINDS
from matou.server.api.responses import ListPage
from matou.server.api.route import Route
from matou.server.api.saved_rows import JsonRow
from matou.server.dialects.github_v3.identifiers import id_or_made
from matou.server.dialects.github_v3.issues import (
    ReadContext,
    comment_row,
    conversation_route,
    issue_row,
    numbered_item,
)
from matou.server.dialects.github_v3.objects import UNKNOWN_TIME, written
from matou.server.dialects.github_v3.paging import GitHubPage, linked, page_of
from matou.server.dialects.github_v3.rows import GitHubRows

_EVENTS: Final = {
    **{name: name for name in ("closed", "reopened", "labeled", "unlabeled", "milestoned", "demilestoned")},
    **{name: name for name in ("assigned", "unassigned", "renamed", "referenced", "merged", "locked")},
    "review_requested": "review_requested",
    "head_changed": "head_ref_force_pushed",
    "base_changed": "base_ref_changed",
    "draft": "convert_to_draft",
    "ready": "ready_for_review",
    "moved": "transferred",
}
"""By our word; for others GitHub has none."""


_MOST_REMEMBERED: Final = 16


class EventPosition(NamedTuple):
    """Where an event stands, by the time when it happened."""

    at: str
    kind: str
    number: str
    place: int


class EventOrderCache(SizedCache[tuple[Any, ...], Sequence[EventPosition]]):
    """All events of a repository, the newest first, by what was saved and what of it may be seen."""

    def __init__(self) -> None:
        super().__init__(_MOST_REMEMBERED)


def list_events(context: ReadContext, params: GitHubPage) -> ListPage:
    rows = GitHubRows.open(context)
    item = numbered_item(rows)
    return page_of(params, list(_events(rows, item)), rows.url("issues", str(rows.number_of(item)), "events"))


def list_timeline(context: ReadContext, params: GitHubPage) -> ListPage:
    """What was done and what was said, by time."""
    rows = GitHubRows.open(context)
    item = numbered_item(rows)
    spoken = [
        {**comment_row(rows, FoundComment(one, item)), "event": "commented", "actor": rows.author(one.by)}
        for one, on_line in spoken_on(item)
        if not on_line
    ]
    happened = sorted([*_events(rows, item), *spoken], key=lambda row: str(row["created_at"]))
    return page_of(params, happened, rows.url("issues", str(rows.number_of(item)), "timeline"))


def list_all_events(context: ReadContext, params: GitHubPage) -> ListPage:
    """The newest first, each with what it was done to."""
    rows = GitHubRows.open(context)
    places, shown = _order(rows), list[JsonRow]()
    items = dict[tuple[str, str], Issue | ChangeRequest]()
    for one in places[params.offset :][: params.limit]:
        key = (one.kind, one.number)
        if key not in items:
            items[key] = _item(rows, *key)
        item = items[key]
        shown.append({**_event(rows, item, item.events[one.place], one.place), "issue": issue_row(rows, item)})
    return linked(params, shown, len(places), rows.url("issues", "events"))


def _item(rows: GitHubRows, kind: str, number: str) -> Issue | ChangeRequest:
    found = rows.conversation.find_item(KINDS[kind], number)
    assert isinstance(found, Issue | ChangeRequest)  # noqa: S101 - the kinds that have numbers
    return found


def _order(rows: GitHubRows) -> Sequence[EventPosition]:
    conversation = rows.conversation
    if conversation.indexed is None:
        return ()
    key = (conversation.indexed, conversation.seen)
    cache = conversation.forge.memory(EventOrderCache)
    known = cache.get(key)
    if known is None:
        known = sorted(_places(rows), reverse=True)
        cache.put(key, known)
    return known


def _places(rows: GitHubRows) -> Iterator[EventPosition]:
    found, _ = rows.conversation.list_items(ItemQuery(kind=ISSUE.name, with_kind=CHANGE.name))
    for item in found:
        assert isinstance(item, Issue | ChangeRequest)  # noqa: S101 - as the query says
        kind = CHANGE.name if isinstance(item, ChangeRequest) else ISSUE.name
        for place, event in enumerate(item.events):
            if event.kind in _EVENTS:
                yield EventPosition(written(event.at) or "", kind, item.number, place)


def _events(rows: GitHubRows, item: Item) -> Iterator[JsonRow]:
    for place, event in enumerate(item.events):
        if event.kind in _EVENTS:
            yield _event(rows, item, event, place)


def _event(rows: GitHubRows, item: Item, event: TimelineEvent, place: int) -> JsonRow:
    made = id_or_made(event.id, "event", rows.own_url, item.number, str(place))
    commit = event.data.get("commit_id")
    stated = (
        {key: event.data[key] for key in ("label", "milestone", "rename") if key in event.data} if rows.is_own else {}
    )
    return {
        "id": made,
        "node_id": f"E_{made}",
        "url": rows.url("issues", "events", str(made)),
        "actor": rows.author(event.by),
        "event": _EVENTS[event.kind],
        "commit_id": commit if isinstance(commit, str) else None,
        "commit_url": rows.url("commits", commit) if isinstance(commit, str) else None,
        "created_at": written(event.at) or UNKNOWN_TIME,
        "performed_via_github_app": None,
        **stated,
    }


_ROW = dict[str, object]

ROUTES: tuple[Route, ...] = (
    conversation_route(
        "/events",
        GitHubPage,
        list_all_events,
        list[_ROW],
        "of all issues and pull requests, the newest first; those for which GitHub has a word",
        slow=True,
    ),
    conversation_route("/{number}/events", GitHubPage, list_events, list[_ROW], "those for which GitHub has a word"),
    conversation_route("/{number}/timeline", GitHubPage, list_timeline, list[_ROW], "events and comments, by time"),
)
