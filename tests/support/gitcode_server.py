"""An organization served in GitCode's dialect: asked in this process, or over HTTP through `matou_server`.

`harbour/ferry` is private and `harbour/light` public; both have history. chen owns the organization, mei maintains it,
dora develops, rui reads, gu is a guest, xiao is nobody to it, root administers the server.
"""

import asyncio
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from matou.archive.layout import Archive
from matou.credentials import Secret
from matou.db.engine import Database, open_database
from matou.db.memberships import Role
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.upgrade import upgrade_if_behind
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, Scope
from matou.forge.accounts.namespaces import create_organization, find_namespace
from matou.forge.accounts.users import create_user, list_users
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import find_repository
from matou.model.names import NamespacePath, ObjectId, RepositoryPath
from matou.model.platform import Visibility
from matou.server.app import build_app
from support.coding_api import NOON, Clock
from support.commits import commit_in, git_in
from support.deciding import add_member, create_repository, create_token

PASSWORD = "correct horse battery staple"
ROLES = {"mei": Role.MAINTAINER, "dora": Role.DEVELOPER, "rui": Role.REPORTER, "gu": Role.GUEST}
BASE = "http://code.example.org"


@dataclass
class Harbour:
    """The organization, and its server in this process."""

    forge: Forge
    clock: Clock
    tokens: dict[str, str] = field(default_factory=dict)
    app: Any = None

    def __post_init__(self) -> None:
        self.app = self.app or build_app(self.forge)

    @cached_property
    def people(self) -> Mapping[str, User]:
        return {user.name: user for user in list_users(self.forge)}

    @property
    def organization(self) -> Namespace:
        return find_namespace(self.forge, NamespacePath(("harbour",)))

    def repository(self, name: str = "ferry") -> Repository:
        """By `name`, in the organization, or by `namespace/name`."""
        return find_repository(self.forge, RepositoryPath.parse(name if "/" in name else f"harbour/{name}"))

    def add_repository(
        self, name: str, *, visibility: Visibility = Visibility.PRIVATE, creator: str = "chen"
    ) -> Repository:
        path = RepositoryPath.parse(name if "/" in name else f"harbour/{name}")
        return create_repository(self.forge, path, visibility=visibility, creator=self.people[creator])

    def token(self, name: str = "chen", scopes: frozenset[Scope] = ALL_SCOPES) -> str:
        """The same one each time for all scopes."""
        if scopes != ALL_SCOPES:
            return create_token(self.forge, self.people[name], "test", scopes=scopes).reveal()
        if name not in self.tokens:
            self.tokens[name] = create_token(self.forge, self.people[name], "test").reveal()
        return self.tokens[name]

    def ask(
        self, method: str, path: str, *, person: str | None = "chen", token: str | None = None, **options: Any
    ) -> httpx.Response:
        """One request below `/api/v5`; `options` are those of httpx: `params`, `json`, `data`, `files`, `headers`.

        Args:
            path: from `/repos/…` on, as it stands in the URL.
            person: whose token goes in PRIVATE-TOKEN; None for nobody's.
            token: this one instead.
        """
        return self.ask_site(method, f"/api/v5{path}", person=person, token=token, **options)

    def ask_site(
        self, method: str, path: str, *, person: str | None = "chen", token: str | None = None, **options: Any
    ) -> httpx.Response:
        """The same for a path of the whole server."""
        headers = dict(options.pop("headers", {}))
        secret = token or (None if person is None else self.token(person))
        if secret is not None:
            headers["PRIVATE-TOKEN"] = secret
        return asyncio.run(self._ask(method, f"{BASE}{path}", headers=headers, **options))

    async def _ask(self, method: str, url: str, **options: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app)) as client:
            return await client.request(method, url, **options)

    def git(self, *arguments: str, stdin: bytes = b"", repository: Repository | None = None) -> str:
        return git_in(self.forge.git_dir(repository or self.repository()), *arguments, stdin=stdin)

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
        return commit_in(self.forge.git_dir(repository or self.repository()), files, message, at=at, branch=branch)


def furnish(forge: Forge) -> None:
    """Make what `Harbour` finds."""
    people = {
        name: create_user(
            forge,
            name,
            email=f"{name}@example.org",
            display_name=name.title(),
            password=Secret(PASSWORD) if name == "chen" else None,
            admin=name == "root",
        )
        for name in ("chen", *ROLES, "xiao", "root")
    }
    organization = create_organization(forge, "harbour", owner=people["chen"], display_name="港口")
    for name, role in ROLES.items():
        add_member(forge, organization, people[name], role)
    for name, visibility in (("ferry", Visibility.PRIVATE), ("light", Visibility.PUBLIC)):
        path = RepositoryPath(organization.path, name)
        create_repository(forge, path, visibility=visibility, description=f"the {name}", creator=people["chen"])
    harbour = Harbour(forge, Clock())
    for repository in (harbour.repository("ferry"), harbour.repository("light")):
        files = {"README.md": "# 渡船\n".encode(), "src/main.c": b"int main;\n", "docs/a/b.md": b"# b\n"}
        harbour.commit(files, "first", at=1_700_000_000, repository=repository)
        second = {"src/main.c": b"int main(void);\n"}
        harbour.commit(second, "fix the main thing\n\nlong story", at=1_700_100_000, repository=repository)


@pytest.fixture(scope="session")
def prepared_harbour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive, made once and copied for each test."""
    root = tmp_path_factory.mktemp("harbour") / "archive"
    archive = Archive.open_or_create(root, now=NOON, identifier=UUID(int=1))
    with closing(open_database(archive.database)) as database:
        upgrade_if_behind(database)
        furnish(Forge(database, archive, Clock().now))
    return root


@pytest.fixture
def harbour(prepared_harbour: Path, tmp_path: Path) -> Iterator[Harbour]:
    archive, clock = Archive.open(Path(shutil.copytree(prepared_harbour, tmp_path / "archive"))), Clock()
    with closing(open_database(archive.database)) as database:
        yield Harbour(Forge(database, archive, clock.now), clock)


@pytest.fixture
def harbour_on_postgresql(postgres_database: Database, tmp_path: Path) -> Harbour:
    archive, clock = Archive.open_or_create(tmp_path / "on-postgresql", now=NOON, identifier=UUID(int=1)), Clock()
    forge = Forge(postgres_database, archive, clock.now)
    furnish(forge)
    return Harbour(forge, clock)
