"""Items as the files that hold them: one as a rule, several where an item is very long."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from matou.archive.metadata.json_form import SAID, decode, decode_outline, encode
from matou.archive.metadata.pages import decode_page, encode_page
from matou.archive.metadata.tree_paths import part_of
from matou.model.metadata import (
    AttachedFile,
    Comment,
    Item,
    MetadataValue,
    ReviewThread,
    TimelineEvent,
)
from matou.model.metadata.kinds import MetadataKind, TreeLayout

LONGEST_FILE_BYTES: Final = 8 * 1024 * 1024
"""An item with more goes on in another file; one comment with more stands in a file of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPart(MetadataValue):
    """How a long item goes on: what follows upon the lists of the parts before, which count from 1."""

    kind: str
    number: str
    part: int
    threads: tuple[ReviewThread, ...] | None = None
    comments: tuple[Comment, ...] | None = None
    events: tuple[TimelineEvent, ...] | None = None


def item_files(kind: MetadataKind, value: MetadataValue, path: str) -> list[tuple[str, bytes]]:
    """Each file of an item, with its path."""
    if kind.layout is TreeLayout.PAGES:
        return [(path, encode_page(value))]
    content = encode(value)
    if len(content) <= LONGEST_FILE_BYTES or not isinstance(value, Item):
        return [(path, content)]
    first, *rest = _parts(value)
    files = [(path, encode(replace(value, **_lists_of(value, first, empty=())))), *()]
    for number, lists in enumerate(rest, start=2):
        part = ItemPart(kind=kind.name, number=value.number, part=number, **_lists_of(value, lists, empty=None))
        files.append((part_of(path, number), encode(part)))
    return files


def read_item(kind: MetadataKind, path: str, read: Callable[[str], bytes | None]) -> MetadataValue | None:
    """The item whose first file has this path; None where there is no such file.

    Raises:
        DamagedMetadata: a file of it cannot be read.
    """
    content = read(path)
    if content is None or kind.value is None:
        return None
    if kind.layout is TreeLayout.PAGES:
        return decode_page(kind.value, content, path=path)
    value = decode(kind.value, content, path=path)
    return _continued(value, path, read) if isinstance(value, Item) else value


def read_outline(kind: MetadataKind, path: str, read: Callable[[str], bytes | None]) -> MetadataValue | None:
    """The same of a kind that has no pages, without what was said on the item; of a long one the first file has all."""
    content = read(path)
    return None if content is None or kind.value is None else decode_outline(kind.value, content, path=path)


def files_in(value: object) -> Iterator[AttachedFile]:
    """Every file that an item's texts name, those of its comments too."""
    item: Any = value
    yield from getattr(item, "files", ())
    for comment in getattr(item, "comments", ()):
        yield from comment.files
    for thread in getattr(item, "threads", ()):
        for comment in thread.comments:
            yield from comment.files


def _continued(value: Item, path: str, read: Callable[[str], bytes | None]) -> Item:
    number = 2
    while (content := read(part_of(path, number))) is not None:
        part = decode(ItemPart, content, path=part_of(path, number))
        more = {name: found for name in SAID if (found := getattr(part, name)) is not None}
        value = replace(value, **{name: getattr(value, name) + found for name, found in more.items()})
        number += 1
    return value


def _parts(value: Item) -> list[dict[str, list[MetadataValue]]]:
    """Which elements of an item's lists stand in which of its files."""
    used = len(encode(replace(value, **_lists_of(value, {}, empty=()))))
    parts: list[dict[str, list[MetadataValue]]] = [{}]
    for name, element, length in _elements(value):
        if used + length > LONGEST_FILE_BYTES and (parts[-1] or len(parts) == 1):
            parts.append({})
            used = 0
        parts[-1].setdefault(name, []).append(element)
        used += length
    return parts


def _elements(value: Item) -> Iterator[tuple[str, MetadataValue, int]]:
    for name in SAID:
        for element in getattr(value, name, ()):
            content = encode(element)
            # In a list of an item each of its lines is indented by two more, and a comma follows.
            yield name, element, len(content) + 2 * content.count(b"\n") + 1


def _lists_of(value: Item, lists: dict[str, list[MetadataValue]], *, empty: tuple[()] | None) -> dict[str, Any]:
    names: Iterable[str] = [name for name in SAID if hasattr(value, name)]
    return {name: tuple(lists[name]) if name in lists else empty for name in names}
