"""What a measurement comes to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table: a ratio or a figure, with the bar that it must stay under, or reach where it is a rate."""

    what: str
    figure: float
    bar: float
    unit: str
    detail: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.figure >= self.bar if self.at_least else self.figure <= self.bar

    @property
    def sign(self) -> str:
        return "≥" if self.at_least else "≤"
