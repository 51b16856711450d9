"""Runs the server in this process: one listening socket, one event loop, and an end that lets requests finish."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.net import SocketHolder  # type: ignore[attr-defined]
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from matou.errors import Conflict, NotFound
from matou.forge.forge import Forge
from matou.server.app import NO_EDGE_SETTINGS, EdgeSettings, build_app
from matou.server.log import LogFormat, log_to_stderr
from matou.server.rate_limit import FixedWindowLimiter
from matou.server.ssh.address import SshEndpoint, SshListenOptions
from matou.server.ssh.host_key import HostKey, host_key_of

if TYPE_CHECKING:
    from matou.server.ssh.server import SshServer

log = structlog.get_logger(__name__)

BACKLOG = 1024
DRAIN = timedelta(seconds=25)
"""How long requests may go on after the server was told to stop; then they are cut off."""
LAST_MOMENT = timedelta(seconds=4)
"""How long cutting them off may take: with DRAIN it stays below the 30 seconds that service managers wait."""
NATIVE_THREADS_END_WITHIN = timedelta(seconds=0.5)
HEADERS_WITHIN = timedelta(seconds=15)
REQUESTS_PER_MINUTE = 600


class PortTaken(Conflict):
    """Somebody else listens there."""


class AddressUnusable(NotFound):
    """This machine cannot listen there."""


def serve(
    forge: Forge,
    *,
    host: str,
    port: int,
    base_url: str | None = None,
    requests_per_minute: int | None = None,
    edge: EdgeSettings = NO_EDGE_SETTINGS,
    ssh: SshListenOptions | None = None,
    log_format: LogFormat = LogFormat.TEXT,
    announce: Callable[[str], None] | None = None,
    on_shutdown: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or SIGINT; requests under way may finish, for DRAIN at most.

    Args:
        forge: what is served.
        host: an address or a name.
        port: 0 lets the system choose.
        base_url: how people reach the server, if that is not the address itself.
        requests_per_minute: of one account, or of one address without one, at the REST API; 0 is no limit, and None
            is REQUESTS_PER_MINUTE where others than this machine can reach the server.
        edge: the proxies before it, and the sites whose pages may read it.
        ssh: where it listens for SSH; None for nowhere.
        log_format: of what goes to stderr; only JSON has a line for each request.
        announce: is given the server's URL as soon as it can be reached; without it the URL goes to stdout.
        on_shutdown: called once the server is told to stop; must return at once.

    Raises:
        PortTaken, AddressUnusable: it cannot listen there.
    """
    log_to_stderr(log_format)
    limiter = _limiter(forge, requests_per_minute)
    has_lines = log_format is LogFormat.JSON
    build = partial(build_app, forge, base_url=base_url, limiter=limiter, edge=edge, logs_requests=has_lines)
    listener = listen(host, port)
    ssh_listener = None if ssh is None else listen_for_ssh(forge, ssh)
    asyncio.run(_serve(build, listener, base_url, announce or _print_url, ssh_listener, on_shutdown))
    _let_native_threads_end()


def listen(host: str, port: int) -> socket.socket:
    """Bind here, and not in the web server: it would tell neither the port that it got nor that one is taken."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken("{host} port {port} is taken", host=repr(host), port=port) from error
        reason = str(error.strerror).partition(" (while ")[0]  # Python adds the address, which stands here already
        raise AddressUnusable(
            "cannot listen on {host} port {port}: {reason}", host=repr(host), port=port, reason=reason
        ) from error
    # Accepted connections inherit it (Linux, BSD, macOS). An answer in pieces would otherwise wait for the client's
    # delayed acknowledgement: 40 ms for each fetch.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


@dataclass(frozen=True, slots=True)
class SshListener:
    """A bound socket, and what clients are told there."""

    socket: socket.socket
    key: HostKey
    announce: Callable[[SshEndpoint], None]

    @property
    def address(self) -> SshEndpoint:
        return SshEndpoint(self.socket.getsockname()[1], self.key.fingerprint, self.key.public_line)


def listen_for_ssh(forge: Forge, settings: SshListenOptions) -> SshListener:
    """Raises HostKeyUnusable, and as `listen`."""
    key = host_key_of(forge.archive)
    return SshListener(listen(settings.host, settings.port), key, settings.announce)


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _limiter(forge: Forge, requests_per_minute: int | None) -> FixedWindowLimiter | None:
    limit = requests_per_minute if requests_per_minute is not None else 0 if forge.loopback else REQUESTS_PER_MINUTE
    return FixedWindowLimiter(limit, window=timedelta(minutes=1)) if limit else None


async def _serve(
    build: Callable[..., Starlette],
    listener: socket.socket,
    base_url: str | None,
    announce: Callable[[str], None],
    ssh_listener: SshListener | None,
    on_shutdown: Callable[[], None],
) -> None:
    app, url = build(ssh=None if ssh_listener is None else ssh_listener.address), base_url or url_of(listener)
    requests = InFlightRequests(app)
    ssh = None if ssh_listener is None else await _serve_ssh(app, ssh_listener, url_of(listener))
    server = EmbeddedServer(requests, listener, announce=lambda: announce(url))
    ending = GracefulShutdown(server, requests, ssh, on_shutdown)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.begin)
    await server.serve()


async def _serve_ssh(app: Starlette, listener: SshListener, http_url: str) -> "SshServer":
    """In this event loop: a push takes the same turns here as over HTTP."""
    # asyncssh takes a third of a second to load, which a server without it does not wait for.
    from matou.server.ssh.server import SshServer

    server = SshServer(app.state.server_state, listener.key, http_url)
    await server.start(listener.socket)
    app.state.endings = [server.finished]
    listener.announce(listener.address)
    return server


class InFlightRequests:
    """Knows which requests are under way, so that the end can cut off what does not end by itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        if task is None or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._tasks.add(task)
        try:
            await self._app(scope, receive, send)
        finally:
            self._tasks.discard(task)

    def cut_off(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()


class EmbeddedServer(Server):
    """Granian in this process and on a socket that we bound."""

    def __init__(self, app: ASGIApp, listener: socket.socket, *, announce: Callable[[], None]) -> None:
        super().__init__(
            app,
            interface=Interfaces.ASGI,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=round(HEADERS_WITHIN.total_seconds() * 1000)),
            websockets=False,
            log_enabled=False,
            backlog=BACKLOG,
        )
        self._listener = listener
        self._announce = announce

    def _init_shared_socket(self) -> None:
        self._ssp = None
        # Granian closes the descriptor itself, as soon as it is told to stop. Its annotations know neither this
        # constructor (descriptor, is a Unix socket, backlog) nor its use.
        self._sfd = self._listener.detach()  # type: ignore[assignment]
        self._shd = SocketHolder(self._sfd, False, BACKLOG)  # type: ignore[assignment,call-arg]  # noqa: FBT003
        asyncio.get_running_loop().call_soon(self._announce)


class GracefulShutdown:
    """Stops the server once it is told to; the second time at once."""

    def __init__(
        self,
        server: EmbeddedServer,
        requests: InFlightRequests,
        ssh: "SshServer | None",
        on_shutdown: Callable[[], None],
    ) -> None:
        self._server = server
        self._requests = requests
        self._ssh = ssh
        self._on_shutdown = on_shutdown
        self._has_begun = False

    def begin(self) -> None:
        loop = asyncio.get_running_loop()
        if self._has_begun:
            self._cut_off()
            return
        self._has_begun = True
        if self._ssh is not None:
            self._ssh.stop()
        self._on_shutdown()
        self._server.stop()  # type: ignore[no-untyped-call]
        loop.call_later(DRAIN.total_seconds(), self._cut_off)
        loop.call_later((DRAIN + LAST_MOMENT).total_seconds(), _leave)

    def _cut_off(self) -> None:
        self._requests.cut_off()
        if self._ssh is not None:
            self._ssh.cut_off()


def _leave() -> None:
    """What still runs waits for a thread that waits for a client; nothing of it was acknowledged."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(0)


def _let_native_threads_end() -> None:
    """Wait for Granian's own threads, which end a moment after it says that it has: one that meets a Python which
    is shutting down aborts the process (seen with Granian 2.8.7 in one exit of three)."""
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        time.sleep(NATIVE_THREADS_END_WITHIN.total_seconds())
        return
    deadline = time.monotonic() + NATIVE_THREADS_END_WITHIN.total_seconds()
    while len(list(tasks.iterdir())) > threading.active_count() and time.monotonic() < deadline:
        time.sleep(0.005)


def _print_url(url: str) -> None:
    """A server that cannot say where it is serves all the same."""
    try:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
    except OSError as error:
        log.warning("url_not_printed", url=url, reason=error.strerror)
