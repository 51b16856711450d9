"""How many items of each kind there are, kept up as they change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from matou.archive.metadata.about import KindCount
from matou.archive.metadata.items import files_in
from matou.archive.metadata.tree_paths import natural_order
from matou.model.metadata import MetadataValue, SavedRelease
from matou.model.metadata.kinds import ASSET, ATTACHMENT, KINDS, MetadataKind


@dataclass(slots=True)
class RunningCount:
    """Of one kind. `changed` and `newly_gone` are the keys of what this run wrote, and of what it found gone."""

    items: int = 0
    gone: set[str] = field(default_factory=set)
    bytes: int = 0
    missing: int = 0
    changed: set[str] = field(default_factory=set)
    newly_gone: set[str] = field(default_factory=set)


class RunningCounts:
    """Of every kind, from what there was before.

    Args:
        before: what about.json said.
    """

    def __init__(self, before: Mapping[str, KindCount]) -> None:
        self._counts = {
            name: RunningCount(one.items, set(one.gone or ()), one.bytes or 0, one.missing or 0)
            for name, one in before.items()
        }

    def go_on_from(self, other: "RunningCounts") -> None:
        """Take over what this run wrote and found gone before its draft was kept."""
        for name, count in other._counts.items():  # noqa: SLF001 - it is one of us
            mine = self._counts.setdefault(name, RunningCount())
            mine.changed |= count.changed
            mine.newly_gone |= count.newly_gone

    def of(self, kind: MetadataKind) -> RunningCount:
        return self._counts.setdefault(kind.name, RunningCount())

    def gone(self, kind: MetadataKind) -> frozenset[str]:
        return frozenset(self.of(kind).gone)

    def item_written(self, kind: MetadataKind, key: str, old: MetadataValue | None, new: MetadataValue) -> None:
        """An item was written that is new, where there is no old one, or another than before."""
        count = self.of(kind)
        count.items += old is None
        count.changed.add(key)
        _note_gone(count, key, new)
        for other, of_old, of_new in (
            (ATTACHMENT, _missing_files(old), _missing_files(new)),
            (ASSET, _missing_assets(old), _missing_assets(new)),
        ):
            if of_old != of_new:
                self.of(other).missing += of_new - of_old

    def pointer_written(self, kind: MetadataKind, path: str, *, old_bytes: int | None, new_bytes: int) -> None:
        count = self.of(kind)
        count.items += old_bytes is None
        count.bytes += new_bytes - (old_bytes or 0)
        count.changed.add(path)

    def table_written(self, kind: MetadataKind, table: Mapping[str, object]) -> None:
        count = self.of(kind)
        count.items = len(table)
        count.gone = {key for key, value in table.items() if getattr(value, "gone_in", None) is not None}

    def found_gone(self, kind: MetadataKind, keys: Iterable[str]) -> None:
        self.of(kind).newly_gone.update(keys)

    def for_about(self) -> Mapping[str, KindCount]:
        """In the order of the kinds; those of which there is nothing are left out."""
        return {name: _final(self._counts[name]) for name in KINDS if name in self._counts and _has(self._counts[name])}

    def changed(self) -> Mapping[str, int]:
        return {name: len(count.changed) for name, count in self._counts.items() if count.changed}

    def newly_gone(self) -> Mapping[str, int]:
        return {name: len(count.newly_gone) for name, count in self._counts.items() if count.newly_gone}


def _has(count: RunningCount) -> bool:
    return bool(count.items or count.missing)


def _final(count: RunningCount) -> KindCount:
    gone = tuple(sorted(count.gone, key=natural_order))
    return KindCount(items=count.items, gone=gone or None, bytes=count.bytes or None, missing=count.missing or None)


def _note_gone(count: RunningCount, key: str, value: MetadataValue) -> None:
    if getattr(value, "gone_in", None) is None:
        count.gone.discard(key)
    else:
        count.gone.add(key)


def _missing_files(value: MetadataValue | None) -> int:
    return sum(file.missing is not None for file in files_in(value))


def _missing_assets(value: MetadataValue | None) -> int:
    return sum(one.missing is not None for one in value.assets) if isinstance(value, SavedRelease) else 0
