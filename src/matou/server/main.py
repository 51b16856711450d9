"""Runs the server: one listening socket, an event loop in each process, and an end that lets requests finish."""

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
from matou.server.shared_memory import ONE_MINUTE, SharedMemory
from matou.server.ssh.address import SshEndpoint, SshListenOptions
from matou.server.ssh.host_key import HostKey, host_key_of
from matou.server.supervisor import CUT_OFF, Supervisor, Worker
from matou.server.watch.server_metrics import COUNTERS
from matou.server.watch.tracing import Tracing

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


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How a server is reached, and what stands between it and those who ask.

    Attributes:
        host: an address or a name.
        port: 0 lets the system choose.
        base_url: how people reach the server, if that is not the address itself.
        requests_per_minute: of one account, or of one address without one, at the REST API; 0 is no limit, and None
            is REQUESTS_PER_MINUTE where others than this machine can reach the server.
        edge: the proxies before it, and the sites whose pages may read it.
        ssh: where it listens for SSH; None for nowhere.
        log_format: of what goes to stderr; only JSON has a line for each request.
        workers: how many processes serve.
    """

    host: str
    port: int
    base_url: str | None = None
    requests_per_minute: int | None = None
    edge: EdgeSettings = NO_EDGE_SETTINGS
    ssh: SshListenOptions | None = None
    log_format: LogFormat = LogFormat.TEXT
    workers: int = 1


@dataclass(frozen=True, slots=True)
class PreparedServer:
    """All that workers have in common, made before they are: its sockets are bound."""

    options: ServeOptions
    listener: socket.socket
    ssh: "SshListener | None"
    limiter: FixedWindowLimiter | None
    shared: SharedMemory

    @property
    def url(self) -> str:
        return self.options.base_url or url_of(self.listener)


def prepare(forge: Forge, options: ServeOptions) -> PreparedServer:
    """Listen. Raises PortTaken, AddressUnusable, HostKeyUnusable."""
    log_to_stderr(options.log_format)
    listener = listen(options.host, options.port)
    ssh = None if options.ssh is None else listen_for_ssh(forge, options.ssh)
    limiter = _limiter(forge, options.requests_per_minute)
    return PreparedServer(options, listener, ssh, limiter, SharedMemory.of(options.workers))


def serve(
    forge: Forge,
    server: PreparedServer,
    *,
    announce: Callable[[str], None] | None = None,
    on_shutdown: Callable[[], None] = lambda: None,
    tracing: Tracing | None = None,
) -> None:
    """Serve in this process until SIGTERM or SIGINT; requests under way may finish, for DRAIN at most.

    Args:
        forge: what is served.
        announce: is given the server's URL as soon as it can be reached; without it the URL goes to stdout.
        on_shutdown: called once the server is told to stop; must return at once.
        tracing: where spans go; None for nowhere.
    """
    if server.ssh is not None:
        server.ssh.announce(server.ssh.address)
    asyncio.run(_serve(forge, server, None, partial(announce or print_url, server.url), on_shutdown, tracing))
    _let_native_threads_end()


def serve_as_worker(
    forge: Forge,
    server: PreparedServer,
    worker: Worker,
    *,
    on_shutdown: Callable[[], None] = lambda: None,
    tracing: Tracing | None = None,
) -> None:
    """As `serve`, as one of several, until nobody supervises it any more; SIGTERM ends it too, and SIGINT does not."""
    server.shared.requests.take_place(worker.number)
    server.shared.numbers.take_place(worker.number, counters=COUNTERS)
    asyncio.run(_serve(forge, server, worker, worker.tell_ready, on_shutdown, tracing))
    _let_native_threads_end()


def supervise(
    server: PreparedServer, work: Callable[[Worker], None], *, announce: Callable[[str], None] | None = None
) -> None:
    """Have workers serve until SIGTERM or SIGINT; see `Supervisor.run` for what becomes of whom."""
    if server.ssh is not None:
        server.ssh.load()
        server.ssh.announce(server.ssh.address)
    on_ready = partial(announce or print_url, server.url)
    Supervisor(work, server.options.workers, on_ready=on_ready).run()


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

    def load(self) -> None:
        """Load what serves it, once for all workers."""
        import matou.server.ssh.server  # noqa: F401

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
    return FixedWindowLimiter(limit, window=ONE_MINUTE) if limit else None


async def _serve(
    forge: Forge,
    server: PreparedServer,
    worker: Worker | None,
    tell_ready: Callable[[], None],
    on_shutdown: Callable[[], None],
    tracing: Tracing | None,
) -> None:
    app = build_app(
        forge,
        base_url=server.options.base_url,
        limiter=server.limiter,
        edge=server.options.edge,
        ssh=None if server.ssh is None else server.ssh.address,
        logs_requests=server.options.log_format is LogFormat.JSON,
        shared=server.shared,
        tracing=tracing,
    )
    requests, http_url = InFlightRequests(app), url_of(server.listener)
    ssh = None if server.ssh is None else await _serve_ssh(app, server.ssh, http_url)
    embedded = EmbeddedServer(requests, server.listener, announce=tell_ready)
    _end_at_signals(GracefulShutdown(embedded, requests, ssh, on_shutdown), worker)
    await embedded.serve()


def _end_at_signals(ending: "GracefulShutdown", worker: Worker | None) -> None:
    loop = asyncio.get_running_loop()
    if worker is None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ending.begin)
        return

    def end() -> None:
        loop.remove_reader(worker.supervised)
        ending.begin_once()

    loop.add_reader(worker.supervised, end)
    loop.add_signal_handler(signal.SIGTERM, ending.begin_once)
    loop.add_signal_handler(CUT_OFF, ending.cut_off)


async def _serve_ssh(app: Starlette, listener: SshListener, http_url: str) -> "SshServer":
    """In this event loop: a push takes the same turns here as over HTTP."""
    # asyncssh takes a third of a second to load, which a server without it does not wait for.
    from matou.server.ssh.server import SshServer

    server = SshServer(app.state.server_state, listener.key, http_url)
    await server.start(listener.socket)
    app.state.endings = [server.finished]
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
        if self._has_begun:
            self.cut_off()
        self.begin_once()

    def begin_once(self) -> None:
        loop = asyncio.get_running_loop()
        if self._has_begun:
            return
        self._has_begun = True
        if self._ssh is not None:
            self._ssh.stop()
        self._on_shutdown()
        self._server.stop()  # type: ignore[no-untyped-call]
        loop.call_later(DRAIN.total_seconds(), self.cut_off)
        loop.call_later((DRAIN + LAST_MOMENT).total_seconds(), _leave)

    def cut_off(self) -> None:
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


def print_url(url: str) -> None:
    """A server that cannot say where it is serves all the same."""
    try:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
    except OSError as error:
        log.warning("url_not_printed", url=url, reason=error.strerror)
