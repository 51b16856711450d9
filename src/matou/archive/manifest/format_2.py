"""Reads and writes the lines of format 2: what it does not know it keeps, and writes again (docs/archive-format.md)."""

import json
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import msgspec

from matou.archive.manifest.lines import UNKNOWN, KnownLine, Line, LineStruct, UnknownLine, require_unicode
from matou.model.decodable import decodable

NUMBER = 2

_DECODER: msgspec.json.Decoder[KnownLine] = msgspec.json.Decoder(KnownLine)
_KINDS: dict[str, type[LineStruct]] = {kind.__struct_config__.tag: kind for kind in get_args(KnownLine)}
_OF_ANYTHING = (dict[str, object],)
"""Such as the options of a run: written as it was read, whatever is in it."""

_HELD = f'"{UNKNOWN}"'.encode()


class _Kind(msgspec.Struct):
    kind: str


def read_line(text: bytes) -> Line:
    """Raises msgspec.DecodeError, or ValueError, where it is none."""
    try:
        if _HELD not in text:
            return _DECODER.decode(text)
    except msgspec.DecodeError:
        pass  # There is more in it than we know, or a ref that is not UTF-8; or it is none.
    fields = json.loads(text)
    require_unicode(fields)
    name = msgspec.convert(fields, decodable(_Kind)).kind
    kind = _KINDS.get(name)
    if kind is None:
        return UnknownLine(kind=name, unknown=json.dumps({key: fields[key] for key in fields if key != "kind"}))
    line: Line = msgspec.convert(_with_unknown_apart(fields, kind), KnownLine)
    return line


def write_line(line: Line) -> bytes:
    """One line of a manifest, with its line feed."""
    try:
        text = msgspec.json.encode(line)
    except UnicodeEncodeError:
        # As above: lone surrogates stand in ASCII.
        return _in_ascii(line)
    return _in_ascii(line) if _HELD in text else text + b"\n"


def _in_ascii(line: Line) -> bytes:
    return json.dumps(_with_unknown_among(msgspec.to_builtins(line)), separators=(",", ":")).encode() + b"\n"


def _with_unknown_apart(fields: dict[str, Any], kind: type[LineStruct]) -> dict[str, Any]:
    """A JSON object as our struct takes it: all that it does not know in one place, in the structs within it, too."""
    known = {field.encode_name: field.type for field in msgspec.structs.fields(kind) if field.encode_name != UNKNOWN}
    apart: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for name, value in fields.items():
        if name == UNKNOWN:
            message = f"no format has {UNKNOWN!r}"
            raise ValueError(message)
        if name == "kind":
            apart[name] = value
        elif name not in known:
            unknown[name] = value
        else:
            apart[name] = _value_with_unknown_apart(value, known[name])
    return {**apart, UNKNOWN: json.dumps(unknown)} if unknown else apart


def _value_with_unknown_apart(value: Any, kind: object) -> Any:
    inner = next(_structs_in(kind), None)
    if not isinstance(value, dict):
        return value
    if inner is not None and get_origin(kind) is not dict:
        return _with_unknown_apart(value, inner)
    if UNKNOWN in value and kind not in _OF_ANYTHING:
        message = f"no format has {UNKNOWN!r}"
        raise ValueError(message)
    return value if inner is None else {key: _value_with_unknown_apart(each, inner) for key, each in value.items()}


def _structs_in(kind: object) -> Iterator[type[LineStruct]]:
    for one in (kind, *get_args(kind)):
        if isinstance(one, type) and issubclass(one, LineStruct):
            yield one


def _with_unknown_among(fields: dict[str, Any]) -> dict[str, Any]:
    among: dict[str, Any] = {}
    for name, value in fields.items():
        among[name] = _with_unknown_among(value) if isinstance(value, dict) and name != "options" else value
    unknown = json.loads(among.pop(UNKNOWN, "{}"))
    return {**among, **unknown}
