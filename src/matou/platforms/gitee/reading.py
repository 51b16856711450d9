"""Reads JSON into the objects of `wire_v3` and `wire_v5`. Numbers and truths in quotes pass, unknown keys too.

A field that an object can do without and that cannot be read is left out, and noted: see `remote.odd_rows`.
"""

from collections.abc import Mapping
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec

from matou.errors import UnknownShape
from matou.http.withholding import unknown_shape
from matou.platforms.base.decoder import parse_answer
from matou.platforms.base.unreadable import LeftOut, keep_left_out

T = TypeVar("T")


def parse(body: bytes) -> object:
    """Raises AnswerBrokeOff, UnknownShape."""
    return parse_answer(body, platform="gitee")


def read(kind: type[T], value: object) -> T:
    """Raises UnknownShape: it names the object, what is wrong with it, and where."""
    left_out: LeftOut = []
    result: T = _read(kind, value, getattr(kind, "__name__", "answer"), left_out)
    return result


def _read(kind: Any, value: object, where: str, left_out: LeftOut) -> Any:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as fault:
        inner = _struct_in(kind)
        if inner is None or not isinstance(value, Mapping):
            raise unknown_shape(f"gitee {where} ({fault})", value) from None
        return _read_field_by_field(inner, value, left_out)


def _read_field_by_field(kind: Any, value: Mapping[object, object], left_out: LeftOut) -> Any:
    found: dict[str, object] = {}
    odd: LeftOut = []
    for field in msgspec.structs.fields(kind):
        where = f"{kind.__name__}.{field.encode_name}"
        if field.encode_name not in value:
            if field.required:
                raise unknown_shape(f"gitee {where}", None)
            continue
        try:
            found[field.name] = _read(field.type, value[field.encode_name], where, odd)
        except UnknownShape as fault:
            if field.required:
                raise
            odd.append(fault)
    made = kind(**found)
    if hasattr(made, "__dict__"):
        keep_left_out(made, odd)
    left_out += odd
    return made


def _struct_in(kind: Any) -> Any:
    """The struct that a value should be, or may be beside null; None where it should be none."""
    parts = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return next((part for part in parts if isinstance(part, type) and issubclass(part, msgspec.Struct)), None)
