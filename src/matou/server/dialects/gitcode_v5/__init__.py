"""GitCode's API v5, as docs/reference/gitcode-v5.md tells: `routes` is all that the rest of the server knows."""

from collections.abc import Iterable

from starlette.routing import BaseRoute

from matou.server.api.endpoint import Api
from matou.server.api.openapi import description_route
from matou.server.api.router import Route, Router
from matou.server.dialects.gitcode_v5.documented import documented_operations
from matou.server.dialects.gitcode_v5.table import ROUTES
from matou.server.rate_limit import FixedWindowLimiter
from matou.server.state import ServerState


def routes(
    site: ServerState, *, limiter: FixedWindowLimiter | None = None, table: Iterable[Route] = ROUTES
) -> list[BaseRoute]:
    """Everything below `/api/v5/`.

    Args:
        limiter: how often one token, or one address without a token, may ask; None for no limit.
    """
    rows = tuple(table)
    return [Api(site, Router((*rows, description_route(rows)), documented_operations()), limiter)]
