"""Source code in colours: lines of HTML, whose classes the stylesheet gives a colour."""

from typing import Final

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound

LONGEST_COLOURED: Final = 256 * 1024
"""Characters; a longer text stands in one colour, at once."""

_CLASSES: Final = "hl-"


def highlighted(text: str, file_name: str) -> list[Markup]:
    """A line each, without its end. Never fails, whatever the text is."""
    if len(text) > LONGEST_COLOURED:
        return [escape(line) for line in text.split("\n")]
    coloured = highlight(text, _lexer(file_name), HtmlFormatter(nowrap=True, classprefix=_CLASSES))
    return [Markup(line) for line in coloured.split("\n")]  # noqa: S704  the formatter escapes


def _lexer(file_name: str) -> Lexer:
    try:
        return get_lexer_for_filename(file_name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return TextLexer(stripnl=False, ensurenl=False)
