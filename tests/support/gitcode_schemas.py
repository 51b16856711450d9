"""Holds an answer to the vendor's own description of it (tests/data/gitcode/schemas.json)."""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

SCHEMAS: Final[Mapping[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "gitcode" / "schemas.json").read_text(encoding="utf-8")
)

# Its examples have true where it says integer, a text where it says null, and null where it says string.
_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "integer": (int,),
    "null": (str, type(None)),
    "string": (str, type(None)),
    "object": (dict,),
    "array": (list,),
}


def faults(operation: str, answer: object, *, without: Collection[str] = ()) -> list[str]:
    """What is missing of an answer, or of another type, as `[].user.id`.

    Args:
        operation: `GET /orgs/{org}`.
        without: what we do not have, and say so.
    """
    return [fault for fault in _faults(SCHEMAS[operation], answer, "") if fault not in without]


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
