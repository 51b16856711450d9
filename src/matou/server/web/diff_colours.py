"""The lines of a difference in the colours of their language: each side of a hunk for itself, as a text.

A page has so many seconds and so many bytes for it; what is left of its lines then stands in one colour.
"""

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from markupsafe import Markup, escape

from matou.caching import SizedCache
from matou.git.operations.patches import PatchLineKind
from matou.server.web.highlight import has_colours, highlighted
from matou.settings import MEBIBYTE

MOST_REMEMBERED_BYTES: Final = 16 * MEBIBYTE
LONGEST_SECONDS: Final = 0.4
LONGEST_LINE: Final = 2_000
"""Characters of one line that are shown of a difference at all."""

_OVERHEAD_BYTES: Final = 100
_SIDES: Final = (
    (PatchLineKind.REMOVED, (PatchLineKind.SAME, PatchLineKind.REMOVED)),
    (PatchLineKind.ADDED, (PatchLineKind.SAME, PatchLineKind.ADDED)),
)

Coloured = tuple[Markup, ...]
"""One for each line, whatever it is of."""


class DiffColourCache:
    """By the lines and the names of their files; bounded by bytes."""

    def __init__(self, most_bytes: int = MOST_REMEMBERED_BYTES) -> None:
        self.known: SizedCache[bytes, Coloured] = SizedCache(most_bytes, size_of=_size)


def _size(lines: Coloured) -> int:
    return sum(len(line) + _OVERHEAD_BYTES for line in lines)


@dataclass
class Palette:
    """What a page has left for colours.

    Attributes:
        room_bytes: by how much they may make the page longer.
        until: on the clock of `time.monotonic`; None before the first language is at hand.
    """

    cache: DiffColourCache
    room_bytes: int
    until: float | None = None

    def colour(self, kinds: Sequence[PatchLineKind], texts: Sequence[str], names: tuple[str, str]) -> Coloured:
        """The lines as HTML.

        Args:
            texts: of each line, with nothing in them that turns the line around.
            names: of the file before and after.
        """
        plain = tuple(escape(text[:LONGEST_LINE]) for text in texts)
        if not any(map(has_colours, names)) or not self._has_time():
            return plain
        coloured = self._recalled(kinds, texts, names, plain)
        more_bytes = sum(map(len, coloured)) - sum(map(len, plain))
        if more_bytes > self.room_bytes:
            return plain
        self.room_bytes -= more_bytes
        return coloured

    def _has_time(self) -> bool:
        if self.until is None:
            self.until = time.monotonic() + LONGEST_SECONDS
        return time.monotonic() <= self.until

    def _recalled(
        self, kinds: Sequence[PatchLineKind], texts: Sequence[str], names: tuple[str, str], plain: Coloured
    ) -> Coloured:
        known = self.cache.known
        key = hashlib.sha256(repr((names, [kind.value for kind in kinds], texts)).encode("utf-8", "replace")).digest()
        found = known.get(key)
        if found is None:
            found = self._coloured(kinds, texts, names, plain)
            if self._has_time():
                known.put(key, found)
        return found

    def _coloured(
        self, kinds: Sequence[PatchLineKind], texts: Sequence[str], names: tuple[str, str], plain: Coloured
    ) -> Coloured:
        lines = list(plain)
        for hunk in _hunks(kinds):
            for (own, side), name in zip(_SIDES, names, strict=True):
                numbers = [number for number in hunk if kinds[number] in side]
                if self._has_time() and any(kinds[number] is own for number in numbers):
                    for number, line in zip(
                        numbers, _as_text([texts[number] for number in numbers], name), strict=True
                    ):
                        lines[number] = line
        return tuple(lines)


def _hunks(kinds: Sequence[PatchLineKind]) -> Iterator[range]:
    begins = [0, *(number for number, kind in enumerate(kinds) if kind is PatchLineKind.HUNK), len(kinds)]
    return (range(begin, end) for begin, end in pairwise(begins))


def _as_text(lines: Sequence[str], name: str) -> Sequence[Markup]:
    """Coloured as one text; as they are where that has other lines than these."""
    shown = highlighted("\n".join((*lines, "")), name)
    if len(shown) == len(lines) and all(len(line) <= LONGEST_LINE for line in lines):
        return shown
    return [escape(line[:LONGEST_LINE]) for line in lines]
