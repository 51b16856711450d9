"""GitHub's own description of what writes there: whether a request is one that it describes, and an answer.

tests/data/github/SOURCE.md tells where it is from; the schemas are those of `github_openapi`.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs

from support.github_openapi import DOCUMENT as SHARED
from support.github_openapi import plain
from support.recording_server import SeenRequest

DOCUMENT: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "github" / "writing-3.19.json").read_text(encoding="utf-8")
)
_REPOSITORY = "/repos/{owner}/{repo}"
_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
_ISSUE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "body"],
    "properties": {
        **{name: {"type": "string"} for name in ("title", "body", "assignee")},
        **dict.fromkeys(("created_at", "updated_at", "closed_at"), _TIME),
        "closed": {"type": "boolean"},
        "milestone": {"type": "integer"},
        "labels": {"type": "array", "items": {"type": "string"}},
    },
}
_COMMENT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["body"],
    "properties": {"body": {"type": "string"}, "created_at": _TIME},
}
BEYOND: Mapping[str, Mapping[str, Any]] = {
    # Announced in a gist (jonmagic/5282384165e0f86ef105), and part of no description.
    f"POST {_REPOSITORY}/import/issues": {
        "query": [],
        "request": {
            "type": "object",
            "additionalProperties": False,
            "required": ["issue"],
            "properties": {"issue": _ISSUE, "comments": {"type": "array", "items": _COMMENT}},
        },
        "answer": None,
    },
    f"GET {_REPOSITORY}/import/issues/{{id}}": {"query": [], "request": None, "answer": None},
}
LISTS_OF_ALL: Mapping[str, Mapping[str, Any]] = {
    f"GET {path}": {
        "query": ["sort", "direction", "since", "per_page", "page"],
        "request": None,
        "answer": SHARED["answers"][path],
    }
    for path in (f"{_REPOSITORY}/issues/comments", f"{_REPOSITORY}/pulls/comments")
}
"""Which a backup reads, too: their answers stand in what that is held to."""
OPERATIONS: Mapping[str, Mapping[str, Any]] = {**DOCUMENT["operations"], **LISTS_OF_ALL, **BEYOND}


def operation_of(method: str, path: str) -> str | None:
    return next((name for name in OPERATIONS if _pattern(name).fullmatch(f"{method} {path}")), None)


def faults_of(request: SeenRequest, path: str) -> list[str]:
    """`path` is that below the API's."""
    operation = operation_of(request.method, path)
    if operation is None:
        return [f"no operation: {request.method} {path}"]
    described = OPERATIONS[operation]
    requests_seen = dict(parse_qsl(request.target.partition("?")[2]))
    faults = [f"{operation}: {name} is no parameter" for name in requests_seen if name not in described["query"]]
    if described["request"] is None or "octet-stream" in request.headers.get("content-type", ""):
        return faults
    return [*faults, *_faults(operation, "request", json.loads(request.body))]


def faults_of_answer(operation: str, answer: Any) -> list[str]:
    return _faults(operation, "answer", answer) if OPERATIONS[operation]["answer"] else []


def _faults(operation: str, part: str, value: Any) -> list[str]:
    found = _validator(operation, part).iter_errors(value)
    return [f"{operation} {part} {'/'.join(map(str, one.instance_path))}: {one.message}" for one in found]


@cache
def _validator(operation: str, part: str) -> Any:
    schemas = {name: plain(schema) for name, schema in SHARED["schemas"].items()}
    schema = {**plain(OPERATIONS[operation][part]), "components": {"schemas": schemas}}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@cache
def _pattern(name: str) -> re.Pattern[str]:
    parts = re.split(r"(\{\w+\})", name)
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts))


def sample(operation: str, **values: Any) -> dict[str, Any]:
    """The least that an operation may answer, or a row of it, but for `values`."""
    schema = OPERATIONS[operation]["answer"]
    row: dict[str, Any] = {**_least(schema["items"] if schema.get("type") == "array" else schema), **values}
    return row


def _least(schema: Mapping[str, Any]) -> Any:  # noqa: C901 - one answer a form
    if "$ref" in schema:
        return _least(SHARED["schemas"][schema["$ref"].rpartition("/")[2]])
    if schema.get("nullable"):
        return None
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return _least(schema[choice][0])
    match schema.get("type"):
        case "object":
            return {name: _least(schema["properties"][name]) for name in schema.get("required", ())}
        case "array":
            return []
        case "integer" | "number":
            return 1
        case "boolean":
            return False
        case "string":
            return _TEXTS.get(schema.get("format", ""), "")
    return {}


_TEXTS: Mapping[str, str] = {
    "uri": "https://github.example/x",
    "date-time": "2024-07-29T07:42:45Z",
    "email": "x@github.example",
    "uri-template": "https://github.example/x{/y}",
}
