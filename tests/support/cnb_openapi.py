"""CNB's own description of its Open API: whether a request is one that it describes, and an answer.

tests/data/cnb/SOURCE.md tells where it is from.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs

from support.recording_server import SeenRequest

DOCUMENT: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "cnb" / "openapi-1.28.8.json").read_text(encoding="utf-8")
)
BEYOND: Mapping[str, Mapping[str, Any]] = {
    # CNB's help for programs that work with it has this operation (SetRepoVisibility, scope repo-manage:rw); what the
    # description is generated for leaves it out.
    "POST /{repo}/-/settings/set_visibility": {"query": ["visibility"], "request": None, "answer": None},
}
OPERATIONS: Mapping[str, Mapping[str, Any]] = {**DOCUMENT["operations"], **BEYOND}


def operation_of(method: str, path: str) -> str | None:
    """The operation that a request is one of; those with the fewest unknown parts first."""
    return next((name for name in _ordered() if _pattern(name).fullmatch(f"{method} {path}")), None)


def faults_of(request: SeenRequest) -> list[str]:
    operation = operation_of(request.method, request.path)
    if operation is None:
        return [f"no operation: {request.method} {request.path}"]
    described = OPERATIONS[operation]
    requests_seen = dict(parse_qsl(request.target.partition("?")[2]))
    faults = [f"{operation}: {name} is no parameter" for name in requests_seen if name not in described["query"]]
    if request.headers.get("accept") != "application/vnd.cnb.api+json":
        faults.append("406: no media type of the API's")
    if described["request"] is None:
        return [*faults, *([f"{operation}: takes no body"] if request.body else [])]
    return [*faults, *_faults(operation, "request", json.loads(request.body))]


def faults_of_answer(operation: str, answer: Any) -> list[str]:
    return _faults(operation, "answer", answer)


def _faults(operation: str, part: str, value: Any) -> list[str]:
    found = _validator(operation, part).iter_errors(value)
    return [f"{operation} {part} {'/'.join(map(str, one.instance_path))}: {one.message}" for one in found]


@cache
def _validator(operation: str, part: str) -> Any:
    schemas = {name: {**schema, "additionalProperties": False} for name, schema in DOCUMENT["schemas"].items()}
    return jsonschema_rs.Draft202012Validator({**OPERATIONS[operation][part], "schemas": schemas})


@cache
def _ordered() -> list[str]:
    return sorted(OPERATIONS, key=lambda name: (name.count("{"), -len(name)))


@cache
def _pattern(name: str) -> re.Pattern[str]:
    wide = {"{repo}": "(?!user)(?:(?!/-/).)+", "{slug}": "(?:(?!/-/).)+", "{asset_path}": ".+"}
    parts = re.split(r"(\{\w+\})", name)
    return re.compile("".join(wide.get(part, "[^/]+") if part.startswith("{") else re.escape(part) for part in parts))
