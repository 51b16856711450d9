"""Searching for repositories and for people by a part of their names."""

from enum import StrEnum

from matou.db.repository_listings import Order, RepositoryQuery
from matou.db.users import User
from matou.errors import Invalid
from matou.forge.access import Scope
from matou.forge.accounts.users import search_people
from matou.forge.repositories.repository_lists import search_repositories
from matou.platforms.gitcode import wire
from matou.server.api.context import RequestContext
from matou.server.api.params import Direction, PageParameters
from matou.server.api.response_cache import at_database
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, plain_route
from matou.server.dialects.gitcode_v5.repository_object import repository_objects


class LanguageNotKnown(Invalid):
    """Which languages a repository is written in is counted when somebody asks for it, and not searched."""


class RepositorySort(StrEnum):
    BEST = ""
    LAST_PUSH = "last_push_at"
    STARS = "stars_count"
    FORKS = "forks_count"


class UserSort(StrEnum):
    BEST = ""
    JOINED = "joined_at"


class RepositorySearchQuery(PageParameters, frozen=True, kw_only=True):
    q: str
    sort: RepositorySort = RepositorySort.BEST
    order: Direction = Direction.DESCENDING
    owner: str = ""
    fork: bool = False
    language: str = ""


class UserSearchQuery(PageParameters, frozen=True, kw_only=True):
    q: str
    sort: UserSort = UserSort.BEST
    order: Direction = Direction.DESCENDING


_ORDERS = {
    RepositorySort.BEST: Order.FULL_NAME,
    RepositorySort.LAST_PUSH: Order.PUSHED,
    RepositorySort.STARS: Order.STARS,
    RepositorySort.FORKS: Order.FORKS,
}


def find_repositories(context: RequestContext, params: RepositorySearchQuery) -> ListPage:
    if params.language:
        raise LanguageNotKnown("repositories cannot be searched by language")
    is_best = params.sort is RepositorySort.BEST
    query = RepositoryQuery(
        search=params.q,
        best_first=is_best,
        forks=params.fork,
        order=_ORDERS[params.sort],
        ascending=is_best or params.order is Direction.ASCENDING,
    )
    repositories, total = search_repositories(
        context.forge, context.identity, query, owner=params.owner, offset=params.offset, limit=params.limit
    )
    return ListPage(repository_objects(context, repositories), total)


def find_users(context: RequestContext, params: UserSearchQuery) -> ListPage:
    newest_first = None if params.sort is UserSort.BEST else params.order is Direction.DESCENDING
    people, total = search_people(
        context.forge, params.q, newest_first=newest_first, offset=params.offset, limit=params.limit
    )
    return ListPage([_user_result(context, user) for user in people], total)


def _user_result(context: RequestContext, user: User) -> wire.UserSearchResult:
    return wire.UserSearchResult(
        id=str(user.id),
        login=user.name,
        name=user.display_name or user.name,
        html_url=context.links.user(user.name),
        created_at=wire.china_second(user.created_at),
    )


ROUTES: tuple[Route, ...] = (
    plain_route(
        "GET",
        "/search/repositories",
        RepositorySearchQuery,
        find_repositories,
        answer=list[wire.GitCodeRepository],
        scopes=(Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE),
        cache_key=at_database,
        choices="of what the caller may see, whose name, path or description holds `q`, whatever the case; the best "
        "match is what is called so, then what begins so, then what holds it; without `fork=true` no forks, as the "
        "document has it; `language` is refused; pages are as large as elsewhere",
    ),
    plain_route(
        "GET",
        "/search/users",
        UserSearchQuery,
        find_users,
        answer=list[wire.UserSearchResult],
        cache_key=at_database,
        choices="people in use whose name or display name holds `q`, whatever the case, and never by e-mail; pages "
        "are as large as elsewhere",
    ),
)
