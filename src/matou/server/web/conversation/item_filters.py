"""Which items of a list somebody wants to see: what a page's address says, as a question to the index. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from matou.db.items import ItemOrder, ItemQuery
from matou.errors import Phrase
from matou.forge.conversation.index_rows import plain
from matou.markup import without_controls
from matou.model.metadata.kinds import CHANGE, MetadataKind

LONGEST_FILTER: Final = 200
LONGEST_WORDS: Final = 300

NO_MILESTONE: Final = "none"

_STATES: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    "issue": {"open": ("open",), "closed": ("closed", "merged"), "all": None},
    "change": {"open": ("open",), "merged": ("merged",), "closed": ("closed",), "all": None},
}
_ORDERS: Final[Mapping[str, tuple[ItemOrder, bool]]] = {
    "newest": (ItemOrder.CREATED, False),
    "oldest": (ItemOrder.CREATED, True),
    "updated": (ItemOrder.UPDATED, False),
    "stale": (ItemOrder.UPDATED, True),
}
STATE_LABELS: Final[Mapping[str, Phrase]] = {
    "open": Phrase("Open"),
    "merged": Phrase("Merged"),
    "closed": Phrase("Closed"),
    "all": Phrase("All"),
}
ORDER_LABELS: Final[Mapping[str, Phrase]] = {
    "newest": Phrase("Newest first"),
    "oldest": Phrase("Oldest first"),
    "updated": Phrase("Last changed first"),
    "stale": Phrase("Last changed last"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilters:
    """What was asked for. A state or an order that there is none of is the usual one."""

    kind: MetadataKind
    state: str
    order: str
    words: str
    label: str
    milestone: str
    iteration: str
    type: str
    author: str
    assignee: str
    reviewer: str

    @property
    def states(self) -> Mapping[str, tuple[str, ...] | None]:
        return _STATES[self.kind.name]

    @property
    def is_narrowed(self) -> bool:
        """By more than the state."""
        chosen = (
            self.words,
            self.label,
            self.milestone,
            self.iteration,
            self.type,
            self.author,
            self.assignee,
            self.reviewer,
        )
        return any(chosen)

    @property
    def query(self) -> ItemQuery:
        order, ascending = _ORDERS[self.order]
        return ItemQuery(
            kind=self.kind.name,
            states=self.states[self.state],
            types=(self.type,) if self.type else None,
            labels=(self.label,) if self.label else (),
            milestone=("" if self.milestone == NO_MILESTONE else self.milestone) if self.milestone else None,
            iteration=self.iteration or None,
            author=self.author,
            assignee=self.assignee,
            reviewer=self.reviewer,
            order=order,
            ascending=ascending,
        )


def read_filters(kind: MetadataKind, query: Mapping[str, str], *, usual: str = "open") -> ItemFilters:
    """Of an address. Whoever looks for words looks at all states, unless one is named; `usual` is that of a list."""
    words = _text(query, "q", LONGEST_WORDS)
    state, order = query.get("state", ""), query.get("sort", "")
    usual = "all" if words else usual
    return ItemFilters(
        kind=kind,
        state=state if state in _STATES[kind.name] else usual,
        order=order if order in _ORDERS else "newest",
        words=words,
        label=plain(query.get("label", ""))[:LONGEST_FILTER],
        milestone=plain(query.get("milestone", ""))[:LONGEST_FILTER],
        iteration=plain(query.get("iteration", ""))[:LONGEST_FILTER],
        type=plain(query.get("type", ""))[:LONGEST_FILTER],
        author=_text(query, "author").removeprefix("@"),
        assignee=_text(query, "assignee").removeprefix("@"),
        reviewer=_text(query, "reviewer").removeprefix("@") if kind is CHANGE else "",
    )


def _text(query: Mapping[str, str], name: str, longest: int = LONGEST_FILTER) -> str:
    return without_controls(query.get(name, ""))[:longest].strip()
