"""Where each item stands in the tree of a metadata repository, and under which key it is known.

Paths follow from the item alone: whoever writes the same item writes it to the same place.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from matou.archive.path_registry import safe_segment
from matou.model.metadata import MetadataValue
from matou.model.metadata.kinds import MILESTONE, PROTECTION, WIKI_VERSION, MetadataKind, TreeLayout

ABOUT: Final = "about.json"
ATTRIBUTES_FILE: Final = ".gitattributes"
README: Final = "README.md"

NaturalOrder: TypeAlias = tuple[tuple[int, int, str], ...]

ITEMS_IN_A_FOLDER: Final = 100
"""A change of one item writes one folder: smaller ones cost more of them, larger ones more bytes each."""

LETTERS_OF_A_FOLDER: Final = 3
"""Of a number in letters: Gitee's are six signs of all its repositories, so that 46,656 of them share three, of which
one repository has some dozens; by two, some thousands would stand in one folder, to be written with each change."""

_DECIMAL: Final = re.compile(r"(?:0|[1-9][0-9]{0,17})\Z")
_PLAIN: Final = re.compile(r"[0-9A-Za-z_-]+\Z")
"""What needs no making safe: without a dot, which tells the second part of a long item from the first."""

_SAFE_AS_IT_IS: Final = re.compile(
    r"(?!(?:con|prn|aux|nul|com[0-9]|lpt[0-9])\Z)[0-9A-Za-z][0-9A-Za-z_-]{0,63}\Z", re.IGNORECASE | re.ASCII
)
"""Nearly every key: `safe_segment`, which looks at all that a name can be, would change nothing of it."""

_SUFFIXES: Final = {
    TreeLayout.NUMBERED: ".json",
    TreeLayout.NAMED: ".json",
    TreeLayout.FOLDERS: ".json",
    TreeLayout.PAGES: ".md",
}

_KEYS: Final[Mapping[str, Callable[[Any], str]]] = {
    MILESTONE.name: lambda one: one.number if one.kind == "milestone" else f"{one.kind}/{one.number}",
    PROTECTION.name: lambda one: f"{one.target}/{one.pattern}",
    WIKI_VERSION.name: lambda one: f"{one.page}/{one.version}",
}
"""How the key of an item is computed, where it is none of its fields."""


def key_of(kind: MetadataKind, value: MetadataValue) -> str:
    """What an item is told from others of its kind by."""
    computed = _KEYS.get(kind.name)
    return str(getattr(value, kind.key)) if computed is None else computed(value)


def natural_order(key: str) -> NaturalOrder:
    """Sorts `9` before `10`, in texts too, however many digits there are."""
    return tuple(map(_part_order, filter(None, re.split(r"([0-9]+)", key))))


def _part_order(part: str) -> tuple[int, int, str]:
    digits = part.lstrip("0")
    return (0, len(digits), digits) if part.isascii() and part.isdecimal() else (1, 0, part)


def path_of(kind: MetadataKind, key: str) -> str:
    """The file of an item, or the table that it stands in."""
    match kind.layout:
        case TreeLayout.TABLE:
            return kind.place
        case TreeLayout.NUMBERED:
            return f"{kind.place}/{_folder_of(key)}/{_safe(key)}{_SUFFIXES[kind.layout]}"
        case TreeLayout.NAMED:
            return f"{kind.place}/{safe_segment(key)}{_SUFFIXES[kind.layout]}"
        case TreeLayout.FOLDERS:
            return "/".join((kind.place, *map(safe_segment, key.split("/")))) + _SUFFIXES[kind.layout]
        case TreeLayout.PAGES:
            return "/".join((kind.place, *map(_safe, key.split("/")))) + _SUFFIXES[kind.layout]
        case _:
            message = f"items of the kind {kind.name} have no files by key"
            raise ValueError(message)


def part_of(path: str, number: int) -> str:
    """Where a long item goes on: `7.2.json` of `7.json`."""
    return path if number == 1 else f"{path.removesuffix('.json')}.{number}.json"


def is_first_part(path: str) -> bool:
    """Whether a file of a numbered kind begins an item."""
    return "." not in path.rpartition("/")[2].removesuffix(".json")


def first_part_of(path: str) -> str:
    """`7.json` for `7.2.json`, and for itself."""
    return path if is_first_part(path) else f"{path.removesuffix('.json').rpartition('.')[0]}.json"


def attachment_folder(sha256: str) -> str:
    return f"attachments/{sha256[:2]}/{sha256}"


def attachment_path(sha256: str, name: str) -> str:
    return f"{attachment_folder(sha256)}/{safe_segment(name)}"


def asset_path(tag: str, name: str, *, sha256: str, is_twin: bool) -> str:
    """Of assets of one name in one release, all but the first have the beginning of their digest in theirs."""
    segment = safe_segment(name)
    return f"assets/{safe_segment(tag)}/{f'{segment}~{sha256[:8]}' if is_twin else segment}"


def _folder_of(number: str) -> str:
    if _DECIMAL.match(number):
        return f"{int(number) // ITEMS_IN_A_FOLDER:04d}"
    return _safe(_safe(number)[:LETTERS_OF_A_FOLDER])


def _safe(key: str) -> str:
    if _SAFE_AS_IT_IS.match(key):
        return key
    segment = safe_segment(key)
    return segment if _PLAIN.match(segment) else safe_segment(f"{key}/").replace(".", "_")
