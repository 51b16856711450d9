"""The pages of an item on which much was said: put in order once, for whoever reads one after another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matou.caching import SizedCache
from matou.forge.forge import Forge
from matou.model.metadata import Item, PersonKey
from matou.server.web.conversation.item_facts import participants_of
from matou.server.web.conversation.timeline import TimelineEntry, pages_of, timeline_of

MOST_REMEMBERED: Final = 60_000
"""Entries of all of them together. Each keeps its item in memory."""

MANY: Final = 500


@dataclass(frozen=True, slots=True)
class PagedTimeline:
    """All that was said and done on `item`. `comment_count` counts reviews too."""

    item: Item
    entries: Sequence[TimelineEntry]
    pages: Sequence[Sequence[TimelineEntry]]
    comment_count: int
    participants: Sequence[PersonKey]


class PagedTimelineCache:
    """By the number that an item has somewhere; good for that very item alone, as it was read."""

    def __init__(self) -> None:
        self.known = SizedCache[tuple[str, str, str], PagedTimeline](
            MOST_REMEMBERED, size_of=lambda timeline: len(timeline.entries) + 1
        )


def paged_timeline(forge: Forge, item: Item, place: tuple[str, str], *, first_weight: int) -> PagedTimeline:
    """Args: place: where the item is, and of which kind; first_weight: what the first page has to hold besides."""
    key, cache = (*place, item.number), forge.memory(PagedTimelineCache).known
    known = cache.get(key)
    if known is not None and known.item is item:
        return known
    entries = timeline_of(item)
    made = PagedTimeline(
        item,
        entries,
        pages_of(entries, first_weight),
        sum(entry.event is None for entry in entries),
        participants_of(item),
    )
    if len(entries) >= MANY:
        cache.put(key, made)
    return made
