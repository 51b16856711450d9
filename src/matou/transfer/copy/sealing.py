"""A sealed copy: names that say nothing, and bytes that nobody can read, change, exchange or cut short unnoticed.

The construction is age's (C2SP, age.md) with AES-256-GCM: each object has a key of its own, of a random salt and of its
name, and is sealed in pieces that are numbered and of which the last one says that it is (STREAM, Hoang et al., 2015).
docs/archive-format.md has the bytes, docs/decisions/copies.md the reasons.
"""

import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO, Final
from uuid import UUID

import msgspec

from matou.credentials import Secret
from matou.credentials.derivation import SALT_BYTES, Derivation, derived_bytes
from matou.errors import Damaged, Invalid, Refused
from matou.transfer.copy.catalogue import COPY_FORMAT
from matou.transfer.copy.mark import CopyForm, CopyMark, SealingKey
from matou.transfer.copy.paths import COPY_FOLDER

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC: Final = b"matou sealed 1\n\0"
OBJECT_SALT_BYTES: Final = 32
HEAD_BYTES: Final = len(MAGIC) + OBJECT_SALT_BYTES
PIECE_BYTES: Final = 1024 * 1024
TAG_BYTES: Final = 16
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
SHORTEST_PASSPHRASE: Final = 8


class WrongCopyPassphrase(Refused):
    """It does not open this copy."""


class TooShortPassphrase(Invalid):
    """Anybody could try all passphrases of that length."""


class DamagedSealing(Damaged):
    """A sealed object that is not what was written under its name."""


class SealedEnvelope:
    """Seals and opens what stands in one copy.

    Args:
        master: 32 random bytes, of which every other key is made.
    """

    def __init__(self, master: bytes) -> None:
        self._names = _expanded(master, b"matou copy: names")
        self._contents = _expanded(master, b"matou copy: contents")

    def stored_key(self, key: str) -> str:
        """Catalogues are found by their numbers; every other name is hidden."""
        if key.startswith(f"{COPY_FOLDER}/"):
            return key
        digest = hmac.new(self._names, key.encode(), hashlib.sha256).hexdigest()
        return f"data/{digest[:2]}/{digest}"

    def sealed_size(self, size: int) -> int:
        pieces = max(1, -(-size // PIECE_BYTES))
        return HEAD_BYTES + size + pieces * TAG_BYTES

    def seal(self, key: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
        salt = os.urandom(OBJECT_SALT_BYTES)
        cipher = self._cipher(key, salt)
        yield MAGIC + salt
        pieces = _with_last(_pieces(chunks))
        for number, (piece, is_last) in enumerate(pieces):
            yield cipher.encrypt(_nonce(number, is_last=is_last), piece, None)

    def open(self, key: str, file: BinaryIO) -> Iterator[bytes]:
        """Raises DamagedSealing, where bytes were changed, cut off, added, or come from another object."""
        from cryptography.exceptions import InvalidTag

        head = file.read(HEAD_BYTES)
        if len(head) != HEAD_BYTES or not head.startswith(MAGIC):
            raise DamagedSealing("{key} is not what was sealed", key=self.stored_key(key))
        cipher = self._cipher(key, head[len(MAGIC) :])
        sealed = iter(lambda: file.read(PIECE_BYTES + TAG_BYTES), b"")
        count = 0
        for number, (piece, is_last) in enumerate(_with_last(sealed)):
            try:
                yield cipher.decrypt(_nonce(number, is_last=is_last), piece, None)
            except InvalidTag:
                raise DamagedSealing("{key} is not what was sealed", key=self.stored_key(key)) from None
            count += 1
        if not count:
            raise DamagedSealing("{key} is not what was sealed", key=self.stored_key(key))

    def _cipher(self, key: str, salt: bytes) -> "AESGCM":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(_expanded(self._contents, b"matou object: " + key.encode(), salt=salt))


def new_mark(passphrase: Secret, *, archive: UUID, now: datetime) -> tuple[CopyMark, SealedEnvelope]:
    """The mark of a sealed copy that is begun. Raises TooShortPassphrase."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(passphrase.reveal()) < SHORTEST_PASSPHRASE:
        raise TooShortPassphrase(
            "the passphrase has fewer than {count} characters",
            count=SHORTEST_PASSPHRASE,
            advice="Take five or six words that nobody would guess, and keep them where the archive is not.",
        )
    derivation = Derivation(salt=os.urandom(SALT_BYTES))
    master, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
    wrapping = derived_bytes(passphrase, derivation, count=KEY_BYTES)
    sealed = AESGCM(wrapping).encrypt(nonce, master, _bound(archive, derivation))
    mark = CopyMark(
        format=COPY_FORMAT,
        archive=archive,
        created_at=now,
        form=CopyForm.OBJECTS,
        key=SealingKey(derivation=derivation, nonce=nonce, sealed=sealed),
    )
    return mark, SealedEnvelope(master)


def unsealed(mark: CopyMark, key: SealingKey, passphrase: Secret) -> SealedEnvelope:
    """Raises WrongCopyPassphrase."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    wrapping = derived_bytes(passphrase, key.derivation, count=KEY_BYTES)
    try:
        master = AESGCM(wrapping).decrypt(key.nonce, key.sealed, _bound(mark.archive, key.derivation))
    except (InvalidTag, ValueError):
        raise WrongCopyPassphrase(
            "the passphrase does not open this copy",
            advice="If it is lost, nobody can read the copy any more, and nobody can help with that.",
        ) from None
    return SealedEnvelope(master)


def _bound(archive: UUID, derivation: Derivation) -> bytes:
    """What cannot be exchanged without the key being refused."""
    return msgspec.json.encode((COPY_FORMAT, archive, derivation))


def _expanded(key: bytes, info: bytes, *, salt: bytes | None = None) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), length=KEY_BYTES, salt=salt, info=info).derive(key)


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(NONCE_BYTES - 1, "big") + bytes([is_last])


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """All of one size but the last; one that is empty where there is nothing."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) > PIECE_BYTES:
            yield bytes(waiting[:PIECE_BYTES])
            del waiting[:PIECE_BYTES]
    yield bytes(waiting)


def _with_last(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each, and whether it is the last."""
    waiting = None
    for piece in pieces:
        if waiting is not None:
            yield waiting, False
        waiting = piece
    if waiting is not None:
        yield waiting, True
