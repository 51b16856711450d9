"""25 and 26: who watches a repository and who gave it a star; and both for the one who asks, in Gitee's form."""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import TypedDict

from matou.db.repositories import Repository
from matou.db.stars import Mark, RepositoryOrder
from matou.db.users import User
from matou.errors import NotFound
from matou.forge.access import GrantedPage, MaySee, MayStar, Scope
from matou.forge.repositories.stars import (
    is_marked,
    marked_by,
    marked_repositories,
    put_mark,
    remove_mark,
    repositories_marked_by,
)
from matou.platforms.gitcode import wire
from matou.server.api.context import RepositoryContext, RequestContext
from matou.server.api.params import Direction, Nothing, PageParameters
from matou.server.api.response_cache import at_database
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, plain_route, repository_route
from matou.server.api.time_ranges import AFTER_AND_BEFORE, read_between
from matou.server.dialects.gitcode_v5.repository_object import repository_objects


class NotMarked(NotFound):
    """The caller has not starred, or does not watch, this repository."""


class StarredSort(StrEnum):
    """Of repositories in a list."""

    CREATED = "created"
    LAST_PUSH = "last_push"
    UPDATED = "updated"


class WatchersQuery(PageParameters, frozen=True, kw_only=True):
    watched_after: str = ""
    watched_before: str = ""


class StargazersQuery(PageParameters, frozen=True, kw_only=True):
    starred_after: str = ""
    starred_before: str = ""


class StarredRepositoriesQuery(PageParameters, frozen=True, kw_only=True):
    sort: StarredSort = StarredSort.CREATED
    direction: Direction = Direction.DESCENDING


def list_watchers(context: RepositoryContext[MaySee], params: WatchersQuery) -> ListPage:
    between = read_between("watched", params.watched_after, params.watched_before)
    users, total = marked_by(
        context.forge, Mark.WATCH, context.granted, between=between, offset=params.offset, limit=params.limit
    )
    rows = [wire.Subscriber(**_person(one.user), watch_at=wire.china_moment(one.created_at)) for one in users]
    return ListPage(rows, total)


def list_stargazers(context: RepositoryContext[MaySee], params: StargazersQuery) -> ListPage:
    between = read_between("starred", params.starred_after, params.starred_before)
    users, total = marked_by(
        context.forge, Mark.STAR, context.granted, between=between, offset=params.offset, limit=params.limit
    )
    rows = [wire.Stargazer(**_person(one.user), starred_at=wire.china_moment(one.created_at)) for one in users]
    return ListPage(rows, total)


def list_marked(mark: Mark) -> Callable[[RequestContext, StarredRepositoriesQuery], ListPage]:
    """Repositories that the caller put the mark on and may still see."""

    def run(context: RequestContext, params: StarredRepositoriesQuery) -> ListPage:
        return _page(context, params, partial(marked_repositories, context.forge, mark, context.identity, context.user))

    return run


def list_marked_by_other(mark: Mark) -> Callable[[RequestContext, StarredRepositoriesQuery], ListPage]:
    """Repositories that somebody put the mark on and that the caller may see."""

    def run(context: RequestContext, params: StarredRepositoriesQuery) -> ListPage:
        find = partial(repositories_marked_by, context.forge, mark, context.identity, context.path["username"])
        return _page(context, params, find)

    return run


def _page(
    context: RequestContext, params: StarredRepositoriesQuery, find: Callable[..., GrantedPage[Repository]]
) -> ListPage:
    repositories, total = find(
        order=RepositoryOrder.CREATED if params.sort is StarredSort.CREATED else RepositoryOrder.LAST_PUSH,
        ascending=params.direction is Direction.ASCENDING,
        offset=params.offset,
        limit=params.limit,
    )
    return ListPage(repository_objects(context, repositories), total)


def put(mark: Mark) -> Callable[[RepositoryContext[MayStar], Nothing], None]:
    return lambda context, _: put_mark(context.forge, mark, context.granted)


def remove(mark: Mark) -> Callable[[RepositoryContext[MayStar], Nothing], None]:
    return lambda context, _: remove_mark(context.forge, mark, context.granted)


def check(mark: Mark) -> Callable[[RepositoryContext[MayStar], Nothing], None]:
    def run(context: RepositoryContext[MayStar], _: Nothing) -> None:
        if not is_marked(context.forge, mark, context.granted):
            raise NotMarked("this account has put no {mark} on the repository", mark=mark.value)

    return run


class _Person(TypedDict):
    id: int
    login: str
    name: str
    avatar_url: str


def _person(user: User) -> _Person:
    return {"id": user.id, "login": user.name, "name": user.display_name, "avatar_url": ""}


def _routes_of_caller(mark: Mark, folder: str) -> tuple[Route, ...]:
    one = f"/user/{folder}/{{owner}}/{{repo}}"
    return (
        plain_route(
            "GET",
            f"/user/{folder}",
            StarredRepositoriesQuery,
            list_marked(mark),
            answer=list[wire.GitCodeRepository],
            scopes=(Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE),
            cache_key=at_database,
            choices="what the caller may no longer see is neither shown nor counted",
        ),
        plain_route(
            "GET",
            f"/users/{{username}}/{folder}",
            StarredRepositoriesQuery,
            list_marked_by_other(mark),
            answer=list[wire.GitCodeRepository],
            scopes=(),
            cache_key=at_database,
            choices="of these what the caller may see; without a token 404 where that is nothing",
        ),
        repository_route("GET", one, MayStar, Nothing, check(mark), answer=None, status=204),
        repository_route("PUT", one, MayStar, Nothing, put(mark), answer=None, status=204),
        repository_route("DELETE", one, MayStar, Nothing, remove(mark), answer=None, status=204),
    )


ROUTES = (
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/subscribers",
        MaySee,
        WatchersQuery,
        list_watchers,
        section=25,
        answer=list[wire.Subscriber],
        choices=f"the newest first; {AFTER_AND_BEFORE}",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/stargazers",
        MaySee,
        StargazersQuery,
        list_stargazers,
        section=26,
        answer=list[wire.Stargazer],
        choices=f"the newest first; {AFTER_AND_BEFORE}",
    ),
    *_routes_of_caller(Mark.STAR, "starred"),
    *_routes_of_caller(Mark.WATCH, "subscriptions"),
)
