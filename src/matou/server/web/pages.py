"""Plain pages: what the viewer may see, and for each repository how to get it, its refs and its README as text."""

from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.errors import MatouError, NotFound, Phrase, Refused
from matou.forge.access import (
    Authorized,
    Identity,
    MayReadCode,
    MaySee,
    Scope,
    authorize,
    authorize_namespace,
    authorize_repository,
    require_scope,
)
from matou.forge.content.references import ref_listing
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import find_person, visible_repositories
from matou.git.odb.objects import MissingPath, TooLargeToRead, TreePath, find_commit, open_repository, read_file
from matou.git.wire.server import head_object
from matou.i18n import language_among, localize, speaking
from matou.model.names import NamespacePath, ObjectId, RepositoryPath
from matou.model.refs import RefListing
from matou.server.authentication import CHALLENGE, UnknownCredential, UnreadableCredential, identify, read_credential
from matou.server.authorization import UNAUTHORIZED
from matou.server.errors import HttpFailure, answer_for
from matou.server.origin import base_url, client_address
from matou.server.paths import namespace_at, repository_at, segments_of
from matou.server.state import ServerState
from matou.server.web.code_links import code_link
from matou.server.web.go_import import go_import
from matou.server.web.markup import Element, page

ROWS_ON_A_PAGE = 100
REFS_SHOWN = 200
LARGEST_README_BYTES = 256 * 1024
README_NAMES = ("README.md", "README", "README.zh-CN.md", "README.rst", "README.txt", "readme.md")
_NO_STORE = {"cache-control": "no-store"}
STYLE = b"body{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}pre{overflow:auto}\n"


@dataclass(frozen=True, slots=True)
class PageView:
    """One look at a page. `number` counts pages of a listing from 0."""

    forge: Forge
    identity: Identity
    segments: tuple[str, ...]
    base: str
    number: int


def page_routes(state: ServerState) -> list[BaseRoute]:
    """Everything that no other route took, so they come last."""

    async def show(request: Request) -> Response:
        return await _respond(state, request)

    return [Route("/-/style.css", _style), Route("/{path:path}", show)]


async def _style(_: Request) -> Response:
    return Response(STYLE, media_type="text/css", headers={"cache-control": "max-age=3600"})


async def _respond(state: ServerState, request: Request) -> Response:
    try:
        credential = read_credential(request.headers.raw)
        if "login" in request.query_params:
            return _ask_or_return(request, signed_in=credential is not None)
        identity = await state.run_in_pool(identify, state.forge, credential, address=client_address(request.scope))
        return await state.run_in_pool(_answer, state, request, identity)
    except MatouError as error:
        return _failure(request, error)


def _answer(state: ServerState, request: Request, identity: Identity) -> Response:
    """A page, or where a link into a repository's code leads."""
    try:
        body = _module_or_page(request, _page_view(state, request, identity))
    except NotFound:
        # A name in the link may be none that a page could have: it need not be UTF-8.
        link = code_link(state.forge, identity, request.scope["raw_path"])
        if link is None:
            raise
        return RedirectResponse(link, 302, _NO_STORE)
    return Response(body, media_type="text/html", headers=_NO_STORE)


def _module_or_page(request: Request, view: PageView) -> bytes:
    if request.query_params.get("go-get") == "1":
        module = go_import(view.forge, view.identity, view.segments, view.base)
        if module is not None:
            return module
    return _show(view)


def _ask_or_return(request: Request, *, signed_in: bool) -> Response:
    """A browser asks for a password on 401 and then sends it to every page below the one that asked."""
    if signed_in:
        return RedirectResponse("/", 303)
    return _document(request, HttpFailure(UNAUTHORIZED, Phrase("log in to see more"), (CHALLENGE,)))


def _failure(request: Request, error: MatouError) -> Response:
    if isinstance(error, UnknownCredential | UnreadableCredential):
        return _document(request, HttpFailure(UNAUTHORIZED, error.fact, (CHALLENGE,)))
    return _document(request, answer_for(error))


def _document(request: Request, answer: HttpFailure) -> Response:
    """What went wrong, in the language that the browser asks for."""
    language = language_among(request.headers.get("accept-language", ""))
    with speaking(language):
        body = page(localize(answer.text), language=language)
    headers = {**_NO_STORE, "vary": "Accept-Language"}
    response = Response(body, answer.status, media_type="text/html", headers=headers)
    response.raw_headers.extend(answer.headers)
    return response


def _page_view(state: ServerState, request: Request, identity: Identity) -> PageView:
    segments = segments_of(request.scope["raw_path"])
    if segments is None:
        raise _nothing_here()
    number = request.query_params.get("page", "0")
    return PageView(
        forge=state.forge,
        identity=identity,
        segments=segments[:-1] if segments[-1] == "" else segments,
        base=base_url(state.base_url, request.scope),
        number=int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 0,
    )


def _nothing_here() -> NotFound:
    return NotFound("there is nothing here")


def _show(view: PageView) -> bytes:
    if not view.segments:
        return _show_listing(view, "Repositories", None)
    try:
        repository, namespace = _reach(view)
    except NotFound:
        return _show_person(view)
    if repository is not None:
        return _show_repository(view, repository)
    return _show_listing(view, str(namespace.path) if namespace else "", namespace)


def _reach(view: PageView) -> tuple[Repository | None, Namespace | None]:
    """The repository at the path, or else the namespace; what is missing and what is hidden answer alike."""
    as_repository, as_namespace = repository_at(view.segments), namespace_at(view.segments)
    try:
        if as_repository is not None:
            return authorize_repository(view.forge, view.identity, MaySee, as_repository).subject, None
    except NotFound:
        pass
    if as_namespace is None:
        raise _nothing_here()
    try:
        return None, authorize_namespace(view.forge, view.identity, MaySee, as_namespace).subject
    except NotFound:
        raise _nothing_here() from None


def _show_listing(view: PageView, title: str, namespace: Namespace | None) -> bytes:
    require_scope(view.identity, Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)
    repositories, total = visible_repositories(
        view.forge,
        view.identity,
        namespace,
        recursive=True,
        offset=view.number * ROWS_ON_A_PAGE,
        limit=ROWS_ON_A_PAGE,
    )
    rows = [Element("li", _link(one.subject.path), _note(one.subject)) for one in repositories]
    described = [] if namespace is None else [Element("p", namespace.display_name), Element("p", namespace.description)]
    return page(title, _who(view.identity), *described, Element("ul", *rows), *_turning(view, total))


def _show_person(view: PageView) -> bytes:
    """Somebody whose namespace is not there yet, or holds nothing that the viewer may see. Raises NotFound."""
    if len(view.segments) != 1:
        raise _nothing_here()
    require_scope(view.identity, Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)
    try:
        user = find_person(view.forge, view.segments[0])
    except NotFound:
        raise _nothing_here() from None
    return page(user.name, _who(view.identity), Element("p", user.display_name), Element("p", "no repositories"))


def _who(identity: Identity) -> Element:
    if identity.user is not None:
        return Element("p", f"signed in as {identity.user.name}")
    return Element("p", Element("a", "log in", href="/?login=1"), " to see what is not public")


def _note(repository: Repository) -> str:
    return f" — {repository.description}" if repository.description else ""


def _link(path: RepositoryPath | NamespacePath) -> Element:
    return Element("a", str(path), href=f"/{quote(str(path))}")


def _turning(view: PageView, total: int) -> list[Element]:
    if (view.number + 1) * ROWS_ON_A_PAGE >= total:
        return []
    return [Element("p", Element("a", "more", href=f"?page={view.number + 1}"), f" of {total}")]


def _show_repository(view: PageView, repository: Repository) -> bytes:
    clone_url = f"{view.base}/{quote(str(repository.path))}.git"
    parts = [
        Element("p", _link(repository.path.namespace)),
        Element("p", repository.description),
        Element("pre", f"git clone {clone_url}"),
        *_state(repository),
    ]
    try:
        granted = authorize(view.forge, view.identity, MayReadCode, repository)
    except (NotFound, Refused):
        return page(str(repository.path), *parts)
    parts += _code(view.forge, granted)
    return page(str(repository.path), *parts)


def _state(repository: Repository) -> list[Element]:
    if repository.read_only_source is not None:
        return [Element("p", f"A backup of {repository.read_only_source}, read-only.")]
    return [Element("p", "Archived, read-only.")] if repository.archived else []


def _code(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> list[Element]:
    listing = ref_listing(forge, granted)
    if listing.is_empty:
        return [Element("p", "It is empty.")]
    readme = _readme(forge, granted, listing)
    return [
        *_refs("Branches", listing, "refs/heads/"),
        *_refs("Tags", listing, "refs/tags/"),
        *([] if readme is None else [Element("h2", "README"), Element("pre", readme)]),
    ]


def _refs(title: str, listing: RefListing, prefix: str) -> list[Element]:
    names = sorted(name.removeprefix(prefix) for name in listing.refs if name.startswith(prefix))
    if not names:
        return []
    rows = [Element("li", name) for name in names[:REFS_SHOWN]]
    more = [Element("p", f"and {len(names) - REFS_SHOWN} more")] if len(names) > REFS_SHOWN else []
    return [Element("h2", f"{title} ({len(names)})"), Element("ul", *rows), *more]


def _readme(forge: Forge, granted: Authorized[Repository, MayReadCode], listing: RefListing) -> str | None:
    head = head_object(listing)
    return None if head is None else _read_readme(forge, granted, head)


def _read_readme(forge: Forge, granted: Authorized[Repository, MayReadCode], head: ObjectId) -> str | None:
    opened = open_repository(forge.git_dir(granted.subject))
    commit = find_commit(opened, head)
    for name in README_NAMES:
        try:
            content = read_file(opened, commit, TreePath((name,)), largest_bytes=LARGEST_README_BYTES)
        except (MissingPath, TooLargeToRead):
            continue
        return content.decode("utf-8", "replace")
    return None
