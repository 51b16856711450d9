"""Tokens in a file for machines without a credential manager: AES-256-GCM under a key from a passphrase.

docs/decisions/kept-secrets.md describes the file.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path

import msgspec

from matou.credentials import Secret
from matou.credentials.derivation import SALT_BYTES, Derivation, derived_bytes
from matou.credentials.private_files import locked, write_private
from matou.credentials.store import PasswordNeedsKeyring, SecretKind, SecretName, StoreFailed, StoreKind
from matou.errors import Damaged, Invalid, Refused
from matou.model.decodable import decodable

MAGIC = b"matou tokens "
VERSION = 1
NONCE_BYTES, KEY_BYTES, CHECK_BYTES = 12, 32, 16
LARGEST_FILE_BYTES = 1024 * 1024


class WrongPassphrase(Refused):
    """The file is whole, and this is not the passphrase that it was written with."""


class TokenFileDamaged(Damaged):
    """The file of tokens is not what was written."""


class TooNew(Invalid):
    """A version of the file that this Matou does not know."""


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    derivation: Derivation
    check: bytes
    nonce: bytes


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    origin: str
    user: str
    token: str


class TokenFile:
    """A file of tokens. Each call reads it anew, since another process may have written it.

    Args:
        passphrase: asked for once, when the file is first read or written.
    """

    place = StoreKind.FILE

    def __init__(self, path: Path, passphrase: Callable[[], Secret]) -> None:
        self._path = path
        self._ask = passphrase
        self._passphrase: Secret | None = None
        self._keys: dict[Derivation, tuple[bytes, bytes]] = {}

    def get(self, name: SecretName) -> Secret | None:
        if name.kind is not SecretKind.TOKEN:
            return None
        token = self._read()[0].get((name.origin, name.user))
        return None if token is None else Secret(token)

    def put(self, name: SecretName, secret: Secret) -> None:
        if name.kind is not SecretKind.TOKEN:
            raise PasswordNeedsKeyring(
                "a password is kept in the operating system's credential manager and nowhere else"
            )
        self._know_passphrase()
        with locked(self._lock):
            tokens, derivation = self._read()
            tokens[name.origin, name.user] = secret.reveal()
            self._write(tokens, derivation)
            if self._read()[0] != tokens:
                raise StoreFailed("{path} did not keep what it was given", path=self._path)

    def erase(self, name: SecretName) -> None:
        if name.kind is not SecretKind.TOKEN or not self._path.exists():
            return
        self._know_passphrase()
        with locked(self._lock):
            tokens, derivation = self._read()
            if tokens.pop((name.origin, name.user), None) is not None:
                self._write(tokens, derivation)

    @property
    def _lock(self) -> Path:
        return self._path.with_name(f"{self._path.name}.lock")

    def _read(self) -> tuple[dict[tuple[str, str], str], Derivation]:
        """Every token, and how the key is made: as the file says, or anew where there is none."""
        try:
            with self._path.open("rb") as file:
                content = file.read(LARGEST_FILE_BYTES)
        except FileNotFoundError:
            return {}, Derivation(salt=os.urandom(SALT_BYTES))
        header, sealed, bound = _parse(content, self._path)
        key, check = self._key(header.derivation)
        if not compare_digest(check, header.check):
            raise WrongPassphrase(
                "the passphrase is not the one that {path} was written with",
                path=self._path,
                advice="set MATOU_PASSPHRASE to the right one; if it is lost, delete the file and log in again",
            )
        entries = _open(key, header.nonce, sealed, bound, self._path)
        return {(entry.origin, entry.user): entry.token for entry in entries}, header.derivation

    def _write(self, tokens: dict[tuple[str, str], str], derivation: Derivation) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key, check = self._key(derivation)
        header = _Header(derivation, check, os.urandom(NONCE_BYTES))
        bound = MAGIC + str(VERSION).encode() + b"\n" + msgspec.json.encode(header) + b"\n"
        entries = [_Entry(origin, user, token) for (origin, user), token in sorted(tokens.items())]
        sealed = AESGCM(key).encrypt(header.nonce, msgspec.json.encode(entries), bound)
        content = bound + b64encode(sealed) + b"\n"
        write_private(self._path, content + sha256(content).hexdigest().encode() + b"\n")

    def _key(self, derivation: Derivation) -> tuple[bytes, bytes]:
        """The key, and bytes that tell whether the passphrase is right and nothing of the key."""
        if derivation not in self._keys:
            self._keys[derivation] = _derive(self._know_passphrase(), derivation)
        return self._keys[derivation]

    def _know_passphrase(self) -> Secret:
        """Called before the file is locked, too: a person may take their time, and others would wait for them."""
        if self._passphrase is None:
            self._passphrase = self._ask()
        return self._passphrase


def _derive(passphrase: Secret, derivation: Derivation) -> tuple[bytes, bytes]:
    made = derived_bytes(passphrase, derivation, count=KEY_BYTES + CHECK_BYTES)
    return made[:KEY_BYTES], made[KEY_BYTES:]


def _parse(content: bytes, path: Path) -> tuple[_Header, bytes, bytes]:
    """The header, what is sealed, and the bytes that the seal covers besides."""
    version = content.removeprefix(MAGIC).partition(b"\n")[0]
    if content.startswith(MAGIC) and version.isdigit() and int(version) > VERSION:
        raise TooNew("{path} was written by a newer Matou", path=path)
    lines = content.split(b"\n")
    if version != str(VERSION).encode() or len(lines) != 5 or lines[4]:
        raise _damaged(path)
    if sha256(b"\n".join(lines[:3]) + b"\n").hexdigest().encode() != lines[3]:
        raise _damaged(path)
    try:
        header = msgspec.json.decode(lines[1], type=decodable(_Header))
        sealed = b64decode(lines[2], validate=True)
    except ValueError:
        raise _damaged(path) from None
    return header, sealed, b"\n".join(lines[:2]) + b"\n"


def _open(key: bytes, nonce: bytes, sealed: bytes, bound: bytes, path: Path) -> list[_Entry]:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return msgspec.json.decode(AESGCM(key).decrypt(nonce, sealed, bound), type=decodable(list[_Entry]))
    except (InvalidTag, ValueError):
        raise _damaged(path) from None


def _damaged(path: Path) -> TokenFileDamaged:
    return TokenFileDamaged(
        "{path} is damaged", path=path, advice="delete it and log in again: the platform still has your tokens"
    )
