"""The wiki and the announcements of a project; a repository's wiki is a repository beside it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.conversation.conversation import NoSuchItemFile
from matou.forge.conversation.overview import find_wiki
from matou.forge.conversation.references import find_references
from matou.markup import tokens_in
from matou.model.metadata import Announcement, AttachedFile, MarkupText, WikiPage, WikiVersion
from matou.model.metadata.kinds import ANNOUNCEMENT, WIKI_PAGE, WIKI_VERSION, MetadataKind
from matou.server.api.responses import StreamedResponse
from matou.server.web.addresses import subject_url
from matou.server.web.conversation.page_texts import PageTexts
from matou.server.web.conversation.saved_files import send_saved_file
from matou.server.web.conversation.saved_page import Saved, SavedPage, file_name, open_saved, shown
from matou.server.web.page import HtmlPage, Paging, WebRequest

PER_PAGE: Final = 100
DEEPEST: Final = 8
"""Steps in by which a page stands below another."""


class NoSuchWikiText(NotFound):
    """The wiki has no such page, or not in this version; or there is no such announcement."""


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """A page in its place in the wiki."""

    title: str
    href: str
    depth: int
    at: Any
    is_gone: bool


def show_wiki(view: WebRequest, granted: Saved, words: tuple[str, ...]) -> HtmlPage | Response | StreamedResponse:
    """`ID`, `ID/history`, `ID/versions/N`, `ID/files/SHA256/NAME`."""
    if isinstance(granted.subject, Repository):
        return _beside(view, granted.subject)
    page = open_saved(view, granted, "wiki")
    match words:
        case ():
            return _outline(page)
        case (key,):
            return _page(page, key)
        case (key, "history"):
            return _history(page, key)
        case (key, "versions", number):
            return _version(page, key, number)
        case (key, "files", digest, name):
            return _file(page, _find(page, WIKI_PAGE, key).files, digest, name)
        case _:
            raise NoSuchWikiText("there is nothing here")


def show_announcements(
    view: WebRequest, granted: Saved, words: tuple[str, ...]
) -> HtmlPage | Response | StreamedResponse:
    page = open_saved(view, granted, "announcements")
    match words:
        case ():
            return _announcements(page)
        case (key,):
            return _announcement(page, key)
        case (key, "files", digest, name):
            return _file(page, _find(page, ANNOUNCEMENT, key).files, digest, name)
        case _:
            raise NoSuchWikiText("there is nothing here")


def _beside(view: WebRequest, repository: Repository) -> Response:
    """Raises NotFound."""
    wiki = find_wiki(view.forge, view.identity, repository)
    return RedirectResponse(subject_url(wiki.subject.path), 302)


def _find(page: SavedPage, kind: MetadataKind, key: str) -> Any:
    """Raises NoSuchWikiText."""
    tree = page.conversation.tree
    found: Any = None if tree is None else tree.item(kind, key)
    if found is None or found.id != key:
        raise NoSuchWikiText("there is nothing here")
    return found


def _outline(page: SavedPage) -> HtmlPage:
    etag = page.etag("wiki")
    rows = [_row(page, one, depth) for one, depth in outline_of(page.conversation.headings(WIKI_PAGE))]
    first = (page.view.number - 1) * PER_PAGE
    values = {"rows": rows[first : first + PER_PAGE], "paging": Paging(page.view.number, len(rows), PER_PAGE)}
    return page.html("wiki.html", values, etag)


def outline_of(pages: Sequence[WikiPage]) -> list[tuple[WikiPage, int]]:
    """Each below the page that it belongs to, with how deep that is; what belongs to none, or to itself, at the top."""
    ids = {page.id for page in pages}
    below: dict[str | None, list[WikiPage]] = {}
    for page in sorted(pages, key=lambda one: (one.order is None, one.order or 0, one.title)):
        below.setdefault(page.parent if page.parent in ids else None, []).append(page)
    placed = list(_placed(below, None, 0, set()))
    seen = {page.id for page, _ in placed}
    return placed + [(page, 0) for page in pages if page.id not in seen]


def _placed(
    below: Mapping[str | None, Sequence[WikiPage]], parent: str | None, depth: int, above: set[str]
) -> Iterator[tuple[WikiPage, int]]:
    waiting = [(page, depth) for page in reversed(below.get(parent, ()))]
    while waiting:
        page, steps = waiting.pop()
        if page.id in above:
            continue
        above.add(page.id)
        yield page, min(steps, DEEPEST)
        waiting.extend((child, steps + 1) for child in reversed(below.get(page.id, ())))


def _row(page: SavedPage, one: WikiPage, depth: int) -> OutlineRow:
    return OutlineRow(
        shown(one.title) or one.id, page.url("wiki", one.id), depth, one.updated_at or one.at, one.gone_in is not None
    )


def _page(page: SavedPage, key: str) -> HtmlPage:
    etag = page.etag("wiki page")
    found: WikiPage = _find(page, WIKI_PAGE, key)
    values = {
        "by": page.person(found.updated_by or found.by),
        "at": found.updated_at or found.at,
        "is_gone": found.gone_in is not None,
        "history": page.url("wiki", found.id, "history"),
        "version": found.version,
        "source": page.source(found.url),
        **_text(page, found.title, found.text, found.files, "wiki", found.id),
    }
    return page.html("wiki_page.html", values, etag)


def _text(
    page: SavedPage, title: str, text: MarkupText, files: Sequence[AttachedFile], word: str, key: str
) -> dict[str, object]:
    """A text that has a page of its own, in parts where it is longer than one."""
    texts = PageTexts(find_references(page.conversation, tokens_in(text.body)), _urls(page, word, key), most_bytes=0)
    parts = texts.parts(text, files)
    paging = Paging(min(page.view.number, max(1, len(parts))), len(parts), 1)
    return {"title": shown(title), "html": parts[paging.number - 1] if parts else "", "paging": paging}


def _urls(page: SavedPage, word: str, key: str) -> Callable[[AttachedFile], str]:
    """Files of wikis are reached by the page that has them."""

    def url(file: AttachedFile) -> str:
        return "" if file.sha256 is None else page.url(word, key, "files", file.sha256, file_name(file.name))

    return url


def _history(page: SavedPage, key: str) -> HtmlPage:
    etag = page.etag("wiki history")
    found: WikiPage = _find(page, WIKI_PAGE, key)
    tree = page.conversation.tree
    numbers = range(found.version or 1, 0, -1)
    first = (page.view.number - 1) * PER_PAGE
    versions = [None if tree is None else tree.item(WIKI_VERSION, f"{key}/{one}") for one in numbers[first:][:PER_PAGE]]
    rows = [
        {
            "number": one.version,
            "title": shown(one.title),
            "by": page.person(one.by),
            "at": one.at,
            "href": page.url("wiki", key, "versions", str(one.version)),
        }
        for one in versions
        if isinstance(one, WikiVersion)
    ]
    values = {
        "title": shown(found.title),
        "href": page.url("wiki", key),
        "rows": rows,
        "paging": Paging(page.view.number, len(numbers), PER_PAGE),
    }
    return page.html("wiki_history.html", values, etag)


def _version(page: SavedPage, key: str, number: str) -> HtmlPage:
    etag = page.etag("wiki version")
    found: WikiPage = _find(page, WIKI_PAGE, key)
    tree = page.conversation.tree
    version = None if tree is None else tree.item(WIKI_VERSION, f"{key}/{number}")
    if not isinstance(version, WikiVersion) or str(version.version) != number:
        raise NoSuchWikiText("there is nothing here")
    values = {
        "by": page.person(version.by),
        "at": version.at,
        "is_gone": found.gone_in is not None,
        "history": page.url("wiki", key, "history"),
        "version": version.version,
        **_text(page, version.title, version.text, version.files, "wiki", key),
    }
    return page.html("wiki_page.html", values, etag)


def _announcements(page: SavedPage) -> HtmlPage:
    etag = page.etag("announcements")
    found: Sequence[Announcement] = page.conversation.headings(ANNOUNCEMENT)
    newest = sorted(found, key=lambda one: (one.at is not None, one.at, one.id), reverse=True)
    first = (page.view.number - 1) * PER_PAGE
    rows = [
        OutlineRow(shown(one.title or one.id), page.url("announcements", one.id), 0, one.at, one.gone_in is not None)
        for one in newest[first : first + PER_PAGE]
    ]
    return page.html(
        "announcements.html", {"rows": rows, "paging": Paging(page.view.number, len(newest), PER_PAGE)}, etag
    )


def _announcement(page: SavedPage, key: str) -> HtmlPage:
    etag = page.etag("announcement")
    found: Announcement = _find(page, ANNOUNCEMENT, key)
    values = {
        "by": page.person(found.by),
        "at": found.updated_at or found.at,
        "is_gone": found.gone_in is not None,
        "history": "",
        "version": None,
        **_text(page, found.title or found.id, found.text, found.files, "announcements", found.id),
    }
    return page.html("wiki_page.html", values, etag)


def _file(page: SavedPage, files: Sequence[AttachedFile], digest: str, name: str) -> StreamedResponse:
    """Raises NoSuchItemFile."""
    archive = page.view.forge.archive
    if not any(file.sha256 == digest for file in files) or not archive.blobs.has(digest):
        raise NoSuchItemFile("there is no file {sha256} here", sha256=repr(digest)[:100])
    return send_saved_file(page.view, archive.blob_file(digest), digest, name)
