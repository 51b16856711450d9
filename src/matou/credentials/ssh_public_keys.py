"""A public key of SSH as people paste it, one line of an `id_….pub`: read, judged, and named by its fingerprint."""

import binascii
import hashlib
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Final

from matou.errors import Invalid

LONGEST_LINE: Final = 8192
LEAST_RSA_BITS: Final = 2048
"""What ssh-keygen made until 2019, and NIST allows until 2030."""
GOOD_RSA_BITS: Final = 3072
MOST_RSA_BITS: Final = 16384

ALGORITHMS: Final = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)
"""Those with `sk-` lie in a security key, which asks for a touch."""

_ADVICE: Final = "make one with: ssh-keygen -t ed25519; then give the line that ends in .pub"
_COMMENT: Final = re.compile(r"[^\x00-\x1f\x7f]{0,200}")


class UnusableSshKey(Invalid):
    """What was given is no public key that lets anybody in here."""


@dataclass(frozen=True, slots=True)
class SshPublicKey:
    """Attributes:
    content: in base64, as it stands in the line.
    comment: what its owner calls it, perhaps nothing.
    bits: of RSA how long it is; of others nothing.
    """

    algorithm: str
    content: str
    comment: str
    bits: int | None = None

    @property
    def line(self) -> str:
        return " ".join(filter(None, (self.algorithm, self.content, self.comment)))

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(b64decode(self.content))

    @property
    def is_short(self) -> bool:
        return self.bits is not None and self.bits < GOOD_RSA_BITS


def fingerprint_of(content: bytes) -> str:
    """As `ssh-keygen -l` shows it."""
    return "SHA256:" + b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def read_ssh_public_key(text: str) -> SshPublicKey:
    """Read one line: algorithm, content, comment. What was given is repeated nowhere: it may be a private key.

    Raises:
        UnusableSshKey: it is none, or none that is good enough.
    """
    if "PRIVATE KEY" in text:
        raise UnusableSshKey(
            "this is a private key, which is nobody else's business",
            advice="make another one, and give the line that ends in .pub",
        )
    words = text.strip().split(maxsplit=2)
    if len(text) > LONGEST_LINE or len(text.strip().splitlines()) != 1 or len(words) < 2:
        raise UnusableSshKey("this is not one public key of SSH on one line", advice=_ADVICE)
    algorithm, content, comment = words[0], words[1], words[2] if len(words) > 2 else ""
    _require_known(algorithm)
    bits = _bits(algorithm, content)
    return SshPublicKey(algorithm, content, comment if _COMMENT.fullmatch(comment) else "", bits)


def _require_known(algorithm: str) -> None:
    if "-cert-v0" in algorithm:
        raise UnusableSshKey("this is a certificate, and certificates let nobody in here", advice=_ADVICE)
    if algorithm == "ssh-dss":
        raise UnusableSshKey("keys of the kind DSA are broken, and let nobody in", advice=_ADVICE)
    if algorithm not in ALGORITHMS:
        raise UnusableSshKey(
            "this is no public key of SSH of a kind that is known here ({kinds})",
            kinds=", ".join(ALGORITHMS),
            advice=_ADVICE,
        )


def _bits(algorithm: str, content: str) -> int | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    try:
        encoded = b64encode(b64decode(content, validate=True)).decode()
        key = load_ssh_public_key(f"{algorithm} {content}".encode())
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        raise UnusableSshKey("the public key is damaged", advice=_ADVICE) from None
    if encoded != content:
        raise UnusableSshKey("the public key is damaged", advice=_ADVICE)
    if not isinstance(key, RSAPublicKey):
        return None
    if not LEAST_RSA_BITS <= key.key_size <= MOST_RSA_BITS:
        raise UnusableSshKey(
            "a key of RSA has {least} to {most} bits, and this one {bits}",
            least=LEAST_RSA_BITS,
            most=MOST_RSA_BITS,
            bits=key.key_size,
            advice=_ADVICE,
        )
    return key.key_size
