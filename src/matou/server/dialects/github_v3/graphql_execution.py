"""GraphQL at `/api/graphql`, to read, as far as `gh` asks in it: GitHub's own types and fields, and not all of them.

`schema.graphql` is a part of GitHub's schema; a field that is not there is refused by its name, and whoever asks which
fields there are is told (`gh` does, and leaves out what an older GitHub has not).
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from matou.errors import Invalid, MatouError, NotFound, Refused
from matou.forge.access import Scope
from matou.server.api.context import RequestContext
from matou.server.api.params import FormFields, InvalidParameter
from matou.server.api.route import Route, Workload, plain_route
from matou.server.api.saved_rows import JsonRow
from matou.server.dialects.github_v3.graphql_nodes import MOST_FIELDS, Graph, LargeQuery, Node, QueryEnded
from matou.server.dialects.github_v3.graphql_owners import find_owner
from matou.server.dialects.github_v3.graphql_query import query_node

if TYPE_CHECKING:
    from graphql import ASTValidationRule, DocumentNode, GraphQLError, GraphQLResolveInfo, GraphQLSchema

MOST_TOKENS: Final = 2_500
"""Twice as many as `gh` sends where everything that it knows is wanted."""

_MOST_ERRORS: Final = 10


class DeepQuery(Invalid):
    """A query nests deeper than it can be answered."""


def answer_query(context: RequestContext, fields: FormFields) -> JsonRow:
    """What was found, and what was wrong; both with status 200, as GitHub has it."""
    from graphql import GraphQLError, execute_sync, parse, validate

    variables = fields.values.get("variables") or {}
    if not isinstance(variables, Mapping):
        raise InvalidParameter('"{name}" is not an object', name="variables")
    try:
        document = parse(fields.required("query"), max_tokens=MOST_TOKENS)
        faults = validate(_schema(), document, _rules(), max_errors=_MOST_ERRORS)
        if faults:
            return {"errors": [_fault(one) for one in faults]}
        return _executed(execute_sync, context, document, dict(variables), fields.get("operationName") or None)
    except GraphQLError as error:
        return {"errors": [_fault(error)]}
    except RecursionError as error:
        raise DeepQuery("the query nests too deep") from error
    except QueryEnded as ended:
        raise LargeQuery(
            "a query gets at most {limit} fields, and texts of a certain length", limit=MOST_FIELDS
        ) from ended


def _executed(
    execute: Callable[..., Any],
    context: RequestContext,
    document: "DocumentNode",
    variables: dict[str, object],
    operation: str | None,
) -> JsonRow:
    graph = Graph(context, find_owner)
    found = execute(
        _schema(),
        document,
        root_value=query_node(graph),
        context_value=graph,
        variable_values=variables,
        operation_name=operation,
        field_resolver=_resolve,
    )
    row: dict[str, object] = {"data": found.data}
    if found.errors:
        row["errors"] = [_fault(one) for one in found.errors]
    return row


def _resolve(source: Node, info: "GraphQLResolveInfo[Any]", **arguments: object) -> object:
    """Of a field of any type: a node has each that the schema gives its type."""
    graph: Graph = info.context
    graph.count_field()
    value = source[info.field_name]
    made = value(**arguments) if callable(value) else value
    if isinstance(made, str):
        graph.count_text(made)
    return made


def _fault(error: "GraphQLError") -> JsonRow:
    """Raises what is a fault of ours, not of the query."""
    original = error.original_error
    if original is not None and not isinstance(original, MatouError):
        raise original
    row: JsonRow = dict(error.formatted)
    kind = next((name for kind, name in _KINDS.items() if isinstance(original, kind)), None)
    return row if kind is None else {"type": kind, **row}


@cache
def _rules() -> tuple[type["ASTValidationRule"], ...]:
    """GitHub lets a query ask for `state` of an issue or of a pull request, whose states differ, under one name. What
    looks for such pairs takes a time in proportion to the square of a query, too."""
    from graphql import OverlappingFieldsCanBeMergedRule, specified_rules

    return tuple(rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule)


@cache
def _schema() -> "GraphQLSchema":
    from graphql import build_schema

    return build_schema(files(__package__).joinpath("schema.graphql").read_text(encoding="utf-8"))


_KINDS: Final[Mapping[type[MatouError], str]] = {NotFound: "NOT_FOUND", Refused: "FORBIDDEN", Invalid: "UNPROCESSABLE"}

ROUTES: tuple[Route, ...] = (
    plain_route(
        "POST",
        "/graphql",
        FormFields,
        answer_query,
        answer=dict[str, object],
        scopes=(Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE),
        workload=Workload.SLOW,
        choices="what `gh` asks for to list and show repositories, issues, pull requests and releases; whatever else is"
        " refused by its name",
    ),
)
