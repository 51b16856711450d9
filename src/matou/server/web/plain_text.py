"""Text that others wrote, so that a reader sees what is in it: nothing is hidden, and nothing turns the line around."""

import re
from collections.abc import Sequence
from typing import Final

LONGEST_COLOURED: Final = 100_000
"""Characters."""

LONGEST_LINE: Final = 2_000

_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LAST_WITH_PICTURE: Final = 0x20
_PICTURES: Final = 0x2400
_DELETE, _DELETE_PICTURE = 0x7F, "\u2421"


def visible(text: str) -> str:
    """Control characters as their pictures, and what turns the direction of writing around as its number.

    Code that reads otherwise than it runs is made with those: https://trojansource.codes
    """
    return text if text.isascii() and text.isprintable() else _CONTROL.sub(_shown, text)


def visible_lines(text: str) -> list[str]:
    """A line each, without its end; one at least."""
    return visible(text.replace("\r\n", "\n")).removesuffix("\n").split("\n")


def may_have_colours(lines: Sequence[str]) -> bool:
    """Whether a text is short enough: a longer one stands in one colour, at once."""
    return sum(map(len, lines)) + len(lines) <= LONGEST_COLOURED + 1 and max(map(len, lines)) <= LONGEST_LINE


def _shown(match: "re.Match[str]") -> str:
    number = ord(match[0])
    if number < _LAST_WITH_PICTURE:
        return chr(_PICTURES + number)
    return _DELETE_PICTURE if number == _DELETE else f"[U+{number:04X}]"
