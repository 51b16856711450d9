"""Who asked for the short-lived links that a server gives out, and what proves that a link is its own.

A link is no right of its own: it remembers who asked, and that credential is looked at again when the link is used.
"""

import hmac
from collections.abc import Iterable
from secrets import token_hex
from threading import Lock
from typing import Generic, TypeVar

from matou.caching import SizedCache
from matou.server.authentication import AnyCredential

Asker = TypeVar("Asker", bound=AnyCredential)

MOST_LINKS = 10_000


class LinkCredentials(Generic[Asker]):
    """Remembers credentials by names that tell nothing, the oldest no more when there are many. For several threads."""

    def __init__(self) -> None:
        self._credentials = SizedCache[str, Asker](MOST_LINKS, dropped=self._forget)
        self._names: dict[Asker, str] = {}
        self._lock = Lock()

    def name_of(self, credential: Asker) -> str:
        """32 hexadecimal digits, the same each time."""
        with self._lock:
            name = self._names.setdefault(credential, token_hex(16))
            self._credentials.put(name, credential)
        return name

    def find(self, name: str) -> Asker | None:
        return self._credentials.get(name)

    def _forget(self, _name: str, credential: Asker) -> None:
        del self._names[credential]


def signature(key: bytes, fields: Iterable[str]) -> str:
    """Of all fields, in 64 hexadecimal digits."""
    # Each field is preceded by its length: no two lists of fields give the same bytes.
    message = b"".join(b"%d:%b" % (len(field), field.encode()) for field in fields)
    return hmac.new(key, message, "sha256").hexdigest()
