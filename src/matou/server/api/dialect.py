"""What one platform's API is made of, as our server speaks it; `endpoint.Api` serves it."""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec

from matou.credentials import Secret
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.forge.access import Authorized, Identity, NoSuchRepository, Right, authorize_repository
from matou.forge.forge import Forge
from matou.model.names import InvalidName, NamespacePath, RepositoryPath
from matou.server.api.body import STRICT, BodyRules
from matou.server.api.context import RequestContext
from matou.server.api.errors import ApiFailure, FailureKind, failure_of
from matou.server.api.params import FormFields
from matou.server.api.responses import ApiResponse, ListPage
from matou.server.api.route import DocumentedOperation, Route
from matou.server.api.router import Router
from matou.server.authentication import Credential, read_credential
from matou.server.rate_limit import RateState
from matou.server.streaming import Header
from matou.settings import MEBIBYTE

Row = TypeVar("Row")
R = TypeVar("R", bound=Right)
Authorize = Callable[
    [Forge, Identity, type[Right], Mapping[str, str]], Authorized[Repository, Right] | Authorized[Namespace, Right]
]


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request, its route, and what its query and its body say."""

    route: Route
    path: Mapping[str, str]
    headers: list[Header]
    query: Mapping[str, object]
    body: Mapping[str, object]
    base: str
    address: str
    is_head: bool

    @property
    def fields(self) -> FormFields:
        """The body goes before the query."""
        return FormFields({**self.query, **self.body} if self.body else self.query)


def token_in_fields(request: ApiRequest, name: str) -> Credential | None:
    """A header goes first. Raises UnreadableCredential."""
    token = request.body.get(name) or request.query.get(name)
    credential = read_credential(request.headers)
    if credential is not None or not isinstance(token, str) or not token:
        return credential
    return Credential("", Secret(token))


def authorize_by_owner_and_name(
    forge: Forge, identity: Identity, right: type[R], path: Mapping[str, str]
) -> Authorized[Repository, R]:
    """Raises as `authorize_repository`."""
    return authorize_repository(forge, identity, right, named_repository(path))


def named_repository(path: Mapping[str, str]) -> RepositoryPath:
    """`{owner}` and `{repo}`, or `{org}` and `{repo}`, name it. Raises NoSuchRepository."""
    owner, name = path.get("owner") or path["org"], path["repo"]
    try:
        return RepositoryPath(NamespacePath.parse(owner), name)
    except InvalidName:
        # What can be no name is there as little as what nobody took.
        raise NoSuchRepository("there is no repository {path}", path=repr(f"{owner}/{name}")[:200]) from None


@dataclass(frozen=True, kw_only=True)
class Dialect(Generic[Row]):
    """One platform's API.

    Attributes:
        prefix: what the paths of its routes stand below.
        pattern: of `METHOD /raw/path`, for all that is its own; what stands below the prefix is its group `below`.
        documented: what the platform has; where there is no route, no other that fits takes its place.
        failures: how each kind of failure is told that is told by itself; FAULT and DISK_FULL always are.
        page_headers: what is told of a list besides its rows, by the page and the request's parameters.
        authorize: the right of this identity to the repository, or the project, that the path names.
        token_field: of the query or the body, where no header has a credential.
        needs_login: nobody is answered without a credential, but by a route that is open.
        is_quick: who asks is found out within a millisecond, on the event loop, where no password is hashed; else all
            of a request is one work of a thread, and nothing is remembered.
        select: the route that is meant, where the path alone does not tell.
        open_context: adds what this dialect's handlers are given besides.
        rate_key: what requests are counted by.
        rate_headers: what each answer tells of that, where who asks is found out quickly.
        finish: makes of an answer the one that is remembered and sent.
        fault_event: what the log calls a fault of ours.
    """

    prefix: str
    pattern: re.Pattern[bytes]
    routes: tuple[Route, ...]
    documented: Sequence[DocumentedOperation] = ()
    failures: Mapping[FailureKind, Row]
    write_failure: Callable[[ApiFailure[Row]], ApiResponse]
    page_headers: Callable[[ListPage, Any], tuple[Header, ...]] = lambda *_: ()
    authorize: Authorize = authorize_by_owner_and_name
    encode: Callable[[Any], bytes] = msgspec.json.encode
    token_field: str = "access_token"  # noqa: S105 - the parameter's name
    find_credential: Callable[[ApiRequest, str], Credential | None] = token_in_fields
    body_rules: BodyRules = STRICT
    largest_body_bytes: int = MEBIBYTE
    needs_login: bool = False
    is_quick: bool = True
    select: Callable[[ApiRequest], Route] | None = None
    open_context: Callable[[RequestContext], RequestContext] | None = None
    rate_key: Callable[[Any, Route], Hashable] = lambda context, _: context.caller
    rate_headers: Callable[[RequestContext, RateState | None], tuple[Header, ...]] = lambda *_: ()
    finish: Callable[[ApiResponse], ApiResponse] = lambda answer: answer
    fault_event: str = "request_failed"

    @cached_property
    def router(self) -> Router:
        return Router(self.routes, self.documented)

    def answer_to(self, error: Exception) -> ApiResponse:
        return self.write_failure(failure_of(error, self.failures, event=self.fault_event))
