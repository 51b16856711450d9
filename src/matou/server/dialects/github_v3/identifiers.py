"""What GitHub tells by a whole number, or by one word, and other platforms do not.

A number that is made here is never one of GitHub's own: an importer that knows people of GitHub by theirs would take
somebody of another platform for one of them.
"""

from hashlib import blake2b
from typing import Final

from matou.model.names import NamespacePath
from matou.server.api.saved_rows import number_of
from matou.server.paths import OWNER_SEPARATOR

FIRST_MADE: Final = 2**52
"""From here to 2^53, up to which JavaScript counts."""

SEPARATOR: Final = OWNER_SEPARATOR
"""Between the names of nested namespaces: no name holds it, and an owner is one word in GitHub's URLs."""


def made_id(*words: str) -> int:
    """The same for the same words, here and in any other archive."""
    digest = blake2b("\0".join(words).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return FIRST_MADE + int.from_bytes(digest) % FIRST_MADE


def id_or_made(own: str | None, *words: str) -> int:
    """What the platform gave where that is a number, else one made of the words."""
    number = number_of(own)
    return number if 0 < number < FIRST_MADE else made_id(*words)


def owner_of(namespace: NamespacePath) -> str:
    return SEPARATOR.join(namespace.segments)
