"""Branches and tags, and the files of one as an archive."""

from collections.abc import Sequence

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadCode, MaySee
from matou.forge.content.branch_refs import NoSuchBranch
from matou.forge.content.contents import find_file
from matou.forge.content.history import ListedBranch, find_branch
from matou.forge.content.ref_lists import browse_branches, browse_tags, known_distances
from matou.forge.content.references import ref_listing
from matou.forge.content.revisions import default_branch_of
from matou.git.odb.objects import MissingObject, MissingPath, TreePath
from matou.server.api.responses import StreamedResponse
from matou.server.archive_downloads import archive_response, named_archive
from matou.server.web.page import PER_PAGE, HtmlPage, Paging, WebRequest
from matou.server.web.views.kept import count_kept


def show_branches(view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]) -> HtmlPage:
    """Each leads to the path behind the address, if there is one."""
    path = TreePath(words) if words else None
    code, wanted = view.code(granted.subject), _wanted(view)
    kept, refs = count_kept(view, code.subject), ref_listing(view.forge, code)
    etag = view.unless_known(code.subject, refs.digest, kept)
    branches, total = browse_branches(view.forge, code, holding=wanted, offset=view.offset, limit=PER_PAGE)
    base = _default_branch(view, code)
    heads = [branch.commit.id for branch in branches if not branch.is_default]
    distances = {} if base is None else known_distances(view.forge, code, base.commit.id, heads)
    values = {
        "repository": code.subject,
        "path": path,
        "having": [] if path is None else _having(view, code, path, branches),
        "branches": branches,
        "distances": distances,
        "base": base,
        "kept": kept,
        "wanted": wanted,
        "paging": Paging(view.number, total),
    }
    # What was not counted in time is known the next time.
    return HtmlPage("branches.html", values, etag=etag if distances.keys() >= set(heads) else "")


def show_tags(view: WebRequest, granted: Authorized[Repository, MaySee], _words: tuple[str, ...]) -> HtmlPage:
    code, wanted = view.code(granted.subject), _wanted(view)
    etag = view.unless_known(code.subject, ref_listing(view.forge, code).digest)
    tags, total = browse_tags(view.forge, code, holding=wanted, offset=view.offset, limit=PER_PAGE)
    values = {
        "repository": code.subject,
        "tags": tags,
        "default_branch": default_branch_of(view.forge, code),
        "wanted": wanted,
        "paging": Paging(view.number, total),
    }
    return HtmlPage("tags.html", values, etag=etag)


def send_archive(view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]) -> StreamedResponse:
    """`main.zip`, `v1.0.tar.gz`."""
    revision, packed_as = named_archive("/".join(words))
    return archive_response(view.forge, view.code(granted.subject), revision, packed_as, whose=view.caller)


def _having(
    view: WebRequest, code: Authorized[Repository, MayReadCode], path: TreePath, branches: Sequence[ListedBranch]
) -> list[str]:
    """The names of those that have something at a path."""

    def has(branch: ListedBranch) -> bool:
        try:
            find_file(view.forge, code, branch.commit.id, path)
        except (MissingPath, MissingObject):
            return False
        return True

    return [branch.name for branch in branches if has(branch)]


def _default_branch(view: WebRequest, code: Authorized[Repository, MayReadCode]) -> ListedBranch | None:
    name = default_branch_of(view.forge, code)
    try:
        return None if name is None else find_branch(view.forge, code, name)
    except NoSuchBranch:
        return None


def _wanted(view: WebRequest) -> str:
    return view.query.get("name", "").strip()[:200]
