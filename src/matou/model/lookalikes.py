"""Which names a person reads as the same: those with one skeleton (Unicode Technical Standard 39, section 4).

The table of confusable characters is Unicode's own, as a library carries it; a test holds it to known skeletons.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

_DIRECTION_MARK = "\u200e"
"""The table's comments, which the library reads, put it around what is written from right to left."""

_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Default_Ignorable_Code_Point: nobody sees them."""


def skeleton(text: str) -> str:
    """What a person sees: equal for texts that are taken for one another, and of no other use."""
    prototypes = _prototypes()
    seen = _IGNORABLE.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFD", "".join(prototypes.get(character, character) for character in seen))


@cache
def _prototypes() -> Mapping[str, str]:
    """The character or characters that stand for each confusable one.

    The library tells of a prototype all that look like it, and of each of these the prototype. Where it is one to one
    nothing but the order tells which is which: what the table maps comes first in it.
    """
    from confusable_homoglyphs.confusables import confusables_data  # type: ignore[import-untyped]

    prototypes: dict[str, str] = {}
    for key, rows in confusables_data.items():
        source, targets = key.replace(_DIRECTION_MARK, ""), [row["c"].replace(_DIRECTION_MARK, "") for row in rows]
        if len(source) == 1 and len(targets) == 1 and targets[0] not in prototypes:
            prototypes[source] = targets[0]
    return prototypes
