"""A file of a repository, as what it is: text in colours, a document, a table, a picture, or something to download."""

from datetime import timedelta
from typing import Final

from starlette.responses import RedirectResponse, Response

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadCode, MaySee
from matou.forge.content.contents import SizedEntry, find_file
from matou.forge.content.last_changes import browse_last_change
from matou.git.odb.objects import Commit, EntryKind, commit_to_list, open_repository
from matou.server.web.addresses import subject_url
from matou.server.web.documents import recall_document
from matou.server.web.file_texts import FileText, known_text, part_at, shown_text
from matou.server.web.found_files import FoundFile, PointedObject, find_content, pointed_object
from matou.server.web.markdown import TextKind, TextLocation
from matou.server.web.media_types import SVG, MediaKind
from matou.server.web.notebooks import Notebook, read_notebook
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.revision_paths import RevisionPath, read_revision_path
from matou.server.web.tables_of_values import is_value_table, value_table
from matou.server.web.text_encoding import decode_text

PATIENCE: Final = timedelta(milliseconds=30)
"""How long a page waits for the commit that changed the file."""


def show_file(view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]) -> HtmlPage | Response:
    code = view.code(granted.subject)
    place = read_revision_path(view.forge, code, words)
    if place.path is None:
        return RedirectResponse(subject_url(code.subject.path, "tree", *place.words), 302)
    entry = find_file(view.forge, code, place.start, place.path)
    if entry.kind is EntryKind.FOLDER:
        return RedirectResponse(subject_url(code.subject.path, "tree", *place.words), 302)
    pointed = pointed_object(view, code, entry)
    etag = view.unless_known(place, code.subject, pointed)
    body = _body(view, code, place, entry, pointed)
    latest = _latest(view, code, place)
    is_svg = body["form"] == MediaKind.PICTURE.value and place.path.segments[-1].endswith(".svg")
    values = {
        "repository": code.subject,
        "place": place,
        "entry": entry,
        "latest": latest,
        "is_plain": view.query.get("plain") == "1",
        "has_source": is_svg or body["form"] in ("document", "table", "notebook"),
        **body,
    }
    shown = body.get("text") or body.get("notebook")
    if latest is None or (isinstance(shown, FileText | Notebook) and not shown.is_lasting):
        etag = ""
    return HtmlPage("file.html", values, etag=etag, embeds=MediaKind.PDF in (body["form"], body.get("kind")))


def _latest(view: WebRequest, code: Authorized[Repository, MayReadCode], place: RevisionPath) -> Commit | None:
    """The commit that changed it last, where that is known soon enough."""
    if place.path is None:
        return None
    found = browse_last_change(view.forge, code, place.start, place.path, patience=PATIENCE)
    if found is None or found.commit is None:
        return None
    return commit_to_list(open_repository(view.forge.git_dir(code.subject)), found.commit)


def _body(
    view: WebRequest,
    code: Authorized[Repository, MayReadCode],
    place: RevisionPath,
    entry: SizedEntry,
    pointed: PointedObject | None,
) -> dict[str, object]:
    """What of it is shown, by the name of the form that the template has for it."""
    name = "" if place.path is None else place.path.segments[-1]
    if entry.kind is EntryKind.SUBMODULE:
        return {"form": "submodule"}
    known = known_text(view.forge, entry.id, name) if _is_lines(view, name) else None
    if known is not None and entry.kind is not EntryKind.SYMLINK:
        return {"form": "lines", "text": known, "part": part_at(known.lines, view.line)}
    found = find_content(view, code, entry, pointed)
    if entry.kind is EntryKind.SYMLINK:
        return {"form": "symlink", "target": (found.content or b"").decode("utf-8", "replace")}
    if pointed is not None:
        return {"form": "pointer", "pointed": pointed, "kind": found.kind.value}
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
