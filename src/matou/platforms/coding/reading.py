"""Reads JSON that was parsed already into the structs of `wire`: lenient where CODING is known to vary, else strict.

What is tolerated, each because a real answer or a real client does it (docs/reference/coding-open-api.md):
a number in quotes, `""` and null for "not there", `"true"` and `"false"`, a day in place of milliseconds, keys that
nobody knows.
"""

import re
import types
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Annotated, Any, NewType, TypeAlias, TypeVar, Union, get_args, get_origin

import msgspec

from matou.errors import UnknownShape
from matou.http.withholding import unknown_shape
from matou.platforms.base.unreadable import LeftOut, UnreadableRow, keep_left_out

Milliseconds = NewType("Milliseconds", int)
"""Since 1970-01-01 in UTC; 0 where CODING does not know, or where it never happened."""

CHINA = timezone(timedelta(hours=8))

ONE_OR_MANY = msgspec.Meta(extra={"one_or_many": True})
"""Marks a list that comes as a lone object too."""

LARGEST_INTEGER = 2**63 - 1

S = TypeVar("S", bound=msgspec.Struct)

Unreadable: TypeAlias = list[UnreadableRow]


class Odd(msgspec.Struct):
    """Where to what cannot be read goes; where there is no place for it, it is an error.

    Attributes:
        rows: elements of lists.
        fields: those that an object can do without; not of what holds rows, where no list may be taken for empty.
    """

    rows: Unreadable | None = None
    fields: LeftOut | None = None


_Read: TypeAlias = Callable[[object, str, Odd], Any]

_INTEGER = re.compile(r"-?[0-9]{1,19}\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_TRUTH = {"true": True, "false": False}


def read(kind: type[S], value: object, *, unreadable: Unreadable | None = None, is_lenient: bool = False) -> S:
    """Read one object.

    Args:
        kind: what it should be.
        value: as `json.loads` gives it.
        unreadable: where given, an element of a list that cannot be read is noted here and left out, so that one
            odd repository does not hide the others. The caller must say so to the user.
        is_lenient: leave out a field that an object can do without and that cannot be read: see `remote.odd_rows`.

    Raises:
        UnknownShape: names the field, as `coding Depot.Id`, and what came.
    """
    return _read_struct(kind, value, kind.__name__, Odd(unreadable, [] if is_lenient else None))


def _read_struct(kind: type[S], value: object, where: str, odd: Odd) -> S:
    if not isinstance(value, Mapping):
        raise unknown_shape(f"coding {where}", value)
    found: dict[str, object] = {}
    inner = Odd(odd.rows, None if odd.fields is None else [])
    for field in _fields(kind):
        given = value.get(field.key)
        if given is None or (given == "" and not field.is_text):
            _require_given(field, value, is_lenient=odd.fields is not None)
        else:
            _read_field(field, given, found, inner)
    made = kind(**found)
    if odd.fields is not None and inner.fields:
        keep_left_out(made, inner.fields)
        odd.fields += inner.fields
    return made


def _require_given(field: "_Field", value: Mapping[object, object], *, is_lenient: bool) -> None:
    """An answer's list may be null where it is empty; one that is not there has not said that it is."""
    if field.required or (is_lenient and field.holds_rows and field.key not in value):
        raise unknown_shape(f"coding {field.where}", value.get(field.key))


def _read_field(field: "_Field", given: object, found: dict[str, object], odd: Odd) -> None:
    try:
        found[field.name] = field.read(given, field.where, odd)
    except UnknownShape as fault:
        if odd.fields is None or field.required or field.is_needed:
            raise
        odd.fields.append(fault)


class _Field(msgspec.Struct, frozen=True):
    name: str
    key: str
    where: str
    required: bool
    is_needed: bool
    holds_rows: bool
    is_text: bool
    read: _Read


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[_Field, ...]:
    is_container = getattr(kind, "holds_rows", False)
    return tuple(
        _Field(
            name=field.name,
            key=field.encode_name,
            where=f"{kind.__name__}.{field.encode_name}",
            required=field.required,
            is_needed=is_container and not _is_scalar(field.type),
            holds_rows=is_container and _is_list(field.type),
            is_text=field.type is str,
            read=_reader(field.type),
        )
        for field in msgspec.structs.fields(kind)
    )


def _is_scalar(kind: Any) -> bool:
    return kind in _SCALARS


def _is_list(kind: Any) -> bool:
    return get_origin(get_args(kind)[0] if get_origin(kind) is Annotated else kind) is list


def _reader(kind: Any) -> _Read:
    if get_origin(kind) is Annotated:
        listed, *marks = get_args(kind)
        return _list_reader(get_args(listed)[0], lone=ONE_OR_MANY in marks)
    if get_origin(kind) in (Union, types.UnionType):
        return _reader(next(part for part in get_args(kind) if part not in (type(None), msgspec.UnsetType)))
    if get_origin(kind) is list:
        return _list_reader(get_args(kind)[0], lone=False)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return lambda value, _where, odd: _read_struct(kind, value, kind.__name__, odd)
    return _SCALARS[kind]


def _list_reader(kind: Any, *, lone: bool) -> _Read:
    read_one = _reader(kind)

    def read_list(value: object, where: str, odd: Odd) -> list[Any]:
        if lone and isinstance(value, Mapping):
            value = [value]
        if not isinstance(value, list):
            raise unknown_shape(f"coding {where}", value)
        return list(_read_each(value, where, read_one, odd))

    return read_list


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


def _read_text(value: object, where: str, _odd: Odd) -> str:
    if not isinstance(value, str):
        raise unknown_shape(f"coding {where}", value)
    return value


def _read_integer(value: object, where: str, _odd: Odd) -> int:
    if isinstance(value, str) and _INTEGER.match(value):
        value = int(value)
    if type(value) is not int or abs(value) > LARGEST_INTEGER:
        raise unknown_shape(f"coding {where}", value)
    return value


def _read_truth(value: object, where: str, _odd: Odd) -> bool:
    if isinstance(value, str):
        value = _TRUTH.get(value.lower(), value)
    if not isinstance(value, bool):
        raise unknown_shape(f"coding {where}", value)
    return value


def _read_milliseconds(value: object, where: str, odd: Odd) -> Milliseconds:
    # The vendor's sample of DescribeMyDepots has "LastPushAt": "2020-09-22"; its clock is China's.
    if isinstance(value, str) and _DAY.match(value):
        return _start_of_day(value, where)
    return Milliseconds(_read_integer(value, where, odd))


def _start_of_day(day: str, where: str) -> Milliseconds:
    try:
        moment = datetime.fromisoformat(day).replace(tzinfo=CHINA)
    except ValueError:
        raise unknown_shape(f"coding {where}", day) from None
    return Milliseconds(int(moment.timestamp()) * 1000)


_SCALARS: Mapping[object, _Read] = {
    str: _read_text,
    int: _read_integer,
    bool: _read_truth,
    Milliseconds: _read_milliseconds,
}
