"""A file's bytes as they are, whole or in part, in which a browser runs nothing."""

from functools import partial
from typing import Final

from starlette.responses import Response

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadCode, MaySee
from matou.forge.content.contents import SizedEntry, find_file, stream_file
from matou.git.odb.objects import EntryKind, MissingPath
from matou.server.api.responses import StreamedResponse
from matou.server.api.streaming import attachment, part_of_file, part_of_stream
from matou.server.byte_ranges import UNSATISFIABLE, UnsatisfiableRange, outside_header
from matou.server.streaming import Header
from matou.server.web.found_files import FoundFile, PointedObject, find_content, pointed_object
from matou.server.web.media_types import PDF, SVG, MediaKind
from matou.server.web.page import Unchanged, WebRequest
from matou.server.web.revision_paths import RevisionPath, read_revision_path

_CLOSED: Final = b"sandbox; default-src 'none'"
_POLICIES: Final = {
    SVG: b"sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    # A sandbox is all that a browser's own reader of PDF does not open in; scripts of a PDF do not run in a page.
    PDF: b"default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'",
}


def show_raw(
    view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]
) -> Response | StreamedResponse:
    """Those of the LFS object where there is one."""
    code = view.code(granted.subject)
    place = read_revision_path(view.forge, code, words)
    if place.path is None:
        raise MissingPath("{path} is no file", path=repr("/".join(words))[:200])
    entry = find_file(view.forge, code, place.start, place.path)
    if entry.kind in (EntryKind.FOLDER, EntryKind.SUBMODULE):
        raise MissingPath("{path} is no file", path=repr(str(place.path))[:200])
    pointed = pointed_object(view, code, entry)
    etag = f'"{entry.id if pointed is None or pointed.file is None else pointed.pointer.oid}"'
    if etag in view.known:
        raise Unchanged(etag)
    # What a pointer stands for may come, or be switched off, at any time.
    is_lasting = pointed is None and place.revision == place.start
    return _raw(view, code, place, find_content(view, code, entry, pointed), etag, is_lasting=is_lasting)


def _raw(
    view: WebRequest,
    code: Authorized[Repository, MayReadCode],
    place: RevisionPath,
    found: FoundFile,
    etag: str,
    *,
    is_lasting: bool,
) -> Response | StreamedResponse:
    headers = _headers(found, place, etag, is_lasting=is_lasting, downloads="download" in view.query)
    size_bytes = _size(found.entry, found.pointed)
    try:
        part = view.part_of(size_bytes, etag)
    except UnsatisfiableRange:
        refusal = Response(status_code=UNSATISFIABLE)
        refusal.raw_headers.append(outside_header(size_bytes))
        return refusal
    if found.pointed is not None and found.pointed.file is not None:
        oid = found.pointed.pointer.oid
        return part_of_file(found.pointed.file, oid, part, size_bytes, headers, whose=view.caller)
    begin = partial(stream_file, view.forge, code, found.entry.id)
    return part_of_stream(begin, part, size_bytes, headers, whose=view.caller)


def _size(entry: SizedEntry, pointed: PointedObject | None) -> int:
    return entry.size_bytes if pointed is None or pointed.file is None else pointed.file.stat().st_size


def _headers(
    found: FoundFile, place: RevisionPath, etag: str, *, is_lasting: bool, downloads: bool
) -> tuple[Header, ...]:
    name = (
        ""
        if place.path is None
        else place.path.segments[-1].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    )
    return (
        (b"content-type", found.type.encode()),
        (b"content-security-policy", _POLICIES.get(found.type, _CLOSED)),
        (b"cache-control", b"private, max-age=31536000, immutable" if is_lasting else b"private, no-cache"),
        (b"vary", b"Authorization, Cookie"),
        (b"etag", etag.encode()),
        *((attachment(name),) if downloads or found.kind is MediaKind.BINARY else ()),
    )
