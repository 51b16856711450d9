"""Projects: listed, shown, made; starred and watched."""

from collections.abc import Callable

from matou.db.namespaces import NamespaceId
from matou.db.repositories import Repository
from matou.db.repository_listings import Order, RepositoryQuery
from matou.db.stars import Mark
from matou.db.users import User
from matou.forge.access import GrantedPage, MaySee, MayStar, Scope, require_scope
from matou.forge.accounts.namespaces import find_namespace_by_id
from matou.forge.repositories.init_options import InitOptions, make_repository
from matou.forge.repositories.repository_lists import EVERY_AFFILIATION, find_person, own_repositories, repositories_of
from matou.forge.repositories.repository_metadata import RepositoryMetadata
from matou.forge.repositories.stars import marked_by, marked_repositories, put_mark, remove_mark
from matou.model.names import NamespacePath
from matou.model.platform import Visibility
from matou.platforms.gitee import wire_v3 as wire
from matou.server.api.context import RepositoryContext, RequestContext
from matou.server.api.params import FormFields, InvalidParameter, PageRequest
from matou.server.api.response_cache import at_database
from matou.server.api.responses import ListPage, PageSet
from matou.server.api.route import plain_route, repository_route
from matou.server.dialects.gitee_v3 import schemas
from matou.server.dialects.gitee_v3.links import url
from matou.server.dialects.gitee_v3.project_lists import ProjectsQuery
from matou.server.dialects.gitee_v3.project_object import BRANCH_OF_EMPTY, project_object, project_objects

_YES_AND_NO = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
_LEVELS = {0: Visibility.PRIVATE, 10: Visibility.INTERNAL, 20: Visibility.PUBLIC}

ROWS_AT_ONCE = 100
"""Of a list that is made ahead: the questions to the database are the same for one page and for five."""


def list_projects(context: RequestContext, query: ProjectsQuery) -> PageSet:
    """What one has a part in, the newest first: what is made meanwhile may show a project twice, and hides none.

    Several pages are made together: whoever asks for the first reads on until an empty one.
    """
    pages = query.together(ROWS_AT_ONCE)
    size, start = pages[0].page.size, pages[0].page.offset
    criteria = query.criteria(EVERY_AFFILIATION)
    repositories, total = own_repositories(
        context.forge, context.identity, context.user, criteria, offset=start, limit=len(pages) * size
    )
    listed, address, narrowed = project_objects(context, repositories), url(context, "projects"), query.narrowed
    rows = {page: listed[page.page.offset - start : page.page.offset - start + size] for page in pages}
    return PageSet({page: ListPage(rows[page], total, page.page, address, narrowed) for page in pages})


def show(context: RepositoryContext[MaySee], _: FormFields) -> wire.GiteeV3Project:
    return project_object(context, context.repository)


def create(context: RequestContext, fields: FormFields) -> wire.GiteeV3Project:
    """An empty one, in one's own namespace unless `namespace_id` names another; its path is its name, case and all.

    Raises:
        NameTaken: answered with 200, as Gitee does.
    """
    name = fields.required("name")
    profile = RepositoryMetadata(name, fields.get("description"), visibility=read_visibility(fields))
    beginning = InitOptions(default_branch=BRANCH_OF_EMPTY)
    made = make_repository(context.forge, context.identity, _target(context, fields), "", profile, beginning)
    return project_object(context, made)


def read_visibility(fields: FormFields) -> Visibility:
    """Public unless something says otherwise; any `private` but 0 is private, that -1 of the document too.

    GitLab's `public` and `visibility_level` count where `private` says nothing: a project that was to be private must
    not come into the world open. Raises InvalidParameter.
    """
    private, public = _is_yes(fields, "private"), _is_yes(fields, "public")
    if private is not None or public is not None:
        return Visibility.PRIVATE if private or (private is None and not public) else Visibility.PUBLIC
    level = fields.whole_number("visibility_level")
    if level is not None and level not in _LEVELS:
        raise InvalidParameter('"visibility_level" is 0, 10 or 20')
    return Visibility.PUBLIC if level is None else _LEVELS[level]


def _is_yes(fields: FormFields, name: str) -> bool | None:
    word = fields.get(name).strip().lower()
    if word in _YES_AND_NO:
        return _YES_AND_NO[word]
    number = fields.whole_number(name)
    return None if number is None else number != 0


def _target(context: RequestContext, fields: FormFields) -> NamespacePath:
    number = fields.whole_number("namespace_id")
    own = NamespacePath((context.user.name,))
    # Whether this identity may create there, or know of it, is decided by its path.
    return own if number is None else find_namespace_by_id(context.forge, NamespaceId(number)).path


def put(mark: Mark) -> Callable[[RepositoryContext[MayStar], FormFields], schemas.MarkCount]:
    def run(context: RepositoryContext[MayStar], _: FormFields) -> schemas.MarkCount:
        put_mark(context.forge, mark, context.granted)
        return _count(context, mark)

    return run


def remove(mark: Mark) -> Callable[[RepositoryContext[MayStar], FormFields], schemas.MarkCount]:
    def run(context: RepositoryContext[MayStar], _: FormFields) -> schemas.MarkCount:
        remove_mark(context.forge, mark, context.granted)
        return _count(context, mark)

    return run


def list_marked(mark: Mark, word: str) -> Callable[[RequestContext, FormFields], ListPage]:
    """What somebody put the mark on, as far as the one who asks may see it."""

    def run(context: RequestContext, fields: FormFields) -> ListPage:
        require_scope(context.identity, Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)
        page, user = fields.page(), _person(context)
        listing = marked_repositories(context.forge, mark, context.identity, user, offset=page.offset, limit=page.size)
        return _page(context, page, listing, "user", context.path["user"], word)

    return run


def list_of_user(context: RequestContext, fields: FormFields) -> ListPage:
    page, criteria = fields.page(), RepositoryQuery(order=Order.CREATED, ascending=False)
    name = _person(context).name
    listing = repositories_of(context.forge, context.identity, name, criteria, offset=page.offset, limit=page.size)
    return _page(context, page, listing, "user", context.path["user"], "projects")


def _person(context: RequestContext) -> User:
    """By number, which is one's own alone, or by name. Raises NoSuchUser."""
    login = context.path["user"]
    return context.user if login == str(context.user.id) else find_person(context.forge, login)


def _count(context: RepositoryContext[MaySee], mark: Mark) -> schemas.MarkCount:
    _, total = marked_by(context.forge, mark, context.granted, limit=0)
    return schemas.MarkCount(count=total)


def _page(context: RequestContext, page: PageRequest, listing: GrantedPage[Repository], *segments: str) -> ListPage:
    repositories, total = listing
    return ListPage(project_objects(context, repositories), total, page, url(context, *segments))


ROUTES = (
    plain_route(
        "GET",
        "/projects",
        ProjectsQuery,
        list_projects,
        scopes=(),
        cache_key=at_database,
        group=lambda query: query.together(ROWS_AT_ONCE)[0],
    ),
    plain_route("POST", "/projects", FormFields, create, scopes=(), status=201),
    repository_route("GET", "/projects/{project}", MaySee, FormFields, show),
    repository_route("POST", "/projects/{project}/star", MayStar, FormFields, put(Mark.STAR), status=201),
    repository_route("DELETE", "/projects/{project}/star", MayStar, FormFields, remove(Mark.STAR)),
    repository_route("POST", "/projects/{project}/unstar", MayStar, FormFields, remove(Mark.STAR), status=201),
    repository_route("POST", "/projects/{project}/watch", MayStar, FormFields, put(Mark.WATCH), status=201),
    repository_route("POST", "/projects/{project}/unwatch", MayStar, FormFields, remove(Mark.WATCH), status=201),
    plain_route("GET", "/user/{user}/projects", FormFields, list_of_user, scopes=()),
    plain_route(
        "GET", "/user/{user}/stared_projects", FormFields, list_marked(Mark.STAR, "stared_projects"), scopes=()
    ),
    plain_route(
        "GET", "/user/{user}/watched_projects", FormFields, list_marked(Mark.WATCH, "watched_projects"), scopes=()
    ),
)
