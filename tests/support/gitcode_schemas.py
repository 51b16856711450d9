"""Holds an answer to the vendor's own description of it (tests/data/gitcode/schemas.json)."""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

SCHEMAS: Final[Mapping[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "gitcode" / "schemas.json").read_text(encoding="utf-8")
)

_TRUTHS: Final = ("_can_push", "_can_merge", "_events", "prerelease")
"""The ends of the names of what it says `integer` of, and its own examples have a truth for."""

# Its examples have true where it says integer, a text where it says null, and null where it says string.
_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "integer": (int,),
    "null": (str, type(None)),
    "string": (str, type(None)),
    "object": (dict,),
    "array": (list,),
    "boolean": (bool,),
}


def faults(operation: str, answer: object, *, without: Collection[str] = ()) -> list[str]:
    """What is missing of an answer, or of another type, as `[].user.id`.

    Args:
        operation: `GET /orgs/{org}`.
        without: what we do not have, and say so.
    """
    return [fault for fault in _faults(SCHEMAS[operation], answer, "") if fault not in without]


def example_of(operation: str) -> Any:
    """An answer with every field of the schema, or one row of a list."""
    schema = SCHEMAS[operation]
    return _example(schema.get("items", schema), "")


def _example(schema: Mapping[str, Any], name: str) -> Any:
    if schema["type"] == "object":
        return {key: _example(below, key) for key, below in schema.get("properties", {}).items()}
    if schema["type"] == "array":
        return [_example(schema["items"], name)]
    if schema["type"] == "boolean" or name.endswith(_TRUTHS):
        return True
    if name.endswith(("_at", "due_on", "deadline")):
        return "2024-04-20T15:20:30.104+08:00"
    return {"integer": 7, "null": None}.get(schema["type"], f"the {name}")


def _faults(schema: Mapping[str, Any], value: object, place: str) -> Iterator[str]:
    if not isinstance(value, _KINDS[schema["type"]]):
        yield f"{place} is {value!r}"
    elif isinstance(value, list):
        for each in value:
            yield from _faults(schema["items"], each, f"{place}[]")
    elif isinstance(value, dict):
        for name, below in schema.get("properties", {}).items():
            inner = f"{place}.{name}".lstrip(".")
            if name in value:
                yield from _faults(below, value[name], inner)
            else:
                yield inner
