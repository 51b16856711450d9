"""schemathesis tries every route of Gitee's v5 by the API's own description."""

import pytest
from schemathesis.generation import GenerationMode

from matou.server.api.route import Route
from matou.server.dialects.gitee_v5 import ROUTES
from support.gitcode_server import Harbour
from support.openapi_attempts import attempts, try_route

KNOWN = {"owner": "harbour", "org": "harbour", "repo": "light", "username": "dora"}


@pytest.mark.parametrize(("row", "mode"), attempts(ROUTES))
def test_the_route_keeps_to_its_description(harbour: Harbour, row: Route, mode: GenerationMode) -> None:
    try_route(harbour, "/gitee/api/v5", row, mode, known=KNOWN, examples=4)
