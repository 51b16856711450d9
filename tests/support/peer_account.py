"""An account at a running Matou whose team is backed up by another, in this process."""

import secrets
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from matou.archive.layout import Archive
from matou.archive.manifest import NamespaceLine, RepositoryLine, UnseenLine, read_manifest
from matou.credentials import Secret
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.accounts.namespaces import create_organization
from matou.model.names import NamespacePath, RepositoryPath
from matou.settings import Settings
from matou.transfer.backup.options import BackupOptions
from matou.transfer.backup.report import SILENCE, BackupReport
from matou.wiring import back_up
from support.commits import commit_in, git_in
from support.deciding import add_member, create_project, create_repository, create_token
from support.matou_server import MatouServer

MADE_AT = 1_700_000_000


@dataclass
class PeerAccount:
    """A team at a server, whose owner it is that backs it up.

    Attributes:
        requests: of the last backup.
    """

    server: MatouServer
    to: Path
    name: str = field(default_factory=lambda: f"team-{secrets.token_hex(4)}")
    token: Secret | None = None

    @cached_property
    def owner(self) -> User:
        return self.server.user()

    @cached_property
    def team(self) -> Namespace:
        return create_organization(self.server.forge, self.name, owner=self.owner)

    @cached_property
    def project(self) -> Namespace:
        return create_project(self.server.forge, self.team, "harbour", creator=self.owner)

    @property
    def archive(self) -> Archive:
        return Archive.open(self.to)

    def repository(self, name: str) -> Repository:
        """With one commit on `main`, in the project below the team."""
        path = RepositoryPath(self.project.path, name)
        made = create_repository(self.server.forge, path, creator=self.owner)
        self.commit(made, "first")
        return made

    def commit(self, repository: Repository, message: str, branch: str = "main") -> str:
        git_dir = self.server.forge.git_dir(repository)
        return commit_in(git_dir, {"a": message.encode()}, message, at=MADE_AT, branch=branch)

    def git(self, repository: Repository, *words: str) -> str:
        return git_in(self.server.forge.git_dir(repository), *words).strip()

    def member(self, role: Any) -> Secret:
        """The token of somebody who has a role in the team."""
        user = self.server.user()
        add_member(self.server.forge, self.team, user, role)
        return self.server.token(user)

    def back_up(self, **options: Any) -> BackupReport:
        self.token = self.token or create_token(self.server.forge, self.owner, secrets.token_hex(4))
        settings = Settings.from_environment({})
        chosen = BackupOptions(jobs=2, **options)
        return back_up("matou", self.server.url, self.token, self.to, chosen, settings=settings, progress=SILENCE)

    def lines(self) -> list[Any]:
        """Of the newest manifest."""
        return list(read_manifest(self.archive.manifest(max(self.archive.run_numbers()))))

    def line(self, name: str) -> RepositoryLine:
        [found] = [line for line in self.lines() if isinstance(line, RepositoryLine) and line.name == name]
        return found

    def namespaces(self) -> dict[str, NamespaceLine]:
        return {line.path: line for line in self.lines() if isinstance(line, NamespaceLine)}

    def unseen(self) -> list[str]:
        return [f"{line.what}: {line.reason}" for line in self.lines() if isinstance(line, UnseenLine)]

    def saved_git(self, place: str, *words: str) -> str:
        """In a repository of the other archive."""
        return git_in(self.to / place, *words).strip()

    @property
    def path(self) -> NamespacePath:
        return self.project.path
