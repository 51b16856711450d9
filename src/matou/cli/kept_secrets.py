"""Secrets that belong to no log-in: in the credential manager, or else in the encrypted file beside the tokens."""

from collections.abc import Iterator
from contextlib import suppress

from matou.cli.credential_manager import CredentialManager
from matou.credentials import Secret
from matou.credentials.keyring import StoreHangs
from matou.credentials.store import NoSuchStore, SecretName, SecretStore, StoreFailed, StoreKind
from matou.settings import Settings


class KeptSecrets:
    """Of one person. Each is kept as a token is: also in the encrypted file, where there is no credential manager."""

    def __init__(self, settings: Settings) -> None:
        self._manager = CredentialManager(settings)

    def find(self, name: SecretName) -> Secret | None:
        return next(filter(None, (store.get(name) for store in self._stores())), None)

    def keep(self, name: SecretName, secret: Secret) -> StoreKind:
        """In place of what was kept; gives where it lies now."""
        try:
            self._manager.store(StoreKind.KEYRING).put(name, secret)
        except (NoSuchStore, StoreHangs, StoreFailed):
            self._manager.store(StoreKind.FILE).put(name, secret)
            return StoreKind.FILE
        return StoreKind.KEYRING

    def forget(self, *names: SecretName) -> None:
        for store in self._stores():
            for name in names:
                store.erase(name)

    def _stores(self) -> Iterator[SecretStore]:
        """Those that may hold some; the file asks for its passphrase only where there is one."""
        with suppress(NoSuchStore, StoreHangs):
            yield _Quiet(self._manager.store(StoreKind.KEYRING))
        if self._manager.token_file.exists():
            yield self._manager.store(StoreKind.FILE)


class _Quiet:
    """A credential manager that hangs or fails is as good as none."""

    place = StoreKind.KEYRING

    def __init__(self, store: SecretStore) -> None:
        self._store = store

    def get(self, name: SecretName) -> Secret | None:
        with suppress(StoreHangs, StoreFailed):
            return self._store.get(name)
        return None

    def put(self, name: SecretName, secret: Secret) -> None:
        self._store.put(name, secret)

    def erase(self, name: SecretName) -> None:
        with suppress(StoreHangs, StoreFailed):
            self._store.erase(name)
