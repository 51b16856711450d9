"""A server for importers: git, LFS and GitHub's API v3 over an archive, beside a command's own work and for its time.

Nobody is let in who does not say who they are, whatever is public: it is not meant for people.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from matou.errors import TryLater
from matou.forge.forge import Forge
from matou.server.app import GitRoute, new_state
from matou.server.authentication import CHALLENGE
from matou.server.broken_bodies import BrokenBodies
from matou.server.dialects import github_v3
from matou.server.main import EmbeddedServer, InFlightRequests, listen, url_of
from matou.server.streaming import PLAIN_TEXT, header, send_answer

BEGINS_WITHIN_SECONDS = 30
ENDS_WITHIN_SECONDS = 10


class ImportServerFailed(TryLater):
    """It did not begin to answer."""


class OnlyWithCredential:
    """Refuses whoever does not say who they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not header(scope["headers"], b"authorization"):
            await send_answer(send, 401, (PLAIN_TEXT, CHALLENGE), b"say who you are\n")
            return
        await self._app(scope, receive, send)


def build_import_app(forge: Forge, base_url: str) -> Starlette:
    state = new_state(forge, base_url)
    return Starlette(
        routes=[*github_v3.routes(state, prefix=github_v3.PREFIX_OF_HOST), GitRoute(state)],
        middleware=[Middleware(BrokenBodies), Middleware(OnlyWithCredential)],
    )


@contextmanager
def serving_imports(forge: Forge, host: str, port: int, *, public_url: str | None = None) -> Iterator[str]:
    """The address under which importers reach it, while it runs in a thread of its own.

    Args:
        host, port: where to listen; port 0 lets the system choose.
        public_url: how others reach it, if that is not the address itself.

    Raises:
        PortTaken, AddressUnusable: it cannot listen there.
        ImportServerFailed: it did not begin to answer.
    """
    listener = listen(host, port)
    url = public_url or url_of(listener)
    requests = InFlightRequests(build_import_app(forge, url))
    begun = threading.Event()
    loop = asyncio.new_event_loop()
    server: list[EmbeddedServer] = []

    async def run() -> None:
        server.append(EmbeddedServer(requests, listener, announce=begun.set))
        await server[0].serve()

    thread = threading.Thread(target=_run_loop, args=(loop, run), name="import-server", daemon=True)
    thread.start()
    try:
        if not begun.wait(BEGINS_WITHIN_SECONDS):
            raise ImportServerFailed("the server for the import did not begin to answer at {url}", url=url)
        yield url
    finally:
        if server:
            loop.call_soon_threadsafe(server[0].stop)
            loop.call_soon_threadsafe(requests.cut_off)
        thread.join(ENDS_WITHIN_SECONDS)


def _run_loop(loop: asyncio.AbstractEventLoop, run: Callable[[], object]) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(run())  # type: ignore[arg-type]
    finally:
        loop.close()
