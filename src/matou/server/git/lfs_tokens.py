"""The short-lived authorisations that an LFS batch hands out: one object, one verb, one repository, one hour; and those
of `git-lfs-authenticate`, which are for all objects of a repository.

A link is no right of its own: it remembers who asked, and that credential is looked at again when the link is used.
A token that was revoked meanwhile, or a member who was removed, gets nothing by it.
"""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from matou.model.names import RepositoryPath
from matou.server.authentication import AnyCredential, UnknownCredential
from matou.server.link_credentials import LinkCredentials, signature

LIFETIME = timedelta(hours=1)
_LINK = re.compile(r"matou-lfs-1\.([0-9a-f]{32})\.([0-9]{1,12})\.([0-9]{1,15})\.([0-9a-f]{64})\Z")


class LfsOperation(StrEnum):
    DOWNLOAD = "download"
    UPLOAD = "upload"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class LfsGrant:
    """What a link allows. `size_bytes` binds an upload to what was announced; of a download it is 0."""

    repository: RepositoryPath
    oid: str
    verb: LfsOperation
    size_bytes: int


EVERY_OBJECT: Final = "*"


def grant_of_all(repository: RepositoryPath, operation: LfsOperation) -> LfsGrant:
    """For batches and locks, of whoever came by SSH and has no credential that HTTP knows."""
    return LfsGrant(repository, EVERY_OBJECT, operation, 0)


class LinkExpired(UnknownCredential):
    """The link is too old, was changed, or was given out before this server started."""


class LfsTokenSigner:
    """Signs links and remembers for whom; forgets the oldest when there are too many. Safe to use from threads.

    Args:
        key: at least 32 random bytes, of this process alone.
        now: the clock, aware.
    """

    def __init__(self, key: bytes, now: Callable[[], datetime]) -> None:
        self._key = key
        self._now = now
        self._credentials = LinkCredentials[AnyCredential]()

    def is_link(self, token: str) -> bool:
        return token.startswith("matou-lfs-1.")

    def sign(self, credential: AnyCredential, grant: LfsGrant) -> str:
        """A token for the Authorization header, as Bearer."""
        credential_key, expiry = self._credentials.name_of(credential), int((self._now() + LIFETIME).timestamp())
        return f"matou-lfs-1.{credential_key}.{expiry}.{grant.size_bytes}.{self._mac(credential_key, expiry, grant)}"

    def size_of(self, token: str) -> int | None:
        """How many bytes a link says that it is for; None for what is no link. `credential_of` tells whether it may."""
        match = _LINK.match(token)
        return None if match is None else int(match[3])

    def credential_of(self, token: str, grant: LfsGrant) -> AnyCredential:
        """Give back who asked for the link. Raises LinkExpired where it is not for this grant, or no longer."""
        match = _LINK.match(token)
        if match is None:
            raise LinkExpired("the link is not one of ours")
        credential_key, expiry, mac = match[1], int(match[2]), match[4]
        is_ours = hmac.compare_digest(mac, self._mac(credential_key, expiry, grant))
        credential = self._credentials.find(credential_key)
        if not is_ours or credential is None or self._now().timestamp() >= expiry:
            raise LinkExpired("the link is not for this, or no longer", advice="ask for the objects again")
        return credential

    def _mac(self, credential_key: str, expiry: int, grant: LfsGrant) -> str:
        fields = (credential_key, str(expiry), str(grant.repository), grant.oid, grant.verb, str(grant.size_bytes))
        return signature(self._key, fields)
