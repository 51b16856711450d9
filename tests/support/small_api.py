"""A small API of GitCode's dialect, with one route for each thing that its framework promises."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any

import httpx
import msgspec

from matou.errors import Conflict, Refused
from matou.forge.access import MayReadCode, MaySee, MayWriteCode, Scope
from matou.server.api.body import FormFile
from matou.server.api.context import RepositoryContext, RequestContext
from matou.server.api.params import (
    Nothing,
    PageParameters,
    Parameters,
)
from matou.server.api.responses import Bytes, ListPage, StreamedResponse
from matou.server.api.route import plain_route, repository_route

TEXT = ((b"content-type", b"text/plain"),)


class ReceivedRequest(Parameters, frozen=True, kw_only=True):
    text: str = ""
    number: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    flag: bool | None = None
    author_name: str = msgspec.field(name="author[name]", default="")


class Needed(Parameters, frozen=True, kw_only=True):
    status: int


class Sent(Parameters, frozen=True, kw_only=True):
    file: FormFile


def echo(_: RequestContext, params: ReceivedRequest) -> dict[str, Any]:
    return {"text": params.text, "number": params.number, "flag": params.flag, "author": params.author_name}


def name_repository(context: RepositoryContext[MaySee], _: Nothing) -> dict[str, str]:
    return {"repository": str(context.repository.path), "rest": context.path.get("rest", "")}


def exactly(_: RepositoryContext[MaySee], __: Nothing) -> Bytes:
    return Bytes(b"x", TEXT)


def who(context: RequestContext, _: Nothing) -> dict[str, str]:
    return {"login": context.user.name}


def count(_: RequestContext, params: PageParameters) -> ListPage:
    return ListPage(list(range(45))[params.offset : params.offset + params.limit], 45)


def fail(_: RequestContext, params: ReceivedRequest) -> None:
    if params.text == "conflict":
        raise Conflict("it is there already")
    if params.text == "refused":
        raise Refused("no")
    message = "secret insides"
    raise RuntimeError(message)


def stream(_: RequestContext, params: ReceivedRequest) -> StreamedResponse:
    async def pieces(_: object) -> AsyncGenerator[bytes, None]:
        if params.text == "bad":
            raise Conflict("cannot begin")
        for number in range(3):
            yield b"%d" % number

    return StreamedResponse(pieces, TEXT)


def take(_: RequestContext, params: Sent) -> dict[str, Any]:
    return {"name": params.file.name, "bytes": len(params.file.content)}


REPO = "/repos/{owner}/{repo}"
TABLE = (
    plain_route("GET", "/echo", ReceivedRequest, echo, answer=dict, scopes=()),
    plain_route("POST", "/echo", ReceivedRequest, echo, answer=dict, scopes=(), status=201),
    plain_route("DELETE", "/echo", ReceivedRequest, echo, answer=dict, scopes=()),
    plain_route("PUT", "/needed", Needed, lambda _, params: {"status": params.status}, answer=dict, scopes=()),
    plain_route("GET", "/who", Nothing, who, answer=dict, scopes=(Scope.USER_READ,)),
    plain_route("GET", "/count", PageParameters, count, answer=list[int], scopes=()),
    plain_route("GET", "/fail", ReceivedRequest, fail, answer=dict, scopes=()),
    plain_route("GET", "/stream", ReceivedRequest, stream, answer=bytes, scopes=()),
    plain_route("POST", "/file", Sent, take, answer=dict, scopes=(), largest_body_bytes=3 * 1024 * 1024),
    repository_route("GET", REPO, MaySee, Nothing, name_repository, answer=dict),
    repository_route("GET", REPO + "/at/{rest...}", MayReadCode, Nothing, name_repository, answer=dict),
    repository_route("GET", REPO + "/at/exactly", MaySee, Nothing, lambda *_: Bytes(b"x", TEXT), answer=bytes),
    repository_route(
        "POST",
        REPO + "/file",
        MayWriteCode,
        Sent,
        take,
        answer=dict,
        largest_body_bytes=3 * 1024 * 1024,
    ),
    repository_route("PUT", REPO + "/write", MayWriteCode, Nothing, name_repository, answer=dict),
)


def failure_of(answer: httpx.Response) -> tuple[int, int, str]:
    body = answer.json()
    assert set(body) == {"error_code", "error_code_name", "error_message", "trace_id", "message"}
    assert len(body["trace_id"]) == 32
    assert answer.headers["content-type"].startswith("application/json")
    return answer.status_code, body["error_code"], body["error_code_name"]
