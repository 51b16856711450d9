"""Each store of secrets under the one contract; the Secret Service is a real one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.secret_stores import SecretStoreContract
from matou.credentials import Secret
from matou.credentials.file import TokenFile
from matou.credentials.keyring import SystemStore, open_system_store
from matou.credentials.store import SecretStore
from support.secret_service import needs_secret_service, secret_service


class TestTokenFile(SecretStoreContract):
    def open_store(self, folder: Path) -> SecretStore:
        return TokenFile(folder / "matou" / "tokens.matou", lambda: Secret("open sesame"))


@needs_secret_service
class TestSecretService(SecretStoreContract):
    @pytest.fixture(autouse=True)
    def bus(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        with secret_service(tmp_path) as service:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", service.address)
            yield

    def open_store(self, folder: Path) -> SystemStore:
        return open_system_store()
