"""The seven kinds of failure, told apart by what the caller can do about them.

A subclass that names one cause stands beside the code that raises it. A text is a template: its English form is
what `str()` gives, and the template itself is the key under which a translation is found, so values are never
part of it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Self


class Phrase(str):
    """A text of ours that stands as a value in another and has a translation, and perhaps values, of its own."""

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        phrase = super().__new__(cls, template.format(**values) if values else template)
        phrase.template = template
        phrase.values = values
        return phrase


class Plural(Phrase):
    """A phrase that counts something: `template` for a count of one, `other` for every other."""

    __slots__ = ("number", "other")

    other: str
    number: int

    def __new__(cls, one: str, other: str, /, *, count: int, **values: object) -> Self:
        counted = {"count": count, **values}
        phrase = str.__new__(cls, (one if count == 1 else other).format(**counted))
        phrase.template = one
        phrase.other = other
        phrase.number = count
        phrase.values = counted
        return phrase


class MatouError(Exception):
    """A failure that a person can be told about.

    Args:
        template: the fact, in lower case and without a theory, with a `{name}` for each value; or a phrase that is it,
            as one that counts something has to be.
        advice: what is safe and what to do now, a template over the same values; empty where the fact says it all.
        values: what stands for the names. Never a secret.
    """

    def __init__(self, template: str, /, *, advice: str = "", **values: object) -> None:
        if isinstance(template, Phrase):
            template, values = "{fact}", {"fact": template, **values}
        super().__init__(template)
        self.template = template
        self.advice = advice
        self.values = values

    @property
    def fact(self) -> Phrase:
        """What `str()` gives, fit to stand as a value in another text; the advice is left behind."""
        return Phrase(self.template, **self.values)

    def __str__(self) -> str:
        return self.template.format(**self.values)


class TryLater(MatouError):
    """Waiting may help."""

    def __init__(self, template: str, /, *, wait: timedelta | None = None, advice: str = "", **values: object) -> None:
        super().__init__(template, advice=advice, **values)
        self.wait = wait


class Refused(MatouError):
    """This credential may not; asking again will not help."""


class NotFound(MatouError):
    """It is not there, or you may not know that it is."""


class Conflict(MatouError):
    """It is there already, or it changed under you."""


class Invalid(MatouError):
    """What you gave cannot be used: the text says which part, and the advice what would do."""


class UnknownShape(MatouError):
    """The other side said something that its documentation does not describe.

    Args:
        where: the field, as `platform object.field`; a Phrase where it is words.
        value: what came; shortened to 200 characters of its `repr`.
    """

    def __init__(self, where: str, value: object, /) -> None:
        super().__init__(
            "{where} was {value}, which its documentation does not describe", where=where, value=repr(value)[:200]
        )


class Damaged(MatouError):
    """Bytes are not what was written."""
