"""Every route of Gitee's v5 × every kind of person × public and private, against one table.

What a route asks for is written out here by hand, and what that takes in support/access_table.py; the handlers are
replaced by one that says that it was reached, so that this is about the way to them alone.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import httpx
import pytest

from matou.forge.access import AccessLevel, Decision, Scope
from matou.model.platform import Visibility
from matou.server.api.context import RequestContext
from matou.server.api.params import Nothing
from matou.server.api.route import REST, Route
from matou.server.app import build_app
from matou.server.dialects import gitee_v5
from matou.server.dialects.gitee_v5 import ROUTES
from support.access_table import repository_cells
from support.gitcode_server import Harbour

PEOPLE: Final = {
    None: AccessLevel.NOBODY,
    "xiao": AccessLevel.SIGNED_IN,
    "gu": AccessLevel.GUEST,
    "rui": AccessLevel.REPORTER,
    "dora": AccessLevel.DEVELOPER,
    "mei": AccessLevel.MAINTAINER,
    "chen": AccessLevel.OWNER,
    "root": AccessLevel.ADMINISTRATOR,
}
REPOSITORIES: Final = {Visibility.PRIVATE: "ferry", Visibility.PUBLIC: "light"}

OTHERWISE: Final = """
/repos/{owner}/{repo} see
/repos/{owner}/{repo}/branches read code
/repos/{owner}/{repo}/branches/{branch} read code
/repos/{owner}/{repo}/collaborators see members
/repos/{owner}/{repo}/commits read code
/repos/{owner}/{repo}/commits/{sha} read code
/repos/{owner}/{repo}/contents read code
/repos/{owner}/{repo}/contents/{path} read code
/repos/{owner}/{repo}/git/blobs/{sha} read code
/repos/{owner}/{repo}/git/trees/{sha} read code
/repos/{owner}/{repo}/hooks see webhooks
/repos/{owner}/{repo}/hooks/{id} see webhooks
/repos/{owner}/{repo}/raw/{path} read code
/repos/{owner}/{repo}/readme read code
/repos/{owner}/{repo}/tags read code
"""
"""What all others about a repository ask for is to read conversations."""

SCOPES_ASKED_FOR: Final = """
/orgs/{org} project:read project:write
/orgs/{org}/members team:read project:read project:write
/orgs/{org}/repos
/repos/{owner}/issues/{number}/operate_logs
/search/issues repository:read repository:write
/user user:read
/user/enterprises team:read project:read project:write
/user/namespaces team:read project:read project:write
/user/orgs team:read project:read project:write
/user/repos repository:read repository:write
/users/{username}
/users/{username}/orgs team:read project:read project:write
/users/{username}/repos
"""
"""Of routes that name no repository; without one whoever asks may, and the handler decides what is shown."""


def path_of(row: Route) -> str:
    return row.path.replace(REST, "")


ABOUT_A_REPOSITORY: Final = [row for row in ROUTES if row.action is not None]
ABOUT_NONE: Final = [row for row in ROUTES if row.action is None]


def expected_scopes() -> dict[str, frozenset[str]]:
    rows = (line.split() for line in SCOPES_ASKED_FOR.strip().splitlines())
    return {path: frozenset(scopes) for path, *scopes in rows}


def reached(_call: RequestContext, _asked: Nothing) -> dict[str, bool]:
    return {"reached": True}


def place(row: Route, name: str) -> str:
    path = path_of(row)
    for part, value in (("{owner}", "harbour"), ("{org}", "harbour"), ("{repo}", name)):
        path = path.replace(part, value)
    return "/".join("main" if part.startswith("{") else part for part in path.split("/"))


def status_of(answer: httpx.Response) -> str:
    if answer.status_code == 200 and answer.json() == {"reached": True}:
        return "reached"
    assert set(answer.json()) == {"message"}
    return f"{answer.status_code} {answer.json()['message'] if answer.status_code == 404 else ''}".strip()


def status_for(verdict: Decision, person: str | None) -> str:
    if verdict is Decision.NOT_ALLOWED and person is None:
        return "401"
    hidden = "404 404 Project Not Found"
    return {Decision.ALLOWED: "reached", Decision.NOT_ALLOWED: "403", Decision.HIDDEN: hidden}[verdict]


def cells() -> Iterator[tuple[Route, Visibility, str | None, str]]:
    table = repository_cells()
    for row in ABOUT_A_REPOSITORY:
        for visibility in REPOSITORIES:
            for person, standing in PEOPLE.items():
                assert row.action is not None
                yield row, visibility, person, status_for(table[visibility, row.action, standing], person)


@pytest.fixture
def served(harbour: Harbour) -> Harbour:
    app = build_app(harbour.forge)
    rows = (replace(row, run=reached, parameters=Nothing, cache_key=None, status=200) for row in ROUTES)
    app.router.routes[:0] = gitee_v5.routes(app.state.server_state, table=rows)
    harbour.app = app
    return harbour


def ask_all(harbour: Harbour, requests_seen: Sequence[tuple[str, str | None]]) -> list[str]:
    """Paths, each with a token."""

    async def ask() -> list[str]:
        transport = httpx.ASGITransport(app=harbour.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://code.example.org/gitee/api/v5") as client:
            headers = ({} if token is None else {"authorization": f"Bearer {token}"} for _, token in requests_seen)
            return [
                status_of(await client.get(path, headers=each))
                for (path, _), each in zip(requests_seen, headers, strict=True)
            ]

    return asyncio.run(ask())


def test_every_route_reads_and_asks_for_what_stands_here() -> None:
    told = dict(line.split(maxsplit=1) for line in OTHERWISE.strip().splitlines())
    requests_seen = {path_of(row): str(row.action.value) for row in ABOUT_A_REPOSITORY if row.action}

    assert {row.method for row in ROUTES} == {"GET"}
    assert {path: action for path, action in requests_seen.items() if action != "read conversations"} == told
    assert {path_of(row): frozenset(map(str, row.scopes)) for row in ABOUT_NONE} == expected_scopes()


def test_every_cell_is_as_the_table_says(served: Harbour) -> None:
    wanted = list(cells())

    found = ask_all(
        served,
        [
            (place(row, REPOSITORIES[visibility]), None if person is None else served.token(person))
            for row, visibility, person, _ in wanted
        ],
    )

    wrong = [
        f"{row.path} {visibility} {person}: {answer}, not {expected}"
        for (row, visibility, person, expected), answer in zip(wanted, found, strict=True)
        if answer != expected
    ]
    assert wrong == []


@pytest.mark.parametrize("scope", Scope)
def test_a_token_of_one_scope_does_no_more_than_that_scope(served: Harbour, scope: Scope) -> None:
    token, wanted = served.token("chen", frozenset({scope})), expected_scopes()

    of_repositories = ask_all(served, [(place(row, "ferry"), token) for row in ABOUT_A_REPOSITORY])
    of_none = ask_all(served, [(place(row, "ferry"), token) for row in ABOUT_NONE])

    reads = scope in {Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE}
    assert set(of_repositories) == {"reached" if reads else "403"}
    for row, answer in zip(ABOUT_NONE, of_none, strict=True):
        scopes = wanted[path_of(row)]
        assert answer == ("reached" if not scopes or scope.value in scopes else "403"), row.path


def test_what_is_one_s_own_needs_somebody(served: Harbour) -> None:
    rows = [row for row in ABOUT_NONE if row.scopes]

    assert set(ask_all(served, [(place(row, "ferry"), None) for row in rows])) == {"401"}
