"""How many packets of a costly kind a client may send: some at once, and so many a second on the whole."""

from collections.abc import Callable
from time import monotonic

import asyncssh


class PacketBudget:
    """Fills up again by itself, to `at_once` at most."""

    def __init__(self, *, at_once: int, a_second: float, clock: Callable[[], float] = monotonic) -> None:
        self._most = float(at_once)
        self._a_second = a_second
        self._clock = clock
        self._left = self._most
        self._looked_at = clock()

    def take(self) -> None:
        """Raises ProtocolError, which ends the connection, where none is left."""
        now = self._clock()
        self._left = min(self._left + (now - self._looked_at) * self._a_second, self._most)
        self._looked_at = now
        if self._left < 1:
            raise asyncssh.ProtocolError("Too many requests on one connection")
        self._left -= 1
