"""People and machines who reach a server by SSH, with OpenSSH's own client and git."""

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from matou.db.repositories import Repository
from matou.db.users import User
from support.deciding import add_deploy_key, add_ssh_key
from support.git_repositories import ENVIRONMENT
from support.matou_server import MatouServer
from support.ssh_keys import SshKeyPair, new_ssh_key

NEEDS_SSH = pytest.mark.skipif(shutil.which("ssh") is None, reason="OpenSSH's client is not installed (ssh)")
SECONDS = 60


@dataclass(frozen=True)
class SshPerson:
    """Whoever has a key: of an account, of a repository, or of nobody."""

    server: MatouServer
    key: Path
    known_hosts: Path

    @property
    def command(self) -> list[str]:
        """ssh as git is told to call it: nothing of the machine's own settings, and nobody is asked."""
        options = {
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
            "IdentityFile": str(self.key),
            "UserKnownHostsFile": str(self.known_hosts),
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes",
            "LogLevel": "INFO",
        }
        return ["ssh", "-F", "none", *(f"-o{name}={value}" for name, value in options.items())]

    @property
    def environment(self) -> dict[str, str]:
        return {**ENVIRONMENT, "GIT_SSH_COMMAND": shlex.join(self.command), "PATH": os.environ["PATH"]}

    def url(self, repository: Repository | str, *, user: str = "git") -> str:
        path = repository if isinstance(repository, str) else str(repository.path)
        return f"ssh://{user}@127.0.0.1:{self.server.ssh_port}/{path}.git"

    def git(self, *arguments: str | Path, cwd: Path | None = None, code: int = 0, **more: str) -> str:
        """Standard output and error of git itself, which ends as it should."""
        ended = subprocess.run(
            ["git", *map(str, arguments)],
            cwd=cwd, env={**self.environment, **more}, capture_output=True, text=True, timeout=SECONDS,
        )  # fmt: skip
        assert (ended.returncode == 0) == (code == 0), ended.stderr
        return ended.stdout + ended.stderr

    def ssh(
        self, *words: str, options: tuple[str, ...] = (), user: str = "git", stdin: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        where = ["-p", str(self.server.ssh_port), *options, f"{user}@127.0.0.1", *words]
        return subprocess.run([*self.command, *where], input=stdin, capture_output=True, timeout=SECONDS)


def known_hosts(server: MatouServer, folder: Path) -> Path:
    file = folder / "known_hosts"
    file.write_text(f"[127.0.0.1]:{server.ssh_port} {server.host_key}\n")
    return file


def with_account(server: MatouServer, user: User, folder: Path, pair: SshKeyPair | None = None) -> SshPerson:
    pair = pair or new_ssh_key()
    add_ssh_key(server.forge, user, pair.public)
    return _person(server, folder, pair)


def with_deploy_key(server: MatouServer, repository: Repository, folder: Path, *, writes: bool) -> SshPerson:
    pair = new_ssh_key()
    add_deploy_key(server.forge, repository, pair.public, writes=writes)
    return _person(server, folder, pair)


def stranger(server: MatouServer, folder: Path) -> SshPerson:
    return _person(server, folder, new_ssh_key())


def _person(server: MatouServer, folder: Path, pair: SshKeyPair) -> SshPerson:
    home = folder / f"ssh-{len(list(folder.glob('ssh-*')))}"
    home.mkdir()
    return SshPerson(server, pair.write(home), known_hosts(server, home))
