"""From a request to a handler, and from its answer back to bytes.

The order gives nothing away: who asks, how often, whether they may (decided by the route), then what they asked for.
Nothing of a body beyond what the route takes is read.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from tempfile import TemporaryFile
from typing import IO, TypeVar

from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from matou.credentials import Secret
from matou.db.repositories import Repository
from matou.errors import MatouError, Refused
from matou.forge.access import (
    Authorized,
    Identity,
    NoSuchRepository,
    ReadOnly,
    Right,
    authorize_repository,
    require_scope,
)
from matou.model.names import InvalidName, NamespacePath, RepositoryPath
from matou.server.api.conditional import NOT_MODIFIED, unless_known
from matou.server.api.context import NotSignedIn, RepositoryContext, RequestContext
from matou.server.api.links import PREFIX, Links
from matou.server.api.params import Paged, Parameters, read_body, read_parameters, read_query
from matou.server.api.response_cache import ResponseCache
from matou.server.api.responses import Response, Stream, encode
from matou.server.api.router import LARGEST_BODY_BYTES, NoSuchRoute, Pace, Route, Router
from matou.server.authentication import Credential, identify, read_credential
from matou.server.dialects.gitcode_v5.errors import answer_to
from matou.server.fair_queue import FairQueue
from matou.server.origin import base_url, caller_of, client_address
from matou.server.paths import spelled_plainly
from matou.server.rate_limit import FixedWindowLimiter
from matou.server.response_files import ResponseFiles
from matou.server.state import FORGE_THREADS, TRANSFER_THREADS, ServerState
from matou.server.streaming import (
    SHORT_BODY_BYTES,
    BodyTooLarge,
    ClientLeft,
    Header,
    Receiver,
    RequestBody,
    begin_answer,
    end_answer,
    header,
    send_answer,
    until_client_leaves,
)

TOKEN = "access_token"  # noqa: S105 - the parameter's name
_PREFIX = PREFIX.encode() + b"/"
LARGE_BODIES_AT_ONCE = 2
"""Each is held in memory, up to its route's limit."""

SLOW_AT_ONCE = FORGE_THREADS // 2
LONG_AT_ONCE = TRANSFER_THREADS // 4

_LONGEST_PATH_BYTES = 16384
"""Room for the longest path of a tree, every byte as three."""
_OURS = re.compile(rb"[^ ]+ /api/v[58]/(?![^/]+\.git/)|POST /oauth/token\Z")
"""v8 and the log-in of applications are documented beside v5, and nothing is there.

A project may be called `v5`, in a team called `api`: the URLs of its repositories are git's.
"""
_TOKEN_IN_BODY = re.compile(rb"access_token\"?(?:[ \t\r\n]{0,8}[=:][ \t\r\n]{0,8}\"?|\r\n\r\n)([0-9a-f]{40})")
"""Bounded: between two runs of blanks of any length a body of blanks would be searched for hours."""

Result = TypeVar("Result")
R = TypeVar("R", bound=Right)


@dataclass(frozen=True, slots=True)
class Question:
    """A request, its route and its parameters."""

    route: Route
    path: Mapping[str, str]
    headers: list[Header]
    given: Mapping[str, object]
    base: str
    address: str
    is_head: bool

    @property
    def credential(self) -> Credential | None:
        """A header goes first. Raises UnreadableCredential."""
        found = read_credential(self.headers)
        token = self.given.get(TOKEN)
        if found is not None or not isinstance(token, str) or not token:
            return found
        return Credential("", Secret(token))


@dataclass(frozen=True)
class Api(BaseRoute):
    """Everything below the API's root, as one route of the server.

    Attributes:
        limiter: counts requests by token, or by address where none came; None for no limit.
    """

    site: ServerState
    router: Router
    limiter: FixedWindowLimiter | None = None
    remembered: ResponseCache = field(default_factory=ResponseCache)
    large_bodies: FairQueue = field(default_factory=lambda: FairQueue(LARGE_BODIES_AT_ONCE, each=1))
    slow: FairQueue = field(default_factory=lambda: FairQueue(SLOW_AT_ONCE, each=SLOW_AT_ONCE // 2))
    long: FairQueue = field(default_factory=lambda: FairQueue(LONG_AT_ONCE, each=LONG_AT_ONCE // 2))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        is_http = scope["type"] == "http"
        is_ours = is_http and _OURS.match(b"%b %b" % (scope["method"].encode(), scope["raw_path"])) is not None
        return (Match.FULL if is_ours else Match.NONE, {})

    def url_path_for(self, name: str, /, **path_params: object) -> NoMatchFound:  # type: ignore[override]
        raise NoMatchFound(name, dict(path_params))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_head = scope["method"] == "HEAD"
        try:
            given = unless_known(scope["method"], scope["headers"], await self._answer(scope, RequestBody(receive)))
            answer = given if isinstance(given, Response) else await _opened(given, self.site.kept)
        except ClientLeft:
            return
        except Exception as error:  # noqa: BLE001 - the edge: what is not one of the six kinds is logged as our fault
            answer = answer_to(error)
        if isinstance(answer, Response):
            await _send(send, answer, is_head=is_head)
            return
        with contextlib.suppress(ClientLeft):
            await until_client_leaves(receive, answer.send(send, is_head=is_head))

    async def _answer(self, scope: Scope, body: RequestBody) -> Response | Stream:
        question = await self._read(scope, body)
        context, params = await self._ask_about(question.credential, partial(self._prepare, question))
        key = self._key(question, context, params)
        if key is not None:
            known = self.remembered.get(key)
            if known is not None:
                return known
        answer = await self._run(question.route, context, params)
        if key is not None and isinstance(answer, Response) and self._is_still(key, question, context, params):
            self.remembered.put(key, answer)
        return answer

    def _is_still(self, key: Hashable, question: Question, context: RequestContext, params: Parameters) -> bool:
        """What changed while an answer was made may be in it or not, and may change back."""
        try:
            return self._key(question, context, params) == key
        except MatouError:
            return False

    async def _run(self, route: Route, context: RequestContext, params: Parameters) -> Response | Stream:
        match route.pace:
            case Pace.QUICK:
                return await self.site.ask(_run, route, context, params)
            case Pace.SLOW:
                async with self.slow.taken(context.caller):
                    return await self.site.ask(_run, route, context, params)
            case Pace.LONG:
                async with self.long.taken(context.caller):
                    return await self.site.transfer(_run, route, context, params)

    async def _read(self, scope: Scope, body: RequestBody) -> Question:
        route, path = self.router.find(scope["method"], _segments(scope["raw_path"]))
        question = Question(
            route=route,
            path=path,
            headers=scope["headers"],
            given=read_query(scope["query_string"]),
            base=base_url(self.site.base_url, scope),
            address=client_address(scope),
            is_head=scope["method"] == "HEAD",
        )
        if not _has_body(question.headers):
            return question
        content_type = header(question.headers, b"content-type").decode("latin-1")
        fields = await self._read_fields(question, body, content_type)
        return replace(question, given={**question.given, **fields})

    async def _read_fields(self, question: Question, body: RequestBody, content_type: str) -> Mapping[str, object]:
        pieces = body.pieces()
        beginning = await _take(pieces, LARGEST_BODY_BYTES)
        if body.is_finished and len(beginning) <= LARGEST_BODY_BYTES:
            return await _understood(beginning, content_type)
        limit = question.route.largest_body_bytes
        if limit <= LARGEST_BODY_BYTES:
            raise BodyTooLarge("the request is larger than {limit} bytes", limit=LARGEST_BODY_BYTES)
        caller = await self._require_allowed(question, beginning)
        with TemporaryFile() as kept:
            # On the disk, whatever time it takes to come: who is slow takes no turn from others.
            await _keep(beginning, pieces, kept, limit)
            async with self.large_bodies.taken(caller):
                return await asyncio.to_thread(_read_kept, kept, content_type)

    async def _require_allowed(self, question: Question, beginning: bytes) -> Hashable:
        """More than the usual is read only of who may do this: the token may stand in the body's beginning."""
        in_body = _TOKEN_IN_BODY.search(beginning)
        credential = question.credential or (Credential("", Secret(in_body[1].decode())) if in_body else None)
        identity = await self._ask_about(credential, partial(self._decide, question, credential))
        if identity.user is None:
            raise NotSignedIn("a token is needed")
        return caller_of(identity, question.address)

    def _decide(self, question: Question, credential: Credential | None) -> Identity:
        identity = identify(self.site.forge, credential, address=question.address)
        if identity.user is not None:
            self._call(question, identity)
        return identity

    async def _ask_about(self, credential: Credential | None, work: Callable[[], Result]) -> Result:
        """A password is hashed, which takes a thread; a token is looked up."""
        quick = credential is None or credential.is_token
        return await (self.site.run_inline_if_fast(work) if quick else self.site.ask(work))

    def _prepare(self, question: Question) -> tuple[RequestContext, Parameters]:
        credential = question.credential
        identity = identify(self.site.forge, credential, address=question.address)
        if self.limiter is not None:
            self.limiter.count(caller_of(identity, question.address))
        context = self._call(question, identity)
        return context, read_parameters(question.route.parameters, question.given)

    def _call(self, question: Question, identity: Identity) -> RequestContext:
        forge, links, path = self.site.forge, Links(question.base), question.path
        right = question.route.right
        if right is None:
            _require_scopes(identity, question.route)
            return RequestContext(forge, identity, links, path, question.address)
        granted = self._authorize(identity, right, _repository_path(path))
        return RepositoryContext(forge, identity, links, path, question.address, granted)

    def _authorize(self, identity: Identity, right: type[R], path: RepositoryPath) -> Authorized[Repository, R]:
        try:
            return authorize_repository(self.site.forge, identity, right, path)
        except ReadOnly:
            raise
        except Refused as refusal:
            if identity.user is None:
                raise NotSignedIn("a token is needed") from refusal
            raise

    def _key(self, question: Question, context: RequestContext, params: Parameters) -> Hashable | None:
        """All that the answer depends on; None where it is not remembered.

        What a repository's route answers is the same for all who may ask it; anything else is for one identity alone.
        """
        route = question.route
        if route.at is None or question.is_head:
            return None
        state = route.at(context, params)
        if state is None:
            return None
        about = (
            (context.repository.id, context.repository.path)
            if isinstance(context, RepositoryContext)
            else context.identity
        )
        return (route.method, route.path, tuple(question.path.values()), params, question.base, about, state)


def _has_body(headers: list[Header]) -> bool:
    return header(headers, b"content-length") not in (b"", b"0") or bool(header(headers, b"transfer-encoding"))


async def _keep(beginning: bytes, pieces: AsyncIterator[bytes], kept: IO[bytes], limit: int) -> None:
    """Raises BodyTooLarge."""
    kept.write(beginning)
    async for piece in pieces:
        if kept.tell() + len(piece) > limit:
            raise BodyTooLarge("the request is larger than {limit} bytes", limit=limit)
        kept.write(piece)


def _read_kept(kept: IO[bytes], content_type: str) -> Mapping[str, object]:
    """In a thread, which takes the time that this takes from nobody else's request."""
    kept.seek(0)
    return _read_apart(kept.read(), content_type)


async def _understood(body: bytes, content_type: str) -> Mapping[str, object]:
    """A multipart body is read by what waits, so that a thread needs a loop of its own for it."""
    if len(body) <= SHORT_BODY_BYTES:
        return await read_body(body, content_type)
    return await asyncio.to_thread(_read_apart, body, content_type)


def _read_apart(body: bytes, content_type: str) -> Mapping[str, object]:
    return asyncio.run(read_body(body, content_type))


async def _take(pieces: AsyncIterator[bytes], limit: int) -> bytes:
    """Up to the end, or to the first piece that goes beyond the limit."""
    taken = bytearray()
    async for piece in pieces:
        taken += piece
        if len(taken) > limit:
            break
    return bytes(taken)


def _require_scopes(identity: Identity, route: Route) -> None:
    if not route.scopes:
        return
    if identity.user is None:
        raise NotSignedIn("a token is needed")
    require_scope(identity, *route.scopes)


def _repository_path(path: Mapping[str, str]) -> RepositoryPath:
    owner, name = path.get("owner") or path["org"], path["repo"]
    try:
        return RepositoryPath(NamespacePath.parse(owner), name)
    except InvalidName:
        # What can be no name is there as little as what nobody took.
        raise NoSuchRepository("there is no repository {path}", path=repr(f"{owner}/{name}")[:200]) from None


def _run(route: Route, context: RequestContext, params: Parameters) -> Response | Stream:
    limit = params.limit if isinstance(params, Paged) else 0
    return encode(route.run(context, params), route.status, per_page=limit)


def _segments(raw_path: bytes) -> tuple[bytes, ...]:
    """Below the API's root, still encoded; empty ones, from double and trailing slashes, stand for nothing."""
    if len(raw_path) > _LONGEST_PATH_BYTES or not raw_path.startswith(_PREFIX):
        raise NoSuchRoute("the API has nothing at this path")
    return tuple(segment for segment in spelled_plainly(raw_path[len(_PREFIX) :]).split(b"/") if segment)


async def _send(send: Send, answer: Response, *, is_head: bool) -> None:
    if answer.status == NOT_MODIFIED:
        # Its length would be that of what is not sent (RFC 9110, section 8.6).
        await begin_answer(send, answer.status, answer.headers)
        await end_answer(send)
        return
    if is_head:
        await begin_answer(send, answer.status, (*answer.headers, (b"content-length", b"%d" % len(answer.body))))
        await end_answer(send)
        return
    await send_answer(send, answer.status, answer.headers, answer.body)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A stream whose first piece is there: what could go wrong before it was told with a status of its own."""

    first: bytes
    pieces: AsyncGenerator[bytes, None]
    headers: tuple[Header, ...]

    async def send(self, send: Send, *, is_head: bool) -> None:
        async with contextlib.aclosing(self.pieces) as pieces:
            await begin_answer(send, 200, self.headers)
            if not is_head:
                receiver = Receiver(send)
                await receiver.send_piece(self.first)
                async for piece in pieces:
                    await receiver.send_piece(piece)
            await end_answer(send)


async def _opened(stream: Stream, kept: ResponseFiles) -> _Opened:
    pieces = stream.open() if stream.keeping is None else stream.keeping(kept)
    return _Opened(await anext(pieces, b""), pieces, stream.headers)
