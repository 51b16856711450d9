"""Reads an answer's JSON into the structs of a platform's wire: lenient where it is known to vary, else strict.

A key that nobody has described passes. A field that an object can do without and that cannot be read is left out, and
noted: see `unreadable`. What each platform tolerates of texts, numbers and truths is in its `Decoder`.
"""

import contextlib
import re
import types
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Final, NewType, TypeAlias, TypeVar, Union, get_args, get_origin

import msgspec

from matou.errors import TryLater, UnknownShape
from matou.http.responses import Answer
from matou.http.withholding import unknown_shape
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED
from matou.platforms.base.unreadable import LeftOut, UnreadableRow, keep_left_out

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

LARGEST_INTEGER: Final = 2**63 - 1

ONE_OR_MANY: Final = msgspec.Meta(extra={"one_or_many": True})
"""Marks a list that comes as a lone object too."""

_ABSENT: Final = object()
_NOTHING: Final[Mapping[Any, Any]] = types.MappingProxyType({})
_UNDESCRIBED: Final = "undescribed"
_INTEGER = re.compile(r"-?[0-9]{1,19}\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,19}(?:\.[0-9]{1,19})?\Z")
_ORIGINAL: Final = "original"
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""Of a text in JSON; two halves of a character in their order are a whole one."""

Unreadable: TypeAlias = list[UnreadableRow]

Scalar: TypeAlias = Callable[[Any], object]
"""Makes a value of what came. Raises ValueError where it is none."""


class AnswerBrokeOff(TryLater):
    """The answer's JSON ends in the middle."""


class Odd(msgspec.Struct):
    """Where to what cannot be read goes; where there is no place for it, it is an error.

    Attributes:
        rows: elements of lists.
        fields: those that an object can do without; not of what holds rows, where no list may be taken for empty.
    """

    rows: Unreadable | None = None
    fields: LeftOut | None = None


_Read: TypeAlias = Callable[[object, str, Odd], Any]


@cache
def fields_of(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """The fields of a struct: working them out takes longer than reading an object."""
    return msgspec.structs.fields(kind)


def undescribed_of(value: msgspec.Struct) -> Mapping[str, object]:
    """What came and stands in no documentation, or could not be read: as it came."""
    undescribed: Mapping[str, object] = getattr(value, "__dict__", {}).get(_UNDESCRIBED, _NOTHING)
    return undescribed


def original_of(value: msgspec.Struct) -> Mapping[str, object]:
    """The object as it came, every key of it; nothing of one that was made here, or that does not keep it."""
    kept: Mapping[str, object] = getattr(value, "__dict__", {}).get(_ORIGINAL, _NOTHING)
    return kept


def require_whole(answer: Answer, *, platform: str) -> None:
    """Raises AnswerBrokeOff where an answer in JSON ends in the middle; what else it is, its reader finds out."""
    if "json" in answer.headers.get("content-type", ""):
        with contextlib.suppress(UnknownShape):
            parse_answer(answer.body, platform=platform)


def parse_answer(body: bytes, *, platform: str) -> object:
    """What an answer says; for what is no text in it, as half of a character that was cut in two, stands a mark.

    Raises:
        AnswerBrokeOff, UnknownShape.
    """
    try:
        return msgspec.json.decode(body)
    except NOT_DECODED as fault:
        mended = _of_whole_characters(body)
        if mended != body:
            return parse_answer(mended, platform=platform)
        # The one thing that tells a cut-off answer from a page of HTML is what the parser says.
        if "truncated" in str(fault):
            raise AnswerBrokeOff(
                "{platform}'s answer broke off after {bytes} bytes", platform=platform, bytes=len(body)
            ) from None
        raise UnknownShape(f"{platform} answer", body[:200]) from None


def _of_whole_characters(body: bytes) -> bytes:
    """One title that was cut off at a length, within an emoji, is no reason to lose the list that it stands in."""
    return _ESCAPE.sub(_whole_escape, body.decode("utf-8", "replace").encode())


def _whole_escape(found: "re.Match[bytes]") -> bytes:
    return rb"\ufffd" if found["half"] else found[0]


class _Field(msgspec.Struct, frozen=True):
    name: str
    key: str
    where: str
    required: bool
    is_needed: bool
    holds_rows: bool
    may_be_null: bool
    is_text: bool
    read: _Read


class Decoder:
    """Reads what one platform answers.

    A struct may say by class attributes that it `holds_rows` (its lists and objects are what was asked for: none may be
    left out, or taken for empty), that it `is_whole` (every field counts, as in settings: none is ever left out), that
    it `keeps_undescribed` (what came and stands in no field is kept: see `undescribed_of`), and that it
    `keeps_original` (all of it is kept as it came, too: see `original_of`).

    Args:
        platform: its name, for errors.
        scalars: how a text, a number or a truth is read, by its type; msgspec's own lenient way for the others.
        null_is_absent: null means "not there" where no null can be; of what is needed it always does.
        empty_is_absent: `""` means "not there" where no text is expected.
        converts_first: an object is given to msgspec as it is, and field by field only where that fails; for
            platforms whose leniency is msgspec's own.
    """

    def __init__(
        self,
        platform: str,
        *,
        scalars: Mapping[object, Scalar] = _NOTHING,
        null_is_absent: bool = True,
        empty_is_absent: bool = False,
        converts_first: bool = False,
    ) -> None:
        self._platform = platform
        self._prefix = re.compile(rf"\A{platform}(v\d)?(?=.)", re.IGNORECASE)
        self._scalars = scalars
        self._null_is_absent = null_is_absent
        self._empty_is_absent = empty_is_absent
        self._converts_first = converts_first
        self._fields: dict[type[msgspec.Struct], tuple[_Field, ...]] = {}
        self._readers: dict[Any, _Read] = {}

    def parse(self, body: bytes) -> object:
        """Raises AnswerBrokeOff, UnknownShape."""
        return parse_answer(body, platform=self._platform)

    def read(self, kind: type[T], value: object, *, unreadable: Unreadable | None = None, is_lenient: bool = True) -> T:
        """Read one answer.

        Args:
            kind: what it should be: an object of the wire, or a list or dict of such.
            value: as `parse` gives it.
            unreadable: where given, an element of a list that cannot be read is noted here and left out, so that one
                odd repository does not hide the others. The caller must say so to the user.
            is_lenient: leave out a field that an object can do without and that cannot be read.

        Raises:
            UnknownShape: names the field, as `platform Object.field`, and what came.
        """
        odd = Odd(unreadable, [] if is_lenient else None)
        result: T = self._reader(kind)(value, self._name_of(kind), odd)
        return result

    def _name_of(self, kind: object) -> str:
        """The platform's own name of an object: `Repository` of our `GiteeRepository` and `GiteeV3Repository`."""
        name: str = getattr(kind, "__name__", "answer")
        return self._prefix.sub("", name)

    def _read_object(self, kind: type[S], value: object, where: str, odd: Odd) -> S:
        if not isinstance(value, Mapping):
            raise self._unknown(where, value)
        if self._converts_first:
            with contextlib.suppress(msgspec.ValidationError):
                return msgspec.convert(value, decodable(kind), strict=False)
        decoded: dict[str, object] = {}
        inner = Odd(odd.rows, None if odd.fields is None else [])
        for field in self._fields_of(kind):
            member = value.get(field.key, _ABSENT)
            if self._is_absent(field, member):
                self._require_absent(field, value, is_lenient=odd.fields is not None)
            else:
                _read_field(field, member, decoded, inner)
        return _finished(kind, value, decoded, odd, inner)

    def _is_absent(self, field: _Field, member: object) -> bool:
        if member is _ABSENT or (member is None and not field.may_be_null and (self._null_is_absent or field.required)):
            return True
        return self._empty_is_absent and member == "" and not field.is_text

    def _require_absent(self, field: _Field, value: Mapping[object, object], *, is_lenient: bool) -> None:
        """A list may be null where it is empty; one that is not there has not said that it is."""
        if field.required or (is_lenient and field.holds_rows and field.key not in value):
            raise self._unknown(field.where, value.get(field.key))

    def _fields_of(self, kind: type[msgspec.Struct]) -> tuple[_Field, ...]:
        if kind not in self._fields:
            self._fields[kind] = tuple(self._field_of(kind, field) for field in fields_of(kind))
        return self._fields[kind]

    def _field_of(self, kind: type[msgspec.Struct], field: msgspec.structs.FieldInfo) -> _Field:
        holds_rows, is_whole = getattr(kind, "holds_rows", False), getattr(kind, "is_whole", False)
        return _Field(
            name=field.name,
            key=field.encode_name,
            where=f"{self._name_of(kind)}.{field.encode_name}",
            required=field.required,
            is_needed=is_whole or (holds_rows and not self._is_scalar(field.type)),
            holds_rows=holds_rows and _is_list(field.type),
            may_be_null=type(None) in get_args(field.type),
            is_text=field.type is str,
            read=self._reader(field.type),
        )

    def _is_scalar(self, kind: Any) -> bool:
        return kind in self._scalars

    def _reader(self, kind: Any) -> _Read:
        if kind not in self._readers:
            self._readers[kind] = self._make_reader(kind)
        return self._readers[kind]

    def _make_reader(self, kind: Any) -> _Read:
        origin, parts = get_origin(kind), get_args(kind)
        if kind in self._scalars:
            return self._scalar_reader(self._scalars[kind])
        if origin is Annotated:
            return self._list_reader(get_args(parts[0])[0], lone=ONE_OR_MANY in parts)
        if origin in (Union, types.UnionType):
            return self._union_reader([part for part in parts if part not in (type(None), msgspec.UnsetType)])
        if origin is list:
            return self._list_reader(parts[0], lone=False)
        if origin is dict:
            return self._dict_reader(self._reader(parts[1]))
        if isinstance(kind, NewType):
            return self._reader(kind.__supertype__)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return lambda value, where, odd: self._read_object(kind, value, where, odd)
        return lambda value, where, _odd: self._converted(kind, value, where)

    def _scalar_reader(self, scalar: Scalar) -> _Read:
        def read_scalar(value: object, where: str, _odd: Odd) -> Any:
            try:
                return scalar(value)
            except ValueError:
                raise self._unknown(where, value) from None

        return read_scalar

    def _union_reader(self, kinds: list[Any]) -> _Read:
        """Of several scalars the one that came; of one, that one as it is tolerated."""
        first, others = self._reader(kinds[0]), tuple(kinds[1:])

        def read_any(value: object, where: str, odd: Odd) -> Any:
            return None if value is None else value if type(value) in others else first(value, where, odd)

        return read_any

    def _list_reader(self, kind: Any, *, lone: bool) -> _Read:
        read_one = self._reader(kind)

        def read_list(value: object, where: str, odd: Odd) -> list[Any]:
            if lone and isinstance(value, Mapping):
                value = [value]
            if not isinstance(value, list):
                raise self._unknown(where, value)
            return _read_each(value, where, read_one, odd)

        return read_list

    def _dict_reader(self, read_one: _Read) -> _Read:
        def read_dict(value: object, where: str, odd: Odd) -> dict[str, Any]:
            if not isinstance(value, Mapping):
                raise self._unknown(where, value)
            return {key: read_one(each, where, odd) for key, each in value.items()}

        return read_dict

    def _converted(self, kind: Any, value: object, where: str) -> Any:
        try:
            return msgspec.convert(value, decodable(kind), strict=False)
        except msgspec.ValidationError as fault:
            raise self._unknown(f"{where} ({fault})", value) from None

    def _unknown(self, where: str, value: object) -> UnknownShape:
        return unknown_shape(f"{self._platform} {where}", value)


def _read_field(field: _Field, member: object, decoded: dict[str, object], odd: Odd) -> None:
    try:
        decoded[field.name] = field.read(member, field.where, odd)
    except UnknownShape as fault:
        if odd.fields is None or field.required or field.is_needed:
            raise
        odd.fields.append(fault)


def _finished(kind: type[S], value: Mapping[str, object], decoded: Mapping[str, object], odd: Odd, inner: Odd) -> S:
    made = kind(**decoded)
    if getattr(kind, "keeps_undescribed", False) and len(decoded) < len(value):
        _keep_rest(made, value, decoded)
    if getattr(kind, "keeps_original", False):
        made.__dict__[_ORIGINAL] = types.MappingProxyType(dict(value))
    if odd.fields is not None and inner.fields:
        if hasattr(made, "__dict__"):
            keep_left_out(made, inner.fields)
        odd.fields += inner.fields
    return made


def _keep_rest(made: msgspec.Struct, value: Mapping[str, object], decoded: Mapping[str, object]) -> None:
    """What is described and could not be read is kept as it came, too."""
    fields = fields_of(type(made))
    described = {field.encode_name for field in fields if field.name in decoded or value.get(field.encode_name) is None}
    rest = {key: each for key, each in value.items() if key not in described}
    if rest:
        made.__dict__[_UNDESCRIBED] = types.MappingProxyType(rest)


def _is_list(kind: Any) -> bool:
    return get_origin(get_args(kind)[0] if get_origin(kind) is Annotated else kind) is list


def _read_each(values: list[object], where: str, read_one: _Read, odd: Odd) -> list[Any]:
    elements = []
    seen: dict[bytes, int] = {}
    for value in values:
        try:
            elements.append(read_one(value, where, odd))
        except UnknownShape as fault:
            if odd.rows is None:
                raise
            odd.rows.append(UnreadableRow.of(fault, value, seen))
    return elements


def text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError


def text_or_number(value: object) -> str:
    """A bare number stands for its digits."""
    return str(value) if type(value) is int else text(value)


def integer(value: object) -> int:
    """In quotes or not; of 64 bits."""
    if isinstance(value, str) and _INTEGER.match(value):
        value = int(value)
    if type(value) is not int or abs(value) > LARGEST_INTEGER:
        raise ValueError
    return value


def decimal(value: object) -> float:
    if isinstance(value, str) and _DECIMAL.match(value):
        return float(value)
    if type(value) not in (int, float):
        raise ValueError
    return value  # type: ignore[return-value]  # one of the two it is


def truth_of(words: Mapping[str, bool]) -> Any:
    """Reads a truth, or one of the words that stand for one, in small letters or capitals."""

    def truth(value: object) -> bool:
        meant = value if isinstance(value, bool) else words.get(str(value).lower())
        if meant is None:
            raise ValueError
        return meant

    return truth


def anything(value: object) -> object:
    return value
