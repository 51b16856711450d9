"""From a request to a handler, and from its answer back to bytes.

The order gives nothing away: who asks, how often, whether they may (decided by the route), then what they asked for.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar
from weakref import WeakValueDictionary

from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from matou.credentials import Secret
from matou.db.repositories import Repository, RepositoryId
from matou.forge.access import (
    REPOSITORY_POLICY,
    Authorized,
    Identity,
    NoSuchRepository,
    Right,
    authorize,
    authorize_repository,
    require_scope,
)
from matou.forge.forge import Forge
from matou.forge.repositories.lifecycle import find_repository_by_id
from matou.model.names import InvalidName, RepositoryPath
from matou.server.authentication import Credential, identify, read_credential
from matou.server.dialects.gitee_v3.answers import Page, Response, encode
from matou.server.dialects.gitee_v3.context import NotSignedIn, RepositoryContext, RequestContext
from matou.server.dialects.gitee_v3.errors import answer_to
from matou.server.dialects.gitee_v3.parameters import (
    LARGEST_BODY_BYTES,
    ROWS_AT_ONCE,
    FormFields,
    PageRequest,
    read_body,
    read_query,
)
from matou.server.dialects.gitee_v3.routing import PROJECT, NoSuchRoute, Route, Router
from matou.server.origin import base_url, caller_of, client_address
from matou.server.paths import spelled_plainly
from matou.server.rate_limit import FixedWindowLimiter
from matou.server.state import ServerState
from matou.server.streaming import (
    ClientLeft,
    Header,
    RequestBody,
    begin_answer,
    bounded,
    end_answer,
    header,
    send_answer,
    understood,
)

TOKEN = "private_token"  # noqa: S105 - the parameter's name
_OURS = re.compile(rb"/+api/+v3(?:/(?!/*[^/]+\.git/)|$)")
"""A project may be called `v3`, in a team called `api`: the URLs of its repositories are git's."""
_ROOT = re.compile(rb"/+api/+v3/*")
_LONGEST_PATH_BYTES = 8192
_LONGEST_ID = 18
_LONGEST_CLIENT = 100

R = TypeVar("R", bound=Right)


class PageMemory:
    """Answers as they went out, bounded by their bytes, for as long as the database is what they were made from.

    The key says all else that one depends on. For the event loop.
    """

    def __init__(self, most_bytes: int = 16 * 1024 * 1024) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._version: int | None = None
        self._answers: OrderedDict[Hashable, Response] = OrderedDict()

    def get(self, key: Hashable, version: int | None) -> Response | None:
        """Args: version: the database's (`Database.version`); another than the last one's forgets everything."""
        if version != self._version:
            self._answers.clear()
            self._bytes, self._version = 0, version
        found = self._answers.get(key)
        if found is not None:
            self._answers.move_to_end(key)
        return found

    def put(self, key: Hashable, version: int | None, answer: Response) -> None:
        """Nothing is kept where the database tells no version, or was written to since that one was asked for."""
        if version is None or version != self._version or key in self._answers:
            return
        self._answers[key] = answer
        self._bytes += len(answer.body)
        while self._bytes > self._most_bytes:
            _, dropped = self._answers.popitem(last=False)
            self._bytes -= len(dropped.body)


@dataclass(frozen=True, slots=True)
class Question:
    """A request, its route and its parameters."""

    route: Route
    path: Mapping[str, str]
    headers: list[Header]
    given: FormFields
    base: str
    address: str

    @property
    def credential(self) -> Credential | None:
        """A header goes first. Raises UnreadableCredential, InvalidParameter."""
        found = read_credential(self.headers)
        if found is not None:
            return found
        token = self.given.text(TOKEN)
        return Credential("", Secret(token)) if token else None


@dataclass(frozen=True)
class Api(BaseRoute):
    """Everything below the API's root, as one route of the server.

    Attributes:
        limiter: counts requests by account, or by address where no token came; None for no limit.
    """

    site: ServerState
    router: Router
    limiter: FixedWindowLimiter | None = None
    remembered: PageMemory = field(default_factory=PageMemory)
    making: WeakValueDictionary[Hashable, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        is_ours = scope["type"] == "http" and _OURS.match(scope["raw_path"]) is not None
        return (Match.FULL if is_ours else Match.NONE, {})

    def url_path_for(self, name: str, /, **path_params: object) -> NoMatchFound:  # type: ignore[override]
        raise NoMatchFound(name, dict(path_params))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, RequestBody(receive))
        except ClientLeft:
            return
        except Exception as error:  # noqa: BLE001 - the edge: what is not one of the six kinds is logged as our fault
            answer = answer_to(error)
        if scope["method"] == "HEAD":
            await begin_answer(send, answer.status, (*answer.headers, (b"content-length", b"%d" % len(answer.body))))
            await end_answer(send)
        else:
            await send_answer(send, answer.status, answer.headers, answer.body)

    async def _answer(self, scope: Scope, body: RequestBody) -> Response:
        question = await self._read(scope, body)
        credential = None if question.route.is_open else question.credential
        # A password is hashed, which takes a thread; a token is looked up.
        ask = self.site.run_inline_if_fast if credential is None or credential.is_token else self.site.ask
        context = await ask(self._prepare, question, credential)
        if question.route.is_list_ahead:
            return await self._page(question, context)
        return await self.site.ask(_run, question.route, context)

    async def _page(self, question: Question, context: RequestContext) -> Response:
        """One of the pages that are made together: whoever asks for the first reads on until an empty one."""
        asked, version = context.given.page(), self.site.forge.database.version()
        key = (question.route.path, context.identity, question.base, context.given.text("search"))
        # Others who ask for these pages meanwhile wait for them instead of making them too.
        turn = (*key, version, asked.with_neighbours(ROWS_AT_ONCE)[0])
        async with self.making.setdefault(turn, asyncio.Lock()):
            known = self.remembered.get((*key, asked), version)
            if known is not None:
                return known
            pages = await self.site.ask(_run_ahead, question.route, context)
            for page, answer in pages.items():
                self.remembered.put((*key, page), version, answer)
        return pages[asked]

    async def _read(self, scope: Scope, body: RequestBody) -> Question:
        route, path = self.router.find(scope["method"], _segments(scope["raw_path"]))
        headers: list[Header] = scope["headers"]
        given = read_query(scope["query_string"])
        if scope["method"] not in ("GET", "HEAD"):
            pieces = [piece async for piece in bounded(body.pieces(), limit_bytes=LARGEST_BODY_BYTES)]
            given |= await understood(read_body, b"".join(pieces), header(headers, b"content-type").decode("latin-1"))
        base = base_url(self.site.base_url, scope)
        return Question(route, path, headers, FormFields(given), base, client_address(scope))

    def _prepare(self, question: Question, credential: Credential | None) -> RequestContext:
        identity = identify(self.site.forge, credential, address=question.address)
        if self.limiter is not None:
            self.limiter.count(caller_of(identity, question.address))
        if identity.user is None and not question.route.is_open:
            raise NotSignedIn("a token is needed")
        return self._call(question, identity)

    def _call(self, question: Question, identity: Identity) -> RequestContext:
        forge, right = self.site.forge, question.route.right
        client = header(question.headers, b"user-agent").decode("latin-1")[:_LONGEST_CLIENT]
        make = (
            RequestContext
            if right is None
            else partial(RepositoryContext, granted=_authorize(forge, identity, question, right))
        )
        return make(forge, identity, question.path, question.given, question.base, question.address, client)


def _authorize(forge: Forge, identity: Identity, question: Question, right: type[R]) -> Authorized[Repository, R]:
    """By number or by path, in the order that gives nothing away: scope, existence, level."""
    text = question.path[PROJECT]
    if not (text.isascii() and text.isdecimal()):
        return authorize_repository(forge, identity, right, _path(text))
    require_scope(identity, *REPOSITORY_POLICY[right.action].scopes)
    if len(text) > _LONGEST_ID:
        raise NoSuchRepository("there is no such repository")
    return authorize(forge, identity, right, find_repository_by_id(forge, RepositoryId(int(text))))


def _path(text: str) -> RepositoryPath:
    try:
        return RepositoryPath.parse(text)
    except InvalidName:
        # What can be no name is there as little as what nobody took.
        raise NoSuchRepository("there is no repository {path}", path=repr(text)[:200]) from None


def _run(route: Route, context: RequestContext) -> Response:
    return encode(route.run(context), route.status)


def _run_ahead(route: Route, context: RequestContext) -> Mapping[PageRequest, Response]:
    pages: Iterable[Page] = route.run(context)
    return {page.asked: encode(page, route.status) for page in pages}


def _segments(raw_path: bytes) -> tuple[bytes, ...]:
    """Below the API's root, as they came; empty ones, from double and trailing slashes, stand for nothing."""
    if len(raw_path) > _LONGEST_PATH_BYTES:
        raise NoSuchRoute("the API has nothing at this path")
    return tuple(segment for segment in spelled_plainly(_ROOT.sub(b"", raw_path, count=1)).split(b"/") if segment)
