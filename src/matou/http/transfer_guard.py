"""How slow another server may be, and what one attempt has taken so far.

urllib3's own time-outs begin anew with every byte that comes, so a server that drips its answer holds a thread for
ever. Here every receive is counted at the socket itself, headers and TLS included.
"""

import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from matou.errors import Phrase

if TYPE_CHECKING:
    import weakref

    from urllib3.connection import HTTPConnection


@dataclass(frozen=True, slots=True)
class TransferLimits:
    """How slow another server may be.

    Attributes:
        connect: to reach it, TLS included.
        idle: without a single byte.
        total: for the whole answer; None where only its speed counts, as with a pack of any size.
        slowest_bytes_per_second: the mean speed over `slow_for`, below which the answer is given up. Only time spent
            waiting for the server counts, not what the reader takes for its own work.
        slow_for: how long it may stay below that.
    """

    connect: timedelta = timedelta(seconds=15)
    idle: timedelta = timedelta(seconds=60)
    total: timedelta | None = timedelta(minutes=5)
    slowest_bytes_per_second: int = 100
    slow_for: timedelta = timedelta(seconds=60)


class TransferGuard:
    """What one attempt has taken so far. Socket time-outs are real time, hence the real clock."""

    __slots__ = (
        "_deadline",
        "_idle",
        "_limits",
        "_received",
        "_too_slow",
        "_waited",
        "connections",
        "was_sent_in_part",
    )

    def __init__(self, limits: TransferLimits, connections: "weakref.WeakSet[HTTPConnection]") -> None:
        self.connections = connections
        self.was_sent_in_part = False
        self._limits = limits
        self._idle = limits.idle.total_seconds()
        self._deadline = time.monotonic() + limits.total.total_seconds() if limits.total else None
        self._waited = 0.0
        self._received = 0
        self._too_slow = False

    def allowance(self, now: float) -> float:
        """Say for how many seconds the next receive may wait; raises TimeoutError where the time is up."""
        if self._deadline is None:
            return self._idle
        if now >= self._deadline:
            raise TimeoutError
        return min(self._idle, self._deadline - now)

    def count(self, received: int, waited: float) -> None:
        """Note what a receive brought; raises TimeoutError where it has been too slow for too long."""
        self._received += received
        self._waited += waited
        if self._waited < self._limits.slow_for.total_seconds():
            return
        if self._received < self._waited * self._limits.slowest_bytes_per_second:
            self._too_slow = True
            raise TimeoutError
        self._received, self._waited = 0, 0.0

    def fault(self) -> Phrase:
        """Say which limit was met; the words are for the end of a sentence."""
        limits = self._limits
        if self._too_slow:
            return Phrase(
                "fewer than {slowest} bytes a second for {time}",
                slowest=limits.slowest_bytes_per_second,
                time=limits.slow_for,
            )
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return Phrase("not finished after {total}", total=limits.total)
        return Phrase("nothing came for {idle}", idle=limits.idle)


class _Current(threading.local):
    """urllib3 passes nothing of ours down to the connection; the thread that asks does."""

    watch: TransferGuard


current = _Current()
