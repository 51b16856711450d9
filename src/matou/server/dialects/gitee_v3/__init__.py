"""Gitee's API v3, as docs/reference/gitee-v3.md tells: `routes` is all that the rest of the server knows."""

from starlette.routing import BaseRoute

from matou.server.dialects.gitee_v3.endpoint import Api
from matou.server.dialects.gitee_v3.routing import Router
from matou.server.dialects.gitee_v3.table import ROUTES
from matou.server.rate_limit import FixedWindowLimiter
from matou.server.state import ServerState


def routes(site: ServerState, *, limiter: FixedWindowLimiter | None = None) -> list[BaseRoute]:
    """Everything below `/api/v3/`.

    Args:
        limiter: how often one account, or one address without a token, may ask; None for no limit.
    """
    return [Api(site, Router(ROUTES), limiter)]
