"""Where somebody has logged in: a file of hosts, accounts, and the places of their secrets. No secret is in it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from matou.credentials.private_files import locked, write_private
from matou.credentials.store import SecretKind, SecretName, StoreKind
from matou.errors import Damaged
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED, fault_of_shape

VERSION = 1


class LoginsDamaged(Damaged):
    """The file of log-ins cannot be read."""


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One account at one host.

    Attributes:
        origin: scheme, host and port of the API.
        url: the API's address, as its client takes it.
        user: what the platform calls the account.
        git_origin: where git finds the repositories.
        places: where each secret lies; NOWHERE for a password that is asked for each time.
    """

    origin: str
    platform: str
    url: str
    user: str
    git_origin: str
    places: dict[SecretKind, StoreKind]

    def secret_name(self, kind: SecretKind) -> SecretName:
        return SecretName(self.origin, self.user, kind)

    def is_at(self, origin: str) -> bool:
        return origin in (self.origin, self.git_origin)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int = VERSION
    logins: tuple[Login, ...] = ()


class Logins:
    """The file of log-ins; one account a host."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "logins.json"
        self._lock = folder / "logins.lock"

    def all(self) -> tuple[Login, ...]:
        """By host. Raises LoginsDamaged."""
        try:
            read = msgspec.json.decode(self._path.read_bytes(), type=decodable(_File))
        except FileNotFoundError:
            return ()
        except NOT_DECODED as error:
            raise LoginsDamaged(
                "{path} cannot be read: {reason}",
                path=self._path,
                reason=fault_of_shape(error),
                advice="delete it and log in again",
            ) from error
        if read.version != VERSION:
            raise LoginsDamaged("{path} was written by a newer Matou", path=self._path)
        return read.logins

    def find(self, origin: str) -> Login | None:
        """The account at an origin; of several, the one whose API is there."""
        matching = [login for login in self.all() if login.is_at(origin)]
        return next((login for login in matching if login.origin == origin), matching[0] if matching else None)

    def put(self, login: Login) -> None:
        self._change(lambda others: (*others, login), login.origin)

    def remove(self, origin: str) -> None:
        self._change(lambda others: others, origin)

    def _change(self, change: Callable[[tuple[Login, ...]], tuple[Login, ...]], origin: str) -> None:
        with locked(self._lock):
            changed = change(tuple(login for login in self.all() if login.origin != origin))
            logins = tuple(sorted(changed, key=lambda login: login.origin))
            write_private(self._path, msgspec.json.format(msgspec.json.encode(_File(logins=logins)), indent=2) + b"\n")


def configuration_folder(environment: Mapping[str, str]) -> Path:
    """Where freedesktop.org's rules put it: XDG_CONFIG_HOME where that is absolute, else `~/.config`."""
    named = Path(environment.get("XDG_CONFIG_HOME", ""))
    return (named if named.is_absolute() else home_folder(environment) / ".config") / "matou"


def home_folder(environment: Mapping[str, str]) -> Path:
    return Path(environment["HOME"]) if environment.get("HOME") else Path.home()
