"""GitHub's API v3 at /github/api/v3, to read: what was saved and what is hosted, as a GitHub Enterprise tells it.

Importers of other platforms pull from it with numbers, times and authors, which no API lets them write
(docs/guide/migrate.md).
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b
from typing import Final

from starlette.routing import BaseRoute

from matou.server.api.context import RequestContext
from matou.server.api.dialect import ApiRequest, Authorize, Dialect, token_in_fields
from matou.server.api.endpoint import Api
from matou.server.api.links import Links
from matou.server.api.openapi import description_route
from matou.server.api.responses import OK, ApiResponse
from matou.server.api.route import Route
from matou.server.api.v5.naming import authorize_by_name
from matou.server.authentication import Credential
from matou.server.dialects.github_v3 import (
    accounts,
    checks,
    code,
    contents,
    graphql_execution,
    issue_events,
    issues,
    project,
    pulls,
    releases,
    search,
    trees,
)
from matou.server.dialects.github_v3.errors import FAILURES, GitHubError, GitHubErrorBody, write_failure
from matou.server.dialects.github_v3.identifiers import SEPARATOR
from matou.server.dialects.github_v3.paging import link_headers
from matou.server.rate_limit import FixedWindowLimiter, RateState
from matou.server.state import ServerState
from matou.server.streaming import Header

PREFIX: Final = "/github/api/v3"
PREFIX_OF_HOST: Final = "/api/v3"
"""At a host that stands for GitHub: tools know no other path."""

_OWNERS: Final = ("owner", "org", "username")
_MEDIA_TYPE: Header = (b"x-github-media-type", b"github.v3; format=json")
_TO_BE_CHECKED: Header = (b"cache-control", b"private, no-cache")
_DIGEST_BYTES: Final = 16


def all_rows(limiter: FixedWindowLimiter | None = None) -> tuple[Route, ...]:
    return (
        accounts.rate_route(limiter),
        *accounts.ROUTES,
        *code.ROUTES,
        *checks.ROUTES,
        *contents.ROUTES,
        *issue_events.ROUTES,
        *issues.ROUTES,
        *pulls.ROUTES,
        *project.ROUTES,
        *releases.ROUTES,
        *trees.ROUTES,
        *search.ROUTES,
    )


ROUTES: Final = all_rows()


def routes(
    state: ServerState,
    *,
    limiter: FixedWindowLimiter | None = None,
    table: Iterable[Route] | None = None,
    prefix: str = PREFIX,
    authorize: Authorize = authorize_by_name,
) -> list[BaseRoute]:
    """Everything below the prefix.

    Args:
        limiter: how often one token, or one address without a token, may ask; None for no limit.
        authorize: see `Dialect`.
    """
    served = all_rows(limiter) if table is None else tuple(table)
    graphql_prefix = prefix.removesuffix("/v3")
    dialect = Dialect[GitHubError](
        prefix=prefix,
        pattern=_ours(prefix),
        routes=(*served, description_route("Matou: GitHub's API v3", prefix, served, GitHubErrorBody)),
        failures=FAILURES,
        write_failure=write_failure,
        page_headers=link_headers,
        authorize=authorize,
        find_credential=_find_credential,
        open_context=_with_paths,
        rate_headers=_rate_headers,
        finish=_tagged,
    )
    graphql = replace(
        dialect,
        prefix=graphql_prefix,
        pattern=re.compile(rb"[^ ]+ %b(?P<below>/graphql)\Z" % re.escape(graphql_prefix.encode())),
        routes=graphql_execution.ROUTES,
        open_context=lambda context: _with_prefix(context, prefix),
    )
    return [Api(state, graphql, limiter), Api(state, dialect, limiter)]


def _with_prefix(context: RequestContext, prefix: str) -> RequestContext:
    """Addresses in answers are the REST API's."""
    return replace(context, links=Links(context.links.base, prefix))


def _ours(prefix: str) -> re.Pattern[bytes]:
    """A project may be called `v3`, below `api` in a team called `github`: the URLs of its repositories are git's."""
    return re.compile(rb"[^ ]+ %b(?:/(?![^/]+\.git/)(?P<below>.*))?\Z" % re.escape(prefix.encode()), re.DOTALL)


def _find_credential(request: ApiRequest, field: str) -> Credential | None:
    """Gitea's importer says who it is where it was told nothing: a name and a password without a character."""
    credential = token_in_fields(request, field)
    return None if credential is not None and not credential.login and not credential.secret.reveal() else credential


def _with_paths(context: RequestContext) -> RequestContext:
    """A nested owner by its path, as all that is asked of it names it."""
    named = {name: context.path[name].replace(SEPARATOR, "/") for name in _OWNERS if name in context.path}
    return replace(context, path={**context.path, **named}) if named else context


def _rate_headers(context: RequestContext, state: RateState | None) -> tuple[Header, ...]:
    left = state or accounts.UNLIMITED
    return accounts.rate_headers(left, accounts.end_of(context.forge, left))


def _tagged(answer: ApiResponse) -> ApiResponse:
    """With what a client asks by whether it is still so."""
    if answer.status != OK or any(name == b"etag" for name, _ in answer.headers):
        return answer
    tag = b'W/"%b"' % blake2b(answer.body, digest_size=_DIGEST_BYTES).hexdigest().encode()
    kept = tuple(pair for pair in answer.headers if pair[0] != b"cache-control")
    return replace(answer, headers=(*kept, _TO_BE_CHECKED, _MEDIA_TYPE, (b"etag", tag)))
