"""Tables as a workbook of Excel, a sheet each; no cell of it is a formula or a link."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from matou.errors import Invalid
from matou.transfer.export.source import ExportSource
from matou.transfer.export.tables import write_tables

MOST_ROWS: Final = 1_048_576
MOST_COLUMNS: Final = 16_384
"""Of a sheet, as Excel has it; what is written beyond is lost without a word."""

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
            return _Sheet(workbook, name, tuple(heads), times)

        return write_tables(source, open_table)


class _Sheet:
    """A table; what does not fit on its first sheet goes on on others, each with the heads of the columns.

    Raises:
        Invalid: it has more columns than a sheet can.
    """

    def __init__(self, workbook: Workbook, name: str, heads: tuple[str, ...], times: Format) -> None:
        if len(heads) > MOST_COLUMNS:
            raise Invalid(
                "{name} has {count} columns, and a sheet of Excel at most {most}",
                name=name,
                count=len(heads),
                most=MOST_COLUMNS,
                advice="export it with --format csv",
            )
        self._workbook = workbook
        self._name = name
        self._heads = heads
        self._times = times
        self._sheets = 0
        self._begin_sheet()

    def _begin_sheet(self) -> None:
        self._sheets += 1
        name = self._name if self._sheets == 1 else f"{self._name} {self._sheets}"
        self._sheet = self._workbook.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        self._row = 0
        self.add(self._heads)

    def add(self, row: Iterable[object]) -> None:
        if self._row == MOST_ROWS:
            self._begin_sheet()
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
