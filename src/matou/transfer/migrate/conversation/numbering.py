"""In which order items are written, what each becomes and which number it is to have at the target."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from matou.model.metadata import ChangeRequest, Item
from matou.model.metadata.shared_numbers import SharedNumbers
from matou.model.metadata_targets import ItemKind, MetadataRules

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_LEAST_GAPS: Final = 50
"""So many placeholders are written whatever there is beside them; beyond that no more than there are items."""


@dataclass(frozen=True, slots=True)
class OutlinedItem:
    """An item that is to be written, without what was said on it.

    Attributes:
        kind: `issue` or `change`, at the source; `number` there.
        becomes: what it is at the target.
        wanted: the number that it is to have there; None for any.
    """

    kind: ItemKind
    number: str
    url: str | None
    becomes: ItemKind
    wanted: int | None

    @property
    def counts_as(self) -> tuple[ItemKind, str]:
        return self.kind, self.number


def in_order(
    items: Iterable[Item], rules: MetadataRules, *, keeps_numbers: bool, can_be_real: Callable[[ChangeRequest], bool]
) -> list[OutlinedItem]:
    """Issues by their numbers, then change requests by theirs; by both at once where the target counts them as one.

    A change request that is not open, or whose branches are not there, becomes an issue: no platform's API makes a
    merged one.
    """
    known = list(items)
    issues = [item for item in known if not isinstance(item, ChangeRequest)]
    changes = [item for item in known if isinstance(item, ChangeRequest)]
    times = {item.number: item.at or _EARLIEST for item in issues}
    shared = SharedNumbers.assign((one.number for one in issues), (one.number for one in changes), times)
    rows = sorted(
        [
            *((shared.issues[one.number], one, ItemKind.ISSUE, ItemKind.ISSUE) for one in issues),
            *((shared.changes[one.number], one, ItemKind.CHANGE, _becomes(one, can_be_real)) for one in changes),
        ],
        key=lambda row: (row[2] is ItemKind.CHANGE and not rules.shares_numbers, row[0], row[2]),
    )

    def wanted(number: int, kind: ItemKind) -> int | None:
        counts = rules.is_sequential and keeps_numbers and (rules.shares_numbers or kind is ItemKind.ISSUE)
        return number if counts else None

    return [
        OutlinedItem(kind, one.number, one.url, becomes, wanted(number, kind)) for number, one, kind, becomes in rows
    ]


def _becomes(change: ChangeRequest, can_be_real: Callable[[ChangeRequest], bool]) -> ItemKind:
    return ItemKind.CHANGE if change.state == "open" and can_be_real(change) else ItemKind.ISSUE


def gaps(items: Iterable[OutlinedItem]) -> int:
    """How many numbers below those that are wanted nobody wants."""
    numbers = {item.wanted for item in items if item.wanted is not None}
    return max(numbers, default=0) - len(numbers)


def has_too_many_gaps(items: list[OutlinedItem]) -> bool:
    return gaps(items) > max(_LEAST_GAPS, len(items))


def wanted_numbers(items: Iterable[OutlinedItem]) -> Mapping[tuple[ItemKind, str], tuple[ItemKind, str]]:
    """What is known of an item's number before it is written."""
    return {item.counts_as: (item.becomes, str(item.wanted)) for item in items if item.wanted is not None}
