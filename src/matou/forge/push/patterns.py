"""Patterns that people set, in RE2's syntax; none can hold up the server (`matou.linear_regex`)."""

from functools import lru_cache

from matou.errors import Invalid
from matou.linear_regex import LinearPattern, NotAPattern, compile_linear

LONGEST_PATTERN = 1000
PATTERNS_REMEMBERED = 100
"""One takes 10 MiB at most, and almost all take a few KiB."""


MOST_STEPS = 4_000_000
"""Of one search, as pieces of the pattern times letters of the text: some 50 ms, in which no other thread runs."""


class UnusablePattern(Invalid):
    """A text that is no pattern in RE2's syntax, or one that would take too much room."""


class TooMuchToSearch(Invalid):
    """A pattern that repeats much, and a text that is long: together they would hold up the server."""


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


def is_found(pattern: str, text: str, *, lines: bool = False) -> bool:
    """Whether a stored pattern is found anywhere.

    No for one that cannot be read: a rule is not kept by its failing. What is no Unicode in the text is a `?`.

    Raises:
        TooMuchToSearch: a rule is not kept by this either.
    """
    try:
        compiled = compile_pattern(pattern, lines=lines)
    except UnusablePattern:
        return False
    if compiled.size * len(text) > MOST_STEPS:
        raise TooMuchToSearch(
            "{length} characters are too many to look for {pattern} in",
            length=len(text),
            pattern=shown_pattern(pattern),
        )
    return compiled.is_in(text.encode("utf-8", "replace").decode())


def shown_pattern(text: str) -> str:
    """As it was typed, quoted; only what a terminal would act on is escaped, so that `\\d` stays `\\d`."""
    shown = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
    return f"'{shown}'"[:200]
