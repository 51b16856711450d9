"""A team served in CODING's dialect, asked without a network: requests go straight into the ASGI application."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.applications import Starlette
from starlette.types import Message

from matou.db import repositories
from matou.db.memberships import Role
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, Scope
from matou.forge.accounts.namespaces import create_organization, find_namespace
from matou.forge.accounts.users import create_user, list_users
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import find_repository, find_repository_by_id
from matou.model.names import NamespacePath, ObjectId, RepositoryPath
from matou.model.platform import Visibility
from matou.server.app import new_state
from matou.server.dialects.coding import routes
from matou.server.rate_limit import FixedWindowLimiter
from support.commits import commit_in, git_in
from support.deciding import add_member, create_project, create_repository, create_token

NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@dataclass
class Clock:
    """Stands until a test moves it."""

    moment: datetime = NOON

    def now(self) -> datetime:
        return self.moment

    def advance(self, by: timedelta) -> None:
        self.moment += by


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def response(self) -> Any:
        """What stands below `Response`, after the promises that every answer keeps were checked."""
        assert self.status == 200
        assert self.headers["content-type"] == "application/json; charset=utf-8"
        response = json.loads(self.body)["Response"]
        assert str(UUID(response["RequestId"])) == response["RequestId"]
        return response

    @property
    def error(self) -> str:
        code: str = self.response["Error"]["Code"]
        assert set(self.response) == {"Error", "RequestId"}
        assert set(self.response["Error"]) == {"Code", "Message"}
        return code

    @property
    def message(self) -> str:
        message: str = self.response["Error"]["Message"]
        return message


@dataclass(frozen=True)
class Api:
    """One client: whom it says it is, and at which host."""

    app: Starlette
    token: str
    host: str = "code.example.org"

    def __call__(self, action: str, /, **parameters: object) -> Answer:
        body = json.dumps({"Action": action, **parameters}).encode()
        return self.request(body=body, headers={"authorization": f"token {self.token}"})

    def request(
        self,
        method: str = "POST",
        path: str = "/open-api",
        *,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        return asyncio.run(_ask(self.app, method, path, urlencode(query or {}), body, self.host, headers or {}))


async def _ask(
    app: Starlette, method: str, path: str, query: str, body: bytes, host: str, headers: Mapping[str, str]
) -> Answer:
    everything = {"host": host, "content-type": "application/json", **headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in everything.items()],
        "client": ("192.0.2.7", 50000),
        "server": ("127.0.0.1", 8585),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return Answer(
        status=sent[0]["status"],
        headers={name.decode(): value.decode() for name, value in sent[0]["headers"]},
        body=b"".join(message.get("body", b"") for message in sent[1:]),
    )


@dataclass
class Team:
    """A served team: Chen owns it, Dora develops in its project, Gu is a guest there, Xiao is a stranger."""

    forge: Forge
    clock: Clock
    team: Namespace
    project: Namespace
    depot: Repository
    people: Mapping[str, User]

    @classmethod
    def found(cls, forge: Forge, clock: Clock) -> "Team":
        """The one that the archive holds."""
        organization = find_namespace(forge, NamespacePath(("harbour",)))
        project = find_namespace(forge, organization.path.child("boats"))
        depot = find_repository(forge, RepositoryPath(project.path, "ferry"))
        return cls(forge, clock, organization, project, depot, {user.name: user for user in list_users(forge)})

    def git(self, *arguments: str, stdin: bytes = b"", repository: Repository | None = None) -> str:
        return git_in(self.forge.git_dir(repository or self.depot), *arguments, stdin=stdin)

    def refs(self, repository: Repository | None = None) -> str:
        return self.git("for-each-ref", repository=repository)

    def commit(
        self,
        files: Mapping[str, bytes],
        message: str,
        *,
        at: int,
        branch: str = "main",
        repository: Repository | None = None,
    ) -> ObjectId:
        """One more commit on a branch, made behind the server's back."""
        return commit_in(self.forge.git_dir(repository or self.depot), files, message, at=at, branch=branch)

    def depot_now(self) -> Repository:
        return find_repository_by_id(self.forge, self.depot.id)

    def give_to_source(self, repository: Repository) -> None:
        """As reindexing does with what a backup brought."""
        with self.forge.database.begin_write() as connection:
            repositories.change(connection, repository.id, source="coding e.coding.net", source_id="1")

    def add_depot(
        self, name: str, *, project: Namespace | None = None, visibility: Visibility = Visibility.PRIVATE
    ) -> Repository:
        path = RepositoryPath((project or self.project).path, name)
        return create_repository(self.forge, path, visibility=visibility, creator=self.people["chen"])

    def add_project(self, name: str, *, icon: bytes | None = None) -> Namespace:
        return create_project(self.forge, self.team, name, icon=icon, creator=self.people["chen"])

    def token(self, name: str = "chen", scopes: frozenset[Scope] = ALL_SCOPES) -> str:
        return create_token(self.forge, self.people[name], "test", scopes=scopes).reveal()

    def api(
        self,
        name: str = "chen",
        *,
        scopes: frozenset[Scope] = ALL_SCOPES,
        host: str = "code.example.org",
    ) -> Api:
        return Api(self.app(), self.token(name, scopes), host)

    def app(
        self, *, calls_a_second: int = 10_000, clock: Callable[[], float] = monotonic, base: str | None = None
    ) -> Starlette:
        state = new_state(self.forge, base)
        return Starlette(routes=routes(state, limiter=FixedWindowLimiter(calls_a_second, clock=clock)))


def furnish(forge: Forge) -> None:
    """Make the team that `Team.found` finds."""
    chen, dora, gu, _ = (
        create_user(forge, name, email=f"{name}@example.org", display_name=name.title())
        for name in ("chen", "dora", "gu", "xiao")
    )
    organization = create_organization(forge, "harbour", owner=chen, display_name="港口")
    project = create_project(
        forge, organization, "boats", display_name="船 / 队", description="all boats", creator=chen
    )
    add_member(forge, project, dora, Role.DEVELOPER)
    add_member(forge, project, gu, Role.GUEST)
    create_repository(forge, RepositoryPath(project.path, "ferry"), description="goes there and back", creator=chen)
    team = Team.found(forge, Clock())
    team.commit({"README.md": "# 渡船\n".encode(), "src/main.c": b"int main;\n"}, "first", at=1_700_000_000)
    team.commit({"src/main.c": b"int main(void);\n"}, "fix the main thing\n\nlong story", at=1_700_100_000)
