"""OpenPGP keys for tests, and commits signed with them as git signs: a `gpgsig` header over the commit's own text."""

import re
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


def shortened(commit: str) -> str:
    return re.escape(commit[:10])
