"""Lists of issues and of change requests, which look alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from matou.forge.conversation.conversation import ListedItem
from matou.forge.conversation.past import PastConversation
from matou.i18n import localize
from matou.markup import without_controls
from matou.model.metadata.kinds import CHANGE, LABEL, MILESTONE, MetadataKind
from matou.server.web.conversation.item_filters import (
    NO_MILESTONE,
    ORDER_LABELS,
    STATE_LABELS,
    ItemFilters,
    read_filters,
)
from matou.server.web.conversation.saved_page import LabelChip, PersonName, SavedPage, shown
from matou.server.web.page import PER_PAGE, HtmlPage, Paging

MOST_CHOICES: Final = 200
"""Of a filter: labels, milestones, types."""


@dataclass(frozen=True, slots=True)
class ItemListRow:
    """One row of a list."""

    row: Any
    title: str
    href: str
    sign: str
    author: PersonName | None
    labels: list[LabelChip]
    milestone: str
    type: str
    status: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What a filter may be."""

    value: str
    label: str
    count: int | None = None


def show_items(page: SavedPage, kind: MetadataKind) -> HtmlPage:
    view = page.view
    filters = read_filters(kind, view.query, usual=_usual_state(page, kind))
    etag = page.etag("items")
    rows, total = page.conversation.list_rows(filters.query, search=filters.words, offset=view.offset, limit=PER_PAGE)
    values = {
        "rows": [item_row(page, one, kind) for one in rows],
        "filters": filters,
        "states": _states(page, filters),
        "orders": [Choice(name, localize(label)) for name, label in ORDER_LABELS.items()],
        "labels": _choices(list(page.conversation.table(LABEL))),
        "milestones": _milestones(page),
        "types": _choices(page.conversation.names_used(kind, "type", most=50)),
        "no_milestone": NO_MILESTONE,
        "is_change": kind is CHANGE,
        "is_too_long": _is_too_long(page, kind),
        "paging": Paging(view.number, total),
    }
    return page.html("items.html", values, etag)


def _usual_state(page: SavedPage, kind: MetadataKind) -> str:
    """What is open; where nothing is, all: what was merged and closed must not look lost."""
    counts = page.conversation.count_states()
    is_any = any(one == kind.name for one, _state in counts)
    return "open" if counts.get((kind.name, "open")) or not is_any else "all"


def _is_too_long(page: SavedPage, kind: MetadataKind) -> bool:
    """Whether the list, as of a run, can only be gone through by number."""
    return isinstance(page.conversation, PastConversation) and page.conversation.is_too_long(kind)


def item_row(page: SavedPage, listed: ListedItem, kind: MetadataKind) -> ItemListRow:
    row = listed.row
    milestone = page.milestone(row.milestone)
    return ItemListRow(
        row=row,
        title=shown(row.title) or row.number,
        href=page.url("changes" if kind is CHANGE else "issues", row.number),
        sign=sign_of(kind) + shown(row.number, 30),
        author=page.person(row.author),
        labels=page.labels(listed.labels[:10]),
        milestone="" if milestone is None else shown(milestone.title, 60),
        type=shown(row.type or "", 40),
        status=shown(row.status or "", 40),
    )


def sign_of(kind: MetadataKind) -> str:
    return "!" if kind is CHANGE else "#"


def _states(page: SavedPage, filters: ItemFilters) -> list[Choice]:
    """With how many there are of each, whatever else is filtered by."""
    counts = page.conversation.count_states()
    return [
        Choice(
            name,
            localize(STATE_LABELS[name]),
            sum(
                count
                for (kind, state), count in counts.items()
                if kind == filters.kind.name and (states is None or state in states)
            ),
        )
        for name, states in filters.states.items()
    ]


def _choices(names: Sequence[str]) -> list[Choice]:
    """Those that a document can have as they are."""
    plain = (name for name in names[:MOST_CHOICES] if without_controls(name) == name)
    return [Choice(name, shown(name, 60)) for name in plain]


def _milestones(page: SavedPage) -> list[Choice]:
    found = [one for one in page.conversation.table(MILESTONE).values() if one.kind == "milestone"]
    return [Choice(one.number, shown(one.title, 60)) for one in found[:MOST_CHOICES]]
