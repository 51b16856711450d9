"""What a kept secret is called, and what every store of secrets promises."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from matou.credentials import Secret
from matou.errors import MatouError, NotFound, Refused


class SecretKind(StrEnum):
    TOKEN = "token"  # noqa: S105 - a word, not a secret
    PASSWORD = "password"  # noqa: S105 - a word, not a secret


class StoreKind(StrEnum):
    """Where a secret lies, or that it is asked for each time; the words stand in `logins.json`."""

    KEYRING = "system"
    FILE = "file"
    PROMPT = "nowhere"


@dataclass(frozen=True, slots=True)
class SecretName:
    """Names one secret.

    Attributes:
        origin: scheme, host and port of the platform.
        user: whose secret it is.
    """

    origin: str
    user: str
    kind: SecretKind


class StoreFailed(MatouError):
    """A store of secrets did not do what it was asked, and nothing is known to be kept."""


class NoSuchStore(NotFound):
    """There is no store of that kind on this machine."""


class PasswordNeedsKeyring(Refused):
    """A password goes nowhere but into the operating system's credential manager."""


class SecretStore(Protocol):
    """Keeps secrets by name; `tests/contracts/secret_stores.py` is the promise in full."""

    place: StoreKind

    def get(self, name: SecretName) -> Secret | None: ...

    def put(self, name: SecretName, secret: Secret) -> None:
        """Keep a secret in place of any that has this name; it has been read back when this returns.

        Raises:
            PasswordNeedsKeyring: it is a password and this store is not the operating system's.
            StoreFailed: it is not kept.
        """

    def erase(self, name: SecretName) -> None:
        """Forget a secret, if there is one."""


class MemoryStore:
    """Keeps a token for this run alone, where the store that it belongs to is gone."""

    place = StoreKind.PROMPT

    def __init__(self) -> None:
        self._tokens: dict[SecretName, Secret] = {}

    def get(self, name: SecretName) -> Secret | None:
        return self._tokens.get(name)

    def put(self, name: SecretName, secret: Secret) -> None:
        if name.kind is not SecretKind.TOKEN:
            raise PasswordNeedsKeyring(
                "a password is kept in the operating system's credential manager and nowhere else"
            )
        self._tokens[name] = secret

    def erase(self, name: SecretName) -> None:
        self._tokens.pop(name, None)
