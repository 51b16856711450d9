"""An archive on its way to a server, and what a report says of it."""

import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integration.transfer.saved_archives import git
from matou.archive.layout import Archive
from matou.credentials import Secret
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.accounts.namespaces import create_organization
from matou.forge.repositories.repository_lists import find_repository
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.names import RepositoryPath
from matou.platforms.base.target import MigrationTarget
from matou.platforms.coding.target import CodingTarget
from matou.platforms.gitcode.target import GitCodeTarget
from matou.platforms.matou.target import MatouTarget
from matou.transfer.common.transports import TargetTransports
from matou.transfer.migrate.command import MigrationOptions, migrate
from matou.transfer.migrate.report import MigrationReport, Moved
from support.deciding import create_project
from support.matou_server import MatouServer
from support.steered_clock import SYSTEM_CLOCK

CONTENT = b"an object of LFS" * 1000


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Port:
    """A project of an organization at the server, a token that may create in it, and the API that is used."""

    server: MatouServer
    session: Session
    namespace: Namespace
    token: Secret
    platform: str
    url: str

    @property
    def name(self) -> str:
        return str(self.namespace.path)

    def target(self) -> MigrationTarget:
        url = self.url
        if self.platform == "coding":
            return CodingTarget(self.session, f"{url}/open-api", self.token, now=now)
        kind = MatouTarget if self.platform == "matou" else GitCodeTarget
        return kind(self.session, url, self.token, now=now)

    def migrate(
        self, archive: Archive, *, cancelled: threading.Event | None = None, **options: object
    ) -> MigrationReport:
        chosen = MigrationOptions(self.name, **options)  # type: ignore[arg-type]
        return migrate(archive, self.target(), TargetTransports(self.session), chosen, cancelled=cancelled)

    def repository(self, name: str) -> Repository:
        return find_repository(self.server.forge, RepositoryPath(self.namespace.path, name))

    def git_dir(self, name: str) -> Path:
        return self.server.git_dir(self.repository(name))

    def has(self, name: str) -> bool:
        try:
            self.repository(name)
        except NotFound:
            return False
        return True


every_platform = pytest.mark.parametrize("port", ["matou", "gitcode", "coding"], indirect=True)


@pytest.fixture
def port(matou_server: MatouServer, request: pytest.FixtureRequest) -> Iterator[Port]:
    owner = matou_server.user()
    team = create_organization(matou_server.forge, f"team-{secrets.token_hex(4)}", owner=owner)
    project = create_project(matou_server.forge, team, "port", creator=owner)
    patience = RetryPolicy(attempts=2)
    with Session(named=(matou_server.url,), clock=SYSTEM_CLOCK, connections=12, patience=patience) as session:
        platform = getattr(request, "param", "matou")
        yield Port(matou_server, session, project, matou_server.token(owner), platform, matou_server.url)


def refs(git_dir: Path) -> dict[str, str]:
    listed = git(git_dir, "for-each-ref", "--format=%(refname) %(objectname)")
    return dict(line.split(" ") for line in listed.splitlines())


def by_path(report: MigrationReport) -> Mapping[str, Moved]:
    return {moved.move.candidate.source_path: moved for moved in report.repositories}


def outcomes(report: MigrationReport) -> dict[str, str]:
    return {path: moved.outcome.value for path, moved in by_path(report).items()}
