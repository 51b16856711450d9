"""Pictures of numbers: what is drawn where, in whole units of a drawing; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 160
"""Of the part that holds the bars; what stands below and above is the template's."""


@dataclass(frozen=True, slots=True)
class ChartBar:
    """One bar; `height` is at least 1 where there is anything."""

    x: float
    y: float
    width: float
    height: float
    label: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class BarChart:
    """Attributes: highest: the number for which a bar is as high as all of it."""

    bars: tuple[ChartBar, ...]
    highest: float
    width: int = WIDTH
    height: int = HEIGHT


def bar_chart(values: Sequence[tuple[str, float, str]], *, height: int = HEIGHT) -> BarChart:
    """Args: values: what each bar is called, how much it stands for, and its tone (a class of the stylesheet)."""
    highest = max((value for _, value, _ in values), default=0)
    step = WIDTH / max(1, len(values))
    bars = []
    for place, (label, value, tone) in enumerate(values):
        tall = 0.0 if value <= 0 else max(1.0, round(height * value / highest, 1))
        bars.append(ChartBar(round(place * step, 1), round(height - tall, 1), round(step * 0.8, 1), tall, label, tone))
    return BarChart(tuple(bars), highest, height=height)


def line_points(values: Sequence[float], *, width: int = WIDTH, height: int = HEIGHT) -> str:
    """A line through all of them from left to right, from zero at the bottom to the greatest at the top."""
    highest = max(values, default=0)
    if highest <= 0:
        return ""
    step = width / max(1, len(values) - 1)
    return " ".join(
        f"{round(place * step, 1):g},{round(height - height * value / highest, 1):g}"
        for place, value in enumerate(values)
    )


@dataclass(frozen=True, slots=True)
class Dot:
    """One cell of a grid; `size` from 0 to 1, by area."""

    column: int
    row: int
    size: float
    value: int


def punch_card(counts: Sequence[Sequence[int]]) -> tuple[Dot, ...]:
    """A dot for each cell that has any; its radius goes by the root, so that the area is the number."""
    highest = max((count for row in counts for count in row), default=0)
    return tuple(
        Dot(column, row, round((count / highest) ** 0.5, 3), count)
        for row, cells in enumerate(counts)
        for column, count in enumerate(cells)
        if count > 0
    )
