"""A credential manager that is none, that lies, that fails, and that never answers."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keyring
import keyring.backend
import pytest
from keyring.backends import SecretService, fail, null

from matou.credentials import Secret
from matou.credentials.names import NoSuchStore, SecretKind, SecretName, StoreFailed
from matou.credentials.system_store import StoreHangs, SystemStore, first_real, open_system_store

NAME = SecretName("https://git.example", "li", SecretKind.PASSWORD)
SECRET = Secret("hunter2-hunter2")


class Plaintext(keyring.backend.KeyringBackend):
    """As keyrings.alt's: a file in clear."""

    priority = 0.5

    def get_password(self, service: str, username: str) -> str | None:
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Chain(Plaintext):
    """As keyring's own where nothing else is there; that one remembers what the process has once seen."""

    @property
    def backends(self) -> list[Any]:
        return [made(Plaintext), made(null.Keyring)]


def made(kind: Any) -> Any:
    """An instance; keyring's own constructors have no types."""
    return kind()


@pytest.fixture
def chosen() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


@pytest.mark.parametrize("backend", [null.Keyring, fail.Keyring, Plaintext, Chain])
@pytest.mark.usefixtures("chosen")
def test_what_is_not_the_operating_systems_is_no_credential_manager(backend: type) -> None:
    keyring.set_keyring(made(backend))

    with pytest.raises(NoSuchStore):
        open_system_store()


def test_of_a_chain_only_the_operating_systems_own_is_taken() -> None:
    real = object.__new__(SecretService.Keyring)

    assert first_real([made(Plaintext), made(null.Keyring), real, made(fail.Keyring)]) is real
    assert first_real([made(Plaintext), made(null.Keyring)]) is None


def test_a_store_that_keeps_nothing_is_found_out_at_once() -> None:
    with pytest.raises(StoreFailed, match="did not keep"):
        SystemStore(made(null.Keyring)).put(NAME, SECRET)


def hang(*_: object) -> None:
    threading.Event().wait(60)


@pytest.mark.parametrize("call", ["get_password", "set_password"])
def test_a_store_that_hangs_is_left_after_the_limit_and_not_asked_again(call: str) -> None:
    calls = {"get_password": lambda *_: None, "set_password": lambda *_: None} | {call: hang}
    store = SystemStore(SimpleNamespace(**calls, delete_password=hang), limit=timedelta(seconds=0.2))
    began = time.monotonic()

    for _ in range(20):
        with pytest.raises(StoreHangs):
            store.put(NAME, SECRET)

    assert 0.2 <= time.monotonic() - began < 1


def test_the_limit_is_three_seconds() -> None:
    store = SystemStore(SimpleNamespace(get_password=hang))
    began = time.monotonic()

    with pytest.raises(StoreHangs):
        store.get(NAME)

    assert 2.9 < time.monotonic() - began < 4


@pytest.mark.parametrize("error", [OSError, ValueError, KeyError, RuntimeError])
def test_what_a_store_says_when_it_fails_is_not_told_for_the_secret_may_be_in_it(error: type[Exception]) -> None:
    def refuse(*arguments: object) -> None:
        raise error(*arguments)

    store = SystemStore(SimpleNamespace(set_password=refuse, get_password=refuse))

    with pytest.raises(StoreFailed) as caught:
        store.put(NAME, SECRET)

    assert SECRET.reveal() not in f"{caught.value}{caught.value.__cause__}{caught.value.__context__}"
    assert error.__name__ in str(caught.value)


def test_a_bus_that_went_away_is_told_and_does_not_stop_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/gone")
    store = SystemStore(object.__new__(SecretService.Keyring))

    with pytest.raises(StoreFailed):
        store.get(NAME)
