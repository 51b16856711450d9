"""Pages as they went out, for the next one who would get the same.

An entity tag stands for all that a page shows but for what the database says of its viewer and of others; so the tag,
whoever looks and the state of the database together decide a page to the byte. Where the database does not tell its
state, nothing is remembered.
"""

from typing import Final

from matou.caching import SizedCache
from matou.forge.access import Identity
from matou.settings import MEBIBYTE

MOST_REMEMBERED: Final = 16 * MEBIBYTE
"""Bytes."""

_OVERHEAD: Final = 1_000

PageKey = tuple[str, Identity, int]


class RenderedPageCache:
    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self.known: SizedCache[PageKey, bytes] = SizedCache(most, size_of=lambda page: len(page) + _OVERHEAD)


class AlreadyRendered(Exception):
    """The page was made before for the same viewer, and nothing that it shows has changed."""

    def __init__(self, etag: str, content: bytes) -> None:
        super().__init__(etag)
        self.etag = etag
        self.content = content


def page_key(etag: str, identity: Identity, database_version: int | None) -> PageKey | None:
    """None for a page that is made anew each time."""
    return (etag, identity, database_version) if etag and database_version is not None else None
