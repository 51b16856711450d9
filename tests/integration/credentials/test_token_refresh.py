"""A kept token that stopped being valid, at a real server that speaks Gitee's v3 and revokes tokens."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from matou.cli.credential_manager import CredentialManager
from matou.cli.login_check import Verified, verify_password, verify_token
from matou.credentials import Secret
from matou.credentials.keyring import SystemStore
from matou.credentials.logins import Login
from matou.credentials.refresh import ReauthRequired, StoreUnavailable
from matou.credentials.store import SecretKind, SecretStore, StoreKind
from matou.errors import MatouError, Refused, TryLater
from matou.platforms.base.errors import ActionRefused, CredentialRefused, RemoteNotFound
from matou.settings import Settings
from support.deciding import create_token, list_tokens, revoke_token, set_password
from support.matou_server import PASSWORD, MatouServer

TOKEN, KEPT_PASSWORD = SecretKind.TOKEN, SecretKind.PASSWORD


class Memory:
    """A credential manager's back end that a test can look into and take away."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}
        self.is_gone = False

    def get_password(self, service: str, username: str, /) -> str | None:
        if self.is_gone:
            raise ConnectionResetError
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str, /) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str, /) -> None:
        del self.held[service, username]


class Person:
    """Somebody who logged in at a server with a password, by Gitee's v3."""

    def __init__(self, server: MatouServer, home: Path) -> None:
        self.server = server
        self.user = server.user()
        self.memory = Memory()
        self.settings = Settings.from_environment({"HOME": str(home)})
        proven = verify_password("gitee", server.url, self.user.name, Secret(PASSWORD), self.settings)
        assert proven.token is not None
        login = Login(server.url, "gitee", server.url, self.user.name, server.url, {})
        self.login = self.kept().save(login, {TOKEN: proven.token, KEPT_PASSWORD: Secret(PASSWORD)})

    def kept(self) -> CredentialManager:
        """As another process of the same person has it."""
        return CredentialManager(self.settings, {StoreKind.KEYRING: SystemStore(self.memory)})

    def token(self) -> Secret | None:
        return self.kept().get(self.login, TOKEN)

    def revoke_all(self) -> None:
        for token in list_tokens(self.server.forge, self.user):
            revoke_token(self.server.forge, self.user, token.id)

    def sessions(self) -> int:
        return len(list_tokens(self.server.forge, self.user))

    def ask(self) -> Verified:
        """One request with the kept token."""
        return (
            self.kept()
            .token_refresher(self.login)
            .call(lambda token: verify_token("gitee", self.server.url, token, self.settings))
        )


@pytest.fixture
def person(matou_server: MatouServer, tmp_path: Path) -> Person:
    return Person(matou_server, tmp_path)


def test_a_token_that_is_valid_is_used_as_it_is(person: Person) -> None:
    before = person.token()

    assert person.ask().user == person.user.name
    assert person.token() == before


def test_a_revoked_token_is_renewed_with_the_kept_password_and_the_request_repeated(person: Person) -> None:
    before = person.token()
    person.revoke_all()

    assert person.ask().user == person.user.name

    assert person.token() not in (None, before)
    assert person.sessions() == 1


def test_an_expired_token_is_renewed_as_a_revoked_one_is(person: Person) -> None:
    person.revoke_all()
    yesterday = datetime.now(UTC) - timedelta(days=1)
    expired = create_token(person.server.forge, person.user, "expired", expires_at=yesterday)
    person.kept().store(StoreKind.KEYRING).put(person.login.secret_name(TOKEN), expired)

    assert person.ask().user == person.user.name

    assert person.token() not in (None, expired)


def test_of_many_at_once_one_logs_in_and_the_others_take_what_it_got(person: Person) -> None:
    person.revoke_all()

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: person.ask().user, range(8)))

    assert answers == [person.user.name] * 8
    assert person.sessions() == 1


def test_without_a_kept_password_the_token_is_erased_and_the_command_told(person: Person) -> None:
    person.kept().erase(person.login, KEPT_PASSWORD)
    person.revoke_all()

    with pytest.raises(ReauthRequired) as caught:
        person.ask()

    assert caught.value.advice.format(**caught.value.values) == (
        f"log in again with: matou login {person.server.url} --platform gitee --user {person.user.name}"
        "; or set MATOU_GITEE_TOKEN"
    )
    assert person.token() is None


def test_a_password_that_was_changed_is_tried_once_and_then_both_are_erased(person: Person) -> None:
    set_password(person.server.forge, person.user, Secret("another one altogether"))
    person.revoke_all()

    for _ in range(3):
        with pytest.raises(ReauthRequired):
            person.ask()

    assert person.memory.held == {}


def test_a_store_that_vanished_is_told_and_nothing_is_taken_for_refused(person: Person) -> None:
    person.memory.is_gone = True

    with pytest.raises(StoreUnavailable, match="cannot be read"):
        person.ask()

    assert len(person.memory.held) == 2


class Refusing:
    """A request that always ends in the same way."""

    def __init__(self, error: MatouError) -> None:
        self.error = error
        self.tokens: list[Secret] = []

    def __call__(self, token: Secret) -> Verified:
        self.tokens.append(token)
        raise self.error


@pytest.mark.parametrize(
    "error", [ActionRefused("403"), RemoteNotFound("404"), TryLater("503"), Refused("of another kind")]
)
def test_nothing_but_401_logs_in_again_or_erases(person: Person, error: MatouError) -> None:
    before, request = person.token(), Refusing(error)

    with pytest.raises(type(error)):
        person.kept().token_refresher(person.login).call(request)

    assert request.tokens == [before]
    assert person.token() == before
    assert person.sessions() == 1


def test_a_request_that_is_refused_with_a_new_token_too_is_not_put_a_third_time(person: Person) -> None:
    request = Refusing(CredentialRefused("401"))

    with pytest.raises(ReauthRequired):
        person.kept().token_refresher(person.login).call(request)

    assert len(request.tokens) == len(set(request.tokens)) == 2
    assert person.token() is None


def test_what_another_process_has_renewed_is_read_before_anybody_logs_in(person: Person) -> None:
    name, requests_seen = person.login.secret_name(TOKEN), list[Secret]()
    elsewhere: SecretStore = person.kept().store(StoreKind.KEYRING)

    def request(token: Secret) -> str:
        requests_seen.append(token)
        if len(requests_seen) == 1:
            elsewhere.put(name, Secret("renewed elsewhere"))
            raise CredentialRefused("401")
        return "answered"

    assert person.kept().token_refresher(person.login).call(request) == "answered"
    assert requests_seen[1] == Secret("renewed elsewhere")
    assert person.sessions() == 1


def test_a_server_that_cannot_be_reached_for_the_log_in_costs_nothing_that_is_kept(person: Person) -> None:
    nowhere = Login("http://127.0.0.1:9", "gitee", "http://127.0.0.1:9", "li", "http://127.0.0.1:9", {})
    login = person.kept().save(nowhere, {TOKEN: Secret("f00d"), KEPT_PASSWORD: Secret(PASSWORD)})

    with pytest.raises(TryLater):
        person.kept().token_refresher(login).call(Refusing(CredentialRefused("401")))

    assert person.kept().get(login, TOKEN) == Secret("f00d")
    assert person.kept().get(login, KEPT_PASSWORD) == Secret(PASSWORD)


def test_a_password_that_vanished_from_the_store_counts_as_none(person: Person) -> None:
    del person.memory.held[f"matou:password:{person.server.url}", person.user.name]
    person.revoke_all()

    with pytest.raises(ReauthRequired):
        person.ask()
