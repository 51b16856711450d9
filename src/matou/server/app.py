"""The whole server as one ASGI application: git and LFS by path, the dialects under theirs, pages at the rest."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matou.archive.cache import answers_folder
from matou.forge.forge import Forge
from matou.forge.pending_writes import flush_pending_writes
from matou.git.process.child_counts import ChildCounts
from matou.server.attachments import AttachmentRoute
from matou.server.authorization import GitRequest
from matou.server.broken_bodies import BrokenBodies
from matou.server.cors import ReadableByPages
from matou.server.cross_site import LocalNamesOnly, SameSiteOnly
from matou.server.dialects import coding, gitcode_v5, gitee_v3, gitee_v5, github_v3
from matou.server.dialects import matou as matou_api
from matou.server.errors import answer_for
from matou.server.expensive_pages import ExpensivePages
from matou.server.git.http import serve_git
from matou.server.git.lfs import LFS_OPERATIONS, serve_lfs
from matou.server.git.saved import SavedRoute
from matou.server.paths import read_git_path
from matou.server.platform_hosts import AtPlatform, PlatformHosts
from matou.server.rate_limit import FixedWindowLimiter
from matou.server.response_files import ResponseFiles
from matou.server.shared_memory import SharedMemory
from matou.server.ssh.address import SshEndpoint
from matou.server.state import ServerState
from matou.server.streaming import Header
from matou.server.trusted_proxies import Network, TrustedProxies
from matou.server.watch.metrics import metrics_routes
from matou.server.watch.probes import probe_routes
from matou.server.watch.request_log import RequestLog
from matou.server.watch.requests import note_route
from matou.server.watch.server_metrics import say_now_and_then
from matou.server.watch.tracing import TracedChildCounts, Tracing
from matou.server.web.routes import page_routes

_POLICY = (
    b"default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SAFETY_HEADERS: tuple[Header, ...] = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
"""On every answer, whoever wrote it, unless it sets its own."""


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """What stands between the server and those who ask it.

    Attributes:
        proxies: whose word is taken for whom a request comes from.
        readers: the sites whose pages may read the API in a browser.
        hosts: names of this server, in lower case, with the platform that each stands for.
        sign_in_for_expensive: pages that cost the server work are for people with an account.
    """

    proxies: tuple[Network, ...] = ()
    readers: tuple[str, ...] = ()
    hosts: Mapping[str, str] = field(default_factory=dict)
    sign_in_for_expensive: bool = False


NO_EDGE_SETTINGS = EdgeSettings()


def build_app(
    forge: Forge,
    *,
    base_url: str | None = None,
    limiter: FixedWindowLimiter | None = None,
    edge: EdgeSettings = NO_EDGE_SETTINGS,
    ssh: SshEndpoint | None = None,
    logs_requests: bool = False,
    shared: SharedMemory | None = None,
    tracing: Tracing | None = None,
) -> Starlette:
    """Put the routes together.

    Args:
        forge: what is served.
        base_url: how people reach the server, for the links in answers; None takes what each request says.
        limiter: how often one account, or one address without one, may ask the REST API; None for no limit.
        edge: the proxies before it, and the sites whose pages may read it.
        ssh: where it is reached by SSH.
        logs_requests: each is a line in the log.
        shared: with other workers; None where there are none.
        tracing: where spans go; None for nowhere.
    """
    state = new_state(
        forge,
        base_url,
        sign_in_for_expensive=edge.sign_in_for_expensive,
        ssh=ssh,
        shared=shared,
        children=None if tracing is None else TracedChildCounts(tracing),
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        with suppress(OSError):  # without a place for them, answers are made anew each time
            await asyncio.to_thread(state.response_files.prepare)
        saying = asyncio.create_task(say_now_and_then(state)) if state.shared.workers > 1 else None
        yield
        if saying is not None:
            saying.cancel()
        # What is under way by SSH has its threads until its end.
        for ending in getattr(app.state, "endings", ()):
            await ending()
        flush_pending_writes(forge)
        state.close()

    app = Starlette(
        routes=[
            # Before git's own, which goes by the end of a path: a file of a repository may be called `info/refs`.
            *_host_routes(state, limiter, edge),
            *gitcode_v5.routes(state, limiter=limiter),
            *gitee_v3.routes(state, limiter=limiter),
            *gitee_v5.routes(state, limiter=limiter),
            *github_v3.routes(state, limiter=limiter),
            *matou_api.routes(state, limiter=limiter),
            SavedRoute(state),
            AttachmentRoute(state),
            GitRoute(state),
            *probe_routes(state),
            *metrics_routes(state),
            *coding.routes(state),
            *page_routes(state),
        ],
        middleware=[
            *_proxies(edge),
            *_hosts(edge),
            Middleware(SafetyHeaders),
            Middleware(
                RequestLog,
                counts=state.shared.requests,
                children=state.children,
                writes_lines=logs_requests,
                tracing=tracing,
            ),
            Middleware(BrokenBodies),
            Middleware(LocalNamesOnly, forge=forge, base_url=base_url, hosts=frozenset(edge.hosts)),
            Middleware(SameSiteOnly),
            *_readers(forge, edge),
        ],
        exception_handlers={Exception: _answer_fault},
        lifespan=lifespan,
    )
    app.state.server_state = state
    return app


def new_state(
    forge: Forge,
    base_url: str | None,
    *,
    sign_in_for_expensive: bool = False,
    ssh: SshEndpoint | None = None,
    shared: SharedMemory | None = None,
    children: ChildCounts | None = None,
) -> ServerState:
    return ServerState(
        forge,
        base_url,
        ResponseFiles(answers_folder(forge.archive)),
        ssh,
        shared or SharedMemory(),
        children=children or ChildCounts(),
        expensive_pages=ExpensivePages(sign_in_needed=sign_in_for_expensive),
    )


def _proxies(edge: EdgeSettings) -> list[Middleware]:
    """Before all others: what they look at is what it says."""
    return [Middleware(TrustedProxies, networks=edge.proxies)] if edge.proxies else []


def _hosts(edge: EdgeSettings) -> list[Middleware]:
    return [Middleware(PlatformHosts, hosts=edge.hosts)] if edge.hosts else []


def _host_routes(state: ServerState, limiter: FixedWindowLimiter | None, edge: EdgeSettings) -> list[BaseRoute]:
    """What stands at `/api/v5` and `/api/v3` of a host that is not GitCode's."""
    own = {
        "gitee": gitee_v5.routes(state, limiter=limiter, prefix=gitcode_v5.PREFIX),
        "github": github_v3.routes(state, limiter=limiter, prefix=github_v3.PREFIX_OF_HOST),
    }
    return [AtPlatform(name, routes) for name, routes in own.items() if name in edge.hosts.values()]


def _readers(forge: Forge, edge: EdgeSettings) -> list[Middleware]:
    return [Middleware(ReadableByPages, forge=forge, origins=edge.readers)] if edge.readers else []


class GitRoute(BaseRoute):
    """Everything that a git or LFS client asks for, told by the end of the path alone."""

    def __init__(self, state: ServerState) -> None:
        self._state = state

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        target = read_git_path(scope["raw_path"]) if scope["type"] == "http" else None
        return (Match.NONE, {}) if target is None else (Match.FULL, {"git_target": target})

    def url_path_for(self, name: str, /, **path_params: object) -> NoMatchFound:  # type: ignore[override]
        raise NoMatchFound(name, dict(path_params))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = GitRequest(self._state, scope, receive, send, scope["git_target"])
        note_route(f"git {'/'.join(request.target.operation.value)}")
        serve = serve_lfs if request.target.operation in LFS_OPERATIONS else serve_git
        await serve(request)


class SafetyHeaders:
    """Adds what tells a browser to trust no answer further than it must."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in SAFETY_HEADERS if pair[0] not in present)]
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


async def _answer_fault(_: Request, error: Exception) -> Response:
    answer = answer_for(error)
    return PlainTextResponse(answer.text + "\n", status_code=answer.status)
