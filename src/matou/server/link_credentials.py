"""Whom the short-lived links stand for that a server gives out, and what proves that a link is of one of its servers.

A link is no right of its own, and nothing to log in with: it says which credential was shown, without its secret, and
that credential is looked at again when the link is used.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from matou.db.link_keys import LinkKey
from matou.forge.accounts.link_keys import LinkKeys
from matou.forge.forge import Forge
from matou.server.authentication import AnyCredential, LinkedCredential, linked_credential

_PROOF: Final = re.compile(r"([A-Za-z0-9_=-]{1,1000})\.([0-9]{1,12})\.([0-9]{1,12})\.([0-9a-f]{64})\Z")


@dataclass(frozen=True, slots=True)
class LinkSigner:
    """Signs links for whom a credential stands for."""

    whom: str
    expiry: int
    key: LinkKey

    def proof(self, fields: Iterable[str]) -> str:
        """What a link for this has to bring along."""
        return f"{self.whom}.{self.expiry}.{self.key.id}.{self._signature(fields)}"

    def is_right(self, signature: str, fields: Iterable[str]) -> bool:
        return hmac.compare_digest(signature, self._signature(fields))

    def _signature(self, fields: Iterable[str]) -> str:
        # Each field is preceded by its length: no two lists of fields give the same bytes.
        everything = (self.whom, str(self.expiry), *fields)
        message = b"".join(b"%d:%b" % (len(field.encode()), field.encode()) for field in everything)
        return hmac.new(bytes.fromhex(self.key.key.reveal()), message, "sha256").hexdigest()


def signer_for(forge: Forge, credential: AnyCredential, lifetime: timedelta) -> LinkSigner:
    """Raises UnknownCredential: the credential stands for nobody."""
    whom = "\n".join(linked_credential(forge, credential).fields).encode()
    expiry = int((forge.now() + lifetime).timestamp())
    return LinkSigner(urlsafe_b64encode(whom).decode(), expiry, forge.memory(LinkKeys).current(forge))


def whom_link_stands_for(forge: Forge, proof: str, fields: Iterable[str]) -> LinkedCredential | None:
    """None where it was not made for this, is none of ours, or is too old."""
    match = _PROOF.match(proof)
    key = None if match is None else forge.memory(LinkKeys).find(forge, int(match[3]))
    if match is None or key is None or forge.now().timestamp() >= int(match[2]):
        return None
    if not LinkSigner(match[1], int(match[2]), key).is_right(match[4], fields):
        return None
    return LinkedCredential(*urlsafe_b64decode(match[1]).decode().split("\n"))
