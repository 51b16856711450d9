"""GitHub's own description of its API v3: whether an answer is one that it describes."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

DOCUMENT: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "github" / "ghes-3.19.json").read_text(encoding="utf-8")
)


def faults_of(path: str, answer: Any) -> list[str]:
    """What is wrong with an answer to `GET path`, a path of the description."""
    return [f"{'/'.join(map(str, one.instance_path))}: {one.message}" for one in _validator(path).iter_errors(answer)]


@cache
def _validator(path: str) -> Any:
    schemas = {name: plain(schema) for name, schema in DOCUMENT["schemas"].items()}
    schema = {**plain(DOCUMENT["answers"][path]), "components": {"schemas": schemas}}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def plain(schema: Any) -> Any:
    """As JSON Schema says it: OpenAPI 3.0 has `nullable`."""
    if isinstance(schema, list):
        return [plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: plain(value) for key, value in schema.items() if key != "nullable"}
    if schema.get("nullable") is True:
        return {"anyOf": [{"type": "null"}, made]}
    return made
