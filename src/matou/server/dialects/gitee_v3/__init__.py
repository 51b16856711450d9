"""Gitee's API v3, as docs/reference/gitee-v3.md tells: `routes` is all that the rest of the server knows."""

import re
from collections.abc import Mapping
from typing import TypeVar

from starlette.routing import BaseRoute

from matou.db.repositories import Repository, RepositoryId
from matou.forge.access import (
    REPOSITORY_POLICY,
    Authorized,
    Identity,
    NoSuchRepository,
    Right,
    authorize,
    authorize_repository,
    require_scope,
)
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import find_repository_by_id
from matou.model.names import InvalidName, RepositoryPath
from matou.server.api.body import BodyRules
from matou.server.api.dialect import Dialect
from matou.server.api.endpoint import Api
from matou.server.api.route import DocumentedOperation
from matou.server.dialects.gitee_v3 import code, project_lists, projects, sessions
from matou.server.dialects.gitee_v3.errors import FAILURES, write_failure
from matou.server.dialects.gitee_v3.links import page_headers
from matou.server.rate_limit import FixedWindowLimiter
from matou.server.state import ServerState

_OURS = re.compile(rb"[^ ]+ /+api/+v3(?:/(?!/*[^/]+\.git/)(?P<below>.*)|\Z)", re.DOTALL)
"""A project may be called `v3`, in a team called `api`: the URLs of its repositories are git's."""

R = TypeVar("R", bound=Right)

_LONGEST_ID = 18
_BELOW_COMMIT = (
    *("blob", "cherry_pick", "comments", "diff", "merge_requests", "refs", "revert", "status", "statuses"),
)
_REPOSITORY = "/projects/{project}/repository"
_DOCUMENTED = (
    *(DocumentedOperation("PUT", f"{_REPOSITORY}/branches/{{name}}/{word}") for word in ("protect", "unprotect")),
    *(DocumentedOperation("GET", f"{_REPOSITORY}/commits/{{name}}/{word}") for word in _BELOW_COMMIT),
)
"""What GitLab has below one branch or commit and we have not: no end of a name, unless its slash is `%2F`."""


def _authorize(forge: Forge, identity: Identity, right: type[R], path: Mapping[str, str]) -> Authorized[Repository, R]:
    """By number or by path, in the order that gives nothing away: scope, existence, level."""
    text = path["project"]
    if not (text.isascii() and text.isdecimal()):
        return authorize_repository(forge, identity, right, _repository_path(text))
    require_scope(identity, *REPOSITORY_POLICY[right.action].scopes)
    if len(text) > _LONGEST_ID:
        raise NoSuchRepository("there is no such repository")
    return authorize(forge, identity, right, find_repository_by_id(forge, RepositoryId(int(text))))


def _repository_path(text: str) -> RepositoryPath:
    try:
        return RepositoryPath.parse(text)
    except InvalidName:
        # What can be no name is there as little as what nobody took.
        raise NoSuchRepository("there is no repository {path}", path=repr(text)[:200]) from None


DIALECT = Dialect(
    prefix="/api/v3",
    pattern=_OURS,
    routes=(*sessions.ROUTES, *projects.ROUTES, *project_lists.ROUTES, *code.ROUTES),
    documented=_DOCUMENTED,
    failures=FAILURES,
    write_failure=write_failure,
    page_headers=page_headers,
    authorize=_authorize,
    token_field="private_token",  # noqa: S106 - the parameter's name
    body_rules=BodyRules(is_form_unless_json=True),
    largest_body_bytes=256 * 1024,
    needs_login=True,
)


def routes(state: ServerState, *, limiter: FixedWindowLimiter | None = None) -> list[BaseRoute]:
    """Everything below `/api/v3/`.

    Args:
        limiter: how often one account, or one address without a token, may ask; None for no limit.
    """
    return [Api(state, DIALECT, limiter)]
