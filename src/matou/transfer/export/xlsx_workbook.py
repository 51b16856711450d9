"""Tables as a workbook of Excel, a sheet each; no cell of it is a formula or a link."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from matou.transfer.export.source import ExportSource
from matou.transfer.export.tables import write_tables

LONGEST_CELL: Final = 32_767
"""Characters, as Excel has it; of a longer text the beginning stands there, with a mark at its end."""

_FIRST_YEAR: Final = 1900
"""Excel's own, in which it counts days otherwise than everybody else."""

LARGEST_NUMBER: Final = 2**53
"""Beyond it Excel does not keep each digit: what is larger, or no number at all, stands as a text."""

_CUT: Final = " […]"


def write_xlsx(source: ExportSource, *, language: str) -> int:  # noqa: ARG001  # as every format is called
    """Write `items.xlsx`; how many items there are. Memory holds a row of each sheet."""
    with Workbook(str(source.folder / "items.xlsx"), {"constant_memory": True}) as workbook:
        times = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})

        def open_table(name: str, heads: Iterable[str]) -> _Sheet:
            return _Sheet(workbook.add_worksheet(name), heads, times)

        return write_tables(source, open_table)


class _Sheet:
    def __init__(self, sheet: Worksheet, heads: Iterable[str], times: Format) -> None:
        self._sheet = sheet
        self._times = times
        self._row = 0
        self._sheet.freeze_panes(1, 0)
        self.add(heads)

    def add(self, row: Iterable[object]) -> None:
        for column, value in enumerate(row):
            if isinstance(value, int | float) and abs(value) <= LARGEST_NUMBER:
                self._sheet.write_number(self._row, column, value)
            elif isinstance(value, datetime) and value.year > _FIRST_YEAR:
                # A time of Excel has no time zone: all are in UTC.
                self._sheet.write_datetime(self._row, column, value.astimezone(UTC).replace(tzinfo=None), self._times)
            elif value is not None and value != "":
                self._sheet.write_string(self._row, column, _cell(str(value)))
        self._row += 1


def _cell(text: str) -> str:
    """What XML can hold and Excel shows whole, or says that it does not."""
    written = text.encode("utf-8", "replace").decode()
    return written if len(written) <= LONGEST_CELL else written[: LONGEST_CELL - len(_CUT)] + _CUT
