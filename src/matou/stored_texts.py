"""Texts of ours that were written down in English, as the reasons in manifests are, said in the person's language.

A manifest has the finished text, not the template that it was made of: that is found again among all that we say.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from string import Formatter
from typing import Final

from matou.i18n import gettext, is_english, printable, templates

LONGEST_TEXT: Final = 2_000
FEWEST_LETTERS: Final = 8
"""Of a template beside its values: with fewer, anything would look as if it was made of it."""

MOST_NESTED: Final = 4


@dataclass(frozen=True, slots=True)
class _Template:
    """What stands before the first value, between values, and behind the last; and the names of the values."""

    text: str
    literals: Sequence[str]
    names: Sequence[str]

    @property
    def letters(self) -> int:
        return sum(map(len, self.literals))

    def values_of(self, text: str) -> Mapping[str, str] | None:
        """The values that make this text of the template; None where none do."""
        first, *between, last = self.literals
        end = len(text) - len(last)
        if not text.startswith(first) or not text.endswith(last) or len(first) > end:
            return None
        values, begin = list[str](), len(first)
        for literal in between:
            found = text.find(literal, begin + 1, end)
            if found < 0:
                return None
            values.append(text[begin:found])
            begin = found + len(literal)
        values.append(text[begin:end])
        return dict(zip(self.names, values, strict=True)) if all(values) else None


def localize_stored(text: str, *, nested: int = 0) -> str:
    """The text in the person's language, as far as it is one of ours; fit to be shown."""
    if not text or is_english() or len(text) > LONGEST_TEXT or nested > MOST_NESTED:
        return printable(text)
    known = gettext(text)
    if known != text:
        return printable(known)
    for template in _templates():
        values = template.values_of(text)
        if values is not None:
            spoken = {name: localize_stored(value, nested=nested + 1) for name, value in values.items()}
            return gettext(template.text).format(**spoken)
    return printable(text)


@cache
def _templates() -> Sequence[_Template]:
    """Those that have values, the one that says most of itself first."""
    found = (_parsed(text) for text in templates() if "{" in text)
    usable = [one for one in found if one is not None and one.letters >= FEWEST_LETTERS]
    return sorted(usable, key=lambda one: -one.letters)


def _parsed(text: str) -> _Template | None:
    """None for a text in which two values touch, or one stands twice: they could not be told apart."""
    parts = list(_parts(text))
    names = [name for _, name in parts if name is not None]
    literals = [literal for literal, _ in parts]
    literals = literals if parts[-1][1] is None else [*literals, ""]
    is_clear = all(literals[1:-1]) and len(set(names)) == len(names) and len(literals) == len(names) + 1
    return _Template(text, literals, names) if names and is_clear else None


def _parts(text: str) -> Iterator[tuple[str, str | None]]:
    for literal, name, _spec, _conversion in Formatter().parse(text):
        yield literal, name
