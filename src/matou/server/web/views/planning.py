"""What work was planned by: milestones with how far they are, labels, boards as lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from matou.db.items import ItemQuery
from matou.errors import NotFound
from matou.forge.conversation.references import find_references
from matou.markup import tokens_in, without_controls
from matou.model.metadata import Board, BoardColumn, LabelDefinition, Milestone
from matou.model.metadata.kinds import BOARD, ISSUE, LABEL, MILESTONE
from matou.server.web.conversation.page_texts import PageTexts, ShownText
from matou.server.web.conversation.saved_page import LabelChip, Saved, SavedPage, open_saved, shown
from matou.server.web.page import PER_PAGE, HtmlPage, Paging, WebRequest
from matou.server.web.views.items import ItemListRow, item_row

MOST_BYTES: Final = 40_000
MOST_COLUMNS: Final = 20
MOST_COUNTED: Final = 1_000
MOST_IN_A_COLUMN: Final = 20
"""Of a board; the others are counted."""


class NoSuchPlan(NotFound):
    """There is no milestone of this key, or no board of this id."""


@dataclass(frozen=True, slots=True)
class MilestoneRow:
    """A milestone, and how many of its issues are open and closed."""

    milestone: Milestone
    title: str
    href: str
    issues: str
    open: int
    closed: int

    @property
    def percent(self) -> int:
        return 100 * self.closed // max(1, self.open + self.closed)


@dataclass(frozen=True, slots=True)
class LabelListRow:
    chip: LabelChip
    description: str
    count: int
    is_gone: bool


@dataclass(frozen=True, slots=True)
class ColumnView:
    name: str
    items: Sequence[ItemListRow]
    more: int


@dataclass(frozen=True, slots=True)
class BoardView:
    name: str
    columns: Sequence[ColumnView]
    is_gone: bool


def show_milestones(view: WebRequest, granted: Saved, words: tuple[str, ...]) -> HtmlPage:
    page = open_saved(view, granted, "milestones")
    if words:
        return _milestone(page, "/".join(words))
    etag = page.etag("milestones")
    rows = [_row(page, key, one) for key, one in _ordered(page)]
    shown_rows = rows[view.offset : view.offset + PER_PAGE]
    return page.html("milestones.html", {"rows": shown_rows, "paging": Paging(view.number, len(rows))}, etag)


def show_labels(view: WebRequest, granted: Saved, _words: tuple[str, ...]) -> HtmlPage:
    page = open_saved(view, granted, "labels")
    etag = page.etag("labels")
    counts = page.conversation.count_labels()
    table: Mapping[str, LabelDefinition] = page.conversation.table(LABEL)
    names = list(table)[view.offset : view.offset + PER_PAGE]
    rows = [_label(page, name, table[name], counts.get(name, 0)) for name in names]
    return page.html("labels.html", {"rows": rows, "paging": Paging(view.number, len(table))}, etag)


def show_boards(view: WebRequest, granted: Saved, words: tuple[str, ...]) -> HtmlPage:
    """One board a page."""
    page = open_saved(view, granted, "boards")
    if words:
        raise NoSuchPlan("there is nothing here")
    etag = page.etag("boards")
    boards: list[Board] = list(page.conversation.table(BOARD).values())
    paging = Paging(min(view.number, max(1, len(boards))), len(boards), 1)
    board = _board(page, boards[paging.number - 1]) if boards else None
    return page.html("boards.html", {"board": board, "paging": paging}, etag)


def _ordered(page: SavedPage) -> list[tuple[str, Milestone]]:
    """Open ones first, of these what is due first; iterations and versions after milestones."""
    found: Mapping[str, Milestone] = page.conversation.table(MILESTONE)
    ranks = {"milestone": 0, "iteration": 1, "version": 2}
    return sorted(
        found.items(), key=lambda pair: (pair[1].state != "open", ranks[pair[1].kind], pair[1].due or "9999", pair[0])
    )


def _row(page: SavedPage, key: str, one: Milestone) -> MilestoneRow:
    column = "iteration" if one.kind == "iteration" else "milestone"
    counts = page.conversation.count_by(ISSUE, column) if one.kind != "version" else {}
    query = urlencode({column: one.number, "state": "all"}, errors="replace")
    return MilestoneRow(
        one,
        shown(one.title),
        page.url("milestones", key),
        f"{page.url('issues')}?{query}",
        counts.get((one.number, "open"), 0),
        sum(count for (number, state), count in counts.items() if number == one.number and state != "open"),
    )


def _milestone(page: SavedPage, key: str) -> HtmlPage:
    """Raises NoSuchPlan."""
    etag = page.etag("milestone")
    found: Milestone | None = page.conversation.table(MILESTONE).get(key)
    if found is None:
        raise NoSuchPlan("there is no milestone {number}", number=repr(key)[:100])
    wanted = _items_of(found)
    rows, total = (
        page.conversation.list_rows(wanted, offset=page.view.offset, limit=PER_PAGE) if wanted is not None else ((), 0)
    )
    values: dict[str, Any] = {
        "row": _row(page, key, found),
        "text": _text(page, found),
        "items": [item_row(page, one, ISSUE) for one in rows],
        "paging": Paging(page.view.number, total),
    }
    return page.html("milestone.html", values, etag)


def _items_of(milestone: Milestone) -> ItemQuery | None:
    match milestone.kind:
        case "milestone":
            return ItemQuery(kind=ISSUE.name, milestone=milestone.number)
        case "iteration":
            return ItemQuery(kind=ISSUE.name, iteration=milestone.number)
        case _:
            return None


def _text(page: SavedPage, milestone: Milestone) -> ShownText:
    words = tokens_in(milestone.text.body) if milestone.text is not None else set[str]()
    texts = PageTexts(find_references(page.conversation, words), lambda _file: "", most_bytes=MOST_BYTES)
    return texts.show(milestone.text, (), "")


def _label(page: SavedPage, name: str, label: LabelDefinition, count: int) -> LabelListRow:
    return LabelListRow(page.label(name, label), shown(label.description or ""), count, label.gone_in is not None)


def _seen(page: SavedPage, column: BoardColumn) -> list[str]:
    """What of a column the viewer may see: how much is hidden is not theirs to know either."""
    items = column.items[:MOST_COUNTED]
    known = page.conversation.known_numbers(ISSUE, items)
    return [number for number in items if number in known]


def _board(page: SavedPage, board: Board) -> BoardView:
    """Of the items those that the viewer may see."""
    columns = board.columns[:MOST_COLUMNS]
    seen = [_seen(page, column) for column in columns]
    numbers = [number for column in seen for number in column[:MOST_IN_A_COLUMN]]
    wanted = ItemQuery(kind=ISSUE.name, numbers=numbers)
    rows, _total = page.conversation.list_rows(wanted, limit=len(numbers)) if numbers else ((), 0)
    known = {one.row.number: item_row(page, one, ISSUE) for one in rows}
    return BoardView(
        shown(board.name),
        [
            ColumnView(
                shown(without_controls(column.name)),
                [known[number] for number in items[:MOST_IN_A_COLUMN] if number in known],
                max(0, len(items) - MOST_IN_A_COLUMN),
            )
            for column, items in zip(columns, seen, strict=True)
        ],
        board.gone_in is not None,
    )
