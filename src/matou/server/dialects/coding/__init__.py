"""CODING's Open API, as docs/reference/coding-dialect.md tells: `routes` is all that the rest of the server knows.

All of it is one address; which action is meant stands in the query or in the body.
"""

import re

from starlette.routing import BaseRoute

from matou.credentials import Secret
from matou.server.api.body import BodyRules
from matou.server.api.context import RequestContext
from matou.server.api.dialect import ApiRequest, Dialect
from matou.server.api.endpoint import Api
from matou.server.api.params import InvalidParameter, MissingParameter, Nothing
from matou.server.api.route import Route
from matou.server.api.router import NoSuchRoute
from matou.server.authentication import Credential, read_credential
from matou.server.dialects.coding import (
    account,
    commits,
    contents,
    depots,
    issues,
    members,
    merges,
    planning,
    projects,
    references,
    relations,
    releases,
    settings,
    workflow,
)
from matou.server.dialects.coding.context import CodingAction, TeamContext, find
from matou.server.dialects.coding.errors import FAILURES, encode, write_failure
from matou.server.dialects.coding.file_links import file_routes
from matou.server.dialects.coding.icons import icon_routes
from matou.server.dialects.coding.teams import team_of
from matou.server.rate_limit import FixedWindowLimiter
from matou.server.state import ServerState

ACTIONS: tuple[CodingAction, ...] = (
    *account.ACTIONS,
    *projects.ACTIONS,
    *members.ACTIONS,
    *depots.ACTIONS,
    *references.ACTIONS,
    *commits.ACTIONS,
    *contents.ACTIONS,
    *releases.ACTIONS,
    *issues.ACTIONS,
    *relations.ACTIONS,
    *workflow.ACTIONS,
    *merges.ACTIONS,
    *planning.ACTIONS,
    *settings.ACTIONS,
)
_BY_NAME = {name.lower(): action.route for action in ACTIONS for name in (action.name, *action.aliases)}


def select_action(request: ApiRequest) -> Route:
    """Raises MissingParameter, InvalidParameter, NoSuchRoute."""
    name = find(request.query, "Action") or find(request.body, "Action")
    if not name:
        raise MissingParameter("the parameter {name} is missing", name="Action")
    if not isinstance(name, str):
        raise InvalidParameter(
            "{where} was {value}, which is of the wrong kind", where="Action", value=repr(name)[:200]
        )
    route = _BY_NAME.get(name.lower())
    if route is None:
        raise NoSuchRoute("the action {name} does not exist", name=repr(name)[:200])
    return route


def find_credential(request: ApiRequest, field: str) -> Credential | None:
    """From the headers, else from the body: as the header has it, or a bare token."""
    credential, in_body = read_credential(request.headers), find(request.body, field)
    if credential is not None or not isinstance(in_body, str) or not in_body.strip():
        return credential
    if " " not in in_body.strip():
        return Credential("", Secret(in_body.strip()))
    return read_credential(((b"authorization", in_body.encode("latin-1", "replace")),))


def _team_context(context: RequestContext) -> TeamContext:
    """Raises NotSignedIn: every action needs a credential."""
    _user = context.user
    team = team_of(context.forge, context.identity, context.header(b"host"))
    return TeamContext(
        context.forge, context.identity, context.links, context.path, context.headers, context.address, team
    )


DIALECT = Dialect(
    prefix="/open-api",
    pattern=re.compile(rb"[^ ]+ /open-api(?:\Z|/)(?P<below>.*)", re.DOTALL),
    routes=tuple(
        Route(method="POST", path=path, parameters=Nothing, run=lambda *_: None) for path in ("/", "/{rest...}")
    ),
    failures=FAILURES,
    write_failure=write_failure,
    encode=encode,
    token_field="Authorization",  # noqa: S106 - the parameter's name
    find_credential=find_credential,
    body_rules=BodyRules(needs_values=True),
    is_quick=False,
    select=select_action,
    open_context=_team_context,
    rate_key=lambda context, route: (context.team.id, route.path),
    fault_event="coding_action_failed",
)


def routes(state: ServerState, *, limiter: FixedWindowLimiter | None = None) -> list[BaseRoute]:
    """The endpoint, whatever follows it, the icons, and the files that its answers have addresses of.

    Args:
        limiter: how often a team may call one action; None for 30 times a second.
    """
    api = Api(state, DIALECT, limiter or state.shared.actions)
    return [api, *icon_routes(state.forge), *file_routes(state)]
