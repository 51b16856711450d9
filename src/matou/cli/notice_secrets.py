"""Secrets of those who are told: from the environment, or where `matou notify login` keeps them."""

import re
from collections.abc import Iterator
from contextlib import suppress

from matou.cli.credential_manager import CredentialManager
from matou.credentials import Secret
from matou.credentials.keyring import StoreHangs
from matou.credentials.store import NoSuchStore, SecretKind, SecretName, SecretStore, StoreFailed, StoreKind
from matou.settings import Settings
from matou.transfer.notices.recipient import SecretPart


class NoticeSecrets:
    """Of one person. Each is kept as a token is: also in the encrypted file, where there is no credential manager."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._manager = CredentialManager(settings)

    def find(self, name: str, part: SecretPart) -> Secret | None:
        given = self._settings.environment.get(variable_of_secret(name, part), "").strip()
        if given:
            return Secret(given)
        return next(filter(None, (store.get(_secret_name(name, part)) for store in self._stores())), None)

    def keep(self, name: str, part: SecretPart, secret: Secret) -> StoreKind:
        """In place of what was kept; gives where it lies now."""
        try:
            self._manager.store(StoreKind.KEYRING).put(_secret_name(name, part), secret)
        except (NoSuchStore, StoreHangs, StoreFailed):
            self._manager.store(StoreKind.FILE).put(_secret_name(name, part), secret)
            return StoreKind.FILE
        return StoreKind.KEYRING

    def forget(self, name: str) -> None:
        for store in self._stores():
            for part in SecretPart:
                store.erase(_secret_name(name, part))

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


def variable_of_secret(name: str, part: SecretPart) -> str:
    """`MATOU_NOTIFY_OPS_ADDRESS`, `MATOU_NOTIFY_OPS_KEY`."""
    return f"MATOU_NOTIFY_{re.sub('[^A-Za-z0-9]', '_', name).upper()}_{part.value.upper()}"


def _secret_name(name: str, part: SecretPart) -> SecretName:
    return SecretName(f"notify:{name}", part.value, SecretKind.TOKEN)
