"""schemathesis tries every route of Gitee's v5 by the API's own description: no fault of ours, nothing undescribed.

As for GitCode's v5, we take more than we describe, and what is well formed may still name what is not there.
"""

from collections.abc import Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from matou.server.api.route import Route
from matou.server.dialects.gitee_v5 import ROUTES
from support.gitcode_server import Harbour

EXAMPLES = 4
LEFT_OUT = [negative_data_rejection, positive_data_acceptance]
KNOWN: Mapping[str, str] = {"owner": "harbour", "org": "harbour", "repo": "light", "username": "dora"}


def known_parts(row: Route) -> dict[str, str]:
    names = [part.strip("{}") for part in row.path.split("/") if part.startswith("{")]
    return {name: KNOWN[name] for name in names if name in KNOWN}


def attempts() -> list[Any]:
    """Every route as it should be asked, and as it should not where it has parameters that could be wrong."""
    modes = ((GenerationMode.POSITIVE, "well formed"), (GenerationMode.NEGATIVE, "malformed"))
    return [
        pytest.param(row, mode, id=f"{row.method} {row.path} {name}")
        for row in ROUTES
        for mode, name in modes
        if mode is GenerationMode.POSITIVE or row.parameters.__struct_fields__
    ]


@pytest.mark.parametrize(("row", "mode"), attempts())
def test_the_route_keeps_to_its_description(harbour: Harbour, row: Route, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi("/gitee/api/v5/openapi.json", harbour.app)
    operation = schema[row.path.replace("...", "")][row.method]
    headers = {"PRIVATE-TOKEN": harbour.token("chen")}

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(mode, path_parameters=known_parts(row) or None))
    def attempt(case: Any) -> None:
        case.call_and_validate(headers=headers, excluded_checks=LEFT_OUT)

    attempt()
