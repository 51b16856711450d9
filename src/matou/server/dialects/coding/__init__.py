"""CODING's Open API, as docs/reference/coding-dialect.md tells: `routes` is all that the rest of the server knows."""

from starlette.routing import BaseRoute, Route

from matou.forge.forge import Forge
from matou.server.dialects.coding.endpoint import Endpoint
from matou.server.dialects.coding.icons import icon_routes
from matou.server.dialects.coding.table import ACTIONS_BY_NAME
from matou.server.rate_limit import FixedWindowLimiter

CALLS_A_SECOND = 30


def routes(forge: Forge, *, base: str | None = None, limiter: FixedWindowLimiter | None = None) -> list[BaseRoute]:
    """The endpoint, whatever follows it, and the icons.

    Args:
        forge: what is served.
        base: scheme and host that the URLs in answers begin with; None takes each request's own.
        limiter: how often a team may call one action; None for 30 times a second.
    """
    endpoint = Endpoint(forge, ACTIONS_BY_NAME, limiter or FixedWindowLimiter(CALLS_A_SECOND), base)
    return [
        Route("/open-api", endpoint.serve, methods=endpoint.METHODS),
        Route("/open-api/{rest:path}", endpoint.serve, methods=endpoint.METHODS),
        *icon_routes(forge),
    ]
