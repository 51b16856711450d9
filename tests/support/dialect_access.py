"""Every route of a dialect that reads alone × every kind of person × public and private, against one table.

The handlers are replaced by one that says that it was reached, so that this is about the way to them alone.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx

from matou.forge.access import AccessLevel, Decision, Scope
from matou.model.platform import Visibility
from matou.server.api.context import RequestContext
from matou.server.api.params import Nothing
from matou.server.api.route import REST, Route
from matou.server.app import build_app
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


def path_of(row: Route) -> str:
    return row.path.replace(REST, "")


def reached(_context: RequestContext, _params: Nothing) -> dict[str, bool]:
    return {"reached": True}


def scopes_in(text: str) -> dict[str, frozenset[str]]:
    """A path and its scopes, a line each."""
    rows = (line.split() for line in text.strip().splitlines())
    return {path: frozenset(scopes) for path, *scopes in rows}


@dataclass(frozen=True)
class DialectAccess:
    """One dialect.

    Attributes:
        hidden: the status, and what the message says of what may not be seen.
    """

    api: str
    routes: Sequence[Route]
    hidden: str

    @property
    def about_repositories(self) -> list[Route]:
        return [row for row in self.routes if row.action is not None]

    @property
    def about_none(self) -> list[Route]:
        return [row for row in self.routes if row.action is None]

    @property
    def requested(self) -> dict[str, str]:
        """What is asked for, by the path."""
        return {path_of(row): str(row.action.value) for row in self.about_repositories if row.action}

    def served(self, harbour: Harbour, module: Any) -> Harbour:
        app = build_app(harbour.forge)
        rows = (replace(row, run=reached, parameters=Nothing, cache_key=None, status=200) for row in self.routes)
        app.router.routes[:0] = module.routes(app.state.server_state, table=rows)
        harbour.app = app
        return harbour

    def faults(self, served: Harbour) -> list[str]:
        """The cells that are not as the table says."""
        wanted = list(self._cells())
        tokens = {person: None if person is None else served.token(person) for person in PEOPLE}
        requests = [(place(row, REPOSITORIES[visibility]), tokens[person]) for row, visibility, person, _ in wanted]
        found = self.ask_all(served, requests)
        return [
            f"{row.path} {visibility} {person}: {answer}, not {expected}"
            for (row, visibility, person, expected), answer in zip(wanted, found, strict=True)
            if answer != expected
        ]

    def faults_of_scope(self, served: Harbour, scope: Scope, wanted: dict[str, frozenset[str]]) -> list[str]:
        """Where a token of that scope alone does more or less than it should."""
        token = served.token("chen", frozenset({scope}))
        reads = scope in {Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE}
        expected = {path_of(row): reads for row in self.about_repositories}
        for row in self.about_none:
            expected[path_of(row)] = not wanted[path_of(row)] or scope.value in wanted[path_of(row)]
        rows = [*self.about_repositories, *self.about_none]
        found = self.ask_all(served, [(place(row, "ferry"), token) for row in rows])
        return [
            f"{row.path}: {answer}"
            for row, answer in zip(rows, found, strict=True)
            if answer != ("reached" if expected[path_of(row)] else "403")
        ]

    def ask_all(self, harbour: Harbour, requests_seen: Sequence[tuple[str, str | None]]) -> list[str]:
        """Paths, each with a token."""

        async def ask() -> list[str]:
            transport = httpx.ASGITransport(app=harbour.app)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://code.example.org{self.api}") as client:
                headers = ({} if token is None else {"authorization": f"Bearer {token}"} for _, token in requests_seen)
                return [
                    status_of(await client.get(path, headers=each))
                    for (path, _), each in zip(requests_seen, headers, strict=True)
                ]

        return asyncio.run(ask())

    def _cells(self) -> Iterator[tuple[Route, Visibility, str | None, str]]:
        table = repository_cells()
        for row in self.about_repositories:
            for visibility in REPOSITORIES:
                for person, level in PEOPLE.items():
                    assert row.action is not None
                    verdict = table[visibility, row.action, level]
                    yield row, visibility, person, self._status(verdict, person)

    def _status(self, verdict: Decision, person: str | None) -> str:
        if verdict is Decision.NOT_ALLOWED and person is None:
            return "401"
        return {Decision.ALLOWED: "reached", Decision.NOT_ALLOWED: "403", Decision.HIDDEN: self.hidden}[verdict]


def place(row: Route, name: str) -> str:
    path = path_of(row)
    for part, value in (("{owner}", "harbour"), ("{org}", "harbour"), ("{repo}", name)):
        path = path.replace(part, value)
    return "/".join("main" if part.startswith("{") else part for part in path.split("/"))


def status_of(answer: httpx.Response) -> str:
    if answer.status_code == 200 and answer.json() == {"reached": True}:
        return "reached"
    return f"{answer.status_code} {answer.json()['message'] if answer.status_code == 404 else ''}".strip()
