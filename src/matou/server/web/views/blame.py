"""Who wrote each line of a file, and what became of the file through its history."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadCode, MaySee
from matou.forge.content.blame import FileBlame, begin_blame
from matou.forge.content.contents import SizedEntry, find_file, read_blob_by_id
from matou.forge.content.file_history import browse_file_history
from matou.forge.content.history import find_commit_at
from matou.git.odb.objects import Commit, EntryKind, MissingPath, TreePath
from matou.git.operations.blame import BlamedLines
from matou.server.web.addresses import subject_url
from matou.server.web.file_texts import FileText, TextPart, known_text, part_at, shown_lines
from matou.server.web.found_files import LARGEST_SHOWN_BYTES
from matou.server.web.page import PER_PAGE, HtmlPage, WebRequest
from matou.server.web.revision_paths import read_revision_path
from matou.server.web.text_encoding import decode_text
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
    lines = _lines(view, code, entry, place.path)
    if lines is None:
        return RedirectResponse(subject_url(code.subject.path, "blob", *place.words), 302)
    ignores = view.query.get("all") != "1"
    # git looks for who wrote each line while the lines get their colours.
    begun = begin_blame(view.forge, code, commit.id, place.path, ignores_revisions=ignores)
    text, found = lines(), begun.result()
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


def _lines(
    view: WebRequest, code: Authorized[Repository, MayReadCode], entry: SizedEntry, path: TreePath
) -> Callable[[], FileText] | None:
    """What colours a file's lines; None for what has no lines, or more than are shown."""
    if entry.kind not in (EntryKind.FILE, EntryKind.EXECUTABLE):
        return None
    name = path.segments[-1]
    known = known_text(view.forge, entry.id, name)
    if known is not None:
        return None if _is_counted_otherwise(known.encoding) else lambda: known
    content = read_blob_by_id(view.forge, code, entry.id, largest_bytes=LARGEST_SHOWN_BYTES).content
    decoded = decode_text(content) if content else None
    if decoded is None or _is_counted_otherwise(decoded.encoding):
        return None
    return lambda: shown_lines(view.forge, entry.id, name, decoded)


def _is_counted_otherwise(encoding: str) -> bool:
    """git counts lines by bytes, which in these are not those of the text."""
    return encoding.startswith(("UTF-16", "UTF-32"))


def _rows(found: FileBlame, part: TextPart) -> Iterator[BlameRow]:
    """Groups beside the lines of a part; git counts lines as we do, by their ends."""
    groups: Sequence[BlamedLines] = [
        group for group in found.groups if group.first + group.count > part.first and group.first <= part.last
    ]
    begins = {max(group.first, part.first): group for group in groups}
    for number, html in enumerate(part.lines, part.first):
        group = begins.get(number)
        yield BlameRow(number, html, group, None if group is None else found.commits[group.commit])
