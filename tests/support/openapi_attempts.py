"""Routes of an API v5 as schemathesis tries them: no fault of ours, no answer that their description does not have.

One of its checks is left out: that every request which the description forbids is refused. We take more than we
describe (numbers in quotes, parameters in the query of a PUT), as real clients need it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from matou.server.api.route import Route
from support.gitcode_server import Harbour

LEFT_OUT = [negative_data_rejection, positive_data_acceptance]
"""The second one: what is well formed may still name what is not there, and is then refused."""


def attempts(routes: Iterable[Route]) -> list[Any]:
    """Every route as it should be asked, and as it should not where it has parameters that could be wrong."""
    modes = ((GenerationMode.POSITIVE, "well formed"), (GenerationMode.NEGATIVE, "malformed"))
    return [
        pytest.param(row, mode, id=f"{row.method} {row.path} {name}")
        for row in routes
        for mode, name in modes
        if mode is GenerationMode.POSITIVE or row.parameters.__struct_fields__
    ]


def try_route(
    harbour: Harbour, api: str, row: Route, mode: GenerationMode, *, known: Mapping[str, str], examples: int
) -> None:
    """Ask `examples` times, as Chen. `known` are parts of paths that stand for what is there."""
    schema = schemathesis.openapi.from_asgi(f"{api}/openapi.json", harbour.app)
    operation = schema[row.path.replace("...", "")][row.method]
    headers = {"PRIVATE-TOKEN": harbour.token("chen")}
    names = [part.strip("{}") for part in row.path.split("/") if part.startswith("{")]
    parts = {name: known[name] for name in names if name in known}

    @settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(mode, path_parameters=parts or None))
    def attempt(case: Any) -> None:
        case.call_and_validate(headers=headers, excluded_checks=LEFT_OUT)

    attempt()
