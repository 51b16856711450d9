"""The difference of one file as the rows of a table: one below the other or side by side, with the words that changed.

What is marked within a line is what stands between the beginning and the end that both lines share, as git's own
diff-highlight does it: linear, whatever the lines are.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Final

from markupsafe import Markup, escape

from matou.git.operations.patches import PatchLine, PatchLineKind
from matou.server.web.plain_text import visible

LONGEST_SHOWN: Final = 2_000
"""Characters of one line; what follows is left out, and the line says so."""

_LEAST_SHARED: Final = 0.3
_WORD: Final = re.compile(r"\w+|\s+|[^\w\s]")
_CHANGED: Final = (PatchLineKind.REMOVED, PatchLineKind.ADDED)


@dataclass(frozen=True, slots=True)
class DiffCell:
    """One line of a file. `is_cut`: it is longer than is shown."""

    kind: PatchLineKind
    old: int | None
    new: int | None
    html: Markup
    is_cut: bool


SplitRow = tuple[DiffCell | None, DiffCell | None]


def unified_rows(lines: Iterable[PatchLine], encoding: str = "utf-8") -> Iterator[DiffCell]:
    for removed, added, other in _blocks(lines, encoding):
        yield from (*removed, *added, *other)


def split_rows(lines: Iterable[PatchLine], encoding: str = "utf-8") -> Iterator[SplitRow]:
    """What was on the left, what came on the right; a line that stayed on both sides."""
    for removed, added, other in _blocks(lines, encoding):
        yield from zip_longest(removed, added)
        yield from ((cell, cell) for cell in other)


def _blocks(
    lines: Iterable[PatchLine], encoding: str
) -> Iterator[tuple[Sequence[DiffCell], Sequence[DiffCell], Sequence[DiffCell]]]:
    """What was removed with what was added in its place; or lines of other kinds."""
    for is_change, block in groupby(lines, key=lambda line: line.kind in _CHANGED):
        if not is_change:
            yield (), (), [_cell(line, _text(line, encoding)) for line in block]
            continue
        yield from ((*_paired(*part, encoding), ()) for part in _changes(list(block)))


def _changes(block: Sequence[PatchLine]) -> Iterator[tuple[list[PatchLine], list[PatchLine]]]:
    """Lines removed, each time with those that follow them; "no newline" between the two ends neither."""
    removed: list[PatchLine] = []
    added: list[PatchLine] = []
    for line in block:
        if line.kind is PatchLineKind.ADDED:
            added.append(line)
            continue
        if added:
            yield removed, added
            removed, added = [], []
        removed.append(line)
    yield removed, added


def _paired(
    removed: Sequence[PatchLine], added: Sequence[PatchLine], encoding: str
) -> tuple[list[DiffCell], list[DiffCell]]:
    old, new = [_text(line, encoding) for line in removed], [_text(line, encoding) for line in added]
    marked = [_marked(*pair) for pair in zip(old, new, strict=False)] if len(old) == len(new) else []
    if not marked:
        return [_cell(*pair) for pair in zip(removed, old, strict=True)], [
            _cell(*pair) for pair in zip(added, new, strict=True)
        ]
    return (
        [_cell(line, text, html[0]) for line, text, html in zip(removed, old, marked, strict=True)],
        [_cell(line, text, html[1]) for line, text, html in zip(added, new, marked, strict=True)],
    )


def _text(line: PatchLine, encoding: str) -> str:
    return line.text.decode(encoding, "replace")


def _cell(line: PatchLine, text: str, html: Markup | None = None) -> DiffCell:
    is_cut = len(text) > LONGEST_SHOWN
    return DiffCell(
        line.kind, line.old, line.new, escape(visible(text[:LONGEST_SHOWN])) if html is None else html, is_cut
    )


def _marked(old: str, new: str) -> tuple[Markup, Markup]:
    """Both lines with their different middles marked; without, where they have little in common."""
    before, after = _WORD.findall(old[:LONGEST_SHOWN]), _WORD.findall(new[:LONGEST_SHOWN])
    begin = _shared(before, after)
    end = _shared(before[begin:][::-1], after[begin:][::-1])
    shared = sum(map(len, before[:begin])) + sum(map(len, before[len(before) - end :]))
    if shared < _LEAST_SHARED * max(len(old), len(new)):
        return _line(before, 0, 0), _line(after, 0, 0)
    return _line(before, begin, len(before) - end), _line(after, begin, len(after) - end)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _line(words: Sequence[str], begin: int, end: int) -> Markup:
    if begin >= end:
        return escape(visible("".join(words)))
    parts = words[:begin], words[begin:end], words[end:]
    return Markup("{}<mark>{}</mark>{}").format(*(visible("".join(part)) for part in parts))
