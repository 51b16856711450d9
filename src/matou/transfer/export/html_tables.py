"""The pages of labels and of milestones: what each is called and means, and a way to the items that have it."""

import html
from urllib.parse import quote

from matou.transfer.export.html_pages import page
from matou.transfer.export.listed_tables import Row, listed_tables
from matou.transfer.export.source import ExportSource


def write_html_tables(source: ExportSource, *, language: str) -> None:
    """Write a page for each table that has rows."""
    for name, listed in listed_tables(source).items():
        title = listed.title
        cells = "".join(map(_table_row if listed.names_items else _plain_row, listed.rows))
        columns = "".join(f"<th>{html.escape(head)}</th>" for head in listed.heads)
        back = f'<p class="dim"><a href="index.html">{html.escape(source.path)}</a></p>'
        table = f"<table><thead><tr>{columns}</tr></thead><tbody>{cells}</tbody></table>"
        body = f"{back}\n<h1>{html.escape(title)}</h1>\n{table}"
        text = page(title, body, language=language, root="")
        (source.folder / f"{name}.html").write_text(text, encoding="utf-8", errors="replace", newline="\n")


def links_to_tables(source: ExportSource) -> str:
    """A line of links; nothing where there is no table."""
    links = (f'<a href="{name}.html">{html.escape(table.title)}</a>' for name, table in listed_tables(source).items())
    line = " · ".join(links)
    return f"<p>{line}</p>\n" if line else ""


def _table_row(row: Row) -> str:
    name, *others = row
    link = f'<a href="index.html#q={quote(name)}">{html.escape(name)}</a>'
    return f"<tr><td>{link}</td>{''.join(f'<td>{html.escape(other)}</td>' for other in others)}</tr>"


def _plain_row(row: Row) -> str:
    return f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>"
