"""What every route of the dialect shares: credentials, parameters in every form, errors, totals, limits."""

import asyncio
import threading
from typing import Any

import httpx
import pytest

from matou.forge.access import MaySee, Scope
from matou.server.api.context import RepositoryContext, RequestContext
from matou.server.api.params import (
    Nothing,
)
from matou.server.api.route import Workload, plain_route, repository_route
from matou.server.app import build_app
from matou.server.dialects import gitcode_v5
from matou.server.dialects.gitcode_v5.table import ROUTES
from matou.server.rate_limit import FixedWindowLimiter
from support.gitcode_server import Harbour
from support.small_api import REPO, TABLE, ReceivedRequest, failure_of


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
    limiter = FixedWindowLimiter(2, clock=lambda: 10.25)
    app.router.routes[:0] = gitcode_v5.routes(app.state.server_state, table=TABLE, limiter=limiter)
    harbour.app = app

    answers = [harbour.ask("GET", "/who", person="dora") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["retry-after"] == "1"
    assert harbour.ask("GET", "/who", person="rui").status_code == 200


def test_an_answer_that_depends_on_a_commit_is_remembered_for_it_alone(harbour: Harbour) -> None:
    asked_of: list[str] = []
    tip = ["a"]

    def answer(call: RepositoryContext[MaySee], _: ReceivedRequest) -> dict[str, str]:
        asked_of.append(call.repository.name)
        return {"tip": tip[0]}

    row = repository_route("GET", REPO, MaySee, ReceivedRequest, answer, answer=dict, cache_key=lambda *_: tip[0])
    app = build_app(harbour.forge)
    app.router.routes[:0] = gitcode_v5.routes(app.state.server_state, table=(row,))
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


@pytest.mark.parametrize("pace", [Workload.SLOW, Workload.LONG])
def test_what_takes_long_leaves_threads_to_what_does_not(harbour: Harbour, pace: Workload) -> None:
    done = threading.Event()

    def wait(_: RequestContext, __: Nothing) -> dict[str, bool]:
        return {"done": done.wait(20)}

    waiting = plain_route("GET", "/wait", Nothing, wait, answer=dict, scopes=(), workload=pace)
    app = build_app(harbour.forge)
    app.router.routes[:0] = gitcode_v5.routes(app.state.server_state, table=(*TABLE, waiting))

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
