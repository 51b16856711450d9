"""The difference of one file as the rows of a table: one below the other or side by side, with the words that changed.

What is marked within a line is what stands between the beginning and the end that both lines share, as git's own
diff-highlight does it: linear, whatever the lines are.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Final, NamedTuple

from markupsafe import Markup, escape

from matou.git.operations.patches import PatchLine, PatchLineKind
from matou.server.web.diff_colours import LONGEST_LINE, Coloured
from matou.server.web.plain_text import visible

NO_MARK: Final = (0, 0)

_LEAST_SHARED: Final = 0.3
_WORD: Final = re.compile(r"\w+|\s+|[^\w\s]")
_PIECE: Final = re.compile(r"(<[^>]*>)|([^<]+)")
_CHARACTER: Final = re.compile(r"&[^;]+;|[^&]")
_CHANGED: Final = (PatchLineKind.REMOVED, PatchLineKind.ADDED)

Colour = Callable[[Sequence[PatchLineKind], Sequence[str]], Coloured]


@dataclass(frozen=True, slots=True)
class DiffCell:
    """One line of a file. `is_cut`: it is longer than is shown."""

    kind: PatchLineKind
    old: int | None
    new: int | None
    html: Markup
    is_cut: bool


SplitRow = tuple[DiffCell | None, DiffCell | None]


class ShownLine(NamedTuple):
    """A line with its text, in which nothing is hidden, and that text as HTML."""

    of: PatchLine
    text: str
    html: Markup


def shown_lines(lines: Sequence[PatchLine], encoding: str = "utf-8", colour: Colour | None = None) -> list[ShownLine]:
    """Args: colour: how the texts become HTML; without it they stand in one colour."""
    texts = [visible(line.text.decode(encoding, "replace")) for line in lines]
    html = (
        [escape(text[:LONGEST_LINE]) for text in texts]
        if colour is None
        else colour([line.kind for line in lines], texts)
    )
    return [ShownLine(*parts) for parts in zip(lines, texts, html, strict=True)]


def _plain(_kinds: Sequence[PatchLineKind], texts: Sequence[str]) -> Coloured:
    return tuple(escape(text[:LONGEST_LINE]) for text in texts)


def unified_rows(lines: Iterable[ShownLine]) -> Iterator[DiffCell]:
    for removed, added, other in _blocks(lines):
        yield from (*removed, *added, *other)


def split_rows(lines: Iterable[ShownLine]) -> Iterator[SplitRow]:
    """What was on the left, what came on the right; a line that stayed on both sides."""
    for removed, added, other in _blocks(lines):
        yield from zip_longest(removed, added)
        yield from ((cell, cell) for cell in other)


def _blocks(
    lines: Iterable[ShownLine],
) -> Iterator[tuple[Sequence[DiffCell], Sequence[DiffCell], Sequence[DiffCell]]]:
    """What was removed with what was added in its place; or lines of other kinds."""
    for is_change, block in groupby(lines, key=lambda line: line.of.kind in _CHANGED):
        if not is_change:
            yield (), (), [_cell(line) for line in block]
            continue
        yield from ((*_paired(*part), ()) for part in _changes(list(block)))


def _changes(block: Sequence[ShownLine]) -> Iterator[tuple[list[ShownLine], list[ShownLine]]]:
    """Lines removed, each time with those that follow them; "no newline" between the two ends neither."""
    removed: list[ShownLine] = []
    added: list[ShownLine] = []
    for line in block:
        if line.of.kind is PatchLineKind.ADDED:
            added.append(line)
            continue
        if added:
            yield removed, added
            removed, added = [], []
        removed.append(line)
    yield removed, added


def _paired(removed: Sequence[ShownLine], added: Sequence[ShownLine]) -> tuple[list[DiffCell], list[DiffCell]]:
    if len(removed) != len(added):
        return [_cell(line) for line in removed], [_cell(line) for line in added]
    marks = [_middles(old.text, new.text) for old, new in zip(removed, added, strict=True)]
    return (
        [_cell(line, old) for line, (old, _new) in zip(removed, marks, strict=True)],
        [_cell(line, new) for line, (_old, new) in zip(added, marks, strict=True)],
    )


def _cell(line: ShownLine, mark: tuple[int, int] = NO_MARK) -> DiffCell:
    html = line.html if mark[0] >= mark[1] else marked(line.html, *mark)
    return DiffCell(line.of.kind, line.of.old, line.of.new, html, len(line.text) > LONGEST_LINE)


def _middles(old: str, new: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where the different middles of two lines are; nowhere, where they have little in common."""
    before, after = _WORD.findall(old[:LONGEST_LINE]), _WORD.findall(new[:LONGEST_LINE])
    begin = _shared(before, after)
    end = _shared(before[begin:][::-1], after[begin:][::-1])
    first, last = sum(map(len, before[:begin])), sum(map(len, before[len(before) - end :]))
    if first + last < _LEAST_SHARED * max(len(old), len(new)):
        return NO_MARK, NO_MARK
    return (first, sum(map(len, before)) - last), (first, sum(map(len, after)) - last)


def marked(html: Markup, begin: int, end: int) -> Markup:
    """A line with its characters from `begin` up to `end` marked, within whatever stands around each of them."""
    parts, place = [], 0
    for tag, text in _PIECE.findall(html):
        characters = _CHARACTER.findall(text)
        first, last = (min(max(edge - place, 0), len(characters)) for edge in (begin, end))
        inside = "".join(characters[first:last])
        parts += [tag, *characters[:first], f"<mark>{inside}</mark>" if inside else "", *characters[last:]]
        place += len(characters)
    return Markup("".join(parts))  # noqa: S704  it was HTML, and is cut between its characters alone


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
