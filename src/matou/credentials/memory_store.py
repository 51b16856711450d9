"""A token for this run alone: in memory, where the store that it belongs to is gone."""

from matou.credentials import Secret
from matou.credentials.store import PasswordNeedsKeyring, SecretKind, SecretName, StoreKind


class MemoryStore:
    """Forgets everything with the process."""

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
