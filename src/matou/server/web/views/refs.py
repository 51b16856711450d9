"""Branches and tags, and the files of one as an archive."""

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MaySee
from matou.forge.content.ref_lists import browse_branches, browse_tags, known_distances
from matou.server.api.responses import StreamedResponse
from matou.server.archive_downloads import archive_response, named_archive
from matou.server.web.page import PER_PAGE, HtmlPage, Paging, WebRequest
from matou.server.web.views.kept import count_kept


def show_branches(view: WebRequest, granted: Authorized[Repository, MaySee], _words: tuple[str, ...]) -> HtmlPage:
    code, wanted = view.code(granted.subject), _wanted(view)
    branches, total = browse_branches(view.forge, code, holding=wanted, offset=view.offset, limit=PER_PAGE)
    default, _ = browse_branches(view.forge, code, holding="", offset=0, limit=1)
    base = next((branch for branch in default if branch.is_default), None)
    heads = [branch.commit.id for branch in branches if not branch.is_default]
    distances = {} if base is None else known_distances(view.forge, code, base.commit.id, heads)
    values = {
        "repository": code.subject,
        "branches": branches,
        "distances": distances,
        "base": base,
        "kept": count_kept(view, code.subject),
        "wanted": wanted,
        "paging": Paging(view.number, total),
    }
    return HtmlPage("branches.html", values, etag=view.unless_known(values))


def show_tags(view: WebRequest, granted: Authorized[Repository, MaySee], _words: tuple[str, ...]) -> HtmlPage:
    code, wanted = view.code(granted.subject), _wanted(view)
    tags, total = browse_tags(view.forge, code, holding=wanted, offset=view.offset, limit=PER_PAGE)
    values = {"repository": code.subject, "tags": tags, "wanted": wanted, "paging": Paging(view.number, total)}
    return HtmlPage("tags.html", values, etag=view.unless_known(values))


def send_archive(view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]) -> StreamedResponse:
    """`main.zip`, `v1.0.tar.gz`."""
    revision, packed_as = named_archive("/".join(words))
    return archive_response(view.forge, view.code(granted.subject), revision, packed_as, whose=view.caller)


def _wanted(view: WebRequest) -> str:
    return view.query.get("name", "").strip()[:200]
