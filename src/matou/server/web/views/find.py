"""Files of a revision by a part of their path."""

from dataclasses import dataclass
from typing import Final

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MaySee
from matou.forge.content.contents import file_paths
from matou.git.odb.objects import MissingPath
from matou.server.api.links import quoted
from matou.server.web.addresses import subject_url
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.rendering import name
from matou.server.web.revision_paths import default_place, read_revision_path

MOST_SHOWN: Final = 100
LONGEST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class FoundPath:
    path: str
    href: str


def show_find(view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]) -> HtmlPage:
    """Those whose own name has the text come first, the shortest before others; the case does not count."""
    code = view.code(granted.subject)
    place = read_revision_path(view.forge, code, words) if words else default_place(view.forge, code)
    if place.path is not None:
        raise MissingPath("{path} is not in {id}", path=repr(str(place.path))[:200], id=place.revision)
    wanted = view.query.get("path", "").strip()[:LONGEST_TEXT]
    etag = view.unless_known(place, code.subject)
    paths = file_paths(view.forge, code, place.start, holding="") if wanted else ()
    found = sorted(path for path in paths if wanted.casefold() in _text(path))
    found.sort(key=lambda path: (wanted.casefold() not in _text(path).rpartition("/")[2], len(path)))
    files = subject_url(code.subject.path, "blob", place.revision)
    values = {
        "repository": code.subject,
        "place": place,
        "wanted": wanted,
        "rows": [FoundPath(name(path), f"{files}/{quoted(path)}") for path in found[:MOST_SHOWN]],
        "total": len(found),
        "most": MOST_SHOWN,
    }
    return HtmlPage("find.html", values, etag=etag)


def _text(path: bytes) -> str:
    return path.decode("utf-8", "replace").casefold()
