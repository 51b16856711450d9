"""What a measurement comes to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table: a ratio or a figure, with the bar that it must stay under."""

    what: str
    figure: float
    bar: float
    unit: str
    detail: str

    @property
    def met(self) -> bool:
        return self.figure <= self.bar
