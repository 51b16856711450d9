"""Documents that pages show again and again: rendered once for each place that they are read at."""

from collections.abc import Callable, Hashable
from typing import Final

from markupsafe import Markup

from matou.caching import SizedCache
from matou.model.names import ObjectId
from matou.server.web.markdown import TextKind, TextLocation, render_document
from matou.server.web.page import WebRequest
from matou.settings import MEBIBYTE

MOST_REMEMBERED: Final = 8 * MEBIBYTE
"""Characters."""

_OVERHEAD: Final = 1_000
"""What an entry takes besides: without it, empty documents would be remembered without end."""


class DocumentCache:
    """By the blob and all that its links and words go by; whoever asks has found the blob by a right."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self.known: SizedCache[Hashable, Markup] = SizedCache(most, size_of=lambda html: len(html) + _OVERHEAD)


def recall_document(
    view: WebRequest, blob: ObjectId, file_name: str, location: TextLocation, read: Callable[[], str | None]
) -> Markup | None:
    """Args: read: gives its text; what that makes None has no document."""
    run = None if view.past is None else view.past.run
    key = (blob, file_name, location, view.language, run)
    cache = view.forge.memory(DocumentCache).known
    known = cache.get(key)
    if known is not None:
        return known
    text = read()
    if text is None:
        return None
    made = render_document(text, TextKind.of(file_name), location)
    cache.put(key, made)
    return made
