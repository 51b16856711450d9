"""The key by which clients know this server: made once, and kept in the archive for its owner alone."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matou.archive.layout import Archive
from matou.archive.privacy import SERVERS_FOLDER
from matou.credentials import Secret
from matou.credentials.ssh_public_keys import fingerprint_of
from matou.errors import Damaged
from matou.fs import flocked, make_folders, write_atomically

FILE: Final = "ssh_host_ed25519_key"
_ONLY_OWNER: Final = 0o600


class HostKeyUnusable(Damaged):
    """What stands in its place is no key. It is not replaced: every client would be warned of an attack."""


@dataclass(frozen=True, slots=True)
class HostKey:
    """`private` is in OpenSSH's form, `content` the public part as it stands in `known_hosts`."""

    private: Secret
    content: bytes

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.content)

    @property
    def public_line(self) -> str:
        return f"ssh-ed25519 {b64encode(self.content).decode()}"


def host_key_of(archive: Archive) -> HostKey:
    """Read it, or make it where there is none: of several that start at once, one makes it.

    Raises:
        HostKeyUnusable: the file holds something else.
    """
    folder = archive.root / SERVERS_FOLDER
    path = folder / FILE
    if not path.exists():
        make_folders(folder, below=archive.root)
        with flocked(folder / f"{FILE}.lock", creates=True):
            if not path.exists():
                write_atomically(path, _new_key(), mode=_ONLY_OWNER)
    return _read(path)


def _new_key() -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


def _read(path: Path) -> HostKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

    if path.stat().st_mode & 0o077:
        path.chmod(_ONLY_OWNER)
    text = path.read_bytes()
    try:
        key = load_ssh_private_key(text, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise HostKeyUnusable(
            "{path} is no Ed25519 key of SSH, by which clients would know this server",
            path=path,
            advice="put the key back from a copy; or remove it, and tell everybody that the server has another one",
        )
    content = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1]
    return HostKey(Secret(text.decode("ascii")), b64decode(content))
