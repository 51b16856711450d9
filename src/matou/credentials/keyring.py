"""The operating system's credential manager: macOS Keychain, Windows, Secret Service or KWallet, by `keyring`."""

import sys
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from importlib import import_module
from typing import Protocol, TypeVar, cast

from matou.credentials import Secret
from matou.credentials.store import NoSuchStore, SecretName, StoreFailed, StoreKind
from matou.errors import TryLater

_OF_DESKTOPS = (
    "keyring.backends.SecretService.Keyring",
    "keyring.backends.libsecret.Keyring",
    "keyring.backends.kwallet.DBusKeyring",
)
_OF_SYSTEM = {
    "darwin": ("keyring.backends.macOS.Keyring",),
    "win32": ("keyring.backends.Windows.WinVaultKeyring",),
}

REAL_BACKENDS = frozenset(name.rpartition(".")[0] for names in (_OF_DESKTOPS, *_OF_SYSTEM.values()) for name in names)
"""Whatever else may be plugged in keeps secrets in a file, in clear, or not at all: it is not the system's."""

LIMIT = timedelta(seconds=3)
"""A Secret Service without a screen waits for ever for somebody to unlock it."""

T = TypeVar("T")


class StoreHangs(TryLater):
    """The credential manager did not answer in time."""


class Backend(Protocol):
    """What we use of `keyring.backend.KeyringBackend`."""

    def get_password(self, service: str, username: str, /) -> str | None: ...

    def set_password(self, service: str, username: str, password: str, /) -> None: ...

    def delete_password(self, service: str, username: str, /) -> None: ...


class SystemStore:
    """Secrets in the operating system's credential manager. Once it hung, it is not asked again by this process."""

    place = StoreKind.KEYRING

    def __init__(self, backend: Backend, *, limit: timedelta = LIMIT) -> None:
        self._backend = backend
        self._limit = limit
        self._hangs = False

    def get(self, name: SecretName) -> Secret | None:
        password = self._ask(lambda: self._backend.get_password(_service(name), name.user))
        return Secret(password) if password else None

    def put(self, name: SecretName, secret: Secret) -> None:
        self._ask(lambda: self._backend.set_password(_service(name), name.user, secret.reveal()))
        if self.get(name) != secret:
            raise StoreFailed("the credential manager did not keep what it was given")

    def erase(self, name: SecretName) -> None:
        if self.get(name) is not None:
            self._ask(lambda: self._backend.delete_password(_service(name), name.user))

    def _ask(self, call: Callable[[], T]) -> T:
        if self._hangs:
            raise _hangs(self._limit)
        try:
            return within(self._limit, call)
        except StoreHangs:
            self._hangs = True
            raise


def open_system_store(*, limit: timedelta = LIMIT) -> SystemStore:
    """Raises NoSuchStore where there is no credential manager, and StoreHangs."""
    backend = within(limit, _real_backend)
    if backend is None:
        raise NoSuchStore("this machine has no credential manager that can be used")
    return SystemStore(backend, limit=limit)


def _real_backend() -> Backend | None:
    """What the person has set keyring to, or else this system's own.

    Keyring by itself would load what is there for every system and whatever is plugged in. For macOS' part that starts
    a compiler and a linker to look for libraries: with our environment, in which there may be a token.
    """
    from keyring import core

    chosen = core.load_env() or core.load_config()
    if chosen is None:
        return _best_of(_OF_SYSTEM.get(sys.platform, _OF_DESKTOPS))
    return first_real(getattr(chosen, "backends", (chosen,)))


def _best_of(names: Iterable[str]) -> Backend | None:
    classes = [getattr(import_module(module), name) for module, _, name in (one.rpartition(".") for one in names)]
    usable = [one for one in classes if one.viable]
    return max(usable, key=lambda one: float(one.priority))() if usable else None


def first_real(backends: Iterable[object]) -> Backend | None:
    """The first that is the operating system's own. A chain is taken apart, for it may end in a file in clear."""
    real = (one for one in backends if type(one).__module__ in REAL_BACKENDS)
    return cast("Backend | None", next(real, None))


def within(limit: timedelta, call: Callable[[], T]) -> T:
    """Let a call take no longer than that; one that hangs is left behind, and ends with the process.

    Raises:
        StoreHangs: it did not come back.
        StoreFailed: it failed. What it said is not told, for the secret may be in it.
    """
    done: list[T] = []
    failed: list[str] = []

    def run() -> None:
        try:
            done.append(call())
        except Exception as error:  # noqa: BLE001 - back ends let everything through that their libraries raise
            failed.append(type(error).__name__)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(limit.total_seconds())
    if done:
        return done[0]
    if failed:
        raise StoreFailed("the credential manager failed: {kind}", kind=failed[0])
    raise _hangs(limit)


def _hangs(limit: timedelta) -> StoreHangs:
    return StoreHangs(
        "the credential manager did not answer within {seconds} seconds",
        seconds=limit.total_seconds(),
        advice="unlock it and run this again",
    )


def _service(name: SecretName) -> str:
    # The host is part of it: Windows keeps one user for each service.
    return f"matou:{name.kind}:{name.origin}"
