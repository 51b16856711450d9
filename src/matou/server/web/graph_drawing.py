"""The graph beside a list of commits as pictures, one a row, whose lines meet at the rows' edges; pure.

A row is as high as its text makes it: a drawing is 100 units high and stretched, and its dot is a line without length,
whose round ends are not. A merge is a ring, so that nothing is told by colour alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from matou.forge.content.commit_graph import GraphRow

MOST_DRAWN: Final = 8
"""Lanes side by side; what stands further to the right is drawn in the last one."""

LANE_WIDTH: Final = 12


@dataclass(frozen=True, slots=True)
class GraphPath:
    """Lines of one tone, which is the lane's, as the `d` of SVG's path."""

    tone: int
    lines: str


@dataclass(frozen=True, slots=True)
class GraphDrawing:
    """Beside one commit. `lanes` have room in it; `x` is the middle of its dot."""

    lanes: int
    x: int
    is_merge: bool
    paths: Sequence[GraphPath]

    @property
    def width(self) -> int:
        return LANE_WIDTH * self.lanes


def drawings(rows: Sequence[GraphRow]) -> list[GraphDrawing]:
    """All as wide as the widest."""
    lanes = min(MOST_DRAWN, max((row.width for row in rows), default=1))
    return [_drawing(row, lanes) for row in rows]


def _drawing(row: GraphRow, lanes: int) -> GraphDrawing:
    by_tone: dict[int, dict[str, None]] = {}
    for lane, line in _lines(row):
        by_tone.setdefault(min(lane, MOST_DRAWN - 1), {})[line] = None
    paths = [GraphPath(tone, "".join(lines)) for tone, lines in sorted(by_tone.items())]
    return GraphDrawing(lanes, _x(row.lane), row.is_merge, paths)


def _lines(row: GraphRow) -> Iterator[tuple[int, str]]:
    """Each with the lane that gives it its tone."""
    x = _x(row.lane)
    for lane in row.passing:
        yield lane, f"M{_x(lane)} 0V100"
    for lane in row.joining:
        yield lane, f"M{x} 0V50" if _x(lane) == x else f"M{_x(lane)} 0Q{_x(lane)} 50 {x} 50"
    for lane in row.leaving:
        yield lane, f"M{x} 50V100" if _x(lane) == x else f"M{x} 50Q{_x(lane)} 50 {_x(lane)} 100"


def _x(lane: int) -> int:
    return LANE_WIDTH // 2 + LANE_WIDTH * min(lane, MOST_DRAWN - 1)
