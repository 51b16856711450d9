"""OpenPGP keys for tests, and commits signed with them as git signs: a `gpgsig` header over the commit's own text."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from pysequoia import SignatureMode, Tsk, sign

from matou.model.names import ObjectId
from support.git_repositories import git, git_bytes


@dataclass(frozen=True)
class SigningKey:
    """A whole key, its private part too."""

    secret: Tsk

    @property
    def public(self) -> str:
        return str(self.secret.extract_certificate())

    @property
    def fingerprint(self) -> str:
        return self.secret.extract_certificate().fingerprint.upper()

    def sign(self, content: bytes) -> bytes:
        return sign(self.secret.signer(), content, mode=SignatureMode.DETACHED)

    def revoked(self) -> str:
        """The public part after its owner has withdrawn it."""
        from pysequoia import Cert

        public = self.secret.extract_certificate()
        return str(Cert.from_bytes(bytes(public) + bytes(public.revoke(self.secret.certifier()))))


def new_key(email: str, *, name: str = "Li Lei") -> SigningKey:
    return SigningKey(Tsk.generate(f"{name} <{email}>"))


@dataclass(frozen=True)
class Gpg:
    """GnuPG itself, with a key ring of its own: one key that certifies, with a subkey that signs for a year.

    It was made on the first of January 2024, signs on the second, and retires on the third.
    """

    home: Path
    email: str

    def __post_init__(self) -> None:
        self.home.mkdir(mode=0o700)
        self.run("--quick-gen-key", self.email, "ed25519", "cert", "never")
        self.run("--quick-add-key", self.fingerprint, "ed25519", "sign", "1y")

    @property
    def fingerprint(self) -> str:
        listing = self.run("--with-colons", "--list-keys").decode()
        return next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr:"))

    @property
    def public(self) -> str:
        return self.run("--armor", "--export").decode()

    def sign(self, content: bytes, *options: str) -> bytes:
        return self.run("--armor", "--detach-sign", *options, content=content, day=2)

    def retire_subkey(self) -> None:
        """Say that it is no longer used, which leaves what it signed before."""
        said = b"key 1\nrevkey\ny\n3\n\ny\nsave\n"
        self.run("--command-fd", "0", "--edit-key", self.fingerprint, content=said, mode="--no-tty", day=3)

    def retire(self) -> None:
        """As `retire_subkey`, for the whole key."""
        said = b"y\n3\n\ny\n"
        revocation = self.run(
            "--command-fd", "0", "--gen-revoke", self.fingerprint, content=said, mode="--no-tty", day=3
        )
        self.run("--import", content=revocation)

    def run(self, *words: str, content: bytes = b"", mode: str = "--batch", day: int = 1) -> bytes:
        options = ["--homedir", str(self.home), mode, "--yes", "--pinentry-mode", "loopback", "--passphrase", ""]
        options += ["--faked-system-time", f"2024010{day}T000000!"]
        return subprocess.run(["gpg", *options, *words], input=content, capture_output=True, check=True).stdout

    def close(self) -> None:
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=False)


def unsigned_commit(
    git_dir: Path, *, email: str, message: str = "a change\n", parents: tuple[str, ...] = (), tree: str | None = None
) -> bytes:
    """The text of a commit as git would sign it."""
    chosen = tree or git(git_dir, "mktree", input=b"")
    lines = [f"tree {chosen}", *(f"parent {parent}" for parent in parents)]
    lines += [f"{role} Li Lei <{email}> 1700000000 +0800" for role in ("author", "committer")]
    return "\n".join([*lines, "", message]).encode()


def with_signature(content: bytes, signature: bytes, *, header: str = "gpgsig") -> bytes:
    headers, _, message = content.partition(b"\n\n")
    folded = signature.rstrip(b"\n").replace(b"\n", b"\n ")
    return headers + b"\n" + header.encode() + b" " + folded + b"\n\n" + message


def store_commit(git_dir: Path, content: bytes) -> ObjectId:
    return ObjectId(git_bytes(git_dir, "hash-object", "-t", "commit", "-w", "--stdin", input=content).decode().strip())
