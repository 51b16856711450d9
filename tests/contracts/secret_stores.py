"""What every store of secrets promises. A new store subclasses `SecretStoreContract` and says how it is opened."""

from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from matou.credentials import Secret
from matou.credentials.store import PasswordNeedsKeyring, SecretKind, SecretName, SecretStore, StoreKind

NAME = SecretName("https://git.example", "li@example.com", SecretKind.TOKEN)
PASSWORD = SecretName(NAME.origin, NAME.user, SecretKind.PASSWORD)
OTHERS = [
    SecretName("https://git.example:8443", NAME.user, SecretKind.TOKEN),
    SecretName("http://git.example", NAME.user, SecretKind.TOKEN),
    SecretName(NAME.origin, "wang", SecretKind.TOKEN),
]


class SecretStoreContract(ABC):
    @abstractmethod
    def open_store(self, folder: Path) -> SecretStore:
        """Open the one store of a folder; opening it again gives the same secrets."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> SecretStore:
        return self.open_store(tmp_path)

    @pytest.mark.parametrize("text", ["f00d" * 10, 'with spaces "quotes" and 密码', "line\nbreak", "x" * 1000])
    def test_what_was_put_is_what_is_read_by_whoever_opens_it_next(self, tmp_path: Path, text: str) -> None:
        self.open_store(tmp_path).put(NAME, Secret(text))

        assert self.open_store(tmp_path).get(NAME) == Secret(text)

    def test_what_was_never_put_is_not_there(self, store: SecretStore) -> None:
        assert store.get(NAME) is None
        assert store.get(PASSWORD) is None

    @pytest.mark.parametrize("other", OTHERS, ids=str)
    def test_a_secret_is_for_one_origin_and_one_account(self, store: SecretStore, other: SecretName) -> None:
        store.put(NAME, Secret("ours"))
        store.put(other, Secret("theirs"))

        store.erase(other)

        assert store.get(NAME) == Secret("ours")
        assert store.get(other) is None

    def test_a_secret_that_is_put_again_is_replaced(self, store: SecretStore) -> None:
        store.put(NAME, Secret("old"))
        store.put(NAME, Secret("new"))

        assert store.get(NAME) == Secret("new")

    def test_erasing_what_is_not_there_is_no_fault(self, store: SecretStore) -> None:
        store.put(NAME, Secret("old"))
        store.erase(NAME)
        store.erase(NAME)
        store.erase(PASSWORD)

        assert store.get(NAME) is None

    def test_a_password_is_kept_by_the_operating_system_or_not_at_all(self, store: SecretStore) -> None:
        if store.place is StoreKind.KEYRING:
            store.put(PASSWORD, Secret("hunter2"))
            assert store.get(PASSWORD) == Secret("hunter2")
            assert store.get(NAME) is None
        else:
            with pytest.raises(PasswordNeedsKeyring):
                store.put(PASSWORD, Secret("hunter2"))
            assert store.get(PASSWORD) is None

    def test_no_error_and_no_text_of_a_store_holds_the_secret(self, store: SecretStore) -> None:
        store.put(NAME, Secret("f00df00d"))

        assert "f00df00d" not in f"{store!r} {store.get(NAME)!r} {store.get(NAME)}"
