"""The rows of the table of routes, and which of them a request means."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from matou.errors import NotFound
from matou.forge.access import Action, Right
from matou.server.dialects.gitee_v3.context import RepositoryContext, RequestContext

R = TypeVar("R", bound=Right)

PROJECT = "project"
_ANY = b"/"
"""No segment of a URL is one."""
_DEPTH_OF_REST = 4
_BELOW_ONE: Mapping[bytes, frozenset[bytes]] = {
    b"branches": frozenset({b"protect", b"unprotect"}),
    b"commits": frozenset(
        {b"blob", b"cherry_pick", b"comments", b"diff", b"merge_requests", b"refs", b"revert", b"status", b"statuses"}
    ),
}
"""What GitLab has below one branch or commit and we have not: no end of a name, unless its slash is `%2F`."""


class NoSuchRoute(NotFound):
    """The API has nothing at this path."""


class WrongMethod(NotFound):
    """The API has something at this path, and not for this method.

    Attributes:
        allowed: the methods that it has, with commas.
    """

    def __init__(self, allowed: str) -> None:
        super().__init__("this path takes {allowed}", allowed=allowed)
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint.

    Attributes:
        path: its second segment may be a `{name}`, and its fifth a `{name...}`, which is all that is left.
        right: what the identity must have to the project that the path names; None where it names none.
        run: gets a RepositoryContext where `right` is given.
        is_open: a token is not asked for.
        is_list_ahead: `run` gives several pages, the one that was asked for among them; they depend on the database,
            the identity, the page and `search` alone, and are remembered.
    """

    method: str
    path: str
    right: type[Right] | None
    run: Callable[[Any], Any]
    status: int
    is_open: bool = False
    is_list_ahead: bool = False

    @property
    def action(self) -> Action | None:
        """As the policy calls it."""
        return None if self.right is None else self.right.action

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(self.path.strip("/").split("/"))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(segment.strip("{.}") for segment in self.segments if segment.startswith("{"))


def plain_route(
    method: str,
    path: str,
    run: Callable[[RequestContext], object],
    *,
    status: int = 200,
    is_open: bool = False,
    is_list_ahead: bool = False,
) -> Route:
    """A row that names no project."""
    return Route(method, path, None, run, status, is_open, is_list_ahead)


def project_route(
    method: str, path: str, right: type[R], run: Callable[[RepositoryContext[R]], object], *, status: int = 200
) -> Route:
    """A row about one project: `{project}` is its number, or its path as one segment."""
    return Route(method, path, right, run, status)


class Router:
    """Finds the route of a path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_shape: defaultdict[tuple[bytes, ...], dict[str, Route]] = defaultdict(dict)
        for route in routes:
            shape = tuple(_ANY if part.startswith("{") else part.encode() for part in route.segments)
            self._by_shape[shape][route.method] = route

    def find(self, method: str, segments: tuple[bytes, ...]) -> tuple[Route, Mapping[str, str]]:
        """Args: segments: raw, below the API's root. Raises NoSuchRoute, WrongMethod."""
        for shape, values in _readings(segments):
            methods = self._by_shape.get(shape)
            if methods is None:
                continue
            route = methods.get("GET" if method == "HEAD" else method)
            if route is None:
                raise WrongMethod(", ".join(sorted(methods)))
            return route, {name: _decoded(name, text) for name, text in zip(route.names, values, strict=True)}
        raise NoSuchRoute("the API has nothing at this path")


def _readings(segments: tuple[bytes, ...]) -> Iterable[tuple[tuple[bytes, ...], tuple[bytes, ...]]]:
    """The shapes that a path may have, and what stands for their parameters; the most literal first."""
    yield segments, ()
    if len(segments) > 1:
        first, second, *rest = segments
        yield (first, _ANY, *rest), (second,)
        if len(segments) > _DEPTH_OF_REST and not _is_below_one(segments):
            ending = b"/".join(segments[_DEPTH_OF_REST:])
            yield (first, _ANY, *segments[2:_DEPTH_OF_REST], _ANY), (second, ending)


def _is_below_one(segments: tuple[bytes, ...]) -> bool:
    is_deeper = len(segments) > _DEPTH_OF_REST + 1
    return is_deeper and segments[-1] in _BELOW_ONE.get(segments[_DEPTH_OF_REST - 1], ())


def _decoded(name: str, segment: bytes) -> str:
    """Of a branch or a commit, what is not UTF-8 is kept by `surrogateescape`."""
    try:
        return unquote_to_bytes(segment).decode("utf-8", "strict" if name == PROJECT else "surrogateescape")
    except UnicodeDecodeError:
        raise NoSuchRoute("the API has nothing at this path") from None
