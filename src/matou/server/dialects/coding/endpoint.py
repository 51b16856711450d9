"""The one endpoint of CODING's Open API: from a request to an action, and from its answer back to bytes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID, uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse

from matou.credentials import Secret
from matou.errors import MatouError
from matou.forge.access import Identity, require_scope
from matou.forge.forge import Forge
from matou.platforms.coding.errors import Error, ErrorCode
from matou.platforms.coding.wire import ErrorResponse, Response, encode_response
from matou.server.authentication import Credential, identify, read_credential
from matou.server.dialects.coding.context import Action, RequestContext
from matou.server.dialects.coding.envelope import NotSignedIn, UnknownAction, failure, no_room
from matou.server.dialects.coding.links import Links
from matou.server.dialects.coding.parameters import InvalidParameter, MissingParameter, find, read_body
from matou.server.dialects.coding.teams import team_of
from matou.server.errors import DISK_FULL, is_disk_full
from matou.server.origin import base_url, client_address
from matou.server.rate_limit import FixedWindowLimiter
from matou.server.streaming import Header, RequestBody, bounded

LARGEST_BODY_BYTES = 1024 * 1024
_AUTHORIZATION = "Authorization"


@dataclass(frozen=True, slots=True)
class Question:
    """One request, read and not yet understood."""

    named: str | None
    headers: tuple[Header, ...]
    content_type: str
    body: bytes
    host: str
    base: str
    address: str


@dataclass(frozen=True)
class Endpoint:
    """What the requests share.

    Attributes:
        actions: by name in lower case, their aliases too.
        base: what the URLs in answers begin with; None takes what the request says (see `server.origin`).
        new_id: gives each answer its RequestId.
    """

    METHODS: ClassVar = ["POST", "GET", "PUT", "PATCH", "DELETE"]

    forge: Forge
    actions: Mapping[str, Action]
    limiter: FixedWindowLimiter
    base: str | None = None
    new_id: Callable[[], UUID] = field(default=uuid4)

    async def serve(self, request: HttpRequest) -> HttpResponse:
        request_id = str(self.new_id())
        if request.method != "POST":
            return _only_post(request_id)
        try:
            question = await self._read(request)
            response = await run_in_threadpool(self._answer, question)
            response.request_id = request_id
        except (MatouError, OSError) as error:
            if is_disk_full(error):
                return _json(no_room(error, request_id), status=DISK_FULL)
            if not isinstance(error, MatouError):
                raise
            response = failure(error, request_id)
        return _json(response)

    async def _read(self, request: HttpRequest) -> Question:
        pieces = bounded(RequestBody(request.receive).pieces(), limit_bytes=LARGEST_BODY_BYTES)
        body = b"".join([piece async for piece in pieces])
        return Question(
            named=next((value for key, value in request.query_params.items() if key.lower() == "action"), None),
            headers=tuple(request.headers.raw),
            content_type=request.headers.get("content-type", ""),
            body=body,
            host=request.headers.get("host", ""),
            address=client_address(request.scope),
            base=base_url(self.base, request.scope),
        )

    def _answer(self, question: Question) -> Response:
        parameters = read_body(question.body, question.content_type)
        action = self._action(question, parameters)
        identity = identify(self.forge, _credential(question.headers, parameters), address=question.address)
        context = self._call(identity, question)
        self.limiter.count((context.team.id, action.name))
        require_scope(identity, *action.scopes)
        return action.run(context, parameters)

    def _action(self, question: Question, parameters: Mapping[str, object]) -> Action:
        name = question.named or find(parameters, "Action")
        if not name:
            raise MissingParameter("the parameter {name} is missing", name="Action")
        if not isinstance(name, str):
            raise InvalidParameter(
                "{where} was {value}, which is of the wrong kind", where="Action", value=repr(name)[:200]
            )
        action = self.actions.get(name.lower())
        if action is None:
            raise UnknownAction("the action {name} does not exist", name=repr(name)[:200])
        return action

    def _call(self, identity: Identity, question: Question) -> RequestContext:
        if identity.user is None:
            raise NotSignedIn("a token is needed")
        return RequestContext(
            forge=self.forge,
            identity=identity,
            user=identity.user,
            team=team_of(self.forge, identity, question.host),
            links=Links(question.base),
        )


def _credential(headers: tuple[Header, ...], parameters: Mapping[str, object]) -> Credential | None:
    """From the headers, else from the body's key `Authorization`: as the header has it, or a bare token."""
    credential = read_credential(headers)
    in_body = find(parameters, _AUTHORIZATION)
    if credential is not None or not isinstance(in_body, str) or not in_body.strip():
        return credential
    if " " not in in_body.strip():
        return Credential("", Secret(in_body.strip()))
    return read_credential(((b"authorization", in_body.encode("latin-1", "replace")),))


def _only_post(request_id: str) -> HttpResponse:
    error = Error(code=ErrorCode.UNSUPPORTED_OPERATION, message="this is CODING's Open API: send a POST request")
    return _json(ErrorResponse(request_id=request_id, error=error), status=405, headers={"allow": "POST"})


def _json(response: Response, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    return HttpResponse(
        encode_response(response),
        status_code=status,
        headers={"cache-control": "no-store", **(headers or {})},
        media_type="application/json; charset=utf-8",
    )
