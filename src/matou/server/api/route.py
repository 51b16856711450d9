"""The rows of a dialect's table of routes."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, TypedDict, TypeVar, Unpack

from matou.forge.access import Action, Right, Scope
from matou.server.api.context import RepositoryContext, RequestContext
from matou.server.api.params import FormFields, Parameters

P = TypeVar("P", bound=Parameters | FormFields)
R = TypeVar("R", bound=Right)

REST = "..."


class Workload(Enum):
    """How long a route may hold a thread: milliseconds, the seconds of a git child, or minutes.

    The threads are few and everybody's: what is not quick takes some of them at most, and waits without one.
    """

    QUICK = "quick"
    SLOW = "slow"
    LONG = "long"


class DocumentedOperation(NamedTuple):
    """A method of a path that the platform has, whether we have it or not; `{name}` is a segment of any text."""

    method: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint.

    Attributes:
        path: `{name}` is one segment of the URL; `{name...}`, at the end, is all that is left.
        right: what the identity must have to the repository that the path names; None for routes that name none.
        scopes: of the token, for routes that name no repository; they also need somebody who is signed in, unless
            there are none.
        parameters: whose `read` makes what `run` gets besides the context, which is a RepositoryContext where
            `right` is given.
        answer: what `run` gives, for the description of the API.
        choices: what we do where the platform's document is silent or contradicts itself.
        section: of the platform's document; None for what stands beside it.
        cache_key: what the answer depends on besides the request itself and, where no repository is named, who asks: a
            commit, or what the database is. The answer is remembered for it. It must be cheap; None from it means "do
            not remember".
        group: where `run` gives several pages (PageSet) at once: what those that come together have in common.
        is_open: no credential is looked at.
    """

    method: str
    path: str
    parameters: Any
    run: Callable[[Any, Any], object]
    right: type[Right] | None = None
    scopes: tuple[Scope, ...] = ()
    answer: Any = None
    status: int = 200
    choices: str = ""
    section: int | None = None
    cache_key: Callable[[Any, Any], Hashable | None] | None = None
    group: Callable[[Any], Hashable] | None = None
    largest_body_bytes: int = 0
    workload: Workload = Workload.QUICK
    is_open: bool = False

    @property
    def action(self) -> Action | None:
        """As the policy calls it."""
        return None if self.right is None else self.right.action


class RouteOptions(TypedDict, total=False):
    """What most rows do not say; as in Route."""

    answer: Any
    status: int
    choices: str
    section: int
    group: Callable[[Any], Hashable]
    largest_body_bytes: int
    workload: Workload
    is_open: bool


def repository_route(
    method: str,
    path: str,
    right: type[R],
    parameters: type[P],
    run: Callable[[RepositoryContext[R], P], object],
    *,
    cache_key: Callable[[RepositoryContext[R], P], Hashable | None] | None = None,
    **options: Unpack[RouteOptions],
) -> Route:
    """A row about the repository that the path names."""
    return Route(method=method, path=path, parameters=parameters, run=run, right=right, cache_key=cache_key, **options)


def plain_route(
    method: str,
    path: str,
    parameters: type[P],
    run: Callable[[RequestContext, P], object],
    *,
    scopes: tuple[Scope, ...] = (Scope.USER_READ,),
    cache_key: Callable[[RequestContext, P], Hashable | None] | None = None,
    **options: Unpack[RouteOptions],
) -> Route:
    """A row that names no repository, or one that the handler itself reaches."""
    return Route(
        method=method, path=path, parameters=parameters, run=run, scopes=scopes, cache_key=cache_key, **options
    )
