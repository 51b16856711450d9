"""Which row of a dialect's table a request means."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote_to_bytes

from matou.errors import NotFound
from matou.server.api.route import REST, DocumentedOperation, Route


class NoSuchRoute(NotFound):
    """The API has nothing at this path."""


class WrongMethod(NotFound):
    """The API has something at this path, and not for this method."""


class Router:
    """Finds the route of a path. A literal segment goes before a parameter, a parameter before the rest."""

    def __init__(self, routes: Iterable[Route], documented: Iterable[DocumentedOperation] = ()) -> None:
        """Args: documented: what the platform has; where there is no route, no other that fits takes its place."""
        self._root = _Node()
        for route in routes:
            self._root.add(_parts(route.path), route.method, route)
        for operation in documented:
            self._root.add(_parts(operation.path), operation.method, None)

    def find(self, method: str, segments: tuple[bytes, ...]) -> tuple[Route, dict[str, str]]:
        """Args: segments: raw, below the API's root. Raises NoSuchRoute, WrongMethod."""
        route_method, is_documented = "GET" if method == "HEAD" else method, False
        for candidate in self._root.candidates(segments):
            if candidate.is_rest and is_documented:
                break
            if candidate.routes:
                route = candidate.routes.get(route_method)
                if route is None:
                    raise _wrong_method(method, candidate.routes)
                return route, dict(zip(_names(route.path), candidate.values, strict=True))
            if route_method in candidate.documented:
                break
            is_documented = True
        raise NoSuchRoute("the API has nothing at this path")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What a path may mean.

    Attributes:
        documented: the methods that the platform has there and we do not.
        is_rest: its last parameter takes all that is left of the path.
    """

    routes: Mapping[str, Route]
    documented: Collection[str]
    values: tuple[str, ...] = ()
    is_rest: bool = False


class _Node:
    """A node in the tree of paths.

    Attributes:
        endings: what follows one parameter here, all of it literal: the rest of a path that ends so is no one name.
    """

    def __init__(self) -> None:
        self.literals: dict[bytes, _Node] = {}
        self.parameter: _Node | None = None
        self.rest: dict[str, Route] = {}
        self.methods: dict[str, Route] = {}
        self.documented: set[str] = set()
        self.endings: set[tuple[bytes, ...]] = set()

    def add(self, segments: tuple[str, ...], method: str, route: Route | None) -> None:
        """Args: route: None where something is documented alone. Routes are added before what is documented."""
        if not segments:
            if route is None:
                self.documented.add(method)
            else:
                self.methods[method] = route
        elif route is not None and segments[0].endswith(REST + "}"):
            self.rest[method] = route
        elif segments[0].startswith("{"):
            self._add_below_parameter(segments[1:], method, route)
        else:
            self.literals.setdefault(segments[0].encode(), _Node()).add(segments[1:], method, route)

    def _add_below_parameter(self, segments: tuple[str, ...], method: str, route: Route | None) -> None:
        if route is None and self.rest and not segments:
            # What is documented with one name at the end is what takes all the rest here: a name has slashes.
            return
        if segments and not any(segment.startswith("{") for segment in segments):
            self.endings.add(tuple(segment.encode() for segment in segments))
        self.parameter = self.parameter or _Node()
        self.parameter.add(segments, method, route)

    def candidates(self, segments: tuple[bytes, ...], passed: tuple[bytes, ...] = ()) -> Iterator[_Candidate]:
        """The most literal first. Args: passed: what stood for the parameters on the way here, raw."""
        if not segments:
            if self.methods or self.documented:
                yield _Candidate(self.methods, self.documented, tuple(map(_decoded, passed)))
            return
        literal = self.literals.get(segments[0])
        if literal is not None:
            yield from literal.candidates(segments[1:], passed)
        if self.parameter is not None:
            yield from self.parameter.candidates(segments[1:], (*passed, segments[0]))
        if self.rest and not self._ends_otherwise(segments):
            yield _Candidate(self.rest, (), (*map(_decoded, passed), _decoded_name(segments)), is_rest=True)

    def _ends_otherwise(self, segments: tuple[bytes, ...]) -> bool:
        return any(len(ending) < len(segments) and segments[-len(ending) :] == ending for ending in self.endings)


def _wrong_method(method: str, routes: Mapping[str, Route]) -> WrongMethod:
    allowed = ", ".join(sorted(routes))
    return WrongMethod("this path takes {methods}, not {method}", methods=allowed, method=repr(method))


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)


@cache
def _names(path: str) -> tuple[str, ...]:
    return tuple(part.strip("{}").removesuffix(REST) for part in _parts(path) if part.startswith("{"))


def _decoded_name(segments: tuple[bytes, ...]) -> str:
    """Of a file, a branch or a tag: what is not UTF-8 in it is kept by `surrogateescape`."""
    return "/".join(unquote_to_bytes(segment).decode("utf-8", "surrogateescape") for segment in segments)


def _decoded(segment: bytes) -> str:
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        raise NoSuchRoute("the API has nothing at this path") from None
