"""A server for importers: git, LFS and GitHub's API v3 over an archive, beside a command's own work and for its time.

A project is a repository here as well, by the name `-` below its own: it has what was said around the project, and no
code.

Nobody is let in who does not say who they are, whatever is public: it is not meant for people.
"""

import asyncio
import re
import secrets
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote, urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import ASGIApp, Receive, Scope, Send

from matou.credentials import Secret
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.errors import TryLater
from matou.forge.access import (
    Authorized,
    Identity,
    MayReadConversation,
    MaySee,
    NoSuchRepository,
    Right,
    authorize_namespace,
)
from matou.forge.accounts.read_grants import digest_of, find_grant, grant_reading, revoke_grant
from matou.forge.forge import Forge
from matou.fs import reason_of
from matou.model.names import NamespacePath, RepositoryPath
from matou.server.api.context import PROJECT_SEGMENT
from matou.server.api.v5.naming import authorize_by_name
from matou.server.app import GitRoute, new_state
from matou.server.authentication import CHALLENGE, UnreadableCredential, read_credential
from matou.server.broken_bodies import BrokenBodies
from matou.server.dialects import github_v3
from matou.server.dialects.github_v3.accounts import UNLIMITED, end_of, rate_headers
from matou.server.dialects.github_v3.identifiers import SEPARATOR, owner_of
from matou.server.git.projects import ProjectGitRoute, named_project
from matou.server.main import AddressUnusable, EmbeddedServer, InFlightRequests, listen, url_of
from matou.server.origin import PLATFORM
from matou.server.streaming import PLAIN_TEXT, Header, header, send_answer

BEGINS_WITHIN_SECONDS = 30
ENDS_WITHIN_SECONDS = 10
GRANTED_FOR = timedelta(hours=8)


JSON_TEXT: Header = (b"content-type", b"application/json; charset=utf-8")

_REACTIONS = re.compile(
    rb"%b/repos/[^/]+/[^/]+/(?:issues|pulls)/(?:comments/)?[0-9]+/reactions\Z" % github_v3.PREFIX_OF_HOST.encode()
)


class ImportServerFailed(TryLater):
    """It did not begin to answer."""


def _nonce() -> str:
    return secrets.token_urlsafe(18)


@dataclass(frozen=True, slots=True)
class Beacon:
    """By which somebody who asks knows that this server answers: a path that nobody guesses, and what is said there."""

    path: str = field(default_factory=lambda: f"/-/{_nonce()}")
    text: str = field(default_factory=_nonce)


@dataclass(frozen=True, slots=True)
class ListeningAddress:
    """Where a server for importers is.

    Attributes:
        url: how importers reach it.
        listens_at: the address itself.
    """

    url: str
    listens_at: str
    beacon: Beacon


@dataclass(frozen=True, slots=True)
class ImportServer:
    """See `transfer.migrate.pull.served.ServedArchive`."""

    forge: Forge
    place: ListeningAddress

    def address_of(self, path: RepositoryPath | NamespacePath) -> str:
        if isinstance(path, RepositoryPath):
            namespace, name = path.namespace, path.name
        else:
            namespace, name = path, PROJECT_SEGMENT
        return f"{self.place.url}/{quote(owner_of(namespace), safe=SEPARATOR)}/{quote(name)}"

    def grant(self, paths: Iterable[RepositoryPath | NamespacePath], *, confidential: bool) -> Secret:
        return grant_reading(self.forge, paths, self.forge.now() + GRANTED_FOR, confidential=confidential)

    def revoke(self, token: Secret) -> None:
        revoke_grant(self.forge, token)


class OnlyWithGrant:
    """Refuses whoever has no token of this process. What is no API is git, as at a GitHub (`refs/pull/N/head`)."""

    def __init__(self, app: ASGIApp, forge: Forge, beacon: Beacon) -> None:
        self._app = app
        self._forge = forge
        self._beacon = beacon

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == self._beacon.path:
            await send_answer(send, 200, (PLAIN_TEXT,), self._beacon.text.encode())
            return
        if scope["type"] == "http" and not self._is_granted(scope):
            await send_answer(send, 401, (PLAIN_TEXT, CHALLENGE), b"say who you are\n")
            return
        is_git = scope["type"] == "http" and not scope["path"].startswith(f"{github_v3.PREFIX_OF_HOST}/")
        await self._app({**scope, PLATFORM: "github"} if is_git else scope, receive, send)

    def _is_granted(self, scope: Scope) -> bool:
        """A header alone proves nothing: an empty name and password would be nobody, who reads what is public."""
        if not header(scope["headers"], b"authorization"):
            return False
        try:
            credential = read_credential(scope["headers"])
        except UnreadableCredential:
            return False
        return credential is not None and find_grant(self._forge, digest_of(credential.secret)) is not None


class OnlyBeacon:
    """Says who it is, and nothing else to anybody."""

    def __init__(self, beacon: Beacon) -> None:
        self._beacon = beacon

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == self._beacon.path:
            await send_answer(send, 200, (PLAIN_TEXT,), self._beacon.text.encode())
        elif scope["type"] == "http":
            await send_answer(send, 404, (PLAIN_TEXT,), b"there is nothing here\n")


class NoReactions(BaseRoute):
    """Who gave which is not kept. Importers ask of each item and each comment: nothing is looked up for that."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        is_one = scope["type"] == "http" and scope["method"] == "GET" and _REACTIONS.match(scope["raw_path"])
        return (Match.FULL if is_one else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: object) -> NoMatchFound:  # type: ignore[override]
        raise NoMatchFound(name, dict(path_params))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as routes are called
        limits = rate_headers(UNLIMITED, end_of(self._forge, UNLIMITED))
        await send_answer(send, 200, (JSON_TEXT, *limits), b"[]")


def authorize_imported(
    forge: Forge, identity: Identity, right: type[Right], path: Mapping[str, str]
) -> Authorized[Repository, Right] | Authorized[Namespace, Right]:
    """Of a project there is what was said, and nothing to be changed. Raises as `authorize_by_name`."""
    if path["repo"] != PROJECT_SEGMENT:
        return authorize_by_name(forge, identity, right, path)
    if right not in (MaySee, MayReadConversation):
        raise NoSuchRepository("a project has no code")
    return authorize_namespace(forge, identity, right, named_project(path.get("owner", "")))


def build_import_app(forge: Forge, base_url: str, beacon: Beacon) -> Starlette:
    state = new_state(forge, base_url)
    return Starlette(
        routes=[
            NoReactions(forge),
            *github_v3.routes(state, prefix=github_v3.PREFIX_OF_HOST, authorize=authorize_imported),
            ProjectGitRoute(state),
            GitRoute(state),
        ],
        middleware=[Middleware(BrokenBodies), Middleware(OnlyWithGrant, forge=forge, beacon=beacon)],
    )


@contextmanager
def serving_imports(forge: Forge, host: str, port: int, *, public_url: str | None = None) -> Iterator[ImportServer]:
    """Serve while the context lasts, in a thread of its own.

    Args:
        host, port: where to listen; port 0 lets the system choose.
        public_url: how others reach it, if that is not the address itself.

    Raises:
        PortTaken, AddressUnusable: it cannot listen there.
        ImportServerFailed: it did not begin to answer.
    """
    with _answering(host, port, public_url, lambda at: build_import_app(forge, at.url, at.beacon)) as place:
        yield ImportServer(forge, place)


@contextmanager
def serving_beacon(host: str, port: int, *, public_url: str | None = None) -> Iterator[ListeningAddress]:
    """As `serving_imports`, with nothing to import: to see who answers at an address."""
    with _answering(host, port, public_url, lambda at: OnlyBeacon(at.beacon)) as place:
        yield place


@contextmanager
def _answering(
    host: str, port: int, public_url: str | None, build: Callable[[ListeningAddress], ASGIApp]
) -> Iterator[ListeningAddress]:
    listener = listen(host, port)
    listens_at = url_of(listener)
    place = ListeningAddress(public_url or listens_at, listens_at, Beacon())
    requests = InFlightRequests(build(place))
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
            raise ImportServerFailed("the server for the import did not begin to answer at {url}", url=place.url)
        yield place
    finally:
        if server:
            loop.call_soon_threadsafe(_end, server[0], requests)
        thread.join(ENDS_WITHIN_SECONDS)


def _end(server: EmbeddedServer, requests: InFlightRequests) -> None:
    server.stop()  # type: ignore[no-untyped-call]
    requests.cut_off()


def address_towards(url: str) -> str:
    """The address of this machine by which another one, at that URL, reaches it: where packets to there begin.

    Raises AddressUnusable.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, parts.port or 443, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as probe:
            probe.connect(address)  # of datagrams: nothing is sent
            own: str = probe.getsockname()[0]
    except OSError as error:
        raise AddressUnusable(
            "nobody knows by which address {host} reaches this machine: {reason}",
            host=repr(host),
            reason=reason_of(error),
            advice="say it with --serve-at ADDRESS",
        ) from error
    return own


def _run_loop(loop: asyncio.AbstractEventLoop, run: Callable[[], object]) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(run())  # type: ignore[arg-type]
    finally:
        loop.close()
