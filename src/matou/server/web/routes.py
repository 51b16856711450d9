"""Which view answers which address, and what every page has in common.

`/-/NAME/…` belongs to nothing in particular. A path without `/-/` is a repository, a namespace or a person; behind it
stand the pages of a repository or a namespace, by the first word.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from matou.errors import MatouError, NotFound, Phrase
from matou.forge.access import (
    ANONYMOUS,
    Identity,
    MayReadPast,
    MaySee,
    NoSuchNamespace,
    NoSuchRepository,
    authorize,
    authorize_namespace,
    authorize_repository,
)
from matou.forge.content.past import as_of_run
from matou.i18n import speaking
from matou.server.api.responses import OpenedStream, StreamedResponse, open_stream
from matou.server.authentication import CHALLENGE, UnknownCredential, UnreadableCredential, identify, read_credential
from matou.server.authorization import UNAUTHORIZED
from matou.server.errors import HttpFailure, answer_for
from matou.server.origin import base_url, caller_of, client_address
from matou.server.paths import namespace_at, repository_at
from matou.server.state import ServerState
from matou.server.streaming import until_client_leaves
from matou.server.web.addresses import PAGES_OF_RUNS, SEPARATOR, past_address, staying_in
from matou.server.web.code_links import code_link
from matou.server.web.forms import read_form
from matou.server.web.go_import import find_module
from matou.server.web.page import HtmlPage, Unchanged, WebRequest
from matou.server.web.preferences import language_of, theme_of
from matou.server.web.rendering import STATIC_TYPES, render, static_file
from matou.server.web.tables import ACTIONS, NAMESPACE_PAGES, PAGES, REPOSITORY_PAGES, Shown
from matou.server.web.views.listings import show_everything, show_person

LONGEST_PATH_BYTES: Final = 16384
POLICY: Final = (
    "default-src 'none'; img-src 'self'; media-src 'self'; object-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "cache-control": "private, no-cache",
    "vary": "Accept-Language, Authorization, Cookie",
    "content-security-policy": POLICY,
}
_LASTING: Final = {"cache-control": "public, max-age=31536000, immutable"}


def page_routes(state: ServerState) -> list[BaseRoute]:
    """Everything that no other route took, so they come last."""

    async def show(request: Request) -> Response:
        return await _respond(state, request)

    return [
        Route("/-/static/{file}", _static),
        Route("/-/{action:path}", show, methods=["GET", "POST"]),
        Route("/{path:path}", show),
    ]


async def _static(request: Request) -> Response:
    file = request.path_params["file"]
    content = static_file(file)
    if content is None:
        return Response("there is nothing here\n", 404, media_type="text/plain")
    return Response(content, media_type=STATIC_TYPES[file.rpartition(".")[2]], headers=_LASTING)


class _OpenedStream(Response):
    """A stream whose first piece is there."""

    def __init__(self, opened: OpenedStream) -> None:
        super().__init__()
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await until_client_leaves(receive, self._opened.send(send, is_head=scope["method"] == "HEAD"))


async def _respond(state: ServerState, request: Request) -> Response:
    try:
        answer = await _respond_to(state, request)
        return answer if isinstance(answer, Response) else _OpenedStream(await open_stream(answer, state))
    except MatouError as error:
        return _failure(state, request, error)


async def _respond_to(state: ServerState, request: Request) -> Response | StreamedResponse:
    credential = read_credential(request.headers.raw)
    if "login" in request.query_params:
        return _ask_or_return(state, request, signed_in=credential is not None)
    identity = await state.run_in_pool(identify, state.forge, credential, address=client_address(request.scope))
    view = _page_request(state, request, identity)
    if request.method == "POST":
        form = await read_form(request.receive, request.headers.get("content-type", ""))
        return await state.run_in_pool(_act, replace(view, form=form))
    return await state.run_in_pool(_answer, view)


def _answer(view: WebRequest) -> Response | StreamedResponse:
    """A page, or where a link into a repository's code leads."""
    with speaking(view.language), staying_in(past_address(view.segments)):
        try:
            view = _with_past(view)
            return _respond_with(view, _go_module(view) or _show(view))
        except Unchanged as known:
            return Response(status_code=304, headers={**_HEADERS, "etag": known.etag})
        except NotFound:
            link = code_link(view)
            if link is None:
                raise
            return RedirectResponse(link, 302, _HEADERS)


def _act(view: WebRequest) -> Response | StreamedResponse:
    """Do what a form asks for."""
    words = view.segments[1:]
    action = ACTIONS.get(words[0]) if words else None
    if action is None:
        raise _nothing_here()
    with speaking(view.language):
        return _respond_with(view, action(view, words[1:]))


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
    content = render(page.template, {**page.values, "view": view})
    return Response(content, page.status, media_type="text/html", headers=headers)


def _ask_or_return(state: ServerState, request: Request, *, signed_in: bool) -> Response:
    """A browser asks for a password on 401 and then sends it to every page below the one that did."""
    if signed_in:
        return RedirectResponse("/", 303)
    return _document(state, request, HttpFailure(UNAUTHORIZED, Phrase("log in to see more"), (CHALLENGE,)))


def _failure(state: ServerState, request: Request, error: MatouError) -> Response:
    if isinstance(error, UnknownCredential | UnreadableCredential):
        return _document(state, request, HttpFailure(UNAUTHORIZED, error.fact, (CHALLENGE,)))
    return _document(state, request, answer_for(error))


def _document(state: ServerState, request: Request, answer: HttpFailure) -> Response:
    """What went wrong, in the reader's language. It says nothing of who is signed in: nobody was looked up for it."""
    view = replace(_page_request(state, request, ANONYMOUS), segments=())
    with speaking(view.language):
        response = _rendered(
            view, HtmlPage("failure.html", {"text": answer.text, "status": answer.status}, answer.status)
        )
    response.raw_headers.extend(answer.headers)
    return response


def _page_request(state: ServerState, request: Request, identity: Identity) -> WebRequest:
    segments = _segments(request.scope["raw_path"])
    if segments is None:
        raise _nothing_here()
    return WebRequest(
        state=state,
        identity=identity,
        segments=segments,
        query=dict(request.query_params),
        base=base_url(state.base_url, request.scope),
        language=language_of(request.cookies, request.headers.get("accept-language", "")),
        theme=theme_of(request.cookies),
        caller=caller_of(identity, client_address(request.scope)),
        known=[tag.strip() for tag in request.headers.get("if-none-match", "").split(",")],
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
    repository = repository_at(subject)
    if repository is not None and words[0] in REPOSITORY_PAGES:
        with suppress(NoSuchRepository):
            granted = authorize_repository(view.forge, view.identity, MaySee, repository)
            return REPOSITORY_PAGES[words[0]](view, granted, words[1:])
    namespace = namespace_at(subject)
    if namespace is not None and words[0] in NAMESPACE_PAGES:
        with suppress(NoSuchNamespace):
            seen = authorize_namespace(view.forge, view.identity, MaySee, namespace)
            return NAMESPACE_PAGES[words[0]](view, seen, words[1:])
    raise _nothing_here()


def _with_past(view: WebRequest) -> WebRequest:
    """The code as of the run that the address names, if it names one and the viewer may read earlier states."""
    past = past_address(view.segments)
    path = None if past is None else repository_at(past.subject)
    if past is None or path is None:
        return view
    seen = authorize_repository(view.forge, view.identity, MaySee, path)
    granted = authorize(view.forge, view.identity, MayReadPast, seen.subject)
    return replace(view, past=as_of_run(view.forge, granted, past.run))
