"""The API's own description, made from the same rows that serve it: OpenAPI 3.1."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import msgspec

from matou import __version__
from matou.server.api.body import FormFile
from matou.server.api.context import RequestContext
from matou.server.api.params import Nothing, Parameters
from matou.server.api.responses import JSON, Bytes
from matou.server.api.route import REST, Route, plain_route

_REFERENCES = "#/components/schemas/{name}"
_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "private_token": {"type": "apiKey", "in": "header", "name": "PRIVATE-TOKEN"},
    "access_token": {"type": "apiKey", "in": "query", "name": "access_token"},
}

Json = dict[str, Any]


def description_route(title: str, prefix: str, rows: Sequence[Route], error: type) -> Route:
    @cache
    def described() -> bytes:
        return msgspec.json.encode(description(title, prefix, rows, error))

    def describe(_: RequestContext, __: Nothing) -> Bytes:
        return Bytes(described(), (JSON,))

    return plain_route("GET", "/openapi.json", Nothing, describe, answer=dict[str, Any], scopes=())


def description(title: str, prefix: str, rows: Sequence[Route], error: type) -> Json:
    """The whole document. Args: error: what a failure answers."""
    schemas = _Schemas.of(rows, error)
    paths: dict[str, Json] = {}
    for row in rows:
        paths.setdefault(row.path.replace(REST, ""), {})[row.method.lower()] = _operation(row, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": __version__},
        "servers": [{"url": prefix}],
        "security": [{}, *({name: []} for name in _SECURITY)],
        "paths": paths,
        "components": {"schemas": schemas.components, "securitySchemes": _SECURITY},
    }


@dataclass(frozen=True, slots=True)
class _Schemas:
    """The schema of each type that a route reads or gives; `components` are those that have names."""

    by_type: Mapping[int, Json]
    components: Json
    error: type

    @classmethod
    def of(cls, rows: Iterable[Route], error: type) -> Self:
        kinds = {id(kind): kind for row in rows for kind in (row.parameters, row.answer, error)}
        schemas, components = msgspec.json.schema_components(
            kinds.values(), schema_hook=_schema_of_anything, ref_template=_REFERENCES
        )
        return cls(dict(zip(kinds, schemas, strict=True)), components, error)

    def reference(self, kind: Any) -> Json:
        return self.by_type[id(kind)]

    def properties(self, kind: type[Parameters]) -> tuple[Json, Sequence[str]]:
        component = self.components[self.reference(kind)["$ref"].rpartition("/")[2]]
        return component.get("properties", {}), component.get("required", ())


def _schema_of_anything(_: type) -> Json:
    return {"description": "of any type"}


def _operation(row: Route, schemas: _Schemas) -> Json:
    operation: Json = {
        "operationId": f"{row.method} {row.path}",
        "summary": " ".join((row.run.__doc__ or row.run.__name__.replace("_", " ")).split()),
        "parameters": _path_parameters(row),
        "responses": _responses(row, schemas),
    }
    if row.method in _WITH_BODY:
        operation |= _body(row, schemas)
    else:
        operation["parameters"] += _query_parameters(row, schemas)
    return operation


def _path_parameters(row: Route) -> list[Json]:
    names = [part.strip("{}").removesuffix(REST) for part in row.path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(row: Route, schemas: _Schemas) -> list[Json]:
    properties, required = schemas.properties(row.parameters)
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in properties.items()
    ]


def _body(row: Route, schemas: _Schemas) -> Json:
    properties, required = schemas.properties(row.parameters)
    if not properties:
        return {}
    schema = {"schema": schemas.reference(row.parameters)}
    kinds = ("multipart/form-data",) if _takes_file(row) else ("application/json", "application/x-www-form-urlencoded")
    return {"requestBody": {"required": bool(required), "content": dict.fromkeys(kinds, schema)}}


def _takes_file(row: Route) -> bool:
    return any(field.type is FormFile for field in msgspec.structs.fields(row.parameters))


def _responses(row: Route, schemas: _Schemas) -> Json:
    failure = {"application/json": {"schema": schemas.reference(schemas.error)}}
    responses: Json = {"default": {"description": "It was not done; the body says why.", "content": failure}}
    if row.answer is None:
        return {"204": {"description": "Done."}, **responses}
    if row.answer is bytes:
        return {"200": {"description": "The bytes.", "content": {"*/*": {"schema": {}}}}, **responses}
    content = {"application/json": {"schema": schemas.reference(row.answer)}}
    return {str(row.status): {"description": "Done.", "content": content}, **responses}
