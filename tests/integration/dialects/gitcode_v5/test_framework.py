"""What every route of the dialect shares: credentials, parameters in every form, errors, totals, limits."""

import asyncio
import contextlib
import threading
import time
import tracemalloc
from collections.abc import AsyncGenerator
from typing import Annotated, Any
from urllib.parse import unquote_plus

import httpx
import msgspec
import pytest

from matou.errors import Conflict, Refused
from matou.forge.access import Action, Scope
from matou.server.app import build_app
from matou.server.dialects import gitcode_v5
from matou.server.dialects.gitcode_v5.answers import Bytes, Page, Stream
from matou.server.dialects.gitcode_v5.call import Call, RepositoryCall
from matou.server.dialects.gitcode_v5.parameters import (
    Nothing,
    Paged,
    Parameters,
    UnreadableBody,
    Upload,
    read_body,
)
from matou.server.dialects.gitcode_v5.routing import Pace, plain_route, repository_route
from matou.server.dialects.gitcode_v5.table import ROUTES
from matou.server.rate import RateLimiter
from support.gitcode_server import Harbour

TEXT = ((b"content-type", b"text/plain"),)


class Asked(Parameters, frozen=True, kw_only=True):
    text: str = ""
    number: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    flag: bool | None = None
    author_name: str = msgspec.field(name="author[name]", default="")


class Needed(Parameters, frozen=True, kw_only=True):
    status: int


class Sent(Parameters, frozen=True, kw_only=True):
    file: Upload


def echo(_: Call, asked: Asked) -> dict[str, Any]:
    return {"text": asked.text, "number": asked.number, "flag": asked.flag, "author": asked.author_name}


def name_repository(call: RepositoryCall, _: Nothing) -> dict[str, str]:
    return {"repository": str(call.repository.path), "rest": call.path.get("rest", "")}


def exactly(_: RepositoryCall, __: Nothing) -> Bytes:
    return Bytes(b"x", TEXT)


def who(call: Call, _: Nothing) -> dict[str, str]:
    return {"login": call.user.name}


def count(_: Call, asked: Paged) -> Page:
    return Page(list(range(45))[asked.offset : asked.offset + asked.limit], 45)


def fail(_: Call, asked: Asked) -> None:
    if asked.text == "conflict":
        raise Conflict("it is there already")
    if asked.text == "refused":
        raise Refused("no")
    message = "secret insides"
    raise RuntimeError(message)


def stream(_: Call, asked: Asked) -> Stream:
    async def pieces() -> AsyncGenerator[bytes, None]:
        if asked.text == "bad":
            raise Conflict("cannot begin")
        for number in range(3):
            yield b"%d" % number

    return Stream(pieces, TEXT)


def take(_: Call, asked: Sent) -> dict[str, Any]:
    return {"name": asked.file.name, "bytes": len(asked.file.content)}


REPO = "/repos/{owner}/{repo}"
TABLE = (
    plain_route(None, "GET", "/echo", Asked, echo, answer=dict, scopes=()),
    plain_route(None, "POST", "/echo", Asked, echo, answer=dict, scopes=(), status=201),
    plain_route(None, "DELETE", "/echo", Asked, echo, answer=dict, scopes=()),
    plain_route(None, "PUT", "/needed", Needed, lambda _, asked: {"status": asked.status}, answer=dict, scopes=()),
    plain_route(None, "GET", "/who", Nothing, who, answer=dict, scopes=(Scope.USER_READ,)),
    plain_route(None, "GET", "/count", Paged, count, answer=list[int], scopes=()),
    plain_route(None, "GET", "/fail", Asked, fail, answer=dict, scopes=()),
    plain_route(None, "GET", "/stream", Asked, stream, answer=bytes, scopes=()),
    plain_route(None, "POST", "/file", Sent, take, answer=dict, scopes=(), largest_body_bytes=3 * 1024 * 1024),
    repository_route(None, "GET", REPO, Action.SEE, Nothing, name_repository, answer=dict),
    repository_route(None, "GET", REPO + "/at/{rest...}", Action.READ_CODE, Nothing, name_repository, answer=dict),
    repository_route(
        None, "GET", REPO + "/at/exactly", Action.SEE, Nothing, lambda *_: Bytes(b"x", TEXT), answer=bytes
    ),
    repository_route(
        None,
        "POST",
        REPO + "/file",
        Action.WRITE_CODE,
        Sent,
        take,
        answer=dict,
        largest_body_bytes=3 * 1024 * 1024,
    ),
    repository_route(None, "PUT", REPO + "/write", Action.WRITE_CODE, Nothing, name_repository, answer=dict),
)


@pytest.fixture
def api(harbour: Harbour) -> Harbour:
    app = build_app(harbour.forge)
    app.router.routes[:0] = gitcode_v5.routes(app.state.site, table=TABLE)
    harbour.app = app
    return harbour


def failure_of(answer: httpx.Response) -> tuple[int, int, str]:
    body = answer.json()
    assert set(body) == {"error_code", "error_code_name", "error_message", "trace_id", "message"}
    assert len(body["trace_id"]) == 32
    assert answer.headers["content-type"].startswith("application/json")
    return answer.status_code, body["error_code"], body["error_code_name"]


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"text": "你", "number": 7, "flag": True, "author": {"name": "a"}}},
        {"json": {"text": "你", "number": "7", "flag": "true", "author[name]": "a"}},
        {"data": {"text": "你", "number": "7", "flag": "1", "author[name]": "a"}},
        {"files": {"text": (None, "你"), "number": (None, "7"), "flag": (None, "TRUE"), "author[name]": (None, "a")}},
        {"params": {"text": "你", "number": "7", "flag": "True", "author[name]": "a"}},
        {"content": '{"text":"你","number":7,"flag":1,"author":{"name":"a"}}'.encode()},
    ],
    ids=["json", "json of strings", "form", "multipart", "query", "no content type"],
)
def test_a_parameter_is_read_in_every_form_that_clients_send(api: Harbour, sent: dict[str, Any]) -> None:
    answer = api.ask("POST", "/echo", **sent)

    assert (answer.status_code, answer.json()) == (201, {"text": "你", "number": 7, "flag": True, "author": "a"})


def test_a_multipart_body_under_a_json_content_type_is_read_by_its_boundary(api: Harbour) -> None:
    body = b'--b\r\ncontent-disposition: form-data; name="text"\r\n\r\nx\r\n--b--\r\n'

    answer = api.ask(
        "POST", "/echo", content=body, headers={"content-type": "application/json;charset=UTF-8; boundary=b"}
    )

    assert answer.json()["text"] == "x"


def test_the_body_goes_before_the_query_and_null_means_not_said(api: Harbour) -> None:
    answer = api.ask("POST", "/echo?text=query&number=3", json={"text": "body", "number": None, "flag": None})

    assert answer.json() == {"text": "body", "number": 0, "flag": None, "author": ""}


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"number": 101}},
        {"json": {"number": -1}},
        {"json": {"number": [1]}},
        {"json": {"number": {"a": 1}}},
        {"json": {"text": ["a"]}},
        {"json": {"text": True}},
        {"json": {"flag": "perhaps"}},
        {"json": {"text": "a\0b"}},
        {"content": b'{"text":"\\ud800"}'},
        {"content": b'{"number":1e400}'},
        {"content": b'{"number":' + b"9" * 400 + b"}"},
        {"content": b"[" * 100_000},
        {"content": b'{"a":' * 100_000},
        {"content": b"[1]"},
        {"content": b"\xff\xfe"},
        {"content": b"text=%ff", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"content": b"--b\r\nnonsense", "headers": {"content-type": "multipart/form-data; boundary=b"}},
        {"data": {f"f{number}": "" for number in range(1000)}},
    ],
    ids=lambda sent: repr(sent)[:60],
)
def test_what_is_no_value_of_a_parameter_is_a_bad_request(api: Harbour, sent: dict[str, Any]) -> None:
    status, _, name = failure_of(api.ask("POST", "/echo", **sent))

    assert (status, name) == (400, "BAD_REQUEST")


def test_a_missing_parameter_is_named_with_gitcodes_number(api: Harbour) -> None:
    answer = api.ask("PUT", "/needed", json={})

    assert failure_of(answer) == (400, 1000, "PARAMETER_ERROR")
    assert answer.json()["error_message"] == "status must not be null"


def test_more_than_the_route_takes_is_not_read(api: Harbour) -> None:
    assert failure_of(api.ask("POST", "/echo", content=b" " * (1024 * 1024 + 1)))[0] == 413


@pytest.mark.parametrize("carrier", ["header", "query", "form"])
def test_more_than_the_usual_is_read_of_somebody_who_is_known(api: Harbour, carrier: str) -> None:
    token = api.token("dora")
    options: dict[str, Any] = {
        "header": {"headers": {"private-token": token}},
        "query": {"params": {"access_token": token}},
        "form": {"data": {"access_token": token}},
    }[carrier]

    answer = api.ask("POST", "/file", person=None, files={"file": ("a", b"x" * 2_000_000)}, **options)

    assert answer.json() == {"name": "a", "bytes": 2_000_000}


def test_more_than_the_usual_is_not_read_of_nobody_nor_more_than_the_route_takes_of_anybody(api: Harbour) -> None:
    assert failure_of(api.ask("POST", "/file", person=None, files={"file": ("a", b"x" * 2_000_000)}))[0] == 401
    assert failure_of(api.ask("POST", "/file", token="0" * 40, files={"file": ("a", b"x" * 2_000_000)}))[0] == 401
    assert failure_of(api.ask("POST", "/file", files={"file": ("a", b"x" * 3_200_000)}))[0] == 413


@pytest.mark.parametrize(("person", "status"), [("rui", 403), ("xiao", 404), (None, 401)])
def test_more_than_the_usual_is_not_read_of_who_may_not_do_this(api: Harbour, person: str | None, status: int) -> None:
    taken = 0

    async def body() -> AsyncGenerator[bytes, None]:
        nonlocal taken
        for _ in range(30):
            taken += 1
            yield b" " * 100_000

    answer = api.ask("POST", "/repos/harbour/ferry/file", person=person, content=body())

    assert answer.status_code == status
    assert taken < 15


def test_who_sends_a_large_body_slowly_keeps_nobody_else_waiting(api: Harbour) -> None:
    async def slowly() -> AsyncGenerator[bytes, None]:
        yield b" " * 1_500_000
        await asyncio.sleep(3600)

    async def ask() -> httpx.Response:
        headers = {"PRIVATE-TOKEN": api.token("dora")}
        transport = httpx.ASGITransport(app=api.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x/api/v5", headers=headers) as client:
            slow = [asyncio.create_task(client.post("/file", content=slowly())) for _ in range(4)]
            try:
                await asyncio.sleep(0.1)
                async with asyncio.timeout(10):
                    return await client.post("/file", files={"file": ("a", b"x" * 2_000_000)})
            finally:
                for each in slow:
                    each.cancel()
                await asyncio.gather(*slow, return_exceptions=True)

    assert asyncio.run(ask()).json() == {"name": "a", "bytes": 2_000_000}


@pytest.mark.parametrize(
    "body",
    [b'{"access_token"' + b"\r\n" * 20_000 + b" " * 1_100_000, b"access_token=" + b"\t" * 1_100_000],
    ids=["line breaks", "tabs"],
)
def test_a_token_is_looked_for_in_a_body_of_blanks_in_no_time(api: Harbour, body: bytes) -> None:
    began = time.monotonic()

    answer = api.ask("POST", "/file", person=None, content=body)

    assert failure_of(answer)[0] == 401
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (b"text=a%20b+c%2Bd%3D%25", "a b+c%2Bd%3D%25"),
        (b"text=100%&x", "100%"),
        (b"text=%zz%4", "%zz%4"),
        (b"text=a=b==%0a=", "a=b==%0a="),
        (b"text=%E4%bd%A0", "%E4%bd%A0"),
    ],
)
def test_a_form_is_read_as_everybody_reads_it(api: Harbour, text: bytes, read: str) -> None:
    answer = api.ask("POST", "/echo", content=text, headers={"content-type": "application/x-www-form-urlencoded"})

    assert answer.json()["text"] == unquote_plus(read)


@pytest.mark.parametrize(
    "body",
    [b'{"a":[' + b"[]," * 340_000 + b"0]}", b"text=" + b"%41" * 340_000, b"text=" + b"%" * 1_000_000],
    ids=["values", "escapes", "stray percent signs"],
)
def test_what_is_small_on_the_wire_and_large_in_memory_is_read_or_refused_in_no_time(body: bytes) -> None:
    kind = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
    tracemalloc.start()
    try:
        with contextlib.suppress(UnreadableBody):
            asyncio.run(read_body(body, kind))
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most_bytes < 8 * len(body)


def test_a_file_comes_with_its_name(api: Harbour) -> None:
    assert api.ask("POST", "/file", files={"file": ("图.png", b"12345")}).json() == {"name": "图.png", "bytes": 5}


@pytest.mark.parametrize("carrier", ["PRIVATE-TOKEN", "Bearer", "token", "Basic", "query", "form", "json"])
def test_a_token_is_taken_from_wherever_clients_put_it(api: Harbour, carrier: str) -> None:
    token = api.token("dora")
    options: dict[str, Any] = {
        "PRIVATE-TOKEN": {"headers": {"private-token": token}},
        "Bearer": {"headers": {"authorization": f"Bearer {token}"}},
        "token": {"headers": {"authorization": f"token {token}"}},
        "Basic": {"headers": {"authorization": httpx.BasicAuth("oauth2", token)._auth_header}},
        "query": {"params": {"access_token": token}},
        "form": {"data": {"access_token": token}},
        "json": {"json": {"access_token": token}},
    }[carrier]

    answer = api.ask("GET", "/who", person=None, **options)

    assert answer.json() == {"login": "dora"}


@pytest.mark.parametrize("token", ["0" * 40, "nonsense", "x" * 5000])
def test_an_unknown_token_is_401_in_gitcodes_words(api: Harbour, token: str) -> None:
    answer = api.ask("GET", "/who", token=token)

    assert failure_of(answer) == (401, 401, "UNAUTHORIZED")
    assert answer.json()["error_message"] == "401, token not found"


def test_without_a_token_what_needs_one_is_401(api: Harbour) -> None:
    assert failure_of(api.ask("GET", "/who", person=None))[0] == 401
    assert failure_of(api.ask("PUT", "/repos/harbour/light/write", person=None))[0] == 401


def test_a_token_without_the_scope_is_403(api: Harbour) -> None:
    token = api.token("chen", frozenset({Scope.TEAM_READ}))

    assert failure_of(api.ask("GET", "/who", token=token)) == (403, 403, "FORBIDDEN")


@pytest.mark.parametrize("person", [None, "xiao"])
def test_a_private_repository_and_none_at_all_answer_alike(api: Harbour, person: str | None) -> None:
    answers = [
        api.ask(method, path, person=person)
        for method, suffix in (("GET", ""), ("GET", "/at/a"), ("PUT", "/write"))
        for path in (f"/repos/harbour/ferry{suffix}", f"/repos/harbour/nothing{suffix}", f"/repos/no/no{suffix}")
    ]

    bodies = [{**answer.json(), "trace_id": ""} for answer in answers]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["error_message"] == "Project not found"


def test_the_routes_action_decides(api: Harbour) -> None:
    statuses = {
        person: (
            api.ask("GET", "/repos/harbour/ferry/at/a", person=person).status_code,
            api.ask("PUT", "/repos/harbour/ferry/write", person=person).status_code,
        )
        for person in ("chen", "mei", "dora", "rui", "gu", "root")
    }

    assert statuses == {
        "chen": (200, 200),
        "mei": (200, 200),
        "dora": (200, 200),
        "rui": (200, 403),
        "gu": (403, 403),
        "root": (200, 200),
    }


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("/repos/harbour/light/at/a/b%2Fc/%E4%BD%A0%20+%23", "a/b/c/你 +#"),
        ("/repos/harbour/light/at/%252e", "%2e"),
        ("//repos/harbour//light/at/a/", "a"),
    ],
)
def test_a_segment_is_decoded_once_and_the_rest_is_taken_whole(api: Harbour, path: str, rest: str) -> None:
    assert api.ask("GET", path).json() == {"repository": "harbour/light", "rest": rest}


@pytest.mark.parametrize("path", ["info/refs", "git-upload-pack", "info/lfs/objects/batch", "attachment/uploads/a/b"])
def test_a_file_may_be_called_as_what_git_asks_for(api: Harbour, path: str) -> None:
    assert api.ask("GET", f"/repos/harbour/light/at/{path}").json()["rest"] == path


def test_a_repository_below_api_and_v5_is_still_gits(api: Harbour) -> None:
    answer = api.ask("GET", "/ship.git/info/refs?service=git-upload-pack", person=None)

    assert answer.headers["content-type"].startswith("text/plain")


def test_a_literal_goes_before_the_rest(api: Harbour) -> None:
    assert api.ask("GET", "/repos/harbour/light/at/exactly").text == "x"


@pytest.mark.parametrize(
    "path", ["/repos/%2e%2e/light", "/repos/harbour/..%2f..%2fx", "/repos/a%00/light", "/repos/x/CON"]
)
def test_what_can_be_no_name_is_not_found(api: Harbour, path: str) -> None:
    assert failure_of(api.ask("GET", path))[0] == 404


def test_a_path_that_is_not_utf8_or_too_long_leads_nowhere(api: Harbour) -> None:
    assert failure_of(api.ask("GET", "/repos/harbour/%ff"))[0] == 404
    assert failure_of(api.ask("GET", "/" + "a" * 9000))[0] == 404


def test_a_wrong_method_says_which_are_right(api: Harbour) -> None:
    answer = api.ask("PATCH", "/echo")

    assert failure_of(answer)[0] == 405
    assert answer.headers["allow"] == "DELETE, GET, POST"


def test_a_list_says_how_long_it_is(api: Harbour) -> None:
    answers = [api.ask("GET", f"/count{query}") for query in ("", "?page=3", "?page=9", "?per_page=1000", "?page=0")]

    assert [len(answer.json()) for answer in answers] == [20, 5, 0, 45, 20]
    assert {answer.headers["total_count"] for answer in answers} == {"45"}
    assert [answer.headers["total_page"] for answer in answers] == ["3", "3", "3", "1", "3"]


def test_a_fault_of_ours_says_nothing_of_our_insides(api: Harbour) -> None:
    answer = api.ask("GET", "/fail")

    assert failure_of(answer) == (500, 500, "FAIL")
    assert "insides" not in answer.text


def test_the_kinds_of_failure_have_gitcodes_statuses(api: Harbour) -> None:
    assert failure_of(api.ask("GET", "/fail?text=conflict")) == (400, 400, "UN_KNOW")
    assert failure_of(api.ask("GET", "/fail?text=refused")) == (403, 403, "FORBIDDEN")


def test_a_stream_that_cannot_begin_is_a_failure_like_any_other(api: Harbour) -> None:
    assert api.ask("GET", "/stream").text == "012"
    assert failure_of(api.ask("GET", "/stream?text=bad"))[0] == 400


def test_head_is_get_without_the_body(api: Harbour) -> None:
    answer = api.ask("HEAD", "/repos/harbour/light")

    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


def test_too_many_requests_are_told_when_to_come_back(harbour: Harbour) -> None:
    app = build_app(harbour.forge)
    limiter = RateLimiter(2, clock=lambda: 10.25)
    app.router.routes[:0] = gitcode_v5.routes(app.state.site, table=TABLE, limiter=limiter)
    harbour.app = app

    answers = [harbour.ask("GET", "/who", person="dora") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["retry-after"] == "1"
    assert harbour.ask("GET", "/who", person="rui").status_code == 200


def test_an_answer_that_depends_on_a_commit_is_remembered_for_it_alone(harbour: Harbour) -> None:
    asked_of: list[str] = []
    tip = ["a"]

    def answer(call: RepositoryCall, _: Asked) -> dict[str, str]:
        asked_of.append(call.repository.name)
        return {"tip": tip[0]}

    row = repository_route(None, "GET", REPO, Action.SEE, Asked, answer, answer=dict, at=lambda *_: tip[0])
    app = build_app(harbour.forge)
    app.router.routes[:0] = gitcode_v5.routes(app.state.site, table=(row,))
    harbour.app = app

    first = [harbour.ask("GET", path).json() for path in ("/repos/harbour/ferry", "/repos/harbour/ferry")]
    other = harbour.ask("GET", "/repos/harbour/light").json()
    tip[0] = "b"
    moved = harbour.ask("GET", "/repos/harbour/ferry").json()

    assert (first, other, moved) == ([{"tip": "a"}] * 2, {"tip": "a"}, {"tip": "b"})
    assert asked_of == ["ferry", "light", "ferry"]
    assert harbour.ask("GET", "/repos/harbour/ferry", person="xiao").status_code == 404


def test_the_description_of_the_api_is_served_and_names_every_route(harbour: Harbour) -> None:
    document = harbour.ask("GET", "/openapi.json", person=None).json()

    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    rows = {(row.method, row.path.replace("...", "")) for row in ROUTES}
    assert document["openapi"] == "3.1.0"
    assert rows <= described


@pytest.mark.parametrize("pace", [Pace.SLOW, Pace.LONG])
def test_what_takes_long_leaves_threads_to_what_does_not(harbour: Harbour, pace: Pace) -> None:
    done = threading.Event()

    def wait(_: Call, __: Nothing) -> dict[str, bool]:
        return {"done": done.wait(20)}

    waiting = plain_route(None, "GET", "/wait", Nothing, wait, answer=dict, scopes=(), pace=pace)
    app = build_app(harbour.forge)
    app.router.routes[:0] = gitcode_v5.routes(app.state.site, table=(*TABLE, waiting))

    async def ask_beside() -> tuple[int, set[int]]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x/api/v5", timeout=None) as client:
            slow = [asyncio.create_task(client.get("/wait")) for _ in range(40)]
            try:
                await asyncio.sleep(0.1)
                async with asyncio.timeout(10):
                    quick = await client.get("/count")
            finally:
                done.set()
            return quick.status_code, {answer.status_code for answer in await asyncio.gather(*slow)}

    assert asyncio.run(ask_beside()) == (200, {200})


def test_requests_side_by_side_answer_each_their_own(api: Harbour) -> None:
    async def all_at_once() -> list[str]:
        transport = httpx.ASGITransport(app=api.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x/api/v5") as client:
            answers = await asyncio.gather(*(client.get(f"/echo?text={number}") for number in range(50)))
            return [answer.json()["text"] for answer in answers]

    assert asyncio.run(all_at_once()) == [str(number) for number in range(50)]
