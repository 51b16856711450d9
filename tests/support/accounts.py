"""People with an account of their own at the one server of a test run, and what they do to log in."""

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from matou.credentials import Secret
from matou.credentials.derivation import Derivation
from matou.credentials.file import TokenFile
from matou.db.users import User
from matou.forge.repositories.repository_lists import find_repository
from matou.model.names import RepositoryPath
from support.deciding import create_token, import_repository, list_tokens, receive, revoke_token, set_password
from support.forked_program import ForkingProgram, QuickPerson, forking_program
from support.matou_server import PASSWORD, MatouServer, running_server
from support.program import Ended, Person
from support.scripted_source import commit, lfs_pointer
from support.secret_service import KeptSecretService
from support.team import make_history, make_person

PASSPHRASE = "staple-staple-staple"


@dataclass(frozen=True)
class Account:
    """Somebody with an account.

    Attributes:
        person: at the terminal; `program` is what runs the commands.
        url: where they reach the server: itself, or something before it.
        token: given by the server, and put nowhere yet.
    """

    person: Person
    server: MatouServer
    user: User
    url: str
    token: str

    @property
    def api(self) -> str:
        return f"{self.url}/open-api"

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def configuration(self) -> Path:
        return self.person.home / ".config" / "matou"

    def with_environment(self, **environment: str) -> "Account":
        """The same person with more, or something else, in their environment."""
        return replace(self, person=replace(self.person, environment=self.person.environment | environment))

    def by_program_itself(self) -> "Account":
        """The same person, whose commands start the installed program."""
        return replace(self, person=Person(self.person.home, self.person.environment))

    def reached_at(self, url: str) -> "Account":
        return replace(self, url=url)

    def git_url(self, name: str) -> str:
        return f"{self.url}/{self.name}/{name}.git"

    def make_repositories(self, *, commits: Mapping[str, int]) -> None:
        """Private ones in the account's own namespace; without a commit they are empty."""
        for name, count in commits.items():
            source = make_history(self.person.home.parent / "made" / name, commits=count)
            path = RepositoryPath.parse(f"{self.name}/{name}")
            import_repository(self.server.forge, source, path, creator=self.user, local=True)

    def put_large_file(self, name: str, content: bytes) -> None:
        """An object of LFS, and a commit that names it."""
        forge, pointer = self.server.forge, lfs_pointer(content)
        repository = find_repository(forge, RepositoryPath.parse(f"{self.name}/{name}"))
        commit(self.server.git_dir(repository), "refs/heads/main", {"large.bin": pointer})
        receive(forge, repository, hashlib.sha256(content).hexdigest(), len(content), io.BytesIO(content))

    def revoke_tokens(self) -> None:
        for token in list_tokens(self.server.forge, self.user):
            revoke_token(self.server.forge, self.user, token.id)

    def change_password(self, password: str) -> None:
        set_password(self.server.forge, self.user, Secret(password))

    def expired_token(self) -> str:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        return create_token(self.server.forge, self.user, "expired", expires_at=yesterday).reveal()

    def tokens(self) -> int:
        return len(list_tokens(self.server.forge, self.user))

    def log_in(self, *options: str, token: str = "", code: int | None = 0) -> Ended:
        return self.person.matou(
            "login", self.url, "--token-stdin", *options, stdin=f"{token or self.token}\n", code=code
        )

    def log_in_with_password(self, *options: str, password: str = PASSWORD, code: int | None = 0) -> Ended:
        given = ("login", self.url, "--user", self.name, "--password-stdin", *options)
        return self.person.matou(*given, stdin=f"{password}\n", code=code)

    def status(self, code: int = 0) -> list[dict[str, Any]]:
        read: list[dict[str, Any]] = json.loads(self.person.matou("auth", "status", "--json", code=code).out)
        return read

    def git_credential(self, verb: str = "get", code: int = 0, **values: str) -> str:
        scheme, _, host = self.url.partition("://")
        lines = {"protocol": scheme, "host": host, **values}
        text = "".join(f"{key}={value}\n" for key, value in lines.items())
        return self.person.matou("auth", "git-credential", verb, stdin=f"{text}\n", code=code).out


@pytest.fixture(scope="session")
def home_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MatouServer]:
    """One server for all people who have nothing but their own namespace.

    In CODING's dialect a team is theirs; where others' organizations can be seen, that would be one of those.
    """
    with running_server(tmp_path_factory.mktemp("home") / "archive", forgives_addresses=True) as server:
        yield server


@pytest.fixture(scope="session")
def program() -> Iterator[ForkingProgram]:
    with forking_program() as program:
        yield program


@pytest.fixture(scope="session")
def kept_secret_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptSecretService]:
    """One for all, since each account has a name of its own."""
    with closing(KeptSecretService(tmp_path_factory.mktemp("secret-service"))) as service:
        yield service


@pytest.fixture
def account(home_server: MatouServer, program: ForkingProgram, tmp_path: Path) -> Account:
    """Somebody without a credential manager and without a passphrase."""
    return new_account(home_server, program, tmp_path)


def new_account(server: MatouServer, program: ForkingProgram, folder: Path) -> Account:
    home = make_person(folder / "home").home
    user = server.user()
    return Account(QuickPerson(home, program=program), server, user, server.url, server.token(user).reveal())


@pytest.fixture
def headless(account: Account) -> Account:
    """Somebody with a file of tokens, whose key is made at no cost: the file itself says how."""
    file = TokenFile(account.configuration / "tokens.matou", lambda: Secret(PASSPHRASE))
    file._write({}, Derivation(salt=bytes(16), passes=1, memory_kibibytes=32, lanes=1))
    return account.with_environment(MATOU_PASSPHRASE=PASSPHRASE)


@pytest.fixture
def desktop_account(account: Account, kept_secret_service: KeptSecretService) -> Account:
    """Somebody with a Secret Service."""
    return account.with_environment(DBUS_SESSION_BUS_ADDRESS=kept_secret_service.address())


@contextmanager
def silent_bus(folder: Path) -> Iterator[str]:
    """The address of a bus that takes connections and never says anything."""
    import socket

    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(folder / "bus"))
        silent.listen()
        yield f"unix:path={folder}/bus"
