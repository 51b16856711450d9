"""Conditions on texts that hold for SQLite and PostgreSQL alike."""

from sqlalchemy import ColumnElement, false, func

LONGEST_PART = 1000
"""No name is as long; SQLite refuses a pattern of more than 50,000 bytes."""


def containing(column: ColumnElement[str], part: str) -> ColumnElement[bool]:
    """Whether a text holds a part, case aside (SQLite knows the case of ASCII letters only)."""
    if len(part) > LONGEST_PART:
        return false()
    return func.lower(column).contains(part.lower(), autoescape=True)
