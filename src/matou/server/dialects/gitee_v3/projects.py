"""Projects: listed, shown, made; starred and watched."""

from collections.abc import Callable

from matou.db.namespaces import NamespaceId
from matou.db.repositories import Repository
from matou.db.repository_listings import Order, Wanted
from matou.db.stars import Mark
from matou.db.users import User
from matou.forge.access import MaySee, MayStar, Scope, require_scope
from matou.forge.accounts.namespaces import find_namespace_by_id
from matou.forge.repositories.repository_creation import InitOptions, make_repository
from matou.forge.repositories.repository_lists import EVERY_WAY, find_person, own_repositories, repositories_of
from matou.forge.repositories.repository_metadata import RepositoryMetadata
from matou.forge.repositories.stars import marked_by, marked_repositories, put_mark, remove_mark
from matou.model.names import NamespacePath
from matou.model.platform import Visibility
from matou.platforms.gitee import wire_v3 as wire
from matou.server.dialects.gitee_v3 import schemas
from matou.server.dialects.gitee_v3.answers import Page
from matou.server.dialects.gitee_v3.context import RepositoryContext, RequestContext
from matou.server.dialects.gitee_v3.parameters import ROWS_AT_ONCE, FormFields, InvalidParameter, PageRequest
from matou.server.dialects.gitee_v3.project_lists import narrowed_by, wanted_projects
from matou.server.dialects.gitee_v3.project_object import BRANCH_OF_EMPTY, project_object, project_objects
from matou.server.dialects.gitee_v3.routing import plain_route, project_route

_YES_AND_NO = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
_LEVELS = {0: Visibility.PRIVATE, 10: Visibility.INTERNAL, 20: Visibility.PUBLIC}

Found = tuple[tuple[Repository, ...], int]


def list_projects(context: RequestContext) -> list[Page]:
    """What one has a part in, the newest first: what is made meanwhile may show a project twice, and hides none."""
    pages = context.given.page().with_neighbours(ROWS_AT_ONCE)
    size, start = pages[0].size, pages[0].offset
    wanted = wanted_projects(context, EVERY_WAY)
    found, total = own_repositories(
        context.forge, context.identity, context.user, wanted, offset=start, limit=len(pages) * size
    )
    listed, url, narrowed = project_objects(context, found), context.url("projects"), narrowed_by(context)
    return [
        Page(listed[page.offset - start : page.offset - start + size], total, page, url, narrowed) for page in pages
    ]


def show(context: RepositoryContext[MaySee]) -> wire.Project:
    return project_object(context, context.repository)


def create(context: RequestContext) -> wire.Project:
    """An empty one, in one's own namespace unless `namespace_id` names another; its path is its name, case and all.

    Raises:
        NameTaken: answered with 200, as Gitee does.
    """
    name = context.given.required("name")
    profile = RepositoryMetadata(name, context.given.text("description"), visibility=read_visibility(context.given))
    beginning = InitOptions(default_branch=BRANCH_OF_EMPTY)
    made = make_repository(context.forge, context.identity, _target(context), "", profile, beginning)
    return project_object(context, made)


def read_visibility(given: FormFields) -> Visibility:
    """Public unless something says otherwise; any `private` but 0 is private, that -1 of the document too.

    GitLab's `public` and `visibility_level` count where `private` says nothing: a project that was to be private must
    not come into the world open. Raises InvalidParameter.
    """
    private, public = _is_yes(given, "private"), _is_yes(given, "public")
    if private is not None or public is not None:
        return Visibility.PRIVATE if private or (private is None and not public) else Visibility.PUBLIC
    level = given.whole_number("visibility_level")
    if level is not None and level not in _LEVELS:
        raise InvalidParameter('"visibility_level" is 0, 10 or 20')
    return Visibility.PUBLIC if level is None else _LEVELS[level]


def _is_yes(given: FormFields, name: str) -> bool | None:
    word = given.text(name).strip().lower()
    if word in _YES_AND_NO:
        return _YES_AND_NO[word]
    number = given.whole_number(name)
    return None if number is None else number != 0


def _target(context: RequestContext) -> NamespacePath:
    number = context.given.whole_number("namespace_id")
    own = NamespacePath((context.user.name,))
    # Whether this identity may create there, or know of it, is decided by its path.
    return own if number is None else find_namespace_by_id(context.forge, NamespaceId(number)).path


def put(mark: Mark) -> Callable[[RepositoryContext[MaySee]], schemas.Count]:
    def run(context: RepositoryContext[MaySee]) -> schemas.Count:
        put_mark(context.forge, mark, context.user, context.repository)
        return _count(context, mark)

    return run


def remove(mark: Mark) -> Callable[[RepositoryContext[MaySee]], schemas.Count]:
    def run(context: RepositoryContext[MaySee]) -> schemas.Count:
        remove_mark(context.forge, mark, context.user, context.repository)
        return _count(context, mark)

    return run


def list_marked(mark: Mark, word: str) -> Callable[[RequestContext], Page]:
    """What somebody put the mark on, as far as the one who asks may see it."""

    def run(context: RequestContext) -> Page:
        require_scope(context.identity, Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)
        asked, user = context.given.page(), _person(context)
        found = marked_repositories(context.forge, mark, context.identity, user, offset=asked.offset, limit=asked.size)
        return _page(context, asked, found, "user", context.path["user"], word)

    return run


def list_of_user(context: RequestContext) -> Page:
    asked, wanted = context.given.page(), Wanted(order=Order.CREATED, ascending=False)
    name = _person(context).name
    found = repositories_of(context.forge, context.identity, name, wanted, offset=asked.offset, limit=asked.size)
    return _page(context, asked, found, "user", context.path["user"], "projects")


def _person(context: RequestContext) -> User:
    """By number, which is one's own alone, or by name. Raises NoSuchUser."""
    wanted = context.path["user"]
    return context.user if wanted == str(context.user.id) else find_person(context.forge, wanted)


def _count(context: RepositoryContext[MaySee], mark: Mark) -> schemas.Count:
    _, total = marked_by(context.forge, mark, context.repository, limit=0)
    return schemas.Count(count=total)


def _page(context: RequestContext, asked: PageRequest, found: Found, *url: str) -> Page:
    repositories, total = found
    return Page(project_objects(context, repositories), total, asked, context.url(*url))


ROUTES = (
    plain_route("GET", "/projects", list_projects, is_list_ahead=True),
    plain_route("POST", "/projects", create, status=201),
    project_route("GET", "/projects/{project}", MaySee, show),
    project_route("POST", "/projects/{project}/star", MayStar, put(Mark.STAR), status=201),
    project_route("DELETE", "/projects/{project}/star", MayStar, remove(Mark.STAR)),
    project_route("POST", "/projects/{project}/unstar", MayStar, remove(Mark.STAR), status=201),
    project_route("POST", "/projects/{project}/watch", MayStar, put(Mark.WATCH), status=201),
    project_route("POST", "/projects/{project}/unwatch", MayStar, remove(Mark.WATCH), status=201),
    plain_route("GET", "/user/{user}/projects", list_of_user),
    plain_route("GET", "/user/{user}/stared_projects", list_marked(Mark.STAR, "stared_projects")),
    plain_route("GET", "/user/{user}/watched_projects", list_marked(Mark.WATCH, "watched_projects")),
)
