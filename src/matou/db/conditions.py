"""Conditions on moments and texts that hold for SQLite and PostgreSQL alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false, func

LONGEST_PART = 1000
"""No name is as long; SQLite refuses a pattern of more than 50,000 bytes."""


@dataclass(frozen=True, slots=True)
class Between:
    """Moments from `earliest` up to and without `end`; None for no such bound."""

    earliest: datetime | None = None
    end: datetime | None = None

    def holds(self, column: ColumnElement[datetime]) -> Iterator[ColumnElement[bool]]:
        """The conditions, none to two of them, under which a column's moment lies between."""
        if self.earliest is not None:
            yield column >= self.earliest
        if self.end is not None:
            yield column < self.end

    def has(self, moment: datetime | None) -> bool:
        """As `holds` decides of a column."""
        if moment is None:
            return self.earliest is None and self.end is None
        return (self.earliest is None or moment >= self.earliest) and (self.end is None or moment < self.end)


ALWAYS = Between()


def containing(column: ColumnElement[str], part: str) -> ColumnElement[bool]:
    """Whether a text holds a part, case aside (SQLite knows the case of ASCII letters only)."""
    if len(part) > LONGEST_PART:
        return false()
    return func.lower(column).contains(part.lower(), autoescape=True)
