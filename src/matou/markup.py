"""What people wrote, as HTML that can do nothing: no script, no style, no picture from elsewhere.

A text speaks of other things by a sign before a name: `#7`, `!12`, `@somebody`, or by a commit's id. Which of these
there are is somebody else's to say: `tokens_in` finds what may be one, `TextRenderer` links those that it is given.
"""

import html
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import nh3
from markdown_it import MarkdownIt

from matou.bounded_markdown import render_markdown, with_limits
from matou.model.metadata import MarkupText

LONGEST_RENDERED: Final = 256 * 1024
"""Characters; a longer text, a log as a rule, stands as it was written."""

MOST_UNCLOSED: Final = 100
"""Tags: with thousands of them within one another, making a text harmless takes minutes."""

_TAG: Final = re.compile(r"(<[^<>]*>)")
_NAME: Final = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
_ADDRESS: Final = re.compile(r"""\b(?:src|href)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
_ALTERNATIVE: Final = re.compile(r"""\balt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_TOKEN: Final = re.compile(
    r"(?<![\w&/#!@.-])(?:[#!](?:[0-9]{1,18}|I[0-9A-Z]{4,8})(?![\w;])"
    r"|@[\w][\w.-]{0,63}(?<![.-])"
    r"|(?=[0-9a-f]{0,63}[0-9])[0-9a-f]{7,64}(?![\w-]))"
)
_TASK: Final = re.compile(r"(<li>\n?(?:<p>)?)\[([ xX])\] ")
_CONTROLS: Final = dict.fromkeys(
    (*range(9), 11, *range(14, 32), *range(127, 160), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF),
    "\N{REPLACEMENT CHARACTER}",
)
_VERBATIM: Final = frozenset({"a", "code", "pre"})
_CLOSED_BY_THE_NEXT: Final = frozenset(
    {"p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "br", "hr", "img", "input", "wbr"}
)
"""And those that hold nothing: however many there are, none stands in another of its name."""
_OUTSIDE: Final = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)
_TAGS: Final = nh3.ALLOWED_TAGS | {"input"}
_ATTRIBUTES: Final = {**nh3.ALLOWED_ATTRIBUTES, "input": {"checked"}}
_CHECKBOX: Final = {"input": {"type": "checkbox", "disabled": ""}}


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file beside the pages, as a page names it."""

    href: str
    is_picture: bool


class TextRenderer:
    """Texts of one repository.

    Args:
        links: where what a text speaks of is: by the token, as `#7`, `!12`, `@li`, or a commit's id.
    """

    def __init__(self, links: Mapping[str, str]) -> None:
        self._links = links
        self._pages = frozenset(links.values())
        parser = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])
        self._markdown = with_limits(parser)

    def render(self, text: MarkupText, files: Mapping[str, LocalFile]) -> str:
        """Never fails, whatever the text is.

        Args:
            files: by the address that stands in the text.
        """
        body = without_controls(text.body)
        if text.markup == "plain" or len(body) > LONGEST_RENDERED:
            return plain_text(body)
        given = self._as_html(text.markup, body)
        if given is None or is_too_deep(given):
            return plain_text(body)
        beside = frozenset(file.href for file in files.values())
        return nh3.clean(
            self._linked(given, files),
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            set_tag_attribute_values=_CHECKBOX,
            attribute_filter=partial(_allowed, self._pages, beside),
            link_rel="nofollow noopener noreferrer",
        )

    def _as_html(self, markup: str, body: str) -> str | None:
        if markup != "markdown":
            return body
        made = render_markdown(self._markdown, body)
        return None if made is None else with_checkboxes(made)

    def _linked(self, given: str, files: Mapping[str, LocalFile]) -> str:
        """The best that can be done with what may be broken; what is dangerous in it is removed afterwards."""
        verbatim = 0
        parts = _TAG.split(given)
        for index, part in enumerate(parts):
            name = _NAME.match(part)
            if index % 2 and name:
                if name[1].lower() in _VERBATIM:
                    verbatim = max(0, verbatim - 1 if part[1] == "/" else verbatim + 1)
                parts[index] = _with_local_address(part, name[1].lower(), files)
            elif not index % 2 and not verbatim:
                parts[index] = _TOKEN.sub(self._link, part)
        return "".join(parts)

    def _link(self, found: re.Match[str]) -> str:
        href = self._links.get(found[0])
        return found[0] if href is None else f'<a href="{html.escape(href)}">{found[0]}</a>'


def tokens_in(text: str) -> set[str]:
    """What in a text may speak of something: issues, change requests, people, commits."""
    return set(_TOKEN.findall(text))


def with_checkboxes(given: str) -> str:
    """Of lists of tasks, as Markdown became HTML: `[x]` at the beginning of an entry is a box that is ticked.

    mdit-py-plugins' own looks for the list of each entry among all that stands before it: 30,000 took minutes.
    """
    return _TASK.sub(_box, given)


def _box(found: re.Match[str]) -> str:
    return f'{found[1]}<input type="checkbox" disabled{" checked" if found[2] != " " else ""}> '


def plain_text(text: str) -> str:
    """As it was written."""
    return f'<pre class="plain">{html.escape(text)}</pre>'


def without_controls(text: str) -> str:
    """No document may have control characters but tabs and the ends of lines, nor halves of characters."""
    return text.translate(_CONTROLS)


def is_too_deep(given: str) -> bool:
    """Whether so many tags stand within one another that nobody meant it, and cleaning takes as long as it likes."""
    unclosed, total = Counter[str](), 0
    for tag in _TAG.findall(given):
        name = _NAME.match(tag)
        if name is None or name[1].lower() in _CLOSED_BY_THE_NEXT:
            continue
        step = 1 if tag[1] != "/" else -(unclosed[name[1].lower()] > 0)
        unclosed[name[1].lower()] += step
        total += step
        if total > MOST_UNCLOSED:
            return True
    return False


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
