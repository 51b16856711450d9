"""Lists of projects by how one has to do with them, as GitLab's API v3 has them; each can be searched."""

from collections.abc import Sequence

from matou.db.repositories import Repository
from matou.db.repository_listings import Order, Wanted, Way
from matou.db.stars import Mark
from matou.forge.access import Scope, require_scope
from matou.forge.repositories.repository_lists import own_repositories, search_repositories
from matou.forge.repositories.stars import marked_repositories
from matou.server.dialects.gitee_v3.answers import Page
from matou.server.dialects.gitee_v3.call import Call
from matou.server.dialects.gitee_v3.parameters import PageAsked
from matou.server.dialects.gitee_v3.project_object import project_objects
from matou.server.dialects.gitee_v3.routing import plain_route

OWNED = frozenset({Way.PERSONAL, Way.CREATED})


def wanted_projects(call: Call, ways: frozenset[Way] | None) -> Wanted:
    """The newest first; `search` is a part of the name, the path or the description."""
    return Wanted(ways=ways, search=call.given.text("search"), order=Order.CREATED, ascending=False)


def narrowed_by(call: Call) -> dict[str, str]:
    """What the links to other pages must say too."""
    search = call.given.text("search")
    return {"search": search} if search else {}


def list_owned(call: Call) -> Page:
    """In one's own namespace, or made by oneself."""
    asked, wanted = call.given.page(), wanted_projects(call, OWNED)
    found, total = own_repositories(call.forge, call.identity, call.user, wanted, offset=asked.offset, limit=asked.size)
    return _page(call, asked, found, total, "owned")


def list_all(call: Call) -> Page:
    """All that one may see: for an administrator, everybody's."""
    asked, wanted = call.given.page(), wanted_projects(call, None)
    found, total = search_repositories(call.forge, call.identity, wanted, offset=asked.offset, limit=asked.size)
    return _page(call, asked, found, total, "all")


def list_starred(call: Call) -> Page:
    require_scope(call.identity, Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)
    asked, search = call.given.page(), call.given.text("search").casefold()
    if not search:
        found, total = marked_repositories(
            call.forge, Mark.STAR, call.identity, call.user, offset=asked.offset, limit=asked.size
        )
        return _page(call, asked, found, total, "starred")
    starred, _ = marked_repositories(call.forge, Mark.STAR, call.identity, call.user)
    fitting = [one for one in starred if search in f"{one.true_name}\0{one.path}\0{one.description}".casefold()]
    page = fitting[asked.offset : asked.offset + asked.size]
    return _page(call, asked, page, len(fitting), "starred")


def _page(call: Call, asked: PageAsked, found: Sequence[Repository], total: int, word: str) -> Page:
    return Page(project_objects(call, found), total, asked, call.url("projects", word), narrowed_by(call))


ROUTES = (
    plain_route("GET", "/projects/owned", list_owned),
    plain_route("GET", "/projects/all", list_all),
    plain_route("GET", "/projects/starred", list_starred),
)
