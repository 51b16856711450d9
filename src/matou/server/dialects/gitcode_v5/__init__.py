"""GitCode's API v5, as docs/reference/gitcode-v5.md tells: `routes` is all that the rest of the server knows."""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from starlette.routing import BaseRoute

from matou.server.api.dialect import Dialect
from matou.server.api.endpoint import Api
from matou.server.api.openapi import description_route
from matou.server.api.params import PageParameters, Parameters
from matou.server.api.responses import ListPage
from matou.server.api.route import DocumentedOperation, Route
from matou.server.api.v5.naming import authorize_by_name
from matou.server.dialects.gitcode_v5.errors import FAILURES, GitCodeError, GitCodeErrorBody, write_failure
from matou.server.dialects.gitcode_v5.table import ROUTES
from matou.server.rate_limit import FixedWindowLimiter
from matou.server.state import ServerState
from matou.server.streaming import Header

PREFIX = "/api/v5"
_OURS = re.compile(rb"[^ ]+ /api/v(?:5/(?![^/]+\.git/)(?P<below>.*)|8/(?![^/]+\.git/))|POST /oauth/token\Z", re.DOTALL)
"""v8 and the log-in of applications are documented beside v5, and nothing is there.

A project may be called `v5`, in a team called `api`: the URLs of its repositories are git's.
"""


def routes(
    state: ServerState, *, limiter: FixedWindowLimiter | None = None, table: Iterable[Route] = ROUTES
) -> list[BaseRoute]:
    """Everything below `/api/v5/`.

    Args:
        limiter: how often one token, or one address without a token, may ask; None for no limit.
    """
    rows = tuple(table)
    dialect = Dialect[GitCodeError](
        prefix=PREFIX,
        pattern=_OURS,
        routes=(*rows, description_route("Matou: GitCode's API v5", PREFIX, rows, GitCodeErrorBody)),
        documented=documented_operations(),
        failures=FAILURES,
        write_failure=write_failure,
        page_headers=_page_headers,
        authorize=authorize_by_name,
    )
    return [Api(state, dialect, limiter)]


@cache
def documented_operations() -> tuple[DocumentedOperation, ...]:
    """What GitCode's and Gitee's descriptions of the API v5 name, whether we have it or not.

    A client asks for what is documented. Where we have no such route, a branch's name that takes all the rest of the
    path would be read out of it instead: `DELETE branches/ui/setting` is about the protection of `ui`, not the branch
    `ui/setting`, whose name is `ui%2Fsetting` here.
    """
    text = (files(__package__) / "documented.txt").read_text(encoding="utf-8")
    lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(DocumentedOperation(method, path) for method, path in lines)


def _page_headers(page: ListPage, params: Parameters) -> tuple[Header, ...]:
    """Of a list that has no pages it is one."""
    size = params.limit if isinstance(params, PageParameters) else 0
    pages = -(-page.total // size) if size else int(page.total > 0)
    return ((b"total_count", b"%d" % page.total), (b"total_page", b"%d" % pages))
