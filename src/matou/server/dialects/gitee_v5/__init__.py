"""Gitee's API v5 at /gitee/api/v5, for its paths are GitCode's with other shapes: what was saved, to read."""

import re
from collections.abc import Iterable
from typing import Final

from starlette.routing import BaseRoute

from matou.server.api.dialect import Dialect
from matou.server.api.endpoint import Api
from matou.server.api.openapi import description_route
from matou.server.api.params import PageParameters, Parameters
from matou.server.api.responses import ListPage
from matou.server.api.route import Route
from matou.server.api.v5.naming import authorize_by_name
from matou.server.dialects.gitee_v5 import accounts, code, contents, conversation, members
from matou.server.dialects.gitee_v5.errors import FAILURES, GiteeV5Error, GiteeV5ErrorBody, write_failure
from matou.server.rate_limit import FixedWindowLimiter
from matou.server.state import ServerState
from matou.server.streaming import Header

PREFIX: Final = "/gitee/api/v5"
ROUTES: Final = (*accounts.ROUTES, *code.ROUTES, *contents.ROUTES, *members.ROUTES, *conversation.ROUTES)


def routes(
    state: ServerState,
    *,
    limiter: FixedWindowLimiter | None = None,
    table: Iterable[Route] = ROUTES,
    prefix: str = PREFIX,
) -> list[BaseRoute]:
    """Everything below the prefix.

    Args:
        limiter: how often one token, or one address without a token, may ask; None for no limit.
    """
    rows = tuple(table)
    dialect = Dialect[GiteeV5Error](
        prefix=prefix,
        pattern=_ours(prefix),
        routes=(*rows, description_route("Matou: Gitee's API v5", prefix, rows, GiteeV5ErrorBody)),
        failures=FAILURES,
        write_failure=write_failure,
        page_headers=_page_headers,
        authorize=authorize_by_name,
    )
    return [Api(state, dialect, limiter)]


def _ours(prefix: str) -> re.Pattern[bytes]:
    """A project may be called `v5`, below `api` in a team called `gitee`: the URLs of its repositories are git's."""
    return re.compile(rb"[^ ]+ %b/(?![^/]+\.git/)(?P<below>.*)" % re.escape(prefix.encode()), re.DOTALL)


def _page_headers(page: ListPage, params: Parameters) -> tuple[Header, ...]:
    """Of a list that has no pages it is one."""
    size = params.limit if isinstance(params, PageParameters) else 0
    pages = -(-page.total // size) if size else int(page.total > 0)
    return ((b"total_count", b"%d" % page.total), (b"total_page", b"%d" % pages))
