"""Who is let to the door: how many connections there are, by how many from one address, and how many sessions."""

from collections import Counter
from collections.abc import Hashable
from typing import Final

from matou.forge.access import ANONYMOUS
from matou.server.origin import caller_of
from matou.server.rate_limit import FixedWindowLimiter, TooManyCalls

CONNECTIONS: Final = 512
CONNECTIONS_OF_ONE: Final = 64
STRANGERS: Final = 100
STRANGERS_OF_ONE: Final = 20
"""Connections that have not shown a key yet."""

SESSIONS: Final = 256
SESSIONS_OF_ONE: Final = 10
"""Of one connection: as OpenSSH's server takes by default. Each may have some window's worth of bytes waiting."""

SESSIONS_OF_CALLER: Final = 64
"""Of one account or deploy key, by however many connections: the others' are for others."""


class ConnectionGate:
    """Counts, and says no. For the event loop.

    Args:
        rate: how often an address may come.
    """

    def __init__(self, rate: FixedWindowLimiter) -> None:
        self._all = Counter[Hashable]()
        self._strangers = Counter[Hashable]()
        self._sessions = Counter[Hashable]()
        self._callers = Counter[Hashable]()
        self._rate = rate

    def enter(self, address: str) -> bool:
        """Whether one more may come in from there; then `known` and `leave` follow."""
        whence = caller_of(ANONYMOUS, address)
        if not self._has_room(whence):
            return False
        try:
            self._rate.count(whence)
        except TooManyCalls:
            return False
        self._all[whence] += 1
        self._strangers[whence] += 1
        return True

    def known(self, address: str) -> None:
        """It has shown a key that opens something."""
        _take(self._strangers, caller_of(ANONYMOUS, address))

    def leave(self, address: str, *, is_known: bool) -> None:
        whence = caller_of(ANONYMOUS, address)
        _take(self._all, whence)
        if not is_known:
            _take(self._strangers, whence)

    def begin_session(self, connection: Hashable, caller: Hashable) -> bool:
        if self._sessions.total() >= SESSIONS or self._sessions[connection] >= SESSIONS_OF_ONE:
            return False
        if self._callers[caller] >= SESSIONS_OF_CALLER:
            return False
        self._sessions[connection] += 1
        self._callers[caller] += 1
        return True

    def end_session(self, connection: Hashable, caller: Hashable) -> None:
        _take(self._sessions, connection)
        _take(self._callers, caller)

    def sessions_of(self, connection: Hashable) -> int:
        return self._sessions[connection]

    def _has_room(self, whence: Hashable) -> bool:
        return (
            self._all.total() < CONNECTIONS
            and self._all[whence] < CONNECTIONS_OF_ONE
            and self._strangers.total() < STRANGERS
            and self._strangers[whence] < STRANGERS_OF_ONE
        )


def _take(counts: "Counter[Hashable]", key: Hashable) -> None:
    counts[key] -= 1
    if counts[key] <= 0:
        del counts[key]
