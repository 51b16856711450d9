"""From a request to a handler, and from its answer back to bytes, for every dialect.

The order gives nothing away: who asks, how often, whether they may (decided by the route), then what they asked for.
Nothing of a body beyond what the route takes is read.
"""

import asyncio
import re
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NamedTuple, TypeVar

from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from matou.credentials import Secret
from matou.errors import MatouError, Refused
from matou.forge.access import ReadOnly, require_scope
from matou.forge.accounts.audit import Interface, acting_from
from matou.server.api.body import read_body, read_long_body, read_query
from matou.server.api.context import NotSignedIn, RepositoryContext, RequestContext
from matou.server.api.dialect import ApiRequest, Dialect
from matou.server.api.links import Links
from matou.server.api.response_cache import Answers, CacheKey, ResponseCache
from matou.server.api.responses import (
    JSON,
    NO_CONTENT,
    NO_STORE,
    ApiResponse,
    Bytes,
    ListPage,
    PageSet,
    StreamedResponse,
    open_stream,
    unless_known,
)
from matou.server.api.route import Route, Workload
from matou.server.api.router import NoSuchRoute
from matou.server.authentication import Credential, identify
from matou.server.fair_queue import FairQueue
from matou.server.origin import base_url, client_address
from matou.server.paths import spelled_plainly
from matou.server.rate_limit import FixedWindowLimiter, RateState
from matou.server.state import FORGE_THREADS, TRANSFER_THREADS, ServerState
from matou.server.streaming import BodyTooLarge, ClientLeft, Header, RequestBody, header, until_client_leaves
from matou.server.watch.requests import note_route

LARGE_BODIES_AT_ONCE = 2
"""Each is held in memory, up to its route's limit."""

SLOW_AT_ONCE = FORGE_THREADS // 2
LONG_AT_ONCE = TRANSFER_THREADS // 4

_LONGEST_PATH_BYTES = 16384
"""Room for the longest path of a tree, every byte as three."""

Result = TypeVar("Result")


class _Prepared(NamedTuple):
    """A request of which everything is known but its answer."""

    request: ApiRequest
    context: RequestContext
    params: Any
    rate: RateState | None

    def cache_key(self) -> CacheKey | None:
        """All that the answer depends on; None where it is not remembered.

        What a repository's route answers is the same for all who may ask it; anything else is for one identity alone.
        """
        route, context = self.request.route, self.context
        state = None if route.cache_key is None or self.request.is_head else route.cache_key(context, self.params)
        if state is None:
            return None
        about: Hashable = context.identity
        if isinstance(context, RepositoryContext):
            about = (context.repository.id, context.repository.path)
        location = (route.method, route.path, *context.path.values())
        return CacheKey(location, self.params, self.request.base, about, state)


@dataclass(frozen=True)
class Api(BaseRoute):
    """Everything that is a dialect's, as one route of the server.

    Attributes:
        limiter: how often somebody may ask, counted as the dialect says; None for no limit.
    """

    state: ServerState
    dialect: Dialect[Any]
    limiter: FixedWindowLimiter | None = None
    cache: ResponseCache = field(default_factory=ResponseCache)
    large_bodies: FairQueue = field(default_factory=lambda: FairQueue(LARGE_BODIES_AT_ONCE, each=1))
    slow: FairQueue = field(default_factory=lambda: FairQueue(SLOW_AT_ONCE, each=SLOW_AT_ONCE // 2))
    long: FairQueue = field(default_factory=lambda: FairQueue(LONG_AT_ONCE, each=LONG_AT_ONCE // 2))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        match = self.dialect.pattern.match(b"%b %b" % (scope["method"].encode(), scope["raw_path"]))
        return (Match.NONE, {}) if match is None else (Match.FULL, {"api_path": match["below"]})

    def url_path_for(self, name: str, /, **path_params: object) -> NoMatchFound:  # type: ignore[override]
        raise NoMatchFound(name, dict(path_params))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_head = scope["method"] == "HEAD"
        try:
            answer = unless_known(scope["method"], scope["headers"], await self._answer(scope, RequestBody(receive)))
            opened = answer if isinstance(answer, ApiResponse) else await open_stream(answer, self.state)
        except ClientLeft:
            return
        except Exception as error:  # noqa: BLE001 - the edge: what is not one of the kinds is logged as our fault
            opened = self.dialect.answer_to(error)
        if isinstance(opened, ApiResponse):
            await opened.send(send, is_head=is_head)
            return
        with suppress(ClientLeft):
            await until_client_leaves(receive, opened.send(send, is_head=is_head))

    async def _answer(self, scope: Scope, body: RequestBody) -> ApiResponse | StreamedResponse:
        request = await self._read(scope, body)
        credential = None if request.route.is_open else self._credential(request)
        if not self.dialect.is_quick:
            return await self.state.run_in_pool(lambda: self._call(self._prepare(request, credential))[0])
        prepared = await self._ask_about(credential, partial(self._prepare, request, credential))
        answer = await self._answer_prepared(prepared)
        more = self.dialect.rate_headers(prepared.context, prepared.rate)
        return replace(answer, headers=(*answer.headers, *more)) if more else answer

    async def _answer_prepared(self, prepared: _Prepared) -> ApiResponse | StreamedResponse:
        request, key = prepared.request, prepared.cache_key()
        known = None if key is None else self.cache.get(key)
        if known is not None:
            return known
        group = request.route.group
        if key is None or group is None:
            return await self._make(prepared, key)
        # Others who ask for these pages meanwhile wait for them instead of making them too.
        async with self.cache.making(key._replace(params=group(prepared.params))):
            return self.cache.get(key) or await self._make(prepared, key)

    async def _make(self, prepared: _Prepared, key: CacheKey | None) -> ApiResponse | StreamedResponse:
        answers = await self._run(prepared)
        # What changed while an answer was made may be in it or not, and may change back.
        with suppress(MatouError):
            if key is not None and prepared.cache_key() == key:
                self.cache.put(key, answers)
        return answers[0]

    async def _run(self, prepared: _Prepared) -> Answers:
        work = partial(self._call, prepared)
        fair_limit = {Workload.SLOW: self.slow, Workload.LONG: self.long}.get(prepared.request.route.workload)
        if fair_limit is None:
            return await self.state.run_in_pool(work)
        async with fair_limit.taken(prepared.context.caller):
            return await (self.state.run_transfer(work) if fair_limit is self.long else self.state.run_in_pool(work))

    def _call(self, prepared: _Prepared) -> Answers:
        route, params = prepared.request.route, prepared.params
        with acting_from(Interface.API, prepared.request.address):
            result = route.run(prepared.context, params)
        if not isinstance(result, PageSet):
            return self._finished(result, route.status, params), {}
        pages = {of: self._finished(page, route.status, of) for of, page in result.pages.items()}
        return pages[params], pages

    def _finished(self, result: object, status: int, params: Any) -> ApiResponse | StreamedResponse:
        answer = self._encode(result, status, params)
        return self.dialect.finish(answer) if isinstance(answer, ApiResponse) else answer

    def _encode(self, result: object, status: int, params: Any) -> ApiResponse | StreamedResponse:
        match result:
            case ApiResponse() | StreamedResponse():
                return result
            case None:
                return ApiResponse(NO_CONTENT, (NO_STORE,), b"")
            case Bytes(content, headers):
                return ApiResponse(status, headers, content)
            case ListPage():
                headers = (JSON, NO_STORE, *self.dialect.page_headers(result, params))
                return ApiResponse(status, headers, self.dialect.encode(result.rows))
        return ApiResponse(status, (JSON, NO_STORE), self.dialect.encode(result))

    async def _read(self, scope: Scope, body: RequestBody) -> ApiRequest:
        below: bytes | None = scope["api_path"]
        if below is None or len(below) > _LONGEST_PATH_BYTES:
            raise NoSuchRoute("the API has nothing at this path")
        route, path = self.dialect.router.find(scope["method"], _segments(below))
        note_route(self.dialect.prefix + route.path)
        request = ApiRequest(
            route=route,
            path=path,
            headers=scope["headers"],
            query=read_query(scope["query_string"]),
            body={},
            base=base_url(self.state.base_url, scope),
            address=client_address(scope),
            is_head=scope["method"] == "HEAD",
        )
        if scope["method"] not in ("GET", "HEAD") or _has_body(request.headers):
            request = replace(request, body=await self._read_body(request, body))
        select = self.dialect.select
        if select is not None:
            request = replace(request, route=select(request))
            note_route(f"{self.dialect.prefix} {request.route.path}")
        return request

    async def _read_body(self, request: ApiRequest, body: RequestBody) -> Mapping[str, object]:
        content_type = header(request.headers, b"content-type").decode("latin-1")
        usual, rules, caller = self.dialect.largest_body_bytes, self.dialect.body_rules, None
        limit = max(usual, request.route.largest_body_bytes)
        # Beyond the usual on the disk, whatever time it takes to come: who is slow takes no turn from others.
        with SpooledTemporaryFile(usual) as body_file:
            async for chunk in body.chunks():
                size = body_file.tell() + len(chunk)
                if size > usual and limit > usual and caller is None:
                    caller = await self._require_allowed(request, _all_of(body_file) + chunk)
                if size > limit:
                    raise BodyTooLarge("the request is larger than {limit} bytes", limit=limit)
                body_file.write(chunk)
            if caller is None:
                return await read_body(_all_of(body_file), content_type, rules)
            async with self.large_bodies.taken(caller):
                return await asyncio.to_thread(lambda: read_long_body(_all_of(body_file), content_type, rules))

    async def _require_allowed(self, request: ApiRequest, beginning: bytes) -> Hashable:
        """More than the usual is read only of who may do this: the token may stand in the body's beginning."""
        in_body = self._token_in_body.search(beginning)
        credential = self._credential(request) or (Credential("", Secret(in_body[1].decode())) if in_body else None)
        context = await self._ask_about(credential, partial(self._context, request, credential))
        if context.identity.user is None:
            raise NotSignedIn("a token is needed")
        await self._ask_about(credential, partial(self._authorize, request.route, context))
        return context.caller

    @cached_property
    def _token_in_body(self) -> re.Pattern[bytes]:
        """Bounded: between two runs of blanks of any length a body of blanks would be searched for hours."""
        name = re.escape(self.dialect.token_field.encode())
        blanks = rb"[ \t\r\n]{0,8}"
        return re.compile(name + rb"\"?(?:" + blanks + rb"[=:]" + blanks + rb"\"?|\r\n\r\n)([0-9a-f]{40})")

    def _credential(self, request: ApiRequest) -> Credential | None:
        return self.dialect.find_credential(request, self.dialect.token_field)

    async def _ask_about(self, credential: Credential | None, work: Callable[[], Result]) -> Result:
        """A password is hashed, which takes a thread; a token is looked up."""
        is_quick = self.dialect.is_quick and (credential is None or credential.is_token)
        return await (self.state.run_inline_if_fast(work) if is_quick else self.state.run_in_pool(work))

    def _prepare(self, request: ApiRequest, credential: Credential | None) -> _Prepared:
        context = self._context(request, credential)
        rate = None
        if self.limiter is not None:
            rate = self.limiter.count(self.dialect.rate_key(context, request.route))
        allowed = self._authorize(request.route, context)
        return _Prepared(request, allowed, request.route.parameters.read(request.fields), rate)

    def _context(self, request: ApiRequest, credential: Credential | None) -> RequestContext:
        forge, address = self.state.forge, request.address
        identity, links = identify(forge, credential, address=address), Links(request.base, self.dialect.prefix)
        context = RequestContext(forge, identity, links, request.path, request.headers, address)
        extend = self.dialect.open_context
        return context if extend is None else extend(context)

    def _authorize(self, route: Route, context: RequestContext) -> RequestContext:
        """Raises NotSignedIn, and as `authorize_repository` and `require_scope`."""
        identity = context.identity
        if identity.user is None and not route.is_open and (self.dialect.needs_login or route.scopes):
            raise NotSignedIn("a token is needed")
        if route.right is None:
            if route.scopes:
                require_scope(identity, *route.scopes)
            return context
        try:
            return context.of(self.dialect.authorize(context.forge, identity, route.right, context.path))
        except ReadOnly:
            raise
        except Refused as refusal:
            if identity.user is None:
                raise NotSignedIn("a token is needed") from refusal
            raise


def _segments(below: bytes) -> tuple[bytes, ...]:
    """Still encoded; empty ones, from double and trailing slashes, stand for nothing."""
    return tuple(segment for segment in spelled_plainly(below).split(b"/") if segment)


def _has_body(headers: list[Header]) -> bool:
    return header(headers, b"content-length") not in (b"", b"0") or bool(header(headers, b"transfer-encoding"))


def _all_of(body_file: IO[bytes]) -> bytes:
    """It stands at its end then."""
    body_file.seek(0)
    return body_file.read()
