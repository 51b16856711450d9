"""Patterns that people set, in RE2's syntax; none can hold up the server (`matou.linear_regex`)."""

from functools import lru_cache

from matou.errors import MatouError
from matou.linear_regex import LinearPattern, NotAPattern, compile_linear

LONGEST_PATTERN = 1000
PATTERNS_REMEMBERED = 100
"""One takes 10 MiB at most, and almost all take a few KiB."""


class UnusablePattern(MatouError):
    """A text that is no pattern in RE2's syntax, or one that would take too much room."""


@lru_cache(maxsize=PATTERNS_REMEMBERED)
def compile_pattern(text: str, *, lines: bool = False) -> LinearPattern:
    """Raises UnusablePattern.

    Args:
        lines: `^` and `$` are the ends of each line.
    """
    if len(text) > LONGEST_PATTERN:
        raise UnusablePattern("a pattern has at most {most} characters", most=LONGEST_PATTERN)
    try:
        return compile_linear(text, lines=lines)
    except NotAPattern as error:
        raise UnusablePattern(
            "the pattern {text} cannot be used: {reason}", text=shown_pattern(text), reason=str(error)
        ) from None


def shown_pattern(text: str) -> str:
    """As it was typed, quoted; only what a terminal would act on is escaped, so that `\\d` stays `\\d`."""
    told = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
    return f"'{told}'"[:200]
