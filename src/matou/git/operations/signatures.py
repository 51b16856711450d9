"""OpenPGP: whose key signed these bytes. The verdict comes from the mathematics, and never from a text.

Sequoia does it within this process: no `gpg`, no key ring on the disk, 40 µs for a signature.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from matou.errors import Invalid, Phrase

if TYPE_CHECKING:
    from pysequoia import Cert

LARGEST_CERTIFICATE_BYTES: Final = 256 * 1024
LARGEST_SIGNATURE_BYTES: Final = 32 * 1024

_BEGINNING: Final = b"-----BEGIN PGP SIGNATURE-----"
_PUBLIC_KEY: Final = b"-----BEGIN PGP PUBLIC KEY BLOCK-----"
_EMAIL: Final = re.compile(r"(?:.*<)?(?P<email>[^<>\s]+@[^<>\s]+?)>?\s*\Z", re.DOTALL)


class UnusableKey(Invalid):
    """A text that is no public OpenPGP key, or one with which nothing can be verified."""


class SignatureVerdict(Enum):
    """What can be said of a signature; everything but GOOD is said to a person after "the signature"."""

    GOOD = Phrase("is good")
    NOT_OPENPGP = Phrase("is not one of OpenPGP")
    BY_ANOTHER_KEY = Phrase("was not made by this account's key")
    EXPIRED = Phrase("is of a key that has expired")
    REVOKED = Phrase("is of a key that was revoked")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A public key with its subkeys and names.

    Attributes:
        fingerprint: of the primary key, in upper-case hexadecimal digits.
        emails: of the names that the key itself vouches for and has not revoked.
        expires_at: None for never.
        armored: the whole of it, to be stored.
    """

    fingerprint: str
    emails: tuple[str, ...]
    expires_at: datetime | None
    is_revoked: bool
    armored: str


def read_certificate(text: str) -> Certificate:
    """Read one public key as `gpg --armor --export` writes it.

    Raises:
        UnusableKey: it is none, is more than one, or holds the private part, which belongs nowhere but to its owner.
    """
    return _described(_parsed(text))


def merged(older: str, newer: str) -> Certificate:
    """Two states of one key as one, so that what was revoked stays so. Raises UnusableKey."""
    try:
        return _described(_parsed(older).merge(_parsed(newer)))
    except RuntimeError as error:
        raise UnusableKey("these are not the same key") from error


def verify_signature(
    signed: bytes, signature: bytes, certificates: Sequence[str], *, now: datetime
) -> SignatureVerdict:
    """Say whether one of these armored keys made the signature over exactly these bytes, and is still to be believed.

    A key that has expired or was revoked by now vouches for nothing, whatever time the signature claims for itself.
    """
    from pysequoia import Sig, verify
    from pysequoia.packet import SignatureType

    if not signature.startswith(_BEGINNING) or len(signature) > LARGEST_SIGNATURE_BYTES:
        return SignatureVerdict.NOT_OPENPGP
    known = [_parsed(text) for text in certificates]
    try:
        parsed = Sig.from_bytes(signature)
    except RuntimeError:
        return SignatureVerdict.NOT_OPENPGP
    if parsed.signature_type != SignatureType.Binary:
        return SignatureVerdict.NOT_OPENPGP
    try:
        valid = verify(bytes=signed, store=lambda _ids: known, signature=parsed).valid_sigs
    except RuntimeError:
        # Sequoia does not verify with a revoked key at all; that it was this one is then what its owner should know.
        return (
            SignatureVerdict.REVOKED
            if _is_by_one_revoked(parsed.issuer_fingerprint, known)
            else SignatureVerdict.BY_ANOTHER_KEY
        )
    by_fingerprint = {certificate.fingerprint: certificate for certificate in known}
    verdicts = [_level(by_fingerprint[one.certificate], one.signing_key, now) for one in valid]
    return SignatureVerdict.GOOD if SignatureVerdict.GOOD in verdicts else verdicts[0]


@lru_cache(maxsize=256)
def _parsed(text: str) -> "Cert":
    from pysequoia import Cert

    encoded = text.strip().encode("utf-8", "replace")
    if len(encoded) > LARGEST_CERTIFICATE_BYTES:
        raise UnusableKey("a key has at most {limit} bytes", limit=LARGEST_CERTIFICATE_BYTES)
    if not encoded.startswith(_PUBLIC_KEY):
        raise UnusableKey("this is no public OpenPGP key", advice="give what `gpg --armor --export YOUR@E-MAIL` prints")
    try:
        certificates = Cert.split_bytes(encoded)
    except RuntimeError as error:
        raise UnusableKey("this is no public OpenPGP key that can be read") from error
    if len(certificates) != 1:
        raise UnusableKey("these are {count} keys; add them one by one", count=len(certificates))
    if _holds_secrets(encoded):
        raise UnusableKey("this is a private key, which nobody but its owner may have")
    return certificates[0]


def _holds_secrets(content: bytes) -> bool:
    from pysequoia.packet import PacketPile, Tag

    return any(packet.tag in (Tag.SecretKey, Tag.SecretSubkey) for packet in PacketPile.from_bytes(content))


def _described(certificate: "Cert") -> Certificate:
    emails = (_EMAIL.match(str(one)) for one in certificate.user_ids)
    return Certificate(
        fingerprint=certificate.fingerprint.upper(),
        emails=tuple(match["email"] for match in emails if match is not None),
        expires_at=certificate.expiration,
        is_revoked=certificate.is_revoked,
        armored=str(certificate),
    )


def _is_by_one_revoked(issuer: str | None, certificates: Sequence["Cert"]) -> bool:
    keys = ((one, key) for one in certificates for key in _keys(one) if key.fingerprint == issuer)
    return any(one.is_revoked or key.is_revoked for one, key in keys)


def _level(certificate: "Cert", signing_key: str, now: datetime) -> SignatureVerdict:
    """Of the key and the subkey that signed, now: Sequoia asks what they were at the time that a signature claims."""
    expiration = certificate.expiration
    if certificate.is_revoked:
        return SignatureVerdict.REVOKED
    if expiration is not None and expiration <= now:
        return SignatureVerdict.EXPIRED
    subkey = next((key for key in _keys(certificate) if key.fingerprint == signing_key), None)
    if subkey is None or subkey.is_revoked:
        return SignatureVerdict.REVOKED
    return (
        SignatureVerdict.EXPIRED
        if subkey.expires_at is not None and subkey.expires_at <= now
        else SignatureVerdict.GOOD
    )


@dataclass(slots=True)
class _Key:
    """The primary key or a subkey, with what the newest binding says of it."""

    fingerprint: str | None
    created: datetime | None
    bound_at: datetime | None = None
    life: timedelta | None = None
    is_revoked: bool = False

    @property
    def expires_at(self) -> datetime | None:
        return None if self.created is None or self.life is None else self.created + self.life


def _keys(certificate: "Cert") -> Iterator[_Key]:
    from pysequoia.packet import PacketPile, SignatureType, Tag

    key: _Key | None = None
    for packet in PacketPile.from_bytes(bytes(certificate)):
        if packet.tag in (Tag.PublicKey, Tag.PublicSubkey):
            if key is not None:
                yield key
            key = _Key(packet.fingerprint, packet.key_created)
        elif key is not None and packet.signature_type == SignatureType.SubkeyRevocation:
            key.is_revoked = True
        elif key is not None and packet.signature_type == SignatureType.SubkeyBinding:
            _bind(key, packet.signature_created, packet.key_validity_period)
    if key is not None:
        yield key


def _bind(key: _Key, at: datetime | None, life: timedelta | None) -> None:
    if at is not None and (key.bound_at is None or at >= key.bound_at):
        key.bound_at, key.life = at, life
