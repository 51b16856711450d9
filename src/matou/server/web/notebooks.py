"""Jupyter notebooks as text: what was written in their cells, without what came out of them."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from markupsafe import Markup

from matou.model.decodable import decodable
from matou.server.web.colouring import coloured, in_one_colour
from matou.server.web.markdown import TextKind, TextLocation, render_document

MOST_CELLS: Final = 500
MOST_CHARACTERS: Final = 50_000
"""Of the HTML of all cells together."""

LONGEST_SECONDS: Final = 2.0
"""For the colours of all cells."""


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
    is_lasting: bool = True


@dataclass(frozen=True, slots=True)
class Notebook:
    """`is_lasting`: whoever asks again gets the same."""

    cells: Sequence[NotebookCell]
    is_whole: bool
    is_lasting: bool = True


def read_notebook(content: bytes, place: TextLocation) -> Notebook | None:
    """None where the content is no notebook of the fourth format (https://nbformat.readthedocs.io)."""
    try:
        found = msgspec.json.decode(content, type=decodable(_Notebook))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    cells = list(_cells(found, place))
    return Notebook(cells, is_whole=len(cells) == len(found.cells), is_lasting=all(cell.is_lasting for cell in cells))


def _cells(found: _Notebook, place: TextLocation) -> Iterator[NotebookCell]:
    room, until = MOST_CHARACTERS, time.monotonic() + LONGEST_SECONDS
    name = "cell" + found.metadata.language_info.file_extension[:20].replace("/", "")
    for cell in found.cells[:MOST_CELLS]:
        is_text = cell.cell_type == "markdown"
        html = render_document(cell.text, TextKind.MARKDOWN, place) if is_text else None
        lines, is_lasting = _lines(cell, name, until) if not is_text else ([], True)
        room -= len(html or "") + sum(map(len, lines))
        if room < 0:
            return
        yield NotebookCell(html, lines, len(cell.outputs), is_lasting)


def _lines(cell: _Cell, name: str, until: float) -> tuple[list[Markup], bool]:
    """In colours, unless those of other cells have taken too long."""
    if time.monotonic() > until:
        return in_one_colour(cell.text), True
    return coloured(cell.text, name)
