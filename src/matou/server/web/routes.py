"""Which view answers which address, and what every page has in common.

`/-/NAME/…` belongs to nothing in particular. A path without `/-/` is a repository, a namespace or a person; behind it
stand the pages of a repository or a namespace, by the first word.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final
from urllib.parse import unquote_to_bytes, urlencode

from starlette.convertors import PathConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from matou.errors import MatouError, NotFound, Phrase
from matou.forge.access import (
    MayReadPast,
    MaySee,
    NoSuchNamespace,
    NoSuchRepository,
    authorize,
    authorize_namespace,
    authorize_repository,
)
from matou.forge.accounts.audit import Interface, acting_from
from matou.forge.content.past import PastNamespace, PastState, as_of_run, namespace_as_of_run
from matou.i18n import speaking
from matou.model.names import NamespacePath, RepositoryPath
from matou.server.api.responses import OpenedStream, StreamedResponse, open_stream
from matou.server.authentication import CHALLENGE, UnknownCredential, UnreadableCredential
from matou.server.authorization import UNAUTHORIZED
from matou.server.errors import HttpFailure, answer_for
from matou.server.expensive_pages import is_expensive
from matou.server.origin import base_url, caller_of, client_address
from matou.server.paths import namespace_at, repository_at
from matou.server.queries import LONGEST_QUERY_BYTES, is_short, require_short
from matou.server.state import ServerState
from matou.server.streaming import until_client_leaves
from matou.server.watch.requests import note_route
from matou.server.web.addresses import PAGES_OF_RUNS, SEPARATOR, page_url, past_address, staying_in
from matou.server.web.browsers import browser_name
from matou.server.web.code_links import code_link
from matou.server.web.forms import read_form
from matou.server.web.go_import import find_module
from matou.server.web.page import SIGN_IN, HtmlPage, SessionNeeded, Unchanged, WebRequest
from matou.server.web.preferences import language_of, theme_of
from matou.server.web.rendered_pages import AlreadyRendered, RenderedPageCache, page_key
from matou.server.web.rendering import STATIC_TYPES, render, static_file
from matou.server.web.sessions import (
    FORM_TOKEN,
    Visitor,
    identify_page,
    no_session_cookie,
    require_form_token,
    stranger,
)
from matou.server.web.tables import (
    ACTIONS,
    NAMESPACE_ACTIONS,
    NAMESPACE_PAGES,
    PAGES,
    REPOSITORY_ACTIONS,
    REPOSITORY_PAGES,
    WITHOUT_TOKEN,
    NamespaceView,
    RepositoryView,
    Shown,
)
from matou.server.web.views.listings import show_everything, show_person

LONGEST_PATH_BYTES: Final = 16384
POLICY: Final = (
    "default-src 'none'; img-src 'self'; media-src 'self'; object-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_EMBEDDING: Final = POLICY.replace("object-src 'none'", "object-src 'self'; frame-src 'self'")
_HEADERS: Final = {
    "cache-control": "private, no-cache",
    "vary": "Accept-Language, Authorization, Cookie",
    "content-security-policy": POLICY,
}
ROBOTS: Final = """\
# Front pages of repositories and teams may be read. What stands behind them has no end: each commit has each folder.
User-agent: *
Disallow: /-/
Disallow: /*/-/
Disallow: /*.git/
Disallow: /*?
Disallow: /api/
Disallow: /open-api
Disallow: /gitee/
"""
_OK: Final = 200
_LASTING: Final = {"cache-control": "public, max-age=31536000, immutable"}


class _WholePath(PathConvertor):
    """Line feeds too, which may stand in names of files."""

    regex = "(?s:.*)"


def page_routes(state: ServerState) -> list[BaseRoute]:
    """Everything that no other route took, so they come last."""
    register_url_convertor("whole", _WholePath())

    async def show(request: Request) -> Response:
        return await _respond(state, request)

    return [
        Route("/-/static/{file}", _static),
        Route("/robots.txt", _robots),
        Route("/-/{action:whole}", show, methods=["GET", "POST"]),
        Route("/{subject:path}/-/{action:whole}", show, methods=["GET", "POST"]),
        Route("/{path:whole}", show),
    ]


async def _static(request: Request) -> Response:
    note_route("/-/static")
    file = request.path_params["file"]
    content = static_file(file)
    if content is None:
        return Response("there is nothing here\n", 404, media_type="text/plain")
    return Response(content, media_type=STATIC_TYPES[file.rpartition(".")[2]], headers=_LASTING)


async def _robots(_: Request) -> Response:
    return Response(ROBOTS, media_type="text/plain", headers={"cache-control": "max-age=3600"})


class _OpenedStream(Response):
    """A stream whose first piece is there."""

    def __init__(self, opened: OpenedStream) -> None:
        super().__init__()
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await until_client_leaves(receive, self._opened.send(send, is_head=scope["method"] == "HEAD"))


async def _respond(state: ServerState, request: Request) -> Response:
    visitor = stranger(state, request)
    try:
        visitor = await identify_page(state, request)
        answer = await _respond_to(state, request, visitor)
        return answer if isinstance(answer, Response) else _OpenedStream(await open_stream(answer, state))
    except MatouError as error:
        return _failure(state, request, visitor, error)


async def _respond_to(state: ServerState, request: Request, visitor: Visitor) -> Response | StreamedResponse:
    require_short(request.scope)
    if "login" in request.query_params:
        return _ask_or_return(state, request, visitor)
    view = _page_request(state, request, visitor)
    note_route(_route_of(view.segments))
    if SIGN_IN in view.query:
        return _sign_in_first(view)
    if request.method == "POST":
        form = await read_form(request.receive, request.headers.get("content-type", ""))
        return await state.run_in_pool(_act, replace(view, form=form))
    if not is_expensive(view.segments, view.query):
        return await state.run_in_pool(_answer, view)
    async with state.expensive_pages.place(view.caller, is_signed_in=view.identity.user is not None):
        return await state.run_in_pool(_answer, view)


def _route_of(segments: tuple[str, ...]) -> str:
    """By the tables of pages: what they do not have is all one."""
    if SEPARATOR not in segments:
        return "page"
    place = segments.index(SEPARATOR)
    subject, word = segments[:place], "".join(segments[place + 1 : place + 2])
    known = (REPOSITORY_PAGES, NAMESPACE_PAGES, REPOSITORY_ACTIONS, NAMESPACE_ACTIONS) if subject else (PAGES, ACTIONS)
    return f"page {'…' if subject else ''}/-/{word}" if any(word in table for table in known) else "page"


def _answer(view: WebRequest) -> Response | StreamedResponse:
    """A page, or where a link into a repository's code leads."""
    with speaking(view.language), staying_in(past_address(view.segments)):
        try:
            view = _with_past(replace(view, database_version=view.forge.database.version()))
            return _respond_with(view, _go_module(view) or _show(view))
        except Unchanged as known:
            return Response(status_code=304, headers={**_HEADERS, "etag": known.etag})
        except AlreadyRendered as page:
            return _answer_with(view, page.content, {**_HEADERS, "etag": page.etag})
        except SessionNeeded:
            return _sign_in_first(view)
        except NotFound:
            link = code_link(view)
            if link is None:
                raise
            return RedirectResponse(link, 302, _HEADERS)


def _act(view: WebRequest) -> Response | StreamedResponse:
    """Do what a form asks for. How pages look is for the browser alone to keep, unless somebody is signed in."""
    place = view.segments.index(SEPARATOR)
    subject, words = view.segments[:place], view.segments[place + 1 :]
    if not words:
        raise _nothing_here()
    if subject or view.visitor.session is not None or words[0] not in WITHOUT_TOKEN:
        require_form_token(view.visitor, view.form.text(FORM_TOKEN))
    with speaking(view.language), acting_from(Interface.PAGES, view.client):
        try:
            return _respond_with(view, _done(view, subject, words))
        except SessionNeeded:
            return RedirectResponse(page_url(SIGN_IN), 303, _HEADERS)


def _done(view: WebRequest, subject: tuple[str, ...], words: tuple[str, ...]) -> Shown:
    if subject:
        return _part_of(view, subject, words, REPOSITORY_ACTIONS, NAMESPACE_ACTIONS)
    action = ACTIONS.get(words[0])
    if action is None:
        raise _nothing_here()
    return action(view, words[1:])


def _sign_in_first(view: WebRequest) -> Response:
    page = replace(view, query={name: value for name, value in view.query.items() if name != SIGN_IN})
    onward = f"?{urlencode({'next': page.address})}"
    return RedirectResponse(page_url(SIGN_IN) + (onward if len(onward) <= LONGEST_QUERY_BYTES else ""), 303, _HEADERS)


def _go_module(view: WebRequest) -> HtmlPage | None:
    requested = view.query.get("go-get") == "1"
    module = find_module(view.forge, view.identity, view.segments) if requested else None
    return (
        None
        if module is None
        else HtmlPage("go_module.html", {"module": module, "host": view.base.partition("://")[2]})
    )


def _respond_with(view: WebRequest, shown: Shown) -> Response | StreamedResponse:
    return _rendered(view, shown) if isinstance(shown, HtmlPage) else shown


def _rendered(view: WebRequest, page: HtmlPage) -> Response:
    headers = {**_HEADERS, "etag": page.etag} if page.etag else {**_HEADERS, "cache-control": "no-store"}
    if page.embeds:
        headers["content-security-policy"] = _EMBEDDING
    content = render(page.template, {**page.values, "view": view})
    _remember(view, page, content)
    response = _answer_with(view, content, headers, page.status)
    response.raw_headers.extend(page.headers)
    return response


def _answer_with(view: WebRequest, content: bytes, headers: Mapping[str, str], status: int = 200) -> Response:
    response = Response(content, status, media_type="text/html", headers=headers)
    if view.visitor.had_session:
        response.raw_headers.append(no_session_cookie(view.visitor))
    return response


def _remember(view: WebRequest, page: HtmlPage, content: bytes) -> None:
    """For others too who are nobody, unless it holds what was made for this browser."""
    is_for_all = page.status == _OK and not page.headers and not page.embeds
    if view.visitor.session is None and view.visitor.form_token.encode() in content:
        return
    key = page_key(page.etag, view.identity, view.database_version) if is_for_all else None
    if key is not None:
        view.forge.memory(RenderedPageCache).known.put(key, content)


def _ask_or_return(state: ServerState, request: Request, visitor: Visitor) -> Response:
    """A browser asks for a password on 401 and then sends it to every page below the one that did."""
    if visitor.identity.user is not None:
        return RedirectResponse("/", 303)
    failure = HttpFailure(UNAUTHORIZED, Phrase("log in to see more"), (CHALLENGE,))
    return _document(state, request, visitor, failure)


def _failure(state: ServerState, request: Request, visitor: Visitor, error: MatouError) -> Response:
    if isinstance(error, UnknownCredential | UnreadableCredential):
        return _document(state, request, visitor, HttpFailure(UNAUTHORIZED, error.fact, (CHALLENGE,)))
    return _document(state, request, visitor, answer_for(error))


def _document(state: ServerState, request: Request, visitor: Visitor, answer: HttpFailure) -> Response:
    """What went wrong, in the reader's language; of what was asked for it says nothing."""
    view = replace(_page_request(state, request, visitor), segments=())
    with speaking(view.language):
        response = _rendered(
            view, HtmlPage("failure.html", {"text": answer.text, "status": answer.status}, answer.status)
        )
    response.raw_headers.extend(answer.headers)
    return response


def _page_request(state: ServerState, request: Request, visitor: Visitor) -> WebRequest:
    segments = _segments(request.scope["raw_path"])
    if segments is None:
        raise _nothing_here()
    return WebRequest(
        state=state,
        visitor=visitor,
        segments=segments,
        query=dict(request.query_params) if is_short(request.scope) else {},
        base=base_url(state.base_url, request.scope),
        language=visitor.preferences.language
        or language_of(request.cookies, request.headers.get("accept-language", "")),
        theme=visitor.preferences.theme or theme_of(request.cookies),
        caller=caller_of(visitor.identity, client_address(request.scope)),
        known=[tag.strip() for tag in request.headers.get("if-none-match", "").split(",")],
        client=client_address(request.scope),
        browser=browser_name(request.headers.get("user-agent", "")),
        wanted_range=request.headers.get("range", "") if request.method == "GET" else "",
        if_range=request.headers.get("if-range", ""),
    )


def _segments(raw_path: bytes) -> tuple[str, ...] | None:
    """The path's parts, each decoded once and after splitting, without an empty one at its end."""
    if not raw_path.startswith(b"/") or len(raw_path) > LONGEST_PATH_BYTES:
        return None
    parts = [unquote_to_bytes(part).decode("utf-8", "surrogateescape") for part in raw_path[1:].split(b"/")]
    return tuple(parts[:-1] if parts[-1] == "" else parts)


def _nothing_here() -> NotFound:
    return NotFound("there is nothing here")


def _show(view: WebRequest) -> Shown:
    if not view.segments:
        return show_everything(view)
    if SEPARATOR not in view.segments:
        return _show_front(view, view.segments)
    place = view.segments.index(SEPARATOR)
    subject, words = view.segments[:place], view.segments[place + 1 :]
    if view.past is not None:
        words = words[1:] or ("",)
    if not words or (view.past is not None and words[0] not in PAGES_OF_RUNS):
        raise _nothing_here()
    if subject:
        return _show_part(view, subject, words)
    page = PAGES.get(words[0])
    if page is None:
        raise _nothing_here()
    return page(view, words[1:])


def _show_front(view: WebRequest, subject: tuple[str, ...]) -> Shown:
    """A repository, a namespace or a person; what is missing and what is hidden answer alike."""
    with suppress(NotFound):
        return _show_part(view, subject, ("",))
    if len(subject) != 1:
        raise _nothing_here()
    return show_person(view, subject[0])


def _show_part(view: WebRequest, subject: tuple[str, ...], words: tuple[str, ...]) -> Shown:
    return _part_of(view, subject, words, REPOSITORY_PAGES, NAMESPACE_PAGES)


def _part_of(
    view: WebRequest,
    subject: tuple[str, ...],
    words: tuple[str, ...],
    of_repositories: Mapping[str, RepositoryView],
    of_namespaces: Mapping[str, NamespaceView],
) -> Shown:
    repository = repository_at(subject)
    if repository is not None and words[0] in of_repositories:
        with suppress(NoSuchRepository):
            granted = authorize_repository(view.forge, view.identity, MaySee, repository)
            return of_repositories[words[0]](view, granted, words[1:])
    namespace = namespace_at(subject)
    if namespace is not None and words[0] in of_namespaces:
        with suppress(NoSuchNamespace):
            seen = authorize_namespace(view.forge, view.identity, MaySee, namespace)
            return of_namespaces[words[0]](view, seen, words[1:])
    raise _nothing_here()


def _with_past(view: WebRequest) -> WebRequest:
    """As of the run that the address names, if it names one and the viewer may read earlier states."""
    past = past_address(view.segments)
    if past is None:
        return view
    path, namespace = repository_at(past.subject), namespace_at(past.subject)
    if path is not None:
        with suppress(NoSuchRepository):
            return replace(view, past=_past_repository(view, path, past.run))
    if namespace is not None:
        with suppress(NoSuchNamespace):
            return replace(view, past=_past_namespace(view, namespace, past.run))
    raise _nothing_here()


def _past_repository(view: WebRequest, path: RepositoryPath, run: int) -> PastState:
    seen = authorize_repository(view.forge, view.identity, MaySee, path)
    return as_of_run(view.forge, authorize(view.forge, view.identity, MayReadPast, seen.subject), run)


def _past_namespace(view: WebRequest, path: NamespacePath, run: int) -> PastNamespace:
    seen = authorize_namespace(view.forge, view.identity, MaySee, path)
    return namespace_as_of_run(view.forge, authorize(view.forge, view.identity, MayReadPast, seen.subject), run)
