"""The pages of labels and of milestones: what each is called and means, and a way to the items that have it."""

import html
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

from matou.errors import Phrase
from matou.i18n import gettext as _
from matou.i18n import localize
from matou.model.metadata import LabelDefinition, Milestone
from matou.model.metadata.kinds import LABEL
from matou.transfer.export.facts import STATES
from matou.transfer.export.html_pages import page
from matou.transfer.export.source import ExportSource

_KINDS: Final = {"milestone": Phrase("milestone"), "iteration": Phrase("iteration"), "version": Phrase("version")}

Row = tuple[str, ...]
"""Cells of a table; the first is what the list is searched for."""


def write_html_tables(source: ExportSource, *, language: str) -> None:
    """Write a page for each table that has rows."""
    for name, (title, heads, rows) in _tables(source).items():
        cells = "".join(map(_table_row, rows))
        columns = "".join(f"<th>{html.escape(head)}</th>" for head in heads)
        back = f'<p class="dim"><a href="index.html">{html.escape(source.path)}</a></p>'
        table = f"<table><thead><tr>{columns}</tr></thead><tbody>{cells}</tbody></table>"
        body = f"{back}\n<h1>{html.escape(title)}</h1>\n{table}"
        text = page(title, body, language=language, root="")
        (source.folder / f"{name}.html").write_text(text, encoding="utf-8", errors="replace", newline="\n")


def links_to_tables(source: ExportSource) -> str:
    """A line of links; nothing where there is no table."""
    links = (
        f'<a href="{name}.html">{html.escape(title)}</a>' for name, (title, _heads, _rows) in _tables(source).items()
    )
    line = " · ".join(links)
    return f"<p>{line}</p>\n" if line else ""


def _tables(source: ExportSource) -> dict[str, tuple[str, Row, list[Row]]]:
    labels, milestones = source.table(LABEL), source.milestones
    found: dict[str, tuple[str, Row, list[Row]]] = {}
    if labels:
        found["labels"] = (_("labels"), (_("label"), _("color"), _("description")), list(_labels(labels.values())))
    if milestones:
        heads = (_("milestone"), _("type"), _("state"), _("start"), _("due"), _("description"))
        found["milestones"] = (_("milestones"), heads, list(_milestones(milestones.values())))
    return found


def _labels(labels: Iterable[LabelDefinition]) -> Iterator[Row]:
    for label in labels:
        yield (label.name, f"#{label.color}", label.description or "")


def _milestones(milestones: Iterable[Milestone]) -> Iterator[Row]:
    for one in milestones:
        text = "" if one.text is None else one.text.body
        yield (one.title, localize(_KINDS[one.kind]), localize(STATES[one.state]), one.start or "", one.due or "", text)


def _table_row(row: Row) -> str:
    name, *others = row
    link = f'<a href="index.html#q={quote(name)}">{html.escape(name)}</a>'
    return f"<tr><td>{link}</td>{''.join(f'<td>{html.escape(other)}</td>' for other in others)}</tr>"
