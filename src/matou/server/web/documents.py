"""Documents that pages show again and again: rendered once for each place that they are read at.

Of one that would make a page too large the beginning is shown, up to an empty line of it.
"""

from collections.abc import Callable, Hashable
from typing import Final

from markupsafe import Markup

from matou.caching import SizedCache
from matou.errors import Phrase
from matou.i18n import gettext
from matou.model.names import ObjectId
from matou.server.web.markdown import TextKind, TextLocation, render_document
from matou.server.web.page import WebRequest
from matou.settings import MEBIBYTE

MOST_REMEMBERED: Final = 8 * MEBIBYTE
"""Characters."""

LARGEST_SHOWN_BYTES: Final = 64_000
_CUT: Final = Phrase("Only the beginning is shown: it is long. Its source text has all of it.")
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
    made = beginning(text, TextKind.of(file_name), location)
    cache.put(key, made)
    return made


def beginning(text: str, kind: TextKind, location: TextLocation) -> Markup:
    """As much of it as has room: HTML may be many times as long as what it is made of, and not everywhere as much."""
    shown = made = render_document(text, kind, location)
    kept = text
    while len(shown.encode()) > LARGEST_SHOWN_BYTES:
        kept = _cut(kept, len(kept) * LARGEST_SHOWN_BYTES // len(shown.encode()))
        shown = render_document(kept, kind, location)
    return made if kept is text else shown + Markup('<p class="notice">{}</p>').format(gettext(_CUT))


def _cut(text: str, most: int) -> str:
    """Where a paragraph ends, or a line, if one does in its second half."""
    ends = (text.rfind(end, most // 2, most) for end in ("\n\n", "\n"))
    return text[: next((end for end in ends if end > 0), most)]
