"""What people wrote, as HTML that can do nothing: no script, no style, no picture from elsewhere."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import nh3
from markdown_it import MarkdownIt

from matou.model.metadata import MarkupText

LONGEST_RENDERED: Final = 256 * 1024
"""Characters; a longer text, a log as a rule, stands as it was written."""

_TAG: Final = re.compile(r"(<[^>]*>)")
_NAME: Final = re.compile(r"</?([a-zA-Z]+)")
_ADDRESS: Final = re.compile(r"""\b(?:src|href)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
_ALTERNATIVE: Final = re.compile(r"""\balt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_REFERENCE: Final = re.compile(r"(?<![\w&/#!])([#!])([0-9]{1,18}|I[0-9A-Z]{4,8})(?![\w;])")
_VERBATIM: Final = frozenset({"a", "code", "pre"})
_OUTSIDE: Final = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file beside the pages, as a page names it."""

    href: str
    is_picture: bool


class TextRenderer:
    """Texts of one repository.

    Args:
        references: what `#7` and `!12` stand for: a link by the sign and the number.
    """

    def __init__(self, references: Mapping[tuple[str, str], str]) -> None:
        self._references = references
        self._pages = frozenset(references.values())
        self._markdown = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])

    def render(self, text: MarkupText, files: Mapping[str, LocalFile]) -> str:
        """Args:
        files: by the address that stands in the text.
        """
        if text.markup == "plain" or len(text.body) > LONGEST_RENDERED:
            return f'<pre class="plain">{html.escape(text.body)}</pre>'
        given = self._markdown.render(text.body) if text.markup == "markdown" else text.body
        beside = frozenset(file.href for file in files.values())
        return nh3.clean(self._linked(given, files), attribute_filter=partial(_allowed, self._pages, beside))

    def _linked(self, given: str, files: Mapping[str, LocalFile]) -> str:
        """The best that can be done with what may be broken; what is dangerous in it is removed afterwards."""
        if not any(sign in given for sign in ("#", "!", "<img", "<a")):
            return given
        verbatim = 0
        parts = _TAG.split(given)
        for index, part in enumerate(parts):
            name = _NAME.match(part)
            if index % 2 and name:
                if name[1].lower() in _VERBATIM:
                    verbatim = max(0, verbatim - 1 if part[1] == "/" else verbatim + 1)
                parts[index] = _with_local_address(part, name[1].lower(), files)
            elif not index % 2 and not verbatim:
                parts[index] = _REFERENCE.sub(self._link, part)
        return "".join(parts)

    def _link(self, found: re.Match[str]) -> str:
        href = self._references.get((found[1], found[2]))
        return found[0] if href is None else f'<a href="{html.escape(href)}">{found[0]}</a>'


def _with_local_address(tag: str, name: str, files: Mapping[str, LocalFile]) -> str:
    address = _ADDRESS.search(tag) if name in ("a", "img") else None
    if address is None:
        return tag
    url = html.unescape(next(filter(None, address.groups()), ""))
    local = files.get(url)
    if name == "a":
        return tag if local is None else f'<a href="{html.escape(local.href)}">'
    words = _ALTERNATIVE.search(tag)
    alternative = html.escape(html.unescape(next(filter(None, words.groups()), "")) if words else "")
    if local is not None and local.is_picture:
        return f'<img src="{html.escape(local.href)}" alt="{alternative}">'
    href = html.escape(url if local is None else local.href)
    return f'<a href="{href}">{alternative or href}</a>'


def _allowed(pages: frozenset[str], beside: frozenset[str], element: str, attribute: str, value: str) -> str | None:
    """A picture is one of ours; a link leads to one of our files, or away by a scheme that runs nothing."""
    if (element, attribute) == ("a", "href"):
        return value if value in pages or value in beside or _OUTSIDE.match(value) else None
    if attribute in ("src", "cite", "srcset", "background", "poster"):
        return value if attribute == "src" and element == "img" and value in beside else None
    return value
