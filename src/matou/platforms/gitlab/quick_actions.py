"""Lines of a text that a GitLab carries out where it is written, as `/close` or `/assign`: they are only to be read."""

import re
from typing import Final

_ACTION: Final = re.compile(r"^([^\S\n]*)(?=/[a-z][a-z_]*(?:\s|\Z))", re.IGNORECASE | re.MULTILINE)
_JOINER: Final = "\N{WORD JOINER}"
"""Shows as nothing, and is no word."""
_JOINED: Final = re.compile(rf"^([^\S\n]*){_JOINER}(?=/[a-z][a-z_]*(?:\s|\Z))", re.IGNORECASE | re.MULTILINE)


def harmless(text: str) -> str:
    """The text with a sign that nobody sees before each line that may be an action, whichever GitLab knows some day."""
    return _ACTION.sub(rf"\1{_JOINER}", text)


def as_given(text: str) -> str:
    """What `harmless` was given."""
    return _JOINED.sub(r"\1", text)
