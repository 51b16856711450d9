"""Reads JSON that was parsed already into the objects of `wire`: lenient where GitCode is known to vary, else strict.

What is tolerated, each because a real answer does it: a number in quotes and a text that is a bare number, `"true"` and
`"false"`, 0 and 1 for a truth, null for "not there". Keys that nobody has described are kept: see `Wire.undescribed`.
A field that an object can do without and that cannot be read is left out, and noted: see `remote.odd_rows`.
"""

import re
import types
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NewType, TypeAlias, TypeVar, Union, get_args, get_origin

import msgspec

from matou.errors import UnknownShape
from matou.http.withholding import unknown_shape
from matou.platforms.base.decoder import parse_answer
from matou.platforms.base.unreadable import LeftOut, keep_left_out
from matou.platforms.gitcode.wire_base import StrictWire, Wire, keep_undescribed

T = TypeVar("T")
W = TypeVar("W", bound=Wire)

_Read: TypeAlias = Callable[[object, str, LeftOut], Any]

_INTEGER = re.compile(r"-?[0-9]{1,19}\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,19}(?:\.[0-9]{1,19})?\Z")
_TRUTHS: Mapping[object, bool] = {"true": True, "false": False, "1": True, "0": False}
_LARGEST_INTEGER = 2**63 - 1
_ABSENT = object()


def parse(body: bytes) -> object:
    """Raises AnswerBrokeOff, UnknownShape."""
    return parse_answer(body, platform="gitcode")


def read(kind: type[T], value: object) -> T:
    """Read one answer.

    Args:
        kind: what it should be: an object of `wire`, or a list or dict of such.
        value: as `parse` gives it.

    Raises:
        UnknownShape: names the field, as `gitcode Repository.id`, and what came.
    """
    wanted: Any = kind
    result: T = _reader(wanted)(value, getattr(kind, "__name__", "answer"), [])
    return result


def _read_object(kind: type[W], value: object, where: str, left_out: LeftOut) -> W:
    if not isinstance(value, Mapping):
        raise unknown_shape(f"gitcode {where}", value)
    found: dict[str, object] = {}
    odd: LeftOut = []
    for field in _fields(kind):
        given = value.get(field.key, _ABSENT)
        if given is None and not field.may_be_null:
            given = _ABSENT
        if given is not _ABSENT:
            _read_field(field, given, found, odd, may_miss=not (field.required or issubclass(kind, StrictWire)))
        elif field.required:
            raise unknown_shape(f"gitcode {field.where}", value.get(field.key))
    wire = kind(**found)
    if len(found) < len(value):
        _keep_rest(wire, value, found)
    keep_left_out(wire, odd)
    left_out += odd
    return wire


def _read_field(field: "_Field", given: object, found: dict[str, object], odd: LeftOut, *, may_miss: bool) -> None:
    try:
        found[field.name] = field.read(given, field.where, odd)
    except UnknownShape as fault:
        if not may_miss:
            raise
        odd.append(fault)


def _keep_rest(wire: Wire, value: Mapping[str, object], found: Mapping[str, object]) -> None:
    """What is described and could not be read is kept as it came, too."""
    described = {field.key for field in _fields(type(wire)) if field.name in found or value.get(field.key) is None}
    rest = {key: each for key, each in value.items() if key not in described}
    if rest:
        keep_undescribed(wire, types.MappingProxyType(rest))


class _Field(msgspec.Struct, frozen=True):
    name: str
    key: str
    where: str
    required: bool
    may_be_null: bool
    read: _Read


@cache
def _fields(kind: type[Wire]) -> tuple[_Field, ...]:
    return tuple(
        _Field(
            name=field.name,
            key=field.encode_name,
            where=f"{kind.__name__}.{field.encode_name}",
            required=field.required,
            may_be_null=type(None) in get_args(field.type),
            read=_reader(field.type),
        )
        for field in msgspec.structs.fields(kind)
    )


@cache
def _reader(kind: Any) -> _Read:
    if get_origin(kind) in (Union, types.UnionType):
        return _union_reader([part for part in get_args(kind) if part not in (type(None), msgspec.UnsetType)])
    if get_origin(kind) is list:
        return _list_reader(_reader(get_args(kind)[0]))
    if get_origin(kind) is dict:
        return _dict_reader(_reader(get_args(kind)[1]))
    if isinstance(kind, NewType):
        return _reader(kind.__supertype__)
    if isinstance(kind, type) and issubclass(kind, Wire):
        return lambda value, where, left_out: _read_object(kind, value, where, left_out)
    return _SCALARS[kind]


def _union_reader(kinds: list[Any]) -> _Read:
    """Of several scalars the one that came; of one, that one as `_reader` tolerates it."""
    first, others = _reader(kinds[0]), tuple(kinds[1:])

    def read_any(value: object, where: str, left_out: LeftOut) -> Any:
        return None if value is None else value if type(value) in others else first(value, where, left_out)

    return read_any


def _list_reader(read_one: _Read) -> _Read:
    def read_list(value: object, where: str, left_out: LeftOut) -> list[Any]:
        if not isinstance(value, list):
            raise unknown_shape(f"gitcode {where}", value)
        return [read_one(each, where, left_out) for each in value]

    return read_list


def _dict_reader(read_one: _Read) -> _Read:
    def read_dict(value: object, where: str, left_out: LeftOut) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise unknown_shape(f"gitcode {where}", value)
        return {key: read_one(each, where, left_out) for key, each in value.items()}

    return read_dict


def _read_text(value: object, where: str, _left_out: LeftOut) -> str:
    if type(value) is int:
        return str(value)
    if not isinstance(value, str):
        raise unknown_shape(f"gitcode {where}", value)
    return value


def _read_integer(value: object, where: str, _left_out: LeftOut) -> int:
    if isinstance(value, str) and _INTEGER.match(value):
        value = int(value)
    if type(value) is not int or abs(value) > _LARGEST_INTEGER:
        raise unknown_shape(f"gitcode {where}", value)
    return value


def _read_number(value: object, where: str, _left_out: LeftOut) -> float:
    if isinstance(value, str) and _DECIMAL.match(value):
        value = float(value)
    if type(value) not in (int, float):
        raise unknown_shape(f"gitcode {where}", value)
    return value  # type: ignore[return-value]  # one of the two it is


def _read_truth(value: object, where: str, _left_out: LeftOut) -> bool:
    if not isinstance(value, bool):
        value = _TRUTHS.get(str(value).lower(), value)
    if not isinstance(value, bool):
        raise unknown_shape(f"gitcode {where}", value)
    return value


def _read_anything(value: object, _where: str, _left_out: LeftOut) -> object:
    return value


_SCALARS: Mapping[object, _Read] = {
    str: _read_text,
    int: _read_integer,
    float: _read_number,
    bool: _read_truth,
    object: _read_anything,
}
