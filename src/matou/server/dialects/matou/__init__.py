"""What one Matou asks of another, at /-/api/v1: whom a token stands for, and what there is to copy.

What is copied comes by git: code at its usual address, the rest at those of `server/git/saved.py`
(docs/reference/matou-api.md).
"""

import re
from typing import Final

from starlette.routing import BaseRoute

from matou.server.api.dialect import Dialect
from matou.server.api.endpoint import Api
from matou.server.api.openapi import description_route
from matou.server.api.responses import ListPage
from matou.server.dialects.matou import lists, runs
from matou.server.dialects.matou.errors import FAILURES, MatouApiError, MatouErrorBody, write_failure
from matou.server.rate_limit import FixedWindowLimiter
from matou.server.state import ServerState
from matou.server.streaming import Header

PREFIX: Final = "/-/api/v1"

ROUTES: Final = (*lists.ROUTES, *runs.ROUTES)

_OURS: Final = re.compile(rb"[^ ]+ %b(?:/(?P<below>.*))?\Z" % re.escape(PREFIX.encode()), re.DOTALL)


def routes(state: ServerState, *, limiter: FixedWindowLimiter | None = None) -> list[BaseRoute]:
    """Everything below the prefix, which no namespace can have.

    Args:
        limiter: how often one token, or one address without a token, may ask; None for no limit.
    """
    dialect = Dialect[MatouApiError](
        prefix=PREFIX,
        pattern=_OURS,
        routes=(*ROUTES, description_route("Matou: what another one copies", PREFIX, ROUTES, MatouErrorBody)),
        failures=FAILURES,
        write_failure=write_failure,
        page_headers=_page_headers,
    )
    return [Api(state, dialect, limiter)]


def _page_headers(page: ListPage, _: object) -> tuple[Header, ...]:
    return ((b"x-total-count", b"%d" % page.total),)
