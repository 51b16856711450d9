"""The hidden line by which what was written is found again at the target, and what it stands for."""

import re
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import quote, unquote

_MARKER: Final = re.compile(r"<!-- matou:([^\s<>]{1,1000}) -->")
_KEPT: Final = "/@~._"


@dataclass(frozen=True, slots=True)
class ItemKey:
    """Something of a source: what kind it is and what number it has there.

    Attributes:
        source: whose repository or namespace: `coding:e.coding.net:4711`, with each part so that it has no colon.
        number: of a comment that of its item, a slash, and what tells it from others there.
    """

    source: str
    kind: str
    number: str

    @property
    def marker(self) -> str:
        return f"<!-- matou:{self.source}:{self.kind}:{_quoted(self.number)} -->"

    @classmethod
    def of(cls, platform: str, host: str, id_: str, kind: str, number: str) -> Self:
        return cls(source_name(platform, host, id_), kind, number)


def source_name(platform: str, host: str, id_: str) -> str:
    return ":".join(map(_quoted, (platform, host, id_)))


def key_in(text: str) -> ItemKey | None:
    """What the last marker of a text stands for; None where there is none."""
    found = _MARKER.findall(text)
    parts = found[-1].split(":") if found else []
    if len(parts) != _PARTS:
        return None
    return ItemKey(":".join(parts[:3]), parts[3], unquote(parts[4]))


_PARTS: Final = 5


def without_markers(text: str) -> str:
    """A text of somebody's in which nothing is taken for one of ours."""
    return text.replace("<!-- matou:", "<!-- matou :")


def _quoted(text: str) -> str:
    """Without a sign that ends a comment of HTML, or that two parts are told apart by."""
    return quote(text, safe=_KEPT, errors="replace").replace("--", "-%2D")
