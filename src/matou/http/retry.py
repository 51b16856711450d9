"""The clock that is passed in, whether a request is worth another attempt, and after which wait."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar

from matou.errors import TryLater

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Clock:
    """`now` is aware and in UTC; `monotonic` and `sleep` count in seconds.

    `sleep` may return early, never late; where it is None, waiting is such that `Session.cancel` ends it.
    """

    now: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] | None = None


WaitListener: TypeAlias = Callable[[TryLater, timedelta], None]
"""Told why a request is repeated or waits for its turn, and how long. Called from any thread."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long one request is repeated.

    Attributes:
        attempts: all of them, the first one too.
        total: from the first attempt on; a wait that would end after it is not begun.
        first_wait: where the server does not say how long, doubled each time.
        longest_wait: where doubling stops; what a server asks for may be longer.
        longest_hold: a server that wants no requests for longer is not waited for. Platforms count by the hour.
        after_429: how long to wait where a server says "too many requests" and not when to come back; None to
            double as after any failure.
        waits_for_unmet: an address that a person named, and at which nobody was ever met, is tried again, too.
    """

    attempts: int = 6
    total: timedelta = timedelta(minutes=10)
    first_wait: timedelta = timedelta(seconds=0.5)
    longest_wait: timedelta = timedelta(seconds=60)
    after_429: timedelta | None = None
    longest_hold: timedelta = timedelta(minutes=75)
    waits_for_unmet: bool = False


DEFAULT_POLICY = RetryPolicy()


class Waits:
    """Plans the waits of one request.

    Attributes:
        planned: seconds before the next attempt.
    """

    def __init__(
        self,
        patience: RetryPolicy,
        clock: Clock,
        jitter: Callable[[], float],
        began: float,
        on_wait: WaitListener,
    ) -> None:
        self.planned = 0.0
        self._failures = 0
        self._patience = patience
        self._clock = clock
        self._jitter = jitter
        self._on_wait = on_wait
        self._deadline = began + patience.total.total_seconds()

    def answer(self, error: Exception) -> bool | float:
        """Answer stamina: give up, or go on without a wait of its own, since cancelling must be able to end ours."""
        return 0.0 if isinstance(error, TryLater) and self.plan(error) else False

    def plan(self, error: TryLater) -> bool:
        """Set the wait before the next attempt; False where there is to be none."""
        self._failures += 1
        wait = self._wait_after(error)
        if self._failures >= self._patience.attempts or self._clock.monotonic() + wait > self._deadline:
            return False
        self.planned = wait
        self._on_wait(error, timedelta(seconds=wait))
        return True

    def _wait_after(self, error: TryLater) -> float:
        doubled = self._patience.first_wait.total_seconds() * 2.0 ** (self._failures - 1)
        own = min(doubled, self._patience.longest_wait.total_seconds()) * (0.5 + self._jitter())
        if error.wait is None:
            return own
        return error.wait.total_seconds() + self._jitter() * self._patience.first_wait.total_seconds()


def repeated(
    attempt: Callable[[], Result],
    patience: RetryPolicy,
    clock: Clock,
    pause: Callable[[float], object],
    *,
    on_wait: WaitListener,
    jitter: Callable[[], float] = random.random,
) -> Result:
    """What an attempt gives; another one follows each that raises TryLater, for as long as the patience lasts."""
    began = clock.monotonic()
    try:
        return attempt()
    except TryLater as error:
        waits = Waits(patience, clock, jitter, began, on_wait)
        return repeat(attempt, error, waits, patience.attempts, pause)


def repeat(
    attempt: Callable[[], Result], first: TryLater, waits: Waits, attempts: int, pause: Callable[[float], object]
) -> Result:
    """Go on after a first failure. Most requests never come here, so what only this needs is loaded here."""
    import stamina

    stamina.instrumentation.set_on_retry_hooks([])  # we tell of it ourselves: its own line would quote arguments
    if not waits.plan(first):
        raise first
    for again in stamina.retry_context(on=waits.answer, attempts=attempts - 1, timeout=None):
        with again:
            pause(waits.planned)
            return attempt()
    raise AssertionError  # stamina raises what the last attempt raised
