"""What every action is given, and what a row of the table of actions holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from matou.db.namespaces import Namespace
from matou.db.users import User
from matou.forge.access import Identity, Scope
from matou.forge.forge import Forge
from matou.platforms.coding.wire import Response
from matou.platforms.coding.wire_requests import Request
from matou.server.dialects.coding.links import Links
from matou.server.dialects.coding.parameters import read_parameters

Q = TypeVar("Q", bound=Request)


Scopes = tuple[Scope, ...]

READ_USER: Scopes = (Scope.USER_READ,)
READ_TEAM: Scopes = (Scope.TEAM_READ,)
READ_PROJECT: Scopes = (Scope.PROJECT_READ, Scope.PROJECT_WRITE)
WRITE_PROJECT: Scopes = (Scope.PROJECT_WRITE,)
READ_REPOSITORY: Scopes = (Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)
WRITE_REPOSITORY: Scopes = (Scope.REPOSITORY_WRITE,)


class State(StrEnum):
    """How much of an action is there."""

    COMPLETE = "complete"
    ALWAYS_EMPTY = "always empty"


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Who asks, for which team. `user` is the identity's own; `team` is one that it may see."""

    forge: Forge
    identity: Identity
    user: User
    team: Namespace
    links: Links


@dataclass(frozen=True, slots=True)
class Action:
    """A row of the table.

    Attributes:
        run: reads the parameters and does it.
        scopes: a token needs one of these, besides what its owner may do.
        choices: what we do where CODING's document is silent, for docs/reference/coding-dialect.md.
        aliases: names that it has had.
    """

    name: str
    run: Callable[[RequestContext, Mapping[str, object]], Response]
    scopes: Scopes
    choices: str
    state: State
    aliases: tuple[str, ...]


def action(
    request: type[Q],
    answer: Callable[[RequestContext, Q], Response],
    scopes: Scopes,
    choices: str = "",
    state: State = State.COMPLETE,
    aliases: tuple[str, ...] = (),
) -> Action:
    """Make a row of what an action is asked and what answers it; the request's name is the action's."""

    def run(context: RequestContext, parameters: Mapping[str, object]) -> Response:
        return answer(context, read_parameters(request, parameters))

    return Action(request.__name__, run, scopes, choices, state, aliases)
