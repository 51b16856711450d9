"""What a further dialect costs: an API of repositories in GitHub's manner, which is nothing but `EXAMPLE` below.

Its routes, schemas, error table and paging headers are all there is of it; credentials, parameters, rights, limits,
remembered answers, streams and what is told of failures come from `server/api`.
"""

import asyncio
import re
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import msgspec
import pytest

from matou.forge.access import MayChangeSettings, MayReadCode, MaySee
from matou.forge.content.history import EVERY_COMMIT
from matou.server.api.context import RepositoryContext, RequestContext
from matou.server.api.dialect import Dialect
from matou.server.api.endpoint import Api
from matou.server.api.errors import ApiFailure, FailureKind
from matou.server.api.params import Nothing, PageParameters, Parameters
from matou.server.api.response_cache import at_refs
from matou.server.api.responses import ApiResponse, ListPage, StreamedResponse, json_response
from matou.server.api.route import plain_route, repository_route
from matou.server.app import build_app
from matou.server.rate_limit import FixedWindowLimiter
from matou.server.streaming import Header
from support.deciding import list_commits
from support.gitcode_server import BASE, Harbour


class ExampleUser(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    login: str


class ExampleRepository(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    full_name: str
    html_url: str


class ExampleCommit(msgspec.Struct, frozen=True, kw_only=True):
    sha: str
    title: str


class ExampleCommitsQuery(PageParameters, frozen=True, kw_only=True):
    sha: str = ""


class ExampleNameParams(Parameters, frozen=True, kw_only=True):
    name: str


def show_self(context: RequestContext, _: Nothing) -> ExampleUser:
    return ExampleUser(id=context.user.id, login=context.user.name)


def show_repository(context: RepositoryContext[MaySee], _: Nothing) -> ExampleRepository:
    repository = context.repository
    return ExampleRepository(
        id=repository.id, full_name=str(repository.path), html_url=context.links.page(repository.path)
    )


def show_commits(context: RepositoryContext[MayReadCode], query: ExampleCommitsQuery) -> ListPage:
    found, total = list_commits(
        context.forge, context.granted, query.sha, EVERY_COMMIT, offset=query.offset, limit=query.limit
    )
    return ListPage([ExampleCommit(sha=commit.id, title=commit.subject) for commit in found], total)


def repeat(_: RepositoryContext[MayChangeSettings], params: ExampleNameParams) -> dict[str, str]:
    return {"name": params.name}


def stream_letters(_: RequestContext, __: Nothing) -> StreamedResponse:
    async def letters(_: object) -> AsyncGenerator[bytes, None]:
        for letter in b"a", b"b":
            yield letter

    return StreamedResponse(letters, ((b"content-type", b"text/plain"),))


def page_headers(page: ListPage, query: PageParameters) -> tuple[Header, ...]:
    return ((b"x-total", b"%d" % page.total), (b"x-page", b"%d" % query.page))


def write_failure(failure: ApiFailure[int]) -> ApiResponse:
    return json_response(failure.row, {"message": failure.text}, *failure.headers)


EXAMPLE = Dialect[int](
    prefix="/example/api",
    pattern=re.compile(rb"[^ ]+ /example/api/(?P<below>.*)", re.DOTALL),
    routes=(
        plain_route("GET", "/user", Nothing, show_self),
        plain_route("GET", "/letters", Nothing, stream_letters, scopes=()),
        repository_route("GET", "/repos/{owner}/{repo}", MaySee, Nothing, show_repository),
        repository_route(
            "GET",
            "/repos/{owner}/{repo}/commits",
            MayReadCode,
            ExampleCommitsQuery,
            show_commits,
            cache_key=at_refs,
        ),
        repository_route(
            "POST", "/repos/{owner}/{repo}/names", MayChangeSettings, ExampleNameParams, repeat, status=201
        ),
    ),
    failures={
        FailureKind.NOT_SIGNED_IN: 401,
        FailureKind.RATE_LIMITED: 429,
        FailureKind.BODY_TOO_LARGE: 413,
        FailureKind.WRONG_METHOD: 405,
        FailureKind.DISK_FULL: 507,
        FailureKind.FAULT: 500,
        FailureKind.TRY_LATER: 503,
        FailureKind.REFUSED: 403,
        FailureKind.NOT_FOUND: 404,
        FailureKind.CONFLICT: 409,
        FailureKind.OTHER: 422,
    },
    write_failure=write_failure,
    page_headers=page_headers,
)


@pytest.fixture
def example(harbour: Harbour) -> Harbour:
    app = build_app(harbour.forge)
    app.router.routes[:0] = [Api(app.state.server_state, EXAMPLE, FixedWindowLimiter(40))]
    harbour.app = app
    return harbour


def ask(example: Harbour, method: str, path: str, *, person: str | None = None, **options: Any) -> httpx.Response:
    async def request() -> httpx.Response:
        headers = {} if person is None else {"authorization": f"Bearer {example.token(person)}"}
        transport = httpx.ASGITransport(app=example.app)
        async with httpx.AsyncClient(transport=transport, base_url=f"{BASE}/example/api", headers=headers) as client:
            return await client.request(method, path, **options)

    return asyncio.run(request())


def test_its_handlers_are_told_who_asks_and_which_repository_is_meant(example: Harbour) -> None:
    repository = example.repository("light")

    assert ask(example, "GET", "/user", person="dora").json() == {"id": example.people["dora"].id, "login": "dora"}
    assert ask(example, "GET", "/repos/harbour/light").json() == {
        "id": repository.id,
        "full_name": "harbour/light",
        "html_url": f"{BASE}/harbour/light",
    }


def test_its_lists_have_pages_in_its_own_words_and_are_of_now(example: Harbour) -> None:
    before = ask(example, "GET", "/repos/harbour/ferry/commits?per_page=1", person="rui")
    commit = example.commit({"new": b"new"}, "new", at=1_700_900_000)
    after = ask(example, "GET", "/repos/harbour/ferry/commits?per_page=1", person="rui")

    assert int(after.headers["x-total"]) == int(before.headers["x-total"]) + 1
    assert after.json() == [{"sha": commit, "title": "new"}]


@pytest.mark.parametrize("sent", [{"json": {"name": "x"}}, {"data": {"name": "x"}}, {"params": {"name": "x"}}])
def test_its_parameters_come_as_clients_send_them(example: Harbour, sent: dict[str, Any]) -> None:
    answer = ask(example, "POST", "/repos/harbour/light/names", person="chen", **sent)

    assert (answer.status_code, answer.json()) == (201, {"name": "x"})


@pytest.mark.parametrize(
    ("method", "path", "person", "status"),
    [
        ("GET", "/user", None, 401),
        ("GET", "/repos/harbour/ferry", "xiao", 404),
        ("GET", "/repos/harbour/ferry", None, 404),
        ("GET", "/repos/harbour/ferry/commits", "gu", 403),
        ("POST", "/repos/harbour/light/names", "dora", 403),
        ("POST", "/repos/harbour/light/names", "chen", 422),
        ("GET", "/nothing", "chen", 404),
        ("PUT", "/user", "chen", 405),
    ],
)
def test_its_failures_are_told_by_its_own_table(
    example: Harbour, method: str, path: str, person: str | None, status: int
) -> None:
    answer = ask(example, method, path, person=person)

    assert answer.status_code == status
    assert list(answer.json()) == ["message"]


def test_its_streams_and_its_limit_are_those_of_every_dialect(example: Harbour) -> None:
    answers = (ask(example, "GET", "/letters") for _ in range(4_000))

    assert next(answers).text == "ab"
    # How many fall into one window depends on the machine.
    assert any(answer.status_code == 429 for answer in answers)
