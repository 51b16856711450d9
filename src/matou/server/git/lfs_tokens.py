"""The short-lived authorisations that an LFS batch hands out: one object, one verb, one repository, one hour; and those
of `git-lfs-authenticate`, which are for all objects of a repository.

A link is no right of its own: it remembers who asked, and that credential is looked at again when the link is used.
A token that was revoked meanwhile, or a member who was removed, gets nothing by it.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from matou.forge.forge import Forge
from matou.model.names import RepositoryPath
from matou.server.authentication import AnyCredential, UnknownCredential
from matou.server.link_credentials import LinkSigner, signer_for, whom_link_stands_for

LIFETIME: Final = timedelta(hours=1)
_PREFIX: Final = "matou-lfs-2."
_LINK = re.compile(r"matou-lfs-2\.([0-9]{1,15})\.(.{1,2000})\Z")


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
    """The link is too old, was changed, or is of servers that have another database."""


def is_link(token: str) -> bool:
    return token.startswith(_PREFIX)


def lfs_signer(forge: Forge, credential: AnyCredential) -> LinkSigner:
    """For as many links as one credential asks for. Raises UnknownCredential."""
    return signer_for(forge, credential, LIFETIME)


def signed_token(signer: LinkSigner, grant: LfsGrant) -> str:
    """A token for the Authorization header, as Bearer."""
    return f"{_PREFIX}{grant.size_bytes}.{signer.proof(_fields(grant))}"


def size_of_link(token: str) -> int | None:
    """How many bytes a link says that it is for; None for what is no link. `credential_of` tells whether it may."""
    match = _LINK.match(token)
    return None if match is None else int(match[1])


def credential_of(forge: Forge, token: str, grant: LfsGrant) -> AnyCredential:
    """Give back who asked for the link. Raises LinkExpired where it is not for this grant, or no longer."""
    match = _LINK.match(token)
    if match is None:
        raise LinkExpired("the link is not one of ours")
    credential = whom_link_stands_for(forge, match[2], _fields(grant)) if int(match[1]) == grant.size_bytes else None
    if credential is None:
        raise LinkExpired("the link is not for this, or no longer", advice="ask for the objects again")
    return credential


def _fields(grant: LfsGrant) -> tuple[str, ...]:
    return ("lfs", str(grant.repository), grant.oid, grant.verb, str(grant.size_bytes))
