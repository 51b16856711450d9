"""The secrets that this person has let Matou keep: where the stores are, and which of them is taken."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from matou.cli.config import variable_of
from matou.cli.login_check import is_invalid, makes_token_of_password, verify_password
from matou.cli.ui.output import print_error
from matou.cli.ui.prompts import is_interactive, prompt_new_secret, prompt_secret
from matou.credentials import Secret
from matou.credentials.file import TokenFile
from matou.credentials.keyring import StoreHangs, open_system_store
from matou.credentials.logins import Login, Logins, configuration_folder
from matou.credentials.refresh import ReauthHint, TokenRefresher
from matou.credentials.store import MemoryStore, NoSuchStore, SecretKind, SecretStore, StoreFailed, StoreKind
from matou.errors import MatouError, NotFound
from matou.i18n import gettext as _
from matou.i18n import localize, printable
from matou.settings import Settings

PASSPHRASE = "MATOU_PASSPHRASE"  # noqa: S105 - the name of a variable


class NoPassphrase(NotFound):
    """Nobody can be asked for the passphrase of the file of tokens."""


class CredentialManager:
    """The log-ins and secrets of one person. Stores are opened when they are needed, and once.

    Args:
        stores: those to use instead of the machine's.
    """

    def __init__(self, settings: Settings, stores: Mapping[StoreKind, SecretStore] | None = None) -> None:
        self.settings = settings
        self._folder = configuration_folder(settings.environment)
        self.logins = Logins(self._folder)
        self._stores = dict(stores or {})

    @property
    def token_file(self) -> Path:
        return self._folder / "tokens.matou"

    def store(self, kind: StoreKind) -> SecretStore:
        """Raises NoSuchStore, StoreHangs."""
        if kind not in self._stores:
            self._stores[kind] = open_system_store() if kind is StoreKind.KEYRING else self._open_file()
        return self._stores[kind]

    def get(self, login: Login, kind: SecretKind) -> Secret | None:
        store = login.places.get(kind, StoreKind.PROMPT)
        return None if store is StoreKind.PROMPT else self.store(store).get(login.secret_name(kind))

    def save(self, login: Login, secrets: Mapping[SecretKind, Secret]) -> Login:
        """Keep an account's secrets in place of all that was kept for its host, and say where they lie now.

        Raises:
            NoPassphrase: there is no credential manager, and no passphrase for a file.
        """
        before = next((old for old in self.logins.all() if old.origin == login.origin), None)
        stores = {kind: self._save(login, kind, secret) for kind, secret in secrets.items()}
        saved = msgspec.structs.replace(login, places=stores)
        self.logins.put(saved)
        if before is not None:
            self._erase_what_is_left(before, saved)
        return saved

    def delete(self, login: Login) -> None:
        """Erase an account's secrets, and then the account. Raises what its stores raise; the account stays then."""
        for kind in login.places:
            self.erase(login, kind)
        self.logins.remove(login.origin)

    def erase(self, login: Login, kind: SecretKind) -> None:
        store = login.places.get(kind, StoreKind.PROMPT)
        if store is not StoreKind.PROMPT:
            self.store(store).erase(login.secret_name(kind))

    def token_refresher(self, login: Login, *, variable: str = "", may_ask: bool = True) -> TokenRefresher:
        """Makes requests with the kept token of an account; see `TokenRefresher`.

        Args:
            variable: the one that gives the command at hand a token, where it is not the platform's own.
            may_ask: whether a person at a terminal is asked for a password that is not kept.

        Raises:
            StoreUnavailable: the token cannot be read, and nobody is there who could log in.
        """
        reauth_hint = self.reauth_hint(login, variable)
        can_ask = may_ask and self._can_ask(login)
        store = self._store_of_token(login, reauth_hint, can_ask=can_ask)
        asks = can_ask and (store.place is StoreKind.PROMPT or login.places[SecretKind.PASSWORD] is StoreKind.PROMPT)
        has_password = login.places.get(SecretKind.PASSWORD) is StoreKind.KEYRING
        return TokenRefresher(
            store,
            login.secret_name(SecretKind.TOKEN),
            lock=self._folder / "renewal.lock",
            is_invalid=is_invalid,
            ask=(lambda: self._ask(login)) if asks else None,
            log_in=(lambda typed: self._log_in(login, typed)) if asks or has_password else None,
            reauth_hint=reauth_hint,
        )

    def reauth_hint(self, login: Login, variable: str = "") -> ReauthHint:
        return ReauthHint(login.origin, log_in_command(login), variable or variable_of(login.platform))

    def _store_of_token(self, login: Login, reauth_hint: ReauthHint, *, can_ask: bool) -> SecretStore:
        """Where the token lies; memory, for this run alone, where that is gone and a person can log in."""
        try:
            store = self.store(login.places[SecretKind.TOKEN])
            store.get(login.secret_name(SecretKind.TOKEN))
        except (NoSuchStore, StoreHangs, StoreFailed) as error:
            gone = reauth_hint.without_store(error)
            if not can_ask:
                raise gone from error
            print_error(localize(gone))
            return MemoryStore()
        return store

    def _can_ask(self, login: Login) -> bool:
        """Whether somebody is there who logged in with a password, of which this platform makes a token."""
        is_known = SecretKind.PASSWORD in login.places and makes_token_of_password(login.platform)
        return is_known and is_interactive()

    def _ask(self, login: Login) -> Secret:
        question = _("Password of {user} at {origin}")
        return prompt_secret(question.format(user=printable(login.user), origin=login.origin))

    def _log_in(self, login: Login, typed: Secret | None) -> Secret | None:
        """A new token for a password. One that was typed is not kept, and a kept one no longer if it is refused."""
        password = typed or self.get(login, SecretKind.PASSWORD)
        if not password:
            return None
        try:
            return verify_password(login.platform, login.url, login.user, password, self.settings).token
        except MatouError as error:
            if typed is None and is_invalid(error):
                self.erase(login, SecretKind.PASSWORD)
            raise

    def _save(self, login: Login, kind: SecretKind, secret: Secret) -> StoreKind:
        """A credential manager that is locked, hangs or fails is as good as none."""
        name = login.secret_name(kind)
        try:
            self.store(StoreKind.KEYRING).put(name, secret)
        except (NoSuchStore, StoreHangs, StoreFailed):
            if kind is SecretKind.PASSWORD:
                return StoreKind.PROMPT
            self.store(StoreKind.FILE).put(name, secret)
            return StoreKind.FILE
        return StoreKind.KEYRING

    def _erase_what_is_left(self, before: Login, after: Login) -> None:
        for kind, store in before.places.items():
            is_in_use = before.user == after.user and after.places.get(kind) is store
            if not is_in_use:
                self.erase(before, kind)

    def _open_file(self) -> TokenFile:
        return TokenFile(self.token_file, self._passphrase)

    def _passphrase(self) -> Secret:
        passphrase = self.settings.environment.get(PASSPHRASE, "")
        if passphrase:
            return Secret(passphrase)
        if not sys.stderr.isatty():
            raise NoPassphrase(
                "there is no credential manager, and no passphrase for the file of tokens",
                variable=PASSPHRASE,
                advice="set {variable}",
            )
        if self.token_file.exists():
            return prompt_secret(_("Passphrase for tokens"))
        text = _(
            "there is no credential manager here: the token goes into {path}, under a passphrase that you choose now"
        )
        click.echo(text.format(path=printable(str(self.token_file))), err=True)
        return prompt_new_secret(_("New passphrase for tokens"))


def log_in_command(login: Login) -> str:
    """What to type to log in again."""
    user = f" --user {shlex.quote(login.user)}" if SecretKind.PASSWORD in login.places else ""
    return f"matou login {shlex.quote(login.url)} --platform {login.platform}{user}"
