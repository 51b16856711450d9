"""Patterns that people set: in RE2's syntax, found in time linear in the text, whatever the pattern.

The engine is Rust's `regex`, as pydantic-core has it compiled for every machine that we name. `forge.re2_syntax` writes
a pattern as that engine reads it.
"""

from dataclasses import dataclass
from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, core_schema

from matou.errors import MatouError
from matou.linear_regex import as_rust

LONGEST_PATTERN = 1000
PATTERNS_REMEMBERED = 100
"""The engine refuses what would take more than 10 MiB; almost all take a few KiB."""


class UnusablePattern(MatouError):
    """A text that is no pattern in RE2's syntax, or one that would take too much room."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern."""

    _validator: SchemaValidator

    def is_in(self, text: str) -> bool:
        """Whether it is found anywhere; never in a text with lone surrogates, which is no Unicode."""
        return self._validator.isinstance_python(text)


@lru_cache(maxsize=PATTERNS_REMEMBERED)
def compile_pattern(text: str) -> Pattern:
    """Raises UnusablePattern."""
    if len(text) > LONGEST_PATTERN:
        raise UnusablePattern("a pattern has at most {most} characters", most=LONGEST_PATTERN)
    try:
        text.encode()  # the engine would take a lone surrogate for another character
        schema = core_schema.str_schema(pattern=as_rust(text), regex_engine="rust-regex", strict=True)
        return Pattern(SchemaValidator(schema))
    except (SchemaError, UnicodeError) as error:
        raise UnusablePattern(
            "the pattern {text} cannot be used: {reason}", text=shown_pattern(text), reason=_reason(error)
        ) from None


def shown_pattern(text: str) -> str:
    """As it was typed, quoted; only what a terminal would act on is escaped, so that `\\d` stays `\\d`."""
    told = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
    return f"'{told}'"[:200]


def _reason(error: Exception) -> str:
    """The engine's last line; those above it draw the pattern as it was written anew."""
    return str(error).splitlines()[-1].removeprefix("error: ").removeprefix("  SchemaError: ").rstrip(".")
