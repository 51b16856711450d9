"""A token that stopped being valid: asked for again once, with the password that is kept, and otherwise erased."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from matou.credentials import Secret
from matou.credentials.names import SecretName, SecretStore
from matou.credentials.private_files import locked
from matou.errors import MatouError, Refused

T = TypeVar("T")


class LogInAgain(Refused):
    """Nothing that is kept is valid any longer."""


class Renewal:
    """Makes requests with a kept token, and renews it when the platform says that it is not valid.

    Args:
        store: where the token lies.
        token: its name.
        lock: a file that every process locks before it renews this token.
        is_invalid: whether an error says that the token is not valid: 401, and never 403, 404 or 5xx.
        log_in: makes a token of the password that is kept, and forgets that one if the platform refuses it; gives
            None, or is None, where there is no such password or no such way.
        again: the command that logs in.
    """

    def __init__(
        self,
        store: SecretStore,
        token: SecretName,
        *,
        lock: Path,
        is_invalid: Callable[[MatouError], bool],
        log_in: Callable[[], Secret | None] | None,
        again: str,
    ) -> None:
        self._store = store
        self._name = token
        self._lock = lock
        self._is_invalid = is_invalid
        self._log_in = log_in
        self._again = again

    def ask(self, request: Callable[[Secret], T]) -> T:
        """Make a request that may be repeated; it is, once, where the token could be renewed.

        Raises:
            LogInAgain: there is no valid token; the one that was refused is erased.
            MatouError: whatever else the request or the new log-in ended with; nothing is erased then.
        """
        token = self._store.get(self._name)
        if token is None:
            raise self._log_in_again()
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
            raise self._log_in_again() from error

    def _renew(self, refused: Secret) -> Secret:
        """Another token than the one refused: what another process has put there meanwhile, or a new one."""
        with locked(self._lock):
            present = self._store.get(self._name)
            if present is not None and present != refused:
                return present
            made = self._new_token()
            if made is None:
                self._store.erase(self._name)
                raise self._log_in_again()
            self._store.put(self._name, made)
            return made

    def _new_token(self) -> Secret | None:
        """None where there is no password, or the platform refuses it."""
        if self._log_in is None:
            return None
        try:
            return self._log_in()
        except MatouError as error:
            if not self._is_invalid(error):
                raise
            return None

    def _forget(self, refused: Secret) -> None:
        with locked(self._lock):
            if self._store.get(self._name) == refused:
                self._store.erase(self._name)

    def _log_in_again(self) -> LogInAgain:
        return log_in_again(self._name.origin, self._again)


def log_in_again(origin: str, command: str) -> LogInAgain:
    return LogInAgain(
        "what was kept for {origin} is no longer valid, and is kept no longer",
        origin=origin,
        command=command,
        advice="log in again with: {command}",
    )
