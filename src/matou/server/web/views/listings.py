"""Lists of repositories: all that the viewer may see, those of a namespace, and a person who has none here."""

from typing import Final

from matou.db.engine import UnstorableValue
from matou.db.namespaces import Namespace
from matou.errors import NotFound
from matou.forge.access import Authorized, MaySee, Scope, require_scope
from matou.forge.accounts.first_account import is_first_start
from matou.forge.accounts.namespaces import visible_children
from matou.forge.repositories.repository_lists import find_person, visible_repositories
from matou.server.web.page import PER_PAGE, HtmlPage, Paging, WebRequest
from matou.server.web.views.overview import summary_for

MOST_PROJECTS: Final = 50


def show_everything(view: WebRequest) -> HtmlPage:
    return _listing(view, None)


def show_namespace(view: WebRequest, granted: Authorized[Namespace, MaySee], _words: tuple[str, ...]) -> HtmlPage:
    return _listing(view, granted.subject)


def _listing(view: WebRequest, namespace: Namespace | None) -> HtmlPage:
    require_scope(view.identity, Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)
    wanted = view.query.get("q", "").strip()[:200]
    found, total = visible_repositories(
        view.forge,
        view.identity,
        namespace,
        recursive=True,
        offset=view.offset,
        limit=PER_PAGE,
        name_filter=wanted,
    )
    is_front, projects, more = namespace is None, tuple[Namespace, ...](), 0
    if namespace is not None and view.number == 1 and not wanted and view.past is None:
        projects, more = _projects(view, namespace)
    values = {
        "namespace": namespace,
        "projects": projects,
        "more_projects": more,
        "is_stranger": is_front and view.identity.user is None and view.openness is None,
        "repositories": [one.subject for one in found],
        "wanted": wanted,
        "paging": Paging(view.number, total),
        "backups": summary_for(view) if namespace is None else None,
        "is_first_start": namespace is None and is_first_start(view.forge),
    }
    return HtmlPage("listing.html", values, etag=view.unless_known(values))


def _projects(view: WebRequest, namespace: Namespace) -> tuple[tuple[Namespace, ...], int]:
    """Those directly below that the viewer may see, and how many more there are."""
    found, total = visible_children(view.forge, view.identity, namespace, limit=MOST_PROJECTS)
    return tuple(one.subject for one in found), total - len(found)


def show_person(view: WebRequest, name: str) -> HtmlPage:
    """Somebody whose namespace is not there yet, or holds nothing that the viewer may see. Raises NotFound."""
    require_scope(view.identity, Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)
    try:
        user = find_person(view.forge, name)
    except (NotFound, UnstorableValue):
        raise NotFound("there is nothing here") from None
    return HtmlPage("person.html", {"person": user})
