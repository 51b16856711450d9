"""A credential manager that is none, that lies, that fails, and that never answers."""

import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keyring.backend
import pytest
from keyring.backends import SecretService, fail, null

from matou.credentials import Secret
from matou.credentials.keyring import StoreHangs, SystemStore, first_real, open_system_store
from matou.credentials.store import NoSuchStore, SecretKind, SecretName, StoreFailed

NAME = SecretName("https://git.example", "li", SecretKind.PASSWORD)
SECRET = Secret("hunter2-hunter2")


class Plaintext(keyring.backend.KeyringBackend):
    """As keyrings.alt's: a file in clear."""

    priority = 0.5

    def get_password(self, service: str, username: str) -> str | None:
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


def made(kind: Any) -> Any:
    """An instance; keyring's own constructors have no types."""
    return kind()


@pytest.fixture
def no_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/gone")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


@pytest.mark.parametrize(
    "chosen", ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring", f"{__name__}.Plaintext"]
)
def test_what_a_person_has_chosen_is_no_credential_manager_unless_it_is_the_operating_systems(
    chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, __name__, sys.modules[Plaintext.__module__])
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", chosen)

    with pytest.raises(NoSuchStore):
        open_system_store()


@pytest.mark.usefixtures("no_bus")
def test_a_machine_without_a_bus_has_no_credential_manager() -> None:
    with pytest.raises(NoSuchStore):
        open_system_store()


@pytest.mark.usefixtures("no_bus")
def test_looking_for_a_credential_manager_starts_no_other_program(tmp_path: Path) -> None:
    """Keyring's own way to look starts gcc and ld, which inherit a token that the environment holds."""
    program = "import sys\nfrom matou.credentials.keyring import open_system_store\n"
    watched = "sys.addaudithook(lambda event, _: event in STARTS and print(event, file=sys.stderr))\n"
    watched = f"STARTS = ('subprocess.Popen', 'os.posix_spawn', 'os.fork', 'os.exec', 'os.system')\n{watched}"
    looks = "try:\n    open_system_store()\nexcept Exception as error:\n    print(type(error).__name__)\n"

    ended = subprocess.run([sys.executable, "-c", program + watched + looks], capture_output=True, text=True)

    assert (ended.stdout, ended.stderr) == ("NoSuchStore\n", "")


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
