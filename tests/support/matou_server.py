"""Fixtures: a real Matou server, in a process of its own, over a folder that the test process works on as well.

Tests make users, tokens and repositories through the forge's own use cases, on the same database; the server sees
them with its next request.
"""

import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from matou.credentials import GitCredential, Secret
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import NotFound
from matou.forge.accounts.namespaces import create_organization, find_namespace
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.model.names import NamespacePath, RepositoryPath
from matou.model.platform import Visibility
from matou.settings import Settings
from matou.wiring import open_forge
from support.deciding import create_project, create_repository, create_token

PASSWORD = "correct horse battery staple"

WORKERS = int(os.environ.get("MATOU_TEST_WORKERS", "1"))
"""Of the server that tests share: `MATOU_TEST_WORKERS=2` shows that they hold of several as of one."""

_PROGRAM = """
import sys
from functools import partial
from pathlib import Path
import matou.forge.login_throttle
from matou.server.app import EdgeSettings
from matou.server.main import ServeOptions, prepare, serve, serve_as_worker, supervise
from matou.server.ssh.address import SshListenOptions
from matou.settings import Settings
from matou.wiring import open_forge

root, port, loopback, open_backups, forgives, strict, by_ssh, platform, workers = sys.argv[1:]
if forgives == "1":
    matou.forge.login_throttle.FREE_FAILURES_OF_AN_ADDRESS = 1_000_000
settings = Settings.from_environment({"MATOU_STRICT_PUSHES": strict})
flags = {"loopback": loopback == "1", "anonymous_reads_backups": open_backups == "1"}
opened = partial(open_forge, Path(root), settings, **flags)
announce = lambda url: print(url, flush=True)
edge = EdgeSettings(hosts={"127.0.0.1": platform} if platform else {})
ssh = SshListenOptions("127.0.0.1", 0, lambda address: print(address.port, address.public_line, flush=True))
ssh = ssh if by_ssh == "1" else None
options = ServeOptions("127.0.0.1", int(port), requests_per_minute=0, edge=edge, ssh=ssh, workers=int(workers))

def work(server, worker):
    with opened() as forge:
        serve_as_worker(forge, server, worker)

with opened() as forge:
    server = prepare(forge, options)
    if options.workers == 1:
        serve(forge, server, announce=announce)
if options.workers > 1:
    supervise(server, partial(work, server), announce=announce)
"""


@dataclass
class MatouServer:
    """A server that runs.

    Attributes:
        url: without a slash at the end.
        forge: the same database and archive as the server has, in this process.
        owner: an account that owns every team made here; its password is PASSWORD.
        ssh_port: where it is reached by SSH, if it is; `host_key` is the key that it is known by there.
    """

    url: str
    root: Path
    forge: Forge
    process: subprocess.Popen[str]
    owner: User
    log: Path
    ssh_port: int = 0
    host_key: str = ""

    def user(self, name: str | None = None, *, admin: bool = False) -> User:
        """A new account with the password PASSWORD."""
        return create_user(self.forge, name or _name("user"), password=Secret(PASSWORD), admin=admin)

    def token(self, user: User | None = None) -> Secret:
        return create_token(self.forge, user or self.owner, _name("token"))

    def credential(self, user: User | None = None) -> GitCredential:
        return GitCredential((user or self.owner).name, self.token(user))

    def team(self, name: str | None = None) -> Namespace:
        return create_organization(self.forge, name or _name("team"), owner=self.owner)

    def repository(self, path: str | None = None, *, visibility: Visibility = Visibility.PRIVATE) -> Repository:
        """An empty one; the namespaces that it stands in are made where they are missing."""
        where = RepositoryPath.parse(path or f"{_name('team')}/{_name('repository')}")
        self.namespace(where.namespace)
        return create_repository(self.forge, where, visibility=visibility, creator=self.owner)

    def namespace(self, path: NamespacePath) -> Namespace:
        try:
            return find_namespace(self.forge, path)
        except NotFound:
            if path.parent is None:
                return self.team(path.name)
            return create_project(self.forge, self.namespace(path.parent), path.name, creator=self.owner)

    def git_dir(self, repository: Repository) -> Path:
        return self.forge.git_dir(repository)

    def clone_url(self, repository: Repository, credential: GitCredential | None = None) -> str:
        """With a credential it stands in the URL: for tests only, and only for git, which masks it."""
        path = quote(str(repository.path))
        if credential is None:
            return f"{self.url}/{path}.git"
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{credential.user}:{credential.password.reveal()}@{rest}/{path}.git"

    def stop(self, number: signal.Signals = signal.SIGTERM, *, within_seconds: float = 35) -> int:
        """Returns the exit status."""
        self.process.send_signal(number)
        return self.process.wait(within_seconds)


@contextmanager
def running_server(
    root: Path,
    *,
    loopback: bool = False,
    anonymous_reads_backups: bool = False,
    forgives_addresses: bool = False,
    strict_pushes: bool = False,
    platform: str = "",
    port: int = 0,
    ssh: bool = False,
    workers: int = 1,
) -> Iterator[MatouServer]:
    """Start a server over a folder, which is made where there is none, and end it however the test ends.

    Args:
        root: the archive.
        loopback: whether it takes itself for one that only this machine reaches.
        anonymous_reads_backups: whether everybody may, as long as nobody has an account.
        forgives_addresses: failed log-ins slow down an account and not the address, which many tests share.
        strict_pushes: whether what old tools wrote is refused.
        platform: what its host stands for; empty for none.
        port: 0 for any.
        ssh: whether it is reached by SSH, too.
        workers: how many processes serve.
    """
    with ExitStack() as ending:
        forge = ending.enter_context(
            open_forge(
                root,
                Settings.from_environment({}),
                loopback=loopback,
                anonymous_reads_backups=anonymous_reads_backups,
            )
        )
        owner = create_user(forge, _name("owner"), password=Secret(PASSWORD))
        log = root.with_name(root.name + ".log")
        errors = ending.enter_context(log.open("a"))
        choices = (loopback, anonymous_reads_backups, forgives_addresses, strict_pushes, ssh)
        arguments = [str(root), str(port), *("1" if choice else "0" for choice in choices), platform, str(workers)]
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=errors, text=True
        )
        ending.enter_context(process)
        ending.callback(process.kill)
        ssh_port, _, host_key = _first_line(process, log).partition(" ") if ssh else ("0", "", "")
        url = _first_line(process, log)
        yield MatouServer(url, root, forge, process, owner, log, int(ssh_port), host_key)


def memory_bytes(pid: int) -> int:
    """What a process holds in memory. Linux only."""
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert match is not None
    return int(match[1]) * 1024


def _first_line(process: subprocess.Popen[str], log: Path) -> str:
    line = process.stdout.readline().strip() if process.stdout else ""
    if not line:
        message = f"the server did not start: {log.read_text()}"
        raise RuntimeError(message)
    return line


def _name(kind: str) -> str:
    return f"{kind}-{secrets.token_hex(4)}"


@pytest.fixture(scope="session")
def matou_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MatouServer]:
    """One server for all tests of a worker: each test makes its own team, or takes a name that is free."""
    with running_server(
        tmp_path_factory.mktemp("server") / "archive", forgives_addresses=True, workers=WORKERS
    ) as server:
        yield server
