"""Every route × every kind of person × public and private × every way to carry a token, against one table.

What a route asks for is written out here by hand, and what that takes in support/access_table.py; the handlers are
replaced by one that says that it was reached, so that this is about the way to them alone.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import httpx
import pytest

from matou.forge.access import AccessLevel, Action, Decision, Scope
from matou.model.platform import Visibility
from matou.server.api.context import RequestContext
from matou.server.api.params import Nothing
from matou.server.api.route import REST, Route
from matou.server.app import build_app
from matou.server.dialects import gitcode_v5
from matou.server.dialects.gitcode_v5.table import ROUTES
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
CARRIERS: Final = ("PRIVATE-TOKEN", "Bearer", "token", "Basic", "query", "form", "json", "multipart")
ASKED_FOR: Final = """
POST    /org/{org}/projects/{repo}/transfer transfer
PUT     /org/{org}/repo/{repo}/status administer
DELETE  /repos/{owner}/{repo} delete
GET     /repos/{owner}/{repo} see
PATCH   /repos/{owner}/{repo} change settings
GET     /repos/{owner}/{repo}/archive read code
GET     /repos/{owner}/{repo}/archive/{archive} read code
GET     /repos/{owner}/{repo}/branches read code
POST    /repos/{owner}/{repo}/branches write code
DELETE  /repos/{owner}/{repo}/branches/{branch} write code
GET     /repos/{owner}/{repo}/branches/{branch} read code
GET     /repos/{owner}/{repo}/collaborators see members
DELETE  /repos/{owner}/{repo}/collaborators/{username} manage members
GET     /repos/{owner}/{repo}/collaborators/{username} see members
PUT     /repos/{owner}/{repo}/collaborators/{username} manage members
GET     /repos/{owner}/{repo}/collaborators/{username}/permission see members
GET     /repos/{owner}/{repo}/commit/{sha}/diff read code
GET     /repos/{owner}/{repo}/commit/{sha}/patch read code
GET     /repos/{owner}/{repo}/comments read conversations
GET     /repos/{owner}/{repo}/comments/{id} read conversations
GET     /repos/{owner}/{repo}/commits read code
GET     /repos/{owner}/{repo}/commits/{ref}/comments read conversations
GET     /repos/{owner}/{repo}/commits/{sha} read code
GET     /repos/{owner}/{repo}/compare/{range} read code
GET     /repos/{owner}/{repo}/contents read code
DELETE  /repos/{owner}/{repo}/contents/{path} write code
GET     /repos/{owner}/{repo}/contents/{path} read code
POST    /repos/{owner}/{repo}/contents/{path} write code
PUT     /repos/{owner}/{repo}/contents/{path} write code
GET     /repos/{owner}/{repo}/contributors read statistics
GET     /repos/{owner}/{repo}/contributors/statistic read statistics
GET     /repos/{owner}/{repo}/customized_roles see members
GET     /repos/{owner}/{repo}/download_statistics read statistics
GET     /repos/{owner}/{repo}/events read code
POST    /repos/{owner}/{repo}/file/upload upload
GET     /repos/{owner}/{repo}/file_list read code
GET     /repos/{owner}/{repo}/forks see
POST    /repos/{owner}/{repo}/forks fork
GET     /repos/{owner}/{repo}/git/blobs/{sha} read code
GET     /repos/{owner}/{repo}/git/trees/{sha} read code
GET     /repos/{owner}/{repo}/hooks see webhooks
GET     /repos/{owner}/{repo}/hooks/{id} see webhooks
POST    /repos/{owner}/{repo}/img/upload upload
GET     /repos/{owner}/{repo}/issues read conversations
GET     /repos/{owner}/{repo}/issues/comments read conversations
GET     /repos/{owner}/{repo}/issues/comments/{id} read conversations
GET     /repos/{owner}/{repo}/issues/{number} read conversations
GET     /repos/{owner}/{repo}/issues/{number}/comments read conversations
GET     /repos/{owner}/{repo}/issues/{number}/labels read conversations
GET     /repos/{owner}/{repo}/issues/{number}/pull_requests read conversations
GET     /repos/{owner}/{repo}/labels read conversations
GET     /repos/{owner}/{repo}/labels/{name} read conversations
GET     /repos/{owner}/{repo}/languages read statistics
PUT     /repos/{owner}/{repo}/members/{username} manage members
GET     /repos/{owner}/{repo}/milestones read conversations
GET     /repos/{owner}/{repo}/milestones/{number} read conversations
PUT     /repos/{owner}/{repo}/module/setting change settings
GET     /repos/{owner}/{repo}/protect_branches see settings
GET     /repos/{owner}/{repo}/protected_tags see settings
GET     /repos/{owner}/{repo}/pull_request_settings see settings
PUT     /repos/{owner}/{repo}/pull_request_settings change settings
GET     /repos/{owner}/{repo}/pulls read conversations
GET     /repos/{owner}/{repo}/pulls/comments/{id} read conversations
GET     /repos/{owner}/{repo}/pulls/{number} read conversations
GET     /repos/{owner}/{repo}/pulls/{number}/comments read conversations
GET     /repos/{owner}/{repo}/pulls/{number}/commits read conversations
GET     /repos/{owner}/{repo}/pulls/{number}/diff read conversations
GET     /repos/{owner}/{repo}/pulls/{number}/files read conversations
GET     /repos/{owner}/{repo}/pulls/{number}/files.json read conversations
GET     /repos/{owner}/{repo}/pulls/{number}/issues read conversations
GET     /repos/{owner}/{repo}/pulls/{number}/labels read conversations
GET     /repos/{owner}/{repo}/pulls/{number}/merge read conversations
GET     /repos/{owner}/{repo}/pulls/{number}/operate_logs read conversations
GET     /repos/{owner}/{repo}/push_config see settings
PUT     /repos/{owner}/{repo}/push_config change settings
GET     /repos/{owner}/{repo}/raw/{path} read code
GET     /repos/{owner}/{repo}/releases read conversations
GET     /repos/{owner}/{repo}/releases/latest read conversations
GET     /repos/{owner}/{repo}/releases/tags/{tag} read conversations
GET     /repos/{owner}/{repo}/releases/{tag} read conversations
GET     /repos/{owner}/{repo}/releases/{tag}/attach_files/{file_name}/download read conversations
GET     /repos/{owner}/{repo}/repo_settings see settings
PUT     /repos/{owner}/{repo}/repo_settings change settings
PUT     /repos/{owner}/{repo}/reviewer change settings
GET     /repos/{owner}/{repo}/stargazers see
GET     /repos/{owner}/{repo}/subscribers see
GET     /repos/{owner}/{repo}/tags read code
POST    /repos/{owner}/{repo}/tags write code
DELETE  /repos/{owner}/{repo}/tags/{tag} write code
GET     /repos/{owner}/{repo}/tarball read code
POST    /repos/{owner}/{repo}/transfer transfer
GET     /repos/{owner}/{repo}/transition see settings
PUT     /repos/{owner}/{repo}/transition change the permission mode
GET     /repos/{owner}/{repo}/zipball read code
DELETE  /user/starred/{owner}/{repo} star
GET     /user/starred/{owner}/{repo} star
PUT     /user/starred/{owner}/{repo} star
DELETE  /user/subscriptions/{owner}/{repo} star
GET     /user/subscriptions/{owner}/{repo} star
PUT     /user/subscriptions/{owner}/{repo} star
"""


SCOPES_ASKED_FOR: Final = """
GET     /emails user:read
GET     /orgs/{org} project:read project:write
GET     /orgs/{org}/members team:read project:read project:write
GET     /orgs/{org}/members/{username} team:read project:read project:write
DELETE  /orgs/{org}/memberships/{username} project:write
POST    /orgs/{org}/memberships/{username} project:write
GET     /orgs/{org}/repos
POST    /orgs/{org}/repos repository:write
GET     /repos/{owner}/issues/{number}/operate_logs
GET     /repos/{owner}/issues/{number}/pull_requests
GET     /search/issues repository:read repository:write
GET     /search/repositories repository:read repository:write
GET     /search/users user:read
GET     /user user:read
PATCH   /user project:write
GET     /user/gpg_keys user:read
POST    /user/gpg_keys repository:write
DELETE  /user/gpg_keys/{id} repository:write
GET     /user/gpg_keys/{id} user:read
GET     /user/keys user:read
POST    /user/keys repository:write
DELETE  /user/keys/{id} repository:write
GET     /user/keys/{id} user:read
DELETE  /user/memberships/orgs/{org} project:write
GET     /user/memberships/orgs/{org} project:read project:write
GET     /user/namespaces team:read project:read project:write
GET     /user/repos repository:read repository:write
POST    /user/repos repository:write
GET     /user/starred repository:read repository:write
GET     /user/subscriptions repository:read repository:write
GET     /users/orgs team:read project:read project:write
GET     /users/{login}
GET     /users/{login}/repos
GET     /users/{username}/orgs team:read project:read project:write
GET     /users/{username}/starred
GET     /users/{username}/subscriptions
"""
"""Of routes that name no repository; without one whoever asks may, and the handler decides what is shown."""


def expected_scopes() -> dict[tuple[str, str], frozenset[str]]:
    rows = (line.split() for line in SCOPES_ASKED_FOR.strip().splitlines())
    return {(method, path): frozenset(scopes) for method, path, *scopes in rows}


def expected_actions() -> dict[tuple[str, str], str]:
    rows = (line.split(maxsplit=2) for line in ASKED_FOR.strip().splitlines())
    return {(method, path): action for method, path, action in rows}


REPOSITORY_ROUTES: Final = [row for row in ROUTES if row.action is not None]


def test_every_route_asks_for_what_stands_here() -> None:
    requests_seen = {
        (row.method, row.path.replace(REST, "")): row.action.value for row in REPOSITORY_ROUTES if row.action
    }

    assert requests_seen == expected_actions()


def reached(_call: RequestContext, _asked: Nothing) -> dict[str, bool]:
    return {"reached": True}


def stubbed(row: Route) -> Route:
    return replace(row, run=reached, parameters=Nothing, cache_key=None, status=200)


def credential(carrier: str, token: str) -> dict[str, Any]:
    carried: dict[str, dict[str, Any]] = {
        "PRIVATE-TOKEN": {"headers": {"private-token": token}},
        "Bearer": {"headers": {"authorization": f"Bearer {token}"}},
        "token": {"headers": {"authorization": f"token {token}"}},
        "Basic": {"headers": {"authorization": httpx.BasicAuth("anything", token)._auth_header}},
        "query": {"params": {"access_token": token}},
        "form": {"data": {"access_token": token}},
        "json": {"json": {"access_token": token}},
        "multipart": {"files": {"access_token": (None, token)}},
    }
    return carried[carrier]


def place(row: Route, name: str) -> str:
    path = row.path.replace(REST, "")
    for part, value in (("{owner}", "harbour"), ("{org}", "harbour"), ("{repo}", name)):
        path = path.replace(part, value)
    return "/".join("main" if part.startswith("{") else part for part in path.split("/"))


def status_of(answer: httpx.Response) -> str:
    """The verdict that an answer tells."""
    if answer.status_code == 200 and answer.json() == {"reached": True}:
        return "reached"
    assert set(answer.json()) == {"error_code", "error_code_name", "error_message", "trace_id", "message"}
    return f"{answer.status_code} {answer.json()['error_message'] if answer.status_code == 404 else ''}".strip()


def status_for(verdict: Decision, person: str | None) -> str:
    if verdict is Decision.NOT_ALLOWED and person is None:
        return "401"
    return {
        Decision.ALLOWED: "reached",
        Decision.NOT_ALLOWED: "403",
        Decision.HIDDEN: "404 Project not found",
        Decision.MISSING_SCOPE: "403",
    }[verdict]


def cells() -> Iterator[tuple[Route, Visibility, str | None, str]]:
    table = repository_cells()
    for row in REPOSITORY_ROUTES:
        for visibility in REPOSITORIES:
            for person, standing in PEOPLE.items():
                assert row.action is not None
                yield row, visibility, person, status_for(table[visibility, row.action, standing], person)


@pytest.fixture
def served(harbour: Harbour) -> Harbour:
    app = build_app(harbour.forge)
    app.router.routes[:0] = gitcode_v5.routes(app.state.server_state, table=map(stubbed, ROUTES))
    harbour.app = app
    return harbour


async def ask_all(harbour: Harbour, requests_seen: list[tuple[str, str, dict[str, Any]]]) -> list[str]:
    transport = httpx.ASGITransport(app=harbour.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://code.example.org/api/v5") as client:
        return [status_of(await client.request(method, path, **options)) for method, path, options in requests_seen]


@pytest.mark.parametrize("carrier", CARRIERS)
def test_every_cell_is_as_the_table_says(served: Harbour, carrier: str) -> None:
    wanted = list(cells())
    requests_seen = [
        (
            row.method,
            place(row, REPOSITORIES[visibility]),
            {} if person is None else credential(carrier, served.token(person)),
        )
        for row, visibility, person, _ in wanted
    ]

    found = asyncio.run(ask_all(served, requests_seen))

    wrong = [
        f"{row.method} {row.path} {visibility} {person}: {answer}, not {expected}"
        for (row, visibility, person, expected), answer in zip(wanted, found, strict=True)
        if answer != expected
    ]
    assert wrong == []


@pytest.mark.parametrize("scope", Scope)
def test_a_token_of_one_scope_does_no_more_than_that_scope(served: Harbour, scope: Scope) -> None:
    """The owner's own: what their role allows and the scope does not is refused or hidden."""
    token = served.token("chen", frozenset({scope}))
    requests_seen = [(row.method, place(row, "ferry"), credential("Bearer", token)) for row in REPOSITORY_ROUTES]

    found = asyncio.run(ask_all(served, requests_seen))

    writing = {Scope.REPOSITORY_WRITE}
    reading = {Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE}
    reads = {"see", "read code", "read statistics", "fork", "star", "see members", "see settings"}
    reads |= {"read conversations", "see webhooks"}
    for row, answer in zip(REPOSITORY_ROUTES, found, strict=True):
        assert row.action is not None
        needed = reading if str(row.action.value) in reads else writing
        assert answer == ("reached" if scope in needed else "403"), (row.method, row.path)


@pytest.mark.parametrize("state", ["archived", "of a source"])
def test_what_takes_no_writing_refuses_every_write_of_everybody(served: Harbour, state: str) -> None:
    repository = served.repository("ferry")
    values = {"archived": True} if state == "archived" else {"source": "coding x", "source_id": "1"}
    with served.forge.database.begin_write() as connection:
        from matou.db import repositories

        repositories.change(connection, repository.id, **values)
    writes = {Action.WRITE_CODE, Action.UPLOAD, Action.CHANGE_SETTINGS, Action.RENAME, Action.TRANSFER}
    rows = [row for row in REPOSITORY_ROUTES if row.action in writes]
    requests_seen = [
        (row.method, place(row, "ferry"), credential("Bearer", served.token(person)))
        for row in rows
        for person in ("dora", "mei", "chen", "root")
    ]

    assert set(asyncio.run(ask_all(served, requests_seen))) == {"403"}


def test_who_lost_a_role_sees_nothing_with_the_next_request(served: Harbour) -> None:
    from support.deciding import remove_namespace_member

    token = served.token("dora")
    requests_seen = [(row.method, place(row, "ferry"), credential("Bearer", token)) for row in REPOSITORY_ROUTES]
    before = asyncio.run(ask_all(served, requests_seen))
    remove_namespace_member(served.forge, served.organization, served.people["dora"])

    after = asyncio.run(ask_all(served, requests_seen))

    assert "reached" in before
    assert set(after) == {"404 Project not found"}


def test_routes_that_name_no_repository_need_somebody(served: Harbour) -> None:
    rows = [row for row in ROUTES if row.action is None]
    requests_seen: list[tuple[str, str, dict[str, Any]]] = [(row.method, place(row, "ferry"), {}) for row in rows]

    found = asyncio.run(ask_all(served, requests_seen))

    assert {answer for row, answer in zip(rows, found, strict=True) if row.scopes} <= {"401"}


def test_routes_that_name_no_repository_ask_for_the_scopes_that_stand_here() -> None:
    requests_seen = {(row.method, row.path): frozenset(map(str, row.scopes)) for row in ROUTES if row.action is None}

    assert requests_seen == expected_scopes()


@pytest.mark.parametrize("scope", Scope)
def test_a_token_of_one_scope_reaches_no_other_route_that_names_no_repository(served: Harbour, scope: Scope) -> None:
    rows = [row for row in ROUTES if row.action is None]
    sent, wanted = credential("Bearer", served.token("chen", frozenset({scope}))), expected_scopes()

    found = asyncio.run(ask_all(served, [(row.method, place(row, "ferry"), sent) for row in rows]))

    for row, answer in zip(rows, found, strict=True):
        scopes = wanted[row.method, row.path]
        assert answer == ("reached" if not scopes or scope.value in scopes else "403"), (row.method, row.path)


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("path", ["/orgs/harbour/repos", "/user/repos", "/users/chen/repos"])
def test_lists_show_what_each_may_see_and_nothing_else(harbour: Harbour, path: str, carrier: str) -> None:
    table = repository_cells()
    for person, standing in PEOPLE.items():
        if person is None and path == "/user/repos":
            continue
        options = {} if person is None else credential(carrier, harbour.token(person))

        answer = harbour.ask("GET", path, person=None, **options)

        shown = {row["path"] for row in answer.json()}
        for visibility, name in REPOSITORIES.items():
            if table[visibility, Action.SEE, standing] is not Decision.ALLOWED:
                assert name not in shown, (path, person)
            elif path == "/orgs/harbour/repos":
                assert name in shown, (path, person)
        assert int(answer.headers["total_count"]) == len(shown)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_who_may_make_a_repository_where(harbour: Harbour, carrier: str) -> None:
    ours, mine = {}, {}
    for person in PEOPLE:
        name = f"new-{person}"
        sent = credential(carrier, harbour.token(person)) if person is not None else {}
        # Where the token stands in a body, the name stands beside it.
        for kind in ("json", "data", "params"):
            if kind in sent or (kind == "params" and "headers" in sent):
                sent[kind] = {**sent.get(kind, {}), "name": name}
        if "files" in sent:
            sent["files"]["name"] = (None, name)
        sent = sent or {"params": {"name": name}}
        ours[person] = harbour.ask("POST", "/orgs/harbour/repos", person=None, **sent).status_code
        mine[person] = harbour.ask("POST", "/user/repos", person=None, **sent).status_code

    makes = {"mei", "chen", "root"}
    assert ours == {person: 401 if person is None else 201 if person in makes else 403 for person in PEOPLE}
    assert mine == {person: 401 if person is None else 201 for person in PEOPLE}
