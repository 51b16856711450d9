"""The addresses that stand in a text, outside of its code: where its pictures and files are."""

import html
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from matou.model.metadata import MarkupText

_FENCE: Final = re.compile(r"[ ]{0,3}(?:[>][ ]?)*[ ]{0,3}(`{3,}(?=[^`]*$)|~{3,})")
_TICKS: Final = re.compile(r"`+")
_HTML_CODE: Final = re.compile(r"<(pre|code)\b[^<>]*>", re.IGNORECASE)
_HTML_CODE_ENDS: Final = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("pre", "code")}
_ATTRIBUTE: Final = re.compile(r"""\s(?:src|href)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>=]+))""", re.IGNORECASE)
_TARGET: Final = re.compile(r"\]\(\s*(?:<([^<>\n]*)>|([^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*))")
_DEFINITION: Final = re.compile(r"^[ ]{0,3}\[[^\[\]\n]+\]:[ \t]*<?([^\s<>]+)", re.MULTILINE)
_BARE: Final = re.compile(r"https?://[^\s<>\"'`\\|，。；：！？、（）【】《》「」“”]+")
_NEXT_LINK: Final = re.compile(r"\]\(|\)!?\[")
"""Where the text of a link ends, and where one link follows another without a space between them."""
_BRACKETS: Final = {")": "(", "]": "["}
_AFTER: Final = ".,;:!?*_~'\""


def addresses_in(text: MarkupText) -> tuple[str, ...]:
    """Each address once, in order, as a reader of the text would follow it; relative ones too.

    What stands in a block or a span of code is quoted, and nobody's attachment.
    """
    if not any(sign in text.body for sign in ("/", "](", "]:")):
        return ()
    is_plain, is_html = text.markup == "plain", text.markup == "html"
    found = _bare_in(text.body) if is_plain else _in_markup(text.body, is_html=is_html)
    return tuple(address for address in dict.fromkeys(found) if address and _can_be_read(address))


def _can_be_read(address: str) -> bool:
    """What looks like an address and is none, such as `http://[`, leads nowhere."""
    try:
        _ = urlsplit(address).port
    except ValueError:
        return False
    return True


def _in_markup(body: str, *, is_html: bool) -> Iterator[str]:
    shown = _without_html_code(body if is_html else _without_code(body))
    for match in _ATTRIBUTE.finditer(shown):
        yield html.unescape(match[1] or match[2] or match[3] or "")
    if not is_html:
        for match in _TARGET.finditer(shown):
            yield match[1] or match[2] or ""
        for match in _DEFINITION.finditer(shown):
            yield match[1]
    yield from _bare_in(html.unescape(shown) if is_html else shown)


def _bare_in(body: str) -> Iterator[str]:
    for match in _BARE.finditer(body):
        yield _without_what_follows(_NEXT_LINK.split(match[0], maxsplit=1)[0])


def _without_what_follows(address: str) -> str:
    """A bracket belongs to the address as far as it was opened within it."""
    excess = {close: address.count(close) - address.count(begin) for close, begin in _BRACKETS.items()}
    end = len(address)
    while end:
        last = address[end - 1]
        if last in _BRACKETS and excess[last] > 0:
            excess[last] -= 1
        elif last not in _AFTER:
            break
        end -= 1
    return address[:end]


def _without_code(body: str) -> str:
    """A text in Markdown without its fenced blocks and its spans of code."""
    kept: list[str] = []
    fence = ""
    for line in body.splitlines():
        match = _FENCE.match(line)
        if fence:
            is_end = match is not None and match[1].startswith(fence) and not line[match.end() :].strip()
            fence = "" if is_end else fence
        elif match is not None:
            fence = match[1]
        else:
            kept.append(line)
    return _without_spans("\n".join(kept))


def _without_spans(body: str) -> str:
    """A span ends with as many backticks as it began with; where none come, they are text."""
    runs = list(_TICKS.finditer(body))
    if not runs:
        return body
    ends: dict[int, list[int]] = {}
    for number in range(len(runs) - 1, -1, -1):
        ends.setdefault(len(runs[number][0]), []).append(number)
    kept: list[str] = []
    position = number = 0
    while number < len(runs):
        same = ends[len(runs[number][0])]
        while same and same[-1] <= number:
            same.pop()
        if not same:
            number += 1
            continue
        kept.append(body[position : runs[number].start()])
        position, number = runs[same[-1]].end(), same[-1] + 1
    return " ".join([*kept, body[position:]])


def _without_html_code(body: str) -> str:
    kept: list[str] = []
    position = 0
    while (begin := _HTML_CODE.search(body, position)) is not None:
        kept.append(body[position : begin.start()])
        end = _HTML_CODE_ENDS[begin[1].lower()].search(body, begin.end())
        position = end.end() if end is not None else len(body)
    return " ".join([*kept, body[position:]])
