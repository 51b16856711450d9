"""What a later Matou wrote into an item and this one does not know stays in it when the item is written again."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, TypeVar

from matou.model.metadata import MetadataValue

_Value = TypeVar("_Value", bound=MetadataValue)

_LISTS: Final = ("comments", "threads", "reviews", "events", "assets")
_PARTS: Final = ("text", "head", "base", "position")


def with_unknown_of(old: MetadataValue, new: _Value) -> _Value:
    """The new value with what is unknown in the old one, in its parts too; elements of lists are told by their ids."""
    changes: dict[str, Any] = {}
    if old.unknown and not new.unknown:
        changes["unknown"] = old.unknown
    for name in _PARTS:
        before, now = getattr(old, name, None), getattr(new, name, None)
        if isinstance(before, MetadataValue) and isinstance(now, MetadataValue):
            changes[name] = with_unknown_of(before, now)
    for name in _LISTS:
        if getattr(old, name, ()) and getattr(new, name, ()):
            changes[name] = tuple(_carried(getattr(old, name), getattr(new, name)))
    return replace(new, **changes) if changes else new


def _carried(old: Iterable[MetadataValue], new: Iterable[MetadataValue]) -> Iterable[MetadataValue]:
    before = {key: one for one in old if (key := getattr(one, "id", None)) is not None}
    for one in new:
        found = before.get(getattr(one, "id", None))
        yield one if found is None else with_unknown_of(found, one)
