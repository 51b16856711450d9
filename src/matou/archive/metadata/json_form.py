"""A value of metadata as JSON and back: the same value gives the same bytes, and what is not known is kept.

Keys stand in the order of the value's fields, one a line; a field that is None is left out. UTF-8, indented by one
space, so that a change of one field is a change of one line.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from datetime import datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from matou.errors import Damaged
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED, fault_of_json
from matou.model.metadata import MetadataValue

Value = TypeVar("Value", bound=MetadataValue)

INDENT: Final = 1

UNKNOWN: Final = "*unknown*"
"""Under which name a struct holds the keys that it does not know, as no value has one of that name."""

_HELD: Final = f'"{UNKNOWN}"'.encode()
_structs: Final[dict[str, type[msgspec.Struct]]] = {}
_outlines: Final[dict[str, type[msgspec.Struct]]] = {}

SAID: Final = ("threads", "comments", "events")
"""Lists of an item that grow for as long as anybody speaks."""

_FIRST: Final = ("kind",)
_LAST: Final = ("files", "reactions", "comments", "events", "url", "gone_in", "extra")
"""Keys that stand at the beginning and at the end of an item, whatever class has them."""


class DamagedMetadata(Damaged):
    """A file of a metadata repository is not what was written."""


def encode(value: MetadataValue) -> bytes:
    """The bytes of a file that holds one value."""
    return formatted(_encoded(_as_struct(value)))


def encode_line(value: MetadataValue) -> bytes:
    """The same as one line, without an end of line."""
    return _encoded(_as_struct(value))


def encode_table(values: Mapping[str, object]) -> bytes:
    """The bytes of a file that holds many by key, in the order given: values of metadata, or any JSON."""
    members = (
        b"%b:%b" % (_encoded(key), _encoded(_as_struct(value) if isinstance(value, MetadataValue) else value))
        for key, value in values.items()
    )
    return formatted(b"{%b}" % b",".join(members))


def decode(kind: type[Value], content: bytes, *, path: str) -> Value:
    """Raises DamagedMetadata, which names the path, where the bytes are not such a value."""
    try:
        return _decoded(kind, content)
    except (*NOT_DECODED, ValueError) as error:
        raise _damaged(path, error) from error


def decode_outline(kind: type[Value], content: bytes, *, path: str) -> Value:
    """The same without what was said on an item and done to it, which is most of it and is passed over."""
    try:
        found: object = msgspec.json.decode(content, type=decodable(_outline_of(kind)))
        return msgspec.convert(found, decodable(kind), from_attributes=True)
    except (*NOT_DECODED, ValueError):
        # There is more in it than we know, or a lone surrogate; or it is no such value.
        whole: Any = decode(kind, content, path=path)
    outline: Value = replace(whole, **dict.fromkeys(_said_in(kind), ()))
    return outline


def decode_table(kind: type[Value] | None, content: bytes, *, path: str) -> dict[str, Any]:
    """As `encode_table` was given them. Raises DamagedMetadata."""
    try:
        table = _members(content)
        if kind is None:
            return {key: json.loads(raw) for key, raw in table.items()}
        return {key: _decoded(kind, raw) for key, raw in table.items()}
    except (*NOT_DECODED, ValueError) as error:
        raise _damaged(path, error) from error


def _members(content: bytes) -> dict[str, bytes]:
    try:
        return {key: bytes(raw) for key, raw in msgspec.json.decode(content, type=dict[str, msgspec.Raw]).items()}
    except msgspec.DecodeError:
        # A key may hold a lone surrogate.
        found = json.loads(content)
        if not isinstance(found, dict):
            raise
        return {key: json.dumps(value).encode() for key, value in found.items()}


def formatted(text: bytes) -> bytes:
    try:
        return msgspec.json.format(text, indent=INDENT) + b"\n"
    except msgspec.DecodeError:
        # The same but for lone surrogates, which stand as they came.
        return json.dumps(json.loads(text), indent=INDENT).encode() + b"\n"


def struct_of(kind: type[MetadataValue]) -> type[msgspec.Struct]:
    """The struct that stands for a class of values, with its keys in the order in which they are written."""
    if kind.__qualname__ not in _structs:
        _structs[kind.__qualname__] = _make_struct(kind)
    return _structs[kind.__qualname__]


def _outline_of(kind: type[MetadataValue]) -> type[msgspec.Struct]:
    """Under other names than the value has stands what is passed over."""
    if kind.__qualname__ not in _outlines:
        _outlines[kind.__qualname__] = _make_struct(kind, passed_over=_said_in(kind))
    return _outlines[kind.__qualname__]


def _said_in(kind: type[MetadataValue]) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind) if one.name in SAID)


def _make_struct(kind: type[MetadataValue], passed_over: tuple[str, ...] = ()) -> type[msgspec.Struct]:
    hints = get_type_hints(kind, include_extras=True)
    defaults = {one.name: one.default for one in fields(kind) if one.default is not MISSING}
    members: list[Any] = []
    for name in _ordered([one.name for one in fields(kind)]):
        if name == "unknown":
            members.append((name, dict[str, object] | None, msgspec.field(name=UNKNOWN, default=None)))
        elif name in passed_over:
            members.append((f"{name}_passed_over", msgspec.Raw, msgspec.field(name=name, default=msgspec.Raw(b""))))
        elif name in defaults and defaults[name] is None:
            members.append((name, _type_of(hints[name]), None))
        else:
            members.append((name, _type_of(hints[name])))
    return msgspec.defstruct(
        kind.__name__,
        members,
        namespace={"__doc__": kind.__doc__},
        module=kind.__module__,
        frozen=True,
        kw_only=True,
        omit_defaults=True,
        forbid_unknown_fields=True,
    )


def _ordered(names: list[str]) -> list[str]:
    middle = [name for name in names if name not in _FIRST and name not in _LAST]
    return [*(n for n in _FIRST if n in names), *middle, *(n for n in _LAST if n in names)]


def _type_of(hint: Any) -> Any:
    """The type of a struct's field for that of a value's."""
    if hint is datetime:
        return Annotated[datetime, msgspec.Meta(tz=True)]
    if isinstance(hint, type) and issubclass(hint, MetadataValue):
        return struct_of(hint)
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return Union[tuple(part if part is NoneType else _type_of(part) for part in parts)]  # noqa: UP007
    if origin is tuple:
        return tuple.__class_getitem__((_type_of(parts[0]), ...))
    return dict[str, _type_of(parts[1])] if _is_mapping(origin) else hint  # type: ignore[misc]


def _is_mapping(origin: object) -> bool:
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _as_struct(value: MetadataValue) -> msgspec.Struct:
    return msgspec.convert(value, decodable(struct_of(type(value))), from_attributes=True)


def _encoded(value: object) -> bytes:
    try:
        text = msgspec.json.encode(value)
    except UnicodeEncodeError:
        # A lone surrogate, which JSON can say in ASCII alone.
        return _in_ascii(value)
    return _in_ascii(value) if _HELD in text else text


def _in_ascii(value: object) -> bytes:
    return json.dumps(_with_unknown_among(msgspec.to_builtins(value)), separators=(",", ":")).encode()


def _with_unknown_among(value: Any) -> Any:
    if isinstance(value, dict):
        among = {key: _with_unknown_among(one) for key, one in value.items() if key != UNKNOWN}
        return {**among, **(value.get(UNKNOWN) or {})}
    return [_with_unknown_among(one) for one in value] if isinstance(value, list | tuple) else value


def _decoded(kind: type[Value], content: bytes) -> Value:
    struct = struct_of(kind)
    try:
        found: object = msgspec.json.decode(content, type=decodable(struct))
    except msgspec.DecodeError:
        # There is more in it than we know, or a lone surrogate; or it is no such value.
        found = msgspec.convert(_with_unknown_apart(json.loads(content), struct), decodable(struct))
    return msgspec.convert(found, decodable(kind), from_attributes=True)


def _with_unknown_apart(value: Any, wanted: Any) -> Any:
    """JSON as our structs take it: all that they do not know in a place of its own."""
    if isinstance(value, list):
        inner = next((part for part in get_args(wanted) if part is not Ellipsis), None)
        return [_with_unknown_apart(one, inner) for one in value]
    if get_origin(wanted) is dict and isinstance(value, dict):
        return {key: _with_unknown_apart(one, get_args(wanted)[1]) for key, one in value.items()}
    struct = next(_structs_in(wanted), None)
    if not isinstance(value, dict) or struct is None:
        return value
    known = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
    apart = {key: _with_unknown_apart(one, _without_none(known[key])) for key, one in value.items() if key in known}
    unknown = {key: one for key, one in value.items() if key not in known}
    return {**apart, UNKNOWN: unknown} if unknown else apart


def _without_none(wanted: Any) -> Any:
    parts = [part for part in get_args(wanted) if part is not NoneType]
    return parts[0] if get_origin(wanted) in (Union, UnionType) and len(parts) == 1 else wanted


def _structs_in(wanted: Any) -> Any:
    return (one for one in (wanted, *get_args(wanted)) if isinstance(one, type) and issubclass(one, msgspec.Struct))


def _damaged(path: str, error: Exception) -> DamagedMetadata:
    return DamagedMetadata("{path} cannot be read: {reason}", path=path, reason=fault_of_json(error))
