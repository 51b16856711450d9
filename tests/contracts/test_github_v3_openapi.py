"""schemathesis tries every route of GitHub's v3 by the API's own description."""

import pytest
from schemathesis.generation import GenerationMode

from matou.server.api.route import Route
from matou.server.dialects.github_v3 import ROUTES
from support.gitcode_server import Harbour
from support.openapi_attempts import attempts, try_route

KNOWN = {"owner": "harbour", "org": "harbour", "repo": "light", "username": "dora"}


@pytest.mark.parametrize(("row", "mode"), attempts(ROUTES))
def test_the_route_keeps_to_its_description(harbour: Harbour, row: Route, mode: GenerationMode) -> None:
    try_route(harbour, "/github/api/v3", row, mode, known=KNOWN, examples=3)
