"""Two revisions beside one another: what one has that the other has not."""

from typing import Final

from starlette.responses import RedirectResponse, Response

from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.access import Authorized, MayReadCode, MaySee
from matou.forge.content.differences import compare_commits, recall_difference
from matou.forge.content.history import find_commit_at
from matou.forge.content.references import ref_listing
from matou.forge.content.revisions import BRANCHES, TAGS, default_branch_of
from matou.server.web.addresses import subject_url
from matou.server.web.diff_pages import diff_page
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.views.commits import people_of

_SINCE_PARTED: Final = "..."
_STRAIGHT: Final = ".."
_LONGEST: Final = 400
MOST_PROPOSED: Final = 30
"""Of branches, and of tags."""

LONGEST_PROPOSED: Final = 60


class NoComparison(NotFound):
    """An address of a comparison names two revisions, with dots between them."""


def show_comparison(
    view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]
) -> HtmlPage | Response:
    """`main...topic`: what topic has brought since the two parted; `main..topic`: all that differs."""
    code = view.code(granted.subject)
    if not words:
        return _ask(view, code)
    base, dots, head = _named("/".join(words))
    old, new = find_commit_at(view.forge, code, base), find_commit_at(view.forge, code, head)
    etag = view.unless_known(old.id, new.id, code.subject, ref_listing(view.forge, code).digest)
    found = compare_commits(view.forge, code, old, new, is_straight=dots == _STRAIGHT)
    difference = recall_difference(view.forge, code, found.start, new.id, ignores_whitespace=view.query.get("w") == "1")
    values = {
        "repository": code.subject,
        "names": _names(view, code),
        "base": base,
        "dots": dots,
        "head": head,
        "found": found,
        "people": people_of(view, found.commits),
        "diff": diff_page(view, code, difference),
        "before": found.start,
        "commit": new,
    }
    return HtmlPage("compare.html", values, etag=etag)


def _ask(view: WebRequest, code: Authorized[Repository, MayReadCode]) -> HtmlPage | Response:
    repository, default = code.subject, default_branch_of(view.forge, code) or ""
    base, head = (view.query.get(name, "").strip()[:_LONGEST] for name in ("base", "head"))
    if base and head:
        dots = _STRAIGHT if view.query.get("straight") else _SINCE_PARTED
        return RedirectResponse(subject_url(repository.path, "compare", f"{base}{dots}{head}"), 302)
    return HtmlPage("compare_form.html", _fields(view, code, base or default, head))


def _fields(view: WebRequest, code: Authorized[Repository, MayReadCode], base: str, head: str) -> dict[str, object]:
    return {"repository": code.subject, "base": base, "head": head, "names": _names(view, code)}


def _names(view: WebRequest, code: Authorized[Repository, MayReadCode]) -> list[str]:
    """Branches and tags, the first of each, for a browser to propose while somebody types."""
    refs = ref_listing(view.forge, code).refs
    found = list[str]()
    for folder in (BRANCHES, TAGS):
        names = (ref.removeprefix(folder) for ref in refs if ref.startswith(folder))
        found += sorted(name for name in names if len(name) <= LONGEST_PROPOSED)[:MOST_PROPOSED]
    return found


def _named(text: str) -> tuple[str, str, str]:
    """No ref name has two dots in it (git-check-ref-format(1))."""
    for dots in (_SINCE_PARTED, _STRAIGHT):
        base, found, head = text.partition(dots)
        if found and base and head:
            return base, found, head
    raise NoComparison("two revisions are compared as in {example}", example="main...topic")
