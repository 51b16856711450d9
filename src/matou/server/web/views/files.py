"""A file of a repository."""

from typing import Final

from starlette.responses import RedirectResponse, Response

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MaySee
from matou.forge.content.contents import read_file
from matou.git.odb.objects import EntryKind, MissingPath
from matou.server.api.links import Links, quoted
from matou.server.dialects.gitcode_v5 import PREFIX
from matou.server.web.addresses import subject_url
from matou.server.web.highlight import highlighted
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.revision_paths import read_revision_path

LARGEST_SHOWN_BYTES: Final = 1024 * 1024


def show_file(view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]) -> HtmlPage | Response:
    code = view.code(granted.subject)
    place = read_revision_path(view.forge, code, words)
    if place.path is None:
        return RedirectResponse(subject_url(code.subject.path, "tree", *place.words), 302)
    etag = view.unless_known(place, code.subject)
    file = read_file(view.forge, code, place.start, place.path, largest_bytes=LARGEST_SHOWN_BYTES)
    if file.entry.kind is EntryKind.FOLDER:
        return RedirectResponse(subject_url(code.subject.path, "tree", *place.words), 302)
    text = None if file.content is None or b"\0" in file.content else file.content.decode("utf-8", "replace")
    lines = None if text is None else highlighted(text, place.path.segments[-1])
    values = {"repository": code.subject, "place": place, "entry": file.entry, "lines": lines}
    return HtmlPage("file.html", values, etag=etag)


def show_raw(view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]) -> Response:
    code = view.code(granted.subject)
    place = read_revision_path(view.forge, code, words)
    if place.path is None:
        raise MissingPath("{path} is no file", path=repr("/".join(words))[:200])
    url = Links("", PREFIX).repository_api(code.subject.path, "raw", place.path.encoded)
    return RedirectResponse(f"{url}?ref={quoted(place.start if view.past else place.revision, safe='')}", 302)
