"""A token that stopped being valid: asked for again once, with a password, and otherwise erased."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from matou.credentials import Secret
from matou.credentials.private_files import locked
from matou.credentials.store import SecretName, SecretStore
from matou.errors import MatouError, Refused, TryLater

T = TypeVar("T")

ADVICE = "log in again with: {command}; or set {variable}"


class ReauthRequired(Refused):
    """Nothing that is kept is valid any longer."""


class StoreUnavailable(TryLater):
    """The store that a token was put into does not give it out; nothing is known about the token."""


@dataclass(frozen=True, slots=True)
class ReauthHint:
    """What a person can do whose credential is no longer good.

    Attributes:
        command: the one that logs in.
        variable: the one that a token may be given by instead.
    """

    origin: str
    command: str
    variable: str

    def after_refusal(self) -> ReauthRequired:
        return ReauthRequired(
            "what was kept for {origin} is no longer valid, and is kept no longer", advice=ADVICE, **self._values
        )

    def without_token(self) -> ReauthRequired:
        return ReauthRequired("no token is kept for {origin}", advice=ADVICE, **self._values)

    def after_wrong_password(self) -> ReauthRequired:
        return ReauthRequired("{origin} refused the password", advice=ADVICE, **self._values)

    def without_store(self, fault: MatouError) -> StoreUnavailable:
        return StoreUnavailable(
            "what is kept for {origin} cannot be read: {fault}",
            advice=ADVICE,
            fault=fault.fact,
            origin=self.origin,
            command=self.command,
            variable=self.variable,
        )

    @property
    def _values(self) -> dict[str, str]:
        return {"origin": self.origin, "command": self.command, "variable": self.variable}


class TokenRefresher:
    """Makes requests with a kept token, and renews it when the platform says that it is not valid.

    Args:
        store: where the token lies.
        token: its name.
        lock: a file that every process locks before it renews this token.
        is_invalid: whether an error says that the token is not valid: 401, and never 403, 404 or 5xx.
        ask: asks the person for the password, before anything is locked, since they may take their time; None where
            one is kept, or nobody is there.
        log_in: makes a token of that password or, given None, of the one that is kept, which it forgets if the
            platform refuses it; gives None, or is None, where there is no such password or no such way.
    """

    def __init__(
        self,
        store: SecretStore,
        token: SecretName,
        *,
        lock: Path,
        is_invalid: Callable[[MatouError], bool],
        ask: Callable[[], Secret] | None,
        log_in: Callable[[Secret | None], Secret | None] | None,
        reauth_hint: ReauthHint,
    ) -> None:
        self._store = store
        self._name = token
        self._lock = lock
        self._is_invalid = is_invalid
        self._ask = ask
        self._log_in = log_in
        self._reauth_hint = reauth_hint

    def call(self, request: Callable[[Secret], T]) -> T:
        """Make a request that may be repeated; it is, once, where the token could be renewed.

        Raises:
            ReauthRequired: there is no valid token; the one that was refused is erased.
            MatouError: whatever else the request or the new log-in ended with; nothing is erased then.
        """
        token = self._store.get(self._name)
        if token is not None:
            try:
                return request(token)
            except MatouError as error:
                if not self._is_invalid(error):
                    raise
        renewed = self._renew(token)
        try:
            return request(renewed)
        except MatouError as error:
            if not self._is_invalid(error):
                raise
            self._forget(renewed)
            raise self._reauth_hint.after_refusal() from error

    def _renew(self, refused: Secret | None) -> Secret:
        """Another token than the one refused: what another process has put there meanwhile, or a new one."""
        present = self._store.get(self._name)
        if present is not None and present != refused:
            return present
        typed = self._ask() if self._ask else None
        with locked(self._lock):
            present = self._store.get(self._name)
            if present is not None and present != refused:
                return present
            made = self._new_token(typed)
            if made is None:
                self._store.erase(self._name)
                raise self._reauth_hint.without_token() if refused is None else self._reauth_hint.after_refusal()
            self._store.put(self._name, made)
            return made

    def _new_token(self, typed: Secret | None) -> Secret | None:
        """None where there is no password, or the platform refuses the one that was kept."""
        if self._log_in is None:
            return None
        try:
            return self._log_in(typed)
        except MatouError as error:
            if not self._is_invalid(error):
                raise
            if typed is not None:
                raise self._reauth_hint.after_wrong_password() from error
            return None

    def _forget(self, refused: Secret) -> None:
        with locked(self._lock):
            if self._store.get(self._name) == refused:
                self._store.erase(self._name)
