"""Reading a route's parameters: loosely as to how they are written, strictly as to what they say."""

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Self, TypeVar, Union, get_args, get_origin

import msgspec

from matou.errors import Invalid
from matou.model.decodable import decodable
from matou.server.api.body import FormFile

LARGEST_PER_PAGE = 100
LARGEST_PAGE = LARGEST_NUMBER = 2**31
_LONGEST_NUMBER = len(str(LARGEST_NUMBER))

T = TypeVar("T")

Number = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_NUMBER)]
"""Of something that is counted; 0 where it is optional means "not said"."""

AnyText = Annotated[str, msgspec.Meta(extra={"may_be_empty": True})]
"""A required one may be empty, if it is there."""

PathText = Annotated[str, msgspec.Meta(extra={"may_be_bytes": True})]
"""Of a file, a branch or a tag: in the query it may hold bytes that are not UTF-8, kept by `surrogateescape`."""


class InvalidParameter(Invalid):
    """A parameter is of the wrong kind, or out of its bounds."""


class InvalidParameterValue(InvalidParameter):
    """A parameter is of the right kind and has a value that the action does not take."""


class MissingParameter(Invalid):
    """A parameter that the request cannot do without is not there, or is empty."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page of a list; counted from 1."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    def of(self, rows: Sequence[T]) -> Sequence[T]:
        return rows[self.offset : self.offset + self.size]


@dataclass(frozen=True, slots=True)
class FormFields:
    """What a request says besides its path, for those who know only as they read it what it may say."""

    values: Mapping[str, object]

    @classmethod
    def read(cls, fields: Self) -> Self:
        """For the rows of handlers that take them as they are."""
        return fields

    def get(self, *names: str) -> str:
        """Of the first of these names that says something; empty where none does. Raises InvalidParameter."""
        for name in names:
            text = _text(name, self.values.get(name))
            if text:
                return text
        return ""

    def path(self, *names: str) -> str:
        """As `get`, of a file, a branch or a tag: what is not UTF-8 in the query is kept by `surrogateescape`."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, str) and value and "\0" not in value:
                return value
        return self.get(*names)

    def required(self, *names: str) -> str:
        """As `get`; raises MissingParameter, with the first name, where nothing is said."""
        text = self.get(*names)
        if not text:
            raise MissingParameter('"{name}" not given', name=names[0])
        return text

    def whole_number(self, name: str) -> int | None:
        """None where nothing is said. Raises InvalidParameter."""
        text = self.get(name).strip()
        digits = text.removeprefix("-")
        if not text:
            return None
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST_NUMBER):
            raise InvalidParameter('"{name}" is not a number', name=name)
        return int(text)

    def page(self, default_size: int = 20) -> PageRequest:
        """Nothing, 0 and less mean the first page; a page has at most LARGEST_PER_PAGE. Raises InvalidParameter."""
        number, size = self.whole_number("page") or 1, self.whole_number("per_page") or default_size
        return PageRequest(min(max(number, 1), LARGEST_PAGE), min(max(size, 1), LARGEST_PER_PAGE))


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """What a route reads besides its path. On the wire a field has its own name unless `msgspec.field(name=…)` says
    another; a field without a default is required."""

    @classmethod
    def read(cls, fields: FormFields) -> Self:
        """Raises:
        MissingParameter: a required one is missing or empty; the first is named.
        InvalidParameter: one is of the wrong kind or out of its bounds.
        """
        taken: dict[str, object] = {}
        for field in _fields(cls):
            value = fields.values.get(field.name)
            if value is None or (value == "" and not field.is_text):
                if field.is_required:
                    raise MissingParameter("{name} must not be null", name=field.name)
                continue
            taken[field.name] = _plain(field, value)
            if field.is_required and value == "" and not field.may_be_empty:
                raise MissingParameter("{name} must not be blank", name=field.name)
        try:
            return msgspec.convert(taken, type=decodable(cls), strict=False)
        except msgspec.ValidationError as error:
            raise InvalidParameter("a parameter is of the wrong kind: {reason}", reason=str(error)[:300]) from None


class Nothing(Parameters, frozen=True, kw_only=True):
    """For routes without parameters."""


class Direction(StrEnum):
    """Of a list that is sorted."""

    ASCENDING = "asc"
    DESCENDING = "desc"


class PageParameters(Parameters, frozen=True, kw_only=True):
    """`page` counts from 1; more than LARGEST_PER_PAGE a page is cut to that, and 0 means "not said"."""

    page: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_PAGE)] = 1
    per_page: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_PAGE)] = 20

    @property
    def offset(self) -> int:
        return (max(self.page, 1) - 1) * self.limit

    @property
    def limit(self) -> int:
        return min(self.per_page or 20, LARGEST_PER_PAGE)


def is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Field:
    """What is read of one parameter; `name` is the one on the wire."""

    name: str
    is_required: bool
    is_text: bool
    is_file: bool
    may_be_empty: bool
    may_be_bytes: bool


@cache
def _fields(kind: type[Parameters]) -> tuple[_Field, ...]:
    return tuple(
        _Field(
            name=field.encode_name,
            is_required=field.required,
            is_text=str in _alternatives(field.type),
            is_file=FormFile in _alternatives(field.type),
            may_be_empty=_is_marked(field.type, "may_be_empty"),
            may_be_bytes=_is_marked(field.type, "may_be_bytes"),
        )
        for field in msgspec.structs.fields(kind)
    )


def _is_marked(annotation: Any, mark: str) -> bool:
    marks = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    return any(mark in (meta.extra or {}) for meta in marks)


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _alternatives(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return tuple(alternative for part in get_args(annotation) for alternative in _alternatives(part))
    return (annotation,)


def _plain(field: _Field, value: object) -> object:
    """What the field's own reading may look at: no file for a text, no NUL and no half of a character in a text."""
    if isinstance(value, FormFile) and not field.is_file:
        try:
            value = value.content.decode()
        except UnicodeDecodeError:
            raise InvalidParameter("{name} is not text", name=field.name) from None
    if isinstance(value, str) and ("\0" in value or not (field.may_be_bytes or is_unicode(value))):
        raise InvalidParameter("{name} holds a character that is not allowed", name=field.name)
    if field.is_text and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _text(name: str, value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case int():
            return str(value) if abs(value) <= LARGEST_NUMBER else "?"
        case str() if "\0" not in value and is_unicode(value):
            return value
    raise InvalidParameter('"{name}" is not a text', name=name)
