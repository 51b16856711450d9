"""The rows of the table of routes, and which of them a request means."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from matou.errors import NotFound
from matou.forge.access import Action, Scope
from matou.server.dialects.gitcode_v5.call import Call, RepositoryCall
from matou.server.dialects.gitcode_v5.parameters import Parameters

P = TypeVar("P", bound=Parameters)

MEBIBYTE = 1024 * 1024
LARGEST_BODY_BYTES = MEBIBYTE
REST = "..."


class NoSuchRoute(NotFound):
    """The API has nothing at this path."""


class WrongMethod(NotFound):
    """The API has something at this path, and not for this method."""


class Pace(Enum):
    """How long a route may hold a thread: milliseconds, the seconds of a git child, or minutes.

    The threads are few and everybody's: what is not quick takes some of them at most, and waits without one.
    """

    QUICK = "quick"
    SLOW = "slow"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint.

    Attributes:
        number: of its section in GitCode's document; None for what stands beside it.
        path: `{name}` is one segment of the URL; `{name...}`, at the end, is all that is left.
        action: what the identity must be allowed to do with the repository that the path names; None for routes
            that name none.
        scopes: of the token, for routes that name no repository; they also need somebody who is signed in, unless
            there are none.
        run: does it; gets a RepositoryCall where `action` is given.
        answer: what it gives, for the description of the API.
        choices: what we do where the document is silent or contradicts itself.
        at: what the answer depends on besides the request itself and, where no repository is named, who asks: a
            commit, or what the database is. The answer is remembered for it. It must be cheap; None from it means "do
            not remember".
    """

    number: int | None
    method: str
    path: str
    action: Action | None
    scopes: tuple[Scope, ...]
    parameters: type[Parameters]
    run: Callable[[Any, Any], object]
    answer: Any
    status: int
    choices: str
    at: Callable[[Any, Any], Hashable | None] | None
    largest_body_bytes: int
    pace: Pace = Pace.QUICK

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(self.path.strip("/").split("/"))


def repository_route(
    number: int | None,
    method: str,
    path: str,
    action: Action,
    parameters: type[P],
    run: Callable[[RepositoryCall, P], object],
    *,
    answer: Any,
    status: int = 200,
    choices: str = "",
    at: Callable[[RepositoryCall, P], Hashable | None] | None = None,
    largest_body_bytes: int = LARGEST_BODY_BYTES,
    pace: Pace = Pace.QUICK,
) -> Route:
    """A row about one repository: `{owner}` and `{repo}`, or `{org}` and `{repo}`, name it."""
    return Route(
        number, method, path, action, (), parameters, run, answer, status, choices, at, largest_body_bytes, pace
    )


def plain_route(
    number: int | None,
    method: str,
    path: str,
    parameters: type[P],
    run: Callable[[Call, P], object],
    *,
    answer: Any,
    scopes: tuple[Scope, ...] = (Scope.USER_READ,),
    status: int = 200,
    choices: str = "",
    at: Callable[[Call, P], Hashable | None] | None = None,
    largest_body_bytes: int = LARGEST_BODY_BYTES,
    pace: Pace = Pace.QUICK,
) -> Route:
    """A row that names no repository, or one that the handler itself reaches."""
    return Route(
        number, method, path, None, scopes, parameters, run, answer, status, choices, at, largest_body_bytes, pace
    )


class Router:
    """Finds the route of a path. A literal segment goes before a parameter, a parameter before the rest."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        for route in routes:
            self._root.add(route.segments, route)

    def find(self, method: str, segments: tuple[bytes, ...]) -> tuple[Route, dict[str, str]]:
        """Args: segments: raw, below the API's root. Raises NoSuchRoute, WrongMethod."""
        found = self._root.find(segments)
        if found is None:
            raise NoSuchRoute("the API has nothing at this path")
        methods, values = found
        route = methods.get("GET" if method == "HEAD" else method)
        if route is None:
            raise WrongMethod(
                "this path takes {methods}, not {method}", methods=", ".join(sorted(methods)), method=repr(method)
            )
        return route, dict(zip(_names(route), values, strict=True))


class _Node:
    """A place in the tree of paths."""

    def __init__(self) -> None:
        self.literals: dict[bytes, _Node] = {}
        self.parameter: _Node | None = None
        self.rest: dict[str, Route] = {}
        self.methods: dict[str, Route] = {}

    def add(self, segments: tuple[str, ...], route: Route) -> None:
        if not segments:
            self.methods[route.method] = route
        elif segments[0].endswith(REST + "}"):
            self.rest[route.method] = route
        elif segments[0].startswith("{"):
            self.parameter = self.parameter or _Node()
            self.parameter.add(segments[1:], route)
        else:
            self.literals.setdefault(segments[0].encode(), _Node()).add(segments[1:], route)

    def find(self, segments: tuple[bytes, ...]) -> tuple[Mapping[str, Route], tuple[str, ...]] | None:
        if not segments:
            return (self.methods, ()) if self.methods else None
        literal = self.literals.get(segments[0])
        found = None if literal is None else literal.find(segments[1:])
        if found is None and self.parameter is not None and segments[0]:
            below = self.parameter.find(segments[1:])
            found = None if below is None else (below[0], (_decoded(segments[0]), *below[1]))
        if found is None and self.rest:
            return self.rest, ("/".join(map(_decoded, segments)),)
        return found


def _names(route: Route) -> list[str]:
    return [part.strip("{}").removesuffix(REST) for part in route.segments if part.startswith("{")]


def _decoded(segment: bytes) -> str:
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        raise NoSuchRoute("the API has nothing at this path") from None
