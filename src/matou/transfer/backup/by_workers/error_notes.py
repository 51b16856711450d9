"""Errors as one process writes them down and another tells them, in whichever language its person reads."""

from collections.abc import Mapping
from string import Formatter
from typing import Final

import msgspec

from matou.errors import Conflict, Damaged, Invalid, MatouError, NotFound, Phrase, Plural, Refused, TryLater

_KINDS: Final[Mapping[str, type[MatouError]]] = {
    kind.__name__: kind for kind in (TryLater, Refused, NotFound, Conflict, Invalid, Damaged, MatouError)
}
_UNFIT: Final = (KeyError, IndexError, ValueError, AttributeError, TypeError)


class TextNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """A text of ours with its values; `other` is that of a count that is not one."""

    template: str
    values: dict[str, "TextNote | str | int | float | None"] = {}
    other: str | None = None


class ErrorNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """`kind` is one of the seven, by the name of its class."""

    kind: str
    text: TextNote
    advice: str = ""


def note_of(error: MatouError) -> ErrorNote:
    kind = next((one.__name__ for one in type(error).__mro__ if one.__name__ in _KINDS), MatouError.__name__)
    return ErrorNote(kind, TextNote(error.template, _values(error.values)), error.advice)


def error_of(note: ErrorNote) -> MatouError:
    """The error again. What is no template of ours is said as it stands."""
    if not (_is_plain(note.text.template) and _is_plain(note.advice)):
        return MatouError("{text}", text=note.text.template)
    values = {name: text_of(value) for name, value in note.text.values.items()}
    try:
        error = _KINDS.get(note.kind, MatouError)(note.text.template, advice=note.advice, **values)
        str(error)
    except _UNFIT:
        return MatouError("{text}", text=note.text.template)
    return error


def text_note(text: str) -> "TextNote | str":
    value = _value(text)
    return value if isinstance(value, TextNote) else text


def text_of(value: "TextNote | str | int | float | None") -> "str | int | float | None":
    if not isinstance(value, TextNote):
        return value
    if not (_is_plain(value.template) and _is_plain(value.other or "")):
        return value.template
    values = {name: text_of(inner) for name, inner in value.values.items()}
    try:
        if value.other is None:
            return Phrase(value.template, **values)
        count = values.pop("count")
        return Plural(value.template, value.other, count=count if isinstance(count, int) else 0, **values)
    except _UNFIT:
        return value.template


def _values(values: Mapping[str, object]) -> "dict[str, TextNote | str | int | float | None]":
    return {name: _value(value) for name, value in values.items()}


def _value(value: object) -> "TextNote | str | int | float | None":
    if isinstance(value, MatouError):
        value = value.fact
    if isinstance(value, Plural):
        return TextNote(value.template, _values(value.values), value.other)
    if isinstance(value, Phrase):
        return TextNote(value.template, _values(value.values))
    return value if value is None or type(value) in (str, int, float, bool) else str(value)  # type: ignore[return-value]


def _is_plain(template: str) -> bool:
    """Whether nothing but names stands between its braces: a template from a file reaches into no object."""
    try:
        fields = list(Formatter().parse(template))
    except ValueError:
        return False
    return all(name is None or (name.isidentifier() and not form and not how) for _, name, form, how in fields)
