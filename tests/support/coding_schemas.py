"""What the vendor's document says that CODING's actions take and answer: rows are made after it, answers held to it.

tests/data/coding/SOURCE.md tells where it is from.
"""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parents[1] / "data" / "coding" / "metadata-schemas.json"
_NOTHING: Mapping[str, Any] = {"string": "", "integer": 0, "number": 0.0, "boolean": False}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
}

# Where real answers are not as the document has them (tests/data/coding/SOURCE.md): a list for an object, with a
# number for a text in it; keys that the document lacks; texts for times, in DescribeWiki.
REAL = {
    "Release.ReleaseAttachment": {"type": "array", "items": {"ref": "ReleaseAttachment"}},
    "Release.ImageDownloadUrl": {"type": "array", "items": {"type": "string"}},
    "Release.iid": {"type": "integer"},
    "ReleaseAttachment.AttachmentSize": {"type": "integer"},
    "ArtifactRepositoryFile.ArtifactType": {"type": "integer"},
    "WikiData.CreatedAt": {"type": "string"},
    "WikiData.UpdatedAt": {"type": "string"},
    "WikiChildrenData.Children": {"type": "array", "items": {"ref": "WikiListData"}},
}


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    more = json.loads(DOCUMENT.with_name("writing-schemas.json").read_text(encoding="utf-8"))
    document = {part: {**document[part], **more[part]} for part in document}
    for where, schema in REAL.items():
        name, key = where.split(".")
        document["schemas"][name]["properties"][key] = schema
    return document


def actions() -> frozenset[str]:
    return frozenset(_document()["actions"])


def blank(name: str, **values: object) -> dict[str, Any]:
    """An object with every key that the document has, saying nothing, but for `values`."""
    row: dict[str, Any] = copy.deepcopy(_blank_of({"ref": name}, ()))
    unknown = values.keys() - row.keys()
    assert not unknown, f"{name} has no {sorted(unknown)}"
    return {**row, **values}


def _blank_of(schema: Mapping[str, Any], within: tuple[str, ...]) -> Any:
    if "ref" in schema:
        name = schema["ref"]
        return {} if name in within else _blank_of(_document()["schemas"][name], (*within, name))
    if schema["type"] == "object":
        return {key: _blank_of(each, within) for key, each in schema.get("properties", {}).items()}
    return [] if schema["type"] == "array" else _NOTHING[schema["type"]]


def filled(name: str, numbers: Iterator[int]) -> dict[str, Any]:
    """An object with every key, each with a value that nothing else in it has."""
    row: dict[str, Any] = _filled({"ref": name}, numbers, ())
    return row


def _filled(schema: Mapping[str, Any], numbers: Iterator[int], within: tuple[str, ...]) -> Any:
    if "ref" in schema:
        name = schema["ref"]
        return {} if name in within else _filled(_document()["schemas"][name], numbers, (*within, name))
    if schema["type"] == "object":
        return {key: _filled(each, numbers, within) for key, each in schema.get("properties", {}).items()}
    if schema["type"] == "array":
        return [each for each in (_filled(schema["items"], numbers, within) for _ in range(2)) if each != {}]
    made: Mapping[str, Callable[[int], Any]] = {"string": lambda n: f"文{n}", "number": lambda n: n + 0.5}
    return True if schema["type"] == "boolean" else made.get(schema["type"], int)(next(numbers))


def faults_of_answer(action: str, response: Mapping[str, Any]) -> list[str]:
    """Where an answer is not what the document says; keys that are not there are no fault, as real ones lack some."""
    return list(_faults(_document()["actions"][action]["response"], response, action))


def faults_of_request(action: str, parameters: Mapping[str, Any]) -> list[str]:
    """Parameters that the document does not know, of another type, or missing though they are required."""
    declared = _document()["actions"][action]
    given = {key: value for key, value in parameters.items() if key != "Action"}
    missing = [f"{action} lacks {key}" for key in declared["required"] if key not in given and key not in _EITHER]
    return [*missing, *_faults({"type": "object", "properties": declared["request"]}, given, action)]


_EITHER = frozenset({"DepotId", "DepotPath"})
"""Marked as required and each enough, as the text beside them says."""


def _faults(schema: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    if "ref" in schema:
        yield from _faults(_document()["schemas"][schema["ref"]], value, where)
    elif value is None:
        if not schema.get("nullable"):
            yield f"{where} is null"
    elif "properties" in schema:
        yield from _faults_of_object(schema["properties"], value, where)
    elif schema["type"] == "array":
        yield from _faults_of_list(schema["items"], value, where)
    elif schema["type"] in _TYPES and type(value) not in _TYPES[schema["type"]]:
        yield f"{where} is {value!r}, which is no {schema['type']}"


def _faults_of_object(properties: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} is {value!r}, which is no object"
        return
    for key, each in value.items():
        if key not in properties:
            yield f"{where} has no {key}"
        else:
            yield from _faults(properties[key], each, f"{where}.{key}")


def _faults_of_list(items: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where} is {value!r}, which is no list"
        return
    for each in value:
        yield from _faults(items, each, where)
