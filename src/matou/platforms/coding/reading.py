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

Milliseconds = NewType("Milliseconds", int)
"""Since 1970-01-01 in UTC; 0 where CODING does not know, or where it never happened."""

CHINA = timezone(timedelta(hours=8))

ONE_OR_MANY = msgspec.Meta(extra={"one_or_many": True})
"""Marks a list that comes as a lone object too."""

LARGEST_INTEGER = 2**63 - 1

S = TypeVar("S", bound=msgspec.Struct)

Unreadable: TypeAlias = list[UnknownShape]
_Read: TypeAlias = Callable[[object, str, Unreadable | None], Any]

_INTEGER = re.compile(r"-?[0-9]{1,19}\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_TRUTH = {"true": True, "false": False}


def read(kind: type[S], value: object, *, unreadable: Unreadable | None = None) -> S:
    """Read one object.

    Args:
        kind: what it should be.
        value: as `json.loads` gives it.
        unreadable: where given, an element of a list that cannot be read is noted here and left out, so that one
            odd repository does not hide the others. The caller must say so to the user.

    Raises:
        UnknownShape: names the field, as `coding Depot.Id`, and what came.
    """
    return _read_struct(kind, value, kind.__name__, unreadable)


def _read_struct(kind: type[S], value: object, where: str, unreadable: Unreadable | None) -> S:
    if not isinstance(value, Mapping):
        raise UnknownShape(f"coding {where}", value)
    found: dict[str, object] = {}
    for field in _fields(kind):
        given = value.get(field.key)
        if given is None or (given == "" and not field.is_text):
            if field.required:
                raise UnknownShape(f"coding {field.where}", given)
        else:
            found[field.name] = field.read(given, field.where, unreadable)
    return kind(**found)


class _Field(msgspec.Struct, frozen=True):
    name: str
    key: str
    where: str
    required: bool
    is_text: bool
    read: _Read


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[_Field, ...]:
    return tuple(
        _Field(
            name=field.name,
            key=field.encode_name,
            where=f"{kind.__name__}.{field.encode_name}",
            required=field.required,
            is_text=field.type is str,
            read=_reader(field.type),
        )
        for field in msgspec.structs.fields(kind)
    )


def _reader(kind: Any) -> _Read:
    if get_origin(kind) is Annotated:
        listed, *marks = get_args(kind)
        return _list_reader(get_args(listed)[0], lone=ONE_OR_MANY in marks)
    if get_origin(kind) in (Union, types.UnionType):
        return _reader(next(part for part in get_args(kind) if part not in (type(None), msgspec.UnsetType)))
    if get_origin(kind) is list:
        return _list_reader(get_args(kind)[0], lone=False)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return lambda value, _where, unreadable: _read_struct(kind, value, kind.__name__, unreadable)
    return _SCALARS[kind]


def _list_reader(kind: Any, *, lone: bool) -> _Read:
    read_one = _reader(kind)

    def read_list(value: object, where: str, unreadable: Unreadable | None) -> list[Any]:
        if lone and isinstance(value, Mapping):
            value = [value]
        if not isinstance(value, list):
            raise UnknownShape(f"coding {where}", value)
        return list(_read_each(value, where, read_one, unreadable))

    return read_list


def _read_each(values: list[object], where: str, read_one: _Read, unreadable: Unreadable | None) -> list[Any]:
    elements = []
    for value in values:
        try:
            elements.append(read_one(value, where, unreadable))
        except UnknownShape as fault:
            if unreadable is None:
                raise
            unreadable.append(fault)
    return elements


def _read_text(value: object, where: str, _unreadable: Unreadable | None) -> str:
    if not isinstance(value, str):
        raise UnknownShape(f"coding {where}", value)
    return value


def _read_integer(value: object, where: str, _unreadable: Unreadable | None) -> int:
    if isinstance(value, str) and _INTEGER.match(value):
        value = int(value)
    if type(value) is not int or abs(value) > LARGEST_INTEGER:
        raise UnknownShape(f"coding {where}", value)
    return value


def _read_truth(value: object, where: str, _unreadable: Unreadable | None) -> bool:
    if isinstance(value, str):
        value = _TRUTH.get(value.lower(), value)
    if not isinstance(value, bool):
        raise UnknownShape(f"coding {where}", value)
    return value


def _read_milliseconds(value: object, where: str, unreadable: Unreadable | None) -> Milliseconds:
    # The vendor's sample of DescribeMyDepots has "LastPushAt": "2020-09-22"; its clock is China's.
    if isinstance(value, str) and _DAY.match(value):
        return _start_of_day(value, where)
    return Milliseconds(_read_integer(value, where, unreadable))


def _start_of_day(day: str, where: str) -> Milliseconds:
    try:
        moment = datetime.fromisoformat(day).replace(tzinfo=CHINA)
    except ValueError:
        raise UnknownShape(f"coding {where}", day) from None
    return Milliseconds(int(moment.timestamp()) * 1000)


_SCALARS: Mapping[object, _Read] = {
    str: _read_text,
    int: _read_integer,
    bool: _read_truth,
    Milliseconds: _read_milliseconds,
}
