"""Lists of projects by how one has to do with them, as GitLab's API v3 has them; each can be searched."""

from collections.abc import Sequence

from matou.db.repositories import Repository
from matou.db.repository_listings import Order, Wanted, Way
from matou.db.stars import Mark
from matou.forge.access import Scope, require_scope
from matou.forge.repositories.repository_lists import own_repositories, search_repositories
from matou.forge.repositories.stars import marked_repositories
from matou.server.dialects.gitee_v3.answers import Page
from matou.server.dialects.gitee_v3.context import RequestContext
from matou.server.dialects.gitee_v3.parameters import PageRequest
from matou.server.dialects.gitee_v3.project_object import project_objects
from matou.server.dialects.gitee_v3.routing import plain_route

OWNED = frozenset({Way.PERSONAL, Way.CREATED})


def wanted_projects(context: RequestContext, ways: frozenset[Way] | None) -> Wanted:
    """The newest first; `search` is a part of the name, the path or the description."""
    return Wanted(ways=ways, search=context.given.text("search"), order=Order.CREATED, ascending=False)


def narrowed_by(context: RequestContext) -> dict[str, str]:
    """What the links to other pages must say too."""
    search = context.given.text("search")
    return {"search": search} if search else {}


def list_owned(context: RequestContext) -> Page:
    """In one's own namespace, or made by oneself."""
    asked, wanted = context.given.page(), wanted_projects(context, OWNED)
    found, total = own_repositories(
        context.forge, context.identity, context.user, wanted, offset=asked.offset, limit=asked.size
    )
    return _page(context, asked, found, total, "owned")


def list_all(context: RequestContext) -> Page:
    """All that one may see: for an administrator, everybody's."""
    asked, wanted = context.given.page(), wanted_projects(context, None)
    found, total = search_repositories(context.forge, context.identity, wanted, offset=asked.offset, limit=asked.size)
    return _page(context, asked, found, total, "all")


def list_starred(context: RequestContext) -> Page:
    require_scope(context.identity, Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)
    asked, search = context.given.page(), context.given.text("search").casefold()
    if not search:
        found, total = marked_repositories(
            context.forge, Mark.STAR, context.identity, context.user, offset=asked.offset, limit=asked.size
        )
        return _page(context, asked, found, total, "starred")
    starred, _ = marked_repositories(context.forge, Mark.STAR, context.identity, context.user)
    fitting = [one for one in starred if search in f"{one.true_name}\0{one.path}\0{one.description}".casefold()]
    page = fitting[asked.offset : asked.offset + asked.size]
    return _page(context, asked, page, len(fitting), "starred")


def _page(context: RequestContext, asked: PageRequest, found: Sequence[Repository], total: int, word: str) -> Page:
    return Page(project_objects(context, found), total, asked, context.url("projects", word), narrowed_by(context))


ROUTES = (
    plain_route("GET", "/projects/owned", list_owned),
    plain_route("GET", "/projects/all", list_all),
    plain_route("GET", "/projects/starred", list_starred),
)
