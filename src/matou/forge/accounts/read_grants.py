"""Tokens that live in this process's memory: to read some repositories or projects, until they end with it.

They are for whoever has another server fetch from here for a while. No file and no database has them, so that a process
that is killed leaves none behind.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from threading import Lock

from matou.credentials import Secret
from matou.forge.access import Identity, Scope
from matou.forge.forge import Forge
from matou.model.names import NamespacePath, RepositoryPath, folded

READING = frozenset({Scope.REPOSITORY_READ, Scope.PROJECT_READ})


class ReadGrants:
    """By the digest of the token. For several threads."""

    def __init__(self) -> None:
        self._grants: dict[str, tuple[Identity, datetime]] = {}
        self._lock = Lock()

    def add(self, identity: Identity, until: datetime) -> Secret:
        secret = Secret(secrets.token_hex(20))
        with self._lock:
            self._grants[digest_of(secret)] = (identity, until)
        return secret

    def find(self, digest: str, now: datetime) -> Identity | None:
        with self._lock:
            identity, until = self._grants.get(digest, (None, now))
        return identity if now < until else None

    def remove(self, secret: Secret) -> None:
        with self._lock:
            self._grants.pop(digest_of(secret), None)


def grant_reading(
    forge: Forge, paths: Iterable[RepositoryPath | NamespacePath], until: datetime, *, confidential: bool
) -> Secret:
    """A token for these repositories, and for what was said around these projects. For whoever runs the server.

    Args:
        confidential: with what is marked so.
    """
    paths = tuple(paths)
    identity = Identity(
        user=None,
        scopes=READING,
        only_repositories=frozenset(folded(str(path)) for path in paths if isinstance(path, RepositoryPath)),
        only_projects=frozenset(folded(str(path)) for path in paths if isinstance(path, NamespacePath)),
        reads_confidential=confidential,
    )
    return forge.memory(ReadGrants).add(identity, until)


def revoke_grant(forge: Forge, secret: Secret) -> None:
    """The next request with it is refused."""
    forge.memory(ReadGrants).remove(secret)


def find_grant(forge: Forge, digest: str) -> Identity | None:
    return forge.memory(ReadGrants).find(digest, forge.now())


def digest_of(secret: Secret) -> str:
    """Of any token; what is kept of one."""
    # Plain SHA-256: 160 random bits cannot be guessed, so a slow hash would only slow down each request.
    return hashlib.sha256(secret.reveal().encode("utf-8", "surrogatepass")).hexdigest()
