"""How many requests there were, and how long they took, by what the server itself calls them."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper bounds; a clone may take minutes."""

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "other"
LEFT: Final = "left"
"""For a status: the client went before an answer began."""


@dataclass(frozen=True, slots=True)
class RequestKind:
    """What is counted together: `route` is a name of the server's own, and never what a client wrote."""

    route: str
    method: str
    status: str


@dataclass(slots=True)
class Durations:
    """`counts`: how many were at most so long as each of SECONDS and longer than the one before; the last, longer."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(SECONDS) + 1))
    sum_seconds: float = 0.0


class RequestCounts:
    """Of one server since it began. For the event loop."""

    def __init__(self) -> None:
        self._durations: dict[RequestKind, Durations] = {}

    def count(self, route: str, method: str, status: int | None, *, seconds: float) -> None:
        kind = RequestKind(
            route or OTHER, method if method in METHODS else OTHER, LEFT if status is None else f"{status // 100}xx"
        )
        durations = self._durations.setdefault(kind, Durations())
        durations.counts[bisect_left(SECONDS, seconds)] += 1
        durations.sum_seconds += seconds

    def snapshot(self) -> Mapping[RequestKind, Durations]:
        """As it is now, for a thread."""
        return {kind: Durations(list(one.counts), one.sum_seconds) for kind, one in self._durations.items()}
