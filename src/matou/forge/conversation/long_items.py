"""Items on which so much was said that reading one takes a tenth of a second and tens of megabytes of memory.

A few stay in memory, and one at a time is read: as many clients as there may be who ask for its pages, there are not as
many copies of it.
"""

from threading import Lock
from typing import Final, NamedTuple

from matou.archive.metadata import MetadataTree
from matou.caching import SizedCache
from matou.model.metadata import MetadataValue
from matou.model.metadata.kinds import MetadataKind

LONG_ITEM_BYTES: Final = 256 * 1024
MANY_COMMENTS: Final = 500
"""About as many as make a long item."""

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of their files; in memory it is four times as much."""


class ItemVersion(NamedTuple):
    """What an item is in a commit, which does not change."""

    commit_id: str
    kind: str
    number: str


class LongItemCache:
    """Those that were read last; for all threads."""

    def __init__(self) -> None:
        self._known: SizedCache[ItemVersion, tuple[MetadataValue, int]] = SizedCache(
            MOST_BYTES, size_of=lambda entry: entry[1]
        )
        self._reading = Lock()

    def outline(self, tree: MetadataTree, commit_id: str, kind: MetadataKind, number: str) -> MetadataValue | None:
        """As `tree.outline`, of an item that is known to be long; with what was said on it where that is at hand."""
        with self._reading:
            known = self._known.get(ItemVersion(commit_id, kind.name, number))
            return tree.outline(kind, number) if known is None else known[0]

    def read(self, tree: MetadataTree, commit_id: str, kind: MetadataKind, number: str) -> MetadataValue | None:
        """As `tree.item`."""
        size_bytes = tree.size_of(kind, number)
        if size_bytes < LONG_ITEM_BYTES:
            return tree.item(kind, number)
        version = ItemVersion(commit_id, kind.name, number)
        with self._reading:
            known = self._known.get(version)
            if known is not None:
                return known[0]
            found = tree.item(kind, number)
            if found is not None:
                self._known.put(version, (found, size_bytes))
            return found
