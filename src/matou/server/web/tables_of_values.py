"""Files of comma- or tab-separated values as rows of a table."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from matou.server.web.plain_text import visible

LONGEST_SHOWN: Final = 300
"""Characters of one value."""

MOST_COLUMNS: Final = 60
MOST_CHARACTERS: Final = 60_000
_VALUE_CHARACTERS: Final = 10
"""What a value takes besides its text."""

_ENDINGS: Final = (".csv", ".tsv", ".tab")


@dataclass(frozen=True, slots=True)
class ValueTable:
    """`is_whole`: there are no more rows, columns or characters than stand here."""

    rows: Sequence[Sequence[str]]
    is_whole: bool


def is_value_table(file_name: str) -> bool:
    return file_name.casefold().endswith(_ENDINGS)


def value_table(text: str, file_name: str) -> ValueTable | None:
    """None where the text is no such table."""
    rows: list[list[str]] = []
    room, is_whole = MOST_CHARACTERS, True
    try:
        for row in csv.reader(_lines(text), delimiter=_delimiter(text, file_name), strict=False):
            shown = [visible(value[:LONGEST_SHOWN]) for value in row[:MOST_COLUMNS]]
            room -= sum(map(len, shown)) + _VALUE_CHARACTERS * (len(shown) + 1)
            is_whole = is_whole and len(row) <= MOST_COLUMNS and all(len(value) <= LONGEST_SHOWN for value in row)
            if room < 0:
                return ValueTable(rows, is_whole=False) if rows else None
            rows.append(shown)
    except csv.Error:
        return None
    return ValueTable(rows, is_whole) if rows else None


def _lines(text: str) -> Iterator[str]:
    """A NUL ends nothing in a value."""
    return iter(text.replace("\0", "").splitlines(keepends=True))


def _delimiter(text: str, file_name: str) -> str:
    if not file_name.casefold().endswith(".csv"):
        return "\t"
    first = text.split("\n", 1)[0]
    return max((",", ";", "\t"), key=first.count)
