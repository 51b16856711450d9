"""How many requests there were, and how long they took, by what the server itself calls them; over all workers."""

import mmap
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper bounds; a clone may take minutes."""

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "other"
LEFT: Final = "left"
"""For a status: the client went before an answer began."""

MOST_KINDS: Final = 4096
"""There are some hundred routes, and few methods and statuses of each; what goes beyond counts as others."""

_BUCKETS: Final = len(SECONDS) + 1
_NUMBERS: Final = _BUCKETS + 1
_KIND_BYTES: Final = 256
_NUMBERS_BYTES: Final = (MOST_KINDS * _NUMBERS + 1) * 8
_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class RequestKind:
    """What is counted together: `route` is a name of the server's own, and never what a client wrote."""

    route: str
    method: str
    status: str


@dataclass(slots=True)
class Durations:
    """`counts`: how many were at most so long as each of SECONDS and longer than the one before; the last, longer."""

    counts: list[int] = field(default_factory=lambda: [0] * _BUCKETS)
    sum_seconds: float = 0.0


class RequestCounts:
    """Of one server since it began, however often its workers did. Made before workers are; for each one's event loop.

    A worker counts in memory of its own, so that none waits for another, and whoever takes the place of one that died
    goes on with its counts.
    """

    def __init__(self, workers: int = 1) -> None:
        self._all = [_WorkerCounts() for _ in range(workers)]
        self._own = self._all[0]

    def take_place(self, worker: int) -> None:
        """Count as this worker from now on, of which there must be no other."""
        self._own = self._all[worker]
        self._own.find_places()

    def count(self, route: str, method: str, status: int | None, *, seconds: float) -> None:
        kind = RequestKind(
            route or OTHER, method if method in METHODS else OTHER, LEFT if status is None else f"{status // 100}xx"
        )
        self._own.add(kind, seconds)

    def snapshot(self) -> Mapping[RequestKind, Durations]:
        """As it is now, of all workers; for any thread."""
        sums: dict[RequestKind, Durations] = {}
        for worker in self._all:
            for kind, durations in worker.read():
                known = sums.setdefault(kind, Durations())
                known.counts = [one + more for one, more in zip(known.counts, durations.counts, strict=True)]
                known.sum_seconds += durations.sum_seconds
        return sums


class _WorkerCounts:
    """A table that one worker writes to and all read. The last number is how many kinds there are."""

    def __init__(self) -> None:
        # Anonymous and shared: whoever is forked from here has the same.
        self._memory = mmap.mmap(-1, _NUMBERS_BYTES + MOST_KINDS * _KIND_BYTES)
        self._numbers = memoryview(self._memory)[:_NUMBERS_BYTES].cast("Q")
        self._places: dict[RequestKind, int] = {}

    def find_places(self) -> None:
        """Those that whoever wrote here before has given."""
        self._places = {self._kind_at(place): place for place in range(self._numbers[-1])}

    def add(self, kind: RequestKind, seconds: float) -> None:
        place = self._places.get(kind)
        begin = (self._give_place(kind) if place is None else place) * _NUMBERS
        self._numbers[begin + bisect_left(SECONDS, seconds)] += 1
        self._numbers[begin + _BUCKETS] += round(seconds * _MICROSECONDS)

    def read(self) -> Iterator[tuple[RequestKind, Durations]]:
        for place in range(self._numbers[-1]):
            begin = place * _NUMBERS
            counts = self._numbers[begin : begin + _BUCKETS].tolist()
            yield self._kind_at(place), Durations(counts, self._numbers[begin + _BUCKETS] / _MICROSECONDS)

    def _give_place(self, kind: RequestKind) -> int:
        text = "\n".join((kind.route, kind.method, kind.status)).encode()
        place = self._numbers[-1]
        if place >= MOST_KINDS - 1 or len(text) > _KIND_BYTES:
            kind = RequestKind(OTHER, OTHER, OTHER)
            if kind in self._places:
                return self._places[kind]
            text = "\n".join((OTHER, OTHER, OTHER)).encode()
        at = _NUMBERS_BYTES + place * _KIND_BYTES
        self._memory[at : at + _KIND_BYTES] = text.ljust(_KIND_BYTES, b"\0")
        # Whoever reads meanwhile sees as many as have a name.
        self._numbers[-1] = place + 1
        self._places[kind] = place
        return place

    def _kind_at(self, place: int) -> RequestKind:
        at = _NUMBERS_BYTES + place * _KIND_BYTES
        return RequestKind(*self._memory[at : at + _KIND_BYTES].rstrip(b"\0").decode().split("\n"))
