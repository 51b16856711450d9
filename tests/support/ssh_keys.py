"""Keys of SSH for tests, made by the library that also checks them; the real client reads their files."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


@dataclass(frozen=True)
class SshKeyPair:
    """`public` is a line as `ssh-keygen` writes it; `private` what stands in the other file."""

    public: str
    private: bytes

    def write(self, folder: Path, name: str = "id") -> Path:
        """The private file, which only its owner reads."""
        file = folder / name
        file.touch(mode=0o600)
        file.write_bytes(self.private)
        file.with_name(name + ".pub").write_text(self.public + "\n")
        return file


def new_ssh_key(kind: str = "ed25519", comment: str = "anna@laptop", *, bits: int = 3072) -> SshKeyPair:
    key: Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey = Ed25519PrivateKey.generate()
    if kind == "ecdsa":
        key = generate_private_key(SECP256R1())
    elif kind == "rsa":
        key = generate_rsa(65537, bits)
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return SshKeyPair(
        f"{line} {comment}".strip(), key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    )
