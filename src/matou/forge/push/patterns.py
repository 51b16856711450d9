"""Patterns that people set. RE2 takes time linear in the text, whatever the pattern is: none can hold up the server."""

from functools import lru_cache
from typing import Protocol

import re2  # type: ignore[import-untyped]

from matou.errors import MatouError

LONGEST_PATTERN = 1000
MOST_MEMORY_BYTES = 1024 * 1024


class UnusablePattern(MatouError):
    """A text that is no pattern in RE2's syntax, or one that would take too much room."""


class Pattern(Protocol):
    """What is used of a compiled pattern: whether it is found anywhere in a text."""

    def search(self, text: str, /) -> object | None: ...


@lru_cache(maxsize=1000)
def compile_pattern(text: str) -> Pattern:
    """Raises UnusablePattern."""
    if len(text) > LONGEST_PATTERN:
        raise UnusablePattern("a pattern has at most {most} characters", most=LONGEST_PATTERN)
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MOST_MEMORY_BYTES
    try:
        compiled: Pattern = re2.compile(text, options)
    except (re2.error, UnicodeError) as error:
        raise UnusablePattern(
            "the pattern {text} cannot be used: {reason}", text=shown_pattern(text), reason=_said(error)
        ) from None
    return compiled


def shown_pattern(text: str) -> str:
    """As it was typed, quoted; only what a terminal would act on is escaped, so that `\\d` stays `\\d`."""
    told = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
    return f"'{told}'"[:200]


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else error
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
