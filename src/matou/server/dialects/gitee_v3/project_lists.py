"""Lists of projects by how one has to do with them, as GitLab's API v3 has them; each can be searched."""

from collections.abc import Mapping, Sequence
from typing import Self

from msgspec.structs import replace

from matou.db.repositories import Repository
from matou.db.repository_listings import Affiliation, Order, RepositoryQuery
from matou.db.stars import Mark
from matou.forge.access import Authorized, MaySee, Scope, require_scope
from matou.forge.repositories.repository_lists import own_repositories, search_repositories
from matou.forge.repositories.stars import marked_repositories
from matou.server.api.context import RequestContext
from matou.server.api.params import FormFields, PageRequest, Parameters
from matou.server.api.responses import ListPage
from matou.server.api.route import plain_route
from matou.server.dialects.gitee_v3.links import url
from matou.server.dialects.gitee_v3.project_object import project_objects

OWNED = frozenset({Affiliation.PERSONAL, Affiliation.CREATED})


class ProjectsQuery(Parameters, frozen=True, kw_only=True):
    """Which page of a list; `search` is a part of the name, the path or the description."""

    search: str
    page: PageRequest

    @classmethod
    def read(cls, fields: FormFields) -> Self:
        return cls(search=fields.get("search"), page=fields.page())

    def criteria(self, affiliations: frozenset[Affiliation] | None) -> RepositoryQuery:
        """The newest first."""
        return RepositoryQuery(affiliations=affiliations, search=self.search, order=Order.CREATED, ascending=False)

    @property
    def narrowed(self) -> Mapping[str, str]:
        """What the links to other pages must say too."""
        return {"search": self.search} if self.search else {}

    def together(self, most_rows: int) -> tuple[Self, ...]:
        """The pages that are made with this one: always the same ones, and itself where it is as large."""
        count = max(1, most_rows // self.page.size)
        first = (self.page.number - 1) // count * count + 1
        return tuple(replace(self, page=PageRequest(number, self.page.size)) for number in range(first, first + count))


def list_owned(context: RequestContext, query: ProjectsQuery) -> ListPage:
    """In one's own namespace, or made by oneself."""
    page, criteria = query.page, query.criteria(OWNED)
    repositories, total = own_repositories(
        context.forge, context.identity, context.user, criteria, offset=page.offset, limit=page.size
    )
    return _page(context, query, repositories, total, "owned")


def list_all(context: RequestContext, query: ProjectsQuery) -> ListPage:
    """All that one may see: for an administrator, everybody's."""
    page, criteria = query.page, query.criteria(None)
    repositories, total = search_repositories(
        context.forge, context.identity, criteria, offset=page.offset, limit=page.size
    )
    return _page(context, query, repositories, total, "all")


def list_starred(context: RequestContext, query: ProjectsQuery) -> ListPage:
    require_scope(context.identity, Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)
    page, search = query.page, query.search.casefold()
    if not search:
        repositories, total = marked_repositories(
            context.forge, Mark.STAR, context.identity, context.user, offset=page.offset, limit=page.size
        )
        return _page(context, query, repositories, total, "starred")
    starred, _ = marked_repositories(context.forge, Mark.STAR, context.identity, context.user)
    fitting = [one for one in starred if search in _searched(one.subject)]
    rows = fitting[page.offset : page.offset + page.size]
    return _page(context, query, rows, len(fitting), "starred")


def _searched(repository: Repository) -> str:
    return f"{repository.true_name}\0{repository.path}\0{repository.description}".casefold()


def _page(
    context: RequestContext,
    query: ProjectsQuery,
    repositories: Sequence[Authorized[Repository, MaySee]],
    total: int,
    word: str,
) -> ListPage:
    return ListPage(
        project_objects(context, repositories), total, query.page, url(context, "projects", word), query.narrowed
    )


ROUTES = (
    plain_route("GET", "/projects/owned", ProjectsQuery, list_owned, scopes=()),
    plain_route("GET", "/projects/all", ProjectsQuery, list_all, scopes=()),
    plain_route("GET", "/projects/starred", ProjectsQuery, list_starred, scopes=()),
)
