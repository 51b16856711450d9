"""The pages of items: one each, of fixed parts, with every word of somebody else's escaped or cleaned."""

import html
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from matou.i18n import gettext as _
from matou.markup import LocalFile, TextRenderer
from matou.model.metadata import (
    AttachedFile,
    ChangeRequest,
    Comment,
    Item,
    MarkupText,
    ReleaseAsset,
    SavedRelease,
    TimelineEvent,
)
from matou.transfer.export.facts import decision_text, event_text, facts_of, moment
from matou.transfer.export.source import ExportSource, PageItem, name_of, title_of

POLICY = "default-src 'none'; img-src 'self' file:; style-src 'self' file:; script-src 'self' file:"
"""Of a browser: a page loads nothing but what lies beside it, whatever stands in it."""

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".avif")


def page(title: str, body: str, *, language: str, root: str, attributes: str = "", script: str = "") -> str:
    """A whole page. `root` leads to where the style lies."""
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f'<title>{html.escape(title)}</title>\n<link rel="stylesheet" href="{root}style.css">\n{script}</head>\n'
        f"<body{attributes}>\n{body}\n</body>\n</html>\n"
    )


class ItemPages:
    """Makes the pages of one repository or namespace. They lie one folder deep, beside `files`."""

    def __init__(self, source: ExportSource, renderer: TextRenderer) -> None:
        self._source = source
        self._renderer = renderer

    def body(self, item: PageItem) -> str:
        return "\n".join(self._parts(item))

    def _parts(self, item: PageItem) -> Iterator[str]:
        yield f'<p class="dim"><a href="../index.html">{html.escape(self._source.path)}</a></p>'
        yield f'<h1>{html.escape(title_of(item))} <span class="dim">{html.escape(name_of(item))}</span></h1>'
        facts = facts_of(self._source, item)
        cells = (f"<dt>{html.escape(label)}</dt><dd>{html.escape(value)}</dd>" for label, value in facts if value)
        yield f"<dl>{''.join(cells)}</dl>"
        yield self._said(self._source.person(item.by), item.at, item.text, item.files)
        if isinstance(item, SavedRelease):
            yield self._files(item.assets, {})
            return
        if isinstance(item, ChangeRequest):
            yield from self._reviews(item)
        if isinstance(item, Item):
            yield from self._timeline(item)

    def _timeline(self, item: Item) -> Iterator[str]:
        """Comments and events by time; what has none comes first."""
        parts = [(comment.at or _EARLIEST, self._comment(comment)) for comment in item.comments]
        parts += [(event.at or _EARLIEST, self._event(event)) for event in item.events]
        return (shown for _at, shown in sorted(parts, key=lambda part: part[0]))

    def _event(self, event: TimelineEvent) -> str:
        parts = (self._source.person(event.by), event_text(event), moment(event.at))
        return f'<p class="event">{" · ".join(html.escape(part) for part in parts if part)}</p>'

    def _reviews(self, change: ChangeRequest) -> Iterator[str]:
        for reviewer in change.reviewers:
            who = html.escape(self._source.person(reviewer.by))
            yield f'<p>{who} <span class="state">{html.escape(decision_text(reviewer))}</span></p>'
        for review in change.reviews:
            yield self._said(self._source.person(review.by), review.at, review.text, (), note=decision_text(review))
        for thread in change.threads:
            place = thread.position.path if thread.position else thread.path
            line = thread.position.line if thread.position else None
            if place:
                yield f"<p><code>{html.escape(place if line is None else f'{place}:{line}')}</code></p>"
            yield from (self._comment(comment) for comment in thread.comments)

    def _comment(self, comment: Comment) -> str:
        note = "" if comment.gone_in is None else _("gone from the source")
        return self._said(self._source.person(comment.by), comment.at, comment.text, comment.files, note=note)

    def _said(
        self,
        who: str,
        at: datetime | None,
        text: MarkupText | None,
        files: Iterable[AttachedFile],
        *,
        note: str = "",
    ) -> str:
        listed = tuple(files)
        local = self._local_files(listed)
        body = "" if text is None else self._renderer.render(text, local)
        head = " · ".join(html.escape(part) for part in (who, moment(at), note) if part)
        shown = f'<div class="text">{body}{self._files(listed, local)}</div>'
        return f'<article class="said"><div class="dim">{head}</div>{shown}</article>'

    def _local_files(self, files: Iterable[AttachedFile]) -> dict[str, LocalFile]:
        found = {}
        for file in files:
            place = self._source.copy_file(file)
            if place is not None:
                found[file.url] = LocalFile(f"../{_quoted(place)}", place.lower().endswith(_PICTURES))
        return found

    def _files(self, files: Iterable[AttachedFile | ReleaseAsset], local: dict[str, LocalFile]) -> str:
        rows = []
        for file in files:
            name = html.escape(file.name)
            if isinstance(file, ReleaseAsset):
                place = self._source.copy_file(file)
                href = None if place is None else f"../{_quoted(place)}"
            else:
                href = local[file.url].href if file.url in local else None
            missing = html.escape(_("not saved: {reason}").format(reason=file.missing or ""))
            rows.append(
                f'<li><a href="{html.escape(href)}">{name}</a></li>' if href else f"<li>{name} ({missing})</li>"
            )
        return f"<ul>{''.join(rows)}</ul>" if rows else ""


def _quoted(place: str) -> str:
    from urllib.parse import quote

    return quote(place)
