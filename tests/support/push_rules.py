"""A repository with push rules, and somebody who pushes to it by git."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from matou.credentials import Secret
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.accounts.users import create_user
from matou.model.repository_settings import RepositorySettings
from support.deciding import change_settings
from support.git_repositories import (
    ENVIRONMENT,
    refs_of,
)
from support.matou_server import PASSWORD, MatouServer

MEBIBYTE = 1024 * 1024


@dataclass
class Pushed:
    """What a person saw of a push."""

    status: int
    said: str

    @property
    def remote(self) -> list[str]:
        """What came from the server, line by line."""
        return [
            line.removeprefix("remote: ").rstrip() for line in self.said.splitlines() if line.startswith("remote: ")
        ]


@dataclass
class Work:
    """A repository on the server with one commit on `main`, a clone of it, and two people."""

    server: MatouServer
    repository: Repository
    clone: Path
    developer: User

    def push(self, *refs: str, user: User | None = None, options: tuple[str, ...] = (), **environment: str) -> Pushed:
        url = self.server.clone_url(self.repository, self.server.credential(user or self.developer))
        answer = subprocess.run(
            ["git", f"--git-dir={self.clone}", "push", *options, url, *refs],
            capture_output=True,
            env={**ENVIRONMENT, **environment},
            timeout=60,
        )
        return Pushed(answer.returncode, answer.stderr.decode())

    def set(self, kind: type[RepositorySettings], **changes: object) -> None:
        owner = Identity(self.server.owner, ALL_SCOPES)
        change_settings(self.server.forge, owner, self.repository, kind, **changes)

    @property
    def git_dir(self) -> Path:
        return self.server.git_dir(self.repository)

    @property
    def refs(self) -> dict[str, str]:
        return {str(name): str(oid) for name, oid in refs_of(self.git_dir).items()}

    def has(self, oid: str) -> bool:
        command = ["git", f"--git-dir={self.git_dir}", "cat-file", "-e", oid]
        return subprocess.run(command, capture_output=True, env=ENVIRONMENT).returncode == 0


def person(server: MatouServer, email: str = "") -> User:
    name = f"person-{os.urandom(4).hex()}"
    return create_user(server.forge, name, email=email or f"{name}@example.com", password=Secret(PASSWORD))


def assert_refused(work: Work, pushed: Pushed, *texts: str) -> None:
    assert pushed.status == 1, pushed.said
    assert pushed.remote[0] == "Nothing of this push was taken:"
    for text in texts:
        assert any(re.search(text, line) for line in pushed.remote), pushed.said
    assert "pre-receive hook declined" in pushed.said
    assert list((work.git_dir / "objects").glob("tmp_objdir*")) == []
