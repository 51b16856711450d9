"""Who wrote each line of a file, and what became of the file through its history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadCode, MaySee
from matou.forge.content.blame import FileBlame, blame_file
from matou.forge.content.contents import SizedEntry, find_file, read_blob_by_id
from matou.forge.content.file_history import browse_file_history
from matou.forge.content.history import find_commit_at
from matou.git.odb.objects import Commit, EntryKind, MissingPath, TreePath
from matou.git.operations.blame import BlamedLines
from matou.server.web.addresses import subject_url
from matou.server.web.file_texts import FileText, TextPart, known_text, part_at, shown_text
from matou.server.web.found_files import LARGEST_SHOWN_BYTES
from matou.server.web.page import PER_PAGE, HtmlPage, WebRequest
from matou.server.web.revision_paths import read_revision_path
from matou.server.web.views.commits import people_of

GROUP_BYTES: Final = 600
"""What stands beside the first line of a commit's: two addresses, a subject, a name and a date."""


@dataclass(frozen=True, slots=True)
class BlameRow:
    """One line. `group` and `commit` are those of the first line of a group, or of the page, alone."""

    number: int
    html: Markup
    group: BlamedLines | None
    commit: Commit | None


def show_blame(
    view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]
) -> HtmlPage | Response:
    code = view.code(granted.subject)
    place = read_revision_path(view.forge, code, words)
    if place.path is None:
        return RedirectResponse(subject_url(code.subject.path, "tree", *place.words), 302)
    etag = view.unless_known(place, code.subject)
    commit = find_commit_at(view.forge, code, place.start)
    entry = find_file(view.forge, code, commit.id, place.path)
    text = _text(view, code, entry, place.path)
    if text is None:
        return RedirectResponse(subject_url(code.subject.path, "blob", *place.words), 302)
    ignores = view.query.get("all") != "1"
    found = blame_file(view.forge, code, commit.id, place.path, ignores_revisions=ignores)
    part = part_at(text.lines, view.line, beside={group.first: GROUP_BYTES for group in found.groups})
    values = {
        "repository": code.subject,
        "place": place,
        "entry": entry,
        "text": text,
        "part": part,
        "rows": list(_rows(found, part)),
        "ignored": found.ignored,
        "ignores": ignores,
    }
    return HtmlPage("blame.html", values, etag=etag if text.is_lasting else "")


def show_file_history(
    view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]
) -> HtmlPage | Response:
    code = view.code(granted.subject)
    place = read_revision_path(view.forge, code, words)
    if place.path is None:
        return RedirectResponse(subject_url(code.subject.path, "commits", *place.words), 302)
    etag = view.unless_known(place, code.subject)
    found, has_more = browse_file_history(view.forge, code, place.start, place.path, offset=view.offset, limit=PER_PAGE)
    if not found and view.number == 1:
        raise MissingPath("{path} is not in {id}", path=repr(str(place.path))[:200], id=place.start)
    values = {
        "repository": code.subject,
        "place": place,
        "found": found,
        "people": people_of(view, tuple(each.commit for each in found)),
        "has_more": has_more,
    }
    return HtmlPage("file_history.html", values, etag=etag)


def _text(
    view: WebRequest, code: Authorized[Repository, MayReadCode], entry: SizedEntry, path: TreePath
) -> FileText | None:
    """None for what has no lines, or more than are shown."""
    if entry.kind not in (EntryKind.FILE, EntryKind.EXECUTABLE):
        return None
    name = path.segments[-1]
    found = known_text(view.forge, entry.id, name)
    if found is None:
        content = read_blob_by_id(view.forge, code, entry.id, largest_bytes=LARGEST_SHOWN_BYTES).content
        found = shown_text(view.forge, entry.id, name, content) if content else None
    # git counts lines by bytes, which in these are not those of the text.
    return None if found is None or found.encoding.startswith(("UTF-16", "UTF-32")) else found


def _rows(found: FileBlame, part: TextPart) -> Iterator[BlameRow]:
    """Groups beside the lines of a part; git counts lines as we do, by their ends."""
    groups: Sequence[BlamedLines] = [
        group for group in found.groups if group.first + group.count > part.first and group.first <= part.last
    ]
    begins = {max(group.first, part.first): group for group in groups}
    for number, html in enumerate(part.lines, part.first):
        group = begins.get(number)
        yield BlameRow(number, html, group, None if group is None else found.commits[group.commit])
