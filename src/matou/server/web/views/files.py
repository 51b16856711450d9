"""A file of a repository, as what it is: text in colours, a document, a table, a picture, or something to download."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.responses import RedirectResponse, Response

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadCode, MaySee
from matou.forge.content.contents import FileContent, SizedEntry, find_file, read_blob_by_id, stream_file
from matou.forge.push import lfs
from matou.git.odb.objects import EntryKind, MissingPath
from matou.git.operations.lfs import LfsPointer, parse_pointer
from matou.server.api.responses import StreamedResponse
from matou.server.api.streaming import attachment, streamed, whole_file
from matou.server.streaming import Header
from matou.server.web.addresses import subject_url
from matou.server.web.documents import recall_document
from matou.server.web.file_texts import known_text, part_at, shown_text
from matou.server.web.markdown import TextKind, TextLocation
from matou.server.web.media_types import BEGINNING_BYTES, PDF, SVG, MediaKind, media_kind, media_type
from matou.server.web.notebooks import read_notebook
from matou.server.web.page import HtmlPage, Unchanged, WebRequest
from matou.server.web.revision_paths import RevisionPath, read_revision_path
from matou.server.web.tables_of_values import is_value_table, value_table
from matou.server.web.text_encoding import decode_text

LARGEST_SHOWN_BYTES: Final = 1024 * 1024
_CLOSED: Final = b"sandbox; default-src 'none'"
_POLICIES: Final = {
    SVG: b"sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    # A sandbox is all that a browser's own reader of PDF does not open in; scripts of a PDF do not run in a page.
    PDF: b"default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'",
}


@dataclass(frozen=True, slots=True)
class FoundFile:
    """What stands at a place.

    Attributes:
        beginning: as many bytes as tell what it is; of the LFS object where it is a pointer to one.
        content: all bytes of what git has, where they are few enough to be shown.
        pointer: what the file stands for, where git has only a pointer.
        is_stored: the object that the pointer names can be had through this repository.
    """

    entry: SizedEntry
    beginning: bytes
    content: bytes | None
    pointer: LfsPointer | None = None
    is_stored: bool = True

    @property
    def type(self) -> str:
        return media_type(self.beginning)

    @property
    def kind(self) -> MediaKind:
        return media_kind(self.type)


def show_file(view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]) -> HtmlPage | Response:
    code = view.code(granted.subject)
    place = read_revision_path(view.forge, code, words)
    if place.path is None:
        return RedirectResponse(subject_url(code.subject.path, "tree", *place.words), 302)
    etag = view.unless_known(place, code.subject)
    entry = find_file(view.forge, code, place.start, place.path)
    if entry.kind is EntryKind.FOLDER:
        return RedirectResponse(subject_url(code.subject.path, "tree", *place.words), 302)
    body = _body(view, code, place, entry)
    is_svg = body["form"] == MediaKind.PICTURE.value and place.path.segments[-1].endswith(".svg")
    values = {
        "repository": code.subject,
        "place": place,
        "entry": entry,
        "is_plain": view.query.get("plain") == "1",
        "has_source": is_svg or body["form"] in ("document", "table", "notebook"),
        **body,
    }
    return HtmlPage("file.html", values, etag=etag)


def show_raw(
    view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]
) -> Response | StreamedResponse:
    """The bytes as they are, in which a browser runs nothing; those of the LFS object where there is one."""
    code = view.code(granted.subject)
    place = read_revision_path(view.forge, code, words)
    if place.path is None:
        raise MissingPath("{path} is no file", path=repr("/".join(words))[:200])
    entry = find_file(view.forge, code, place.start, place.path)
    if entry.kind in (EntryKind.FOLDER, EntryKind.SUBMODULE):
        raise MissingPath("{path} is no file", path=repr(str(place.path))[:200])
    etag = f'"{entry.id}"'
    if etag in view.known:
        raise Unchanged(etag)
    return _raw(view, code, place, entry, etag)


def _raw(
    view: WebRequest, code: Authorized[Repository, MayReadCode], place: RevisionPath, entry: SizedEntry, etag: str
) -> StreamedResponse:
    found = _find(view, code, entry)
    headers = _headers(found, place, etag, downloads="download" in view.query)
    if found.pointer is not None and found.is_stored:
        path, _size = lfs.open_object(view.forge, code, found.pointer.oid)
        return whole_file(path, found.pointer.oid, headers, whose=view.caller)
    begin = partial(stream_file, view.forge, code, entry.id)
    return streamed(begin, (*headers, (b"content-length", b"%d" % entry.size_bytes)), whose=view.caller)


def _headers(found: FoundFile, place: RevisionPath, etag: str, *, downloads: bool) -> tuple[Header, ...]:
    lasting = b"private, max-age=31536000, immutable" if place.revision == place.start else b"private, no-cache"
    name = (
        ""
        if place.path is None
        else place.path.segments[-1].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    )
    return (
        (b"content-type", found.type.encode()),
        (b"content-security-policy", _POLICIES.get(found.type, _CLOSED)),
        (b"cache-control", lasting),
        (b"vary", b"Authorization, Cookie"),
        (b"etag", etag.encode()),
        *((attachment(name),) if downloads or found.kind is MediaKind.BINARY else ()),
    )


def _find(view: WebRequest, code: Authorized[Repository, MayReadCode], entry: SizedEntry) -> FoundFile:
    content = _content(view, code, entry).content
    if content is None:
        chunks = stream_file(view.forge, code, entry.id)
        beginning = next(chunks, b"")
        chunks.close()
        return FoundFile(entry, beginning, None)
    pointer = parse_pointer(content)
    if pointer is None:
        return FoundFile(entry, content, content)
    return _stored(view, code, FoundFile(entry, content, content, pointer, is_stored=False), pointer)


def _stored(
    view: WebRequest, code: Authorized[Repository, MayReadCode], found: FoundFile, pointer: LfsPointer
) -> FoundFile:
    try:
        path, _size = lfs.open_object(view.forge, code, pointer.oid)
    except lfs.NoSuchObject:
        return found
    with path.open("rb") as file:
        return FoundFile(found.entry, file.read(BEGINNING_BYTES), found.content, pointer)


def _content(view: WebRequest, code: Authorized[Repository, MayReadCode], entry: SizedEntry) -> FileContent:
    return read_blob_by_id(view.forge, code, entry.id, largest_bytes=LARGEST_SHOWN_BYTES)


def _body(
    view: WebRequest, code: Authorized[Repository, MayReadCode], place: RevisionPath, entry: SizedEntry
) -> dict[str, object]:
    """What of it is shown, by the name of the form that the template has for it."""
    name = "" if place.path is None else place.path.segments[-1]
    if entry.kind is EntryKind.SUBMODULE:
        return {"form": "submodule"}
    known = known_text(view.forge, entry.id, name) if _is_lines(view, name) else None
    if known is not None and entry.kind is not EntryKind.SYMLINK:
        return {"form": "lines", "text": known, "part": part_at(known.lines, view.line)}
    found = _find(view, code, entry)
    if entry.kind is EntryKind.SYMLINK:
        return {"form": "symlink", "target": (found.content or b"").decode("utf-8", "replace")}
    if found.pointer is not None:
        return {"form": "pointer", "pointer": found.pointer, "is_stored": found.is_stored, "kind": found.kind.value}
    if found.kind is not MediaKind.TEXT and (found.type != SVG or "plain" not in view.query):
        return {"form": found.kind.value}
    if found.content is None:
        return {"form": "large"}
    return _text(view, code, place, found, name)


def _is_lines(view: WebRequest, name: str) -> bool:
    """Whether a text of this name is shown line by line."""
    is_other = TextKind.of(name) is TextKind.MARKDOWN or is_value_table(name) or name.endswith((".ipynb", ".svg"))
    return view.query.get("plain") == "1" or not is_other


def _text(
    view: WebRequest, code: Authorized[Repository, MayReadCode], place: RevisionPath, found: FoundFile, name: str
) -> dict[str, object]:
    content = found.content or b""
    if not _is_lines(view, name):
        body = _document(view, code, place, found, name)
        if body is not None:
            return body
    text = shown_text(view.forge, found.entry.id, name, content)
    if text is None:
        return {"form": "binary"}
    return {"form": "lines", "text": text, "part": part_at(text.lines, view.line)}


def _document(
    view: WebRequest, code: Authorized[Repository, MayReadCode], place: RevisionPath, found: FoundFile, name: str
) -> dict[str, object] | None:
    content = found.content or b""
    folder = None if place.path is None else place.path.parent
    location = TextLocation(code.subject.path, place.revision, folder)
    if name.endswith(".ipynb"):
        notebook = read_notebook(content, location)
        return None if notebook is None else {"form": "notebook", "notebook": notebook}
    decoded = decode_text(content)
    if decoded is None:
        return None
    if is_value_table(name):
        table = value_table(decoded.text, name)
        return None if table is None else {"form": "table", "table": table, "encoding": decoded.encoding}
    html = recall_document(view, found.entry.id, name, location, lambda: decoded.text)
    return {"form": "document", "html": html, "encoding": decoded.encoding}
