"""What is cleaned already, made part of a page: its headings below the page's own, and no style that a page refuses."""

import re
from typing import Final

from markupsafe import Markup

# Of a serializer: in texts `<` is escaped, so these are tags, or harmless inside an attribute's value.
_HEADING: Final = re.compile(r"<(/?)h([1-5])(?=[\s>])")
_ALIGNED: Final = re.compile(r'<(t[dh])([^<>]*?) style="text-align:(left|right|center)"')


def part_of_page(cleaned: str) -> Markup:
    """Args: cleaned: by nh3; nothing in it is looked at for safety any more."""
    lowered = _HEADING.sub(lambda found: f"<{found[1]}h{int(found[2]) + 1}", cleaned)
    return Markup(_ALIGNED.sub(r'<\1\2 align="\3"', lowered))  # noqa: S704
