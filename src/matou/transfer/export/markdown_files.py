"""A Markdown file for each item and a list of all: readable at any forge to which the folder is pushed."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from matou.i18n import gettext as _
from matou.model.metadata import AttachedFile, ChangeRequest, Comment, Item, MarkupText, ReleaseAsset, SavedRelease
from matou.transfer.export.facts import event_text, facts_of, moment
from matou.transfer.export.listed_tables import listed_tables
from matou.transfer.export.source import PAGE_KINDS, ExportSource, PageItem, name_of, title_of

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&])")
_FENCE: Final = re.compile("`{3,}")


def write_markdown(source: ExportSource, *, language: str) -> int:  # noqa: ARG001  # as every format is called
    """Write `README.md`, a file an item, and the lists of labels and milestones; how many items there are."""
    count = 0
    with (source.folder / "README.md").open("w", encoding="utf-8", errors="replace", newline="\n") as readme:
        readme.write(f"# {literal(source.path)}\n")
        readme.writelines(_tables(source))
        for kind in PAGE_KINDS:
            for number, (name, item) in enumerate(source.items(kind)):
                if not number:
                    readme.write(f"\n## {kind.place}\n\n")
                place = f"{kind.place}/{name}.md"
                _write(source.folder / place, _lines(source, item))
                readme.write(f"- [{literal(_heading(item))}]({quote(place)})\n")
                count += 1
    return count


def _tables(source: ExportSource) -> Iterator[str]:
    """Write the lists; links to them, for the beginning."""
    for number, (name, table) in enumerate(listed_tables(source).items()):
        rows = (table.heads, ("---",) * len(table.heads), *(tuple(map(literal, row)) for row in table.rows))
        lines = (f"| {' | '.join(row)} |" for row in rows)
        _write(source.folder / f"{name}.md", [f"# {literal(table.title)}", "", *lines])
        yield f"{'' if number else chr(10)}- [{literal(table.title)}]({name}.md)\n"


def _lines(source: ExportSource, item: PageItem) -> Iterator[str]:
    yield f"# {literal(_heading(item))}"
    facts = [(_("author"), source.person(item.by)), *facts_of(source, item)]
    yield ""
    yield from (f"- {literal(label)}: {literal(value)}" for label, value in facts if value)
    yield from _said(source, "", item.at, item.text, item.files)
    if isinstance(item, SavedRelease):
        yield from _files(item.assets, {one.url: source.copy_file(one) for one in item.assets})
        return
    for thread in item.threads if isinstance(item, ChangeRequest) else ():
        place = thread.position.path if thread.position else thread.path
        yield f"\n## {literal(place or '')}"
        for comment in thread.comments:
            yield from _comment(source, comment)
    if isinstance(item, Item):
        for comment in item.comments:
            yield from _comment(source, comment)
        yield from _events(source, item)


def _comment(source: ExportSource, comment: Comment) -> Iterator[str]:
    yield from _said(source, source.person(comment.by), comment.at, comment.text, comment.files)


def _events(source: ExportSource, item: Item) -> Iterator[str]:
    if item.events:
        yield ""
    for event in item.events:
        parts = (moment(event.at), source.person(event.by), event_text(event))
        yield f"- {' · '.join(literal(part) for part in parts if part)}"


def _said(
    source: ExportSource, who: str, at: datetime | None, text: MarkupText | None, files: Iterable[AttachedFile]
) -> Iterator[str]:
    """In a block quote, which ends what its author did not: a fence of code, a list, a table."""
    listed = tuple(files)
    places = {file.url: source.copy_file(file) for file in listed}
    yield ""
    yield " ".join(filter(None, (who and f"**{literal(who)}**", "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC")))
    yield ""
    yield from (f"> {line}".rstrip() for line in _body(text, places).splitlines())
    yield from _files(listed, places)


def _body(text: MarkupText | None, places: Mapping[str, str | None]) -> str:
    body = "" if text is None else text.body.replace("<!--", "&lt;!--")
    for url, place in places.items():
        if place is not None:
            body = body.replace(url, f"../{quote(place)}")
    return body


def _files(files: Iterable[AttachedFile | ReleaseAsset], places: Mapping[str, str | None]) -> Iterator[str]:
    yield ""
    for file in files:
        place = places.get(file.url)
        name = literal(file.name)
        reason = literal(_("not saved: {reason}").format(reason=file.missing or ""))
        yield f"- {name} ({reason})" if place is None else f"- [{name}](../{quote(place)})"


def _heading(item: PageItem) -> str:
    return f"{name_of(item)} {title_of(item)}".strip()


def fence_around(text: str) -> str:
    """What begins and ends a block of code that a text cannot end itself."""
    return max(("`" * 3, *(f"{found}`" for found in _FENCE.findall(text))), key=len)


def literal(text: str) -> str:
    """On one line, with nothing in it that Markdown or HTML reads as a sign."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _write(path: Path, lines: Iterable[str]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8", errors="replace", newline="\n")
