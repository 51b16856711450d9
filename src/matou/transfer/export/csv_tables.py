"""Tables as CSV, for other trackers and for spreadsheets."""

import csv
from collections.abc import Iterable
from contextlib import ExitStack
from typing import IO, Final

from matou.transfer.export.source import ExportSource
from matou.transfer.export.tables import write_tables

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""With what a cell begins that a spreadsheet calculates, and so may run (OWASP, "CSV Injection"): Excel in Chinese and
Japanese takes the wide ones for the others."""


def write_csv(source: ExportSource, *, language: str) -> int:  # noqa: ARG001  # as every format is called
    """Write `issues.csv`, `changes.csv` and their comments; how many items there are. Heads are English everywhere.

    UTF-8 with a mark at the beginning, without which Excel takes it for something else.
    """
    with ExitStack() as opened:

        def open_table(name: str, heads: Iterable[str]) -> _CsvTable:
            path = source.folder / f"{name}.csv"
            file = opened.enter_context(path.open("w", encoding="utf-8-sig", errors="replace", newline=""))
            return _CsvTable(file, heads)

        return write_tables(source, open_table)


class _CsvTable:
    def __init__(self, file: IO[str], heads: Iterable[str]) -> None:
        self._writer = csv.writer(file)
        self.add(heads)

    def add(self, row: Iterable[object]) -> None:
        self._writer.writerow(map(_cell, row))


def _cell(value: object) -> object:
    """A text that a spreadsheet would calculate gets an apostrophe before it, which makes it a text."""
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
