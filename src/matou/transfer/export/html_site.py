"""Static pages that open by a double click: a list that sorts and searches without a server, and a page an item."""

import html
import json
from importlib.resources import files
from pathlib import Path
from typing import Final

from matou.errors import Phrase
from matou.i18n import gettext as _
from matou.i18n import localize
from matou.markup import TextRenderer
from matou.model.metadata import ChangeRequest, Comment, Item, SavedRelease, WikiPage
from matou.model.metadata.kinds import CHANGE, ISSUE, MetadataKind
from matou.transfer.export.facts import STATES, moment
from matou.transfer.export.html_pages import ItemPages, page
from matou.transfer.export.html_tables import links_to_tables, write_html_tables
from matou.transfer.export.source import PAGE_KINDS, ExportSource, PageItem, name_of, title_of

PART_CHARACTERS: Final = 1_000_000
"""Of a script with rows or texts: a browser loads one after another."""

_COLUMNS: Final = (
    Phrase("number"),
    Phrase("title"),
    Phrase("state"),
    Phrase("author"),
    Phrase("labels"),
    Phrase("last change"),
    Phrase("comments"),
)
_ALWAYS_SHOWN: Final = 3
"""Columns; a telephone has no room for the others."""

_LINE_SEPARATORS: Final = {0x2028: "\\u2028", 0x2029: "\\u2029"}


def write_html(source: ExportSource, *, language: str) -> int:
    """Write all pages of one repository or namespace; how many items they show."""
    for name in ("style.css", "index.js"):
        (source.folder / name).write_bytes(files("matou").joinpath("data", "export", name).read_bytes())
    pages = ItemPages(source, TextRenderer(_references(source)))
    rows = _Scripts(source.folder, "items", "matouItems([{}]);\n")
    texts = _Scripts(source.folder, "search", "matouTexts({first}, [{}]);\n")
    for kind in PAGE_KINDS:
        for name, item in source.items(kind):
            href = f"{kind.place}/{name}.html"
            text = page(title_of(item), pages.body(item), language=language, root="../")
            _write(source.folder / href, text)
            rows.add(_row(source, item, href))
            texts.add(_searched(source, item))
    rows.finish()
    texts.finish()
    write_html_tables(source, language=language)
    _write(source.folder / "index.html", _index(source, language, rows.parts, texts.parts))
    return rows.count


def write_html_start(folder: Path, paths: dict[str, str], *, language: str) -> None:
    """The page from which those of all repositories are reached: `paths` lead to their folders."""
    (folder / "style.css").write_bytes(files("matou").joinpath("data", "export", "style.css").read_bytes())
    links = (f'<li><a href="{html.escape(to)}/index.html">{html.escape(path)}</a></li>' for path, to in paths.items())
    _write(folder / "index.html", page("Matou", f"<h1>Matou</h1><ul>{''.join(links)}</ul>", language=language, root=""))


class _Scripts:
    """Values in scripts of a bounded size, `items-1.js` and so on, each a call of a function with an array."""

    def __init__(self, folder: Path, name: str, call: str) -> None:
        self._folder, self._name, self._call = folder, name, call
        self._waiting: list[str] = []
        self._characters = 0
        self.parts = 0
        self.count = 0

    def add(self, value: object) -> None:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_LINE_SEPARATORS)
        self._waiting.append(text)
        self._characters += len(text)
        self.count += 1
        if self._characters > PART_CHARACTERS:
            self.finish()

    def finish(self) -> None:
        if not self._waiting:
            return
        self.parts += 1
        first = str(self.count - len(self._waiting))
        call = self._call.replace("{first}", first).replace("{}", ",\n".join(self._waiting))
        _write(self._folder / f"{self._name}-{self.parts}.js", call)
        self._waiting, self._characters = [], 0


def _references(source: ExportSource) -> dict[str, str]:
    """`!12` is a change request, `#7` an issue or, where there is no such issue, a change request."""
    changes = {name: f"../{CHANGE.place}/{name}.html" for name in source.names(CHANGE)}
    issues = {name: f"../{ISSUE.place}/{name}.html" for name in source.names(ISSUE)}
    found = {f"!{name}": href for name, href in changes.items()}
    return found | {f"#{name}": href for name, href in (changes | issues).items()}


def _row(source: ExportSource, item: PageItem, href: str) -> list[object]:
    cells = [name_of(item), title_of(item)]
    author = source.person(item.by)
    if isinstance(item, SavedRelease):
        return [*cells, _("release"), author, "", moment(item.published_at or item.at), 0, href]
    changed = moment(item.updated_at or item.at)
    if not isinstance(item, Item):
        kind = _("wiki page") if isinstance(item, WikiPage) else _("announcement")
        return [*cells, kind, author, "", changed, 0, href]
    return [*cells, localize(STATES[item.state]), author, ", ".join(item.labels), changed, len(_comments(item)), href]


def _searched(source: ExportSource, item: PageItem) -> str:
    texts = [] if item.text is None else [item.text.body]
    if isinstance(item, Item):
        texts += [source.milestone(item), source.iteration(item)]
        texts += [comment.text.body for comment in _comments(item)]
    return "\n".join(texts)


def _comments(item: Item) -> list[Comment]:
    threads = item.threads if isinstance(item, ChangeRequest) else ()
    return [*item.comments, *(comment for thread in threads for comment in thread.comments)]


def _index(source: ExportSource, language: str, lists: int, texts: int) -> str:
    heads = "".join(map(_head, range(len(_COLUMNS)), map(localize, _COLUMNS)))
    body = (
        f"<h1>{html.escape(source.path)}</h1>\n{links_to_tables(source)}"
        f'<input type="search" aria-label="{html.escape(_("search"))}" placeholder="{html.escape(_("search"))}">\n'
        f'<p class="count"></p>\n<table><thead><tr>{heads}</tr></thead><tbody></tbody></table>\n'
        f'<p><button type="button" id="more" hidden>{html.escape(_("show more"))}</button></p>\n'
        f"<noscript>{''.join(_plain_lists(source))}</noscript>"
    )
    attributes = f' data-lists="{lists}" data-texts="{texts}"'
    script = '<script src="index.js" defer></script>\n'
    return page(source.path, body, language=language, root="", attributes=attributes, script=script)


def _head(index: int, column: str) -> str:
    wide = ' class="wide"' if index >= _ALWAYS_SHOWN else ""
    return f'<th{wide}><button type="button">{html.escape(column)}</button></th>'


def _plain_lists(source: ExportSource) -> list[str]:
    """For a browser without JavaScript: every page by its number."""
    return [_plain_list(kind, source.names(kind)) for kind in PAGE_KINDS]


def _plain_list(kind: MetadataKind, names: list[str]) -> str:
    links = (f'<li><a href="{kind.place}/{html.escape(name)}.html">{html.escape(name)}</a></li>' for name in names)
    return f"<h2>{kind.place}</h2><ul>{''.join(links)}</ul>" if names else ""


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
