"""Tables as a workbook of Excel, a sheet each; no cell of it is a formula or a link."""

from collections.abc import Iterable
from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from matou.transfer.export.source import ExportSource
from matou.transfer.export.tables import write_tables

LONGEST_CELL: Final = 32_767
"""Characters, as Excel has it; of a longer text the beginning stands there, with a mark at its end."""

_CUT: Final = " […]"


def write_xlsx(source: ExportSource, *, language: str) -> int:  # noqa: ARG001  # as every format is called
    """Write `items.xlsx`; how many items there are. Memory holds a row of each sheet."""
    with Workbook(str(source.folder / "items.xlsx"), {"constant_memory": True}) as workbook:

        def open_table(name: str, heads: Iterable[str]) -> _Sheet:
            return _Sheet(workbook.add_worksheet(name), heads)

        return write_tables(source, open_table)


class _Sheet:
    def __init__(self, sheet: Worksheet, heads: Iterable[str]) -> None:
        self._sheet = sheet
        self._row = 0
        self._sheet.freeze_panes(1, 0)
        self.add(heads)

    def add(self, row: Iterable[object]) -> None:
        for column, value in enumerate(row):
            if isinstance(value, int | float):
                self._sheet.write_number(self._row, column, value)
            elif value is not None and value != "":
                self._sheet.write_string(self._row, column, _cell(str(value)))
        self._row += 1


def _cell(text: str) -> str:
    """What XML can hold and Excel shows whole, or says that it does not."""
    written = text.encode("utf-8", "replace").decode()
    return written if len(written) <= LONGEST_CELL else written[: LONGEST_CELL - len(_CUT)] + _CUT
