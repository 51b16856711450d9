"""Jupyter notebooks as text: what was written in their cells, without what came out of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from markupsafe import Markup

from matou.model.decodable import decodable
from matou.server.web.highlight import highlighted
from matou.server.web.markdown import TextKind, TextLocation, render_document

MOST_CELLS: Final = 500
MOST_CHARACTERS: Final = 50_000
"""Of the HTML of all cells together."""


class _Language(msgspec.Struct):
    file_extension: str = ".py"


class _Metadata(msgspec.Struct):
    language_info: _Language = msgspec.field(default_factory=_Language)


class _Cell(msgspec.Struct):
    cell_type: str
    source: str | list[str] = ""
    outputs: list[msgspec.Raw] = []

    @property
    def text(self) -> str:
        return self.source if isinstance(self.source, str) else "".join(self.source)


class _Notebook(msgspec.Struct):
    cells: list[_Cell]
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


@dataclass(frozen=True, slots=True)
class NotebookCell:
    """`html` of a text; `lines` of code. `outputs` were left out."""

    html: Markup | None
    lines: Sequence[Markup]
    outputs: int


@dataclass(frozen=True, slots=True)
class Notebook:
    cells: Sequence[NotebookCell]
    is_whole: bool


def read_notebook(content: bytes, place: TextLocation) -> Notebook | None:
    """None where the content is no notebook of the fourth format (https://nbformat.readthedocs.io)."""
    try:
        found = msgspec.json.decode(content, type=decodable(_Notebook))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    cells = list(_cells(found, place))
    return Notebook(cells, is_whole=len(cells) == len(found.cells))


def _cells(found: _Notebook, place: TextLocation) -> Iterator[NotebookCell]:
    room = MOST_CHARACTERS
    name = "cell" + found.metadata.language_info.file_extension[:20].replace("/", "")
    for cell in found.cells[:MOST_CELLS]:
        is_text = cell.cell_type == "markdown"
        html = render_document(cell.text, TextKind.MARKDOWN, place) if is_text else None
        lines = [] if is_text else highlighted(cell.text, name)
        room -= len(html or "") + sum(map(len, lines))
        if room < 0:
            return
        yield NotebookCell(html, lines, len(cell.outputs))
